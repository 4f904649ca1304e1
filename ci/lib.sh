# shellcheck shell=sh
# lib.sh - shared by the scripts here: installing what is missing, and the project's version. To be sourced.

say() { printf '%s\n' "$*" >&2; }

install_missing() {
    # shellcheck disable=SC2086 # a list of words
    DEBIAN_FRONTEND=noninteractive $root apt-get install -q -y --no-install-recommends $missing
}

# need COMMAND-OR-FILE:PACKAGE...  Installs the Debian packages of those that are missing, and says so first. A name with
# a slash is a file that must exist (a pattern may match it); any other a command on PATH. Does nothing, and needs no
# root, where nothing is missing.
need() {
    missing=
    for pair in "$@"; do
        # shellcheck disable=SC2086 # a pattern
        case ${pair%%:*} in
        */*) found=$(ls -d ${pair%%:*} 2>/dev/null || true) ;;
        *) found=$(command -v "${pair%%:*}" || true) ;;
        esac
        [ -n "$found" ] || missing="$missing ${pair##*:}"
    done
    [ -n "$missing" ] || return 0
    case "$missing " in
    *' gcc '*) missing="$missing libc6-dev" ;; # which gcc only recommends
    esac
    if ! command -v apt-get >/dev/null; then
        say "missing:$missing (Debian package names); install them and try again"
        exit 1
    fi
    root=
    [ "$(id -u)" = 0 ] || root=sudo
    if [ -n "$root" ] && ! command -v sudo >/dev/null; then
        say "missing; as root run: apt-get install$missing"
        exit 1
    fi
    say "installing with apt-get:$missing"
    log=$(mktemp)
    # What is to be had is asked for only where what is known is no good.
    if ! { install_missing || { $root apt-get -q update && install_missing; }; } >"$log" 2>&1 </dev/null; then
        cat "$log" >&2
        rm -f "$log"
        exit 1
    fi
    rm -f "$log"
}

# The project's version, which stands in CMakeLists.txt alone.
project_version() { sed -n 's/^ *VERSION \([0-9.]*\)$/\1/p' CMakeLists.txt; }
