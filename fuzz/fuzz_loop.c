/* fuzz_loop.c - the server's loops in a simulated world: several clients at once, a clock that
 * moves only when the loop waits, sockets that do what the input says.
 *
 * This file stands in for socket*.c and ready_*.c. The first byte chooses the model and its rules,
 * the second the limits; then come the world's steps, one byte each and more where they need it: a
 * client comes, sends bytes, ends its input, breaks, takes so many bytes of its reply; time passes;
 * the server is woken or stopped; a call fails for the moment. Where the rules have a proxy's
 * header come first, each client has one, which may be wrong. When the input is over the world is
 * kind: every client takes all and ends its input, and then the server is stopped.
 *
 * Checked: never a wait past a deadline of any connection; what is told to be ready is looked at;
 * no call on a descriptor that is closed or not there, no watch that is not taken back; no more
 * clients than allowed, none left waiting that could be served; an end within bounded steps; for
 * each client the bytes and the reason, with the model; and the counters.
 */
#include "check.h"
#include "loop/ready.h"
#include "loop/serve.h"
#include "loop/socket.h"
#include "support/drive.h"
#include "support/model.h"
#include "target.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

#define MS UINT64_C(1000000) /* nanoseconds */

enum {
    PEERS = 6,
    STREAM_MAX = 200,
    HEADER_MAX = 64,
    HAPPENED_MAX = 2 * STREAM_MAX + 64,
    GOT_MAX = STREAM_MAX + ECHO_LINE_SLACK,
    STEPS_MAX = 20000,
    FIRST_FD = 100,  /* of the clients */
    LISTENER = 1000, /* two of them: even and odd clients */
    WAKE = LISTENER + 2,
    PARENT,
    IDS_MAX = PEERS + 2 + SERVER_LISTENERS_MAX
};

enum stage { ABSENT, BACKLOG, ACCEPTED, GONE };

/* One client, and the kernel's side of its connection. */
struct peer {
    enum stage stage;
    const struct client *client; /* as the hooks showed it */
    uint8_t queue[STREAM_MAX];   /* sent by it and not yet received */
    size_t queue_head, queue_tail;
    uint8_t header[HEADER_MAX]; /* what its proxy sends first */
    size_t header_len, header_sent, header_received;
    bool header_wrong;
    int family; /* of the client, as that tells it; AF_UNSPEC: it does not */
    uint64_t accepted;
    bool ended, broken; /* its FIN or reset follows what is queued */
    size_t window;      /* so many bytes can be sent to it now */
    bool fin_seen;      /* the server's */
    bool told_ready;    /* since when it must have been looked at */

    token happened[HAPPENED_MAX]; /* bytes and silences, as the connection got them */
    size_t happened_len;
    uint8_t got[GOT_MAX];
    size_t got_len;
    uint8_t phase; /* of the connection, at the last wait */
    bool waited;   /* for a silence, at the last wait, */
    size_t had;    /* when so much had happened, */
    uint64_t quiet_since;
    uint64_t moved; /* when a byte last came or went */
};

static struct world {
    const uint8_t *input, *input_end;
    uint64_t now;
    unsigned steps;
    struct peer peers[PEERS];
    unsigned coming; /* peers that have come */
    unsigned open, max_open;
    unsigned again; /* so many calls that move bytes fail with EAGAIN */
    int accept_error;
    uint64_t no_accept_before;
    bool wake_ready, stop, parent_says_stop, parent_gone, stopped_told;
    uint64_t stopped_at;
    bool kind, unkind; /* the input is over: all comes to a good end, or nothing moves any more */
    bool timed_out;    /* the last wait brought nothing */
    bool finished;     /* the whole server is to stop */
    bool event, could_tell_waiting, told_waiting;
    struct server server;
    struct server_counters counters, expected;
    uint64_t closed, told_bytes;
} w;

static uint8_t next(void)
{
    if (w.input == w.input_end)
        w.kind = true;
    return w.kind ? 0 : *w.input++;
}

static struct peer *peer_of(int fd)
{
    check(fd >= FIRST_FD && fd < FIRST_FD + PEERS, "a call on a descriptor that never was");
    struct peer *p = &w.peers[fd - FIRST_FD];
    check(p->stage == ACCEPTED, "a call on a descriptor that is closed");
    return p;
}

