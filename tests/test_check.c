/* test_check.c - echo-client --check: our server passes in every model and mode, and each liar is
 * found out, by name.
 */
#include "support/net.h"
#include "support/process.h"

#include "support/test.h"

#include <stdlib.h>
#include <string.h>

/* What one run of --check printed. */
struct report {
    struct result result;
    char *text; /* standard output, with a final 0 */
};

static struct report run_check(const char *port, char *const options[])
{
    char *argv[12] = {ECHO_CLIENT, "--check"};
    size_t n = 2;
    struct report r;
    while (options && *options)
        argv[n++] = *options++;
    argv[n++] = "127.0.0.1";
    argv[n] = (char *)port;
    r.result = run(argv, "", 0);
    r.text = realloc(r.result.out, r.result.out_len + 1);
    assert_non_null(r.text);
    r.text[r.result.out_len] = '\0';
    return r;
}

/* TAP version 14: numbered points, and as many as the plan says, which is last; returns how many
 * are not ok. */
static unsigned assert_tap(const char *text)
{
    static const char head[] = "TAP version 14\n";
    unsigned number = 0, failed = 0;
    unsigned long planned = 0;
    assert_memory_equal(text, head, sizeof head - 1);
    for (const char *line = strchr(text, '\n'); line && line[1]; line = strchr(line + 1, '\n')) {
        const char *point = line + 1;
        char *at;
        bool not_ok = strncmp(point, "not ok ", 7) == 0;
        assert_int_equal(planned, 0);
        if (not_ok || strncmp(point, "ok ", 3) == 0) {
            assert_int_equal(strtoul(point + (not_ok ? 7 : 3), &at, 10), ++number);
            assert_memory_equal(at, " - ", 3);
            failed += not_ok;
        } else if (strncmp(point, "1..", 3) == 0) {
            planned = strtoul(point + 3, NULL, 10);
        } else { /* a comment, or the YAML after a failure */
            assert_true(point[0] == '#' || (failed > 0 && strncmp(point, "  ", 2) == 0));
        }
    }
    assert_true(number > 10);
    assert_int_equal(number, planned);
    return failed;
}

/* One of several that run at once, for most of their time is spent in waiting. */
struct trial {
    struct served server;
    struct process client;
    int status;
    char out[32 * 1024], err[4096];
};

/* Checks the server, which is there. */
static void start_trial(struct trial *t, char *reply_timeout)
{
    char *argv[] = {ECHO_CLIENT, "--check", "-W", reply_timeout, "127.0.0.1", t->server.port, NULL};
    process_start(&t->client, argv);
}

static void read_all(int fd, char *text, size_t size)
{
    size_t len = 0;
    for (ssize_t n; (n = read(fd, text + len, size - 1 - len)) > 0;)
        len += (size_t)n;
    text[len] = '\0';
}

static void end_trial(struct trial *t)
{
    read_all(t->client.out, t->out, sizeof t->out);
    read_all(t->client.err, t->err, sizeof t->err);
    t->status = process_wait(&t->client);
    process_end(&t->client);
}

static void test_our_server_passes(void **state)
{
    (void)state;
    static const struct {
        char *model, *mode;
    } servers[] = {
        {"iterative", "upper"}, {"fork", "upper"}, {"event", "upper"}, {"event", "verbatim"}};
    enum { COUNT = sizeof servers / sizeof servers[0] };
    static struct trial trials[COUNT];
    for (size_t i = 0; i < COUNT; i++) {
        char *options[] = {"--model", servers[i].model, "-m", servers[i].mode, NULL};
        served_start(&trials[i].server, options);
        start_trial(&trials[i], "10s");
    }
    for (size_t i = 0; i < COUNT; i++) {
        struct trial *t = &trials[i];
        char mode[40];
        bool upper = servers[i].mode[0] == 'u';
        end_trial(t);
        if (t->status != 0 || t->err[0])
            fail_msg("%s %s: status %d: %s%s", servers[i].model, servers[i].mode, t->status, t->err,
                     t->out);
        assert_int_equal(assert_tap(t->out), 0);
        snprintf(mode, sizeof mode, "ok 1 - the mode is %s\n", servers[i].mode);
        assert_non_null(strstr(t->out, mode));
        assert_non_null(strstr(t->out, upper ? " - vector quit-lf\n" : "verbatim-quit\n"));
        assert_int_equal(strstr(t->out, " - quit\n") != NULL, upper);
        served_stop(&t->server);
    }
}

