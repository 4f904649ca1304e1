/* test_connection.c - the connection under schedules of short reads, short sends and deadlines.
 *
 * No socket: the test plays the loop, and at every step checks what the contract promises of any
 * connection (one thing to do at a time, never stuck, all within the buffer).
 */
#include "connection/connection.h"
#include "support/drive.h"
#include "support/vectors.h"

#include "support/test.h"

#include <stdlib.h>
#include <string.h>

enum { DRAIN_MS = 500 };

static const struct conn_rules upper = {.mode = ECHO_UPPER, .idle_ms = 1000};

static uint8_t buffer[64];
static uint8_t got[4096];
static size_t got_len;

/* What must hold between any two calls. */
static void check(const struct conn *c)
{
    const uint8_t *bytes;
    bool over = conn_over(c) != CONN_OPEN;
    int things = (conn_room(c) > 0) + (conn_owed(c, &bytes) > 0) + conn_fin_due(c) + over;
    assert_int_equal(things, 1);
    assert_true(conn_owed(c, &bytes) <= sizeof buffer);
    if (conn_owed(c, &bytes) > 0)
        assert_true(bytes >= buffer && bytes + conn_owed(c, &bytes) <= buffer + sizeof buffer);
    if (over)
        assert_true(conn_deadline(c) == CONN_NEVER);
}

static void start(struct conn *c, const struct conn_rules *rules, uint64_t now)
{
    conn_init(c, rules, buffer, sizeof buffer, now);
    got_len = 0;
    check(c);
}

/* Takes up to n of the owed bytes, at most step at a time. */
static void take(struct conn *c, size_t n, size_t step, uint64_t now)
{
    const uint8_t *bytes;
    size_t owed;
    while (n > 0 && (owed = conn_owed(c, &bytes)) > 0) {
        size_t part = owed < step ? owed : step;
        part = part < n ? part : n;
        memcpy(got + got_len, bytes, part);
        got_len += part;
        n -= part;
        conn_sent(c, part, now);
        check(c);
    }
}

static void give(struct conn *c, const char *text, uint64_t now)
{
    assert_true(strlen(text) <= conn_room(c));
    conn_received(c, (const uint8_t *)text, strlen(text), now);
    check(c);
}

static void assert_got(const char *text)
{
    assert_int_equal(got_len, strlen(text));
    assert_memory_equal(got, text, got_len);
}

/* Lets time pass to the connection's own deadline, which must be `at`. */
static void expire(struct conn *c, uint64_t at)
{
    assert_int_equal(conn_deadline(c), at);
    conn_expired(c, at - 1);
    assert_int_equal(conn_deadline(c), at); /* harmless before its time */
    conn_expired(c, at);
    check(c);
}

static void fin(struct conn *c, uint64_t now)
{
    assert_true(conn_fin_due(c));
    conn_fin_sent(c, now);
    check(c);
}

static enum conn_why expected_why(enum echo_end end)
{
    return end == ECHO_QUIT ? CONN_QUIT : end == ECHO_STOP ? CONN_STOP : CONN_EOF;
}

/* One vector, received in pieces of `in_step` and sent in pieces of `out_step`. */
static void run_vector(const struct vector *v, size_t in_step, size_t out_step)
{
    struct conn_rules rules = {.mode = v->mode, .dot_stop = v->dot_stop};
    struct conn c;
    uint64_t now = 1000;
    size_t i = 0;
    start(&c, &rules, now);

    while (conn_over(&c) == CONN_OPEN) {
        take(&c, SIZE_MAX, out_step, now);
        if (conn_fin_due(&c))
            fin(&c, now);
        else if (conn_room(&c) > 0 && i < v->in_len && v->in[i] == SILENCE) {
            now += CONN_SILENCE_MS;
            conn_expired(&c, now);
            check(&c);
            i++;
        } else if (conn_room(&c) > 0 && i < v->in_len) {
            uint8_t piece[64];
            size_t n = 0;
            while (n < in_step && n < conn_room(&c) && n < sizeof piece && i < v->in_len &&
                   v->in[i] != SILENCE)
                piece[n++] = (uint8_t)v->in[i++];
            conn_received(&c, piece, n, now);
            check(&c);
        } else if (conn_room(&c) > 0) {
            conn_ended(&c);
            check(&c);
        }
    }
    if (conn_over(&c) != expected_why(v->end) || got_len != v->out_len ||
        memcmp(got, v->out, got_len) != 0) {
        print_error("%s:%d: %s by %zu and %zu\n", VECTORS, v->row, v->name, in_step, out_step);
        fail();
    }
    assert_int_equal(c.bytes_out, v->out_len);
}