static bool can_receive(const struct peer *p)
{
    return p->queue_head < p->queue_tail || p->ended || p->broken;
}

static bool can_send(const struct peer *p)
{
    return p->window > 0 || p->broken;
}

/* Whether no client has more to take: all buffers must be free then. */
static bool nobody_is_slow(void)
{
    const uint8_t *bytes;
    for (int i = 0; i < PEERS; i++)
        if (w.peers[i].stage == ACCEPTED && w.peers[i].client &&
            conn_owed(&w.peers[i].client->conn, &bytes) > 0)
            return false;
    return w.server.large_blocks > 0 || !w.event;
}

/* ------------------------------------------------------------------------------------------------
 * socket.h
 */

enum socket_result socket_receive(int fd, uint8_t *buffer, size_t size, size_t *moved)
{
    struct peer *p = peer_of(fd);
    size_t n = p->queue_tail - p->queue_head;
    p->told_ready = false;
    check(size > 0, "a receive into nothing");
    check(size == w.server.in_size || !nobody_is_slow(), "read in small pieces without need");
    *moved = 0;
    if (w.again > 0 || !can_receive(p)) {
        w.again -= w.again > 0;
        return SOCKET_AGAIN;
    }
    if (p->broken) {
        errno = ECONNRESET;
        return SOCKET_FAILED;
    }
    if (n == 0)
        return SOCKET_ENDED;
    n = n < size ? n : size;
    memcpy(buffer, p->queue + p->queue_head, n);
    for (size_t i = 0; i < n; i++) {
        if (p->header_received < p->header_len) {
            p->header_received++;
        } else if (!p->header_wrong) {
            p->happened[p->happened_len++] = buffer[i];
            w.expected.bytes_in++;
        }
    }
    p->queue_head += n;
    p->moved = w.now;
    *moved = n;
    return SOCKET_MOVED;
}

enum socket_result socket_send(int fd, const uint8_t *buffer, size_t size, size_t *moved)
{
    struct peer *p = peer_of(fd);
    size_t n = size < p->window ? size : p->window;
    p->told_ready = false;
    check(size > 0, "a send of nothing");
    check(!p->fin_seen, "a send after the FIN");
    *moved = 0;
    if (w.again > 0 || !can_send(p)) {
        w.again -= w.again > 0;
        return SOCKET_AGAIN;
    }
    if (p->broken) {
        errno = EPIPE;
        return SOCKET_FAILED;
    }
    check(p->got_len + n <= GOT_MAX, "more came back than the client sent, and the farewell");
    memcpy(p->got + p->got_len, buffer, n);
    p->got_len += n;
    p->window -= n;
    p->moved = w.now;
    w.expected.bytes_out += n;
    *moved = n;
    return SOCKET_MOVED;
}

void socket_send_fin(int fd)
{
    peer_of(fd)->fin_seen = true;
}

int socket_accept(int listener, struct sockaddr *address, socklen_t size)
{
    check(listener == LISTENER || listener == LISTENER + 1, "an accept on what does not listen");
    check(!w.stopped_told, "an accept after the stop was told");
    check(w.now >= w.no_accept_before, "an accept in the pause after one that failed");
    memset(address, 0, size);
    if (w.accept_error) {
        errno = w.accept_error;
        if (w.accept_error == EMFILE || w.accept_error == ENOMEM)
            w.no_accept_before = w.now + SERVE_PAUSE_MS;
        w.accept_error = 0;
        return -1;
    }
    for (int i = listener - LISTENER; i < PEERS; i += 2)
        if (w.peers[i].stage == BACKLOG) {
            check(w.open < w.max_open, "more clients than allowed");
            w.peers[i].stage = ACCEPTED;
            w.peers[i].moved = w.peers[i].accepted = w.now;
            w.open++;
            return FIRST_FD + i;
        }
    errno = EAGAIN;
    return -1;
}

void socket_close(int fd)
{
    peer_of(fd)->stage = GONE;
    w.open--;
}

uint64_t clock_ms(void)
{
    return w.now;
}

int clock_left(uint64_t deadline)
{
    return deadline > w.now ? 1 : 0;
}

