#!/bin/sh
# Builds both programs so that each is one file that runs on any Linux of this architecture: static, with musl, stripped.
# usage: ci/static.sh DIR     leaves DIR/echo-server and DIR/echo-client (a path from the root of the project)
#
# They have no filter of system calls, for Debian's libseccomp is made for glibc; the rest of the sandbox is there.
set -eu
cd "$(dirname "$0")/.."
. ci/lib.sh
[ $# = 1 ] || { say "usage: ci/static.sh DIR"; exit 2; }
need cmake:cmake make:make musl-gcc:musl-tools gcc:gcc readelf:binutils '/usr/include/linux/landlock.h:linux-libc-dev'

# musl-gcc knows no headers of the kernel: those of the system come after musl's own.
CC=musl-gcc CFLAGS="-idirafter /usr/include -idirafter /usr/include/$(gcc -print-multiarch)" LDFLAGS='-static -s' \
    cmake -B build-static -DCMAKE_BUILD_TYPE=Release -DCMAKE_COMPILE_WARNING_AS_ERROR=ON -DBUILD_TESTING=OFF -DECHO_SECCOMP=OFF >/dev/null
cmake --build build-static -j "$(nproc)" --target echo-server echo-client >/dev/null
mkdir -p "$1"
for program in echo-server echo-client; do
    ! readelf -lW "build-static/$program" | grep -q INTERP || { say "static: $program wants an interpreter"; exit 1; }
    cp "build-static/$program" "$1/"
    echo "static: $1/$program, $(wc -c <"$1/$program") bytes"
done
