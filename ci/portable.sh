#!/bin/sh
# What other systems lack, switched off here: builds without each extra in turn, with another C library (musl), and without all of
# them at once, as on macOS and the BSDs (ci/lacking.h); then the tests of what depends on the system pass as well.
set -eu
cd "$(dirname "$0")/.."
. ci/lib.sh
need cmake:cmake make:make cc:gcc pkg-config:pkg-config musl-gcc:musl-tools ps:procps zsh:zsh fish:fish '/usr/lib/*/pkgconfig/cmocka.pc:libcmocka-dev' \
    '/usr/lib/*/pkgconfig/libseccomp.pc:libseccomp-dev'
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# build FOLDER TARGET SETTING... : TARGET may be several.
build() {
    folder=$1 targets=$2
    shift 2
    # shellcheck disable=SC2086 # a list of words
    { cmake -B "$folder" -DCMAKE_BUILD_TYPE=Debug -DCMAKE_COMPILE_WARNING_AS_ERROR=ON "$@" &&
        cmake --build "$folder" -j "$(nproc)" --target $targets; } >"$work/log" 2>&1 && return
    cat "$work/log" >&2
    say "portable: it does not build with $*"
    exit 1
}
programs='echo-server echo-client'
for without in ECHO_READY=poll ECHO_HAVE_PPOLL=OFF ECHO_HAVE_LANDLOCK=OFF ECHO_SECCOMP=OFF; do
    build "$work/one" "$programs" -U 'ECHO_*' -DBUILD_TESTING=OFF "-D$without" # what was off before is on again
    echo "portable: builds with $without"
done

lacking="-include $PWD/ci/lacking.h"
# Each of these must be unknown, or the next builds show nothing.
for word in MSG_NOSIGNAL SOCK_CLOEXEC SOCK_NONBLOCK POLLRDHUP accept4 pipe2 ppoll prctl epoll_create1 timerfd_create prlimit; do
    # shellcheck disable=SC2086 # a list of words
    if echo "int canary(void) { return !!$word; }" | cc -D_GNU_SOURCE $lacking -x c -c -o /dev/null - 2>/dev/null; then
        say "portable: $word is there after all"
        exit 1
    fi
done

# Debian's cmocka is made for glibc: with musl the tests are compiled, and not linked.
headers="-idirafter /usr/include -idirafter /usr/include/$(cc -print-multiarch)"
CC=musl-gcc build "$work/musl" "$programs" -DBUILD_TESTING=OFF -DECHO_SECCOMP=OFF "-DCMAKE_C_FLAGS=$headers $lacking"
for file in tests/*.c tests/support/*.c; do
    # shellcheck disable=SC2086 # a list of words
    musl-gcc -std=gnu17 -fsyntax-only $headers -D_GNU_SOURCE -Iinclude -Isrc -Itests '-DECHO_SERVER=""' '-DECHO_CLIENT=""' '-DLIAR=""' \
        '-DVECTORS=""' '-DPROXY_VECTORS=""' '-DFAULTY_SERVER=""' '-DFAULTY_CLIENT=""' -Wall -Wextra -Werror "$file"
done
echo "portable: builds with musl"

build build-portable all -DECHO_SECCOMP=OFF "-DCMAKE_C_FLAGS=$lacking"
grep -q '^ECHO_READY:.*=poll$' build-portable/CMakeCache.txt || { say "portable: it has found epoll"; exit 1; }
ctest --test-dir build-portable --output-on-failure --no-tests=error -j $(($(nproc) + 1)) -L '^(unit|loopback)$' -E _poll >"$work/log" 2>&1 ||
    { cat "$work/log" >&2; exit 1; }
echo "portable: builds without all of them; $(sed -n 's/^100% tests passed.* out of \([0-9]*\)/\1 tests pass/p' "$work/log")"
