#!/bin/sh
# Keeps of what fuzzing found for a target only what reaches something that nothing smaller does.
# usage: ci/fuzz-merge.sh TARGET     after ci/fuzz.sh; build-fuzz/found/TARGET shrinks
set -eu
cd "$(dirname "$0")/.."
[ $# = 1 ] || { sed -n 's/^# \{0,1\}//p' "$0"; exit 2; }
ci/fuzz.sh "$1" libfuzzer-fast 1 # builds it, and shows that what is to be merged is sound
found=build-fuzz/found/$1 merged=build-fuzz/merged/$1
rm -rf "$merged"
mkdir -p "$merged"
build-fuzz/libfuzzer-fast/fuzz/"fuzz_$1" -merge=1 "$merged" build-fuzz/libfuzzer-fast/fuzz/corpus/"$1" "$found" 2>/dev/null
before=$(find "$found" -type f | wc -l)
rm -rf "$found"
mv "$merged" "$found"
after=$(find "$found" -type f | wc -l)
[ "$after" -gt 0 ] || { echo "fuzz-merge: nothing is left of $1"; exit 1; }
echo "$1: $before inputs before, $after after merging"
