/* load.c - see load.h.
 *
 * May use: the payload, connect.h, socket.h, ready.h, deadlines.h, precise.h.
 */
#include "load.h"

#include "connect.h"
#include "deadlines.h"
#include "precise.h"
#include "ready.h"
#include "socket.h"

#include <errno.h>
#include <stdlib.h>

#define MS UINT64_C(1000000)

enum {
    BATCH = 256,           /* events looked at before other things have their turn */
    CONNECTING_MOST = 128, /* at once: a listener's backlog takes them */
    RETRY_MS = 1000,       /* before a connection that failed is made anew */
    BACKLOG_FULL_MS = 10,  /* likewise, of a Unix socket */
    INTERRUPTED_MS = 1000  /* the longest wait for replies, once interrupted */
};

enum state {
    CLOSED,     /* to be opened, at a time or when its turn comes */
    CONNECTING, /* until give_up */
    OPEN,
    FINISHING, /* the FIN is sent */
    DONE
};

struct link {
    enum state state;
    int fd;
    unsigned id, events; /* READY_IN, READY_OUT that it is watched for */
    unsigned modes;
    unsigned in_flight, oldest; /* lines; a place in due */
    uint64_t *due;              /* a ring of `pipeline`: when those in flight were due */
    uint64_t taken;             /* lines of its share that are sent or lost */
    uint64_t last;              /* how many that is when the connection has had its lines_each */
    bool renewed;               /* without a connection only because it has had these */
    /* Offsets in the payload: where the connection began; up to there lines are to be sent, have
     * been sent, have come back. */
    uint64_t start, put, sent, back;
    uint64_t heard;   /* since when the server could have said something and has not */
    uint64_t retry;   /* CLOSED: when to connect again */
    uint64_t give_up; /* when to give up connecting; 0: not yet begun */
};

struct run {
    struct load *load;
    struct ready *ready;
    struct deadlines deadlines;
    struct link *links;
    unsigned opened, connecting, done; /* links: begun with; of these connecting; ended */
    bool started, stopping;
    uint64_t abandon_time; /* interrupted: what is not back by then is not waited for */
    uint64_t next_tick;
};

/* ------------------------------------------------------------------------------------------------
 * When lines are due.
 */

/* How many lines a link has to send, in all. */
static uint64_t share(const struct run *r, const struct link *k)
{
    uint64_t lines = r->load->lines, n = r->load->connections;
    return lines == UINT64_MAX ? lines : lines / n + (k->id < lines % n);
}

static bool has_more(const struct run *r, const struct link *k)
{
    return r->started && !r->stopping && k->taken < share(r, k);
}

/* Whether this connection has more to send. */
static bool may_take(const struct run *r, const struct link *k)
{
    return has_more(r, k) && k->taken < k->last;
}

/* When the link's next line is due by the clock. */
static uint64_t due_time(const struct run *r, const struct link *k)
{
    const struct load *l = r->load;
    uint64_t line = k->taken * l->connections + k->id;
    return l->started + line / l->rate_lines * l->rate_time +
           line % l->rate_lines * l->rate_time / l->rate_lines;
}

/* Puts the lines that are due. */
static void take_due(struct run *r, struct link *k, uint64_t now)
{
    const struct load *l = r->load;
    while (may_take(r, k) && k->in_flight < l->pipeline) {
        uint64_t due = l->rate_lines ? due_time(r, k) : now;
        if (due > now)
            return;
        if (k->in_flight == 0)
            k->heard = now;
        k->due[(k->oldest + k->in_flight++) % l->pipeline] = due;
        k->put += l->payload->line;
        k->taken++;
        r->load->sent++;
    }
}

/* Without a connection, what is due by the clock is lost. */
static void lose_due(struct run *r, struct link *k, uint64_t now)
{
    while (r->load->rate_lines && has_more(r, k) && due_time(r, k) < now) {
        k->taken++;
        r->load->sent++;
        r->load->lost++;
        r->load->ended = now;
    }
}

/* ------------------------------------------------------------------------------------------------
 * A link's deadline.
 */

