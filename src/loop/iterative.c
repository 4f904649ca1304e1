/* iterative.c - the server that serves one client at a time.
 *
 * May use: the connection, serve.h, socket.h. What is here is waiting.
 */
#include "iterative.h"

#include "serve.h"
#include "socket.h"

#include <errno.h>

/* The places of what is waited for beside listeners, so that a stop is seen however busy these
 * are. */
enum { WAKE, PARENT, CLIENT, LISTENERS };

/* Fills in what to wait for. Returns how many there are. */
static unsigned fill_poll_set(const struct server *s, struct pollfd *fds,
                              const struct client *client, bool stopping, bool listen)
{
    unsigned n = LISTENERS;
    fds[WAKE] = (struct pollfd){.fd = s->wake_fd, .events = POLLIN};
    /* Once told to stop, only the parent's end is news. */
    fds[PARENT] = (struct pollfd){.fd = s->parent_fd, .events = stopping ? 0 : POLLIN};
    fds[CLIENT] = (struct pollfd){.fd = -1};
    if (client) {
        short events = serve_events(client);
        fds[CLIENT].fd = events == POLLIN ? client->fd : serve_out_fd(s, client);
        fds[CLIENT].events = events;
    }
    for (size_t i = 0; listen && i < s->listener_count; i++)
        fds[n++] = (struct pollfd){.fd = s->listeners[i], .events = POLLIN};
    return n;
}

static void begin_to_stop(struct server *s, bool *stopping)
{
    if (!*stopping)
        s->hooks.stopping(s->context);
    *stopping = true;
}

/* Between two clients, to stop and to leave are the same. */
static void look_at_orders(struct server *s, const struct pollfd *fds, bool *stopping)
{
    if (serve_woken(s, fds[WAKE].revents, fds[PARENT].revents) != SERVE_ON)
        begin_to_stop(s, stopping);
}

static void look_at_listeners(struct server *s, const struct pollfd *fds, unsigned n,
                              bool *told_waiting)
{
    for (unsigned i = LISTENERS; i < n && !*told_waiting; i++) {
        if (fds[i].revents) {
            s->hooks.waiting(s->context);
            *told_waiting = true;
        }
    }
}

/* Waits for what the connection wants next, and does it. */
static void step(struct server *s, struct client *client, bool *stopping, bool *told_waiting)
{
    struct pollfd fds[LISTENERS + SERVER_LISTENERS_MAX];
    struct conn *c = &client->conn;
    unsigned n = fill_poll_set(s, fds, client, *stopping, !*told_waiting && !*stopping);
    int ready = socket_wait(fds, n, conn_deadline(c));
    uint64_t now = clock_ms();

    if (ready == 0) {
        serve_expired(s, client, now);
        return;
    }
    switch (serve_woken(s, fds[WAKE].revents, fds[PARENT].revents)) {
    case SERVE_ON:
        break;
    case SERVE_STOP:
        begin_to_stop(s, stopping);
        conn_drain(c, now + s->drain_ms);
        break;
    case SERVE_LEAVE:
        begin_to_stop(s, stopping);
        conn_cut(c);
        return;
    }
    look_at_listeners(s, fds, n, told_waiting);
    if (fds[CLIENT].revents)
        serve_ready(s, client, now);
}

void iterative_serve(struct server *s, struct client *client, bool *stopping, bool *told_waiting)
{
    serve_start(s, client, s->out, s->out_size, clock_ms());
    if (*stopping)
        conn_drain(&client->conn, client->since + s->drain_ms);
    while (conn_over(&client->conn) == CONN_OPEN)
        step(s, client, stopping, told_waiting);
    if (serve_end(s, client))
        begin_to_stop(s, stopping);
}

/* Waits for anything but a client. */
static void pause_accepting(struct server *s, bool *stopping)
{
    uint64_t until = clock_ms() + SERVE_PAUSE_MS;
    while (!*stopping && clock_ms() < until) {
        struct pollfd fds[LISTENERS];
        (void)fill_poll_set(s, fds, NULL, false, false);
        if (socket_wait(fds, LISTENERS, until) > 0)
            look_at_orders(s, fds, stopping);
    }
}

int server_iterative(struct server *s)
{
    struct client client = {0};
    bool stopping = false, told_waiting = false;
    int error = serve_tell_ready(s);
    if (error)
        return error;
    while (!stopping) {
        struct pollfd fds[LISTENERS + SERVER_LISTENERS_MAX];
        unsigned n = fill_poll_set(s, fds, NULL, false, true);
        if (socket_wait(fds, n, UINT64_MAX) == 0)
            continue;
        look_at_orders(s, fds, &stopping);
        for (unsigned i = LISTENERS; i < n && !stopping; i++) {
            if (!fds[i].revents)
                continue;
            switch (serve_accept(s, fds[i].fd, &client)) {
            case SERVE_ACCEPTED:
                iterative_serve(s, &client, &stopping, &told_waiting);
                break;
            case SERVE_NOBODY:
                break;
            case SERVE_LATER:
                pause_accepting(s, &stopping);
                break;
            case SERVE_NEVER:
                return errno;
            }
        }
    }
    return 0;
}
