#!/bin/sh
# Mutation testing of the pure part, with --all of the loops too: see ci/mutate.py. Arguments are passed on.
set -eu
cd "$(dirname "$0")/.."
. ci/lib.sh
need cc:gcc python3:python3 pkg-config:pkg-config '/usr/lib/*/pkgconfig/cmocka.pc:libcmocka-dev'
exec python3 ci/mutate.py "$@"
