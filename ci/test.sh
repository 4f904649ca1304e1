#!/bin/sh
# Installs what the tests need, builds, and runs every test.
# usage: ci/test.sh [PRESET]     a preset of CMakePresets.json (release)
set -eu
cd "$(dirname "$0")/.."
. ci/lib.sh
preset=${1:-release}

need cmake:cmake make:make cc:gcc pkg-config:pkg-config '/usr/lib/*/pkgconfig/cmocka.pc:libcmocka-dev' \
    '/usr/lib/*/pkgconfig/libseccomp.pc:libseccomp-dev' strace:strace nc.openbsd:netcat-openbsd ncat:ncat \
    socat:socat busybox:busybox /usr/sbin/haproxy:haproxy telnet:inetutils-telnet node:nodejs zsh:zsh fish:fish \
    python3:python3 /usr/lib/python3/dist-packages/jsonschema:python3-jsonschema
case $preset in
clang) need clang:clang ;;
asan | msan) need clang:clang '/usr/lib/llvm-*/lib/clang/*/lib/linux/libclang_rt.asan-*.a:libclang-rt-dev' ;;
esac
say "building and testing with the preset $preset"
cmake --preset "$preset" >/dev/null
cmake --build --preset "$preset" -j "$(nproc)"
# The longest need not run everywhere: AddressSanitizer has what MemorySanitizer leaves out, and all strings are tried once.
case $preset in
msan) without='long|interop|exhaustive' ;;
asan | coverage) without=exhaustive ;;
*) without=- ;;
esac
# One more than there are cores, for they wait more than they compute.
ctest --preset "$preset" -j $(($(nproc) + 1)) -LE "^($without)\$"
