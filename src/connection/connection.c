/* connection.c - see connection.h.
 *
 * May use: the line engine, assert, memmove. No system call, clock, errno or allocation.
 */
#include "connection.h"

#include <assert.h>
#include <string.h>

enum phase {
    SERVING,   /* receives, and sends back */
    PAYING,    /* the session is over, some of it is still owed */
    PARTING,   /* all is sent; the FIN is next */
    LINGERING, /* the FIN is sent; what comes is discarded until the client's FIN */
    OVER
};

void conn_init(struct conn *c, const struct conn_rules *rules, uint8_t *buffer, size_t size,
               uint64_t now)
{
    assert(size >= CONN_BUFFER_MIN && size <= UINT32_MAX);
    *c = (struct conn){.buffer = buffer,
                       .size = (uint32_t)size,
                       .idle_ms = rules->header ? CONN_HEADER_MS : rules->idle_ms,
                       .moved = now,
                       .cut = CONN_NEVER,
                       .phase = SERVING,
                       .awaits_header = rules->header};
    echo_line_init(&c->line, rules->mode, rules->dot_stop);
}

void conn_move(struct conn *c, uint8_t *buffer, size_t size)
{
    uint32_t owed = c->tail - c->head;
    assert(size >= CONN_BUFFER_MIN && size >= owed && size <= UINT32_MAX);
    if (owed > 0)
        memmove(buffer, c->buffer + c->head, owed);
    c->buffer = buffer;
    c->size = (uint32_t)size;
    c->head = 0;
    c->tail = owed;
}

uint8_t *conn_buffer(const struct conn *c)
{
    return c->buffer;
}

