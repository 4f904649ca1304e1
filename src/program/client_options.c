/* client_options.c - see client_options.h. One function and one row per option. */
#include "client_options.h"

#include "connection/ledger.h"
#include "values.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

enum { DEFAULT_PORT = 4242, DEFAULT_CONNECT_MS = 10 * 1000, DEFAULT_REPLY_MS = 10 * 1000 };

static const char *const not_a_time = "is not a time; use 500ms, 2s, 1m or plain seconds";

static const char *set_expect(void *options, const char *value)
{
    struct client_options *o = options;
    enum echo_mode mode;
    if (echo_mode_find(value, &mode))
        o->expect = MODES_ONLY(mode);
    else if (strcmp(value, "auto") == 0)
        o->expect = MODES_ALL;
    else if (strcmp(value, "any") == 0)
        o->expect = MODES_NONE;
    else
        return options_mode_hint((const char *const[]){"auto", "any", NULL});
    return NULL;
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

#define FLAG(member) offsetof(struct client_options, member)

static const struct option_row rows[] = {
    {'m', "expect", "MODE", "@, auto (either) or any (auto)", NULL, set_expect, 0},
    {'w', "connect-timeout", "T", "for connecting, over all addresses; 0: none (10s)", NULL,
     set_connect_timeout, 0},
    {'W', "reply-timeout", "T", "silence while an echo is owed; 0: none (10s)", NULL,
     set_reply_timeout, 0},
    {0, "retry", "T", "keep trying to connect for T", NULL, set_retry, 0},
    {0, "dot-stop", NULL, "leave after sending a line that begins with .", NULL, NULL,
     FLAG(dot_stop)},
    {'4', "ipv4", NULL, "IPv4 only", NULL, NULL, FLAG(ipv4)},
    {'6', "ipv6", NULL, "IPv6 only", NULL, NULL, FLAG(ipv6)},
    {'U', "unix", "PATH", "a Unix socket, instead of HOST and PORT", NULL, set_unix, 0},
    {'v', "verbose", NULL, "tell what happens", NULL, NULL, FLAG(verbose)},
    {0, "quiet", NULL, "no prompt, no progress: errors only", NULL, NULL, FLAG(quiet)},
    {'h', "help", NULL, "print this help", NULL, NULL, FLAG(help)},
    {'V', "version", NULL, "print the version", NULL, NULL, FLAG(version)},
    {0, NULL, NULL, NULL, NULL, NULL, 0},
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

bool client_options_parse(struct client_options *o, int argc, char **argv,
                          char error[OPTIONS_ERROR_MAX])
{
    int operands, taken = 0;
    *o = (struct client_options){
        .dial = {.port = DEFAULT_PORT, .family = AF_UNSPEC, .connect_ms = DEFAULT_CONNECT_MS},
        .expect = MODES_ALL,
        .reply_ms = DEFAULT_REPLY_MS,
    };
    if (!options_parse(rows, o, argc, argv, &operands, error))
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
    return true;
}

void client_options_help(char *text, size_t size)
{
    int n =
        snprintf(text, size,
                 "usage: echo-client [OPTIONS] HOST [PORT] [MESSAGE...]\n"
                 "  echo-client localhost               type lines, see them come back\n"
                 "  echo-client localhost 4242 hello    send a line, check its echo\n"
                 "  echo-client -m verbatim host:7 <file | cmp - file\n"
                 "exit status: 0 every echo was right, 1 one was not, 2 usage, 3 no connection\n");
    if (n > 0 && (size_t)n < size)
        options_help(rows, text + n, size - (size_t)n);
}
