#!/bin/sh
# A short run of every fuzz target with each engine, as every change gets it.
# usage: ci/fuzz-smoke.sh [SECONDS]     for each target and engine (10)
set -eu
cd "$(dirname "$0")/.."
for target in line connection ledger loop options proxy; do
    for engine in libfuzzer libfuzzer-fast afl; do
        ci/fuzz.sh "$target" "$engine" "${1:-10}"
    done
done
