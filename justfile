# `just` lists the recipes. Without just: `pip install rust-just`, or run the commands below by hand.

[private]
default:
    @just --list

# Build everything that the tests and the command line need
build:
    cargo build --workspace --all-targets

# Run all tests; extra arguments go to `cargo test`, for example `just test cases`
test *arguments:
    cargo test --workspace {{arguments}}

# Lint with every warning an error
lint:
    cargo clippy --workspace --all-targets -- -D warnings

# Measure every figure of docs/performance.md, beside what it must reach; or only some: `just bench loads lookups`
bench *which:
    cargo bench --package velo-cli --bench bars -- {{which}}

# Measure the decoder, the operators and the dependency graph by themselves
bench-parts *arguments:
    cargo bench --package velo-formats --package velo-engine --package velo-graph --benches {{arguments}}

# Hold random programs of tables against a batch database, while their inputs change and their loads are killed: so many, from this seed on
programs count="1000" from="1":
    VELO_PROGRAMS={{count}} VELO_PROGRAMS_FROM={{from}} cargo test --package velo-cli --test it -- programs:: --nocapture

# Stop random programs anywhere, or have them fail, and hold what they write in the end against a run in one piece: so many, from this seed on
cuts count="1000" from="1":
    VELO_CUT_PROGRAMS={{count}} VELO_CUT_PROGRAMS_FROM={{from}} cargo test --package velo-tests --test it -- cuts::generated --nocapture

# Plant faults and see that tests find them
mutants:
    tests/mutants/run.sh

# Look for inputs that the parser and the decoders cannot stand: so many of each. Needs nightly Rust and `cargo install cargo-fuzz`
fuzz runs="10000000":
    cargo +nightly fuzz run --sanitizer none --no-trace-compares --fuzz-dir crates/velo-parser/fuzz parse -- -runs={{runs}} -max_len=200
    for target in $(cargo +nightly fuzz list --fuzz-dir crates/velo-formats/fuzz); do \
        cargo +nightly fuzz run --sanitizer none --no-trace-compares --fuzz-dir crates/velo-formats/fuzz $target -- -runs={{runs}} -max_len=200 || exit 1; \
    done

# Run the quickstart programs, one after the other
demo:
    for program in demo/quickstart/*/query.sql; do echo "== $program"; cargo run --quiet --release -- run "$program"; done

# Load the 14 tables of demo/bootstrap and run the stream that joins them; arguments go to `velo-cli load`
demo-bootstrap *arguments:
    demo/bootstrap/run.sh {{arguments}}

# Build the documentation of all crates with every warning an error
doc:
    RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps

# Print the generated pages of docs/ again: diagnostics, properties, functions
docs:
    VELO_UPDATE_DOCS=1 cargo test --package velo-tests --test it docs::
    VELO_UPDATE_DOCS=1 cargo test --package velo-functions --test it reference::

# Format all code
fmt:
    cargo fmt --all

# Check that all code is formatted
fmt-check:
    cargo fmt --all --check

# Check what the binary is made of: licences, banned crates, where crates come from
deny:
    cargo deny --log-level error check bans licenses sources

# Everything that a change must pass
ci: fmt-check lint test doc deny
