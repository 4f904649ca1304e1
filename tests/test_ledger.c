/* test_ledger.c - the client's account: right replies in every cut, and every kind of wrong one. */
#include "connection/ledger.h"
#include "support/drive.h"
#include "support/judge.h"
#include "support/model.h"
#include "support/vectors.h"

#include "support/test.h"

#include <stdlib.h>
#include <string.h>

static uint8_t buffer[4096];
static struct ledger l;

static void start(unsigned modes)
{
    memset(&l, 0xA5, sizeof l);
    memset(buffer, 'X', sizeof buffer); /* not to be taken for something sent */
    ledger_init(&l, modes, buffer, sizeof buffer);
}

static void put(const uint8_t *bytes, size_t n)
{
    uint8_t *at;
    assert_true(ledger_room(&l, &at) >= n);
    memcpy(at, bytes, n);
    ledger_put(&l, n);
}

/* Puts and sends. */
static void send_text(const char *text)
{
    const uint8_t *bytes;
    put((const uint8_t *)text, strlen(text));
    assert_int_equal(ledger_unsent(&l, &bytes), strlen(text));
    assert_memory_equal(bytes, text, strlen(text));
    ledger_sent(&l, strlen(text));
}

static void assert_right(const char *reply)
{
    assert_int_equal(ledger_reply(&l, (const uint8_t *)reply, strlen(reply)), strlen(reply));
}

static void assert_wrong(const char *reply, uint64_t offset, int expected, int or_expected)
{
    size_t right = ledger_reply(&l, (const uint8_t *)reply, strlen(reply));
    assert_true(right < strlen(reply));
    assert_int_equal(l.fault.offset, offset);
    assert_int_equal(l.fault.got, reply[right]);
    assert_int_equal(l.fault.expected, expected);
    assert_int_equal(l.fault.or_expected, or_expected);
}

enum { UPPER = MODES_ONLY(ECHO_UPPER), VERBATIM = MODES_ONLY(ECHO_VERBATIM) };

/* What the protocol says comes back must be accepted, whether it comes whole or byte by byte. */
static void test_vectors_are_right(void **state)
{
    (void)state;
    size_t count;
    struct vector *vectors = vectors_read(VECTORS, &count);
    for (size_t i = 0; i < count; i++) {
        const struct vector *v = &vectors[i];
        if (v->end == ECHO_STOP)
            continue; /* a stopping server may leave bytes unanswered: short, not wrong */
        uint8_t in[256];
        size_t n = 0;
        for (size_t b = 0; b < v->in_len; b++)
            if (v->in[b] != SILENCE)
                in[n++] = (uint8_t)v->in[b];
        for (int mode_known = 0; mode_known < 2; mode_known++)
            for (size_t step = 1; step <= 300; step += 299) {
                start(mode_known ? MODES_ONLY(v->mode) : MODES_ALL);
                put(in, n);
                ledger_sent(&l, n);
                for (size_t b = 0; b < v->out_len; b += step) {
                    size_t part = v->out_len - b < step ? v->out_len - b : step;
                    if (ledger_reply(&l, v->out + b, part) != part) {
                        print_error("%s:%d: %s: refused at %d\n", VECTORS, v->row, v->name,
                                    (int)l.fault.offset);
                        fail();
                    }
                }
                assert_int_equal(ledger_owed(&l), 0);
                assert_int_equal(ledger_back_total(&l), v->out_len);
                assert_int_equal(ledger_parted(&l), v->end == ECHO_QUIT);
            }
    }
    free(vectors);
}

/* A bit flipped anywhere in a reply is found where it is. */
static void test_every_flipped_bit_is_found(void **state)
{
    (void)state;
    static const char sent[] = "Hello, world\nquit\r\n", owed[] = "HELLO, WORLD\nGood bye\r\n";
    for (size_t at = 0; at < sizeof owed - 1; at++)
        for (int bit = 0; bit < 8; bit++) {
            char reply[sizeof owed];
            memcpy(reply, owed, sizeof owed);
            reply[at] = (char)(reply[at] ^ 1 << bit);
            start(UPPER);
            send_text(sent);
            size_t right = ledger_reply(&l, (const uint8_t *)reply, sizeof owed - 1);
            assert_int_equal(right, at);
            assert_int_equal(l.fault.offset, at);
            assert_int_equal(l.fault.got, (uint8_t)reply[at]);
        }
}

static void test_wrong_byte(void **state)
{
    (void)state;
    start(UPPER);
    send_text("hello\n");
    assert_wrong("HELXO\n", 3, 'L', -1);
    start(VERBATIM);
    send_text("hello\n");
    assert_wrong("HELLO\n", 0, 'h', -1);
}

