/* event.c - the server that serves all its clients in one process.
 *
 * May use: the connection, serve.h, socket.h, ready.h, deadlines.h. All memory is taken at the
 * start.
 *
 * A connection that owes nothing needs no buffer: all of these share the server's. Only one whose
 * client does not take its reply at once keeps the rest elsewhere: in one of a few large blocks,
 * or, when those are all taken, in a small one of its own, and then everybody is read from in
 * small pieces. So memory has a bound that is known at the start, whatever clients do.
 */
#include "deadlines.h"
#include "ready.h"
#include "serve.h"
#include "socket.h"

#include <errno.h>
#include <stdlib.h>

#define MS UINT64_C(1000000) /* nanoseconds */

enum { BATCH = 256 }; /* events looked at before the clock is read again */

struct loop {
    struct server *server;
    struct ready *ready;
    struct deadlines deadlines;
    struct client *clients; /* max_clients of them; in a free place, conn.buffer is NULL */
    uint8_t *small;         /* and as many small blocks */
    unsigned *free_places;  /* indices of those that are free */
    unsigned free_count;
    uint8_t *large;        /* the large blocks; */
    uint8_t **free_blocks; /* those that are free */
    size_t free_block_count;

    bool stopping;
    bool listening; /* the listeners are watched */
    bool told_full;
    uint64_t now;          /* since the last wait */
    uint64_t paused_until; /* nobody is accepted before */
    int error;             /* no listener will accept again */
};

/* The ids under which descriptors are watched: clients have their index. */
static unsigned wake_id(const struct loop *l)
{
    return l->server->max_clients;
}

static unsigned parent_id(const struct loop *l)
{
    return l->server->max_clients + 1;
}

static unsigned listener_id(const struct loop *l, size_t i)
{
    return l->server->max_clients + 2 + (unsigned)i;
}

/* ------------------------------------------------------------------------------------------------
 * Buffers.
 */

/* Before the connection may write: one that owes nothing gets the shared buffer, as much of it as
 * could be kept afterwards. */
static void lend_buffer(struct loop *l, struct conn *c)
{
    const uint8_t *bytes;
    struct server *s = l->server;
    if (conn_owed(c, &bytes) == 0)
        conn_move(c, s->out, l->free_block_count > 0 ? s->out_size : s->small_size);
}

static uint8_t *small_block(const struct loop *l, const struct client *client)
{
    return l->small + client->index * l->server->small_size;
}

/* Gives back the large block that it may have; the buffer is not its any more. */
static void free_block(struct loop *l, const struct client *client)
{
    uint8_t *buffer = conn_buffer(&client->conn);
    if (buffer != l->server->out && buffer != small_block(l, client))
        l->free_blocks[l->free_block_count++] = buffer;
}

/* Afterwards: what is still owed is kept, and a buffer that is not needed any more given back. */
static void return_buffer(struct loop *l, struct client *client)
{
    const uint8_t *bytes;
    const struct server *s = l->server;
    struct conn *c = &client->conn;
    bool shared = conn_buffer(c) == s->out;
    size_t owed = conn_owed(c, &bytes);

    if (shared && owed > s->small_size) {
        conn_move(c, l->free_blocks[--l->free_block_count], s->out_size);
    } else if (shared && owed > 0) {
        conn_move(c, small_block(l, client), s->small_size);
    } else if (!shared && owed == 0) {
        free_block(l, client);
        conn_move(c, s->out, s->small_size);
    }
}

/* ------------------------------------------------------------------------------------------------
 * Clients.
 */

static bool is_open(const struct client *client)
{
    return conn_buffer(&client->conn) != NULL;
}

/* Its deadline, if that is earlier than the one that is set. A later one is left for when that has
 * passed: it moves on with every byte, and this is cheaper. */
static void note_deadline(struct loop *l, const struct client *client)
{
    uint64_t deadline = conn_deadline(&client->conn);
    if (deadline < deadlines_get(&l->deadlines, client->index))
        deadlines_set(&l->deadlines, client->index, deadline);
}

static void begin_to_stop(struct loop *l)
{
    if (l->stopping)
        return;
    l->stopping = true;
    /* They are closed next; where another process has them too, they would be watched for ever. */
    for (size_t i = 0; i < l->server->listener_count; i++)
        ready_remove(l->ready, l->server->listeners[i], listener_id(l, i));
    l->server->hooks.stopping(l->server->context);
    for (unsigned i = 0; i < l->server->max_clients; i++)
        if (is_open(&l->clients[i])) {
            conn_drain(&l->clients[i].conn, l->now + l->server->drain_ms);
            note_deadline(l, &l->clients[i]);
        }
}

