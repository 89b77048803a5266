#!/usr/bin/env bash
# Runs each fuzz target for FUZZ_S seconds (60), from the seeds and what earlier runs have found.
# The sanitizer needs unstable flags, which RUSTC_BOOTSTRAP allows the stable compiler.
set -euo pipefail
cd "$(dirname "$0")/.."
if ! cargo fuzz --version >/dev/null 2>&1; then
    cargo install --locked --version 0.13.2 cargo-fuzz
fi
export RUSTC_BOOTSTRAP=1
targets=("$@")
[ $# != 0 ] || targets=(entry dialect copy cbor car)
for target in "${targets[@]}"; do
    corpus=fuzz/corpus/$target
    mkdir -p "$corpus"
    cargo fuzz run --target-dir "${CARGO_TARGET_DIR:-target}/fuzz" "$target" "$corpus" fuzz/seeds -- \
        -max_total_time="${FUZZ_S:-60}" -dict=fuzz/words.dict -max_len=8192 -timeout=10 -print_final_stats=1
done
