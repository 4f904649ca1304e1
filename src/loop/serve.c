/* serve.c - see serve.h.
 *
 * May use: the connection, socket.h. Every decision is the connection's.
 */
#include "serve.h"

#include "socket.h"

#include <errno.h>

int serve_tell_ready(struct server *s)
{
    bool is_child = s->parent_fd >= 0;
    return is_child || s->hooks.ready(s->context) ? 0 : errno;
}

enum serve_accepted serve_accept(struct server *s, int listener, struct client *client)
{
    client->fd = socket_accept(listener, &client->address.any, sizeof client->address);
    if (client->fd >= 0)
        return SERVE_ACCEPTED;
    switch (errno) {
    case EAGAIN:
#if EWOULDBLOCK != EAGAIN
    case EWOULDBLOCK:
#endif
    case EINTR:
    case ECONNABORTED: /* the client has gone again */
        return SERVE_NOBODY;
    case EBADF:
    case EINVAL:
    case ENOTSOCK:
        return SERVE_NEVER;
    default: /* no descriptors or memory left, or the network has a fault to tell */
        s->hooks.accept_failed(s->context, errno);
        return SERVE_LATER;
    }
}

void serve_start(struct server *s, struct client *client, uint8_t *buffer, size_t size,
                 uint64_t now)
{
    client->since = now;
    conn_init(&client->conn, &s->rules, buffer, size, now);
    s->counters->served++;
    s->counters->open++;
    s->hooks.opened(s->context, client);
}

int serve_out_fd(const struct server *s, const struct client *client)
{
    return s->out_fd >= 0 ? s->out_fd : client->fd;
}

short serve_events(const struct client *client)
{
    return conn_room(&client->conn) > 0 ? POLLIN : POLLOUT;
}

/* Sends what is owed, as far as it goes without waiting, and the FIN where that is due. */
static void pay(struct server *s, struct client *client, uint64_t now)
{
    struct conn *c = &client->conn;
    int fd = serve_out_fd(s, client);
    const uint8_t *bytes;
    size_t owed, sent;

    while ((owed = conn_owed(c, &bytes)) > 0) {
        enum socket_result result = socket_send(fd, bytes, owed, &sent);
        if (result == SOCKET_AGAIN)
            return;
        if (result == SOCKET_FAILED) {
            conn_lost(c);
            return;
        }
        s->counters->bytes_out += sent;
        conn_sent(c, sent, now);
    }
    if (conn_fin_due(c)) {
        socket_send_fin(fd);
        conn_fin_sent(c, now);
    }
}

static void receive(struct server *s, struct client *client, uint64_t now)
{
    struct conn *c = &client->conn;
    size_t room = conn_room(c), n;

    switch (socket_receive(client->fd, s->in, room < s->in_size ? room : s->in_size, &n)) {
    case SOCKET_MOVED:
        s->counters->bytes_in += n;
        s->hooks.received(s->context, client, s->in, n);
        conn_received(c, s->in, n, now);
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

void serve_ready(struct server *s, struct client *client, uint64_t now)
{
    if (conn_room(&client->conn) > 0)
        receive(s, client, now);
    pay(s, client, now);
}

void serve_expired(struct server *s, struct client *client, uint64_t now)
{
    conn_expired(&client->conn, now);
    pay(s, client, now);
}

bool serve_end(struct server *s, struct client *client)
{
    enum conn_why why = conn_over(&client->conn);
    socket_close(client->fd);
    s->counters->open--;
    s->counters->reset += why == CONN_RESET;
    s->counters->timed_out += why == CONN_IDLE;
    s->hooks.closed(s->context, client);
    s->finished |= why == CONN_STOP || s->one_off;
    return s->finished;
}

enum serve_order serve_woken(struct server *s, short wake, short parent)
{
    bool stop = wake && s->hooks.woken(s->context);
    if (parent & POLLHUP)
        return SERVE_LEAVE;
    return stop || parent ? SERVE_STOP : SERVE_ON;
}
