/* test_compare.c - what a reply is compared with, and the guesses at what happened to a wrong one.
 */
#include "connection/compare.h"

#include "support/test.h"

#include <stdlib.h>
#include <string.h>

enum {
    UPPER = MODES_ONLY(ECHO_UPPER),
    VERBATIM = MODES_ONLY(ECHO_VERBATIM),
    BOTH = UPPER | VERBATIM
};

static void test_sets(void **state)
{
    (void)state;
    assert_int_equal(modes_known(MODES_ALL), BOTH);
    assert_int_equal(modes_known(VERBATIM), VERBATIM);
    assert_int_equal(modes_known(MODES_NONE), MODES_NONE);
    assert_int_equal(modes_single(UPPER), ECHO_UPPER);
    assert_int_equal(modes_single(VERBATIM), ECHO_VERBATIM);
    assert_int_equal(modes_single(BOTH), -1);
    assert_int_equal(modes_single(MODES_NONE), -1);
}

static size_t compared(unsigned *modes, const char *sent, const char *reply)
{
    return compare(modes, (const uint8_t *)sent, (const uint8_t *)reply, strlen(reply));
}

static void test_modes_that_explain_less_are_out(void **state)
{
    (void)state;
    unsigned modes = BOTH;
    assert_int_equal(compared(&modes, "12", "12"), 2);
    assert_int_equal(modes, BOTH);
    assert_int_equal(compared(&modes, "1aB", "1Ax"), 2);
    assert_int_equal(modes, UPPER);
    assert_int_equal(compared(&modes, "ab", "ab"), 0);
    assert_int_equal(modes, UPPER);
    modes = BOTH;
    assert_int_equal(compared(&modes, "abc", "abc"), 3);
    assert_int_equal(modes, VERBATIM);
    modes = BOTH;
    assert_int_equal(compared(&modes, "1a", "2a"), 0);
    assert_int_equal(modes, BOTH);
}

/* Longer than any piece that is worked on at once. */
static void test_long_replies(void **state)
{
    (void)state;
    static uint8_t sent[20000], reply[sizeof sent];
    memset(sent, 'x', sizeof sent);
    memset(reply, 'X', sizeof reply);
    unsigned modes = BOTH;
    assert_int_equal(compare(&modes, sent, reply, sizeof reply), sizeof reply);
    assert_int_equal(modes, UPPER);
    for (size_t wrong = 0; wrong < sizeof reply; wrong += 977) {
        reply[wrong] = '-';
        assert_int_equal(compare(&modes, sent, reply, sizeof reply), wrong);
        reply[wrong] = 'X';
    }
}

