#!/bin/sh
# Layout and scripts: clang-format and shellcheck, over every file that git knows.
set -eu
cd "$(dirname "$0")/.."
. ci/lib.sh
need clang-format:clang-format shellcheck:shellcheck

git ls-files '*.c' '*.h' | xargs clang-format --dry-run -Werror
git ls-files '*.sh' .ci/run | xargs shellcheck -x -P SCRIPTDIR
echo "lint: $(git ls-files '*.c' '*.h' | wc -l) C files and $(git ls-files '*.sh' .ci/run | wc -l) scripts are in order"
