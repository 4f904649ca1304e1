/* server.c - see server.h: listens, tells that it is ready, and lets a loop serve. */
#include "program/server.h"

#include "activation.h"
#include "listen.h"
#include "log.h"
#include "loop/iterative.h"
#include "loop/serve.h"
#include "loop/socket.h"
#include "output.h"
#include "sandbox.h"
#include "server_options.h"
#include "show.h"
#include "signals.h"
#include "text.h"
#include "version.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { EXIT_OK = 0, EXIT_NO_SERVICE = 1, EXIT_USAGE = 2 };

/* What receiving and sending takes, for all clients of a process. */
enum { BUFFER_SIZE = 256 * 1024, LARGE_BLOCKS = 16, SMALL_SIZE = 512 };
static uint8_t in[BUFFER_SIZE], out[BUFFER_SIZE + ECHO_LINE_SLACK];

_Static_assert((int)LISTEN_MAX == (int)SERVER_LISTENERS_MAX &&
                   (int)LISTEN_COPIES_MAX == (int)SERVER_WORKERS_MAX,
               "a loop must have room for all that can be listened on");

/* What the hooks need. */
struct running {
    struct server server;
    struct server_counters counters;
    struct listeners listeners;
    enum sandbox_mode sandbox;
    struct sandbox_needs needs;
    bool many; /* a model that serves many at once */
    int wake_fd;
    bool error_told;
    struct show *shows; /* one for each client, or NULL */
};

static bool woken(void *context)
{
    struct running *r = context;
    unsigned signals = signals_take(r->wake_fd);
    if (signals & SIGNALS_COUNTERS)
        log_counters(LOG_ERROR, r->server.counters); /* asked for: not even --quiet hides it */
    return signals & SIGNALS_STOP;
}

/* Returns false, having told it, where the user requires what this system lacks. */
static bool enter_sandbox(const struct running *r)
{
    char lacking[SANDBOX_TEXT_MAX];
    if (r->sandbox == SANDBOX_OFF || sandbox_enter(&r->needs, lacking))
        return true;
    bool required = r->sandbox == SANDBOX_REQUIRE;
    log_message(required ? LOG_ERROR : LOG_NOTICE, "sandbox: %s%s", lacking,
                required ? "; leave out --sandbox require" : "");
    return !required;
}

static bool not_ready(struct running *r)
{
    int error = errno;
    log_message(LOG_ERROR, "cannot write the ready line to standard output: %s", strerror(error));
    r->error_told = true;
    errno = error;
    return false;
}

/* One line per address on standard output: "waiting on 127.0.0.1:4242". */
static bool ready(void *context)
{
    struct running *r = context;
    const struct listeners *l = &r->listeners;
    if (!enter_sandbox(r)) {
        r->error_told = true;
        errno = EPERM;
        return false;
    }
    for (size_t i = 0; i < l->count; i++) {
        struct sockaddr_storage address = {0};
        socklen_t len = sizeof address;
        char text[TEXT_ADDRESS_MAX], line[TEXT_ADDRESS_MAX + 16];
        if (getsockname(l->fds[i], (struct sockaddr *)&address, &len) < 0)
            return not_ready(r);
        text_address(&address, len, text);
        int n = snprintf(line, sizeof line, "waiting on %s\n", text);
        if (!output_write(STDOUT_FILENO, line, (size_t)n))
            return not_ready(r);
    }
    activation_notify("READY=1\nSTATUS=serving");
    return true;
}

/* From here on a new client is refused by the kernel, and the port is free for another server as
 * soon as the clients' connections allow. */
static void stopping(void *context)
{
    struct running *r = context;
    listen_close(&r->listeners);
    activation_notify("STOPPING=1\nSTATUS=waiting for clients in flight");
}

static const char *address_of(const struct client *client, char text[TEXT_ADDRESS_MAX])
{
    struct sockaddr_storage address = {0};
    memcpy(&address, &client->address, sizeof client->address);
    text_address(&address, 0, text); /* a Unix socket's path is not kept */
    return text;
}

static void opened(void *context, const struct client *client)
{
    struct running *r = context;
    char text[TEXT_ADDRESS_MAX];
    if (log_tells(LOG_DETAIL))
        log_opened(address_of(client, text));
    if (r->shows)
        show_start(&r->shows[client->index]);
}