/* Each lie, and what has to be said of it: in which case first, and how. */
static const struct row {
    char *lie, *at, *mode;                /* as tests/liar.c takes them */
    const char *word, *first_case, *text; /* NULL: one of several words */
} rows[] = {
    {"wrong", "700", NULL, "MISMATCH", "half-close with bytes owed", "offset 700: got "},
    {"wrong", "1000000", "upper", "MISMATCH", "a line of 1.3 MB", "offset 1000000: got "},
    {"wrong", "50000000", NULL, "MISMATCH", "64 MiB both ways at once", "offset 50000000: got "},
    {"lost", "20000", NULL, "MISMATCH", "half-close with bytes owed", "; a byte was left out"},
    {"extra", "20000", NULL, "MISMATCH", "half-close with bytes owed", "; a byte was put in"},
    {"extra", "11", NULL, "MISMATCH", "the mode is verbatim", "but nothing was owed"},
    {"twice", "30000", NULL, "MISMATCH", "half-close with bytes owed", "; a line was sent twice"},
    {"twice", "5", "upper", "MISMATCH", "the mode is upper", "; a line was sent twice"},
    {"no-cr", "0", NULL, "MISMATCH", "CR and LF as they are", "; a CR was left out"},
    {"add-cr", "0", NULL, "MISMATCH", "the mode is verbatim", "; a CR was put in"},
    {"no-nul", "0", NULL, "MISMATCH", "every byte value", "got "},
    {"latin1", "0", "upper", "MISMATCH", "every byte value", "got "},
    {"cut-lines", "0", NULL, NULL, "a line of 1.3 MB", "with 1024 of "},
    {"short", "40000", NULL, "SHORT", "half-close with bytes owed", "40000 of 65536 bytes back"},
    {"reset", "40000", NULL, "RESET", "half-close with bytes owed", " of 65536 bytes back"},
    {"stuck", "40000", NULL, "TIMEOUT", "half-close with bytes owed", " 40000 of 65536 bytes back"},
    {"deaf", "5", NULL, "TIMEOUT", "the mode is verbatim", "with 5 of 12 bytes back"},
    {"late", "0", NULL, "TIMEOUT", "the mode", "with 0 of 12 bytes back"},
    {"late-once", "0", NULL, "TIMEOUT", "the mode", "with 0 of 12 bytes back (-W) (1 of "},
    {"half-close", "0", NULL, "SHORT", "half-close with bytes owed", "with 0 of 65536 bytes back"},
    {"never-closes", "0", NULL, "TIMEOUT", "the mode is verbatim", "the server did not close"},
    {"whole-lines", "0", NULL, "TIMEOUT", "half a line", "with 0 of 11 bytes back"},
    {"careless", "0", NULL, "MISMATCH", "a late reader of 16 MiB", "got "},
    {"banner", "0", NULL, "MISMATCH", "the mode", "got '2'"},
    {"once", "0", NULL, NULL, "the mode", ""},
    {"honest", "0", "upper", "MISMATCH", "quit", "'Good bye' was owed"},
};

static void assert_found(const struct trial *t, const struct row *row)
{
    char begin[128];
    snprintf(begin, sizeof begin, "%s: %s: ", row->word ? row->word : "", row->first_case);
    if (t->status != 1 || !strstr(t->err, row->word ? begin : begin + 2) ||
        !strstr(t->err, row->text))
        fail_msg("%s %s: status %d, %s\n%s", row->lie, row->at, t->status, t->err, t->out);
    assert_true(assert_tap(t->out) > 0);
}