/* ------------------------------------------------------------------------------------------------
 * The world between two waits.
 */

/* A header, of which `what` may make something wrong. */
static void choose_header(struct peer *p, uint8_t what)
{
    static const char unknown[] = "PROXY UNKNOWN\r\n",
                      v1[] = "PROXY TCP4 192.0.2.1 192.0.2.2 9 9\r\n",
                      local[] = "\r\n\r\n\0\r\nQUIT\n\x20\0\0\3TLV",
                      v2[] =
                          "\r\n\r\n\0\r\nQUIT\n\x21\x21\0\x24\x20\1\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\1"
                          "\x20\1\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\2\0\x09\0\x09";
    static const struct {
        const char *bytes;
        size_t len;
        int family;
    } headers[] = {{unknown, sizeof unknown - 1, AF_UNSPEC},
                   {v1, sizeof v1 - 1, AF_INET},
                   {local, sizeof local - 1, AF_UNSPEC},
                   {v2, sizeof v2 - 1, AF_INET6}};
    p->header_len = headers[what & 3].len;
    p->family = headers[what & 3].family;
    memcpy(p->header, headers[what & 3].bytes, p->header_len);
    p->header_wrong = (what >> 2 & 7) == 7;
    if (p->header_wrong)
        p->header[what >> 5] ^= 0x80; /* the first 8 bytes of each must be what they are */
}

/* Whether a client has the address that its header tells. */
static bool is_renamed(const struct peer *p, const struct client *client)
{
    const struct sockaddr_in *v4 = &client->address.v4;
    const struct sockaddr_in6 *v6 = &client->address.v6;
    if (client->address.any.sa_family != p->family)
        return false;
    if (p->family == AF_INET)
        return memcmp(&v4->sin_addr, "\xc0\0\2\1", 4) == 0 && v4->sin_port == htons(9);
    return p->family == AF_UNSPEC ||
           (memcmp(&v6->sin6_addr, "\x20\1\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\1", 16) == 0 &&
            v6->sin6_port == htons(9));
}

static void come(void)
{
    if (w.coming == PEERS)
        return;
    struct peer *p = &w.peers[w.coming++];
    p->stage = BACKLOG;
    if (w.server.rules.header)
        choose_header(p, next());
}

static void send_some(struct peer *p, size_t n)
{
    for (; n > 0 && !p->ended && !p->broken && p->queue_tail < STREAM_MAX; n--)
        p->queue[p->queue_tail++] =
            p->header_sent < p->header_len ? p->header[p->header_sent++] : next();
}

static void step(void)
{
    uint8_t what = next();
    struct peer *p = &w.peers[(what >> 3) % PEERS];
    bool there = p->stage == BACKLOG || p->stage == ACCEPTED;
    static const int errors[] = {EAGAIN, EMFILE, ECONNABORTED, ENOMEM};
    switch (what & 7) {
    case 0:
        come();
        break;
    case 1:
    case 2:
        if (there)
            send_some(p, what & 7 ? next() & 15 : 0);
        break;
    case 3:
        p->ended |= there;
        break;
    case 4:
        p->window += there ? next() & 31 : 0;
        break;
    case 5:
        p->broken |= there && what >> 3 >= PEERS;
        break;
    case 6:
        w.wake_ready = true;
        w.stop |= what >> 3 >= 29;
        w.parent_says_stop |= what >> 3 == 28 && w.server.parent_fd >= 0;
        w.parent_gone |= what >> 3 == 27 && w.server.parent_fd >= 0;
        break;
    case 7:
        if (what >> 3 < 16)
            w.again = what >> 3 & 3;
        else
            w.accept_error = errors[what >> 3 & 3];
        break;
    }
}

/* Nothing more comes from the input: every client takes all that it is owed and ends its input; or
 * none does, and the server must come to an end by itself. */
static void be_kind(void)
{
    bool all_gone = true;
    w.again = 0;
    if (w.unkind) {
        w.stop = true;
        w.wake_ready |= !w.stopped_told;
        return;
    }
    for (int i = 0; i < PEERS; i++) {
        struct peer *p = &w.peers[i];
        p->window = GOT_MAX;
        p->ended = true;
        all_gone &= p->stage == ABSENT || p->stage == GONE;
    }
    if (all_gone || w.stop)
        w.stop = w.wake_ready = true;
}

