#!/bin/sh
# Compiles the engine without a libc and checks that it asks the linker for nothing but memcpy and memset, which
# every freestanding gcc and clang may emit on its own account.
# usage: freestanding.sh CC INCLUDE_DIR LINE_C
set -eu
object=$(mktemp)
trap 'rm -f "$object"' EXIT
"$1" -std=c17 -O2 -ffreestanding -nostdlib -fno-stack-protector -U_FORTIFY_SOURCE \
    -Wall -Wextra -Werror -I"$2" -c "$3" -o "$object"
nm "$object" | grep -Eq ' T _?echo_line_push$' || { echo "not the engine: $3"; exit 1; }
wanted=$(nm -u "$object" | awk '{print $NF}' | grep -Evx '_?mem(cpy|set)' || true)
[ -z "$wanted" ] || { echo "the engine needs: $wanted"; exit 1; }
