#!/bin/sh
# Proves with Frama-C that the line engine has no undefined behaviour on any input (see ci/proof/line.c for what exactly), and
# that the proof fails for an engine that reads one byte too many.
set -eu
cd "$(dirname "$0")/.."
. ci/lib.sh
need frama-c:frama-c-base why3:why3 z3:z3 cvc4:cvc4 gcc:gcc
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
HOME=$work why3 config detect >/dev/null 2>&1 || { say "why3 finds no prover"; exit 1; }

# prove FILE FUNCTIONS SECONDS: whether every goal is proved, each in so long. Frama-C exits with 0 whatever came of it: its summary is the witness.
# That the calls in the table of modes go to functions is proved by the `calls` annotations, not by a pointer check, which
# this version does not know. cvc4 is asked first: it proves all of them, z3 runs out of time on some.
prove() {
    HOME=$work timeout 600 frama-c -cpp-extra-args="-ffreestanding -I$PWD/include" -wp -wp-rte -rte-no-pointer-call \
        -wp-prover cvc4,z3 -wp-timeout "$3" -wp-par "$(nproc)" -wp-fct "$2" "$1" >"$work/log" 2>&1 || { tail -n 20 "$work/log" >&2; exit 1; }
    goals=$(sed -n 's/.*Proved goals: *\([0-9]*\) *\/ *\([0-9]*\).*/\1 \2/p' "$work/log")
    [ -n "$goals" ] || { tail -n 20 "$work/log" >&2; exit 1; }
    [ "${goals% *}" = "${goals#* }" ] && [ "${goals% *}" -gt 0 ]
}
functions=find,upper,upper_all,map_upper,map_verbatim,echo_mode_name,echo_mode_has_quit,echo_mode_map,quit_byte,may_be_quit
functions=$functions,least,quit_in_block,before_quit,before_dot,take,put,release,good_bye,recognise,map_span,pay,settle
functions=$functions,echo_line_init,echo_line_push,echo_line_silence,echo_line_finish,echo_line_waits
if ! prove ci/proof/line.c "$functions" 20; then
    grep -A 3 -E '\[(Failed|Timeout|Unknown|Stepout)\]' "$work/log" >&2 || true
    say "proved ${goals% *} of ${goals#* } goals"
    exit 1
fi
echo "prove: ${goals#* } of ${goals#* } goals of the line engine"

mkdir -p "$work/ci/proof" "$work/src/engine"
cp ci/proof/line.c "$work/ci/proof/"
sed "s/bool newline = io->in\[n - 1\] == /bool newline = io->in[n] == /" src/engine/line.c >"$work/src/engine/line.c"
! cmp -s src/engine/line.c "$work/src/engine/line.c" || { say "the canary is not planted"; exit 1; }
if prove "$work/ci/proof/line.c" map_span 2; then
    say "a read beyond the input is proved to be none"
    exit 1
fi
echo "prove: the canary is not proved"