static void test_extra_bytes(void **state)
{
    (void)state;
    start(UPPER);
    assert_wrong("X", 0, -1, -1); /* nothing was sent at all */
    start(UPPER);
    send_text("a\n");
    assert_right("A\n");
    assert_wrong("A\n", 2, -1, -1); /* a line twice */
}

static void test_echo_of_what_is_not_sent_yet(void **state)
{
    (void)state;
    start(UPPER);
    put((const uint8_t *)"ab", 2);
    ledger_sent(&l, 1);
    assert_wrong("AB", 1, -1, -1);
}

static void test_owed_counts_down(void **state)
{
    (void)state;
    start(UPPER);
    assert_int_equal(ledger_owed(&l), 0);
    send_text("hello\n");
    assert_int_equal(ledger_owed(&l), 6);
    assert_right("HELL");
    assert_int_equal(ledger_owed(&l), 2);
    assert_right("O\n");
    assert_int_equal(ledger_owed(&l), 0);
    assert_int_equal(ledger_sent_total(&l), 6);
    assert_int_equal(ledger_back_total(&l), 6);
}

static void test_auto_decides_at_the_first_difference(void **state)
{
    (void)state;
    start(MODES_ALL);
    send_text("12 ABc d\n");
    assert_right("12 AB"); /* both modes so far */
    assert_right("C");     /* upper, from here on */
    assert_wrong(" d", 7, 'D', -1);
    start(MODES_ALL);
    send_text("12 ABc d\n");
    assert_right("12 ABc");
    assert_wrong(" D", 7, 'd', -1);
    start(MODES_ALL);
    send_text("12c\n");
    assert_wrong("12x", 2, 'C', 'c');
}

static void test_good_bye_ends_the_account(void **state)
{
    (void)state;
    start(UPPER);
    send_text("quit\nmore\n");
    assert_right("Good bye\n");
    assert_true(ledger_parted(&l));
    assert_int_equal(ledger_owed(&l), 0);
    assert_wrong("M", 9, -1, -1);
    start(UPPER);
    send_text("quit\nmore\n");
    assert_wrong("Good bye\nQUIT\n", 9, -1, -1);
}

static void test_good_bye_in_auto_means_upper(void **state)
{
    (void)state;
    start(MODES_ALL);
    send_text("12\nquit\n");
    assert_right("12\nGood bye\n");
    assert_true(ledger_parted(&l));
}

static void test_quit_may_come_back_as_a_line(void **state)
{
    (void)state;
    start(UPPER);
    send_text("quit\nhi\n");
    assert_right("QUIT\nHI\n");
    assert_false(ledger_parted(&l));
    assert_int_equal(ledger_owed(&l), 0);
}

static void test_good_bye_only_for_quit(void **state)
{
    (void)state;
    static const char *const lines[] = {"quits\n", "quit \n", "quit\rx\n",
                                        "xquit\n", "good\n",  "qui\n"};
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        start(UPPER);
        send_text(lines[i]);
        assert_wrong("Good bye\n", lines[i][0] == 'g' ? 1 : 0,
                     lines[i][0] == 'g' ? 'O' : lines[i][0] - 32, -1);
    }
    start(VERBATIM);
    send_text("quit\n");
    assert_wrong("Good bye\n", 0, 'q', -1);
}

/* Where the rest of a line was sent after its `quit`, the server may have heard a silence between.
 */
static void test_good_bye_where_quit_was_cut_off(void **state)
{
    (void)state;
    start(UPPER);
    send_text("hi\nquit");
    send_text("s\n");
    assert_right("HI\nGood bye\n");
    assert_true(ledger_parted(&l));
    start(UPPER);
    send_text("quit\r");
    send_text("x\n");
    assert_right("Good bye\r\n");
    start(UPPER);
    send_text("quit");
    send_text("\rx\n");
    assert_right("Good bye\n");
    start(UPPER);
    send_text("quit");
    send_text("s\n");
    assert_right("QUITS\n"); /* or it had not */
    start(UPPER);
    send_text("xquit");
    send_text("s\n");
    assert_wrong("Good bye\n", 0, 'X', -1);
    start(UPPER);
    send_text("quit\rx");
    send_text("\n");
    assert_wrong("Good bye\n", 0, 'Q', -1);
    start(UPPER);
    send_text("quit");
    send_text("s\nquits\n");
    assert_right("QUITS\n");
    assert_wrong("Good bye\n", 6, 'Q', -1); /* the second one was not cut */
}