/* Between two waits a silence was dealt with, or it was not: then it was no silence. */
static void note_silences(void)
{
    for (int i = 0; i < PEERS; i++) {
        struct peer *p = &w.peers[i];
        if (p->stage != ACCEPTED || !p->client)
            continue;
        const struct conn *c = &p->client->conn;
        bool waits = echo_line_waits(&c->line);
        if (p->waited && !waits && p->happened_len == p->had && !c->peer_ended) {
            /* A server that stops ends a line sooner, and with it the session. */
            bool draining = c->draining;
            check(w.now >= p->quiet_since + (draining ? CONN_QUIET_MS : CONN_SILENCE_MS),
                  "a silence that was none");
            p->happened[p->happened_len++] = SILENCE;
        }
        p->waited = waits;
        p->had = p->happened_len;
        p->quiet_since = p->moved;
    }
}

/* What must hold whenever the loop waits. */
static void check_wait(uint64_t deadline)
{
    check(++w.steps < STEPS_MAX, "it does not come to an end");
    for (int i = 0; i < PEERS; i++) {
        struct peer *p = &w.peers[i];
        if (p->stage == ACCEPTED && !p->client)
            check(deadline <= p->accepted + CONN_HEADER_MS, "a header is waited for too long");
        if (p->stage != ACCEPTED || !p->client)
            continue;
        check(!p->told_ready, "what was told to be ready was not looked at");
        check(!w.timed_out || conn_deadline(&p->client->conn) > w.now ||
                  p->client->conn.phase != p->phase,
              "a deadline has passed, and nothing came of it");
        p->phase = p->client->conn.phase;
        check(deadline <= conn_deadline(&p->client->conn), "a deadline would be slept through");
    }
    note_silences();
    check(!w.parent_gone || !w.timed_out || w.open == 0 || w.server.parent_fd < 0,
          "goes on serving without a parent");
    check(!w.finished || w.stopped_told, "it goes on after a dot line, or after the one client");
    if (w.stopped_told)
        check(w.now <= w.stopped_at + w.server.drain_ms, "the drain takes too long");
    if (!w.event) {
        check(!w.could_tell_waiting || w.told_waiting, "it was not told that a client waits");
        w.could_tell_waiting = false;
    }
}

/* Lets the world go on until `ready` says that something is, or the time is the deadline. Returns
 * whether something is ready. */
static bool go_on(uint64_t deadline, bool (*ready)(const void *context), const void *context)
{
    check_wait(deadline);
    for (int steps = 0; steps < 4 && !w.kind; steps++)
        step();
    if (w.kind)
        be_kind();
    w.timed_out = !ready(context);
    if (w.timed_out && deadline > w.now && deadline != UINT64_MAX)
        w.now = deadline;
    return !w.timed_out;
}

/* ------------------------------------------------------------------------------------------------
 * What there is to wait with: socket_wait, and ready.h.
 */

static bool listener_ready(int listener)
{
    bool waiting = w.accept_error != 0;
    for (int i = listener - LISTENER; i < PEERS; i += 2)
        waiting |= w.peers[i].stage == BACKLOG;
    return waiting;
}

/* Which of the events are there: bits of READY_IN and READY_OUT. */
static unsigned ready_now(int fd, unsigned events)
{
    if (fd == LISTENER || fd == LISTENER + 1)
        return events & READY_IN && listener_ready(fd) ? READY_IN : 0;
    if (fd == WAKE)
        return w.wake_ready ? READY_IN : 0;
    if (fd == PARENT)
        return w.parent_gone || (w.parent_says_stop && events & READY_IN) ? READY_IN : 0;
    struct peer *p = peer_of(fd);
    return (events & READY_IN && can_receive(p) ? READY_IN : 0) |
           (events & READY_OUT && can_send(p) ? READY_OUT : 0);
}

