#!/bin/sh
# Builds the targets as OSS-Fuzz does, for two engines that come from outside (LIB_FUZZING_ENGINE), and runs each a little.
set -eu
cd "$(dirname "$0")/.."
. ci/lib.sh
need cmake:cmake make:make clang:clang '/usr/lib/llvm-*/lib/clang/*/lib/linux/libclang_rt.fuzzer-*.a:libclang-rt-dev' \
    afl-clang-fast:afl++ zip:zip unzip:unzip
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/src"
ln -s "$PWD" "$work/src/echo"

# build NAME CC CFLAGS ENGINE
build() {
    mkdir -p "$work/$1/work" "$work/$1/out"
    AFL_QUIET=1 SRC=$work/src WORK=$work/$1/work OUT=$work/$1/out CC=$2 CFLAGS=$3 LIB_FUZZING_ENGINE=$4 fuzz/oss-fuzz/build.sh \
        >"$work/log" 2>&1 || { cat "$work/log" >&2; exit 1; }
    for target in fuzz/fuzz_*.c; do
        name=$(basename "$target" .c)
        unzip -q "$work/$1/out/${name}_seed_corpus.zip" -d "$work/$1/$name"
        [ -s "$work/$1/out/$name.dict" ]
    done
}

build libfuzzer clang '-O1 -g -fsanitize=address,fuzzer-no-link' -fsanitize=fuzzer
build afl afl-clang-fast '-O1 -g' "$(find /usr/lib -name libAFLDriver.a | head -n 1)"
for target in fuzz/fuzz_*.c; do
    name=$(basename "$target" .c)
    "$work/libfuzzer/out/$name" -runs=2000 -max_len=64 "$work/libfuzzer/$name" >"$work/log" 2>&1 || { tail "$work/log" >&2; exit 1; }
    AFL_NO_UI=1 AFL_SKIP_CPUFREQ=1 AFL_NO_AFFINITY=1 AFL_I_DONT_CARE_ABOUT_MISSING_CRASHES=1 AFL_FAST_CAL=1 \
        afl-fuzz -V 2 -i "$work/afl/$name" -o "$work/afl/$name.out" -- "$work/afl/out/$name" >"$work/log" 2>&1 </dev/null ||
        { tail "$work/log" >&2; exit 1; }
    runs=$(sed -n 's/^execs_done *: *//p' "$work/afl/$name.out/default/fuzzer_stats")
    [ "${runs:-0}" -gt 0 ] || { say "$name: AFL++ ran nothing"; exit 1; }
    [ -z "$(ls "$work/afl/$name.out/default/crashes")" ] || { say "$name: AFL++ found a crash; run ci/fuzz.sh ${name#fuzz_} afl 60"; exit 1; }
done
echo "oss-fuzz: the targets build and run with both engines"
