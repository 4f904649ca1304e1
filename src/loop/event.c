/* event.c - the server that serves all its clients in one process.
 *
 * May use: the connection, serve.h, socket.h, ready.h, deadlines.h. All memory is taken at the
 * start.
 *
 * A connection that owes nothing needs no buffer: all of these share the server's. Only one whose
 * client does not take its reply at once keeps the rest elsewhere: in one of a few large blocks,
 * or, when those are all taken, in a small one of its own, and then it is read from in small
 * pieces. So memory has a bound that is known at the start, whatever clients do.
 */
#include "deadlines.h"
#include "ready.h"
#include "serve.h"
#include "socket.h"

#include <errno.h>
#include <stdlib.h>

enum {
    BATCH = 256,      /* events looked at before the clock is read again */
    ACCEPT_BATCH = 64 /* clients accepted before the others have their turn */
};

/* One client, or a free place for one. */
struct slot {
    struct client client;
    uint8_t *block;  /* the large block that it has, or NULL */
    unsigned events; /* that its socket is watched for; READY_IN or READY_OUT */
    bool open;
};

struct loop {
    struct server *server;
    struct ready *ready;
    struct deadlines deadlines;
    struct slot *slots;   /* max_clients of them; */
    uint8_t *small;       /* and as many small blocks */
    unsigned *free_slots; /* indices of those that are free */
    unsigned free_count;
    uint8_t *large;        /* the large blocks; */
    uint8_t **free_blocks; /* those that are free */
    size_t free_block_count;

