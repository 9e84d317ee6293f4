#!/usr/bin/env bash
# Plants one fault at a time and expects the tests to find it. Each patch says what is wrong, and whose tests must fail.
set -euo pipefail
cd "$(git rev-parse --show-toplevel)"
tree=target/mutants/tree
export CARGO_TARGET_DIR="$PWD/target/mutants/build"
git worktree remove --force "$tree" 2>/dev/null || true
git worktree add --quiet --detach "$tree" HEAD
trap 'git worktree remove --force "$tree"' EXIT

survivors=0
for patch in "$PWD"/tests/mutants/*.patch; do
    name=$(basename "$patch" .patch)
    package=$(sed -n 's/^Tests: //p' "$patch")
    git -C "$tree" apply "$patch"
    # A fault that does not compile would prove nothing.
    (cd "$tree" && cargo test --quiet --package "$package" --no-run)
    if (cd "$tree" && INSTA_UPDATE=no cargo test --quiet --package "$package") >"target/mutants/$name.log" 2>&1; then
        echo "$name: SURVIVED the tests of $package"
        survivors=$((survivors + 1))
    else
        echo "$name: found by $(grep -cE '^test .* FAILED|--- FAILED' "target/mutants/$name.log") tests of $package"
    fi
    git -C "$tree" checkout --quiet -- .
done
echo "$survivors mutants survived"
exit "$survivors"
