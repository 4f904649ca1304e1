#!/bin/sh
# The Zephyr application as far as it can be checked without Zephyr: its configuration; that it serves, unchanged, on a TCP/IP stack
# which is not the kernel's (lwIP); and that it uses nothing of POSIX but what Zephyr has. ports/zephyr/README.md says what only
# Zephyr itself can tell. Where there is no TAP device lwIP is left out, loudly; with ECHO_REQUIRE_TAP=1 that is a failure.
set -eu
cd "$(dirname "$0")/.."
. ci/lib.sh
need cmake:cmake make:make gcc:gcc pkg-config:pkg-config ip:iproute2 unshare:util-linux python3:python3 \
    /usr/lib/python3/dist-packages/kconfiglib.py:python3-kconfiglib '/usr/lib/*/pkgconfig/lwip.pc:liblwip-dev' \
    '/usr/lib/*/pkgconfig/libseccomp.pc:libseccomp-dev'
work=$(mktemp -d)
check=
finish() {
    [ -z "$check" ] || kill "$check" 2>/dev/null || true
    rm -rf "$work"
}
trap finish EXIT
contract=ports/zephyr/contract

# The configurations that the README names, and three that must be refused.
evaluate() { /usr/bin/python3 "$contract/autoconf.py" "$work/autoconf.h" ports/zephyr/prj.conf "$@"; }
evaluate
evaluate ports/zephyr/overlay-nsos.conf
evaluate ports/zephyr/boards/qemu_x86.conf
for line in CONFIG_NO_SUCH_OPTION=y CONFIG_ECHO_PORT=65536 CONFIG_NET_QEMU_USER=y; do
    echo "$line" >"$work/wrong.conf"
    ! evaluate "$work/wrong.conf" 2>/dev/null || { say "$line is not refused"; exit 1; }
done
echo "ports: the configurations hold"

# A copy, as some of it is spoilt below.
cp -R include src ports "$work"
port=$work/ports/zephyr
build() { # NAME STAND-IN [CONF]
    cmake -S "$port" -B "$work/$1" -DZephyr_DIR="$work/$2" -DEXTRA_CONF_FILE="${3:-}" >/dev/null
    cmake --build "$work/$1" >"$work/log" 2>&1 || { cat "$work/log" >&2; exit 1; }
}

# At work on lwIP. The long one goes on while the rest is checked.
client=build/echo-client
cmake -B build -DCMAKE_BUILD_TYPE=Release >/dev/null
cmake --build build -j "$(nproc)" --target echo-client >/dev/null
echo CONFIG_ECHO_MODE_UPPER=y >"$work/upper.conf"
build verbatim ports/lwip
build upper ports/lwip "$work/upper.conf"
run() { # MODE COMMAND...
    mode=$1
    shift
    ports/lwip/run.sh "$work/$mode.log" "$work/$mode/app" "$@"
}
user=
[ "$(id -u)" = 0 ] || user=--map-root-user
# shellcheck disable=SC2086 # nothing, or an option
if unshare --net $user ip tuntap add dev tap0 mode tap 2>"$work/log"; then
    run upper "$client" --retry 10s --check 192.0.2.1 >"$work/check" &
    check=$!
    # Twice, as the first is in the log when the second is served.
    run verbatim sh -c "'$client' --retry 10s 192.0.2.1 4242 quit && '$client' 192.0.2.1 4242 quit" >"$work/out"
    for line in '^waiting on 0.0.0.0:4242$' '^echo-server: 192.0.2.2:[0-9]* eof: 5 bytes in, 5 bytes out, [0-9]* ms$'; do
        grep -q "$line" "$work/verbatim.log" || { say "the log has no line like $line:"; cat "$work/verbatim.log" >&2; exit 1; }
    done
    [ "$(cat "$work/out")" = "$(printf 'quit\nquit')" ] || { say "got '$(cat "$work/out")'"; exit 1; }
    ! run verbatim "$client" --retry 10s -m upper 192.0.2.1 4242 hello >/dev/null 2>&1 || { say "a wrong echo is not seen"; exit 1; }
else
    reason=$(tail -n 1 "$work/log")
    [ -z "${ECHO_REQUIRE_TAP:-}" ] || { say "no TAP device in a network namespace: $reason"; exit 1; }
fi

# Compiled against the headers of the contract, and nothing is left to the linker but what they declare.
echo CONFIG_NET_IPV6=y >"$work/ipv6.conf"
build contract "$contract" "$work/ipv6.conf"
build contract "$contract"
allowed="accept bind close contract_errno fcntl htons inet_ntop k_uptime_get listen memcpy memmove memset ntohs poll printf read
    recv send setsockopt snprintf socket strerror write"
not_allowed() {
    find "$work/contract" -name '*.c.o' -exec ld -r -o "$work/all.o" {} +
    # shellcheck disable=SC2086 # a list of words
    nm -u "$work/all.o" | awk '{ print $NF }' | grep -vxF "$(printf '%s\n' $allowed)"
}
! not_allowed || { say "that is not in Zephyr"; exit 1; }

# What Zephyr has not must be refused, each by its name.
cp "$port/src/main.c" "$work/main.c"
spoil() { # LINE...
    { cat "$work/main.c"; printf '%s\n' "$@"; } >"$port/src/main.c"
    cmake --build "$work/contract" >"$work/log" 2>&1
}
names="MSG_NOSIGNAL SOCK_CLOEXEC SOCK_NONBLOCK INADDR_LOOPBACK FD_CLOEXEC POLLRDHUP STDIN_FILENO SSIZE_MAX SO_RCVTIMEO SO_LINGER SHUT_WR
    shutdown getsockname getpeername accept4 recvmsg ppoll fork pipe isatty ioctl sigaction clock_gettime getenv exit nfds_t pid_t"
headers="signal.h netdb.h sys/uio.h sys/un.h sys/epoll.h sys/wait.h err.h"
for name in $names; do
    echo "enum { mutant_$name = sizeof($name) };"
done >"$work/mutants"
for header in $headers; do
    printf '#if __has_include(<%s>)\n#else\n#error %s is refused\n#endif\n' "$header" "$header"
done >>"$work/mutants"
! spoil "$(cat "$work/mutants")" || { say "mutants compile"; exit 1; }
for name in $names; do
    grep -q "error:.*[^_]$name" "$work/log" || { say "$name is not refused"; exit 1; }
done
for header in $headers; do
    grep -q "error:.*$header is refused" "$work/log" || { say "$header is not refused"; exit 1; }
done
# A declaration of one's own gets past the headers, but not past the linker.
spoil 'int shutdown(int, int); void mutant(void); void mutant(void) { (void)shutdown(0, 1); }'
[ "$(not_allowed)" = shutdown ] || { say "a shutdown() that is called nonetheless is not seen"; exit 1; }
# shellcheck disable=SC2086 # lists of words
echo "ports: nothing is used that Zephyr has not, and $(printf '%s\n' $names $headers shutdown | wc -l) mutants that do are seen"

if [ -z "$check" ]; then
    say "ports: SKIPPED: 1 of 3 parts, the application on lwIP: no TAP device in a network namespace: $reason"
    exit 0
fi
wait "$check" || { grep -A 9 '^not ok' "$work/check" >&2; exit 1; }
check=
echo "ports: on lwIP $(grep -c '^ok' "$work/check") cases of echo-client --check are right"