static void end(struct loop *l, struct client *client)
{
    unsigned index = client->index;
    free_block(l, client);
    ready_closing(l->ready, client->fd, index);
    deadlines_set(&l->deadlines, index, DEADLINES_NEVER);
    l->free_places[l->free_count++] = index;
    bool stop = serve_end(l->server, client);
    *client = (struct client){0};
    if (stop)
        begin_to_stop(l);
}

/* What its socket is watched for. */
static unsigned events_of(const struct client *client)
{
    return serve_events(client) == POLLIN ? READY_IN : READY_OUT;
}

/* After anything that happened to a client: what to wait for, which was `before`. */
static void settle(struct loop *l, struct client *client, unsigned before)
{
    unsigned events = events_of(client);
    if (conn_over(&client->conn) != CONN_OPEN) {
        end(l, client);
        return;
    }
    return_buffer(l, client);
    if (events != before)
        ready_change(l->ready, client->fd, client->index, events);
    note_deadline(l, client);
}

/* Its socket is ready: one receive, and what can be sent. Then it is the others' turn. */
static void serve(struct loop *l, struct client *client)
{
    if (!is_open(client))
        return; /* ended since the events were fetched */
    unsigned before = events_of(client);
    lend_buffer(l, &client->conn);
    serve_ready(l->server, client, l->now);
    settle(l, client, before);
}

static void expire(struct loop *l)
{
    for (struct deadline first; (first = deadlines_first(&l->deadlines)).time <= l->now;) {
        struct client *client = &l->clients[first.id];
        uint64_t deadline = conn_deadline(&client->conn);
        unsigned before = events_of(client);
        deadlines_set(&l->deadlines, first.id, deadline);
        if (deadline > l->now)
            continue;
        /* What has come in time counts, even where so much was ready that nobody saw it yet. */
        lend_buffer(l, &client->conn);
        serve_ready(l->server, client, l->now);
        if (conn_deadline(&client->conn) <= l->now)
            serve_expired(l->server, client, l->now);
        deadlines_set(&l->deadlines, first.id, DEADLINES_NEVER); /* settle() has the next */
        settle(l, client, before);
    }
}

/* ------------------------------------------------------------------------------------------------
 * Accepting.
 */

static void start(struct loop *l, const struct client *accepted)
{
    struct server *s = l->server;
    unsigned index = l->free_places[l->free_count - 1];
    struct client *client = &l->clients[index];
    if (!ready_add(l->ready, accepted->fd, index, READY_IN)) {
        s->counters->refused++;
        s->hooks.refused(s->context, accepted, errno);
        socket_close(accepted->fd);
        return;
    }
    l->free_count--;
    *client = *accepted;
    client->index = index;
    serve_start(s, client, s->out, s->out_size, l->now);
    note_deadline(l, client);
}

/* Whether another client may be accepted. */
static bool may_accept(const struct loop *l)
{
    const struct server *s = l->server;
    bool enough = s->one_off && s->counters->served > 0;
    return !l->stopping && !enough && l->free_count > 0 && l->now >= l->paused_until;
}

/* One at a time: a listener with more stays ready, and to ask it once too often costs more. */
static void accept_one(struct loop *l, int listener)
{
    struct client client = {0};
    if (!may_accept(l))
        return;
    switch (serve_accept(l->server, listener, &client)) {
    case SERVE_ACCEPTED:
        start(l, &client);
        break;
    case SERVE_NOBODY:
        break;
    case SERVE_LATER:
        l->paused_until = l->now + SERVE_PAUSE_MS;
        break;
    case SERVE_NEVER:
        l->error = errno;
        break;
    }
}

/* Watches the listeners only while a client may be accepted: a ready one would make the loop spin.
 */
static void watch_listeners(struct loop *l)
{
    bool watch = may_accept(l);
    if (l->stopping)
        return;
    for (size_t i = 0; watch != l->listening && i < l->server->listener_count; i++)
        ready_change(l->ready, l->server->listeners[i], listener_id(l, i), watch ? READY_IN : 0);
    l->listening = watch;
    if (l->free_count == 0 && !l->told_full)
        l->server->hooks.waiting(l->server->context);
    l->told_full |= l->free_count == 0;
}

/* ---------------------------------------------------------------------------------------------- */

