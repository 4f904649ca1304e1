#!/bin/sh
# Builds every target for OSS-Fuzz and ClusterFuzzLite, which set CC, CFLAGS, LIB_FUZZING_ENGINE, SRC, WORK and OUT: in OUT a
# binary, NAME_seed_corpus.zip and NAME.dict for each. ci/oss-fuzz.sh does it on any machine.
set -eu
cd "$SRC/echo"
libraries=
case $LIB_FUZZING_ENGINE in
*/libFuzzingEngine.a) libraries=-lc++ ;; # theirs is C++
esac
cmake -B "$WORK/echo" -DCMAKE_BUILD_TYPE=None -DBUILD_TESTING=OFF -DECHO_FUZZ_ENGINE="$LIB_FUZZING_ENGINE" \
    -DCMAKE_C_STANDARD_LIBRARIES="$libraries"
cmake --build "$WORK/echo" -j "$(nproc)"
for source in fuzz/fuzz_*.c; do
    name=$(basename "$source" .c)
    cp "$WORK/echo/fuzz/$name" "$OUT/"
    cp fuzz/echo.dict "$OUT/$name.dict"
    (cd "$WORK/echo/fuzz/corpus/${name#fuzz_}" && zip -q -r "$OUT/${name}_seed_corpus.zip" .)
done
