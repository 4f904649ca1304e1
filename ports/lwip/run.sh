#!/bin/sh
# Runs the application on lwIP in a network namespace of its own, and beside it a command, for which it is 192.0.2.1.
# Exits with the command's status, or with 1 if the application ended by itself. Takes root or user namespaces, and
# /dev/net/tun.
# usage: run.sh LOG APPLICATION COMMAND...        APPLICATION: one word, or several as one argument
set -eu
[ $# -ge 3 ] || { sed -n 's/^# usage: //p' "$0" >&2; exit 2; }
if [ -z "${ECHO_NAMESPACE:-}" ]; then
    user=
    [ "$(id -u)" = 0 ] || user=--map-root-user
    # shellcheck disable=SC2086 # nothing, or an option
    ECHO_NAMESPACE=1 exec unshare --net $user "$0" "$@"
fi
log=$1 application=$2
shift 2
ip tuntap add dev tap0 mode tap
ip link set tap0 mtu 576 up # for the sake of Debian's lwIP: see main.c
ip address add 192.0.2.2/24 dev tap0
# shellcheck disable=SC2086 # a list of words
PRECONFIGURED_TAPIF=tap0 $application >"$log" 2>&1 &
server=$!
command=
trap 'kill "$server" $command 2>/dev/null || true' EXIT
trap 'exit 1' INT TERM
"$@" <&0 &
command=$!
status=0
wait "$command" || status=$?
command=
if ! kill "$server" 2>/dev/null; then
    echo "the application has ended:" >&2
    cat "$log" >&2
    status=1
fi
wait "$server" 2>/dev/null || true
exit "$status"
