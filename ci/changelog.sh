#!/bin/sh
# CHANGELOG.md has the form of Keep a Changelog. With a tag: it is that of the project's version, and the changelog has a dated
# section for that version, which is printed.
# usage: ci/changelog.sh [TAG]
set -eu
cd "$(dirname "$0")/.."
. ci/lib.sh
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

faults() { # FILE: prints what is wrong with it
    awk '
    function fault(text) { print FILENAME ":" NR ": " text }
    function group_ends() { if (group != "" && !items) fault("nothing is listed under " group) }
    function number(version, part) { split(version, part, "."); return (part[1] * 1000 + part[2]) * 1000 + part[3] }
    NR == 1 && $0 != "# Changelog" { fault("it begins with \"# Changelog\"") }
    /^## / {
        group_ends()
        group = ""
        split("", seen)
        if (++sections == 1) {
            if ($0 != "## [Unreleased]") fault("the first section is \"## [Unreleased]\"")
        } else if ($0 !~ /^## \[[0-9]+\.[0-9]+\.[0-9]+\] - [0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]$/) {
            fault("a version is \"## [1.2.3] - 2006-01-02\"")
        } else {
            if (last != "" && (number(substr($2, 2)) >= number(last) || $4 > date)) fault("the newest version comes first")
            last = substr($2, 2)
            date = $4
        }
    }
    /^### / {
        group_ends()
        group = $2
        items = 0
        if ($0 !~ /^### (Added|Changed|Deprecated|Removed|Fixed|Security)$/) fault("there is no group \"" $0 "\"")
        if (group in seen) fault(group " comes twice")
        seen[group]
    }
    /^- / { items++; if (group == "") fault("this belongs to no group") }
    END { group_ends(); if (!sections) fault("the first section is \"## [Unreleased]\"") }
    ' "$1"
}
notes() { awk -v version="[$2]" '/^## / { on = $2 == version; next } on' "$1"; } # FILE VERSION

faults CHANGELOG.md >"$work/faults"
[ ! -s "$work/faults" ] || { cat "$work/faults" >&2; exit 1; }

# A good one is good, and each bad one is not.
printf '%s\n' '# Changelog' '' '## [Unreleased]' '' '## [0.10.0] - 2026-02-02' '' '### Added' '- A thing' '' '### Fixed' '- Two' '' \
    '## [0.9.0] - 2026-02-01' '### Added' '- Another' >"$work/good"
[ -z "$(faults "$work/good")" ] || { faults "$work/good" >&2; exit 1; }
[ "$(notes "$work/good" 0.10.0 | grep -c '^- ')" = 2 ] || { say "changelog: the notes are not those of the version"; exit 1; }
for change in 1d 's/Unreleased/Next/' 's/ - 2026-02-02//' 's/0.10.0/0.8.0/' 's/02-02/01-31/' 's/Fixed/Repaired/' 's/Fixed/Added/' \
    '/- Two/d' '/### Fixed/d;/### Added/d'; do
    sed "$change" "$work/good" >"$work/bad"
    [ -n "$(faults "$work/bad")" ] || { say "changelog: not noticed: $change"; exit 1; }
done

[ $# = 1 ] || { echo "changelog: in order"; exit 0; }
version=$(project_version)
[ "$1" = "v$version" ] || { say "changelog: the tag is $1, but CMakeLists.txt says VERSION $version: it must be v$version"; exit 1; }
notes CHANGELOG.md "$version" >"$work/notes"
grep -q '^- ' "$work/notes" || { say "changelog: CHANGELOG.md has no section \"## [$version] - DATE\""; exit 1; }
cat "$work/notes"