static void test_left_over_after_good_bye(void **state)
{
    (void)state;
    start(UPPER);
    send_text("hi\nquit\r\n");
    assert_right("HI\n");
    put((const uint8_t *)"and more", 8);
    assert_int_equal(ledger_left_over(&l), 0); /* it may still be echoed */
    assert_right("Good bye\r\n");
    assert_int_equal(ledger_left_over(&l), 8);
    start(UPPER);
    send_text("quit");
    assert_right("Good bye\n");
    assert_int_equal(ledger_left_over(&l), 0);
    start(UPPER);
    send_text("quit\n");
    assert_right("Good bye\n");
    assert_int_equal(ledger_left_over(&l), 0);
}

/* What is put but not sent yet cannot have been answered. */
static void test_good_bye_before_quit_is_sent(void **state)
{
    (void)state;
    start(UPPER);
    put((const uint8_t *)"quit\n", 5);
    ledger_sent(&l, 3);
    assert_wrong("G", 0, 'Q', -1);
    start(UPPER);
    put((const uint8_t *)"quit\r\n", 6);
    ledger_sent(&l, 4);
    assert_wrong("Good bye\r", 8, '\n', -1);
}

/* Once the server takes leave, what is sent meanwhile changes nothing. */
static void test_good_bye_crosses_more_input(void **state)
{
    (void)state;
    start(UPPER);
    send_text("quit");
    assert_right("G");
    send_text("s\n");
    assert_right("ood bye\n");
    assert_true(ledger_parted(&l));
}

static void test_good_bye_ending(void **state)
{
    (void)state;
    start(UPPER);
    send_text("quit\r\n");
    assert_right("Good bye\n"); /* a silence may have come before the CR */
    start(UPPER);
    send_text("quit\n");
    assert_wrong("Good bye\r\n", 8, '\n', -1);
    start(UPPER);
    send_text("quit\r\n");
    assert_wrong("Good bye\r\r\n", 9, '\n', -1);
    start(UPPER);
    send_text("quit\r\n");
    assert_wrong("Good byeX", 8, '\n', '\r');
    start(UPPER);
    send_text("quit");
    assert_right("Good bye\n");
}

static void test_good_bye_cut_short_is_still_owed(void **state)
{
    (void)state;
    start(UPPER);
    send_text("quit\n");
    assert_right("Good");
    assert_true(ledger_owed(&l) > 0);
    assert_false(ledger_parted(&l));
}

static void test_anything_compares_nothing(void **state)
{
    (void)state;
    start(UPPER);
    assert_int_not_equal(ledger_modes(&l), MODES_NONE);
    start(MODES_NONE);
    assert_int_equal(ledger_modes(&l), MODES_NONE);
    assert_right("banner");
    send_text("hello\n");
    assert_right("whatever");
    assert_int_equal(ledger_owed(&l), 0);
    assert_int_equal(ledger_back_total(&l), 14);
    assert_false(ledger_parted(&l));
}

/* A long stream through a small buffer, put, sent and echoed in uneven pieces. */
static void test_stream_longer_than_the_buffer(void **state)
{
    (void)state;
    enum { SMALL = 17 };
    uint8_t *small = malloc(SMALL), *at;
    assert_non_null(small);
    uint64_t in = 0, sent = 0, back = 0;
    const uint64_t total = 100000;
    ledger_init(&l, UPPER, small, SMALL);
    while (back < total) {
        const uint8_t *bytes;
        size_t room = ledger_room(&l, &at), n = room < 7 ? room : 7;
        assert_true(room > 0 || sent > back); /* never stuck */
        for (size_t i = 0; i < n && in < total; i++, in++) {
            at[i] = (uint8_t)('a' + in % 23);
            ledger_put(&l, 1);
        }
        size_t unsent = ledger_unsent(&l, &bytes);
        assert_int_equal(unsent, in - sent);
        for (size_t i = 0; i < unsent; i++)
            assert_int_equal(bytes[i], 'a' + (sent + i) % 23);
        n = unsent < 5 ? unsent : 5;
        ledger_sent(&l, n);
        sent += n;
        for (int i = 0; i < 4 && back < sent; i++, back++) {
            uint8_t c = (uint8_t)('A' + back % 23);
            assert_int_equal(ledger_reply(&l, &c, 1), 1);
        }
        assert_int_equal(ledger_owed(&l), sent - back);
    }
    assert_int_equal(ledger_sent_total(&l), total);
    assert_int_equal(ledger_back_total(&l), total);
    free(small);
}