static uint64_t after(uint64_t time, uint64_t wait)
{
    return wait < UINT64_MAX - time ? time + wait : UINT64_MAX;
}

static uint64_t link_time(const struct run *r, const struct link *k)
{
    uint64_t time = UINT64_MAX;
    if (k->state == CLOSED)
        return k->retry;
    if (k->state == CONNECTING)
        return k->give_up;
    if (k->in_flight > 0 || k->state == FINISHING)
        time = after(k->heard, r->load->reply_time);
    if (r->load->rate_lines && may_take(r, k) && k->in_flight < r->load->pipeline &&
        due_time(r, k) < time)
        time = due_time(r, k);
    time = r->abandon_time < time ? r->abandon_time : time;
    return k->state == DONE ? UINT64_MAX : time;
}

/* Only an earlier one than is set: a later one is left for when that has passed, for it moves on
 * with every line. */
static void note_time(struct run *r, const struct link *k)
{
    uint64_t time = link_time(r, k);
    if (time < deadlines_get(&r->deadlines, k->id))
        deadlines_set(&r->deadlines, k->id, time);
}

/* ------------------------------------------------------------------------------------------------
 * A link's life.
 */

static void watch(struct run *r, struct link *k, unsigned events)
{
    if (k->events != events)
        ready_change(r->ready, k->fd, k->id, events);
    k->events = events;
}

static void disconnect(struct run *r, struct link *k)
{
    ready_remove(r->ready, k->fd, k->id);
    socket_close(k->fd);
    k->fd = -1;
}

static void finish(struct run *r, struct link *k)
{
    k->state = DONE;
    r->done++;
}

/* What is left to do without a connection: nothing, or to try again. */
static void close_link(struct run *r, struct link *k, uint64_t retry)
{
    k->state = CLOSED;
    k->retry = retry;
    if (r->stopping || (r->started && !has_more(r, k)))
        finish(r, k);
    else
        note_time(r, k);
}

/* Tells that the link went wrong; its connection is gone already. */
static void tell(struct run *r, struct link *k, struct load_failure *f)
{
    struct load *l = r->load;
    uint64_t now = clock_ns();
    if (k->in_flight > 0)
        l->ended = now;
    f->connection = k->id;
    f->lost = k->in_flight;
    f->line = k->taken - k->in_flight;
    f->sent = k->sent - k->start;
    f->back = k->back - k->start;
    l->lost += k->in_flight;
    l->failures++;
    k->in_flight = 0;
    k->renewed = false;
    k->give_up = 0;
    if (l->failed)
        l->failed(l->context, f);
    close_link(r, k, now + RETRY_MS * MS);
}

static void fail(struct run *r, struct link *k, enum exchange_end end, int error)
{
    struct load_failure f = {.end = end, .error = error};
    disconnect(r, k);
    tell(r, k, &f);
}

static void fail_to_connect(struct run *r, struct link *k, int error)
{
    struct load_failure f = {.connecting = true, .error = error};
    /* The line it was made for is lost: without a clock no other would be, and no number of them
     * would have an end once the server is gone. */
    if (!r->load->rate_lines && r->load->lines != UINT64_MAX)
        take_due(r, k, clock_ns());
    k->start = k->sent = k->back = k->put;
    tell(r, k, &f);
}

/* Lines in flight on a link that is not waited for count neither way. */
static void abandon(struct run *r, struct link *k)
{
    r->load->sent -= k->in_flight;
    r->load->abandoned += k->in_flight;
    k->in_flight = 0;
    disconnect(r, k);
    finish(r, k);
}

/* Sends what is put and not sent; the FIN when there is no more to come. */
static void pump(struct run *r, struct link *k)
{
    while (k->sent < k->put) {
        const uint8_t *bytes;
        size_t n = payload_at(r->load->payload, k->sent, &bytes), sent;
        if (n > k->put - k->sent)
            n = (size_t)(k->put - k->sent);
        enum socket_result result = socket_send(k->fd, bytes, n, &sent);
        if (result == SOCKET_AGAIN) {
            watch(r, k, READY_IN | READY_OUT);
            note_time(r, k); /* the limit holds for a server that does not even read, too */
            return;
        }
        if (result == SOCKET_FAILED) {
            fail(r, k, EXCHANGE_RESET, errno);
            return;
        }
        k->sent += sent;
    }
    watch(r, k, READY_IN);
    if (k->state == OPEN && r->started && !may_take(r, k) &&
        (k->in_flight == 0 || r->load->fin_early)) {
        socket_send_fin(k->fd);
        k->state = FINISHING;
        k->heard = clock_ns();
    }
    note_time(r, k);
}

