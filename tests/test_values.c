/* test_values.c - what people type, and what is shown to them: times, ports, hosts, escapes,
 * options. */
#include "program/client_options.h"
#include "program/server_options.h"
#include "program/text.h"
#include "program/values.h"
#include "program/vectors.h"

#include "connection/ledger.h"
#include "support/test.h"

#include <arpa/inet.h>
#include <limits.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

static void test_times(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        uint64_t ms;
    } good[] = {{"0", 0},       {"1", 1000},     {"500ms", 500},
                {"2s", 2000},   {"1m", 60000},   {"1.5", 1500},
                {"0.25s", 250}, {".5", 500},     {"5.", 5000},
                {"0.001", 1},   {"1.500", 1500}, {"0.5m", 30000},
                {"007", 7000},  {"24ms", 24},    {"34560m", VALUE_TIME_MAX_MS}};
    static const char *const bad[] = {"",
                                      "s",
                                      "ms",
                                      "-1",
                                      "+1",
                                      " 1",
                                      "1 ",
                                      "1h",
                                      "1sec",
                                      "1ss",
                                      "1.2.3",
                                      ".",
                                      "0.0001",
                                      "1.5ms",
                                      "1e3",
                                      "0x10",
                                      "inf",
                                      "34561m",
                                      "1S",
                                      "99999999999999999999",
                                      "0.000000000000001",
                                      "18446744073709551616ms"};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        uint64_t ms = 12345;
        if (!value_time(good[i].text, &ms) || ms != good[i].ms)
            fail_msg("'%s' is %llu", good[i].text, (unsigned long long)ms);
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        uint64_t ms = 12345;
        if (value_time(bad[i], &ms) || ms != 12345)
            fail_msg("'%s' is taken for %llu", bad[i], (unsigned long long)ms);
    }
}

static void test_ports(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",    "65536", "99999999999999999999", "-1",  "+1", " 1", "1 ",
        "80x", "0x1",   "no-such-service",      "1.5", ":80"};
    uint16_t port = 7;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        if (value_port(bad[i], &port) || port != 7)
            fail_msg("'%s' is taken for %u", bad[i], port);
    assert_true(value_port("0", &port) && port == 0);
    assert_true(value_port("65535", &port) && port == 65535);
    assert_true(value_port("004242", &port) && port == 4242);
}

static void test_hosts(void **state)
{
    (void)state;
    static const struct {
        const char *text, *host, *port; /* host NULL: none */
    } rows[] = {
        {"localhost", "localhost", NULL},
        {"localhost:7", "localhost", "7"},
        {"127.0.0.1:4242", "127.0.0.1", "4242"},
        {"::1", "::1", NULL},
        {"fe80::1%eth0", "fe80::1%eth0", NULL},
        {"[::1]", "::1", NULL},
        {"[::1]:4242", "::1", "4242"},
        {"host:", "host", ""},
        {"[::1]:", "::1", ""},
        {"", NULL, NULL},
        {":80", NULL, NULL},
        {"[]:80", NULL, NULL},
        {"[::1", NULL, NULL},
        {"[::1]80", NULL, NULL},
        {"0123456789012345", NULL, NULL}, /* too long for the buffer below */
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char host[16] = "";
        const char *port;
        bool good = value_host_port(rows[i].text, host, sizeof host, &port);
        if (good != (rows[i].host != NULL))
            fail_msg("'%s'", rows[i].text);
        if (!good)
            continue;
        assert_string_equal(host, rows[i].host);
        if (rows[i].port)
            assert_string_equal(port, rows[i].port);
        else
            assert_null(port);
    }
}

static void test_escapes(void **state)
{
    (void)state;
    for (unsigned c = 0; c < 256; c++) {
        char out[TEXT_ESCAPE_MAX + 1] = "", expected[8];
        const char *short_form = c == '\n' ? "\\n" : c == '\r' ? "\\r" : c == '\t' ? "\\t" : NULL;
        out[text_escape_byte((uint8_t)c, out)] = '\0';
        if (short_form)
            strcpy(expected, short_form);
        else if (c == '\\')
            strcpy(expected, "\\\\");
        else
            snprintf(expected, sizeof expected, c >= 0x20 && c < 0x7F ? "%c" : "\\x%02x", c);
        assert_string_equal(out, expected);
    }
    char out[8];
    text_escape("ab\x1b[", out, sizeof out); /* cut where the next might not fit */
    assert_string_equal(out, "ab\\x1b");
    text_escape("abcdefgh", out, sizeof out);
    assert_string_equal(out, "abcd");
    text_escape("", out, sizeof out);
    assert_string_equal(out, "");
}

