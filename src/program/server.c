/* server.c - see server.h: listens, tells that it is ready, and lets a loop serve. */
#include "program/server.h"

#include "listen.h"
#include "log.h"
#include "loop/server.h"
#include "loop/socket.h"
#include "output.h"
#include "server_options.h"
#include "show.h"
#include "signals.h"
#include "text.h"
#include "version.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { EXIT_OK = 0, EXIT_NO_SERVICE = 1, EXIT_USAGE = 2 };

/* All the memory that serving takes. */
enum { BUFFER_SIZE = 64 * 1024 };
static uint8_t in[BUFFER_SIZE], out[BUFFER_SIZE + ECHO_LINE_SLACK];

/* What the hooks need. */
struct running {
    struct server server;
    char address[TEXT_ADDRESS_MAX]; /* of the client being served */
    bool showing;
    struct show show;
};

static bool woken(void *context)
{
    struct running *r = context;
    unsigned signals = signals_take(r->server.wake_fd);
    if (signals & SIGNALS_COUNTERS)
        log_counters(LOG_ERROR, &r->server.counters); /* asked for: not even --quiet hides it */
    return signals & SIGNALS_STOP;
}

static void opened(void *context, const struct client *client)
{
    struct running *r = context;
    text_address(&client->address, client->address_len, r->address);
    log_opened(r->address);
    show_start(&r->show);
}

static void received(void *context, const struct client *client, const uint8_t *bytes, size_t n)
{
    struct running *r = context;
    (void)client;
    if (r->showing)
        show_bytes(&r->show, r->address, bytes, n);
}

static void closed(void *context, const struct client *client)
{
    struct running *r = context;
    if (r->showing)
        show_end(&r->show, r->address);
    log_closed(r->address, client, clock_ms());
}

static void waiting(void *context)
{
    (void)context;
    log_message(LOG_NOTICE,
                "a client waits while another is served: --model iterative serves one at "
                "a time (said once)");
}

static void accept_failed(void *context, int error)
{
    (void)context;
    log_message(LOG_ERROR, "cannot accept a client: %s; trying again", strerror(error));
}

/* One line per listener on standard output: "waiting on 127.0.0.1:4242". */
static bool tell_ready(const struct listeners *l)
{
    for (size_t i = 0; i < l->count; i++) {
        struct sockaddr_storage address = {0};
        socklen_t len = sizeof address;
        char text[TEXT_ADDRESS_MAX], line[TEXT_ADDRESS_MAX + 16];
        if (getsockname(l->fds[i], (struct sockaddr *)&address, &len) < 0)
            return false;
        text_address(&address, len, text);
        int n = snprintf(line, sizeof line, "waiting on %s\n", text);
        if (!output_write(STDOUT_FILENO, line, (size_t)n))
            return false;
    }
    return true;
}

static int serve(const struct server_options *o, const struct listeners *l, int wake_fd)
{
    static struct running running;
    running.showing = o->show;
    running.server = (struct server){
        .listeners = l->fds,
        .listener_count = l->count,
        .wake_fd = wake_fd,
        .rules = o->rules,
        .one_off = o->one_off,
        .in = in,
        .in_size = sizeof in,
        .out = out,
        .out_size = sizeof out,
        .hooks = {woken, opened, received, closed, waiting, accept_failed},
        .context = &running,
    };
    if (!tell_ready(l)) {
        log_message(LOG_ERROR, "cannot write the ready line to standard output: %s",
                    strerror(errno));
        return EXIT_NO_SERVICE;
    }
    int error = server_iterative(&running.server);
    log_counters(LOG_NOTICE, &running.server.counters);
    if (error == 0)
        return EXIT_OK;
    log_message(LOG_ERROR, "cannot accept clients: %s", strerror(error));
    return EXIT_NO_SERVICE;
}

int server_program(int argc, char **argv)
{
    struct server_options o;
    struct listeners l;
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
    log_open(o.log_format, o.quiet ? LOG_ERROR : o.verbose ? LOG_DETAIL : LOG_NOTICE);

    int wake_fd = signals_open();
    if (wake_fd < 0) {
        log_message(LOG_ERROR, "cannot catch signals: %s", strerror(errno));
        return EXIT_NO_SERVICE;
    }
    if (!listen_open(&o.listen, &l, text)) {
        log_message(LOG_ERROR, "%s", text);
        return EXIT_NO_SERVICE;
    }
    int status = serve(&o, &l, wake_fd);
    listen_close(&l);
    return status;
}