/* A connection is there. */
static void begin(struct run *r, struct link *k)
{
    k->state = OPEN;
    k->give_up = 0;
    k->start = k->sent = k->back = k->put;
    k->modes = r->load->modes;
    k->renewed = false;
    if (r->load->lines_each > 0)
        k->last = after(k->taken, r->load->lines_each);
    r->load->remade += r->started;
    if (r->started)
        take_due(r, k, clock_ns());
    pump(r, k);
}

static void connect_link(struct run *r, struct link *k, uint64_t now)
{
    const struct load *l = r->load;
    if (k->give_up == 0)
        k->give_up = after(now, l->connect_time);
    k->fd = connect_begin((const struct sockaddr *)&l->address, l->address_len);
    if (k->fd < 0 && errno == EAGAIN && now < k->give_up) {
        close_link(r, k, now + BACKLOG_FULL_MS * MS);
        return;
    }
    k->events = READY_OUT;
    if (k->fd < 0 || !ready_add(r->ready, k->fd, k->id, READY_OUT)) {
        int error = errno == EAGAIN ? ETIMEDOUT : errno;
        if (k->fd >= 0)
            socket_close(k->fd);
        fail_to_connect(r, k, error);
        return;
    }
    k->state = CONNECTING;
    r->connecting++;
    note_time(r, k);
}

static void connected(struct run *r, struct link *k, int error)
{
    r->connecting--;
    if (!error) {
        begin(r, k);
        return;
    }
    disconnect(r, k);
    fail_to_connect(r, k, error);
}

/* ------------------------------------------------------------------------------------------------
 * What comes back.
 */

/* Lines of which the last byte has come back. */
static void count_lines(struct run *r, struct link *k, uint64_t now)
{
    struct load *l = r->load;
    while (k->in_flight > 0 && k->back >= k->put - (k->in_flight - 1) * l->payload->line) {
        uint64_t time = now - k->due[k->oldest];
        k->oldest = (k->oldest + 1) % l->pipeline;
        if (l->replied && k->id == 0)
            l->replied(l->context, k->taken - k->in_flight, time);
        histogram_add(l->rtt, time);
        k->in_flight--;
        l->received++;
        l->ended = now;
    }
}

static void mismatch(struct run *r, struct link *k, size_t right, size_t n)
{
    struct load *l = r->load;
    struct load_failure f = {.end = EXCHANGE_MISMATCH};
    payload_fault(l->payload, &f.fault, k->modes, k->start, k->back, k->sent, l->reply + right,
                  n - right);
    disconnect(r, k);
    tell(r, k, &f);
}

/* Both sides have closed the connection. Lines that are due meanwhile wait for the next. */
static void renew(struct run *r, struct link *k)
{
    if (!has_more(r, k)) {
        finish(r, k);
        return;
    }
    k->renewed = true;
    k->last = UINT64_MAX;
    connect_link(r, k, clock_ns());
}

static void receive(struct run *r, struct link *k)
{
    struct load *l = r->load;
    size_t n, right;
    switch (socket_receive(k->fd, l->reply, l->reply_size, &n)) {
    case SOCKET_MOVED:
        break;
    case SOCKET_AGAIN:
        return;
    case SOCKET_ENDED:
        if (k->state == FINISHING && k->in_flight == 0) {
            disconnect(r, k);
            renew(r, k);
        } else {
            fail(r, k, EXCHANGE_SHORT, 0);
        }
        return;
    case SOCKET_FAILED:
        fail(r, k, EXCHANGE_RESET, errno);
        return;
    }
    uint64_t now = clock_ns(), owed = k->sent - k->back;
    right = n < owed ? n : (size_t)owed;
    if (k->modes != MODES_NONE)
        right = payload_compare(l->payload, &k->modes, k->back, l->reply, right);
    k->back += right;
    k->heard = now;
    l->spoken &= k->modes;
    count_lines(r, k, now);
    if (right < n && k->modes != MODES_NONE) {
        mismatch(r, k, right, n);
        return;
    }
    take_due(r, k, l->replied ? clock_ns() : now); /* what the hook took is not the server's */
    pump(r, k);
}

