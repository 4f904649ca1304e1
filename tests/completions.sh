#!/bin/sh
# Checks what a shell makes of the completions: bash and fish complete command lines with them; zsh finds no error in them, and
# they hand the right words to its _arguments.
# usage: completions.sh bash|zsh|fish ECHO_COMPLETIONS
set -eu
shell=$1
if ! command -v "$shell" >/dev/null; then
    echo "skipped: $shell is missing (apt-get install $shell)"
    [ -z "${CI:-}" ] || exit 1
    exit 77
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
for program in echo-server echo-client; do
    "$2" "$shell" "$program" >"$work/$program"
    "$shell" -n "$work/$program"
done
status=0
"$2" "$shell" cat >"$work/none" 2>/dev/null || status=$?
[ "$status-$(cat "$work/none")" = 2- ] || { echo "there is a completion for cat"; exit 1; }

# completed_SHELL WORD...  The last word is completed: prints what it may become, one a line.
# readline, which completes files by itself, is not there.
completed_bash() {
    # shellcheck disable=SC2016 # for bash
    HOSTFILE=$work/hosts bash --norc -c '
        compopt() { COMPREPLY=($(compgen -f -- "$cur")); }
        . "$0/$1"
        COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
        read -r _ _ function _ <<<"$(complete -p "$1")"
        "$function"
        [ ${#COMPREPLY[@]} = 0 ] || printf "%s\n" "${COMPREPLY[@]}"' "$work" "$@"
}
completed_fish() {
    # shellcheck disable=SC2016 # for fish
    HOME=$work fish -c 'source $argv[1]/$argv[2]; complete -C (string join " " -- $argv[2..])' "$work" "$@" | cut -f 1
}

# expect WORDS WORD...  The words after the first complete to WORDS, in any order.
expect() {
    expected=$(printf '%s\n' "$1" | tr ' ' '\n' | sort)
    shift
    got=$("completed_$shell" "$@" | sort)
    [ "$got" = "$expected" ] || { printf '%s: "%s" completes to:\n%s\n' "$shell" "$*" "$got"; exit 1; }
}

# argument SPECIFICATION PROGRAM  _arguments of zsh is told that.
argument() {
    # shellcheck disable=SC2016 # for zsh
    zsh -f -c '_arguments() { print -rl -- "$@" }; . $1' zsh "$work/$2" >"$work/arguments"
    grep -Fqx -e "$1" "$work/arguments" || { echo "zsh: $2 lacks $1"; cat "$work/arguments"; exit 1; }
}

if [ "$shell" = zsh ]; then
    argument '*-m+[what comes back: upper or verbatim (upper)]:MODE:(upper verbatim)' echo-server
    argument '*--mode=[what comes back: upper or verbatim (upper)]:MODE:(upper verbatim)' echo-server
    argument "*--bind=[where to listen, or '*'; repeatable (loopback)]:ADDR: " echo-server
    argument '*-6[one family only]' echo-client
    argument '*--ipv4[one family only]' echo-client
    argument '*--unix=[a Unix socket, instead of HOST and PORT]:PATH:_files' echo-client
    argument '1:HOST:_hosts' echo-client
    exit
fi

expect '--mode --model' echo-server --mo
expect '--ipv4 --ipv6' echo-client --ipv
expect 'upper verbatim' echo-server --mode ''
expect 'verbatim' echo-server -m v
expect 'upper verbatim auto any' echo-client --quiet -m ''
expect 'iterative fork event' echo-server --model ''
expect 'require' echo-server --sandbox r
expect 'json' echo-server --show --log j
expect '' echo-client -w ''
expect '' echo-server ''
touch "$work/socket"
expect "$work/socket" echo-server --unix "$work/so"
mkdir "$work/.ssh"
echo 'test.example key' >"$work/.ssh/known_hosts" # what fish looks at ...
echo '192.0.2.1 test.example' >"$work/hosts"      # ... and bash
expect 'test.example' echo-client --check te
case $shell in
bash) expect 'upper verbatim' echo-server --mode = '' && expect 'upper' echo-server --mode = u ;;
fish) expect '--mode=upper' echo-server --mode=u ;;
esac