static const struct row {
    unsigned modes;
    const char *before, *owed, *got;
    int expected, or_expected;
    enum slip slip;
    size_t count;
    bool line;
} rows[] = {
    /* Another byte, or nothing to judge by. */
    {VERBATIM, "he", "llo\n", "xlo\n", 'l', -1, SLIP_UNKNOWN, 0, false},
    {VERBATIM, "", "a", "b", 'a', -1, SLIP_UNKNOWN, 0, false},
    {VERBATIM, "", "abcdef", "uvwxyz", 'a', -1, SLIP_UNKNOWN, 0, false},
    {VERBATIM, "", "abcdef", "x", 'a', -1, SLIP_UNKNOWN, 0, false},
    {VERBATIM, "", "", "x", -1, -1, SLIP_UNKNOWN, 0, false},
    {VERBATIM, "b", "", "x", -1, -1, SLIP_UNKNOWN, 0, false},
    {BOTH, "", "aba\n", "xba\n", 'A', 'a', SLIP_UNKNOWN, 0, false},
    {BOTH, "", "1\n", "2\n", '1', -1, SLIP_UNKNOWN, 0, false},
    {UPPER, "", "aBc", "x", 'A', -1, SLIP_UNKNOWN, 0, false},
    /* Too little that fits, though more could. */
    {VERBATIM, "", "axxb_____", "bcdefgh", 'a', -1, SLIP_UNKNOWN, 0, false},
    {VERBATIM, "", "a_b_____", "b_defgh", 'a', -1, SLIP_UNKNOWN, 0, false},
    {VERBATIM, "", "cababaxab", "xababaxab", 'c', -1, SLIP_UNKNOWN, 0, false},
    {VERBATIM, "ba", "bcd", "aXX", 'b', -1, SLIP_UNKNOWN, 0, false},
    {VERBATIM, "one\n", "two\n", "xyz123", 't', -1, SLIP_UNKNOWN, 0, false},
    {VERBATIM, "", "lo wor", "---l", 'l', -1, SLIP_UNKNOWN, 0, false},
    /* Left out. */
    {VERBATIM, "", "_xxx_xxx", "xxx", '_', -1, SLIP_LOST, 1, false},
    {VERBATIM, "hi", "\r\n", "\n", '\r', -1, SLIP_LOST, 1, false},
    {VERBATIM, "hi", "\r\nyou\r\n", "\nyou\n", '\r', -1, SLIP_LOST, 1, false},
    {UPPER, "", "abcdefgh", "DEFGH", 'A', -1, SLIP_LOST, 3, false},
    {VERBATIM, "one\n", "two\nthree\n", "three\n", 't', -1, SLIP_LOST, 4, false},
    {VERBATIM, "", "a_bcd___", "bcdefgh", 'a', -1, SLIP_UNKNOWN, 0, false},
    {VERBATIM, "", "a_bcde__", "bcdefgh", 'a', -1, SLIP_LOST, 2, false},
    /* Put in. */
    {VERBATIM, "hi", "\nyou\n", "\r\nyou\n", '\n', -1, SLIP_ADDED, 1, false},
    {VERBATIM, "", "hello\n", "220 welcome\nhello\n", 'h', -1, SLIP_ADDED, 12, false},
    {VERBATIM, "", "lo wor", "--l", 'l', -1, SLIP_ADDED, 2, false},
    {UPPER, "", "hello\n", "--HELLO\n", 'H', -1, SLIP_ADDED, 2, false},
    /* Once more. */
    {VERBATIM, "one\ntwo\n", "three\n", "two\nthree\n", 't', -1, SLIP_TWICE, 4, true},
    {VERBATIM, "one\ntwo\n", "x", "two\n", 'x', -1, SLIP_TWICE, 4, true},
    {VERBATIM, "one\ntwo\n", "x\n", "tw", 'x', -1, SLIP_TWICE, 4, true},
    {VERBATIM, "hello\n", "", "hello\n", -1, -1, SLIP_TWICE, 6, true},
    {UPPER, "hello\n", "", "HELLO\n", -1, -1, SLIP_TWICE, 6, true},
    {VERBATIM, "hello\n", "", "hel", -1, -1, SLIP_TWICE, 6, true},
    {VERBATIM, "\n", "", "\n", -1, -1, SLIP_TWICE, 1, true},
    {VERBATIM, "abcdef", "ghijkl", "defghijkl", 'g', -1, SLIP_TWICE, 3, false},
    {VERBATIM, "ab", "cdef", "bcdef", 'c', -1, SLIP_TWICE, 1, false},
    {VERBATIM, "ab", "cdef", "abcdX", 'c', -1, SLIP_TWICE, 2, false},
    {VERBATIM, "abcdef", "", "def", -1, -1, SLIP_TWICE, 3, false},
    {VERBATIM, "one\ntwo\n", "3\n", "one\ntwo\n3\n", '3', -1, SLIP_TWICE, 8, false},
    /* Another mode than was asked for. */
    {VERBATIM, "", "hello\n", "HELLO\n", 'h', -1, SLIP_MODE, ECHO_UPPER, false},
    {UPPER, "", "hello\n", "hello\n", 'H', -1, SLIP_MODE, ECHO_VERBATIM, false},
    {UPPER, "ab", "c", "c", 'C', -1, SLIP_MODE, ECHO_VERBATIM, false},
    {VERBATIM, "ab", "h", "HELLO", 'h', -1, SLIP_MODE, ECHO_UPPER, false},
    {UPPER, "he", "llo\n", "xlo\n", 'L', -1, SLIP_UNKNOWN, 0, false},
};

