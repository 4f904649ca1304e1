#!/bin/sh
# Checks that every worked example of docs/PROTOCOL.md is a row of the vectors, with the same bytes and end.
# usage: examples.sh PROTOCOL_MD SESSIONS_TSV
set -eu
awk '
BEGIN {
    for (i = 32; i < 127; i++)
        code[sprintf("%c", i)] = sprintf("%02x", i)
    code["\\n"] = "0a"; code["\\r"] = "0d"; code["\\t"] = "09"; code["\\\\"] = "5c"; code["\\s"] = "~"; code["\\e"] = ""
}
# The field of a row as the document writes it: hex with spaces.
function hex(field,    out, n) {
    for (out = ""; field != ""; field = substr(field, n + 1)) {
        n = substr(field, 1, 2) == "\\x" ? 4 : substr(field, 1, 1) == "\\" ? 2 : 1
        out = out " " (n == 4 ? substr(field, 3, 2) : code[substr(field, 1, n)])
    }
    return substr(out, 2)
}
FNR == NR { # the vectors
    if ($0 == "" || /^#/)
        next
    split($0, f, "\t")
    row[f[1]] = f[2] (f[3] == "dot" ? ", dot stop" : "") "|" hex(f[4]) "|" hex(f[5]) "|" f[6]
    next
}
/^\| `[a-z0-9-]+` \|/ { # the document
    gsub(/`/, "")
    n = split($0, f, / *\| */)
    if (n != 7)
        next
    examples++
    if (row[f[2]] != f[3] "|" f[4] "|" f[5] "|" f[6]) {
        print "example " f[2] ": " f[3] "|" f[4] "|" f[5] "|" f[6]
        print "  but row: " row[f[2]]
        wrong++
    }
}
END {
    print examples + 0 " examples"
    exit wrong > 0 || examples < 15
}' "$2" "$1"
