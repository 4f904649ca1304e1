#!/bin/sh
# The library as others use it: a project that adds this one as a subdirectory, and a program built against the installed
# header and archive.
set -eu
cd "$(dirname "$0")/.."
. ci/lib.sh
need cmake:cmake make:make cc:gcc
root=$PWD
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

mkdir "$work/user"
cat >"$work/user/main.c" <<'C'
#include <echo/line.h>
#include <stdio.h>
#include <string.h>
int main(void)
{
    char out[6 + ECHO_LINE_SLACK];
    struct echo_line line;
    struct echo_cursor io = {(const uint8_t *)"hello\n", 6, (uint8_t *)out, sizeof out};
    echo_line_init(&line, ECHO_UPPER, false);
    echo_line_push(&line, &io);
    return fwrite(out, 1, sizeof out - io.out_len, stdout) != 6;
}
C
cat >"$work/user/CMakeLists.txt" <<CMAKE
cmake_minimum_required(VERSION 3.22)
project(user C)
add_subdirectory("$root" echo)
add_executable(user main.c)
target_link_libraries(user PRIVATE echo::line)
CMAKE
cmake -S "$work/user" -B "$work/user/build" >/dev/null
cmake --build "$work/user/build" --target user >/dev/null
[ "$("$work/user/build/user")" = HELLO ] || { echo "as a subproject it does not work"; exit 1; }
echo "embed: works as a subproject"

cmake -B "$work/build" -DCMAKE_BUILD_TYPE=Release -DBUILD_TESTING=OFF >/dev/null
cmake --build "$work/build" -j "$(nproc)" >/dev/null
cmake --install "$work/build" --prefix "$work/prefix" >/dev/null
cc -I"$work/prefix/include" "$work/user/main.c" "$(find "$work/prefix" -name libecho_line.a)" -o "$work/installed"
[ "$("$work/installed")" = HELLO ] || { echo "installed it does not work"; exit 1; }
"$work/prefix/bin/echo-server" --version
"$work/prefix/bin/echo-client" --version
for file in man/man1/echo-client.1 man/man1/echo-server.1 man/man7/echo-line.7 bash-completion/completions/echo-client \
    zsh/site-functions/_echo-client fish/vendor_completions.d/echo-client.fish; do
    [ -s "$work/prefix/share/$file" ] || { echo "share/$file is not installed"; exit 1; }
done
echo "embed: works installed"