/* ------------------------------------------------------------------------------------------------
 * The loop.
 */

/* Lines of which no byte is sent will not be. */
static void take_back(struct run *r, struct link *k)
{
    uint64_t lines = (k->put - k->sent) / r->load->payload->line;
    if (k->state != OPEN)
        return;
    k->put -= lines * r->load->payload->line;
    k->in_flight -= (unsigned)lines;
    k->taken -= lines;
    r->load->sent -= lines;
}

/* The lines that were due by the clock before `end` and are not sent: they count with the time that
 * they have waited, for it is the server that kept them. */
static void count_unsent(struct run *r, const struct link *k, uint64_t end)
{
    struct load *l = r->load;
    struct link next = *k;
    uint64_t due;
    for (; l->rate_lines && has_more(r, &next) && (due = due_time(r, &next)) < end; next.taken++) {
        histogram_add(l->rtt, end - due);
        l->unsent++;
    }
}

static void stop(struct run *r)
{
    struct load *l = r->load;
    uint64_t now = clock_ns();
    if (r->stopping)
        return;
    if (!r->started)
        l->started = now;
    uint64_t end = after(l->started, l->duration);
    end = now < end ? now : end;
    for (unsigned i = 0; i < l->connections; i++) {
        struct link *k = &r->links[i];
        take_back(r, k);
        if ((k->state == CLOSED || k->state == CONNECTING) && !k->renewed)
            lose_due(r, k, end);
        else
            count_unsent(r, k, end);
    }
    r->started = r->stopping = true;
    l->ended = now;
    for (unsigned i = 0; i < l->connections; i++) {
        struct link *k = &r->links[i];
        if (k->state == CONNECTING) {
            r->connecting--;
            disconnect(r, k);
        }
        if (k->state == CLOSED || k->state == CONNECTING)
            finish(r, k);
        else if (k->state == OPEN)
            pump(r, k);
    }
}

/* Once all have tried to connect, lines are due. */
static void start(struct run *r)
{
    struct load *l = r->load;
    l->started = l->ended = clock_ns();
    r->started = true;
    if (l->tick)
        r->next_tick = after(l->started, l->tick_time);
    for (unsigned i = 0; i < l->connections; i++) {
        struct link *k = &r->links[i];
        if (k->state == OPEN) {
            take_due(r, k, l->started);
            pump(r, k);
        }
    }
}

static void open_more(struct run *r, uint64_t now)
{
    while (r->opened < r->load->connections && r->connecting < CONNECTING_MOST && !r->stopping) {
        connect_link(r, &r->links[r->opened++], now);
    }
    if (r->opened == r->load->connections && r->connecting == 0 && !r->started)
        start(r);
}

/* A link's deadline has come, if it has not moved on. */
static void on_time(struct run *r, struct link *k, uint64_t now)
{
    uint64_t time = link_time(r, k);
    deadlines_set(&r->deadlines, k->id, time);
    if (time > now)
        return;
    deadlines_set(&r->deadlines, k->id, DEADLINES_NEVER);
    if (k->state == CONNECTING) {
        connected(r, k, ETIMEDOUT);
    } else if (k->state == CLOSED) {
        if (!k->renewed)
            lose_due(r, k, now);
        if (r->started && !has_more(r, k))
            finish(r, k);
        else
            connect_link(r, k, now);
    } else if (now >= r->abandon_time) {
        abandon(r, k);
    } else if ((k->in_flight > 0 || k->state == FINISHING) &&
               after(k->heard, r->load->reply_time) <= now) {
        fail(r, k, EXCHANGE_TIMEOUT, 0);
    } else {
        take_due(r, k, now);
        pump(r, k);
    }
}

