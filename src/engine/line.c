/* line.c - the line engine (contract: echo/line.h; rules: docs/PROTOCOL.md).
 *
 * May use: the three freestanding headers of the contract, and memchr where there is a libc. No
 * allocation, no globals but constants. The comments with an @ are for Frama-C (ci/prove.sh).
 *
 * Where in a line it is, is one number: 0 to 5 bytes of a possible `quit` CR are held and not yet
 * written (0: at the start of a line); or the line is known to be ordinary; or it is a dot line.
 * Ordinary bytes are mapped in spans that take no notice of lines; only where a mapped span shows a
 * 'Q' does the engine look whether it begins a line. So speed does not depend on line length.
 */
#include "echo/line.h"

#if __STDC_HOSTED__
#include <string.h>
#endif

enum { START = 0, HELD_QUIT = 4, HELD_QUIT_CR = 5, ORDINARY = 6, DOT_LINE = 7 };

/* All that the engine says on its own account, and what it may hold. */
static const uint8_t text[] = ECHO_GOOD_BYE "\r\n" ECHO_GOOD_BYE "\n"
                                            "quit\r";
enum {
    TEXT_BYE_CRLF = 0,
    TEXT_BYE_LF = TEXT_BYE_CRLF + (int)sizeof(ECHO_GOOD_BYE) - 1 + 2,
    TEXT_HELD = TEXT_BYE_LF + (int)sizeof(ECHO_GOOD_BYE) - 1 + 1
};

/* The longest span mapped before looking for commands in it: it is still in the nearest cache for
 * the second look. */
enum { SPAN_MAX = 4096 };

/* As many 'Q' in one span are looked up one by one; where there are more, it is faster to look for
 * whole commands at all places, a block of them at a time. */
enum { FEW = 16, BLOCK = 64 };

/* No blocks where the compiler is to save space (-Os): they are for vector instructions, which the
 * processors that this is asked for have not, and take a quarter of the engine's code. */
#ifdef __OPTIMIZE_SIZE__
#define BLOCKS 0
#else
#define BLOCKS 1
#endif

/* x86-64's first vector instructions take 16 bytes at a time, those of most processors since 2013
 * take 32: which these are is asked where the compiler's library can tell. */
#if defined __x86_64__ && defined __OPTIMIZE__ && __STDC_HOSTED__ && !defined __FRAMAC__
#define WIDE   __attribute__((target("avx2")))
#define INLINE inline __attribute__((always_inline))
#else
#define INLINE inline
#endif

/* The index of the first c in p[0..n), or n. */
static size_t find(const uint8_t *p, uint8_t c, size_t n)
{
#if __STDC_HOSTED__
    const uint8_t *at = memchr(p, c, n);
    return at ? (size_t)(at - p) : n;
#else
    size_t i = 0;
    //@ loop invariant i <= n; loop assigns i;
    while (i < n && p[i] != c)
        i++;
    return i;
#endif
}

/* ------------------------------------------------------------------------------------------------
 * Modes. To add one: a function, a row, a name in echo/line.h, vectors, a line in PROTOCOL.md.
 */

/* Maps in[0..n) to out[0..n). */
typedef void map_fn(uint8_t *restrict out, const uint8_t *restrict in, size_t n);

static inline uint8_t upper(uint8_t c)
{
    uint8_t lower = (uint8_t)(c - 'a') < 26;
    return (uint8_t)(c - (uint8_t)(lower << 5)); /* 'a' - 'A' is 1 << 5 */
}

/* Without a branch, and in blocks of a fixed size: so compilers vectorise it, and gcc before 14 at
 * -O2, too. */