static void test_vectors_under_schedules(void **state)
{
    (void)state;
    size_t count;
    struct vector *vectors = vectors_read(VECTORS, &count);
    static const size_t steps[] = {1, 2, 3, 7, 64};
    for (size_t i = 0; i < count; i++)
        for (size_t a = 0; a < 5; a++)
            for (size_t b = 0; b < 5; b++)
                run_vector(&vectors[i], steps[a], steps[b]);
    free(vectors);
}

static void test_smallest_buffer(void **state)
{
    (void)state;
    uint8_t small[CONN_BUFFER_MIN];
    struct conn c;
    const uint8_t *bytes;
    conn_init(&c, &upper, small, sizeof small, 0);
    for (const char *at = "quit\r\n"; *at; at++) {
        assert_int_equal(conn_room(&c), 1);
        conn_received(&c, (const uint8_t *)at, 1, 0);
    }
    assert_int_equal(conn_owed(&c, &bytes), 10);
    assert_memory_equal(bytes, "Good bye\r\n", 10);

    conn_init(&c, &upper, small, sizeof small, 0);
    conn_received(&c, (const uint8_t *)"q", 1, 5);
    assert_int_equal(conn_deadline(&c), 5 + CONN_SILENCE_MS);
    conn_drain(&c, 5 + DRAIN_MS);
    assert_int_equal(conn_deadline(&c), 5 + CONN_QUIET_MS);
    conn_ended(&c);
    assert_int_equal(conn_owed(&c, &bytes), 1);
}

static void test_not_read_while_owed(void **state)
{
    (void)state;
    struct conn c;
    start(&c, &upper, 0);
    give(&c, "hello\n", 0);
    assert_int_equal(conn_room(&c), 0);
    take(&c, 5, 5, 0);
    assert_int_equal(conn_room(&c), 0);
    take(&c, 1, 1, 0);
    assert_int_equal(conn_room(&c), sizeof buffer - ECHO_LINE_SLACK);
    assert_got("HELLO\n");
}

static void test_end_of_input_sends_what_is_owed(void **state)
{
    (void)state;
    struct conn c;
    start(&c, &upper, 0);
    give(&c, "qui", 0);
    conn_ended(&c);
    check(&c);
    assert_int_equal(conn_over(&c), CONN_OPEN);
    take(&c, SIZE_MAX, 1, 2);
    assert_got("QUI");
    assert_int_equal(conn_over(&c), CONN_EOF);
    assert_int_equal(c.bytes_in, 3);
    assert_int_equal(c.bytes_out, 3);
}

static void test_quit_parts_with_a_fin_and_lingers(void **state)
{
    (void)state;
    struct conn c;
    start(&c, &upper, 0);
    give(&c, "quit\nmore", 0);
    assert_false(conn_fin_due(&c));
    take(&c, SIZE_MAX, 64, 10);
    assert_got("Good bye\n");
    fin(&c, 20);
    give(&c, "discarded", 30);
    assert_int_equal(conn_over(&c), CONN_OPEN);
    conn_ended(&c);
    check(&c);
    assert_int_equal(conn_over(&c), CONN_QUIT);
    assert_int_equal(c.bytes_in, 18);
    assert_int_equal(c.bytes_out, 9);
}

static void test_lingering_has_an_end(void **state)
{
    (void)state;
    struct conn c;
    start(&c, &upper, 0);
    give(&c, "quit\n", 0);
    take(&c, SIZE_MAX, 64, 0);
    fin(&c, 100);
    for (uint64_t now = 100; now < 100 + CONN_LINGER_MS; now += 100)
        give(&c, "flood", now); /* does not push the end away */
    expire(&c, 100 + CONN_LINGER_MS);
    assert_int_equal(conn_over(&c), CONN_QUIT);
}

