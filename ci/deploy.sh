#!/bin/sh
# The units of deploy/systemd: their exposure, and the server under systemd's own socket activation, without a running systemd.
set -eu
cd "$(dirname "$0")/.."
. ci/lib.sh
need systemd-analyze:systemd systemd-socket-activate:systemd cmake:cmake make:make cc:gcc pkg-config:pkg-config \
    '/usr/lib/*/pkgconfig/cmocka.pc:libcmocka-dev' '/usr/lib/*/pkgconfig/libseccomp.pc:libseccomp-dev'
build=build
cmake -B "$build" -DCMAKE_BUILD_TYPE=Release >/dev/null
cmake --build "$build" -j "$(nproc)" --target echo-server echo-client >/dev/null
work=$(mktemp -d)
pid=
finish() {
    [ -z "$pid" ] || kill "$pid" 2>/dev/null || true
    rm -rf "$work"
}
trap finish EXIT

for unit in deploy/systemd/*.service; do
    # The threshold is in tenths: below 1.5.
    systemd-analyze security --offline=true --no-pager --threshold=14 "$unit" >"$work/log" 2>&1 || { cat "$work/log" >&2; exit 1; }
    echo "$(basename "$unit"): $(sed -n 's/.*Overall exposure level[^:]*: //p' "$work/log")"
done
printf '[Service]\nExecStart=/bin/true\n' >"$work/canary.service"
if systemd-analyze security --offline=true --no-pager --threshold=14 "$work/canary.service" >/dev/null 2>&1; then
    say "systemd-analyze finds nothing to say about a unit that restricts nothing"
    exit 1
fi

# activate PORT ARGUMENT... : the client's word comes back through a server that systemd-socket-activate started.
activate() {
    port=$1
    shift
    systemd-socket-activate "$@" >"$work/out" 2>&1 &
    pid=$!
    reply=$("$build/echo-client" --retry 10s 127.0.0.1 "$port" hello)
    [ "$reply" = HELLO ] || { say "got '$reply'"; cat "$work/out" >&2; exit 1; }
    kill "$pid"
    wait "$pid" 2>/dev/null || true
    pid=
}
port=$((20000 + $$ % 10000))
activate "$port" -l "127.0.0.1:$port" "$build/echo-server" --model event --sandbox require
activate $((port + 1)) -l "127.0.0.1:$((port + 1))" --accept --inetd "$build/echo-server" --inetd --sandbox require
echo "deploy: the units are tight, and both kinds of activation work"
