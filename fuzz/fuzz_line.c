/* fuzz_line.c - the line engine against the naive model.
 *
 * The input is what a client sends, raw. Each of the configurations that differ is run whole, byte
 * by byte into windows of one byte, and in pieces with silences, both derived from the input; each
 * time output and end must be those of the model. Then once more amid filling that makes the engine
 * look for commands in blocks, at a place in a block that is derived from the input, too: so inputs
 * need not be long, and slow, to get there.
 */
#include "check.h"
#include "support/drive.h"
#include "support/model.h"
#include "target.h"

#include <string.h>

enum {
    INPUT_MAX = 2048,
    BLOCK = 64,        /* at least as long as the engine's, */
    MANY = 20,         /* more 'q' than it looks up one by one, */
    AFTER = BLOCK + 8, /* and more than must follow a block */
    FILLING_MAX = MANY + BLOCK + AFTER,
    OUT_MAX = FILLING_MAX + INPUT_MAX + ECHO_LINE_SLACK
};

/* Bits that look random, but are the same for the same input (FNV-1a). */
static uint64_t digest(const uint8_t *data, size_t size)
{
    uint32_t hash[2] = {0x811C9DC5, 0x01000193};
    for (size_t i = 0; i < size; i++)
        for (int h = 0; h < 2; h++)
            hash[h] = (uint32_t)((uint64_t)(hash[h] ^ data[i]) * 16777619u & UINT32_MAX);
    return (uint64_t)hash[0] << 32 | hash[1];
}

static void compare(const struct session *m, enum echo_mode mode, bool dot_stop, const token *in,
                    size_t n, cut_fn *cut, const void *context, size_t window)
{
    static uint8_t out[OUT_MAX];
    struct session s = {.out = out, .room = sizeof out};
    drive(&s, mode, dot_stop, in, n, cut, context, window);
    check(s.end == m->end, "the session ends otherwise than the model says");
    check(s.len == m->len, "more or fewer bytes come back than the model says");
    check(memcmp(s.out, m->out, m->len) == 0, "other bytes come back than the model says");
}

/* The input in the middle of a long one, up to BLOCK - 1 bytes further on. */
static size_t amid_filling(token *out, const uint8_t *data, size_t n, size_t further)
{
    size_t len = 0;
    for (size_t i = 0; i < MANY + further; i++)
        out[len++] = 'q';
    for (size_t i = 0; i < n; i++)
        out[len++] = data[i];
    for (size_t i = 0; i < AFTER; i++)
        out[len++] = 'x';
    return len;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct {
        enum echo_mode mode;
        bool dot_stop;
    } configurations[] = {{ECHO_UPPER, false}, {ECHO_UPPER, true}, {ECHO_VERBATIM, true}};
    static token plain[INPUT_MAX], silent[2 * INPUT_MAX], amid[FILLING_MAX + INPUT_MAX];
    static uint8_t expected[OUT_MAX];
    struct session m = {.out = expected, .room = sizeof expected};
    size_t n = size < INPUT_MAX ? size : INPUT_MAX, with_silences = 0;
    uint64_t bits = digest(data, n), cuts = bits ^ bits >> 7;

    for (size_t i = 0; i < n; i++) {
        if ((bits >> (i & 63) & 7) == 0)
            silent[with_silences++] = SILENCE;
        silent[with_silences++] = plain[i] = data[i];
    }
    for (size_t c = 0; c < sizeof configurations / sizeof configurations[0]; c++) {
        enum echo_mode mode = configurations[c].mode;
        bool dot_stop = configurations[c].dot_stop;
        model(&m, mode, dot_stop, plain, n);
        compare(&m, mode, dot_stop, plain, n, NULL, NULL, SIZE_MAX);
        compare(&m, mode, dot_stop, plain, n, cut_everywhere, NULL, 1);
        model(&m, mode, dot_stop, silent, with_silences);
        compare(&m, mode, dot_stop, silent, with_silences, cut_by_mask, &cuts,
                1 + (size_t)(bits >> 60));
    }
    bool dot_stop = bits >> 32 & 1;
    size_t len = amid_filling(amid, data, n, bits % BLOCK);
    model(&m, ECHO_UPPER, dot_stop, amid, len);
    compare(&m, ECHO_UPPER, dot_stop, amid, len, NULL, NULL, SIZE_MAX);
    return 0;
}
