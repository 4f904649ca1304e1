#!/bin/sh
# What is in deploy: the units' exposure, and the server under systemd's own socket activation, without a running systemd; the
# manifests for Kubernetes by its schemas and by what they promise; the configuration for HAProxy (see tests/balancer.py).
set -eu
cd "$(dirname "$0")/.."
. ci/lib.sh
need systemd-analyze:systemd systemd-socket-activate:systemd cmake:cmake make:make cc:gcc pkg-config:pkg-config \
    /usr/sbin/haproxy:haproxy node:nodejs npm:npm '/usr/lib/*/pkgconfig/cmocka.pc:libcmocka-dev' '/usr/lib/*/pkgconfig/libseccomp.pc:libseccomp-dev'
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

[ -d "$build/node_modules/kubernetes-models" ] || npm install --silent --ignore-scripts --no-save --prefix "$build" kubernetes-models@4.5.1 yaml@2.9.1 >/dev/null 2>&1 ||
    { say "npm cannot install kubernetes-models"; exit 1; }
git ls-files 'deploy/kubernetes/*.yaml' | xargs node ci/kubernetes.mjs "$PWD/$build"
grep -q "image: echo:$(project_version)\$" deploy/kubernetes/echo.yaml || { say "echo.yaml has another version than CMakeLists.txt"; exit 1; }
echo "deploy: the manifests for Kubernetes keep their promises"

/usr/sbin/haproxy -c -q -f deploy/haproxy/haproxy.cfg
sed 's/leastconn/leastcon/' deploy/haproxy/haproxy.cfg >"$work/canary.cfg"
! /usr/sbin/haproxy -c -q -f "$work/canary.cfg" 2>/dev/null || { say "haproxy does not see the canary"; exit 1; }
echo "deploy: HAProxy takes its configuration"