static INLINE void upper_all(uint8_t *restrict out, const uint8_t *restrict in, size_t n)
{
    size_t i = 0;
    //@ loop invariant i <= n; loop assigns i, out[0 .. n - 1];
    for (; BLOCKS && n - i >= BLOCK; i += BLOCK)
        //@ loop invariant k <= BLOCK; loop assigns k, out[0 .. n - 1];
        for (size_t k = 0; k < BLOCK; k++)
            out[i + k] = upper(in[i + k]);
    //@ loop invariant i <= n; loop assigns i, out[0 .. n - 1];
    for (; i < n; i++)
        out[i] = upper(in[i]);
}

#ifdef WIDE
WIDE static void upper_wide(uint8_t *restrict out, const uint8_t *restrict in, size_t n)
{
    upper_all(out, in, n);
}
#endif

static void map_upper(uint8_t *restrict out, const uint8_t *restrict in, size_t n)
{
#ifdef WIDE
    if (n >= BLOCK && __builtin_cpu_supports("avx2")) {
        upper_wide(out, in, n);
        return;
    }
#endif
    upper_all(out, in, n);
}

static void map_verbatim(uint8_t *restrict out, const uint8_t *restrict in, size_t n)
{
    //@ loop invariant i <= n; loop assigns i, out[0 .. n - 1];
    for (size_t i = 0; i < n; i++)
        out[i] = in[i];
}

/* q: what 'q' and 'Q' both come back as where the mode knows `quit`; 0 where it does not. */
static const struct {
    const char *name;
    map_fn *map;
    uint8_t q;
} modes[] = {
    [ECHO_UPPER] = {"upper", map_upper, 'Q'},
    [ECHO_VERBATIM] = {"verbatim", map_verbatim, 0},
};

const char *echo_mode_name(unsigned mode)
{
    return mode < sizeof modes / sizeof modes[0] ? modes[mode].name : NULL;
}

bool echo_mode_find(const char *name, enum echo_mode *mode)
{
    for (unsigned m = 0; echo_mode_name(m); m++) {
        const char *a = name, *b = modes[m].name;
        while (*a && *a == *b)
            a++, b++;
        if (*a == *b) {
            *mode = (enum echo_mode)m;
            return true;
        }
    }
    return false;
}

bool echo_mode_has_quit(enum echo_mode mode)
{
    return modes[mode].q != 0;
}

void echo_mode_map(enum echo_mode mode, uint8_t *out, const uint8_t *in, size_t n)
{
    //@ calls map_upper, map_verbatim;
    modes[mode].map(out, in, n);
}

/* ------------------------------------------------------------------------------------------------
 * Recognising `quit` and dot lines (sections 2 to 4).
 */

/* Whether c is the byte number `at` (0 to 3) of `quit`, in either case. */
static bool quit_byte(size_t at, uint8_t c)
{
    return (c | 0x20) == text[TEXT_HELD + at];
}

/* Whether in[0..n), which begins a line, is the command or may still become it. */
static bool may_be_quit(const uint8_t *in, size_t n)
{
    //@ loop invariant i <= HELD_QUIT && i <= n; loop assigns i;
    for (size_t i = 0; i < HELD_QUIT; i++) {
        if (i == n)
            return true;
        if (!quit_byte(i, in[i]))
            return false;
    }
    if (n == HELD_QUIT || in[HELD_QUIT] == '\n')
        return true;
    return in[HELD_QUIT] == '\r' && (n == HELD_QUIT_CR || in[HELD_QUIT_CR] == '\n');
}

/* The smaller one. */
static inline uint8_t least(uint8_t a, uint8_t b)
{
    return a < b ? a : b;
}

/* Whether one of in[0..BLOCK) is an LF with a whole command behind it, which may extend beyond the
 * block. Vectorised like the mapping: 0 is what differs nowhere. */
static bool quit_in_block(const uint8_t *in)
{
    uint8_t differs = UINT8_MAX;
    //@ loop invariant k <= BLOCK; loop assigns k, differs;
    for (size_t k = 0; k < BLOCK; k++) {
        const uint8_t *p = in + k;
        uint8_t word = (uint8_t)((p[0] ^ '\n') | ((p[1] | 0x20) ^ 'q') | ((p[2] | 0x20) ^ 'u') |
                                 ((p[3] | 0x20) ^ 'i') | ((p[4] | 0x20) ^ 't'));
        uint8_t lf = p[5] ^ '\n', crlf = (uint8_t)((p[5] ^ '\r') | (p[6] ^ '\n'));
        differs = least(differs, (uint8_t)(word | least(lf, crlf)));
    }
    return differs == 0;
}