static void test_lingering_reset_is_still_a_quit(void **state)
{
    (void)state;
    struct conn c;
    start(&c, &upper, 0);
    give(&c, "quit\n", 0);
    take(&c, SIZE_MAX, 64, 0);
    fin(&c, 0);
    conn_lost(&c);
    check(&c);
    assert_int_equal(conn_over(&c), CONN_QUIT);
}

static void test_silence(void **state)
{
    (void)state;
    struct conn c;
    start(&c, &upper, 0);
    give(&c, "hello\n", 0);
    take(&c, SIZE_MAX, 64, 0);
    assert_int_equal(conn_deadline(&c), upper.idle_ms); /* nothing held: no silence to wait for */
    give(&c, "qu", 100);
    expire(&c, 100 + CONN_SILENCE_MS);
    take(&c, SIZE_MAX, 64, 400);
    assert_got("HELLO\nQU");
    give(&c, "it\nquit", 500);
    take(&c, SIZE_MAX, 64, 500);
    expire(&c, 500 + CONN_SILENCE_MS);
    take(&c, SIZE_MAX, 64, 800);
    assert_got("HELLO\nQUIT\nGood bye\n");
    fin(&c, 800);
}

static void test_silence_restarts_with_each_byte(void **state)
{
    (void)state;
    struct conn c;
    start(&c, &upper, 0);
    give(&c, "q", 0);
    give(&c, "u", 199);
    expire(&c, 199 + CONN_SILENCE_MS);
    take(&c, SIZE_MAX, 64, 400);
    assert_got("QU");
}

/* While the client does not take its reply nobody listens to it: that is not its silence. */
static void test_no_silence_while_owed(void **state)
{
    (void)state;
    struct conn c;
    start(&c, &upper, 0);
    give(&c, "x\nqu", 0);
    assert_int_equal(conn_deadline(&c), upper.idle_ms);
    take(&c, SIZE_MAX, 64, 900);
    assert_int_equal(conn_deadline(&c), 900 + CONN_SILENCE_MS);
    give(&c, "it\n", 950);
    take(&c, SIZE_MAX, 64, 950);
    assert_got("X\nGood bye\n");
}

static void test_idle(void **state)
{
    (void)state;
    struct conn c;
    start(&c, &upper, 5000);
    expire(&c, 5000 + upper.idle_ms);
    assert_int_equal(conn_over(&c), CONN_IDLE);

    start(&c, &upper, 0); /* a byte taken counts as well as a byte sent */
    give(&c, "hello\n", 600);
    take(&c, 1, 1, 1500);
    expire(&c, 1500 + upper.idle_ms);
    assert_int_equal(conn_over(&c), CONN_IDLE);
}

static void test_shortest_idle_limit(void **state)
{
    (void)state;
    struct conn_rules rules = {.mode = ECHO_VERBATIM, .idle_ms = 1};
    struct conn c;
    start(&c, &rules, 100);
    expire(&c, 101);
    assert_int_equal(conn_over(&c), CONN_IDLE);
}

static void test_no_idle_limit(void **state)
{
    (void)state;
    struct conn_rules rules = {.mode = ECHO_VERBATIM};
    struct conn c;
    start(&c, &rules, 0);
    assert_true(conn_deadline(&c) == CONN_NEVER);
    conn_expired(&c, UINT64_MAX - 1);
    assert_int_equal(conn_over(&c), CONN_OPEN);
}

static void test_never_reader_ends_by_idle(void **state)
{
    (void)state;
    struct conn c;
    start(&c, &upper, 0);
    give(&c, "quit\n", 0);
    expire(&c, upper.idle_ms);
    assert_int_equal(conn_over(&c), CONN_IDLE); /* it was never told good bye */
}

static const struct conn_rules proxied = {.mode = ECHO_UPPER, .idle_ms = 1000, .header = true};

