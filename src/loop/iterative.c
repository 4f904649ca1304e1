/* iterative.c - the server that serves one client at a time.
 *
 * May use: the connection, socket.h. Every decision is the connection's; what is here is waiting.
 */
#include "server.h"
#include "socket.h"

#include <errno.h>

enum { ACCEPT_PAUSE_MS = 100 };

/* One run of the server. */
struct run {
    struct server *server;
    struct client client;
    int fd; /* the client's */
    bool stopping;
    bool told_waiting;
};

/* The wake descriptor first, so that a stop is seen however busy the others are. */
static size_t fill_poll_set(const struct run *r, struct pollfd *fds, int client_fd, short events,
                            bool listen)
{
    size_t n = 0;
    fds[n++] = (struct pollfd){.fd = r->server->wake_fd, .events = POLLIN};
    fds[n++] = (struct pollfd){.fd = client_fd, .events = events};
    for (size_t i = 0; listen && i < r->server->listener_count; i++)
        fds[n++] = (struct pollfd){.fd = r->server->listeners[i], .events = POLLIN};
    return n;
}

static void look_at_wake(struct run *r, const struct pollfd *wake)
{
    if (wake->revents && r->server->hooks.woken(r->server->context))
        r->stopping = true;
}

static void look_at_listeners(struct run *r, const struct pollfd *fds, size_t n)
{
    for (size_t i = 0; i < n && !r->told_waiting; i++) {
        if (fds[i].revents) {
            r->server->hooks.waiting(r->server->context);
            r->told_waiting = true;
        }
    }
}

/* Sends what is owed, as far as it goes without waiting, and the FIN where that is due. */
static void pay(struct run *r)
{
    struct conn *c = &r->client.conn;
    const uint8_t *bytes;
    size_t owed, sent;

    while ((owed = conn_owed(c, &bytes)) > 0) {
        enum socket_result result = socket_send(r->fd, bytes, owed, &sent);
        if (result == SOCKET_AGAIN)
            return;
        if (result == SOCKET_FAILED) {
            conn_lost(c);
            return;
        }
        r->server->counters.bytes_out += sent;
        conn_sent(c, sent, clock_ms());
    }
    if (conn_fin_due(c)) {
        socket_send_fin(r->fd);
        conn_fin_sent(c, clock_ms());
    }
}

static void receive(struct run *r)
{
    struct server *s = r->server;
    struct conn *c = &r->client.conn;
    size_t room = conn_room(c), n;

    switch (socket_receive(r->fd, s->in, room < s->in_size ? room : s->in_size, &n)) {
    case SOCKET_MOVED:
        s->counters.bytes_in += n;
        s->hooks.received(s->context, &r->client, s->in, n);
        conn_received(c, s->in, n, clock_ms());
        break;
    case SOCKET_ENDED:
        conn_ended(c);
        break;
    case SOCKET_FAILED:
        conn_lost(c);
        break;
    case SOCKET_AGAIN:
        break;
    }
}

/* Waits for what the connection wants next. Returns whether the client's socket is ready. */
static bool wait_for_client(struct run *r)
{
    struct pollfd fds[2 + SERVER_LISTENERS_MAX];
    struct conn *c = &r->client.conn;
    size_t n = fill_poll_set(r, fds, r->fd, conn_room(c) > 0 ? POLLIN : POLLOUT, !r->told_waiting);

    if (socket_wait(fds, n, conn_deadline(c)) == 0) {
        conn_expired(c, clock_ms());
        return false;
    }
    look_at_wake(r, &fds[0]);
    if (r->stopping)
        conn_drain(c, clock_ms());
    look_at_listeners(r, fds + 2, n - 2);
    return fds[1].revents != 0;
}

static void serve_client(struct run *r)
{
    struct server *s = r->server;
    struct client *client = &r->client;
    struct conn *c = &client->conn;

    client->since = clock_ms();
    conn_init(c, &s->rules, s->out, s->out_size, client->since);
    s->counters.served++;
    s->counters.open++;
    s->hooks.opened(s->context, client);
    if (r->stopping)
        conn_drain(c, client->since);

    while (conn_over(c) == CONN_OPEN) {
        if (wait_for_client(r) && conn_room(c) > 0)
            receive(r);
        pay(r);
    }

    socket_close(r->fd);
    s->counters.open--;
    s->counters.reset += conn_over(c) == CONN_RESET;
    s->counters.timed_out += conn_over(c) == CONN_IDLE;
    s->hooks.closed(s->context, client);
    if (conn_over(c) == CONN_STOP || s->one_off)
        r->stopping = true;
}

/* Waits for anything but a client: the listeners stay ready, and would make it spin. */
static void pause_accepting(struct run *r)
{
    struct pollfd wake = {.fd = r->server->wake_fd, .events = POLLIN};
    if (socket_wait(&wake, 1, clock_ms() + ACCEPT_PAUSE_MS) > 0)
        look_at_wake(r, &wake);
}

/* Returns 0, or an errno if this listener will never accept again. */
static int accept_and_serve(struct run *r, int listener)
{
    r->fd = socket_accept(listener, &r->client.address, &r->client.address_len);
    if (r->fd >= 0) {
        serve_client(r);
        return 0;
    }
    switch (errno) {
    case EAGAIN:
#if EWOULDBLOCK != EAGAIN
    case EWOULDBLOCK:
#endif
    case EINTR:
    case ECONNABORTED: /* the client has gone again */
        return 0;
    case EBADF:
    case EINVAL:
    case ENOTSOCK:
        return errno;
    default: /* no descriptors or memory left, or the network has a fault to tell */
        r->server->hooks.accept_failed(r->server->context, errno);
        pause_accepting(r);
        return 0;
    }
}

int server_iterative(struct server *s)
{
    struct run r = {.server = s, .fd = -1};
    while (!r.stopping) {
        struct pollfd fds[2 + SERVER_LISTENERS_MAX];
        size_t n = fill_poll_set(&r, fds, -1, 0, true);
        if (socket_wait(fds, n, UINT64_MAX) == 0)
            continue;
        look_at_wake(&r, &fds[0]);
        for (size_t i = 2; i < n && !r.stopping; i++) {
            int error = fds[i].revents ? accept_and_serve(&r, fds[i].fd) : 0;
            if (error)
                return error;
        }
    }
    return 0;
}
