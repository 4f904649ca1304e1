#!/bin/sh
# Counts what the fuzz corpora alone reach: the seeds, fuzz/regress and what ci/fuzz.sh found on this machine, replayed once.
# Leaves build-fuzz/coverage/report/index.html and summary.md.
set -eu
cd "$(dirname "$0")/.."
. ci/lib.sh
need cmake:cmake make:make cc:gcc gcovr:gcovr python3:python3
build="build-fuzz/coverage"
cmake -B "$build" -DCMAKE_BUILD_TYPE=Debug -DBUILD_TESTING=OFF -DECHO_FUZZ_ENGINE=replay \
    -DCMAKE_C_FLAGS='-O0 --coverage -fprofile-update=atomic' >/dev/null
cmake --build "$build" -j "$(nproc)" >/dev/null
find "$build" -name '*.gcda' -delete
for target in fuzz/fuzz_*.c; do
    target=$(basename "$target" .c)
    target=${target#fuzz_}
    set -- "$build/fuzz/corpus/$target"
    for folder in "fuzz/regress/$target" "build-fuzz/found/$target"; do
        [ ! -d "$folder" ] || [ -z "$(ls -A "$folder")" ] || set -- "$@" "$folder"
    done
    "$build/fuzz/fuzz_$target" "$@"
done
ci/report.sh "$build" "What the fuzz corpora alone reach" --filter src/engine/ --filter src/connection/ \
    --filter 'src/program/(options|server_options|client_options|values|text)\.c'