static void test_guesses(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct row *r = &rows[i];
        char sent[64];
        snprintf(sent, sizeof sent, "%s%s", r->before, r->owed);
        struct around a = {(const uint8_t *)sent, strlen(r->before), strlen(sent),
                           (const uint8_t *)r->got, strlen(r->got)};
        struct fault f;
        fault_find(&f, r->modes, 7, &a);
        if (f.offset != 7 || f.got != (uint8_t)r->got[0] || f.expected != r->expected ||
            f.or_expected != r->or_expected || f.slip != r->slip || f.count != r->count ||
            f.line != r->line)
            fail_msg(
                "row %zu, '%s' for '%s' after '%s': got %d, expected %d or %d, slip %d of %zu%s", i,
                r->got, r->owed, r->before, f.got, f.expected, f.or_expected, (int)f.slip, f.count,
                f.line ? ", a line" : "");
    }
}

enum { FAR = 64 * 1024, TEXT = 4 * FAR };

/* Letters at random, so that a stretch of them is nowhere twice. */
static void fill(uint8_t text[TEXT])
{
    unsigned short generator[3] = {1, 2, 3};
    for (size_t i = 0; i < TEXT; i++)
        text[i] = (uint8_t)('a' + nrand48(generator) % 26);
}

static void assert_slip(const struct around *a, enum slip slip, size_t count)
{
    struct fault f;
    fault_find(&f, VERBATIM, 0, a);
    if (f.slip != slip || f.count != count)
        fail_msg("slip %d of %zu, expected %d of %zu", (int)f.slip, f.count, (int)slip, count);
}

/* How far is looked, for each kind; only a whole line may have come twice from farther away. */
static void test_how_far_is_looked(void **state)
{
    (void)state;
    static const size_t counts[] = {1, 2, 64, 256, 257, FAR, FAR + 1};
    static uint8_t text[TEXT], other[TEXT];
    const size_t at = 2 * FAR;
    fill(text);
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        size_t k = counts[i], count = k <= FAR ? k : 0;
        struct around lost = {text, 0, TEXT, text + k, TEXT - k};
        assert_slip(&lost, count ? SLIP_LOST : SLIP_UNKNOWN, count);

        memset(other, '_', k);
        memcpy(other + k, text, TEXT - k);
        struct around added = {text, 0, TEXT, other, TEXT};
        assert_slip(&added, count ? SLIP_ADDED : SLIP_UNKNOWN, count);

        struct around twice = {text, at, TEXT, text + at - k, TEXT - at};
        assert_slip(&twice, count ? SLIP_TWICE : SLIP_UNKNOWN, count);

        text[at - k - 1] = text[at - 1] = '\n';
        assert_slip(&twice, SLIP_TWICE, k);
        fill(text);
    }
}

/* The farther away, the more bytes must fit. */
static void test_how_much_must_fit(void **state)
{
    (void)state;
    static uint8_t text[TEXT];
    fill(text);
    for (size_t k = 255; k <= 258; k++)
        for (size_t n = 4; n <= 40; n++) {
            struct around lost = {text, 0, TEXT, text + k, n};
            bool enough = n >= (k <= 256 ? 4 : 32);
            assert_slip(&lost, enough ? SLIP_LOST : SLIP_UNKNOWN, enough ? k : 0);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sets),
        cmocka_unit_test(test_modes_that_explain_less_are_out),
        cmocka_unit_test(test_long_replies),
        cmocka_unit_test(test_guesses),
        cmocka_unit_test(test_how_far_is_looked),
        cmocka_unit_test(test_how_much_must_fit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
