/* serve.c - see serve.h.
 *
 * May use: the connection, the proxy's header, socket.h, htons, memcpy. Every decision is the
 * connection's.
 */
#include "serve.h"

#include "socket.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

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
    if (conn_awaits_header(&client->conn))
        proxy_init(&s->headers[client->index]);
    else
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

/* From now on the client has the address that its proxy says. */
static void rename_client(struct client *client, const struct proxy_client *said)
{
    struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(said->port)};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons(said->port)};
    switch (said->family) {
    case PROXY_OWN:
        break;
    case PROXY_IPV4:
        memcpy(&v4.sin_addr, said->ip, sizeof v4.sin_addr);
        client->address.v4 = v4;
        break;
    case PROXY_IPV6:
        memcpy(&v6.sin6_addr, said->ip, sizeof v6.sin6_addr);
        client->address.v6 = v6;
        break;
    }
}

/* in[0..n) has come while a header is due. Returns how much of it is not the client's. Cold: not to
 * be inlined where each message of all others would pay for it. */
__attribute__((cold)) static size_t take_header(struct server *s, struct client *client,
                                                const uint8_t *in, size_t n, uint64_t now)
{
    struct proxy *header = &s->headers[client->index];
    struct proxy_client said;
    size_t used;
    switch (proxy_push(header, in, n, &used)) {
    case PROXY_MORE:
        break;
    case PROXY_WRONG:
        conn_refuse(&client->conn);
        break;
    case PROXY_DONE:
        said = proxy_client(header);
        rename_client(client, &said);
        conn_begin(&client->conn, &s->rules, now);
        s->hooks.opened(s->context, client);
        break;
    }
    return used;
}

/* in[0..n) has come. */
static void take(struct server *s, struct client *client, const uint8_t *in, size_t n, uint64_t now)
{
    if (conn_awaits_header(&client->conn)) {
        size_t used = take_header(s, client, in, n, now);
        in += used;
        n -= used;
        if (n == 0)
            return;
    }
    s->counters->bytes_in += n;
    s->hooks.received(s->context, client, in, n);
    conn_received(&client->conn, in, n, now);
}

/* The client's FIN has come. One that sent nothing at all has broken no rule. */
static void take_end(struct server *s, struct client *client)
{
    struct conn *c = &client->conn;
    if (conn_awaits_header(c) && s->headers[client->index].len > 0)
        conn_refuse(c);
    else
        conn_ended(c);
}

static void receive(struct server *s, struct client *client, uint64_t now)
{
    struct conn *c = &client->conn;
    size_t room = conn_room(c), n;

    switch (socket_receive(client->fd, s->in, room < s->in_size ? room : s->in_size, &n)) {
    case SOCKET_MOVED:
        take(s, client, s->in, n, now);
        break;
    case SOCKET_ENDED:
        take_end(s, client);
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
    s->counters->refused += why == CONN_HEADER;
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
