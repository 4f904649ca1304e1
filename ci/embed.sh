#!/bin/sh
# The library as others use it: examples/embed with this project as a subdirectory, and against the installed library, static
# and shared, by find_package and by pkg-config.
set -eu
cd "$(dirname "$0")/.."
. ci/lib.sh
need cmake:cmake make:make cc:gcc pkg-config:pkg-config readelf:binutils
example=$PWD/examples/embed
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

works() { # PROGRAM static|shared WHAT: the program echoes, and is linked as it should be
    [ "$(printf 'hello\nquit\nx' | "$1")" = "$(printf 'HELLO\nGood bye')" ] || { say "embed: $3 it does not work"; exit 1; }
    linked=static
    ! readelf -d "$1" | grep -q 'NEEDED.*\[libecho_line\.so\.0\]' || linked=shared
    [ "$linked" = "$2" ] || { say "embed: $3 it is linked with the $linked library"; exit 1; }
    echo "embed: works $3, $2"
}

example() { # NAME CMAKE-OPTION...: builds it with CMake, into $work/NAME
    name=$1
    shift
    cmake -S "$example" -B "$work/$name" -DCMAKE_C_FLAGS="-Wall -Wextra -Wconversion -Werror" "$@" >/dev/null
    cmake --build "$work/$name" --target embed >/dev/null
}

example sub -DECHO_SOURCE="$PWD"
works "$work/sub/embed" static "as a subproject"
cmake -Werror=dev -B "$work/bare" -DCMAKE_SYSTEM_NAME=Generic -DCMAKE_C_FLAGS=-ffreestanding -DBUILD_TESTING=OFF >/dev/null
cmake --build "$work/bare" --target echo_line >/dev/null
echo "embed: builds for a system without shared libraries"

cmake -B "$work/build" -DCMAKE_BUILD_TYPE=Release -DBUILD_TESTING=OFF >/dev/null
cmake --build "$work/build" -j "$(nproc)" >/dev/null
cmake --install "$work/build" --prefix "$work/first" >/dev/null
mv "$work/first" "$work/prefix" # nothing may remember where it was
library=$(dirname "$(find "$work/prefix" -name libecho_line.a)")

example static -DCMAKE_PREFIX_PATH="$work/prefix"
works "$work/static/embed" static "by find_package"
example shared -DCMAKE_PREFIX_PATH="$work/prefix" -DENGINE=echo::line_shared
works "$work/shared/embed" shared "by find_package"

export PKG_CONFIG_PATH="$library/pkgconfig" LD_LIBRARY_PATH="$library"
# shellcheck disable=SC2046 # lists of words
cc "$example/main.c" $(pkg-config --cflags --libs echo-line) -o "$work/pc-shared"
works "$work/pc-shared" shared "by pkg-config"
# shellcheck disable=SC2046
cc -static "$example/main.c" $(pkg-config --static --cflags --libs echo-line) -o "$work/pc-static"
works "$work/pc-static" static "by pkg-config"

"$work/prefix/bin/echo-server" --version
"$work/prefix/bin/echo-client" --version
for file in man/man1/echo-client.1 man/man1/echo-server.1 man/man7/echo-line.7 bash-completion/completions/echo-client \
    zsh/site-functions/_echo-client fish/vendor_completions.d/echo-client.fish; do
    [ -s "$work/prefix/share/$file" ] || { echo "share/$file is not installed"; exit 1; }
done
echo "embed: works installed"