static void test_addresses(void **state)
{
    (void)state;
    struct sockaddr_storage address = {0};
    char text[TEXT_ADDRESS_MAX];
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(50312)};
    inet_pton(AF_INET, "127.0.0.1", &in.sin_addr);
    memcpy(&address, &in, sizeof in);
    text_address(&address, sizeof in, text);
    assert_string_equal(text, "127.0.0.1:50312");

    struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_port = htons(4242)};
    inet_pton(AF_INET6, "fe80::1", &in6.sin6_addr);
    memcpy(&address, &in6, sizeof in6);
    text_address(&address, sizeof in6, text);
    assert_string_equal(text, "[fe80::1]:4242");
    in6.sin6_scope_id = 3;
    memcpy(&address, &in6, sizeof in6);
    text_address(&address, sizeof in6, text);
    assert_string_equal(text, "[fe80::1%3]:4242");

    struct sockaddr_un un = {.sun_family = AF_UNIX};
    memcpy(&address, &un, sizeof un);
    text_address(&address, offsetof(struct sockaddr_un, sun_path), text);
    assert_string_equal(text, "unix");
    memset(un.sun_path, 'p', sizeof un.sun_path); /* without a final 0, as the kernel may give it */
    memcpy(&address, &un, sizeof un);
    text_address(&address, sizeof un, text);
    assert_int_equal(strncmp(text, "unix:ppp", 8), 0);
    assert_int_equal(strlen(text), 5 + sizeof un.sun_path);
    memcpy(un.sun_path, "/a\nb", 5);
    memcpy(&address, &un, sizeof un);
    text_address(&address, sizeof un, text);
    assert_string_equal(text, "unix:/a\\nb");
}

/* ---------------------------------------------------------------------------------------------- */

enum { WORDS = 14 };

static int count(char *const argv[])
{
    int n = 0;
    while (argv[n])
        n++;
    return n;
}

static bool server(struct server_options *o, char *error, char *const words[WORDS])
{
    static char *argv[WORDS]; /* options borrow from it */
    memcpy(argv, words, sizeof argv);
    return server_options_parse(o, count(argv), argv, error);
}

static bool client(struct client_options *o, char *error, char *const words[WORDS])
{
    static char *argv[WORDS]; /* options borrow from it */
    memcpy(argv, words, sizeof argv);
    return client_options_parse(o, count(argv), argv, error);
}

static void test_server_defaults(void **state)
{
    (void)state;
    struct server_options o;
    char error[OPTIONS_ERROR_MAX];
    assert_true(server(&o, error, (char *[WORDS]){"s"}));
    assert_int_equal(o.listen.port, 4242);
    assert_int_equal(o.listen.bind_count, 0);
    assert_int_equal(o.listen.family, AF_UNSPEC);
    assert_null(o.listen.unix_path);
    assert_int_equal(o.rules.mode, ECHO_UPPER);
    assert_int_equal(o.rules.idle_ms, 300000);
    assert_int_equal(o.drain_ms, 5000);
    assert_false(o.rules.dot_stop || o.rules.header || o.one_off || o.show || o.verbose ||
                 o.quiet || o.help || o.version);
    assert_int_equal(o.log_format, LOG_TEXT);
}