/* Room comes free when nothing is left, or at least half of it; not byte by byte. */
static void test_room(void **state)
{
    (void)state;
    uint8_t *memory = malloc(16), *at;
    assert_non_null(memory);
    ledger_init(&l, VERBATIM, memory, 16);
    assert_int_equal(ledger_room(&l, &at), 16);
    assert_ptr_equal(at, memory);
    memcpy(at, "0123456789abcdef", 16);
    ledger_put(&l, 16);
    ledger_sent(&l, 14);
    assert_right("0123456");
    assert_int_equal(ledger_room(&l, &at), 0);
    assert_right("7");
    assert_int_equal(ledger_room(&l, &at), 8);
    assert_ptr_equal(at, memory + 8);
    assert_right("89abcd");
    ledger_sent(&l, 2);
    assert_right("ef");
    assert_int_equal(ledger_room(&l, &at), 16);
    free(memory);
}

/* Longer than what is compared in one go, with a wrong byte at every place that may matter. */
static void test_wrong_byte_in_a_long_reply(void **state)
{
    (void)state;
    enum { N = 3 * 4096 + 5 };
    static uint8_t memory[N], sent[N], reply[N];
    static const size_t places[] = {0,    1,    4094, 4095,  4096,  4097,
                                    8191, 8192, 8193, 12287, 12288, N - 1};
    static const size_t steps[] = {N, 4096, 4095, 1000};
    for (size_t i = 0; i < N; i++) {
        sent[i] = (uint8_t)(i * 7 % 251);
        reply[i] = (uint8_t)(sent[i] >= 'a' && sent[i] <= 'z' ? sent[i] - 32 : sent[i]);
    }
    for (size_t p = 0; p <= sizeof places / sizeof places[0]; p++)
        for (size_t s = 0; s < sizeof steps / sizeof steps[0]; s++) {
            size_t wrong = p < sizeof places / sizeof places[0] ? places[p] : N, right = 0, n = 0;
            uint8_t *at;
            ledger_init(&l, UPPER, memory, sizeof memory);
            assert_int_equal(ledger_room(&l, &at), N);
            memcpy(at, sent, N);
            ledger_put(&l, N);
            ledger_sent(&l, N);
            if (wrong < N)
                reply[wrong] ^= 0x80;
            for (size_t accepted = n; right < N && accepted == n; right += accepted) {
                n = N - right < steps[s] ? N - right : steps[s];
                accepted = ledger_reply(&l, reply + right, n);
            }
            assert_int_equal(right, wrong);
            if (wrong < N) {
                reply[wrong] ^= 0x80;
                assert_int_equal(l.fault.offset, wrong);
                assert_int_equal(l.fault.expected, reply[wrong]);
            }
        }
}

/* One reply in one cut: as many right bytes as the judge finds. */
static void check_judged(unsigned modes, const uint8_t *sent, size_t n, const uint8_t *reply,
                         size_t m, size_t step)
{
    size_t half = n > 1 ? n / 2 : 1, right = 0, part, accepted;
    size_t expected = judge(modes, sent, n, half, reply, m);
    start(modes);
    put(sent, n);
    for (size_t at = 0; at < n; at += half)
        ledger_sent(&l, n - at < half ? n - at : half);
    do {
        part = m - right < step ? m - right : step;
        uint8_t *piece = malloc(part ? part : 1); /* of exactly that length, for a sanitizer */
        assert_non_null(piece);
        memcpy(piece, reply + right, part);
        accepted = ledger_reply(&l, piece, part);
        free(piece);
        right += accepted;
    } while (accepted == part && right < m);
    if (right != expected) {
        print_error("modes %x, sent '%.*s', reply '%.*s', by %zu: %zu right, expected %zu\n", modes,
                    (int)n, (const char *)sent, (int)m, (const char *)reply, step, right, expected);
        fail();
    }
    if (right < m)
        assert_true(l.fault.offset == right && l.fault.got == reply[right] &&
                    l.fault.expected != l.fault.got && l.fault.or_expected != l.fault.got);
    else
        assert_true(ledger_parted(&l) || ledger_owed(&l) > 0 || m == n);
}

/* Every short input after each opening, answered by each kind of server, with every byte of the
 * answer changed in every way that may matter, cut short and drawn out. */