/* The parent is gone: everything ends at once. */
static void leave(struct loop *l)
{
    begin_to_stop(l);
    for (unsigned i = 0; i < l->server->max_clients; i++)
        if (is_open(&l->clients[i])) {
            conn_cut(&l->clients[i].conn);
            end(l, &l->clients[i]);
        }
}

static void look_at(struct loop *l, const struct ready_event *event)
{
    struct server *s = l->server;
    bool wake = event->id == wake_id(l), parent = event->id == parent_id(l);
    if (event->id < s->max_clients) {
        serve(l, &l->clients[event->id]);
        return;
    }
    if (!wake && !parent) {
        accept_one(l, s->listeners[event->id - listener_id(l, 0)]);
        return;
    }
    switch (serve_woken(s, wake, (short)(parent ? event->ended ? POLLHUP : POLLIN : 0))) {
    case SERVE_ON:
        break;
    case SERVE_STOP:
        if (s->parent_fd >= 0) /* it has said so: from now on, only its end is news */
            ready_change(l->ready, s->parent_fd, parent_id(l), 0);
        begin_to_stop(l);
        break;
    case SERVE_LEAVE:
        leave(l);
        break;
    }
}

/* When to look at the clock again, in nanoseconds. */
static uint64_t next_time(const struct loop *l)
{
    uint64_t first = deadlines_first(&l->deadlines).time;
    if (!l->listening && l->paused_until > l->now && l->paused_until < first)
        first = l->paused_until;
    return first == DEADLINES_NEVER ? UINT64_MAX : first * MS;
}

static void run(struct loop *l)
{
    struct ready_event events[BATCH];
    l->now = clock_ms();
    while (!l->error && !(l->stopping && l->free_count == l->server->max_clients)) {
        watch_listeners(l);
        size_t n = ready_wait(l->ready, events, BATCH, next_time(l));
        l->now = clock_ms();
        for (size_t i = 0; i < n && !l->error; i++)
            look_at(l, &events[i]);
        expire(l);
    }
}

static bool watch(struct loop *l)
{
    struct server *s = l->server;
    l->ready = ready_open(s->max_clients + 2 + s->listener_count);
    if (!l->ready)
        return false;
    bool watched = (s->wake_fd < 0 || ready_add(l->ready, s->wake_fd, wake_id(l), READY_IN)) &&
                   (s->parent_fd < 0 || ready_add(l->ready, s->parent_fd, parent_id(l), READY_IN));
    for (size_t i = 0; watched && i < s->listener_count; i++)
        watched = ready_add(l->ready, s->listeners[i], listener_id(l, i), 0);
    return watched;
}

/* Takes all memory. Returns whether it is there. */
static bool take_memory(struct loop *l, uint64_t **time, unsigned **heap, unsigned **place)
{
    struct server *s = l->server;
    size_t n = s->max_clients;
    l->clients = calloc(n, sizeof *l->clients);
    l->small = malloc(n * s->small_size);
    l->large = malloc((s->large_blocks + 1) * s->out_size); /* malloc(0) may be NULL */
    l->free_blocks = malloc((s->large_blocks + 1) * sizeof *l->free_blocks);
    l->free_places = malloc(n * sizeof *l->free_places);
    *time = malloc(n * sizeof **time);
    *heap = malloc(n * sizeof **heap);
    *place = malloc(n * sizeof **place);
    if (!l->clients || !l->small || !l->large || !l->free_blocks || !l->free_places || !*time ||
        !*heap || !*place)
        return false;
    deadlines_init(&l->deadlines, *time, *heap, *place, n);
    for (; l->free_count < n; l->free_count++) /* the lowest is taken first */
        l->free_places[l->free_count] = (unsigned)n - 1 - l->free_count;
    for (size_t i = 0; i < s->large_blocks; i++)
        l->free_blocks[l->free_block_count++] = l->large + i * s->out_size;
    return true;
}

int server_event(struct server *s)
{
    struct loop l = {.server = s};
    uint64_t *time = NULL;
    unsigned *heap = NULL, *place = NULL;
    if (!take_memory(&l, &time, &heap, &place) || !watch(&l))
        l.error = errno;
    else if ((l.error = serve_tell_ready(s)) == 0)
        run(&l);
    if (l.ready)
        ready_close(l.ready);
    free(l.clients);
    free(l.small);
    free(l.large);
    free(l.free_blocks);
    free(l.free_places);
    free(time);
    free(heap);
    free(place);
    return l.error;
}