static void received(void *context, const struct client *client, const uint8_t *bytes, size_t n)
{
    struct running *r = context;
    char text[TEXT_ADDRESS_MAX];
    if (r->shows)
        show_bytes(&r->shows[client->index], address_of(client, text), bytes, n);
}

/* What is wrong with the header of a client that was let go for that. */
static void log_header(const struct client *client, const struct proxy *header)
{
    char address[TEXT_ADDRESS_MAX], reason[160], byte[TEXT_ESCAPE_MAX + 1] = "";
    if (header->expected) {
        text_escape_byte(header->bytes[header->len], byte);
        snprintf(reason, sizeof reason, "expected %s, got '%s' (0x%02x) at offset %u of the header",
                 header->expected, byte, header->bytes[header->len], header->len);
    } else {
        snprintf(reason, sizeof reason,
                 "%u bytes of a PROXY protocol header in %llu ms, and no end", header->len,
                 (unsigned long long)(clock_ms() - client->since));
    }
    log_refused(LOG_NOTICE, address_of(client, address), "header", reason);
}

static void closed(void *context, const struct client *client)
{
    struct running *r = context;
    char text[TEXT_ADDRESS_MAX];
    if (conn_over(&client->conn) == CONN_HEADER) {
        log_header(client, &r->server.headers[client->index]);
        return;
    }
    if (r->shows)
        show_end(&r->shows[client->index], address_of(client, text));
    if (log_tells(log_closed_level(client)))
        log_closed(address_of(client, text), client, clock_ms());
}

static void waiting(void *context)
{
    const struct running *r = context;
    if (r->many)
        log_message(LOG_NOTICE,
                    "%u clients are served: others wait until one goes, see --max-clients (said "
                    "once)",
                    r->server.max_clients);
    else
        log_message(LOG_NOTICE,
                    "a client waits while another is served: --model iterative serves one at a "
                    "time, --model event many (said once)");
}

static void accept_failed(void *context, int error)
{
    (void)context;
    log_message(LOG_ERROR, "cannot accept a client: %s; trying again", strerror(error));
}

static void refused(void *context, const struct client *client, int error)
{
    char text[TEXT_ADDRESS_MAX];
    (void)context;
    log_refused(LOG_ERROR, address_of(client, text), "limit", strerror(error));
}

static void forked(void *context, bool accepts)
{
    struct running *r = context;
    if (!accepts)
        listen_close(&r->listeners);
    activation_close(); /* the parent speaks for all */
    signals_leave_to_parent();
    if (accepts) { /* a worker: it starts nobody */
        r->needs = (struct sandbox_needs){0};
        if (!enter_sandbox(r))
            exit(EXIT_NO_SERVICE);
    }
}

static void worker_died(void *context, long pid, int status)
{
    (void)context;
    log_message(LOG_ERROR, "worker %ld ended with %s %d; another takes its place", pid,
                WIFSIGNALED(status) ? "signal" : "status",
                WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
}

/* Descriptors for so many clients, as far as this user may have them. */
static void raise_descriptor_limit(unsigned clients)
{
    enum { OTHERS = 128 };
    struct rlimit limit;
    rlim_t wanted = (rlim_t)clients + OTHERS;
    if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur >= wanted)
        return;
    limit.rlim_cur = limit.rlim_max < wanted ? limit.rlim_max : wanted;
    (void)setrlimit(RLIMIT_NOFILE, &limit);
    if (limit.rlim_cur < wanted)
        log_message(LOG_NOTICE, "the limit of open files (ulimit -n) is %llu: -M %u needs %llu",
                    (unsigned long long)limit.rlim_cur, clients, (unsigned long long)wanted);
}

static int serve_listeners(struct running *r, const struct server_options *o)
{
    struct server *s = &r->server;
    int error;
    if (o->model == MODEL_FORK)
        error = server_fork(s);
    else if (o->model == MODEL_EVENT && o->workers > 1)
        error = server_workers(s, o->workers);
    else if (o->model == MODEL_EVENT)
        error = server_event(s);
    else
        error = server_iterative(s);
    if (r->error_told)
        return EXIT_NO_SERVICE;
    log_counters(LOG_NOTICE, s->counters);
    if (error == 0)
        return EXIT_OK;
    log_message(LOG_ERROR, "cannot accept clients: %s", strerror(error));
    return EXIT_NO_SERVICE;
}