static void test_server_options(void **state)
{
    (void)state;
    struct server_options o;
    char error[OPTIONS_ERROR_MAX];
    assert_true(server(&o, error,
                       (char *[WORDS]){"s", "-m", "verbatim", "7", "-b", "*", "--bind=::1", "-1",
                                       "--idle-timeout", "2s", "--dot-stop", "--proxy-protocol"}));
    assert_int_equal(o.rules.mode, ECHO_VERBATIM);
    assert_int_equal(o.listen.port, 7); /* operands may stand among options */
    assert_int_equal(o.listen.bind_count, 2);
    assert_string_equal(o.listen.bind[1], "::1");
    assert_int_equal(o.rules.idle_ms, 2000);
    assert_true(o.one_off && o.rules.dot_stop && o.rules.header);
    assert_true(server(&o, error,
                       (char *[WORDS]){"s", "-4", "--log", "json", "--show", "-v", "--quiet",
                                       "--drain-timeout", "0", "--model", "iterative"}));
    assert_int_equal(o.listen.family, AF_INET);
    assert_int_equal(o.log_format, LOG_JSON);
    assert_true(o.show && o.verbose && o.quiet);
    assert_int_equal(o.drain_ms, 0);
    assert_true(server(&o, error, (char *[WORDS]){"s", "--model", "fork", "-M", "12"}));
    assert_true(o.model == MODEL_FORK && o.max_clients == 12 && o.workers == 1);
    assert_true(
        server(&o, error, (char *[WORDS]){"s", "--model=event", "--workers=64", "-M", "1000000"}));
    assert_true(o.model == MODEL_EVENT && o.max_clients == 1000000 && o.workers == 64);
    assert_int_equal(o.listen.copies, 64);
    assert_true(server(&o, error, (char *[WORDS]){"s", "--inetd"}));
    assert_true(o.inetd && o.model == MODEL_ITERATIVE && o.max_clients == 1024);
    assert_true(server(&o, error, (char *[WORDS]){"s", "-6"}));
    assert_int_equal(o.listen.family, AF_INET6);
    assert_true(server(&o, error, (char *[WORDS]){"s", "-46"}));
    assert_int_equal(o.listen.family, AF_UNSPEC);
    assert_true(server(&o, error, (char *[WORDS]){"s", "-U", "/tmp/x"}));
    assert_string_equal(o.listen.unix_path, "/tmp/x");
}

