#!/usr/bin/env bash
# Starts the demo's web server, loads the 14 tables twice, and runs the stream that joins them. Further arguments go to
# `velo-cli load`, for example `demo/bootstrap/run.sh --max-parallel 1`. Needs python3 and Rust; VELO_CLI names a binary
# that is built already.
set -euo pipefail
cd "$(dirname "$0")/../.."

velo="${VELO_CLI:-}"
if [ -z "$velo" ]; then
    cargo build --quiet --release --package velo-cli
    velo="${CARGO_TARGET_DIR:-target}/release/velo-cli"
fi

# The server ends with this script: its standard input does.
coproc SERVER { exec python3 demo/bootstrap/server.py; }
read -r port <&"${SERVER[0]}"
export SHOP_URL="http://127.0.0.1:$port"
state="$(mktemp -d)"
trap 'rm -rf "$state"' EXIT

step() { printf '\n== %s\n' "$1"; }

step "What will be loaded, in which order"
"$velo" load demo/bootstrap/query.sql --dry-run
step "Load everything"
"$velo" load demo/bootstrap/query.sql --state-dir "$state" "$@"
step "Load again: what has not changed is not read"
"$velo" load demo/bootstrap/query.sql --state-dir "$state" "$@"
step "Clicks meet the tables"
"$velo" run demo/bootstrap/query.sql