    bool stopping;
    bool listening; /* the listeners are watched */
    bool told_full;
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
static void lend_buffer(struct loop *l, struct slot *slot)
{
    const uint8_t *bytes;
    struct server *s = l->server;
    if (conn_owed(&slot->client.conn, &bytes) == 0)
        conn_move(&slot->client.conn, s->out,
                  l->free_block_count > 0 ? s->out_size : s->small_size);
}

/* Afterwards: what is still owed is kept, and a block that is not needed any more given back. */
static void return_buffer(struct loop *l, struct slot *slot)
{
    const uint8_t *bytes;
    const struct server *s = l->server;
    struct conn *c = &slot->client.conn;
    size_t owed = conn_owed(c, &bytes);
    bool shared = owed > 0 && bytes >= s->out && bytes < s->out + s->out_size;

    if (shared && owed <= s->small_size) {
        conn_move(c, l->small + slot->client.index * s->small_size, s->small_size);
    } else if (shared) {
        slot->block = l->free_blocks[--l->free_block_count];
        conn_move(c, slot->block, s->out_size);
    } else if (owed == 0 && slot->block) {
        l->free_blocks[l->free_block_count++] = slot->block;
        slot->block = NULL;
    }
}

/* ------------------------------------------------------------------------------------------------
 * Clients.
 */

/* Its deadline, if that is earlier than the one that is set. A later one is left for when that has
 * passed: it moves on with every byte, and this is cheaper. */
static void note_deadline(struct loop *l, const struct slot *slot)
{
    uint64_t deadline = conn_deadline(&slot->client.conn);
    if (deadline < deadlines_get(&l->deadlines, slot->client.index))
        deadlines_set(&l->deadlines, slot->client.index, deadline);
}

static void begin_to_stop(struct loop *l, uint64_t now)
{
    if (l->stopping)
        return;
    l->stopping = true;
    /* They are closed next; where another process has them too, they would be watched for ever. */
    for (size_t i = 0; i < l->server->listener_count; i++)
        ready_remove(l->ready, l->server->listeners[i], listener_id(l, i));
    l->server->hooks.stopping(l->server->context);
    for (unsigned i = 0; i < l->server->max_clients; i++)
        if (l->slots[i].open) {
            conn_drain(&l->slots[i].client.conn, now);
            note_deadline(l, &l->slots[i]);
        }
}

static void end(struct loop *l, struct slot *slot, uint64_t now)
{
    unsigned index = slot->client.index;
    ready_remove(l->ready, slot->client.fd, index);
    deadlines_set(&l->deadlines, index, DEADLINES_NEVER);
    slot->open = false;
    l->free_slots[l->free_count++] = index;
    if (serve_end(l->server, &slot->client))
        begin_to_stop(l, now);
}

/* After anything that happened to a client: what to wait for now. */
static void settle(struct loop *l, struct slot *slot, uint64_t now)
{
    return_buffer(l, slot);
    if (conn_over(&slot->client.conn) != CONN_OPEN) {
        end(l, slot, now);
        return;
    }
    unsigned events = serve_events(&slot->client) == POLLIN ? READY_IN : READY_OUT;
    if (events != slot->events)
        ready_change(l->ready, slot->client.fd, slot->client.index, events);
    slot->events = events;
    note_deadline(l, slot);
}

/* Its socket is ready: one receive, and what can be sent. Then it is the others' turn. */
static void serve(struct loop *l, unsigned index, uint64_t now)
{
    struct slot *slot = &l->slots[index];
    if (!slot->open)
        return; /* ended since the events were fetched */
    lend_buffer(l, slot);
    serve_ready(l->server, &slot->client, now);
    settle(l, slot, now);
}

static void expire(struct loop *l, uint64_t now)
{
    for (struct deadline first; (first = deadlines_first(&l->deadlines)).time <= now;) {
        struct slot *slot = &l->slots[first.id];
        uint64_t deadline = conn_deadline(&slot->client.conn);
        deadlines_set(&l->deadlines, first.id, deadline);
        if (deadline > now)
            continue;
        /* What has come in time counts, even where so much was ready that nobody saw it yet. */
        lend_buffer(l, slot);
        serve_ready(l->server, &slot->client, now);
        if (conn_deadline(&slot->client.conn) <= now)
            serve_expired(l->server, &slot->client, now);
        deadlines_set(&l->deadlines, first.id, DEADLINES_NEVER); /* settle() has the next */
        settle(l, slot, now);
    }
}

/* ------------------------------------------------------------------------------------------------
 * Accepting.
 */

static void start(struct loop *l, const struct client *accepted, uint64_t now)
{
    struct server *s = l->server;
    unsigned index = l->free_slots[l->free_count - 1];
    struct slot *slot = &l->slots[index];
    slot->client = *accepted;
    slot->client.index = index;
    if (!ready_add(l->ready, accepted->fd, index, READY_IN)) {
        s->counters->refused++;
        s->hooks.refused(s->context, &slot->client, errno);
        socket_close(accepted->fd);
        return;
    }
    l->free_count--;
    slot->block = NULL;
    slot->events = READY_IN;
    slot->open = true;
    serve_start(s, &slot->client, s->out, s->out_size, now);
    note_deadline(l, slot);
}

/* Whether another client may be accepted. */
static bool may_accept(const struct loop *l, uint64_t now)
{
    const struct server *s = l->server;
    bool enough = s->one_off && s->counters->served > 0;
    return !l->stopping && !enough && l->free_count > 0 && now >= l->paused_until;
}

static void accept_some(struct loop *l, int listener, uint64_t now)
{
    struct client client = {0};
    for (int i = 0; i < ACCEPT_BATCH && may_accept(l, now); i++) {
        switch (serve_accept(l->server, listener, &client)) {
        case SERVE_ACCEPTED:
            start(l, &client, now);
            break;
        case SERVE_NOBODY:
            return;
        case SERVE_LATER:
            l->paused_until = now + SERVE_PAUSE_MS;
            return;
        case SERVE_NEVER:
            l->error = errno;
            return;
        }
    }
}

/* Watches the listeners only while a client may be accepted: a ready one would make the loop spin.
 */
static void watch_listeners(struct loop *l, uint64_t now)
{
    bool watch = may_accept(l, now);
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
static void leave(struct loop *l, uint64_t now)
{
    begin_to_stop(l, now);
    for (unsigned i = 0; i < l->server->max_clients; i++)
        if (l->slots[i].open) {
            conn_cut(&l->slots[i].client.conn);
            settle(l, &l->slots[i], now);
        }
}

static void look_at(struct loop *l, const struct ready_event *event, uint64_t now)
{
    struct server *s = l->server;
    bool wake = event->id == wake_id(l), parent = event->id == parent_id(l);
    if (event->id < s->max_clients) {
        serve(l, event->id, now);
        return;
    }
    if (!wake && !parent) {
        accept_some(l, s->listeners[event->id - listener_id(l, 0)], now);
        return;
    }
    switch (serve_woken(s, wake, (short)(parent ? event->ended ? POLLHUP : POLLIN : 0))) {
    case SERVE_ON:
        break;
    case SERVE_STOP:
        if (s->parent_fd >= 0) /* it has said so: from now on, only its end is news */
            ready_change(l->ready, s->parent_fd, parent_id(l), 0);
        begin_to_stop(l, now);
        break;
    case SERVE_LEAVE:
        leave(l, now);
        break;
    }
}

static void run(struct loop *l)
{
    struct ready_event events[BATCH];
    while (!l->error && !(l->stopping && l->free_count == l->server->max_clients)) {
        uint64_t first = deadlines_first(&l->deadlines).time, now = clock_ms();
        watch_listeners(l, now);
        if (!l->listening && l->paused_until > now && l->paused_until < first)
            first = l->paused_until;
        size_t n = ready_wait(l->ready, events, BATCH, first);
        now = clock_ms();
        for (size_t i = 0; i < n && !l->error; i++)
            look_at(l, &events[i], now);
        expire(l, now);
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
static bool take_memory(struct loop *l, struct deadline **heap, unsigned **places)
{
    struct server *s = l->server;
    size_t n = s->max_clients;
    l->slots = calloc(n, sizeof *l->slots);
    l->small = malloc(n * s->small_size);
    l->large = malloc((s->large_blocks + 1) * s->out_size); /* malloc(0) may be NULL */
    l->free_blocks = malloc((s->large_blocks + 1) * sizeof *l->free_blocks);
    l->free_slots = malloc(n * sizeof *l->free_slots);
    *heap = malloc(n * sizeof **heap);
    *places = malloc(n * sizeof **places);
    if (!l->slots || !l->small || !l->large || !l->free_blocks || !l->free_slots || !*heap ||
        !*places)
        return false;
    deadlines_init(&l->deadlines, *heap, *places, n);
    for (; l->free_count < n; l->free_count++) /* the lowest is taken first */
        l->free_slots[l->free_count] = (unsigned)n - 1 - l->free_count;
    for (size_t i = 0; i < s->large_blocks; i++)
        l->free_blocks[l->free_block_count++] = l->large + i * s->out_size;
    return true;
}

int server_event(struct server *s)
{
    struct loop l = {.server = s};
    struct deadline *heap = NULL;
    unsigned *places = NULL;
    if (!take_memory(&l, &heap, &places) || !watch(&l))
        l.error = errno;
    else if ((l.error = serve_tell_ready(s)) == 0)
        run(&l);
    if (l.ready)
        ready_close(l.ready);
    free(l.slots);
    free(l.small);
    free(l.large);
    free(l.free_blocks);
    free(l.free_slots);
    free(heap);
    free(places);
    return l.error;
}
