#!/bin/sh
# What serving costs: traces the server with strace while it serves one client, and checks that between the first message
# and the last it makes no system call but poll, recvfrom and sendto, one each per message, and allocates nothing.
# usage: syscalls.sh ECHO_SERVER ECHO_CLIENT
set -eu
if ! command -v strace >/dev/null; then
    echo "skipped: strace is missing (apt-get install strace)"
    [ -z "${CI:-}" ] || exit 1
    exit 77
fi
work=$(mktemp -d)
server=
finish() {
    [ -z "$server" ] || kill "$server" 2>/dev/null || true
    rm -rf "$work"
}
trap finish EXIT
mkfifo "$work/ready"

# -D: strace is a grandchild, so that $! is the server and signals reach it.
timeout --foreground 60 strace -D -o "$work/trace" "$1" -4 0 >"$work/ready" 2>"$work/log" &
server=$!
read -r line <"$work/ready"
port=${line##*:}

# Two sessions of three messages, each sent when the one before has come back.
for session in 1 2; do
    mkfifo "$work/in$session" "$work/out$session"
    "$2" 127.0.0.1 "$port" <"$work/in$session" >"$work/out$session" &
    client=$!
    exec 3>"$work/in$session" 4<"$work/out$session"
    for message in one two three; do
        echo "$message" >&3
        read -r reply <&4
        [ "$reply" = "$(echo "$message" | tr '[:lower:]' '[:upper:]')" ] || { echo "got $reply for $message"; exit 1; }
    done
    exec 3>&- 4<&-
    wait "$client"
done
kill "$server"
wait "$server" || { echo "the server exited with $?"; cat "$work/log"; exit 1; }
server=

# From the first accept to the second client's close.
awk '/^accept\(/ { on = 1 } on { print } on && /^close\(/ && ++closed == 2 { exit }' "$work/trace" | sed -n 's/^\([a-z0-9_]*\)(.*/\1/p' | sort | uniq -c >"$work/calls"
cat "$work/calls"
unexpected=$(awk '{ print $2 }' "$work/calls" | grep -vx -e accept -e poll -e recvfrom -e sendto -e write -e close || true)
[ -z "$unexpected" ] || { echo "calls that serving does not need: $unexpected"; exit 1; }
# Per session three messages and an end of input: 4 receives, 3 sends.
for expected in 'accept 2' 'recvfrom 8' 'sendto 6' 'close 2'; do
    awk -v want="$expected" '$2 " " $1 == want { found = 1 } END { exit !found }' "$work/calls" ||
        { echo "expected: $expected"; exit 1; }
done
