#!/bin/sh
# From a fresh clone to an echo: installs what is missing, builds, and shows server and client at work.
# Leaves the binaries in build/.
set -eu
cd "$(dirname "$0")/.."
. ci/lib.sh

need cmake:cmake make:make cc:gcc pkg-config:pkg-config '/usr/lib/*/pkgconfig/cmocka.pc:libcmocka-dev' \
    '/usr/lib/*/pkgconfig/libseccomp.pc:libseccomp-dev'
say 'building in build/'
log=$(mktemp)
if ! { cmake -B build -DCMAKE_BUILD_TYPE=Release && cmake --build build -j "$(nproc)" --target echo-server echo-client; } >"$log" 2>&1; then
    cat "$log" >&2
    rm -f "$log"
    exit 1
fi
rm -f "$log"

# A real session on any free port; the port is read off the ready line.
work=$(mktemp -d)
server=
finish() {
    [ -z "$server" ] || kill "$server" 2>/dev/null || true
    rm -rf "$work"
}
trap finish EXIT
mkfifo "$work/ready"
build/echo-server -4 --quiet 0 >"$work/ready" &
server=$!
read -r ready <"$work/ready"
port=${ready##*:}
printf '$ echo-server -4 --quiet 0 &\n%s\n' "$ready"
show() {
    printf '$ %s\n' "$*"
    sh -c "PATH=build:\$PATH; $*"
}
show "echo-client localhost $port hello 'every byte is accounted for'"
show "printf 'lines from a pipe\\n' | echo-client localhost $port"
show "echo-client localhost $port quit"
kill "$server"
wait "$server"
server=
say 'the binaries are build/echo-server and build/echo-client; try them with --help'
