#!/bin/sh
# What a release of HEAD consists of, in build-package/: source tarball, Debian packages, static programs, bill of materials.
# All is built twice, in places that differ, and must be the same bytes. lintian must have nothing to say, and
# the packages must install, work, and leave nothing behind.
set -eu
cd "$(dirname "$0")/.."
. ci/lib.sh
need git:git cmake:cmake make:make cc:gcc pkg-config:pkg-config dh:debhelper lintian:lintian musl-gcc:musl-tools \
    systemctl:systemd python3:python3 /usr/lib/python3/dist-packages/jsonschema:python3-jsonschema \
    '/usr/lib/*/pkgconfig/libseccomp.pc:libseccomp-dev'
version=$(project_version)
name=echo-$version out=$PWD/build-package
SOURCE_DATE_EPOCH=$(git log -1 --format=%ct)
export SOURCE_DATE_EPOCH
who=$(git log -1 --format='%an <%ae>')
work=$(mktemp -d)
installed=
root=
[ "$(id -u)" = 0 ] || root=sudo
packages='echo-pair libecho-line-dev libecho-line0'
finish() {
    # shellcheck disable=SC2086 # a list of words
    [ -z "$installed" ] || $root dpkg --purge $packages >/dev/null 2>&1 || true
    rm -rf "$work"
}
trap finish EXIT
fail() {
    say "package: $*"
    exit 1
}
git diff --quiet HEAD || say "package: of what is committed; the changes to the working tree are left out"

pack() { # FOLDER: into FOLDER.tar.gz beside it, in a form that depends on nothing but the files
    tar -C "${1%/*}" --sort=name --mtime="@$SOURCE_DATE_EPOCH" --owner=0 --group=0 --numeric-owner --mode=u+rw,go=rX --format=ustar \
        -cf - "${1##*/}" | gzip -9n >"$1.tar.gz"
}

build() { # FOLDER: unpacks the source there and builds all of it, into FOLDER/out. Two of them run at once.
    static="../out/$name-$(uname -s -m | tr 'A-Z ' 'a-z-')-static"
    mkdir -p "$1/out"
    git archive --format=tar --prefix="$name/" HEAD | gzip -9n >"$1/out/$name.tar.gz"
    tar -xf "$1/out/$name.tar.gz" -C "$1"
    cd "$1/$name"
    cp -R deploy/debian debian
    sed -i "/^Maintainer:/c Maintainer: $who" debian/control
    printf 'echo-pair (%s) unstable; urgency=medium\n\n  * See CHANGELOG.md of the source.\n\n -- %s  %s\n' \
        "$version" "$who" "$(LC_ALL=C date -u -R -d "@$SOURCE_DATE_EPOCH")" >debian/changelog
    DEB_BUILD_OPTIONS="noautodbgsym parallel=1" debian/rules binary
    mv ../*.deb ../out
    ci/static.sh "$static"
    cp README.md LICENSE docs/man/*.[17] "$static"
    cp /usr/share/doc/musl/copyright "$static/LICENSE.musl"
    pack "$static"
    rm -r "$static"
}
same() { diff -r "$1" "$2" >"$work/log"; }

(umask 022 && TZ=UTC LC_ALL=C build "$work/one") >"$work/one.log" 2>&1 &
one=$!
(umask 077 && TZ=Asia/Kathmandu LC_ALL=C.UTF-8 build "$work/another/place") >"$work/another.log" 2>&1 &
another=$!
wait $one || { tail -n 40 "$work/one.log" >&2; exit 1; }
wait $another || { tail -n 40 "$work/another.log" >&2; exit 1; }
same "$work/one/out" "$work/another/place/out" || { cat "$work/log" >&2; fail "another build gives other bytes"; }
mkdir "$work/later"
(cd "$work/one/$name" && SOURCE_DATE_EPOCH=$((SOURCE_DATE_EPOCH + 1)) dh_builddeb --destdir="$work/later") >/dev/null
cp "$work/one/out"/*.gz "$work/later"
! same "$work/one/out" "$work/later" || fail "packages that are a second younger are not noticed"
echo "package: built twice, the same bytes"

rm -rf "$out"
mv "$work/one/out" "$out"
ci/sbom.py "$out" "$version"

lint() { lintian --allow-root --fail-on error,warning "$@" >"$work/log" 2>&1; }
lint "$out"/*.deb || { cat "$work/log" >&2; exit 1; }
dpkg-deb -R "$out"/libecho-line0_*.deb "$work/canary"
rm "$work/canary/usr/share/doc/libecho-line0/copyright"
dpkg-deb -b "$work/canary" "$work/canary.deb" >/dev/null
! lint "$work/canary.deb" || fail "lintian does not miss a copyright file"
echo "package: lintian has nothing to say"

serves() { # FOLDER: the programs in it do their work
    mkfifo "$work/ready"
    timeout 20 "$1/echo-server" -4 --quiet --one-off 0 >"$work/ready" &
    read -r ready <"$work/ready"
    rm "$work/ready"
    [ "$("$1/echo-client" "${ready#waiting on }" hello)" = HELLO ] && wait $!
}
tar -xzf "$out"/*-static.tar.gz -C "$work"
serves "$work"/*-static || fail "the static programs do not work"

traces() { $root find /etc /lib/ /usr /var -path '*echo*' 2>/dev/null | sort; }
for package in $packages; do
    ! dpkg-query -W "$package" >/dev/null 2>&1 || fail "$package is installed here, and would be lost: remove it first"
done
traces >"$work/before"
installed=yes
$root dpkg -i "$out"/*.deb >"$work/log" 2>&1 || { cat "$work/log" >&2; exit 1; }
serves /usr/bin || fail "the installed programs do not work"
# shellcheck disable=SC2046 # a list of words
cc examples/embed/main.c $(pkg-config --cflags --libs echo-line) -o "$work/embed"
[ "$(echo hello | "$work/embed")" = HELLO ] || fail "the installed library does not work"
[ -z "$($root find /etc/systemd -name 'echo-*')" ] || fail "a unit is enabled that nobody asked for"
$root systemctl enable echo-server.socket >/dev/null 2>&1 # its link must go, too
[ -L /etc/systemd/system/sockets.target.wants/echo-server.socket ] || fail "a unit cannot be enabled"
$root touch /usr/share/doc/echo-pair/canary
# shellcheck disable=SC2086 # a list of words
$root dpkg --purge $packages >"$work/log" 2>&1 || { cat "$work/log" >&2; exit 1; }
installed=
traces | diff "$work/before" - >"$work/log" || true
$root rm -r /usr/share/doc/echo-pair
grep -q '^> .*/canary$' "$work/log" || fail "a file that is left behind is not noticed"
traces | diff "$work/before" - >&2 || fail "that is left behind"
echo "package: installed, worked, and left nothing behind"
ls "$out"
