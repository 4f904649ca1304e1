#!/bin/sh
# Mutation testing of the pure part, with --all of the loops too: see ci/mutate.py. Arguments are passed on. Without any it
# judges a quarter of the mutants, another one for each commit; all of them is for the night.
set -eu
cd "$(dirname "$0")/.."
. ci/lib.sh
need git:git cc:gcc python3:python3 pkg-config:pkg-config '/usr/lib/*/pkgconfig/cmocka.pc:libcmocka-dev'
[ $# -gt 0 ] || set -- --part "$((0x$(git rev-parse --short=7 HEAD) % 4))/4"
exec python3 ci/mutate.py "$@"
