#!/bin/sh
# The line engine as a microcontroller gets it: links with nothing at all, takes as much code and stack as the table in
# ports/freestanding/README.md says, and gives back the published vectors on emulated Cortex-M boards.
# usage: ci/embedded.sh [--record]     --record writes the table
set -eu
cd "$(dirname "$0")/.."
. ci/lib.sh
need arm-none-eabi-gcc:gcc-arm-none-eabi qemu-system-arm:qemu-system-arm clang:clang ld.lld:lld cmake:cmake make:make readelf:binutils
port=ports/freestanding
table=$port/README.md
vectors=tests/vectors/sessions.tsv
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

target() { # NAME: sets how to compile for it, and where it runs: QEMU's board, and where that has code and data
    cc="arm-none-eabi-gcc -mthumb -mcpu=$1" board=
    case $1 in
    cortex-m0plus) board=microbit code=0 data=0x20000000 ;;
    cortex-m4) board=mps2-an386 code=0 data=0x20000000 ;;
    cortex-m33) board=mps2-an505 code=0x10000000 data=0x38000000 ;;
    rv32imc) cc="clang --target=riscv32-unknown-elf -march=$1 -mabi=ilp32 -fuse-ld=lld -Wno-unused-command-line-argument" ;;
    esac
    cc="$cc -std=c17 -Os -ffreestanding -nostdlib -ffunction-sections -fdata-sections -Iinclude
        -Wall -Wextra -Wconversion -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wundef -Werror"
}
targets="cortex-m0plus cortex-m4 cortex-m33 rv32imc"

build() { # ENGINE: compiles it, and links it with nothing
    rm -f "$work"/engine.*
    $cc -fstack-usage -c "$1" -o "$work/engine.o" && $cc -Wl,-e,echo_line_push "$work/engine.o" -o "$work/engine.elf"
}

# The deepest stack of all functions: a function's frame, and the deepest of those that it may call. It may call what its
# code refers to, and what data that it refers to refers to (the table of modes): relocations tell, a section a function.
# They do not tell of a function that calls itself: that none does is clang-tidy's to see (misc-no-recursion).
stack() {
    readelf -rW "$work/engine.o" | awk '
        FNR == NR { sub(/.*:/, "", $1); frame[$1] = $2; if ($3 != "static") bad = $1 " has a frame of no fixed size"; next }
        /^Relocation section/ { from = $3; gsub(/.*\.(text|rodata)\.|\047/, "", from) }
        $3 ~ /^R_/ { sub(/^\.rodata\./, "", $5); refers[from] = refers[from] " " $5 }
        function deepest(name,    to, n, most, depth) {
            if (name in active) { bad = name " is called in a circle"; return 0 }
            active[name]
            for (n = split(refers[name], to, " "); n > 0; n--) {
                depth = deepest(to[n])
                if (depth > most) most = depth
            }
            delete active[name]
            return most + (name in frame ? frame[name] : 0)
        }
        END {
            for (name in frame) { depth = deepest(name); if (depth > most) most = depth }
            if (bad) { print bad >"/dev/stderr"; exit 1 }
            print most
        }' "$work/engine.su" -
}

row() { # NAME: the table's row for what was built last
    deep=$(stack)
    # shellcheck disable=SC2046,SC2183 # three numbers
    printf '| %s | %s %s | %s | %s | %s | %s |\n' "$1" "${cc%% *}" "$($cc -dumpversion)" \
        $(size "$work/engine.o" | awk 'NR == 2 { print $1, $2, $3 }') "$deep"
}

holds() { # NAME: whether the table has the row of what was built last
    grep -qxF -e "$(row "$1")" "$table"
}

plant() { # SED-SCRIPT: puts an engine with a fault into $work/line.c
    sed "$1" src/engine/line.c >"$work/line.c"
    ! cmp -s src/engine/line.c "$work/line.c" || { say "the canary is not planted: $1"; exit 1; }
}

unnoticed() {
    say "$1 is not noticed for $2"
    exit 1
}

run() { # VECTORS: runs them on the target's board, leaves what that says in $work/said, and exits as it does
    od -An -v -tx1 "$1" | sed 's/ \(..\)/0x\1,/g' >"$work/sessions.h"
    $cc -I"$work" -I$port -Isrc -Wl,-T,$port/link.ld,--defsym=code="$code",--defsym=data="$data" \
        $port/*.c src/program/vectors.c src/engine/line.c -o "$work/vectors.elf" || exit 1
    timeout 20 qemu-system-arm -M "$board" -display none -monitor none -serial none -kernel "$work/vectors.elf" \
        -semihosting-config enable=on,target=native </dev/null >"$work/said" 2>&1
}

bad=0
for name in $targets; do
    target "$name"
    build src/engine/line.c
    now=$(row "$name") depth=$(stack)
    [ "${1:-}" != --record ] || sed -i "s/^| $name |.*/$now/" "$table"
    echo "$now"
    holds "$name" || { say "$table has: $(grep "^| $name |" "$table")"; bad=1; }

    plant 's/if (io->out_len == 0)$/uint8_t planted[64]; __asm__ volatile("" : : "r"(planted) : "memory"); &/'
    build "$work/line.c"
    ! holds "$name" || unnoticed "an array on the stack" "$name"
    [ "$(stack)" -ge $((depth + 64)) ] || unnoticed "the size of an array on the stack" "$name"
    # shellcheck disable=SC2016 # sed's
    plant '$a uint8_t planted(uint8_t n); uint8_t planted(uint8_t n) { return (uint8_t)(n * n); }'
    build "$work/line.c"
    ! holds "$name" || unnoticed "a function more" "$name"
    plant '1i int toupper(int c);
        s/upper(in\[i\])/(uint8_t)toupper(in[i])/'
    if build "$work/line.c" 2>"$work/log" || ! grep -q 'undefined.*toupper' "$work/log"; then unnoticed "a call of toupper()" "$name"; fi
done
[ $bad = 0 ] || exit 1
echo "embedded: the table is right"

rows=$(grep -vc -e '^#' -e '^$' "$vectors")
for name in $targets; do
    target "$name"
    [ -n "$board" ] || continue
    if ! run "$vectors" || [ "$(grep -c '^ok - ' "$work/said")" != $((2 * rows)) ]; then
        grep -v '^ok - ' "$work/said" >&2 || true
        say "the vectors fail on $board"
        exit 1
    fi
    sed '/^hello\t/s/HELLO/HELLo/' "$vectors" >"$work/wrong.tsv"
    if run "$work/wrong.tsv" || ! grep -qx 'not ok - hello, whole' "$work/said"; then unnoticed "a wrong vector" "$board"; fi
    echo "embedded: $rows vectors, whole and byte by byte, on $board ($name)"
done

# As the page says that one builds it with CMake.
# shellcheck disable=SC2016 # sed's
sed -n '/^```sh$/,/^```$/{/^```/!p}' "$table" | sh -eu >"$work/log" 2>&1 || { cat "$work/log" >&2; exit 1; }
text=$(size build-cortex-m4/libecho_line.a | awk 'NR == 2 { print $1 }')
if [ "$text" -gt "$(awk -F ' *[|] *' '$2 == "cortex-m4" { print $4 }' "$table")" ]; then
    say "built with CMake the engine has $text bytes of code"
    exit 1
fi
echo "embedded: built with CMake, $text bytes"