/* Each wrong command line gets one line that names what is wrong with it. */
static void test_server_complaints(void **state)
{
    (void)state;
    static const struct {
        char *words[WORDS];
        const char *error;
    } rows[] = {
        {{"s", "--mode", "loud"}, "--mode 'loud' is not a mode; use upper or verbatim"},
        {{"s", "-m", "\x1b[1m"}, "--mode '\\x1b[1m' is not a mode; use upper or verbatim"},
        {{"s", "-M", "0"}, "--max-clients '0' is not a number of clients; use 1 to 1000000"},
        {{"s", "-M", "1000001"},
         "--max-clients '1000001' is not a number of clients; use 1 to 1000000"},
        {{"s", "-M", "1k"}, "--max-clients '1k' is not a number of clients; use 1 to 1000000"},
        {{"s", "--workers", "65"}, "--workers '65' is not a number of workers; use 1 to 64"},
        {{"s", "--workers", "2"}, "--workers needs --model event"},
        {{"s", "--inetd", "7"},
         "--inetd serves standard input and output; leave out PORT, --bind, --unix and --show"},
        {{"s", "--inetd", "--show"},
         "--inetd serves standard input and output; leave out PORT, --bind, --unix and --show"},
        {{"s", "--model", "x"}, "--model 'x' is not a model; use iterative, fork or event"},
        {{"s", "--log", "xml"}, "--log 'xml' is not a log format; use text or json"},
        {{"s", "-b", ""},
         "--bind '' is not an address; use one, a name, or '*' for every interface"},
        {{"s", "--idle-timeout", "5h"},
         "--idle-timeout '5h' is not a time; use 500ms, 2s, 1m or plain seconds"},
        {{"s", "--drain-timeout"}, "--drain-timeout needs a value; try --help"},
        {{"s", "-b"}, "-b needs a value; try --help"},
        {{"s", "--loud"}, "--loud is no option, or takes no value; try --help"},
        {{"s", "--show=yes"}, "--show=yes is no option, or takes no value; try --help"},
        {{"s", "-z"}, "-z is no option, or takes no value; try --help"},
        {{"s", "-1z"}, "-z is no option, or takes no value; try --help"},
        {{"s", "70000"},
         "PORT '70000' is not a port; use 1 to 65535, 0 for any free one, or a service name"},
        {{"s", "1", "2"}, "'2' is one operand too many; give one PORT"},
        {{"s", "-U", "/p", "4242"},
         "--unix '/p' stands instead of PORT, --bind, -4 and -6; leave those out"},
        {{"s", "-4U", "\r"},
         "--unix '\\r' stands instead of PORT, --bind, -4 and -6; leave those out"},
        {{"s", "-U", "/p", "-4"},
         "--unix '/p' stands instead of PORT, --bind, -4 and -6; leave those out"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct server_options o;
        char error[OPTIONS_ERROR_MAX] = "";
        assert_false(server(&o, error, rows[i].words));
        assert_string_equal(error, rows[i].error);
    }
}

/* A row takes each value that it lists, stores each as something else, and takes no other. */
static void assert_values(const struct option_row *rows, void *options, size_t size)
{
    uint8_t before[sizeof(struct server_options) + sizeof(struct client_options)];
    int listed = 0;
    for (const struct option_row *r = rows; r->name; r++) {
        if (!r->values)
            continue;
        assert_non_null(r->values(1));
        assert_null(r->set(options, r->values(0)));
        for (unsigned i = 1; r->values(i); i++, listed++) {
            memcpy(before, options, size);
            assert_null(r->set(options, r->values(i)));
            assert_memory_not_equal(before, options, size);
        }
        assert_non_null(r->set(options, ""));
        assert_non_null(r->set(options, "all"));
    }
    assert_true(listed > 2);
}

static void test_listed_values(void **state)
{
    (void)state;
    static struct server_options server;
    static struct client_options client;
    assert_values(server_option_rows, &server, sizeof server);
    assert_values(client_option_rows, &client, sizeof client);
}

static void test_server_environment(void **state)
{
    (void)state;
    struct server_options o;
    char error[OPTIONS_ERROR_MAX];
    setenv("ECHO_PORT", "0", 1);
    setenv("ECHO_BIND", "::1", 1);
    setenv("ECHO_MODE", "verbatim", 1);
    assert_true(server(&o, error, (char *[WORDS]){"s"}));
    assert_int_equal(o.listen.port, 0);
    assert_int_equal(o.listen.bind_count, 1);
    assert_int_equal(o.rules.mode, ECHO_VERBATIM);
    assert_true(server(&o, error, (char *[WORDS]){"s", "-m", "upper", "-b", "*", "9"}));
    assert_int_equal(o.listen.port, 9);
    assert_int_equal(o.listen.bind_count, 1);
    assert_string_equal(o.listen.bind[0], "*");
    assert_int_equal(o.rules.mode, ECHO_UPPER);

    setenv("ECHO_PORT", "x!", 1);
    assert_false(server(&o, error, (char *[WORDS]){"s"}));
    assert_int_equal(strncmp(error, "ECHO_PORT 'x!' is not a port", 28), 0);
    assert_true(server(&o, error, (char *[WORDS]){"s", "9"})); /* not looked at */
    setenv("ECHO_PORT", "1", 1);
    setenv("ECHO_MODEL", "magic", 1);
    assert_false(server(&o, error, (char *[WORDS]){"s"}));
    assert_string_equal(error, "ECHO_MODEL 'magic' is not a model; use iterative, fork or event");
    unsetenv("ECHO_PORT");
    unsetenv("ECHO_BIND");
    unsetenv("ECHO_MODE");
    unsetenv("ECHO_MODEL");
}

static void test_client_options(void **state)
{
    (void)state;
    struct client_options o;
    char error[OPTIONS_ERROR_MAX];
    assert_true(client(&o, error, (char *[WORDS]){"c", "host"}));
    assert_string_equal(o.dial.host, "host");
    assert_int_equal(o.dial.port, 4242);
    assert_null(o.messages);
    assert_int_equal(o.expect, MODES_ALL);
    assert_int_equal(o.dial.connect_ms, 10000);
    assert_int_equal(o.reply_ms, 10000);
    assert_int_equal(o.dial.retry_ms, 0);
    assert_false(o.reply_given);

    assert_true(client(&o, error,
                       (char *[WORDS]){"c", "[::1]:7", "-m", "any", "one", "-W", "0", "--", "-2"}));
    assert_string_equal(o.dial.host, "::1");
    assert_int_equal(o.dial.port, 7);
    assert_int_equal(o.message_count, 2);
    assert_string_equal(o.messages[0], "one");
    assert_string_equal(o.messages[1], "-2");
    assert_int_equal(o.expect, MODES_NONE);
    assert_true(o.reply_given && o.reply_ms == 0);

    assert_true(client(&o, error, (char *[WORDS]){"c", "-U", "/p", "hello"}));
    assert_int_equal(o.message_count, 1);
    assert_true(client(&o, error, (char *[WORDS]){"c", "-m", "verbatim", "::1"}));
    assert_int_equal(o.expect, MODES_ONLY(ECHO_VERBATIM));
    assert_true(client(&o, error, (char *[WORDS]){"c", "-m", "upper", "-6", "::1", "7"}));
    assert_int_equal(o.expect, MODES_ONLY(ECHO_UPPER));
    assert_int_equal(o.dial.family, AF_INET6);
}

/* A terminal's 24 lines of 80, with one for the prompt. */
static void assert_fits_a_screen(const char *help)
{
    int lines = 0;
    for (const char *at = help; *at; lines++) {
        size_t n = strcspn(at, "\n");
        if (n > 79)
            fail_msg("too wide: %.*s", (int)n, at);
        at += n + (at[n] == '\n');
    }
    assert_in_range(lines, 10, 23);
}

static void test_help_fits_a_screen(void **state)
{
    (void)state;
    char help[4096];
    server_options_help(help, sizeof help);
    assert_fits_a_screen(help);
    client_options_help(help, sizeof help);
    assert_fits_a_screen(help);
}

/* The help names every mode that there is. */
static void test_help_names_all_modes(void **state)
{
    (void)state;
    char help[4096];
    for (unsigned m = 0; echo_mode_name(m); m++) {
        server_options_help(help, sizeof help);
        assert_non_null(strstr(help, echo_mode_name(m)));
        client_options_help(help, sizeof help);
        assert_non_null(strstr(help, echo_mode_name(m)));
    }
}

/* A row of the vectors' table that is not as its head says is refused, with its number and why. */
static void test_vector_rows(void **state)
{
    (void)state;
    static const struct {
        const char *row, *wrong; /* NULL: nothing is */
    } rows[] = {
        {"a\tupper\t-\ta\\n\\r\\t\\\\\\xfF\t\\e\teof\n", "a field is not well formed or too long"},
        {"a\tupper\t-\ta\\n\\r\\t\\\\\\xff\\s\tA\teof\n", NULL},
        {"a\tverbatim\tdot\t\\e\t\\e\tstop\n", NULL},
        {"a\tupper\t-\ta\tA\tquit\n", NULL},
        {"a\tupper\t-\ta\tA\teof", "the last line has no end"},
        {"a\tupper\t-\ta\tA\n", "not six fields, or one too long"},
        {"a\tupper\t-\ta\tA\teof\tmore\n", "not six fields, or one too long"},
        {"a\tloud\t-\ta\tA\teof\n", "no such mode"},
        {"a\tupper\tdots\ta\tA\teof\n", "the third field is dot or -"},
        {"a\tupper\t-\t\tA\teof\n", "a field is not well formed or too long"},
        {"a\tupper\t-\ta\\\tA\teof\n", "a field is not well formed or too long"},
        {"a\tupper\t-\ta\\q\tA\teof\n", "a field is not well formed or too long"},
        {"a\tupper\t-\ta\\x4\tA\teof\n", "a field is not well formed or too long"},
        {"a\tupper\t-\ta\\xg0\tA\teof\n", "a field is not well formed or too long"},
        {"a\tupper\t-\t\x01\tA\teof\n", "a field is not well formed or too long"},
        {"a\tupper\t-\t\xC3\tA\teof\n", "a field is not well formed or too long"},
        {"a\tupper\t-\ta\tA\\s\teof\n", "a silence in the output"},
        {"a\tupper\t-\ta\tA\topen\n", "the last field is eof, quit or stop"},
    };
    struct vector v;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char table[256];
        int n = snprintf(table, sizeof table, "# a comment\n\n%s", rows[i].row);
        struct vector_reader reader = {.text = table, .len = (size_t)n};
        bool read = vector_next(&reader, &v);
        if (read != !rows[i].wrong || reader.row != 3 ||
            (rows[i].wrong && strcmp(reader.wrong, rows[i].wrong) != 0))
            fail_msg("%s: row %d, %s", rows[i].row, reader.row, reader.wrong);
        assert_false(vector_next(&reader, &v));
    }

    /* Too long: a name, a field's tokens, a field. */
    static const size_t lengths[] = {64, 257, 1024};
    for (size_t i = 0; i < 3; i++) {
        char table[2048], many[1100];
        memset(many, 'a', sizeof many);
        int n = snprintf(table, sizeof table, "%.*s\tupper\t-\t%.*s\tA\teof\n",
                         i == 0 ? (int)lengths[i] : 1, many, i == 0 ? 1 : (int)lengths[i], many);
        struct vector_reader reader = {.text = table, .len = (size_t)n};
        assert_false(vector_next(&reader, &v));
        assert_non_null(strstr(reader.wrong, "too long"));
    }
}

