#!/bin/sh
# Runs the console transcript of a Markdown file and compares what is printed with what stands there.
#
# usage: transcript.sh FILE BIN_DIR
#
# The transcript is the first ```console block. Lines that begin with "$ " are commands; what follows is the output,
# standard error included. The port 4242, which a reader can type, is replaced by a free one on both sides, and client
# ports and durations, which vary, are masked. A command ending in & stays running until the end of the block; its
# output up to the last line given for it is waited for.
set -eu
file=$1
PATH=$2:$PATH
work=$(mktemp -d)
background=
finish() {
    for pid in $background; do
        kill "$pid" 2>/dev/null || true
        wait "$pid" || true
    done
    rm -rf "$work"
}
trap finish EXIT

awk '/^```console$/ { on = 1; next } on && /^```$/ { exit } on' "$file" >"$work/block"
grep -q '^\$ ' "$work/block" || { echo "$file: no transcript"; exit 1; }

mask() { sed -E -e 's/(127\.0\.0\.1|\[::1\]):[0-9]{5}/\1:PORT/g' -e 's/[0-9]+ ms/N ms/'; }

# Splits the block: N.command and N.expected.
awk -v dir="$work" '/^\$ / { n++; print substr($0, 3) >(dir "/" n ".command"); printf "" >(dir "/" n ".expected"); next }
    { print >(dir "/" n ".expected") }' "$work/block"

port=
n=1
while [ -f "$work/$n.command" ]; do
    command=$(cat "$work/$n.command")
    case $command in
    *'&')
        # The server: on a free port, read off its ready line.
        lines=$(wc -l <"$work/$n.expected")
        mkfifo "$work/$n.fifo"
        ECHO_PORT=0 timeout 60 sh -c "exec ${command%&}" >"$work/$n.fifo" 2>"$work/$n.err" &
        background="$background $!"
        head -n "$lines" "$work/$n.fifo" >"$work/$n.got"
        port=$(sed -n 's/.*:\([0-9]*\)$/\1/p' "$work/$n.got" | head -n 1)
        ;;
    *)
        timeout 60 sh -c "$(printf '%s' "$command" | sed "s/4242/$port/g")" >"$work/$n.got" 2>&1 </dev/null || true
        ;;
    esac
    [ -z "$port" ] || sed "s/:$port\\b/:4242/g; s/\\b$port\\b/4242/g" "$work/$n.got" >"$work/$n.named"
    mask <"$work/$n.named" >"$work/got"
    mask <"$work/$n.expected" >"$work/expected"
    if ! diff "$work/expected" "$work/got"; then
        echo "$file: not what is printed by: $command"
        exit 1
    fi
    n=$((n + 1))
done
echo "$((n - 1)) commands as in $file"
