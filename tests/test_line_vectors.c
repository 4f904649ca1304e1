/* test_line_vectors.c - every published vector, whole, per byte, through a window of one byte, and
 * flush against a page that must not be touched; and the model against them too. */
#include "support/drive.h"
#include "support/guard.h"
#include "support/model.h"
#include "support/vectors.h"

#include "support/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct vector *vectors;
static size_t count;

static void check(const struct vector *v, const struct session *s, const char *how)
{
    if (s->end == v->end && s->len == v->out_len && memcmp(s->out, v->out, s->len) == 0)
        return;
    print_error("%s:%d: %s, %s: ends by %s, expected %s; %zu bytes, expected %zu:", VECTORS, v->row,
                v->name, how, end_name(s->end), end_name(v->end), s->len, v->out_len);
    for (size_t i = 0; i < s->len; i++)
        print_error(" %02x", s->out[i]);
    print_error("\n");
    fail();
}

static void run_all(const char *how, cut_fn *cut, size_t window)
{
    uint8_t out[512];
    for (size_t i = 0; i < count; i++) {
        struct session s = {.out = out, .room = sizeof out};
        drive(&s, vectors[i].mode, vectors[i].dot_stop, vectors[i].in, vectors[i].in_len, cut, NULL,
              window);
        check(&vectors[i], &s, how);
    }
}

static void test_whole(void **state)
{
    (void)state;
    run_all("whole", NULL, SIZE_MAX);
}

static void test_per_byte(void **state)
{
    (void)state;
    run_all("per byte", cut_everywhere, SIZE_MAX);
}

static void test_output_window_of_one(void **state)
{
    (void)state;
    run_all("whole into windows of one byte", NULL, 1);
    run_all("per byte into windows of one byte", cut_everywhere, 1);
}

static void test_every_cut_in_two(void **state)
{
    (void)state;
    uint8_t out[512];
    for (size_t i = 0; i < count; i++)
        for (size_t at = 0; at < vectors[i].in_len && at < 64; at++) {
            uint64_t mask = UINT64_C(1) << at;
            struct session s = {.out = out, .room = sizeof out};
            drive(&s, vectors[i].mode, vectors[i].dot_stop, vectors[i].in, vectors[i].in_len,
                  cut_by_mask, &mask, SIZE_MAX);
            check(&vectors[i], &s, "cut in two");
        }
}

static void test_model_agrees(void **state)
{
    (void)state;
    uint8_t out[512];
    for (size_t i = 0; i < count; i++) {
        struct session s = {.out = out, .room = sizeof out};
        model(&s, vectors[i].mode, vectors[i].dot_stop, vectors[i].in, vectors[i].in_len);
        check(&vectors[i], &s, "the model");
    }
}

static void test_against_guard_pages(void **state)
{
    (void)state;
    struct guard in_guard = guard_open(VECTOR_BYTES_MAX), out_guard = guard_open(VECTOR_BYTES_MAX);
    for (size_t i = 0; i < count; i++) {
        const struct vector *v = &vectors[i];
        uint8_t *in = guard_before(&in_guard, v->in_len),
                *out = guard_before(&out_guard, v->out_len);
        bool silence = false;
        for (size_t b = 0; b < v->in_len; b++) {
            in[b] = (uint8_t)v->in[b];
            silence |= v->in[b] == SILENCE;
        }
        if (silence)
            continue; /* silences cut the input; the other tests run them */
        struct echo_line line;
        struct echo_cursor io = {in, v->in_len, out, v->out_len};
        echo_line_init(&line, v->mode, v->dot_stop);
        enum echo_end end = echo_line_push(&line, &io);
        if (end == ECHO_OPEN)
            end = echo_line_finish(&line, &io);
        struct session s = {.out = out, .len = v->out_len - io.out_len, .end = end};
        check(v, &s, "against guard pages");
    }
    guard_close(&in_guard);
    guard_close(&out_guard);
}

/* A long line's worth of filling, an LF, what may be a command, and filling again. Filling that is
 * further away is plain, or ci/mutate.py would take for a hang what is only slow. */
static size_t put_between(token *in, const char *filling, size_t at, const char *middle)
{
    enum { BEFORE = 300, AFTER = 150 };
    size_t len = strlen(middle), n = at + 1 + len + AFTER;
    for (size_t i = 0; i < n; i++)
        in[i] = (token)(i + BEFORE < at ? 'x' : filling[i % strlen(filling)]);
    in[at] = '\n';
    for (size_t i = 0; i < len; i++)
        in[at + 1 + i] = (token)middle[i];
    return n;
}

/* Long enough for every path by which commands are looked for, one by one and in blocks, with
 * `quit`, a dot and what only looks like these at every place of a block and around the edges of
 * spans; from fillings with few and with many that look like them. */
