/* server_options.c - see server_options.h. One function and one row per option. */
#include "server_options.h"

#include "text.h"
#include "values.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum {
    DEFAULT_PORT = 4242,
    DEFAULT_IDLE_MS = 300 * 1000,
    DEFAULT_DRAIN_MS = 5 * 1000,
    DEFAULT_MAX_CLIENTS = 1024
};

static const char *const not_a_time = "is not a time; use 500ms, 2s, 1m or plain seconds";

static const char *set_mode(void *options, const char *value)
{
    struct server_options *o = options;
    unsigned i;
    const char *wrong = options_choose(echo_mode_name, "a mode", value, &i);
    if (!wrong)
        o->rules.mode = (enum echo_mode)i;
    return wrong;
}

static const char *model_name(unsigned i)
{
    static const char *const names[] = {
        [MODEL_ITERATIVE] = "iterative", [MODEL_FORK] = "fork", [MODEL_EVENT] = "event"};
    return i < sizeof names / sizeof names[0] ? names[i] : NULL;
}

static const char *set_model(void *options, const char *value)
{
    struct server_options *o = options;
    unsigned i;
    const char *wrong = options_choose(model_name, "a model", value, &i);
    if (!wrong)
        o->model = (enum server_model)i;
    return wrong;
}

static const char *set_max_clients(void *options, const char *value)
{
    struct server_options *o = options;
    return value_count(value, SERVER_CLIENTS_MAX, &o->max_clients)
               ? NULL
               : "is not a number of clients; use 1 to 1000000";
}

static const char *set_workers(void *options, const char *value)
{
    struct server_options *o = options;
    return value_count(value, SERVER_WORKERS_MAX, &o->workers)
               ? NULL
               : "is not a number of workers; use 1 to 64";
}

static const char *set_bind(void *options, const char *value)
{
    struct server_options *o = options;
    if (*value == '\0')
        return "is not an address; use one, a name, or '*' for every interface";
    if (o->listen.bind_count == LISTEN_MAX)
        return "is one address too many";
    o->listen.bind[o->listen.bind_count++] = value;
    return NULL;
}

static const char *set_unix(void *options, const char *value)
{
    ((struct server_options *)options)->listen.unix_path = value;
    return NULL;
}

static const char *set_idle_timeout(void *options, const char *value)
{
    struct server_options *o = options;
    uint64_t ms;
    if (!value_time(value, &ms))
        return not_a_time;
    o->rules.idle_ms = (uint32_t)ms; /* VALUE_TIME_MAX_MS fits */
    return NULL;
}

static const char *set_drain_timeout(void *options, const char *value)
{
    struct server_options *o = options;
    return value_time(value, &o->drain_ms) ? NULL : not_a_time;
}

static const char *sandbox_name(unsigned i)
{
    static const char *const names[] = {
        [SANDBOX_AUTO] = "auto", [SANDBOX_OFF] = "off", [SANDBOX_REQUIRE] = "require"};
    return i < sizeof names / sizeof names[0] ? names[i] : NULL;
}

static const char *set_sandbox(void *options, const char *value)
{
    struct server_options *o = options;
    unsigned i;
    const char *wrong = options_choose(sandbox_name, "a way to use the sandbox", value, &i);
    if (!wrong)
        o->sandbox = (enum sandbox_mode)i;
    return wrong;
}

static const char *log_name(unsigned i)
{
    static const char *const names[] = {[LOG_TEXT] = "text", [LOG_JSON] = "json"};
    return i < sizeof names / sizeof names[0] ? names[i] : NULL;
}

static const char *set_log(void *options, const char *value)
{
    struct server_options *o = options;
    unsigned i;
    const char *wrong = options_choose(log_name, "a log format", value, &i);
    if (!wrong)
        o->log_format = (enum log_format)i;
    return wrong;
}

#define FLAG(member) .flag = offsetof(struct server_options, member)

