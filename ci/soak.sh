#!/bin/sh
# A crowd at random against each model of the server: every byte verified, and at the end its memory, descriptors and
# processes are what they were. Prints the seed; the same seed brings the same crowd.
# usage: ci/soak.sh [SECONDS [CLIENTS [SEED]]]      for each model (60, 1000, the time)
set -eu
cd "$(dirname "$0")/.."
. ci/lib.sh
seconds=${1:-60} clients=${2:-1000} seed=${3:-$(date +%s)}
need cmake:cmake make:make cc:gcc pkg-config:pkg-config '/usr/lib/*/pkgconfig/cmocka.pc:libcmocka-dev'
build=build
cmake -B "$build" -DCMAKE_BUILD_TYPE=Release -DBUILD_TESTING=ON >/dev/null
cmake --build "$build" -j "$(nproc)" --target echo-server soak >/dev/null
work=$(mktemp -d)
server=
finish() {
    [ -z "$server" ] || kill "$server" 2>/dev/null || true
    rm -rf "$work"
}
trap finish EXIT

# What a server has: kilobytes resident, descriptors, and its children, living or dead.
resident() { sed -n 's/^VmRSS:[^0-9]*\([0-9]*\).*/\1/p' "/proc/$server/status"; }
descriptors() { find "/proc/$server/fd" -mindepth 1 | wc -l; }
children() { wc -w <"/proc/$server/task/$server/children"; }
has() { echo "$(descriptors) descriptors, $(children) children"; }

soak() { # OPTION...
    mkfifo "$work/ready"
    "$build/echo-server" -4 -M $((clients + 10)) --quiet "$@" 0 >"$work/ready" 2>"$work/log" &
    server=$!
    read -r line <"$work/ready"
    rm "$work/ready"
    "$build/tests/soak" "${line##*:}" 2 "$clients" "$seed" >/dev/null # warms up
    before=$(has) memory=$(resident)
    echo "$*: seed $seed"
    timeout $((seconds + 120)) "$build/tests/soak" "${line##*:}" "$seconds" "$clients" "$seed"
    for _ in 1 2 3 4 5 6 7 8 9 10; do # the last children end after their clients
        after=$(has)
        [ "$before" != "$after" ] || break
        sleep 0.1
    done
    echo "$*: $after, $memory kB resident before, $(resident) after"
    [ "$before" = "$after" ] || { say "before there were $before"; exit 1; }
    [ "$(resident)" -le $((memory + 256)) ] || { say "it has grown"; exit 1; }
    kill "$server"
    wait "$server" || { say "it ended with $?"; cat "$work/log" >&2; exit 1; }
    server=
    [ ! -s "$work/log" ] || { say "it had something to say:"; cat "$work/log" >&2; exit 1; }
}
soak --model fork
soak --model event
soak --model event --workers 2