/* A client is waited for to do what its connection wants next, and nothing else. */
static void check_watch(int fd, unsigned events)
{
    struct peer *p = peer_of(fd);
    if (!p->client)
        check(events == READY_IN, "a client whose header is due is not received from");
    else
        check(events == (conn_room(&p->client->conn) > 0 ? READY_IN : READY_OUT),
              "a client is watched for what its connection does not want");
}

struct poll_set {
    struct pollfd *fds;
    size_t n;
};

static int look(struct poll_set *set)
{
    int count = 0;
    for (size_t i = 0; i < set->n; i++) {
        struct pollfd *f = &set->fds[i];
        f->revents = 0;
        if (f->fd < 0)
            continue;
        unsigned ready = ready_now(f->fd, (f->events & POLLIN ? READY_IN : 0u) |
                                              (f->events & POLLOUT ? READY_OUT : 0u));
        f->revents = (short)((ready & READY_IN ? POLLIN : 0) | (ready & READY_OUT ? POLLOUT : 0));
        if (f->fd == PARENT && w.parent_gone)
            f->revents = POLLHUP;
        count += f->revents != 0;
    }
    return count;
}

static bool poll_ready(const void *context)
{
    struct poll_set set = *(const struct poll_set *)context;
    return look(&set) > 0;
}

int socket_wait(struct pollfd *fds, unsigned n, uint64_t deadline)
{
    struct poll_set set = {fds, n};
    for (size_t i = 0; i < n; i++)
        if (fds[i].fd >= FIRST_FD && fds[i].fd < LISTENER)
            check_watch(fds[i].fd, fds[i].events == POLLIN ? READY_IN : READY_OUT);
    int ready = go_on(deadline, poll_ready, &set) ? look(&set) : 0;
    bool serving = false;
    for (size_t i = 0; i < n; i++)
        if (fds[i].fd >= FIRST_FD && fds[i].fd < LISTENER) {
            serving = true;
            if (ready > 0 && fds[i].revents)
                peer_of(fds[i].fd)->told_ready = true;
        }
    for (size_t i = 0; i < n; i++)
        w.could_tell_waiting |= serving && ready > 0 && fds[i].fd >= LISTENER && fds[i].fd < WAKE &&
                                fds[i].revents && !w.parent_gone;
    return ready;
}

struct ready {
    struct {
        int fd; /* -1: the id is not in use */
        unsigned events;
    } watched[IDS_MAX];
    size_t most;
};

static struct ready the_ready;

struct ready *ready_open(size_t most)
{
    check(most <= IDS_MAX, "the target's own bound");
    the_ready.most = most;
    for (size_t i = 0; i < IDS_MAX; i++)
        the_ready.watched[i].fd = -1;
    return &the_ready;
}

void ready_close(struct ready *r)
{
    for (size_t id = 0; id < r->most; id++)
        check(r->watched[id].fd == -1 || r->watched[id].fd > LISTENER,
              "a watch was not taken back");
}

bool ready_add(struct ready *r, int fd, unsigned id, unsigned events)
{
    check(id < r->most && r->watched[id].fd == -1, "two watches under one id");
    if (fd < LISTENER && next() == 0xFF) {
        w.expected.refused++;
        errno = ENOMEM;
        return false;
    }
    r->watched[id].fd = fd;
    r->watched[id].events = events;
    return true;
}

void ready_change(struct ready *r, int fd, unsigned id, unsigned events)
{
    check(id < r->most && r->watched[id].fd == fd, "a change to what is not watched");
    r->watched[id].events = events;
}

void ready_remove(struct ready *r, int fd, unsigned id)
{
    check(id < r->most && r->watched[id].fd == fd, "what is not watched is taken back");
    r->watched[id].fd = -1;
}

void ready_closing(struct ready *r, int fd, unsigned id)
{
    ready_remove(r, fd, id);
}

static bool any_ready(const void *context)
{
    const struct ready *r = context;
    for (size_t id = 0; id < r->most; id++)
        if (r->watched[id].fd >= 0 && ready_now(r->watched[id].fd, r->watched[id].events))
            return true;
    return false;
}

