#!/bin/sh
# Shows that the fuzz gate would notice: plants each bug of fuzz/canaries/ in a copy of the tree, one at a time, and runs
# the gate. A bug that is not found within its seconds fails; so does a patch that no longer applies.
# usage: ci/canaries.sh [SECONDS]     for each bug (20)
set -eu
cd "$(dirname "$0")/.."
. ci/lib.sh
need git:git
seconds=${1:-20}
patches=$PWD/fuzz/canaries
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
git ls-files -z | xargs -0 tar -cf - | tar -xf - -C "$work"
cd "$work"

found=0 survived=0
for patch in "$patches"/*.patch; do
    name=$(basename "$patch" .patch)
    target=$(sed -n 's/^target: //p' "$patch")
    git apply "$patch" || { say "canary $name does not apply any more"; exit 1; }
    rm -rf build-fuzz/found build-fuzz/findings
    if ci/fuzz.sh "$target" libfuzzer "$seconds" >"$work/log" 2>&1; then
        say "canary $name SURVIVED $seconds s of fuzz_$target: $(sed -n 's/^plants: //p' "$patch")"
        survived=$((survived + 1))
    elif grep -q '^finding: build-fuzz' "$work/log"; then
        echo "canary $name found by fuzz_$target: $(sed -n '1,/SUMMARY/s/^finding: \([^b].*\)/\1/p; s/^SUMMARY: AddressSanitizer: \([a-z-]*\).*/\1/p' "$work/log" | head -n 1)"
        found=$((found + 1))
    else # not a finding, but something is broken
        cat "$work/log" >&2
        exit 1
    fi
    git apply -R "$patch"
done
echo "canaries: $found found, $survived survived"
[ "$survived" = 0 ] && [ "$found" -gt 0 ]