/* The length of in[0..n), n > 0, up to the first line begun inside it that is or may become `quit`;
 * else n. out[0..n) is the same span mapped, with q for every 'q' and 'Q'. */
static size_t before_quit(const uint8_t *in, const uint8_t *out, size_t n, uint8_t q)
{
    int seen = 0;
    //@ loop invariant 1 <= i <= n + 1 && 0 <= seen <= FEW; loop assigns i, seen;
    for (size_t i = 1; i < n; i++) {
        if (seen < FEW) {
            seen++;
            i += find(out + i, q, n - i);
        } else {
            //@ loop invariant 1 <= i < n; loop assigns i;
            while (BLOCKS && n - i >= BLOCK + HELD_QUIT_CR + 1 && !quit_in_block(in + i - 1))
                i += BLOCK;
        }
        if (in[i - 1] == '\n' && may_be_quit(in + i, n - i))
            return i;
    }
    return n;
}

/* The same for dot lines. */
static size_t before_dot(const uint8_t *in, size_t n)
{
    size_t i = 1;
    //@ loop invariant 1 <= i <= n; loop assigns i;
    for (; BLOCKS && n - i >= BLOCK; i += BLOCK) {
        uint8_t differs = UINT8_MAX;
        //@ loop invariant i <= k <= i + BLOCK; loop assigns k, differs;
        for (size_t k = i; k < i + BLOCK; k++)
            differs = least(differs, (uint8_t)((in[k - 1] ^ '\n') | (in[k] ^ '.')));
        if (differs == 0)
            break;
    }
    //@ loop invariant 1 <= i <= n; loop assigns i;
    while (i < n && !(in[i - 1] == '\n' && in[i] == '.'))
        i++;
    return i;
}

/* Moves the input cursor over n bytes. */
static void take(struct echo_cursor *io, size_t n)
{
    io->in += n;
    io->in_len -= n;
}

/* Moves the output cursor over n bytes. */
static void put(struct echo_cursor *io, size_t n)
{
    io->out += n;
    io->out_len -= n;
}

/* What is held is not a command after all: it is owed like any other byte. */
static void release(struct echo_line *line)
{
    line->owed = TEXT_HELD;
    line->owed_end = (uint8_t)(TEXT_HELD + line->at);
    line->at = ORDINARY;
}

/* What is held is the command. */
static void good_bye(struct echo_line *line)
{
    bool cr = line->at == HELD_QUIT_CR;
    line->owed = cr ? TEXT_BYE_CRLF : TEXT_BYE_LF;
    line->owed_end = cr ? TEXT_BYE_LF : TEXT_HELD;
    line->end = ECHO_QUIT;
}

/* At the start of a line, 0 to 5 bytes held: one more byte is held, or decides. */
static void recognise(struct echo_line *line, struct echo_cursor *io)
{
    uint8_t c = *io->in;
    bool quit = modes[line->mode].q != 0;

    if (line->dot_stop && line->at == START && c == '.') {
        line->at = DOT_LINE;
    } else if (line->at >= HELD_QUIT && c == '\n') {
        take(io, 1);
        good_bye(line);
    } else if ((line->at == HELD_QUIT && c == '\r') ||
               (line->at < HELD_QUIT && quit && quit_byte(line->at, c))) {
        take(io, 1);
        line->at++;
    } else {
        release(line);
    }
}