size_t ready_wait(struct ready *r, struct ready_event *events, size_t most, uint64_t deadline)
{
    size_t n = 0;
    for (size_t id = 0; id < r->most; id++)
        if (r->watched[id].fd >= 0 && r->watched[id].fd < LISTENER)
            check_watch(r->watched[id].fd, r->watched[id].events);
    if (w.open < w.max_open && !w.stopped_told && !(w.server.one_off && w.counters.served > 0) &&
        w.now >= w.no_accept_before)
        for (unsigned i = 0; i < 2; i++)
            check(r->watched[w.max_open + 2 + i].events == READY_IN,
                  "nobody is accepted who could be");
    if (!go_on(deadline == UINT64_MAX ? deadline : deadline / MS, any_ready, r))
        return 0;
    size_t first = next() % r->most; /* in any order, and not always all */
    size_t limit = w.kind ? most : 1u + next() % 4u;
    for (size_t i = 0; i < r->most && n < most && n < limit; i++) {
        unsigned id = (unsigned)((first + i) % r->most);
        if (r->watched[id].fd < 0 || !ready_now(r->watched[id].fd, r->watched[id].events))
            continue;
        if (r->watched[id].fd < LISTENER)
            peer_of(r->watched[id].fd)->told_ready = true;
        events[n++] =
            (struct ready_event){.id = id, .ended = r->watched[id].fd == PARENT && w.parent_gone};
    }
    return n;
}

/* ------------------------------------------------------------------------------------------------
 * The hooks.
 */

static bool woken(void *context)
{
    (void)context;
    w.wake_ready = false;
    return w.stop;
}

static bool ready_hook(void *context)
{
    (void)context;
    return true;
}

static void stopping(void *context)
{
    (void)context;
    check(!w.stopped_told, "a stop told twice");
    w.stopped_told = true;
    w.stopped_at = w.now;
}

static void opened(void *context, const struct client *client)
{
    (void)context;
    struct peer *p = peer_of(client->fd);
    check(client->since == p->accepted && client->index < w.max_open,
          "a client with wrong particulars");
    check(!p->header_wrong && p->header_received == p->header_len, "opened without a header");
    check(is_renamed(p, client), "not the client that its proxy told");
    p->client = client;
    w.expected.served++;
}

static void received(void *context, const struct client *client, const uint8_t *bytes, size_t n)
{
    struct peer *p = peer_of(client->fd);
    (void)context;
    check(n <= p->happened_len, "more was told than came");
    w.told_bytes += n;
    for (size_t i = 0; i < n; i++)
        check(p->happened[p->happened_len - n + i] == bytes[i], "other bytes told than came");
}

/* One whose header did not come: nothing was sent to it. */
static void closed_unopened(const struct peer *p, const struct client *client)
{
    enum conn_why why = conn_over(&client->conn);
    check(w.server.rules.header && p->stage == GONE, "closed, and it was never opened");
    check(p->got_len == 0 && !p->fin_seen && client->conn.bytes_in == 0,
          "answered without a header");
    check(p->header_received < p->header_len || p->header_wrong, "not opened with a header");
    check(why != CONN_HEADER || p->header_wrong || (p->ended && p->header_received > 0) ||
              w.now >= p->accepted + CONN_HEADER_MS,
          "refused a header that was none");
    check(why != CONN_EOF || (p->ended && p->header_received == 0),
          "an end of input that was none");
    check(why != CONN_RESET || p->broken, "a reset that was none");
    check(why != CONN_DRAIN || w.stopped_told, "drained without a stop");
    check(why == CONN_HEADER || why == CONN_EOF || why == CONN_RESET || why == CONN_DRAIN,
          "closed for want of a header, and says another reason");
    w.expected.served++;
    w.closed++;
    w.expected.reset += why == CONN_RESET;
    w.expected.refused += why == CONN_HEADER;
    w.finished |= w.server.one_off;
}

/* What came back must be what the model says of what happened; or the beginning of it, if the
 * connection was cut. */
