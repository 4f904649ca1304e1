#!/bin/sh
# Runs javascript.mjs, beside this file, if there is a Node.js.
# usage: javascript.sh VECTORS ECHO_SERVER ECHO_CLIENT LIAR
set -eu
if ! command -v node >/dev/null; then
    echo "skipped: node is missing (apt-get install nodejs)"
    [ -z "${CI:-}" ] || exit 1
    exit 77
fi
exec node "${0%.sh}.mjs" "$@"