/* Standard input and output are the client, as inetd(8) has it. */
static int serve_standard_input(struct server *s)
{
    struct client client = {.fd = STDIN_FILENO};
    bool stop = false, told = true;
    socklen_t len = sizeof client.address;
    (void)getpeername(STDIN_FILENO, &client.address.any, &len); /* a pipe has none */
    s->listener_count = 0;
    s->out_fd = STDOUT_FILENO;
    iterative_serve(s, &client, &stop, &told);
    return EXIT_OK;
}

/* inetd gives its services the client as standard error, too: no place for a log. */
static bool standard_error_is_the_client(void)
{
    struct stat client, error;
    return fstat(STDIN_FILENO, &client) == 0 && fstat(STDERR_FILENO, &error) == 0 &&
           S_ISSOCK(client.st_mode) && client.st_dev == error.st_dev &&
           client.st_ino == error.st_ino;
}

static int serve(const struct server_options *o, struct running *r)
{
    unsigned each = (o->max_clients + o->workers - 1) / o->workers;
    unsigned clients = o->model == MODEL_ITERATIVE || o->inetd ? 1 : each;
    if (o->show && !(r->shows = calloc(clients, sizeof *r->shows))) {
        log_message(LOG_ERROR, "no memory to --show %u clients", clients);
        return EXIT_NO_SERVICE;
    }
    struct proxy *headers = o->rules.header ? calloc(clients, sizeof *headers) : NULL;
    if (o->rules.header && !headers) {
        log_message(LOG_ERROR, "no memory for the headers of %u clients", clients);
        return EXIT_NO_SERVICE;
    }
    if (o->model != MODEL_ITERATIVE)
        raise_descriptor_limit(clients);
    r->server = (struct server){
        .listeners = r->listeners.fds,
        .listener_count = r->listeners.count,
        .wake_fd = r->wake_fd,
        .parent_fd = -1,
        .rules = o->rules,
        .drain_ms = o->drain_ms,
        .out_fd = -1,
        .one_off = o->one_off,
        .max_clients = clients,
        .headers = headers,
        .in = in,
        .in_size = sizeof in,
        .out = out,
        .out_size = sizeof out,
        .large_blocks = LARGE_BLOCKS,
        .small_size = SMALL_SIZE,
        .counters = &r->counters,
        .hooks = {woken, ready, stopping, opened, received, closed, waiting, accept_failed, refused,
                  forked, worker_died},
        .context = r,
    };
    r->many = o->model != MODEL_ITERATIVE;
    r->sandbox = o->sandbox;
    r->needs = (struct sandbox_needs){.forks = o->model == MODEL_FORK || o->workers > 1,
                                      .unix_path = r->listeners.unix_path};
    if (o->inetd && !enter_sandbox(r))
        return EXIT_NO_SERVICE;
    int status = o->inetd ? serve_standard_input(&r->server) : serve_listeners(r, o);
    free(r->shows);
    free(headers);
    return status;
}

int server_program(int argc, char **argv)
{
    static struct running running;
    struct server_options o;
    char text[4096];

    output_guard();
    if (!server_options_parse(&o, argc, argv, text)) {
        log_message(LOG_ERROR, "%s", text);
        return EXIT_USAGE;
    }
    if (o.help || o.version) {
        if (o.help)
            server_options_help(text, sizeof text);
        else
            snprintf(text, sizeof text, "echo-server " ECHO_VERSION " (MIT licence)\n");
        return output_write(STDOUT_FILENO, text, strlen(text)) ? EXIT_OK : EXIT_NO_SERVICE;
    }
    enum log_level level = o.quiet ? LOG_ERROR : o.verbose ? LOG_DETAIL : LOG_NOTICE;
    if (o.inetd && standard_error_is_the_client())
        level = LOG_NOTHING;
    log_open(o.log_format, level, activation_journal());
    activation_open();

    running.wake_fd = signals_open();
    if (running.wake_fd < 0) {
        log_message(LOG_ERROR, "cannot catch signals: %s", strerror(errno));
        return EXIT_NO_SERVICE;
    }
    if (!o.inetd && !listen_open(&o.listen, &running.listeners, text)) {
        log_message(LOG_ERROR, "%s", text);
        return EXIT_NO_SERVICE;
    }
    int status = serve(&o, &running);
    listen_close(&running.listeners);
    listen_remove(&running.listeners);
    return status;
}
