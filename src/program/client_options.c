/* client_options.c - see client_options.h. One function and one row per option. */
#include "client_options.h"

#include "connection/payload.h"
#include "text.h"
#include "values.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

enum {
    DEFAULT_PORT = 4242,
    DEFAULT_CONNECT_MS = 10 * 1000,
    DEFAULT_REPLY_MS = 10 * 1000,
    DEFAULT_INTERVAL_MS = 1000,
    DEFAULT_DURATION_MS = 10 * 1000
};

static const char *const not_a_time = "is not a time; use 500ms, 2s, 1m or plain seconds";

/* The modes, and then two more. */
static const char *expect_name(unsigned i)
{
    static const char *const more[] = {"auto", "any", NULL};
    unsigned modes = 0;
    while (echo_mode_name(modes))
        modes++;
    return i < modes ? echo_mode_name(i) : more[i - modes];
}

static const char *set_expect(void *options, const char *value)
{
    struct client_options *o = options;
    unsigned i;
    const char *wrong = options_choose(expect_name, "a mode", value, &i);
    if (!wrong)
        o->expect = echo_mode_name(i)           ? MODES_ONLY(i)
                    : strcmp(value, "any") == 0 ? MODES_NONE
                                                : MODES_ALL;
    return wrong;
}

static const char *set_unix(void *options, const char *value)
{
    ((struct client_options *)options)->dial.unix_path = value;
    return NULL;
}

static const char *set_connect_timeout(void *options, const char *value)
{
    struct client_options *o = options;
    return value_time(value, &o->dial.connect_ms) ? NULL : not_a_time;
}

static const char *set_reply_timeout(void *options, const char *value)
{
    struct client_options *o = options;
    o->reply_given = true;
    return value_time(value, &o->reply_ms) ? NULL : not_a_time;
}

static const char *set_retry(void *options, const char *value)
{
    struct client_options *o = options;
    return value_time(value, &o->dial.retry_ms) ? NULL : not_a_time;
}

/* Numbers, each with the most that is taken. */
enum { COUNT_MAX = 1000000000, PARALLEL_MAX = 1000000, PIPELINE_MAX = 65536, RATE_MAX = 10000000 };

static const char *set_count(void *options, const char *value)
{
    struct client_options *o = options;
    o->ping = true;
    return value_count(value, COUNT_MAX, &o->count)
               ? NULL
               : "is not a number of lines; use 1 to 1000000000";
}

static const char *set_interval(void *options, const char *value)
{
    struct client_options *o = options;
    o->ping = true;
    return value_time(value, &o->interval_ms) ? NULL : not_a_time;
}

static const char *set_size(void *options, const char *value)
{
    struct client_options *o = options;
    return value_size(value, PAYLOAD_LINE_MAX, &o->size)
               ? NULL
               : "is not the size of a line; use 1 to 1M bytes";
}

static const char *set_parallel(void *options, const char *value)
{
    struct client_options *o = options;
    o->load = true;
    return value_count(value, PARALLEL_MAX, &o->parallel)
               ? NULL
               : "is not a number of connections; use 1 to 1000000";
}

static const char *set_pipeline(void *options, const char *value)
{
    struct client_options *o = options;
    o->load = true;
    return value_count(value, PIPELINE_MAX, &o->pipeline)
               ? NULL
               : "is not a number of lines in flight; use 1 to 65536";
}

static const char *set_rate(void *options, const char *value)
{
    struct client_options *o = options;
    o->load = true;
    return value_count(value, RATE_MAX, &o->rate)
               ? NULL
               : "is not a number of lines a second; use 1 to 10000000";
}

static const char *set_reconnect(void *options, const char *value)
{
    struct client_options *o = options;
    o->load = true;
    return value_count(value, RATE_MAX, &o->reconnect)
               ? NULL
               : "is not a number of lines; use 1 to 10000000";
}

static const char *set_duration(void *options, const char *value)
{
    struct client_options *o = options;
    o->load = true;
    if (!value_time(value, &o->duration_ms))
        return not_a_time;
    return o->duration_ms > 0 ? NULL : "is too short; use 1ms or more";
}

#define FLAG(member) .flag = offsetof(struct client_options, member)

const struct option_row client_option_rows[] = {
    {'m', "expect", "MODE", "@ (auto)", .set = set_expect, .values = expect_name},
    {'w', "connect-timeout", "T", "to connect, over all addresses; 0: any (10s)",
     .set = set_connect_timeout},
    {'W', "reply-timeout", "T", "of silence while an echo is owed; 0: any (10s)",
     .set = set_reply_timeout},
    {0, "retry", "T", "keep trying to connect for T", .set = set_retry},
    {'c', "count", "N", "ping: so many lines (until ctrl-C)", .set = set_count},
    {'i', "interval", "T", "ping: a line every T (1s)", .set = set_interval},
    {0, "size", "BYTES", "ping, load: of a line, with its LF (64)", .set = set_size},
    {0, "parallel", "N", NULL, .set = set_parallel},
    {0, "pipeline", "D", "load: connections, lines in flight (1)", .set = set_pipeline},
    {0, "rate", "R", "load: lines a second, in all (as many as come back)", .set = set_rate},
    {0, "reconnect", "N", "load: a new connection after every N lines", .set = set_reconnect},
    {0, "duration", "T", "load: for so long (10s)", .set = set_duration},
    {0, "check", NULL, "is it a right echo server? prints TAP", FLAG(check)},
    {0, "json", NULL, "ping, load, check: the results as JSON", FLAG(json)},
    {0, "dot-stop", NULL, "leave after sending a line that begins with .", FLAG(dot_stop)},
    {'4', "ipv4", NULL, NULL, FLAG(ipv4)},
    {'6', "ipv6", NULL, "one family only", FLAG(ipv6)},
    {'U', "unix", "PATH", "a Unix socket, instead of HOST and PORT", .set = set_unix},
    {'v', "verbose", NULL, NULL, FLAG(verbose)},
    {0, "quiet", NULL, "tell more, or errors only", FLAG(quiet)},
    {'h', "help", NULL, NULL, FLAG(help)},
    {'V', "version", NULL, "print that", FLAG(version)},
    {.name = NULL},
};

