/* test_proxy.c - every vector of PROXY headers, whole, byte by byte, cut in two everywhere and
 * flush against a page that must not be touched; and the model against them too. */
#include "connection/proxy.h"
#include "support/guard.h"
#include "support/proxy_model.h"
#include "support/proxy_vectors.h"

#include "support/test.h"

#include <stdlib.h>
#include <string.h>

static struct proxy_vector v;

/* What came of an input, and where: as in the table. */
struct outcome {
    enum proxy_state state;
    size_t at;
    struct proxy_client client;
};

static void check(const struct outcome *o, const char *how)
{
    const struct proxy_client *c = &o->client;
    if (o->state == v.outcome && (o->state == PROXY_MORE || o->at == v.at) &&
        (o->state != PROXY_DONE || (c->family == v.client.family && c->port == v.client.port &&
                                    memcmp(c->ip, v.client.ip, sizeof c->ip) == 0)))
        return;
    fail_msg("%s:%d: %s, %s: comes to %d at %zu, expected %d at %zu (or the client is another)",
             PROXY_VECTORS, v.row, v.name, how, o->state, o->at, v.outcome, v.at);
}

/* Pushes in[0..n) in pieces: `first` bytes, and then `step` at a time. Bytes after the header must
 * not be taken. */
static struct outcome push(const uint8_t *in, size_t n, size_t first, size_t step)
{
    struct proxy p;
    struct outcome o = {.state = PROXY_MORE};
    proxy_init(&p);
    for (size_t at = 0, used; at < n && o.state == PROXY_MORE; at += used) {
        size_t piece = at == 0 ? first : step;
        piece = piece < n - at ? piece : n - at;
        o.state = proxy_push(&p, in + at, piece, &used);
        assert_true(o.state == PROXY_DONE ? used <= piece : used == piece);
        assert_true(o.state == PROXY_WRONG || p.len == at + used);
    }
    o.at = p.len;
    assert_true((o.state == PROXY_WRONG) == (p.expected != NULL));
    if (o.state == PROXY_WRONG)
        assert_int_equal(p.bytes[p.len], in[p.len]);
    if (o.state == PROXY_DONE)
        o.client = proxy_client(&p);
    return o;
}

/* Runs a function on each vector, which is in `v`. */
static void for_all(void (*function)(void))
{
    FILE *table = fopen(PROXY_VECTORS, "r");
    assert_non_null(table);
    v.row = 0;
    int count = 0;
    for (; proxy_vector_next(table, &v); count++)
        function();
    assert_true(count > 0);
    fclose(table);
}

static void run_whole(void)
{
    struct outcome o = push(v.in, v.in_len, v.in_len, v.in_len);
    check(&o, "whole");
}

static void run_per_byte(void)
{
    struct outcome o = push(v.in, v.in_len, 1, 1);
    check(&o, "per byte");
}

static void run_every_cut_in_two(void)
{
    for (size_t at = 1; at <= v.written_len; at++) {
        struct outcome o = push(v.in, v.in_len, at, v.in_len);
        check(&o, "cut in two");
    }
}

static struct guard guard;

static void run_against_a_guard(void)
{
    uint8_t *in = guard_before(&guard, v.in_len);
    memcpy(in, v.in, v.in_len);
    struct outcome o = push(in, v.in_len, v.in_len, v.in_len);
    check(&o, "against a guard page");
}

/* Of a line of version 1 that is wrong before its end the model says so only at its end. */
static void run_model(void)
{
    struct outcome o = {0};
    o.state = proxy_model(v.in, v.in_len, &o.at, &o.client);
    if (v.outcome == PROXY_WRONG)
        o.at = v.at;
    if (v.outcome == PROXY_WRONG && o.state == PROXY_MORE)
        assert_false(proxy_model_may_become(v.in, v.in_len));
    else
        check(&o, "the model");
    for (size_t n = 1; v.in[0] == 'P' && n <= v.written_len && n <= PROXY_MODEL_TRY_MAX; n++) {
        bool right = v.outcome != PROXY_WRONG || n <= v.at;
        if ((v.outcome != PROXY_DONE || n < v.at) && proxy_model_may_become(v.in, n) != right)
            fail_msg("%s:%d: %s: its first %zu bytes are %s", PROXY_VECTORS, v.row, v.name, n,
                     right ? "no beginning of a header" : "the beginning of a header");
    }
}