static void test_header_comes_first(void **state)
{
    (void)state;
    struct conn c;
    start(&c, &upper, 0);
    assert_false(conn_awaits_header(&c));

    start(&c, &proxied, 0);
    assert_true(conn_awaits_header(&c));
    conn_expired(&c, proxied.idle_ms); /* no idle limit yet */
    conn_begin(&c, &proxied, 1500);
    check(&c);
    assert_int_equal(conn_deadline(&c), 1500 + proxied.idle_ms);
    assert_false(conn_awaits_header(&c));
    give(&c, "hello\n", 1500);
    take(&c, SIZE_MAX, 64, 1600);
    assert_got("HELLO\n");
    assert_int_equal(c.bytes_in, 6);
    expire(&c, 1600 + proxied.idle_ms);
    assert_int_equal(conn_over(&c), CONN_IDLE);
}

/* However the header does not come, nothing is owed. */
static void test_no_header(void **state)
{
    (void)state;
    const struct conn_rules forever = {.mode = ECHO_UPPER, .header = true};
    struct conn c;
    start(&c, &forever, 100);
    expire(&c, 100 + CONN_HEADER_MS); /* even without an idle limit */
    assert_int_equal(conn_over(&c), CONN_HEADER);

    start(&c, &proxied, 0);
    conn_refuse(&c);
    check(&c);
    assert_int_equal(conn_over(&c), CONN_HEADER);

    start(&c, &proxied, 0);
    conn_ended(&c);
    check(&c);
    assert_int_equal(conn_over(&c), CONN_EOF);

    start(&c, &proxied, 0);
    conn_lost(&c);
    check(&c);
    assert_int_equal(conn_over(&c), CONN_RESET);

    start(&c, &proxied, 0);
    conn_drain(&c, DRAIN_MS);
    expire(&c, CONN_QUIET_MS);
    assert_int_equal(conn_over(&c), CONN_DRAIN);
    assert_int_equal(c.bytes_in + c.bytes_out, 0);
}

static void test_reset(void **state)
{
    (void)state;
    struct conn c;
    start(&c, &upper, 0);
    give(&c, "hello\n", 0);
    conn_lost(&c);
    check(&c);
    assert_int_equal(conn_over(&c), CONN_RESET);
    conn_expired(&c, 1000000);
    assert_int_equal(conn_over(&c), CONN_RESET);
}

static void test_drain_of_an_idle_client_is_at_once(void **state)
{
    (void)state;
    struct conn c;
    start(&c, &upper, 0);
    conn_drain(&c, 900 + DRAIN_MS);
    assert_true(conn_deadline(&c) <= 900);
    conn_expired(&c, 900);
    check(&c);
    assert_int_equal(conn_over(&c), CONN_DRAIN);
}

static void test_drain_lets_a_busy_client_go_on(void **state)
{
    (void)state;
    struct conn c;
    start(&c, &upper, 0);
    give(&c, "one\n", 100);
    conn_drain(&c, 100 + DRAIN_MS);
    take(&c, SIZE_MAX, 64, 110);
    give(&c, "two\nqu", 120); /* was on its way */
    take(&c, SIZE_MAX, 64, 130);
    expire(&c, 130 + CONN_QUIET_MS);
    take(&c, SIZE_MAX, 64, 200); /* what was held is owed too */
    assert_got("ONE\nTWO\nQU");
    assert_int_equal(conn_over(&c), CONN_DRAIN);
}

static void test_drain_ends_in_time(void **state)
{
    (void)state;
    struct conn c;
    start(&c, &upper, 0);
    give(&c, "hello\n", 100);
    conn_drain(&c, 100 + DRAIN_MS);
    conn_drain(&c, 300 + DRAIN_MS); /* a second request does not push it away */
    expire(&c, 100 + DRAIN_MS);
    assert_int_equal(conn_over(&c), CONN_DRAIN);
}