static void test_long_input_equals_model(void **state)
{
    (void)state;
    enum { N = 2 * 4096 };
    static token in[N];
    static uint8_t out[N + 16], expected[N + 16];
    static const char *const middles[] = {"quit\n",  "QUIT\r\n",  "quit",       "quit\r", "quitx\n",
                                          "qui\n",   "xuit\n",    "qxit\n",     "quxt\n", "quix\n",
                                          "yquit\n", "quit\rx\n", "quit\r\r\n", ".\n",    "..",
                                          "x.\n",    "Q"};
    static const char *const fillings[] = {"x",         "xq", "q\n", "\nq", "\nquitx",
                                           "\nquit\rx", "\n", "Qq",  "x.",  "\nx."};

    for (size_t f = 0; f < sizeof fillings / sizeof fillings[0]; f++)
        for (size_t m = 0; m < sizeof middles / sizeof middles[0]; m++)
            for (size_t at = 1; at < 4096 + 10; at = at == 300 ? 4096 - 10 : at + 1)
                for (int dot_stop = 0; dot_stop < 2; dot_stop++) {
                    size_t n = put_between(in, fillings[f], at, middles[m]);
                    struct session right = {.out = expected, .room = sizeof expected};
                    struct session s = {.out = out, .room = sizeof out};
                    model(&right, ECHO_UPPER, dot_stop, in, n);
                    drive(&s, ECHO_UPPER, dot_stop, in, n, NULL, NULL, SIZE_MAX);
                    assert_int_equal(s.end, right.end);
                    assert_int_equal(s.len, right.len);
                    assert_memory_equal(s.out, right.out, right.len);
                }
}

static void test_every_byte_value(void **state)
{
    (void)state;
    for (unsigned mode = 0; echo_mode_name(mode); mode++)
        for (unsigned c = 0; c < 256; c++) {
            uint8_t in = (uint8_t)c, out = 0;
            uint8_t expected = (uint8_t)(mode == ECHO_UPPER && c >= 'a' && c <= 'z' ? c - 32 : c);
            echo_mode_map((enum echo_mode)mode, &out, &in, 1);
            assert_int_equal(out, expected);
        }
}

static void test_mode_names(void **state)
{
    (void)state;
    enum echo_mode mode;
    assert_string_equal(echo_mode_name(ECHO_UPPER), "upper");
    assert_string_equal(echo_mode_name(ECHO_VERBATIM), "verbatim");
    assert_null(echo_mode_name(ECHO_VERBATIM + 1));
    assert_true(echo_mode_find("upper", &mode));
    assert_int_equal(mode, ECHO_UPPER);
    assert_true(echo_mode_find("verbatim", &mode));
    assert_int_equal(mode, ECHO_VERBATIM);
    static const char *const none[] = {"", "u", "uppe", "upperx", "UPPER", " upper", "verbatim "};
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++)
        assert_false(echo_mode_find(none[i], &mode));
    assert_true(echo_mode_has_quit(ECHO_UPPER));
    assert_false(echo_mode_has_quit(ECHO_VERBATIM));
}

/* What is told when: the end with the call that brings it about, and the input used up to it. */
static void test_calls(void **state)
{
    (void)state;
    struct echo_line line;
    uint8_t out[16];
    struct echo_cursor io = {(const uint8_t *)"quit\nmore", 9, out, sizeof out};
    echo_line_init(&line, ECHO_UPPER, false);
    assert_false(echo_line_waits(&line));
    assert_int_equal(echo_line_push(&line, &io), ECHO_QUIT);
    assert_int_equal(io.in_len, 4);
    assert_false(echo_line_waits(&line));

    io = (struct echo_cursor){(const uint8_t *)"quit", 4, out, sizeof out};
    echo_line_init(&line, ECHO_UPPER, false);
    assert_int_equal(echo_line_push(&line, &io), ECHO_OPEN);
    assert_true(echo_line_waits(&line));
    assert_int_equal(echo_line_silence(&line, &io), ECHO_QUIT);
    assert_int_equal(echo_line_silence(&line, &io), ECHO_QUIT);
    assert_int_equal(sizeof out - io.out_len, 9);

    io = (struct echo_cursor){(const uint8_t *)".", 1, out, sizeof out};
    echo_line_init(&line, ECHO_VERBATIM, true);
    assert_int_equal(echo_line_push(&line, &io), ECHO_OPEN);
    assert_true(echo_line_waits(&line));
    assert_int_equal(echo_line_silence(&line, &io), ECHO_STOP);
    assert_int_equal(echo_line_finish(&line, &io), ECHO_STOP);
}

static void test_state_is_small(void **state)
{
    (void)state;
    assert_true(sizeof(struct echo_line) <= 16);
}

int main(void)
{
    vectors = vectors_read(VECTORS, &count);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_whole),
        cmocka_unit_test(test_per_byte),
        cmocka_unit_test(test_output_window_of_one),
        cmocka_unit_test(test_every_cut_in_two),
        cmocka_unit_test(test_model_agrees),
        cmocka_unit_test(test_against_guard_pages),
        cmocka_unit_test(test_long_input_equals_model),
        cmocka_unit_test(test_every_byte_value),
        cmocka_unit_test(test_mode_names),
        cmocka_unit_test(test_calls),
        cmocka_unit_test(test_state_is_small),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    free(vectors);
    return failed;
}
