/* test_line_exhaustive.c - every short input, in every cut, against the naive model.
 *
 * Every sequence of up to LENGTH tokens (the bytes that mean something to the engine, one that does
 * not, and a silence) after each of a few openings, in each mode with and without dot stop, cut in
 * every possible way.
 */
#include "support/drive.h"
#include "support/model.h"

#include "support/test.h"

#include <string.h>

enum { LENGTH = 5 };
static const token alphabet[] = {'q', 'U', 'i', 't', '.', '\r', '\n', 'x', SILENCE};
enum { LETTERS = sizeof alphabet / sizeof alphabet[0] };

/* Bring the engine to where five more tokens can still reach everything that there is to reach. */
static const char *const openings[] = {"", "qui", "quit\r", "x\nqu", "a"};

static uint64_t runs;

static void check(enum echo_mode mode, bool dot_stop, const token *in, size_t n)
{
    uint8_t out[32], expected[32];
    struct session m = {.out = expected, .room = sizeof expected};
    model(&m, mode, dot_stop, in, n);
    uint64_t cuts = n ? UINT64_C(1) << (n - 1) : 1;
    for (uint64_t mask = 0; mask < cuts; mask++, runs++) {
        struct session s = {.out = out, .room = sizeof out};
        drive(&s, mode, dot_stop, in, n, cut_by_mask, &mask, mask & 1 ? 1 : SIZE_MAX);
        if (s.end == m.end && s.len == m.len && memcmp(s.out, m.out, m.len) == 0)
            continue;
        print_error("mode %s, dot stop %d, cuts %llx:", echo_mode_name(mode), dot_stop,
                    (unsigned long long)mask);
        for (size_t i = 0; i < n; i++)
            print_error(" %02x", in[i]);
        print_error("\n");
        fail();
    }
}

static void check_all(const char *opening, enum echo_mode mode, bool dot_stop, unsigned length)
{
    token in[16];
    unsigned digit[LENGTH] = {0};
    size_t before = strlen(opening);
    for (size_t i = 0; i < before; i++)
        in[i] = (token)opening[i];
    for (;;) {
        for (unsigned i = 0; i < length; i++)
            in[before + i] = alphabet[digit[i]];
        check(mode, dot_stop, in, before + length);
        unsigned i = 0;
        while (i < length && ++digit[i] == LETTERS)
            digit[i++] = 0;
        if (i == length)
            return;
    }
}

static void test_every_input_in_every_cut(void **state)
{
    (void)state;
    for (size_t o = 0; o < sizeof openings / sizeof openings[0]; o++)
        for (unsigned mode = 0; echo_mode_name(mode); mode++)
            for (int dot_stop = 0; dot_stop < 2; dot_stop++)
                for (unsigned length = 0; length <= (o ? LENGTH - 1 : LENGTH); length++)
                    check_all(openings[o], (enum echo_mode)mode, dot_stop, length);
    print_message("%llu sessions\n", (unsigned long long)runs);
    assert_true(runs > 1000000); /* that the loops above did loop */
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_every_input_in_every_cut)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
