#!/bin/sh
# How many instructions the line engine takes for a byte, which a valgrind counts the same every time: no more than
# bench/instructions.txt says and a tenth, in each build type that users get. Without vectors it would be ten times that.
# usage: ci/instructions.sh [--record]      --record writes the file
set -eu
cd "$(dirname "$0")/.."
. ci/lib.sh
need cmake:cmake make:make cc:gcc valgrind:valgrind
if ! grep -qw avx2 /proc/cpuinfo; then
    say "SKIPPED: the counts are for processors with AVX2, and this is none"
    [ -z "${CI:-}" ] || exit 1
    exit 0
fi
record=bench/instructions.txt bytes=65536 bad=0
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

count() { # PROGRAM INPUT: instructions for 1000 bytes
    valgrind --tool=callgrind --callgrind-out-file=/dev/null --toggle-collect=echo_line_push "$1" "$2" 2>"$work/log" ||
        { cat "$work/log" >&2; exit 1; }
    sed -n 's/.*Collected : //p' "$work/log" | awk -v n=$bytes '{ printf "%d", $1 * 1000 / n }'
}

program() { # BUILD-TYPE FLAGS: builds line_bench, and prints where
    folder="build/instructions-$1"
    cmake -B "$folder" -DCMAKE_BUILD_TYPE="$1" -DCMAKE_C_FLAGS="$2" -DECHO_BUILD_BENCH=ON -DBUILD_TESTING=OFF -DECHO_LTO=OFF >/dev/null
    cmake --build "$folder" --target line_bench >/dev/null
    echo "$folder/line_bench"
}

measure() { # what each line of the file says: build type, input, count
    release=$(program Release "")
    for input in "lines of 1" "lines of 64" "lines of 65536" "all q" "all LF" "LF q" "LF quit x" "LF qui" "LF quit CR x"; do
        echo "Release:$input:$(count "$release" "$input")"
    done
    for type in RelWithDebInfo MinSizeRel None; do
        flags=
        [ "$type" != None ] || flags="-g -O2" # as distributions build
        echo "$type:lines of 64:$(count "$(program $type "$flags")" "lines of 64")"
    done
}

measure >"$work/now"
if [ "${1:-}" = --record ]; then
    { echo "# build type:input:instructions for 1000 bytes, upper mode, gcc; written by ci/instructions.sh --record" && cat "$work/now"; } >"$record"
    cat "$record"
    exit 0
fi
while IFS=: read -r type input now; do
    before=$(sed -n "s/^$type:$input://p" "$record")
    verdict=ok
    if [ "${now:-0}" -eq 0 ] || [ -z "$before" ] || [ $((now * 10)) -gt $((before * 11)) ]; then
        verdict="TOO MANY" bad=1
    fi
    printf '%-15s %-15s %6s  recorded %6s  %s\n' "$type" "$input" "$now" "$before" "$verdict"
done <"$work/now"
[ "$(wc -l <"$work/now")" = "$(grep -vc '^#' "$record")" ] || { say "$record has other rows than were measured"; bad=1; }
# The canary: built without vectors it must not pass.
plain=$(count "$(program Debug "-O2 -fno-tree-vectorize -fno-tree-slp-vectorize")" "lines of 64")
limit=$(sed -n 's/^Release:lines of 64://p' "$record")
if [ "$plain" -le $((limit * 11 / 10)) ]; then
    say "the canary, an engine without vectors, was not noticed: $plain"
    exit 1
fi
echo "without vectors: $plain, noticed"
exit $bad
