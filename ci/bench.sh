#!/bin/sh
# Measures the servers beside each other and everything that others serve an echo with, and writes docs/PERFORMANCE.md's
# tables and docs/performance/. Takes about forty minutes; as root, and with nothing else running.
# usage: ci/bench.sh [OPTION...]      of bench/bench.py: --pairs N, --seconds S, --cell NAME, --peer NAME (the last two may
# be repeated). With options the document stays as it is, and the tables are printed.
set -eu
cd "$(dirname "$0")/.."
. ci/lib.sh
need cmake:cmake make:make cc:gcc pkg-config:pkg-config '/usr/include/uv.h:libuv1-dev' '/usr/include/event2/event.h:libevent-dev' \
    gnuplot:gnuplot-nox python3:python3 /usr/lib/python3/dist-packages/uvloop:python3-uvloop node:nodejs haproxy:haproxy \
    nginx:nginx-light /usr/lib/nginx/modules/ngx_stream_module.so:libnginx-mod-stream socat:socat ncat:ncat xinetd:xinetd \
    redis-server:redis-server memcached:memcached musl-gcc:musl-tools strip:binutils
build=build/bench musl=build/bench-musl folder=docs/performance document=docs/PERFORMANCE.md
[ $# = 0 ] || folder=build/bench/performance document=build/bench/performance/tables.md
cmake -B "$build" -DCMAKE_BUILD_TYPE=Release -DECHO_BUILD_BENCH=ON -DBUILD_TESTING=OFF >/dev/null
cmake --build "$build" -j "$(nproc)" >/dev/null
cmake -B "$musl" -DCMAKE_BUILD_TYPE=Release -DCMAKE_C_COMPILER=musl-gcc -DCMAKE_EXE_LINKER_FLAGS=-static \
    -DCMAKE_C_FLAGS="-idirafter /usr/include -idirafter /usr/include/$(cc -dumpmachine)" -DBUILD_TESTING=OFF \
    -DECHO_SECCOMP=OFF >/dev/null
cmake --build "$musl" -j "$(nproc)" >/dev/null
# Debian has one inetd at a time; the other is taken out of its package.
if [ ! -x "$build/inetd" ]; then
    (cd "$build" && apt-get -q download openbsd-inetd >/dev/null 2>&1 && dpkg-deb -x openbsd-inetd_*.deb inetd-package)
    cp "$build/inetd-package/usr/sbin/inetd" "$build/inetd"
fi

mkdir -p "$folder"
{
    echo "Measured on $(date -u +%Y-%m-%d): $(nproc) cores of $(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -1)" \
        "($(systemd-detect-virt 2>/dev/null || true)), Linux $(uname -r), congestion control" \
        "$(cat /proc/sys/net/ipv4/tcp_congestion_control). $(cc --version | head -1)."
    printf 'Versions: '
    for package in libuv1 libevent-2.1-7 nodejs python3.11 python3-uvloop haproxy nginx-light socat ncat xinetd redis-server memcached; do
        version=$(dpkg-query -W -f '${Version}' $package 2>/dev/null || true)
        [ -z "$version" ] || printf '%s %s, ' "$package" "$version"
    done
    printf 'Node.js %s.\n' "$(node --version)"
} >"$folder/machine.txt"
taskset -c 1 "$build/line_bench" >"$folder/engine.txt"
python3 bench/bench.py --echo "$build" --bench "$build" --musl "$musl" "$@" "$folder/raw.tsv"
[ $# = 0 ] || printf '<!-- tables -->\n<!-- end -->\n' >"$document"
python3 bench/report.py "$folder" "$document"
[ $# = 0 ] || cat "$document"