static void test_lies(void **state)
{
    enum { COUNT = sizeof rows / sizeof rows[0], AT_ONCE = 13 };
    (void)state;
    static struct trial trials[COUNT];
    for (size_t i = 0; i < COUNT + AT_ONCE; i++) {
        if (i >= AT_ONCE) {
            struct trial *t = &trials[i - AT_ONCE];
            end_trial(t);
            process_end(&t->server.process);
            assert_found(t, &rows[i - AT_ONCE]);
        }
        if (i < COUNT) {
            liar_start(&trials[i].server, rows[i].lie, rows[i].at, rows[i].mode);
            start_trial(&trials[i], "600ms");
        }
    }
}

/* It ends whatever the options say: neither is every case tried again where nobody listens any
 * more, nor waits it for ever for a backlog that is full, which answers no SYN. */
static void test_ends(void **state)
{
    (void)state;
    struct served s;
    struct process full;
    char text[8], line[256];
    uint16_t port;
    int listener = net_listen(0, &port);
    snprintf(text, sizeof text, "%u", port);
    process_start(&full, (char *[]){ECHO_CLIENT, "--check", "-w", "0", "-W", "100ms", "127.0.0.1",
                                    text, NULL});
    liar_start(&s, "once", "0", NULL);
    struct report r = run_check(s.port, (char *[]){"--retry", "5s", NULL});
    assert_int_equal(r.result.status, 1);
    free(r.text);
    process_end(&s.process);
    do
        process_line(&full, line, sizeof line);
    while (!strstr(line, ": Connection timed out"));
    process_end(&full);
    (void)close(listener);
}

/* A server that dies with a client that resets. */
static void test_fragile(void **state)
{
    (void)state;
    struct served s;
    liar_start(&s, "fragile", "0", NULL);
    struct report r = run_check(s.port, NULL);
    assert_int_equal(r.result.status, 1);
    /* It takes a while to die. */
    if (!strstr(r.result.err, ": resets, and again: ") &&
        !strstr(r.result.err, ": 100 clients at once: "))
        fail_msg("%s", r.result.err);
    free(r.text);
    process_end(&s.process);
}

/* Asked for one mode, another is a failure. */
static void test_expected_mode(void **state)
{
    (void)state;
    struct served s;
    served_start(&s, NULL);
    struct report r = run_check(s.port, (char *[]){"-m", "verbatim", NULL});
    assert_int_equal(r.result.status, 1);
    assert_non_null(strstr(r.result.err, "; the server speaks upper"));
    free(r.text);
    served_stop(&s);
}

static void test_json_and_quiet(void **state)
{
    (void)state;
    struct served s;
    served_start(&s, (char *[]){"-m", "verbatim", NULL});
    struct report r = run_check(s.port, (char *[]){"--quiet", NULL});
    assert_int_equal(r.result.status, 0);
    assert_string_equal(r.text, "");
    free(r.text);
    r = run_check(s.port, (char *[]){"--json", NULL});
    assert_int_equal(r.result.status, 0);
    assert_memory_equal(r.text, "{\"schema\":1,", 12);
    assert_non_null(strstr(r.text, "\"right\":true,\"mode\":\"verbatim\",\"passed\":"));
    free(r.text);
    served_stop(&s);
}

/* Nobody to check. */
static void test_no_server(void **state)
{
    (void)state;
    struct result r = run((char *[]){ECHO_CLIENT, "--check", "-U", "/nonexistent", NULL}, "", 0);
    assert_int_equal(r.status, 3);
    assert_int_equal(r.out_len, 0);
    free(r.out);
}

/* Whoever reads the report may have enough of it. */
static void test_closed_output(void **state)
{
    (void)state;
    struct served s;
    struct process p;
    served_start(&s, NULL);
    process_start(&p, (char *[]){ECHO_CLIENT, "--check", "127.0.0.1", s.port, NULL});
    (void)close(p.out);
    p.out = -1;
    assert_int_equal(process_wait(&p), 2);
    process_end(&p);
    served_stop(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_our_server_passes),
        cmocka_unit_test(test_lies),
        cmocka_unit_test(test_ends),
        cmocka_unit_test(test_fragile),
        cmocka_unit_test(test_expected_mode),
        cmocka_unit_test(test_json_and_quiet),
        cmocka_unit_test(test_no_server),
        cmocka_unit_test(test_closed_output),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