static void on_event(struct run *r, const struct ready_event *event)
{
    if (event->id == r->load->connections) {
        /* Whoever asked for an end does not wait for long; a second time ends the process. */
        r->abandon_time = clock_ns() + INTERRUPTED_MS * MS;
        ready_remove(r->ready, r->load->wake, event->id);
        stop(r);
        for (unsigned i = 0; i < r->load->connections; i++)
            note_time(r, &r->links[i]);
        return;
    }
    struct link *k = &r->links[event->id];
    if (k->state == CONNECTING)
        connected(r, k, connect_finish(k->fd));
    else if (k->state == OPEN || k->state == FINISHING)
        receive(r, k);
    if (k->state == OPEN && k->events & READY_OUT)
        pump(r, k);
}

/* What the clock says. Returns when it is to be asked again. */
static uint64_t look_at_clock(struct run *r)
{
    const struct load *l = r->load;
    uint64_t now = clock_ns();
    struct deadline first;
    open_more(r, now);
    uint64_t end = r->started ? after(l->started, l->duration) : UINT64_MAX;
    if (now >= end || l->stop)
        stop(r);
    while ((first = deadlines_first(&r->deadlines)).time <= now)
        on_time(r, &r->links[first.id], now);
    if (now >= r->next_tick) {
        l->tick(l->context, now);
        r->next_tick = after(now, l->tick_time);
    }
    uint64_t time = r->stopping ? UINT64_MAX : end;
    time = r->next_tick < time ? r->next_tick : time;
    first = deadlines_first(&r->deadlines);
    return first.time < time ? first.time : time;
}

static void loop(struct run *r)
{
    static struct ready_event events[BATCH];
    struct link *first = &r->links[0];
    first->fd = r->load->first;
    first->events = READY_IN;
    r->opened = 1;
    if (ready_add(r->ready, first->fd, 0, READY_IN)) {
        begin(r, first);
    } else {
        int error = errno;
        socket_close(first->fd);
        fail_to_connect(r, first, error);
    }
    if (r->load->wake >= 0)
        (void)ready_add(r->ready, r->load->wake, r->load->connections, READY_IN);
    for (;;) {
        uint64_t deadline = look_at_clock(r);
        if (r->done == r->load->connections)
            return;
        size_t n = ready_wait(r->ready, events, BATCH, deadline);
        for (size_t i = 0; i < n; i++)
            on_event(r, &events[i]);
    }
}

/* Links begin in different places of the payload, so that a line for another shows. */
static void prepare(struct run *r, uint64_t *due)
{
    const struct load *l = r->load;
    size_t lines = l->payload->size / l->payload->line;
    for (unsigned i = 0; i < l->connections; i++)
        r->links[i] = (struct link){.id = i,
                                    .fd = -1,
                                    .last = UINT64_MAX,
                                    .due = due + (size_t)i * l->pipeline,
                                    .put = (size_t)i * 997 % lines * l->payload->line};
}

int load_run(struct load *l)
{
    size_t n = l->connections;
    struct run r = {.load = l, .abandon_time = UINT64_MAX, .next_tick = UINT64_MAX};
    uint64_t *time = calloc(n, sizeof *time);
    unsigned *heap = calloc(n, sizeof *heap);
    unsigned *place = calloc(n, sizeof *place);
    uint64_t *due = calloc(n, l->pipeline * sizeof *due);
    int error = 0;

    r.links = calloc(n, sizeof *r.links);
    r.ready = ready_open(n + 1);
    histogram_init(l->rtt);
    l->remade = l->sent = l->received = l->lost = l->unsent = l->abandoned = l->failures = 0;
    l->spoken = l->modes;
    if (time && heap && place && due && r.links && r.ready) {
        deadlines_init(&r.deadlines, time, heap, place, n);
        prepare(&r, due);
        loop(&r);
    } else {
        error = errno;
        socket_close(l->first);
    }
    if (r.ready)
        ready_close(r.ready);
    free(r.links);
    free(due);
    free(place);
    free(heap);
    free(time);
    return error;
}