/* "64", "1K", "2M". */
static void test_sizes(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        unsigned bytes; /* 0: none */
    } rows[] = {{"1", 1},        {"64", 64},         {"1K", 1024},
                {"1M", 1048576}, {"1024K", 1048576}, {"1048576", 1048576},
                {"1048577", 0},  {"1025K", 0},       {"2M", 0},
                {"0", 0},        {"0K", 0},          {"", 0},
                {"K", 0},        {"1k", 1024},       {"1m", 1048576},
                {"1g", 0},       {"1KB", 0},         {"-1", 0},
                {" 1", 0},       {"1 ", 0},          {"99999999999", 0}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        unsigned bytes = 0;
        if (value_size(rows[i].text, 1048576, &bytes) != (rows[i].bytes > 0) ||
            bytes != rows[i].bytes)
            fail_msg("'%s': %u", rows[i].text, bytes);
    }
}

/* Which options ask for which job, and which do not go together. */
static void test_client_jobs(void **state)
{
    (void)state;
    static const struct {
        char *options[6];
        int job; /* -1: refused ... */
        const char *why;
    } rows[] = {
        {{"h"}, JOB_CONVERSE, NULL},
        {{"h", "1", "-c", "3"}, JOB_PING, NULL},
        {{"-i", "0", "h"}, JOB_PING, NULL},
        {{"--size", "1K", "h"}, JOB_PING, NULL},
        {{"--parallel", "3", "h"}, JOB_LOAD, NULL},
        {{"--pipeline", "3", "h"}, JOB_LOAD, NULL},
        {{"--rate", "3", "h"}, JOB_LOAD, NULL},
        {{"--duration", "3s", "--size", "1", "h"}, JOB_LOAD, NULL},
        {{"--check", "--json", "h"}, JOB_CHECK, NULL},
        {{"-c", "3", "--rate", "5", "h"}, -1, "-c and -i are for a ping"},
        {{"--check", "-c", "3", "h"}, -1, "--check sends what it needs"},
        {{"--check", "--size", "3", "h"}, -1, "--check sends what it needs"},
        {{"--check", "--rate", "3", "h"}, -1, "--check sends what it needs"},
        {{"--check", "-m", "any", "h"}, -1, "--check has nothing to check with -m any"},
        {{"--json", "h"}, -1, "--json needs results"},
        {{"--dot-stop", "-c", "1", "h"}, -1, "--dot-stop is for messages"},
        {{"-c", "1", "h", "1", "a\tb"}, -1, "MESSAGE 'a\\tb' is one too many"},
        {{"-c", "0", "h"}, -1, "--count '0' is not a number of lines"},
        {{"-i", "x", "h"}, -1, "--interval 'x' is not a time"},
        {{"--size", "2M", "h"}, -1, "--size '2M' is not the size of a line"},
        {{"--parallel", "0", "h"}, -1, "--parallel '0' is not a number of connections"},
        {{"--pipeline", "x", "h"}, -1, "--pipeline 'x' is not a number of lines"},
        {{"--rate", "1.5", "h"}, -1, "--rate '1.5' is not a number of lines a second"},
        {{"--duration", "0", "h"}, -1, "--duration '0' is too short"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        static struct client_options o;
        char *argv[8] = {"echo-client"}, error[OPTIONS_ERROR_MAX] = "";
        int argc = 1;
        while (argc < 7 && rows[i].options[argc - 1]) {
            argv[argc] = rows[i].options[argc - 1];
            argc++;
        }
        bool right = client_options_parse(&o, argc, argv, error);
        if (right != (rows[i].job >= 0) || (right && (int)o.job != rows[i].job) ||
            (!right && !strstr(error, rows[i].why)))
            fail_msg("row %zu: job %d, %s", i, (int)o.job, error);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_times),
        cmocka_unit_test(test_ports),
        cmocka_unit_test(test_hosts),
        cmocka_unit_test(test_escapes),
        cmocka_unit_test(test_addresses),
        cmocka_unit_test(test_server_defaults),
        cmocka_unit_test(test_server_options),
        cmocka_unit_test(test_server_complaints),
        cmocka_unit_test(test_listed_values),
        cmocka_unit_test(test_server_environment),
        cmocka_unit_test(test_client_options),
        cmocka_unit_test(test_help_fits_a_screen),
        cmocka_unit_test(test_help_names_all_modes),
        cmocka_unit_test(test_vector_rows),
        cmocka_unit_test(test_sizes),
        cmocka_unit_test(test_client_jobs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
