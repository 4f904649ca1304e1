#!/bin/sh
# The container image: built without a daemon and without pulling anything, kept small, and run by runc as it is shipped.
# usage: ci/container.sh [ARCHIVE]     leaves the image as an OCI archive there (a path from the root of the project)
set -eu
cd "$(dirname "$0")/.."
. ci/lib.sh
[ "$(id -u)" = 0 ] || { say "container: only root can run one here; try: sudo ci/container.sh"; exit 1; }
need buildah:buildah runc:runc python3:python3
work=$(mktemp -d)
name=echo-$$
finish() {
    runc --root "$work/runc" delete --force "$name" 2>/dev/null || true
    rm -rf "$work"
}
trap finish EXIT
archive=${1:-$work/echo.tar}
rm -f "$archive" # or it would get one more image

# image FOLDER ARCHIVE [CONTAINERFILE]: the image of the programs in FOLDER. Its times are 0, so that it is the same for the same
# programs.
image() {
    build build --isolation chroot --format docker --pull=never --timestamp 0 -f "${3:-deploy/container/Containerfile}" -t echo "$1"
    build push echo "oci-archive:$2:echo:$(project_version)"
    # Docker's format has the health check, which OCI's has not.
    build inspect --type image --format '{{range .Docker.Config.Healthcheck.Test}}{{.}} {{end}}' echo
    health=$(sed -n 's/^CMD //p' "$work/log")
}
build() {
    buildah --root "$work/store" --runroot "$work/run" --storage-driver vfs "$@" >"$work/log" 2>&1 || { cat "$work/log" >&2; exit 1; }
}

# small FOLDER : whether what is in the image takes less than 1 MiB.
small() {
    bytes=$(find "$1/rootfs" -type f -exec cat {} + | wc -c)
    [ "$bytes" -lt 1048576 ]
}

ci/static.sh "$work/bin"

# A machine may let nobody make containers, not even the least one: there the programs are tried in a chroot, and that is told.
least() {
    printf '%s\n' 'FROM scratch' 'COPY echo-client /' 'ENV PATH=/' 'USER 1:1' 'HEALTHCHECK CMD true' 'CMD ["/echo-client", "--version"]' >"$work/Containerfile"
    image "$work/bin" "$work/least.tar" "$work/Containerfile"
    python3 ci/bundle.py "$work/least.tar" "$work/least"
    runc --root "$work/runc" run --bundle "$work/least" "$name" </dev/null
}
if ! (least) >"$work/reason" 2>&1; then
    mkdir -p "$work/root/rootfs/bin"
    cp "$work"/bin/* "$work/root/rootfs/bin"
    small "$work/root" || { say "container: $bytes bytes are too many"; exit 1; }
    in_root="chroot --userspec=65532:65532 $work/root/rootfs"
    mkfifo "$work/ready"
    $in_root /bin/echo-server --quiet -4 0 >"$work/ready" &
    server=$!
    read -r line <"$work/ready"
    [ "$($in_root /bin/echo-client 127.0.0.1 "${line##*:}" hello)" = HELLO ] || { say "container: no echo"; kill "$server"; exit 1; }
    kill "$server"
    wait "$server"
    say "container: $bytes bytes run in a chroot. NO IMAGE WAS BUILT AND RUN, for this machine lets nobody: $(tail -n 1 "$work/reason")"
    [ $# = 0 ] && exit 0
    exit 1 # for it was asked for
fi

mkdir "$work/large"
cp "$work"/bin/* "$work/large"
head -c 1048576 /dev/zero >>"$work/large/echo-client"
image "$work/large" "$work/large.tar"
python3 ci/bundle.py "$work/large.tar" "$work/large"
! small "$work/large" || { say "container: an image of over 1 MiB is taken for a small one"; exit 1; }

image "$work/bin" "$archive"
python3 ci/bundle.py "$archive" "$work/server"
small "$work/server" || { say "container: $bytes bytes are too many"; exit 1; }
echo "container: $bytes bytes in the image, $(wc -c <"$archive") in the archive"

# start COMMAND... : runs the image (with another command than its own) and waits until it serves.
start() {
    python3 ci/bundle.py "$archive" "$work/server" "$@"
    rm -f "$work/ready"
    mkfifo "$work/ready"
    runc --root "$work/runc" run --bundle "$work/server" "$name" >"$work/ready" 2>"$work/log" </dev/null &
    container=$!
    exec 3<"$work/ready"
    read -r line <&3 || { cat "$work/log" >&2; exit 1; }
    server=$(runc --root "$work/runc" state "$name" | sed -n 's/^ *"pid": \([0-9]*\).*/\1/p')
}
inside() { runc --root "$work/runc" exec "$name" "$@"; }

start
[ "$line" = 'waiting on 0.0.0.0:4242' ] || { say "container: it is $line"; exit 1; }
rights=$(sed -n 's/^\(Uid\|CapEff\|CapBnd\|NoNewPrivs\):.//p' "/proc/$server/status" | tr '\n\t' '  ')
[ "$rights" = '65532 65532 65532 65532 0000000000000000 0000000000000000 1 ' ] || { say "container: it has rights: $rights"; exit 1; }
# shellcheck disable=SC2086 # a list of words
inside $health || { say "container: it serves, and '$health' says that it does not"; exit 1; }
[ "$(inside echo-client 127.0.0.1 4242 hello)" = HELLO ] || { say "container: no echo"; exit 1; }
kill -s TERM "$server"
wait "$container" || { say "container: it ended with $?"; cat "$work/log" >&2; exit 1; }

# shellcheck disable=SC2086 # a list of words
python3 ci/bundle.py "$archive" "$work/server" $health
! answer=$(runc --root "$work/runc" run --bundle "$work/server" "$name" 2>&1) || { say "container: nothing serves, and '$health' says that it does"; exit 1; }
case $answer in
*REFUSED*) ;;
*) say "container: where nothing serves, '$health' says: $answer"; exit 1 ;;
esac

# As the first process it gets no signal that it does not catch; the second one must end it nonetheless.
start echo-server --drain-timeout 1m
mkfifo "$work/stuck"
head -c 100000000 /dev/zero | inside echo-client 127.0.0.1 >"$work/stuck" 2>/dev/null &
exec 4<"$work/stuck"
head -c 1 <&4 >/dev/null # it is being served, and has more on the way than fits
kill -s TERM "$server"
kill -s INT "$server"
timeout 10 tail --pid="$container" -f /dev/null || { say "container: the second signal does not end it"; exit 1; }
status=0
wait "$container" || status=$?
case $status in
130 | 143) ;; # whichever came second
*) say "container: after the second signal it ended with $status"; exit 1 ;;
esac
echo "container: runs as the image says, without rights; is healthy only when it is; stops as it is told"
