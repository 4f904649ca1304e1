#!/bin/sh
# A short run of every fuzz target with each engine, as every change gets it.
# usage: ci/fuzz-smoke.sh [SECONDS]     for each target and engine (10)
set -eu
cd "$(dirname "$0")/.."
. ci/lib.sh
# Before the engines begin, for they run side by side.
need cmake:cmake make:make clang:clang '/usr/lib/llvm-*/lib/clang/*/lib/linux/libclang_rt.fuzzer-*.a:libclang-rt-dev' afl-clang-fast:afl++
for source in fuzz/fuzz_*.c; do
    target=${source#fuzz/fuzz_} running=
    for engine in libfuzzer libfuzzer-fast afl; do
        ci/fuzz.sh "${target%.c}" "$engine" "${1:-10}" &
        running="$running $!"
    done
    for process in $running; do wait "$process"; done
done