const struct option_row server_option_rows[] = {
    {'m', "mode", "MODE", "what comes back: @ (upper)", .variable = "ECHO_MODE", .set = set_mode,
     .values = echo_mode_name},
    {0, "model", "MODEL", "iterative (one client at a time), fork or event",
     .variable = "ECHO_MODEL", .set = set_model, .values = model_name},
    {'b', "bind", "ADDR", "where to listen, or '*'; repeatable (loopback)", .variable = "ECHO_BIND",
     .set = set_bind},
    {'4', "ipv4", NULL, "IPv4 only", FLAG(ipv4)},
    {'6', "ipv6", NULL, "IPv6 only", FLAG(ipv6)},
    {'U', "unix", "PATH", "a Unix socket instead", .set = set_unix},
    {'M', "max-clients", "N", "fork, event: so many at once, others wait (1024)",
     .set = set_max_clients},
    {0, "workers", "N", "event: processes that share the port (1)", .set = set_workers},
    {0, "inetd", NULL, "serve standard input and output, once", FLAG(inetd)},
    {0, "proxy-protocol", NULL, "learn who the client is from a proxy's header",
     FLAG(rules.header)},
    {0, "idle-timeout", "T", "close a client that moves no byte for T (300s)",
     .set = set_idle_timeout},
    {0, "drain-timeout", "T", "how long a stop waits for clients in flight (5s)",
     .set = set_drain_timeout},
    {'1', "one-off", NULL, "exit after the first client", FLAG(one_off)},
    {0, "dot-stop", NULL, "a client's line that begins with . stops the server",
     FLAG(rules.dot_stop)},
    {0, "sandbox", "WAY", "drop what serving needs not: @", .set = set_sandbox,
     .values = sandbox_name},
    {0, "show", NULL, "print each received line, escaped", FLAG(show)},
    {0, "log", "FORMAT", "@, on standard error (text)", .set = set_log, .values = log_name},
    {'v', "verbose", NULL, "log connections that send nothing, too", FLAG(verbose)},
    {0, "quiet", NULL, "log errors only", FLAG(quiet)},
    {'h', "help", NULL, "print this help", FLAG(help)},
    {'V', "version", NULL, "print the version", FLAG(version)},
    {.name = NULL},
};

static bool set_port(struct server_options *o, const char *what, const char *value, char *error)
{
    char shown[128];
    if (value_port(value, &o->listen.port))
        return true;
    text_escape(value, shown, sizeof shown);
    snprintf(error, OPTIONS_ERROR_MAX,
             "%s '%s' is not a port; use 1 to 65535, 0 for any free one, or a service name", what,
             shown);
    return false;
}

/* What the options cannot say one by one. */
static bool parse_operands(struct server_options *o, int argc, char **argv, char *error)
{
    const char *bind = getenv("ECHO_BIND");
    if ((o->listen.unix_path || o->inetd) && o->listen.bind_count == 1 && o->listen.bind[0] == bind)
        o->listen.bind_count = 0; /* only the environment says so, and flags win */

    const char *variable = getenv("ECHO_PORT"), *path = o->listen.unix_path;
    char shown[128];
    if (argc > 1) {
        text_escape(argv[1], shown, sizeof shown);
        snprintf(error, OPTIONS_ERROR_MAX, "'%s' is one operand too many; give one PORT", shown);
        return false;
    }
    if (path && (argc > 0 || o->listen.bind_count > 0 || o->ipv4 || o->ipv6)) {
        text_escape(path, shown, sizeof shown);
        snprintf(error, OPTIONS_ERROR_MAX,
                 "--unix '%s' stands instead of PORT, --bind, -4 and -6; leave those out", shown);
        return false;
    }
    if (o->inetd && (path || argc > 0 || o->listen.bind_count > 0 || o->show)) {
        snprintf(error, OPTIONS_ERROR_MAX,
                 "--inetd serves standard input and output; leave out PORT, --bind, --unix and "
                 "--show");
        return false;
    }
    if (o->workers > 1 && o->model != MODEL_EVENT) {
        snprintf(error, OPTIONS_ERROR_MAX, "--workers needs --model event");
        return false;
    }
    if (path)
        return true;
    if (argc == 1)
        return set_port(o, "PORT", argv[0], error);
    return !variable || set_port(o, "ECHO_PORT", variable, error);
}

bool server_options_parse(struct server_options *o, int argc, char **argv,
                          char error[OPTIONS_ERROR_MAX])
{
    int operands;
    *o = (struct server_options){
        .listen = {.family = AF_UNSPEC, .port = DEFAULT_PORT},
        .rules.idle_ms = DEFAULT_IDLE_MS,
        .drain_ms = DEFAULT_DRAIN_MS,
        .max_clients = DEFAULT_MAX_CLIENTS,
        .workers = 1,
    };
    if (!options_parse(server_option_rows, o, argc, argv, &operands, error))
        return false;
    if (o->help || o->version)
        return true;
    if (o->ipv4 != o->ipv6)
        o->listen.family = o->ipv4 ? AF_INET : AF_INET6;
    o->listen.copies = o->workers;
    return parse_operands(o, argc - operands, argv + operands, error);
}

void server_options_help(char *text, size_t size)
{
    int n =
        snprintf(text, size,
                 "usage: echo-server [OPTIONS] [PORT]    (4242, on loopback; 0: any free)\n"
                 "  echo-server --one-off 0             a fixture: read the port, serve once\n");
    if (n > 0 && (size_t)n < size)
        options_help(server_option_rows, text + n, size - (size_t)n);
}
