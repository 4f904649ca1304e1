#!/bin/sh
# Counts which lines and branches of the shipped sources the tests reach, spawned programs included, and holds the pure part
# to 100 % of both. Leaves build-coverage/report/index.html, coverage.xml (Cobertura) and summary.md.
#
# Asserts are left out: their failing branch is our own caller's breach, which the tests show to abort in a process of its own.
set -eu
cd "$(dirname "$0")/.."
. ci/lib.sh
need gcovr:gcovr python3:python3
build="build-coverage"
[ ! -d "$build" ] || find "$build" -name '*.gcda' -delete
ci/test.sh coverage

report() { gcovr -r . --object-directory "$build" --exclude-branches-by-pattern '.*\bassert\(.*' "$@"; }
mkdir -p "$build/report"
report --filter src/ --html-details "$build/report/index.html" --xml "$build/coverage.xml" --json-summary "$build/summary.json"
python3 - "$build/summary.json" >"$build/summary.md" <<'PY'
import json, sys
data = json.load(open(sys.argv[1]))
print("| file | lines | branches |\n|---|---:|---:|")
for f in data["files"]:
    print(f"| {f['filename']} | {f['line_percent']} % | {f['branch_percent']} % |")
print(f"| **all** | **{data['line_percent']} %** | **{data['branch_percent']} %** |")
PY
cat "$build/summary.md"
[ -z "${GITHUB_STEP_SUMMARY:-}" ] || cat "$build/summary.md" >>"$GITHUB_STEP_SUMMARY"

# The gates, each as FILTER LINE BRANCH. The programs' are where they stand; they may only go up.
gate() {
    report --filter "$1" --fail-under-line "$2" --fail-under-branch "$3" >/dev/null 2>"$build/gate.log" && return
    cat "$build/gate.log" >&2
    say "coverage of $1 is below $2 % of lines or $3 % of branches"
    return 1
}
gate src/engine/ 100 100
gate src/connection/ 100 100
gate 'src/(loop|program)/' 89 74
# A gate that nobody has seen fail is not a gate.
if gate 'src/(loop|program)/' 100 100 2>/dev/null; then
    say "the coverage gate passes what it cannot"
    exit 1
fi
echo "coverage: the gates hold; see $build/report/index.html"