/* HOST, HOST:PORT or [v6]:PORT, then PORT where it is not given yet. Returns how many operands that
 * took, or -1 after writing to error. */
static int take_address(struct client_options *o, int argc, char **argv, char *error)
{
    const char *port;
    char shown[128];
    int taken = 1;

    if (argc == 0) {
        snprintf(error, OPTIONS_ERROR_MAX, "HOST is missing; try --help");
        return -1;
    }
    if (!value_host_port(argv[0], o->host, sizeof o->host, &port)) {
        text_escape(argv[0], shown, sizeof shown);
        snprintf(error, OPTIONS_ERROR_MAX,
                 "HOST '%s' is not a host; use NAME, ADDRESS, HOST:PORT or [v6]:PORT", shown);
        return -1;
    }
    if (!port && argc > 1)
        port = argv[taken++];
    if (port && (!value_port(port, &o->dial.port) || o->dial.port == 0)) {
        text_escape(port, shown, sizeof shown);
        snprintf(
            error, OPTIONS_ERROR_MAX,
            "PORT '%s' is not a port; use 1 to 65535 or a service name, and put messages after it",
            shown);
        return -1;
    }
    o->dial.host = o->host;
    return taken;
}

/* Which job the options ask for. Returns false after writing to error. */
static bool choose_job(struct client_options *o, char *error)
{
    char shown[128];
    const char *wrong = NULL;
    bool ping = o->ping || (o->size > 0 && !o->load);
    o->job = o->check ? JOB_CHECK : o->load ? JOB_LOAD : ping ? JOB_PING : JOB_CONVERSE;
    if (o->ping && o->load)
        wrong = "-c and -i are for a ping; leave them out for a load (--parallel, --pipeline, "
                "--rate, --reconnect, --duration)";
    else if (o->check && (ping || o->load))
        wrong = "--check sends what it needs; leave out the options of ping and load";
    else if (o->check && o->expect == MODES_NONE)
        wrong = "--check has nothing to check with -m any; use auto or a mode";
    else if (o->json && o->job == JOB_CONVERSE)
        wrong = "--json needs results: of a ping (-c), a load (--parallel) or --check";
    else if (o->dot_stop && o->job != JOB_CONVERSE)
        wrong = "--dot-stop is for messages; leave it out for ping, load and check";
    if (wrong) {
        snprintf(error, OPTIONS_ERROR_MAX, "%s", wrong);
        return false;
    }
    if (o->messages && o->job != JOB_CONVERSE) {
        text_escape(o->messages[0], shown, sizeof shown);
        snprintf(error, OPTIONS_ERROR_MAX,
                 "MESSAGE '%s' is one too many: ping, load and check send lines of their own",
                 shown);
        return false;
    }
    return true;
}

bool client_options_parse(struct client_options *o, int argc, char **argv,
                          char error[OPTIONS_ERROR_MAX])
{
    int operands, taken = 0;
    *o = (struct client_options){
        .dial = {.port = DEFAULT_PORT, .family = AF_UNSPEC, .connect_ms = DEFAULT_CONNECT_MS},
        .expect = MODES_ALL,
        .reply_ms = DEFAULT_REPLY_MS,
        .interval_ms = DEFAULT_INTERVAL_MS,
        .parallel = 1,
        .pipeline = 1,
        .duration_ms = DEFAULT_DURATION_MS,
    };
    if (!options_parse(client_option_rows, o, argc, argv, &operands, error))
        return false;
    if (o->help || o->version)
        return true;
    if (o->ipv4 != o->ipv6)
        o->dial.family = o->ipv4 ? AF_INET : AF_INET6;
    argc -= operands;
    argv += operands;
    if (!o->dial.unix_path && (taken = take_address(o, argc, argv, error)) < 0)
        return false;
    o->message_count = (size_t)(argc - taken);
    o->messages = o->message_count > 0 ? argv + taken : NULL;
    return choose_job(o, error);
}

void client_options_help(char *text, size_t size)
{
    int n = snprintf(text, size,
                     "usage: echo-client [OPTIONS] HOST [PORT] [MESSAGE...]    (PORT 4242)\n"
                     "  echo-client localhost 4242 hello    send a line, check its echo\n"
                     "  echo-client -c 3 localhost          time three round trips\n"
                     "  echo-client --check localhost       is that a right echo server?\n"
                     "exit: 0 every echo was right, 1 one was not, 2 usage, 3 no connection\n");
    if (n > 0 && (size_t)n < size)
        options_help(client_option_rows, text + n, size - (size_t)n);
}
