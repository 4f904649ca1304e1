#!/bin/sh
# Compares the shared library and its header with what tests/abi.c has on record; and shows that headers which break programs are
# refused, and a library that shows more, or less, too.
# usage: abi.sh CC INCLUDE_DIR ABI_C LIBRARY
set -eu
cc=$1 include=$2 record=$3 library=$4
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# agrees INCLUDE_DIR: whether the header is what the record says
agrees() { "$cc" -std=c17 -Wall -Wextra -Wpedantic -Werror -I"$1" -fsyntax-only "$record" 2>"$work/log"; }
recorded() { sed -n 's/^[a-z].*\b\(echo_[a-z_]*\)(.*);$/\1/p' "$record" | sort; }
shows() { nm -D --defined-only "$1" | awk '{ print $NF }' | sort; }

agrees "$include" || { cat "$work/log" >&2; exit 1; }
recorded >"$work/recorded"
[ -s "$work/recorded" ] || { echo "$record has no functions"; exit 1; }
shows "$library" | diff "$work/recorded" - || { echo "what $library shows (>) is not what is recorded (<)"; exit 1; }

mkdir "$work/echo"
# refused SED-SCRIPT: changes the header so, which must be noticed
refused() {
    sed "$1" "$include/echo/line.h" >"$work/echo/line.h"
    ! cmp -s "$include/echo/line.h" "$work/echo/line.h" || { echo "changes nothing: $1"; exit 1; }
    ! agrees "$work" || { echo "not noticed: $1"; exit 1; }
}
refused 's/uint8_t owed_end;/uint16_t owed_end;/'
refused 's/    size_t in_len;/    uint32_t in_len;/'
refused 's/^    uint8_t \*out;/    void *context; &/'
refused 's/^    ECHO_UPPER, .*/    ECHO_LOWER, &/'
refused 's/bool dot_stop);/unsigned flags);/'
refused 's/ECHO_LINE_SLACK 10/ECHO_LINE_SLACK 11/'
# stubs SED-SCRIPT: whether a library with the recorded functions, changed so, passes
stubs() {
    sed "$1" "$work/recorded" | sed 's/.*/int &(void); int &(void) { return 0; }/' |
        "$cc" -shared -fPIC -x c - -o "$work/canary.so"
    shows "$work/canary.so" | cmp -s "$work/recorded" -
}
stubs '' || { echo "a library that shows what is recorded does not pass"; exit 1; }
! stubs '1d' || { echo "a library that shows less is not noticed"; exit 1; }
! stubs '1s/.*/&\n&_more/' || { echo "a library that shows more is not noticed"; exit 1; }
