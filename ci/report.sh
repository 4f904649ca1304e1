#!/bin/sh
# Turns the counters of a build with --coverage into reports for people and machines.
# usage: ci/report.sh BUILD TITLE [GCOVR-OPTION...]
# Leaves BUILD/report/index.html, BUILD/coverage.xml (Cobertura), BUILD/report/badge.svg and BUILD/summary.md, which a workflow's
# run shows on its page.
#
# Asserts are left out: their failing branch is our own caller's breach, which the tests show to abort in a process of its own.
set -eu
cd "$(dirname "$0")/.."
build=$1 title=$2
shift 2
mkdir -p "$build/report"
gcovr -r . --object-directory "$build" "$build" --exclude-branches-by-pattern '.*\bassert\(.*' "$@" --html-title "$title" \
    --html-details "$build/report/index.html" --xml "$build/coverage.xml" --json-summary "$build/summary.json" 2>"$build/gcovr.log" ||
    { cat "$build/gcovr.log" >&2; exit 1; }
python3 - "$build" "$title" <<'PY'
import json, sys
build, title = sys.argv[1:]
data = json.load(open(f"{build}/summary.json"))
with open(f"{build}/summary.md", "w") as out:
    print(f"### {title}\n\n| file | lines | branches |\n|---|---:|---:|", file=out)
    for f in data["files"]:
        print(f"| {f['filename']} | {f['line_percent']} % | {f['branch_percent']} % |", file=out)
    print(f"| **all** | **{data['line_percent']} %** | **{data['branch_percent']} %** |", file=out)
text, colour = f"{data['line_percent']} %", "#3fb950" if data["line_percent"] >= 95 else "#d29922"
with open(f"{build}/report/badge.svg", "w") as out:
    out.write(f'''<svg xmlns="http://www.w3.org/2000/svg" width="122" height="20" role="img" aria-label="coverage: {text}">
<rect width="66" height="20" fill="#555"/><rect x="66" width="56" height="20" fill="{colour}"/>
<g fill="#fff" text-anchor="middle" font-family="Verdana,sans-serif" font-size="11">
<text x="33" y="14">coverage</text><text x="94" y="14">{text}</text></g></svg>
''')
PY
cat "$build/summary.md"
[ -z "${GITHUB_STEP_SUMMARY:-}" ] || cat "$build/summary.md" >>"$GITHUB_STEP_SUMMARY"
