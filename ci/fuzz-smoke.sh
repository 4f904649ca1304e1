#!/bin/sh
# A short run of every fuzz target with each engine, as every change gets it.
# usage: ci/fuzz-smoke.sh [SECONDS]     for each target and engine (10)
set -eu
cd "$(dirname "$0")/.."
for source in fuzz/fuzz_*.c; do
    target=${source#fuzz/fuzz_}
    for engine in libfuzzer libfuzzer-fast afl; do
        ci/fuzz.sh "${target%.c}" "$engine" "${1:-10}"
    done
done
