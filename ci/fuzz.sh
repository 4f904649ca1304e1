#!/bin/sh
# Fuzzes one target for some time and says what came of it.
#
# usage: ci/fuzz.sh TARGET ENGINE SECONDS
#   TARGET   of fuzz/fuzz_TARGET.c
#   ENGINE   libfuzzer       clang with AddressSanitizer and UndefinedBehaviorSanitizer
#            libfuzzer-fast  the same without sanitizers: for speed and for depth
#            afl             AFL++
#
# Starts from the seeds made of the vectors, fuzz/regress and what earlier runs found (build-fuzz/found/TARGET, which grows
# and may be deleted). Exits with 1 if there is a finding, and tells where it lies, how to replay and how to minimise it.
set -eu
cd "$(dirname "$0")/.."
. ci/lib.sh
[ $# = 3 ] || { sed -n 's/^# \{0,1\}//p' "$0" | sed -n '3,12p'; exit 2; }
target=$1 engine=$2 seconds=$3

need cmake:cmake make:make clang:clang '/usr/lib/llvm-*/lib/clang/*/lib/linux/libclang_rt.fuzzer-*.a:libclang-rt-dev'
build=build-fuzz/$engine
compiler=clang flags='-O2 -g' link=libfuzzer
case $engine in
libfuzzer) flags="$flags -fno-omit-frame-pointer -fsanitize=address,undefined,integer,implicit-conversion -fno-sanitize-recover=all" ;;
libfuzzer-fast) ;;
afl)
    need afl-clang-fast:afl++
    compiler=afl-clang-fast
    ;;
*) say "no engine '$engine': libfuzzer, libfuzzer-fast or afl"; exit 2 ;;
esac
[ -f "fuzz/fuzz_$target.c" ] || { say "no target '$target'; there are" fuzz/fuzz_*.c; exit 2; }

AFL_QUIET=1 cmake -B "$build" -DCMAKE_C_COMPILER="$compiler" -DCMAKE_BUILD_TYPE=RelWithDebInfo -DCMAKE_C_FLAGS="$flags" \
    -DBUILD_TESTING=OFF -DECHO_FUZZ_ENGINE="$link" >/dev/null
AFL_QUIET=1 cmake --build "$build" -j "$(nproc)" --target "fuzz_$target" >/dev/null
binary=$build/fuzz/fuzz_$target
seeds=$build/fuzz/corpus/$target
found=build-fuzz/found/$target
findings=build-fuzz/findings/$target
mkdir -p "$found" "$findings"
regress=fuzz/regress/$target
[ -d "$regress" ] || regress=

# Long inputs find nothing more in a machine that remembers five bytes; they only slow it down. What there is for long ones
# the target reaches by itself, with filling around each input.
case $target in
line) longest=64 ;;
*) longest=512 ;;
esac

report() {
    say "finding: $1"
    say "  replay:   $binary $1"
    say "  minimise: $2"
    say "  then:     put it into fuzz/regress/$target/, with a test of its own and the fix, in one commit"
}

if [ "$engine" = afl ]; then
    out=$(mktemp -d)
    trap 'rm -rf "$out"' EXIT
    export AFL_NO_UI=1 AFL_SKIP_CPUFREQ=1 AFL_NO_AFFINITY=1 AFL_I_DONT_CARE_ABOUT_MISSING_CRASHES=1 AFL_FAST_CAL=1
    log=$out/log
    afl-fuzz -V "$seconds" -G "$longest" -x fuzz/echo.dict -i "$seeds" -o "$out/afl" -- "$binary" >"$log" 2>&1 </dev/null ||
        { tail -n 20 "$log" >&2; exit 1; }
    stats=$out/afl/default/fuzzer_stats
    value() { sed -n "s/^$1 *: *//p" "$stats"; }
    echo "$target with AFL++: $(value execs_done) runs, $(value execs_per_sec) a second, $(value bitmap_cvg) of edges, $(value stability) stable"
    # afl-fuzz exits with 0 whatever it found.
    first=
    for file in "$out"/afl/default/crashes/id:* "$out"/afl/default/hangs/id:*; do
        [ -f "$file" ] || continue
        kept=$findings/afl-$(cksum <"$file" | cut -d' ' -f1)
        cp "$file" "$kept"
        first=${first:-$kept}
    done
    cp "$out"/afl/default/queue/id:* "$found/" 2>/dev/null || true
    [ -z "$first" ] || { report "$first" "afl-tmin -i $first -o smaller -- $binary"; exit 1; }
    exit 0
fi

log=$(mktemp)
trap 'rm -f "$log"' EXIT
status=0
# shellcheck disable=SC2086 # $regress may be nothing
"$binary" -max_total_time="$seconds" -max_len="$longest" -timeout=10 -dict=fuzz/echo.dict -artifact_prefix="$findings/" \
    -print_final_stats=1 "$found" "$seeds" $regress >"$log" 2>&1 || status=$?
runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
rate=$(sed -n 's/^stat::average_exec_per_sec: *//p' "$log")
coverage=$(sed -n 's/.* cov: \([0-9]*\) ft: \([0-9]*\).*/\1 edges, \2 features/p' "$log" | tail -n 1)
echo "$target with $engine: ${runs:-0} runs, ${rate:-0} a second, ${coverage:-no coverage}"
if [ "$status" != 0 ]; then
    grep -E 'finding:|ERROR:|runtime error:|SUMMARY:' "$log" >&2 || tail -n 20 "$log" >&2
    file=$(sed -n 's/.*Test unit written to \(.*\)/\1/p' "$log" | tail -n 1)
    [ -z "$file" ] || report "$file" "$binary -minimize_crash=1 -max_total_time=30 -exact_artifact_path=smaller $file"
    exit 1
fi
[ "${runs:-0}" -gt 0 ] || { say "it ran nothing"; exit 1; }