static void test_no_flood_puts_off_the_end(void **state)
{
    (void)state;
    struct conn c;
    start(&c, &upper, 0);
    conn_drain(&c, DRAIN_MS);
    uint64_t now = 0;
    for (; conn_over(&c) == CONN_OPEN && now < 10000; now += 10) {
        give(&c, "flood\n", now);
        take(&c, SIZE_MAX, 64, now);
    }
    assert_int_equal(conn_over(&c), CONN_DRAIN);
    assert_int_equal(now, DRAIN_MS + 10);

    start(&c, &upper, 0);
    give(&c, "quit\n", 0);
    take(&c, SIZE_MAX, 64, 0);
    fin(&c, 0);
    for (now = 0; conn_over(&c) == CONN_OPEN && now < 10000; now += 10)
        give(&c, "flood\n", now);
    assert_int_equal(conn_over(&c), CONN_QUIT);
    assert_int_equal(now, CONN_LINGER_MS + 10);
}

static void test_drain_of_a_lingering_client(void **state)
{
    (void)state;
    struct conn c;
    start(&c, &upper, 0);
    give(&c, "quit\n", 0);
    take(&c, SIZE_MAX, 64, 0);
    fin(&c, 0);
    conn_drain(&c, 10 + DRAIN_MS);
    expire(&c, CONN_QUIET_MS);
    assert_int_equal(conn_over(&c), CONN_QUIT);
}

/* What is owed goes along; room is the new buffer's. */
static void test_move(void **state)
{
    (void)state;
    static uint8_t small[CONN_BUFFER_MIN + 2];
    const uint8_t *bytes;
    struct conn c;
    start(&c, &upper, 0);
    give(&c, "hello, world\n", 1);
    take(&c, 3, 3, 2);
    conn_move(&c, small, sizeof small);
    memset(buffer, '?', sizeof buffer);
    assert_int_equal(conn_owed(&c, &bytes), 10);
    assert_ptr_equal(bytes, small);
    assert_memory_equal(bytes, "LO, WORLD\n", 10);
    conn_sent(&c, 10, 3);
    assert_int_equal(conn_room(&c), sizeof small - ECHO_LINE_SLACK);
    conn_received(&c, (const uint8_t *)"qu", 2, 4); /* what the engine holds is not in the buffer */
    conn_move(&c, buffer, sizeof buffer);
    conn_ended(&c);
    got_len = 0;
    take(&c, SIZE_MAX, SIZE_MAX, 5);
    assert_got("QU");
    assert_int_equal(conn_over(&c), CONN_EOF);
}

/* The bounds of the contract are within it. Nothing is written beyond what is owed, so the largest
 * buffer need not be there. */
static void test_tightest_and_largest_buffer(void **state)
{
    (void)state;
    static uint8_t tight[13];
    const uint8_t *bytes;
    struct conn c;
    start(&c, &upper, 0);
    give(&c, "hello, world\n", 1);
    conn_move(&c, tight, sizeof tight);
    assert_int_equal(conn_owed(&c, &bytes), sizeof tight);
    assert_memory_equal(bytes, "HELLO, WORLD\n", sizeof tight);
    conn_move(&c, buffer, UINT32_MAX);
    take(&c, SIZE_MAX, SIZE_MAX, 2);
    assert_got("HELLO, WORLD\n");
    assert_true(conn_room(&c) == UINT32_MAX - ECHO_LINE_SLACK);
    conn_init(&c, &upper, buffer, UINT32_MAX, 0);
    assert_true(conn_room(&c) == UINT32_MAX - ECHO_LINE_SLACK);
}

static void test_cut(void **state)
{
    (void)state;
    const uint8_t *bytes;
    struct conn c;
    start(&c, &upper, 0);
    give(&c, "hello\n", 1);
    conn_cut(&c);
    check(&c);
    assert_int_equal(conn_over(&c), CONN_DRAIN);
    assert_int_equal(conn_owed(&c, &bytes), 0);
    start(&c, &upper, 0);
    give(&c, "quit\n", 1);
    take(&c, SIZE_MAX, SIZE_MAX, 1);
    conn_cut(&c);
    assert_int_equal(conn_over(&c), CONN_QUIT); /* all of that was sent */
}

static void test_a_used_one_starts_afresh(void **state)
{
    (void)state;
    struct conn c;
    memset(&c, 0xA5, sizeof c);
    start(&c, &upper, 0);
    give(&c, "quit", 0);
    start(&c, &upper, 7);
    give(&c, "it\n", 8);
    take(&c, SIZE_MAX, 64, 8);
    assert_got("IT\n");
    assert_int_equal(c.bytes_in, 3);
    assert_int_equal(conn_deadline(&c), 8 + upper.idle_ms);
}