static void check_answers(const uint8_t *sent, size_t n)
{
    static const uint8_t changes[] = {'G', 'o', 'Q', 'q', 'X', 'x', '\r', '\n', 'u'};
    static const unsigned sets[] = {UPPER, VERBATIM, MODES_ALL};
    struct session answer[3];
    uint8_t out[3][64];
    token in[32];
    for (size_t i = 0; i < n; i++)
        in[i] = sent[i];
    for (int a = 0; a < 3; a++) {
        answer[a] = (struct session){.out = out[a], .room = sizeof out[a]};
        model(&answer[a], a == 1 ? ECHO_VERBATIM : ECHO_UPPER, false, in, n);
    }
    echo_mode_map(ECHO_UPPER, out[2], sent, n); /* who knows no quit */
    answer[2].len = n;
    for (int a = 0; a < 3; a++) {
        size_t m = answer[a].len;
        memcpy(out[a] + m, "X", 1); /* one too many */
        for (size_t set = 0; set < 3; set++)
            for (size_t step = 1; step <= 64; step += 63) {
                check_judged(sets[set], sent, n, out[a], m, step);
                check_judged(sets[set], sent, n, out[a], m + 1, step);
                for (size_t at = 0; at < m; at++) {
                    uint8_t right = out[a][at];
                    for (size_t c = 0; c < sizeof changes; c++) {
                        out[a][at] = changes[c];
                        check_judged(sets[set], sent, n, out[a], m, step);
                    }
                    out[a][at] = right;
                }
            }
    }
}

static void test_every_short_exchange_as_the_judge_says(void **state)
{
    (void)state;
    static const char *const openings[] = {"",     "quit",   "a\nquit", "xuit", "xquit",
                                           "quix", "QuIt\r", "G",       "1\n2"};
    static const uint8_t alphabet[] = {'q', 't', '\r', '\n', 'x', 'Z'};
    for (size_t o = 0; o < sizeof openings / sizeof openings[0]; o++)
        for (unsigned length = 0, count = 1; length <= 3; length++, count *= sizeof alphabet)
            for (unsigned word = 0; word < count; word++) {
                uint8_t sent[32];
                size_t n = strlen(openings[o]);
                memcpy(sent, openings[o], n);
                for (unsigned i = 0, rest = word; i < length; i++, rest /= sizeof alphabet)
                    sent[n++] = alphabet[rest % sizeof alphabet];
                check_answers(sent, n);
            }
}

static void put_too_much(void)
{
    uint8_t *at;
    ledger_put(&l, ledger_room(&l, &at) + 1);
}

static void send_too_much(void)
{
    ledger_sent(&l, 2);
    ledger_sent(&l, 2);
}

static void no_buffer(void)
{
    ledger_init(&l, UPPER, buffer, 0);
}

static void test_breaches_abort(void **state)
{
    (void)state;
    start(UPPER);
    put((const uint8_t *)"abc", 3);
    assert_aborts(put_too_much);
    assert_aborts(send_too_much);
    assert_aborts(no_buffer);
}

static void test_smallest_buffer(void **state)
{
    (void)state;
    uint8_t one, *at;
    ledger_init(&l, UPPER, &one, 1);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(ledger_room(&l, &at), 1);
        *at = 'a';
        ledger_put(&l, 1);
        ledger_sent(&l, 1);
        assert_int_equal(ledger_room(&l, &at), 0);
        assert_right("A");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_vectors_are_right),
        cmocka_unit_test(test_every_flipped_bit_is_found),
        cmocka_unit_test(test_wrong_byte),
        cmocka_unit_test(test_extra_bytes),
        cmocka_unit_test(test_echo_of_what_is_not_sent_yet),
        cmocka_unit_test(test_owed_counts_down),
        cmocka_unit_test(test_auto_decides_at_the_first_difference),
        cmocka_unit_test(test_good_bye_ends_the_account),
        cmocka_unit_test(test_good_bye_in_auto_means_upper),
        cmocka_unit_test(test_quit_may_come_back_as_a_line),
        cmocka_unit_test(test_good_bye_only_for_quit),
        cmocka_unit_test(test_good_bye_where_quit_was_cut_off),
        cmocka_unit_test(test_left_over_after_good_bye),
        cmocka_unit_test(test_good_bye_before_quit_is_sent),
        cmocka_unit_test(test_good_bye_crosses_more_input),
        cmocka_unit_test(test_good_bye_ending),
        cmocka_unit_test(test_good_bye_cut_short_is_still_owed),
        cmocka_unit_test(test_anything_compares_nothing),
        cmocka_unit_test(test_stream_longer_than_the_buffer),
        cmocka_unit_test(test_room),
        cmocka_unit_test(test_smallest_buffer),
        cmocka_unit_test(test_wrong_byte_in_a_long_reply),
        cmocka_unit_test(test_every_short_exchange_as_the_judge_says),
        cmocka_unit_test(test_breaches_abort),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
