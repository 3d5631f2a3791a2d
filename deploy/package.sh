#!/usr/bin/env bash
# Builds the Debian package: the program, what the program writes about itself (completions, manual), then the package.
#
#   deploy/package.sh                    builds the release; the package is in target/debian
#   deploy/package.sh --no-build         packs the release that is built already
#   deploy/package.sh --output DIR …     all other arguments go to `cargo deb`
#
# Needs cargo-deb (`cargo install cargo-deb --locked`).
set -euo pipefail
cd "$(dirname "$0")/.."

if [[ ${1:-} == --no-build ]]; then
    shift
else
    cargo build --release --locked --bin wazzup-sync
fi
program=${CARGO_TARGET_DIR:-target}/release/wazzup-sync

# Where Cargo.toml expects them, made anew: what a former release wrote is not to be packed.
made=target/package-files
rm -rf "$made"
mkdir -p "$made/man"
"$program" completions bash >"$made/wazzup-sync"
"$program" completions zsh >"$made/_wazzup-sync"
"$program" completions fish >"$made/wazzup-sync.fish"
"$program" man --out "$made/man"

cargo deb --no-build "$@"