static void test_whole(void **state)
{
    (void)state;
    for_all(run_whole);
}

static void test_per_byte(void **state)
{
    (void)state;
    for_all(run_per_byte);
}

static void test_every_cut_in_two(void **state)
{
    (void)state;
    for_all(run_every_cut_in_two);
}

static void test_against_a_guard(void **state)
{
    (void)state;
    guard = guard_open(sizeof v.in);
    for_all(run_against_a_guard);
    guard_close(&guard);
}

static void test_model_agrees(void **state)
{
    (void)state;
    for_all(run_model);
}

/* What is wrong is told with what had to come in its place. */
static void test_expected(void **state)
{
    (void)state;
    static const struct {
        const char *in, *expected;
    } rows[] = {
        {"hello", "PROXY or the signature of version 2"},
        {"\r\nhello", "PROXY or the signature of version 2"},
        {"PROXY UDP4", "TCP4, TCP6 or UNKNOWN"},
        {"PROXY TCP5", "TCP4, TCP6 or UNKNOWN"},
        {"PROXY TCP44", "a space"},
        {"PROXY TCP4 1.2.3.x", "an IPv4 address"},
        {"PROXY TCP6 x", "an IPv6 address"},
        {"PROXY TCP6 1:2 ", "an IPv6 address"},
        {"PROXY TCP4 1.2.3.4 5.6.7.8 x", "a port"},
        {"PROXY TCP4 1.2.3.4 5.6.7.8 1 2\n", "CRLF"},
        {"PROXY UNKNOWN\n", "a space or CRLF"},
        {"PROXY UNKNOWN "
         "______________________________________________________________________________"
         "_______________",
         "CRLF by now"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct proxy p;
        size_t used;
        proxy_init(&p);
        assert_int_equal(proxy_push(&p, (const uint8_t *)rows[i].in, strlen(rows[i].in), &used),
                         PROXY_WRONG);
        assert_string_equal(p.expected, rows[i].expected);
    }
}

static void push_after_the_end(void)
{
    struct proxy p;
    size_t used;
    proxy_init(&p);
    (void)proxy_push(&p, (const uint8_t *)"x", 1, &used);
    (void)proxy_push(&p, (const uint8_t *)"x", 1, &used);
}

static void push_nothing(void)
{
    struct proxy p;
    size_t used;
    proxy_init(&p);
    (void)proxy_push(&p, (const uint8_t *)"", 0, &used);
}

static void client_of_nothing(void)
{
    struct proxy p;
    proxy_init(&p);
    (void)proxy_client(&p);
}

static void client_of_what_is_wrong(void)
{
    struct proxy p;
    size_t used;
    proxy_init(&p);
    (void)proxy_push(&p, (const uint8_t *)"PX", 2, &used);
    (void)proxy_client(&p);
}

static void test_breaches_abort(void **state)
{
    (void)state;
    assert_aborts(push_after_the_end);
    assert_aborts(push_nothing);
    assert_aborts(client_of_nothing);
    assert_aborts(client_of_what_is_wrong);
}

static void test_state_is_small(void **state)
{
    (void)state;
    assert_true(sizeof(struct proxy) <= 120);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_whole),
        cmocka_unit_test(test_per_byte),
        cmocka_unit_test(test_every_cut_in_two),
        cmocka_unit_test(test_against_a_guard),
        cmocka_unit_test(test_model_agrees),
        cmocka_unit_test(test_expected),
        cmocka_unit_test(test_breaches_abort),
        cmocka_unit_test(test_state_is_small),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
