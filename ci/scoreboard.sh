#!/bin/sh
# Checks echo servers of all kinds with `echo-client --check` and writes what came of it to docs/SCOREBOARD.md: our own in each
# model and mode, behind proxies, and those that people use. All in one run; nothing in that table is typed by hand.
# usage: ci/scoreboard.sh [FILE]
set -eu
cd "$(dirname "$0")/.."
. ci/lib.sh
need cmake:cmake make:make cc:gcc python3:python3 nc:netcat-openbsd ncat:ncat socat:socat busybox:busybox node:nodejs nginx:nginx-light \
    haproxy:haproxy xinetd:xinetd '/usr/lib/nginx/modules/ngx_stream_module.so:libnginx-mod-stream' systemd-socket-activate:systemd
build="build-scoreboard"
cmake -B "$build" -DCMAKE_BUILD_TYPE=Release -DBUILD_TESTING=OFF >/dev/null
cmake --build "$build" -j "$(nproc)" >/dev/null
python3 ci/scoreboard.py "$build" "${1:-docs/SCOREBOARD.md}"