/* In the ordinary part of a line, or in a dot line: maps what can be mapped in one go. */
static void map_span(struct echo_line *line, struct echo_cursor *io)
{
    uint8_t q = modes[line->mode].q;
    size_t n = io->in_len < io->out_len ? io->in_len : io->out_len;

    if ((q || line->dot_stop) && n > SPAN_MAX)
        n = SPAN_MAX;
    if (line->at == DOT_LINE) {
        size_t newline = find(io->in, '\n', n);
        n = newline < n ? newline + 1 : n;
    } else if (line->dot_stop) {
        n = before_dot(io->in, n);
    }
    //@ calls map_upper, map_verbatim;
    modes[line->mode].map(io->out, io->in, n);
    if (q)
        n = before_quit(io->in, io->out, n, q);

    bool newline = io->in[n - 1] == '\n';
    take(io, n);
    put(io, n);
    if (!newline)
        return;
    if (line->at == DOT_LINE)
        line->end = ECHO_STOP;
    if (q || line->dot_stop)
        line->at = START;
}

/* Writes what is owed of the engine's own text. Returns whether all of it is written. */
static bool pay(struct echo_line *line, struct echo_cursor *io)
{
    /*@ loop invariant is_line(line) && apart(line, io) && io->out_len <= \at(io->out_len, Pre);
        loop invariant io->out == \at(io->out, Pre) + (\at(io->out_len, Pre) - io->out_len);
        loop assigns line->owed, io->out, io->out_len,
                     \at(io->out, Pre)[0 .. \at(io->out_len, Pre) - 1]; */
    while (line->owed != line->owed_end) {
        if (io->out_len == 0)
            return false;
        map_fn *map = line->owed >= TEXT_HELD ? modes[line->mode].map : map_verbatim;
        //@ calls map_upper, map_verbatim;
        map(io->out, text + line->owed, 1);
        line->owed++;
        put(io, 1);
    }
    line->owed = line->owed_end = 0; /* so that equal situations are equal states */
    return true;
}

/* ------------------------------------------------------------------------------------------------
 * The calls of the contract.
 */

void echo_line_init(struct echo_line *line, enum echo_mode mode, bool dot_stop)
{
    line->mode = (uint8_t)mode;
    line->dot_stop = dot_stop;
    line->at = START;
    line->end = ECHO_OPEN;
    line->owed = line->owed_end = 0;
}

enum echo_end echo_line_push(struct echo_line *line, struct echo_cursor *io)
{
    /*@ loop invariant is_line(line) && is_io(io) && apart(line, io) && moved{Pre, Here}(io);
        loop assigns *line, *io, \at(io->out, Pre)[0 .. \at(io->out_len, Pre) - 1]; */
    for (;;) {
        if (!pay(line, io))
            return ECHO_OPEN;
        if (line->end != ECHO_OPEN)
            return (enum echo_end)line->end;
        if (io->in_len == 0)
            return ECHO_OPEN;
        if (line->at < ORDINARY)
            recognise(line, io);
        else if (io->out_len > 0)
            map_span(line, io);
        else
            return ECHO_OPEN;
    }
}

/* A silence and the end of input stand for the LF that did not come (section 4). */
static void settle(struct echo_line *line)
{
    if (line->end != ECHO_OPEN || line->at == ORDINARY)
        return;
    if (line->at == DOT_LINE)
        line->end = ECHO_STOP;
    else if (line->at >= HELD_QUIT)
        good_bye(line);
    else if (line->at > START)
        release(line);
}

enum echo_end echo_line_silence(struct echo_line *line, struct echo_cursor *io)
{
    settle(line);
    return pay(line, io) ? (enum echo_end)line->end : ECHO_OPEN;
}

enum echo_end echo_line_finish(struct echo_line *line, struct echo_cursor *io)
{
    settle(line);
    if (line->end == ECHO_OPEN)
        line->end = ECHO_EOF;
    return pay(line, io) ? (enum echo_end)line->end : ECHO_OPEN;
}

bool echo_line_waits(const struct echo_line *line)
{
    return line->end == ECHO_OPEN && line->at != START && line->at != ORDINARY;
}