static void closed(void *context, const struct client *client)
{
    static uint8_t expected[GOT_MAX];
    struct session m = {.out = expected, .room = sizeof expected};
    struct peer *p = &w.peers[client->fd - FIRST_FD];
    enum conn_why why = conn_over(&client->conn);
    (void)context;
    check(why != CONN_OPEN, "closed before it was over");
    if (!p->client) {
        closed_unopened(p, client);
        return;
    }
    check(p->stage == GONE && p->client == client, "told as closed, and it is not");
    model(&m, w.server.rules.mode, w.server.rules.dot_stop, p->happened, p->happened_len);
    check(p->got_len <= m.len, "more came back than the model says");
    check(memcmp(p->got, m.out, p->got_len) == 0, "other bytes came back than the model says");
    if (why == CONN_EOF || why == CONN_QUIT || why == CONN_STOP)
        check(p->got_len == m.len ||
                  (why == CONN_STOP && (p->broken || w.stopped_told || w.server.rules.idle_ms)),
              "it says that all was sent, and it was not");
    check(why != CONN_EOF || (p->ended && m.end == ECHO_EOF), "an end of input that was none");
    check(why != CONN_QUIT || m.end == ECHO_QUIT, "a quit that was none");
    check(why != CONN_STOP || m.end == ECHO_STOP, "a dot line that was none");
    check(why != CONN_RESET || p->broken, "a reset that was none");
    check(why != CONN_DRAIN || w.stopped_told, "drained without a stop");
    check(why != CONN_IDLE || w.now >= p->moved + w.server.rules.idle_ms, "idle, and it was not");
    if ((why == CONN_QUIT || why == CONN_STOP) && !p->broken && !w.stopped_told &&
        !w.server.rules.idle_ms)
        check(p->fin_seen || p->ended, "closed under a client that may still be sending");
    p->client = NULL;
    w.closed++;
    w.expected.reset += why == CONN_RESET;
    w.expected.timed_out += why == CONN_IDLE;
    w.finished |= why == CONN_STOP || w.server.one_off;
}

static void waiting(void *context)
{
    (void)context;
    check((w.event ? w.open == w.max_open : w.could_tell_waiting) && !w.told_waiting,
          "told that a client waits, and none does, or again");
    w.told_waiting = true;
}

static void accept_failed(void *context, int error)
{
    (void)context;
    check(error == EMFILE || error == ENOMEM, "an accept that failed, and it did not");
}

static void refused(void *context, const struct client *client, int error)
{
    (void)context;
    check(error == ENOMEM && peer_of(client->fd)->client == NULL, "refused without a reason");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t in[40], out[64];
    static const int listeners[] = {LISTENER, LISTENER + 1};
    static struct proxy headers[PEERS];
    if (size < 2)
        return 0;
    memset(&w, 0, sizeof w);
    w.event = data[0] & 1;
    w.unkind = data[0] & 64;
    w.input = data + 2;
    w.input_end = data + size;
    w.max_open = w.event ? 1u + data[1] % 4u : 1;
    w.server = (struct server){
        .listeners = listeners,
        .listener_count = 2,
        .wake_fd = WAKE,
        .parent_fd = data[0] & 32 ? PARENT : -1,
        .rules = {.mode = data[0] & 2 ? ECHO_VERBATIM : ECHO_UPPER,
                  .dot_stop = data[0] & 4,
                  .header = (data[1] & 0xC0) == 0x40,
                  .idle_ms = data[0] & 8 ? 1000 : 0},
        .headers = headers,
        .drain_ms = 300,
        .out_fd = -1,
        .one_off = data[0] & 16,
        .max_clients = w.max_open,
        .in = in,
        .in_size = sizeof in,
        .out = out,
        .out_size = sizeof out,
        .large_blocks = data[1] >> 2 & 1,
        .small_size = CONN_BUFFER_MIN + (data[1] >> 3 & 7),
        .counters = &w.counters,
        .hooks = {woken, ready_hook, stopping, opened, received, closed, waiting, accept_failed,
                  refused, NULL, NULL},
    };
    check((w.event ? server_event : server_iterative)(&w.server) == 0, "it gave up");

    check(w.stopped_told, "it stopped without saying so");
    check(w.open == 0 && w.counters.open == 0, "a client was left open");
    check(w.counters.served == w.closed && w.closed == w.expected.served, "served is wrong");
    check(memcmp(&w.counters, &w.expected, sizeof w.counters) == 0, "a counter is wrong");
    check(w.told_bytes == w.expected.bytes_in, "bytes came that were not told");
    check(w.server.finished == w.finished, "whether the whole server is to stop is wrong");
    return 0;
}
