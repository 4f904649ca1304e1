#!/bin/sh
# Checks that a program's man page has the options of its --help, with the names of their values, and the variables ECHO_* of its
# table of options; and no others.
# usage: man.sh PROGRAM PAGE OPTIONS_C
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Splits lines that begin with options, as in "-4, --ipv4, -6, --ipv6  help" or "  --mode MODE  help": one option a line.
options() {
    awk '/^ *-/ {
        do {
            match($0, /^ *(-[^-], )?--[a-z0-9-]+( [A-Z]+)?/)
            option = substr($0, 1, RLENGTH)
            sub(/^ */, "", option)
            print option
            $0 = substr($0, RLENGTH + 1)
        } while (sub(/^, /, ""))
    }' | sort
}

"$1" --help | options >"$work/wanted"
sed -n '/^\.It Fl /{s/^\.It //;s/Fl /-/g;s/ , /, /g;s/ Ar / /g;p;}' "$2" | options >"$work/got"
sed -n 's/.*"\(ECHO_[A-Z]*\)".*/\1/p' "$3" | sort -u >>"$work/wanted"
sed -n 's/^\.It Ev \(ECHO_[A-Z]*\)$/\1/p' "$2" | sort >>"$work/got"

echo "$(grep -c . "$work/wanted") options and variables"
[ "$(grep -c . "$work/wanted")" -ge 20 ] || exit 1
diff "$work/wanted" "$work/got" || { echo "$2 (>) is not what $1 takes (<)"; exit 1; }
