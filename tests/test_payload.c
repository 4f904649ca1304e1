/* test_payload.c - the text that measures: its lines, and what is found wrong with an echo of it.
 */
#include "connection/payload.h"

#include "support/test.h"

#include <stdlib.h>
#include <string.h>

static const size_t lengths[] = {1, 2, 5, 6, 64, 1000, 65536, PAYLOAD_LINE_MAX};
static uint8_t *buffer;
static struct payload p;

static void start(size_t line)
{
    buffer = malloc(payload_size(line)); /* of exactly that length, for the sanitizer */
    assert_non_null(buffer);
    payload_init(&p, line, buffer);
    assert_int_equal(p.line, line);
}

/* bytes[0..n) of the text, from offset on. */
static void copy(uint64_t offset, uint8_t *bytes, size_t n)
{
    while (n > 0) {
        const uint8_t *run;
        size_t len = payload_at(&p, offset, &run), part = len < n ? len : n;
        assert_true(len > 0 && run >= buffer && run + len <= buffer + payload_size(p.line));
        memcpy(bytes, run, part);
        offset += part;
        bytes += part;
        n -= part;
    }
}

static void test_lines(void **state)
{
    (void)state;
    static uint8_t line[PAYLOAD_LINE_MAX], before[PAYLOAD_LINE_MAX];
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        size_t len = lengths[i], size = payload_size(len);
        start(len);
        assert_int_equal(size % len, 0);
        assert_int_equal(size / len % 2, 1);
        assert_true(size / len >= 7);
        for (size_t n = 0; n < 40; n++) { /* past the end of the text, for long ones */
            copy(n * len, line, len);
            assert_ptr_equal(memchr(line, '\n', len), line + len - 1);
            assert_true(line[0] != '.' && line[0] != 'q' && line[0] != 'Q');
            if (n > 0 && len >= 5)
                assert_memory_not_equal(line, before, len);
            memcpy(before, line, len);
        }
        copy(size, line, len); /* over and over */
        copy(0, before, len);
        assert_memory_equal(line, before, len);
        free(buffer);
    }
}

/* 64 letters and the LF, each of them somewhere. */
static void test_letters(void **state)
{
    (void)state;
    bool seen[256] = {false};
    size_t count = 0;
    start(64);
    for (size_t i = 0; i < payload_size(64); i++) {
        count += !seen[buffer[i]];
        seen[buffer[i]] = true;
    }
    assert_int_equal(count, 65);
    free(buffer);
}

/* A right echo, from anywhere and of any length, is right; a wrong byte is found where it is. */
static void test_echoes(void **state)
{
    (void)state;
    enum { MOST = 300000 };
    static uint8_t sent[MOST], reply[MOST];
    unsigned short generator[3] = {1, 2, 3};
    start(100);
    for (int i = 0; i < 300; i++) {
        enum echo_mode mode = i % 2 ? ECHO_UPPER : ECHO_VERBATIM;
        uint64_t offset = (uint64_t)nrand48(generator) << (nrand48(generator) % 8);
        size_t n = 1 + (size_t)nrand48(generator) % (i % 3 ? MOST : 3),
               wrong = (size_t)nrand48(generator) % n;
        unsigned modes = modes_known(MODES_ALL);
        copy(offset, sent, n);
        echo_mode_map(mode, reply, sent, n);
        assert_int_equal(payload_compare(&p, &modes, offset, reply, n), n);
        if (n > 200)
            assert_int_equal(modes, MODES_ONLY(mode));
        reply[wrong] ^= 0x80;
        modes = modes_known(MODES_ALL);
        assert_int_equal(payload_compare(&p, &modes, offset, reply, n), wrong);
    }
    free(buffer);
}

/* A fault at `back` bytes after the start of a connection that has sent 1000. */
static struct fault fault_at(uint64_t first, size_t back, const uint8_t *got, size_t n)
{
    struct fault f;
    payload_fault(&p, &f, MODES_ONLY(ECHO_VERBATIM), first, first + back, first + 1000, got, n);
    assert_int_equal(f.offset, back);
    assert_int_equal(f.got, got[0]);
    return f;
}

static void test_faults(void **state)
{
    (void)state;
    uint8_t text[1001];
    start(10);
    /* In the midst of the text, at its start, and with its end between what came and what not. */
    const uint64_t firsts[] = {0, 50, payload_size(10) - 500, 7 * payload_size(10)};
    for (size_t i = 0; i < sizeof firsts / sizeof firsts[0]; i++) {
        copy(firsts[i], text, sizeof text);
        struct fault f = fault_at(firsts[i], 300, text + 320, 100);
        assert_int_equal(f.expected, text[300]);
        assert_int_equal(f.slip, SLIP_LOST);
        assert_int_equal(f.count, 20);
        f = fault_at(firsts[i], 300, text + 290, 100);
        assert_int_equal(f.slip, SLIP_TWICE);
        assert_true(f.line);
        f = fault_at(firsts[i], 1000, text + 1000, 1); /* though it would be next */
        assert_int_equal(f.expected, -1);
    }
    /* What was not sent on this connection cannot come twice. */
    copy(40, text, 20);
    struct fault f = fault_at(50, 0, text, 20);
    assert_int_equal(f.slip, SLIP_ADDED);
    free(buffer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lines),
        cmocka_unit_test(test_letters),
        cmocka_unit_test(test_echoes),
        cmocka_unit_test(test_faults),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
