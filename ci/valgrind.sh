#!/bin/sh
# Runs the unit and loopback tests, and the programs that they spawn, under Valgrind: no invalid access, no use of what was
# not initialised, no leak, no descriptor left open by a program that ends.
# usage: ci/valgrind.sh [--all]     with the server's other models, too, and with what takes long
set -eu
cd "$(dirname "$0")/.."
. ci/lib.sh
need cmake:cmake make:make cc:gcc valgrind:valgrind pkg-config:pkg-config '/usr/lib/*/pkgconfig/cmocka.pc:libcmocka-dev' \
    '/usr/lib/*/pkgconfig/libseccomp.pc:libseccomp-dev'
build="build-valgrind"
cmake -B "$build" -DCMAKE_BUILD_TYPE=Debug -DCMAKE_C_FLAGS='-O1 -gdwarf-4' -DECHO_INSTRUMENTED=ON >/dev/null
cmake --build "$build" -j "$(nproc)" >/dev/null
logs=$(mktemp -d)
trap 'rm -rf "$logs"' EXIT
failed=0

# What is wrong in the log of a process: --track-fds never changes the exit code, so the log is the only witness of a socket
# left open by one of the programs. Those that a test killed on purpose may have some.
complaints() {
    awk '/Invalid|uninitialised|definitely lost: [1-9]/ { print FILENAME ": " $0 }
        /terminating with default action/ { killed = 1 }
        /Open (AF_|file)/ { open = $0 }
        /(server|client)_program/ && open ~ /Open AF_/ { left = left FILENAME ": " open "\n"; open = "" }
        END { if (!killed) printf "%s", left }' "$1"
}

tests="server client line_vectors line_freestanding compare connection ledger payload proxy deadlines histogram values activation"
[ "${1:-}" != --all ] || tests="$tests server:event server:fork models measure check"
# One test, and what it spawns.
run() { # TEST[:MODEL of the server]
    test=${1%%:*} status=0
    export ECHO_MODEL=iterative
    [ "$1" = "$test" ] || export ECHO_MODEL="${1##*:}"
    valgrind --error-exitcode=99 --leak-check=full --track-fds=yes --trace-children=yes --trace-children-skip='/bin/*,/usr/bin/*' \
        --log-file="$logs/$1.%p" "$build/tests/test_$test" >"$logs/out.$1" 2>&1 || status=$?
    for log in "$logs/$1".*; do complaints "$log"; done >"$logs/complaints.$1"
    if [ "$status" != 0 ] || [ -s "$logs/complaints.$1" ]; then
        say "$1 under Valgrind: exit $status"
        head -n 40 "$logs/complaints.$1" >&2
        grep -aE 'ERROR|FAILED' "$logs/out.$1" >&2 || true
        return 1
    fi
    echo "valgrind: $1 and what it spawns are clean ($(find "$logs" -name "$1.*" | wc -l) processes)"
}

# Two at a time, of which each takes the next that nobody has taken.
take() {
    result=0
    for each in $tests; do
        mkdir "$logs/taken.$each" 2>/dev/null || continue
        run "$each" || result=1
    done
    return $result
}
take &
other=$!
take || failed=1
wait $other || failed=1

# A gate that nobody has seen fail is not a gate: a read of what was never written, and a socket left open.
cat >"$logs/canary.c" <<'C'
#include <stdlib.h>
#include <sys/socket.h>
int server_program(void);
int server_program(void)
{
    char *never_written = malloc(1);
    return (socket(AF_INET, SOCK_STREAM, 0) < 0) + (never_written && *never_written ? 2 : 1);
}
int main(void)
{
    return server_program() == 0;
}
C
cc -O0 -gdwarf-4 "$logs/canary.c" -o "$logs/canary"
status=0
valgrind --error-exitcode=99 --track-fds=yes --log-file="$logs/canary.log" "$logs/canary" || status=$?
if [ "$status" != 99 ] || ! complaints "$logs/canary.log" | grep -q 'Open AF_INET'; then
    say "Valgrind did not see the canary"
    failed=1
fi
exit "$failed"