/* Each breach starts from a connection with something owed, or with nothing. */
static struct conn breached;

static void receive_nothing(void)
{
    conn_received(&breached, (const uint8_t *)"", 0, 0);
}

static void receive_too_much(void)
{
    static const uint8_t bytes[sizeof buffer];
    conn_received(&breached, bytes, sizeof buffer - ECHO_LINE_SLACK + 1, 0);
}

static void receive_before_the_header(void)
{
    struct conn c;
    start(&c, &proxied, 0);
    conn_received(&c, (const uint8_t *)"x", 1, 0);
}

static void begin_without_a_header(void)
{
    struct conn c;
    start(&c, &upper, 0);
    conn_begin(&c, &upper, 0);
}

static void refuse_after_the_header(void)
{
    struct conn c;
    start(&c, &proxied, 0);
    conn_begin(&c, &proxied, 0);
    conn_refuse(&c);
}

static void end_while_owed(void)
{
    give(&breached, "hello\n", 0);
    conn_ended(&breached);
}

static void send_too_much(void)
{
    give(&breached, "hello\n", 0);
    take(&breached, 1, 1, 0);
    conn_sent(&breached, 6, 0);
}

static void send_nothing(void)
{
    give(&breached, "hello\n", 0);
    conn_sent(&breached, 0, 0);
}

static void fin_out_of_turn(void)
{
    conn_fin_sent(&breached, 0);
}

static void too_small_a_buffer(void)
{
    conn_init(&breached, &upper, buffer, CONN_BUFFER_MIN - 1, 0);
}

static void move_to_too_small_a_buffer(void)
{
    give(&breached, "hello, hello\n", 0);
    conn_move(&breached, got, CONN_BUFFER_MIN);
}

static void test_breaches_abort(void **state)
{
    (void)state;
    start(&breached, &upper, 0);
    assert_aborts(receive_nothing);
    assert_aborts(receive_too_much);
    assert_aborts(receive_before_the_header);
    assert_aborts(begin_without_a_header);
    assert_aborts(refuse_after_the_header);
    assert_aborts(end_while_owed);
    assert_aborts(send_too_much);
    assert_aborts(send_nothing);
    assert_aborts(fin_out_of_turn);
    assert_aborts(too_small_a_buffer);
    assert_aborts(move_to_too_small_a_buffer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_vectors_under_schedules),
        cmocka_unit_test(test_smallest_buffer),
        cmocka_unit_test(test_not_read_while_owed),
        cmocka_unit_test(test_end_of_input_sends_what_is_owed),
        cmocka_unit_test(test_quit_parts_with_a_fin_and_lingers),
        cmocka_unit_test(test_lingering_has_an_end),
        cmocka_unit_test(test_lingering_reset_is_still_a_quit),
        cmocka_unit_test(test_silence),
        cmocka_unit_test(test_silence_restarts_with_each_byte),
        cmocka_unit_test(test_no_silence_while_owed),
        cmocka_unit_test(test_idle),
        cmocka_unit_test(test_shortest_idle_limit),
        cmocka_unit_test(test_no_idle_limit),
        cmocka_unit_test(test_never_reader_ends_by_idle),
        cmocka_unit_test(test_header_comes_first),
        cmocka_unit_test(test_no_header),
        cmocka_unit_test(test_reset),
        cmocka_unit_test(test_drain_of_an_idle_client_is_at_once),
        cmocka_unit_test(test_drain_lets_a_busy_client_go_on),
        cmocka_unit_test(test_drain_ends_in_time),
        cmocka_unit_test(test_no_flood_puts_off_the_end),
        cmocka_unit_test(test_drain_of_a_lingering_client),
        cmocka_unit_test(test_move),
        cmocka_unit_test(test_tightest_and_largest_buffer),
        cmocka_unit_test(test_cut),
        cmocka_unit_test(test_a_used_one_starts_afresh),
        cmocka_unit_test(test_breaches_abort),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