static uint64_t earlier(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* Over at once, whatever is still owed. A session all of which was sent keeps its reason; and a dot
 * line stops the server even if its echo cannot be sent (section 3.3). */
static void cut_off(struct conn *c, enum conn_why why)
{
    if (c->phase == SERVING || (c->phase == PAYING && c->why != CONN_STOP))
        c->why = why;
    c->phase = OVER;
}

/* A byte moved. That keeps a connection from being idle, but does not put off the times at which it
 * is over in any case. */
static void moved(struct conn *c, uint64_t now)
{
    c->moved = now;
    if (now >= c->cut)
        cut_off(c, CONN_DRAIN);
}

bool conn_awaits_header(const struct conn *c)
{
    return c->awaits_header;
}

void conn_begin(struct conn *c, const struct conn_rules *rules, uint64_t now)
{
    assert(c->awaits_header);
    c->awaits_header = false;
    c->idle_ms = rules->idle_ms;
    c->moved = now;
}

void conn_refuse(struct conn *c)
{
    assert(c->awaits_header);
    cut_off(c, CONN_HEADER);
}

/* If all is sent after the end of a session: what next? */
static void part(struct conn *c)
{
    if (c->phase != PAYING || c->head != c->tail)
        return;
    /* After the client's FIN nothing of its can cross ours. A client that is being drained has been
     * quiet: waiting for it would only delay the stop. */
    c->phase = c->peer_ended || c->why == CONN_DRAIN ? OVER : PARTING;
}

/* Takes over what the engine wrote, up to out, and whether it says that the session is over; at_eof
 * is the reason where its input was ended. */
static void settle(struct conn *c, const uint8_t *out, enum echo_end end, enum conn_why at_eof)
{
    const enum conn_why why[] = {
        [ECHO_EOF] = at_eof, [ECHO_QUIT] = CONN_QUIT, [ECHO_STOP] = CONN_STOP};
    c->head = 0;
    c->tail = (uint32_t)(out - c->buffer);
    if (end == ECHO_OPEN)
        return;
    c->why = why[end];
    c->phase = PAYING;
    part(c);
}

size_t conn_room(const struct conn *c)
{
    if (c->phase == LINGERING)
        return SIZE_MAX;
    if (c->phase != SERVING || c->head != c->tail)
        return 0;
    return c->size - ECHO_LINE_SLACK;
}

void conn_received(struct conn *c, const uint8_t *in, size_t n, uint64_t now)
{
    assert(n > 0 && n <= conn_room(c) && !c->awaits_header);
    c->bytes_in += n;
    moved(c, now);
    if (c->phase != SERVING)
        return;
    struct echo_cursor io = {in, n, c->buffer, c->size};
    enum echo_end end = echo_line_push(&c->line, &io);
    settle(c, io.out, end, CONN_EOF);
}

/* The line, and with it the session, ends here; what was held back is owed now. */
static void finish(struct conn *c, enum conn_why why)
{
    struct echo_cursor io = {.out = c->buffer, .out_len = c->size};
    enum echo_end end = echo_line_finish(&c->line, &io);
    settle(c, io.out, end, why);
}

void conn_ended(struct conn *c)
{
    assert(conn_room(c) > 0);
    c->peer_ended = true;
    if (c->phase == LINGERING)
        c->phase = OVER;
    else
        finish(c, CONN_EOF);
}

size_t conn_owed(const struct conn *c, const uint8_t **bytes)
{
    *bytes = c->buffer + c->head;
    return c->phase == OVER ? 0 : c->tail - c->head;
}

void conn_sent(struct conn *c, size_t n, uint64_t now)
{
    assert(n > 0 && n <= c->tail - c->head);
    c->bytes_out += n;
    c->head += (uint32_t)n;
    part(c);
    moved(c, now);
}

bool conn_fin_due(const struct conn *c)
{
    return c->phase == PARTING;
}

void conn_fin_sent(struct conn *c, uint64_t now)
{
    assert(conn_fin_due(c));
    c->phase = LINGERING;
    c->cut = earlier(c->cut, now + CONN_LINGER_MS);
}

void conn_lost(struct conn *c)
{
    cut_off(c, CONN_RESET);
}

void conn_drain(struct conn *c, uint64_t cut)
{
    if (!c->draining)
        c->cut = earlier(c->cut, cut);
    c->draining = true;
}

void conn_cut(struct conn *c)
{
    cut_off(c, CONN_DRAIN);
}

/* When a silence means something to the engine (section 4); it is counted only while receiving. */
static uint64_t silence_at(const struct conn *c)
{
    bool waits = c->phase == SERVING && conn_room(c) > 0 && echo_line_waits(&c->line);
    return waits ? c->moved + CONN_SILENCE_MS : CONN_NEVER;
}

/* When a client of a stopping server counts as being between messages. */
static uint64_t quiet_at(const struct conn *c)
{
    return c->draining && conn_room(c) > 0 ? c->moved + CONN_QUIET_MS : CONN_NEVER;
}

/* Until a header has come, this is its time: that does not move on with its bytes. */
static uint64_t idle_at(const struct conn *c)
{
    bool limited = c->idle_ms > 0 && c->phase != LINGERING;
    return limited ? c->moved + c->idle_ms : CONN_NEVER;
}

uint64_t conn_deadline(const struct conn *c)
{
    if (c->phase == OVER)
        return CONN_NEVER;
    return earlier(earlier(c->cut, idle_at(c)), earlier(quiet_at(c), silence_at(c)));
}

void conn_expired(struct conn *c, uint64_t now)
{
    if (now >= c->cut) {
        cut_off(c, CONN_DRAIN);
    } else if (now >= idle_at(c)) {
        cut_off(c, c->awaits_header ? CONN_HEADER : CONN_IDLE);
    } else if (now >= quiet_at(c)) {
        if (c->phase == LINGERING)
            cut_off(c, CONN_DRAIN);
        else
            finish(c, CONN_DRAIN);
    } else if (now >= silence_at(c)) {
        struct echo_cursor io = {.out = c->buffer, .out_len = c->size};
        enum echo_end end = echo_line_silence(&c->line, &io);
        settle(c, io.out, end, CONN_EOF);
    }
}

enum conn_why conn_over(const struct conn *c)
{
    return c->phase == OVER ? (enum conn_why)c->why : CONN_OPEN;
}

const char *conn_why_name(enum conn_why why)
{
    static const char *const names[] = {
        [CONN_OPEN] = "open",   [CONN_EOF] = "eof",       [CONN_QUIT] = "quit",
        [CONN_STOP] = "stop",   [CONN_RESET] = "reset",   [CONN_IDLE] = "idle",
        [CONN_DRAIN] = "drain", [CONN_HEADER] = "header",
    };
    return names[why];
}
