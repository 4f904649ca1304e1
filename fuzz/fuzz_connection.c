/* fuzz_connection.c - the connection under a scripted socket and clock.
 *
 * The first byte chooses the rules and the buffer, the next byte is the length of the script, then
 * the script, then what the client sends. Each byte of the script is what the world does next: how
 * much can be received or sent, nothing for a while, the end of input, a reset, a stop, another
 * buffer. When the script is over the world is kind: everything goes through at once.
 *
 * Checked at every step: exactly one thing to do, all within the buffer, an end within bounded
 * steps; and at the end the bytes and the reason, with the model.
 */
#include "check.h"
#include "connection/connection.h"
#include "support/drive.h"
#include "support/model.h"
#include "target.h"

#include <string.h>

enum { DRAIN_MS = 300, STREAM_MAX = 1024, BUFFER_MAX = 64, HAPPENED_MAX = 2 * STREAM_MAX + 256 };

struct world {
    const uint8_t *script, *stream;
    size_t script_len, stream_len;
    struct conn conn;
    struct conn_rules rules;
    uint8_t buffers[2][BUFFER_MAX], *buffer; /* the one in use */
    size_t size;
    uint64_t now;
    bool ended, stopping, fin_sent, lost;

    token happened[HAPPENED_MAX]; /* bytes and silences, as the connection got them */
    size_t happened_len;
    uint8_t got[STREAM_MAX + ECHO_LINE_SLACK + 8];
    size_t got_len;
};

static void happens(struct world *w, token t)
{
    check(w->happened_len < HAPPENED_MAX, "the target's own bound");
    w->happened[w->happened_len++] = t;
}

static void check_state(const struct world *w)
{
    const struct conn *c = &w->conn;
    const uint8_t *bytes;
    size_t owed = conn_owed(c, &bytes), room = conn_room(c);
    bool over = conn_over(c) != CONN_OPEN;
    check((room > 0) + (owed > 0) + conn_fin_due(c) + over == 1, "not exactly one thing to do");
    check(owed <= w->size, "more owed than the buffer holds");
    check(owed == 0 || (bytes >= w->buffer && bytes + owed <= w->buffer + w->size),
          "owed bytes outside the buffer");
    check(!over || conn_deadline(c) == CONN_NEVER, "a deadline after the end");
}

static void receive(struct world *w, size_t most)
{
    size_t room = conn_room(&w->conn), n = most;
    n = n < room ? n : room;
    n = n < w->stream_len ? n : w->stream_len;
    if (n == 0)
        return;
    uint8_t *piece = malloc(n); /* of exactly that length, for the sanitizer */
    check(piece != NULL, "out of memory");
    memcpy(piece, w->stream, n);
    for (size_t i = 0; i < n; i++)
        happens(w, piece[i]);
    w->stream += n;
    w->stream_len -= n;
    conn_received(&w->conn, piece, n, w->now);
    free(piece);
}

static void send_some(struct world *w, size_t most)
{
    const uint8_t *bytes;
    size_t owed = conn_owed(&w->conn, &bytes), n = most < owed ? most : owed;
    if (n == 0)
        return;
    check(w->got_len + n <= sizeof w->got, "more came back than the client sent, and the farewell");
    memcpy(w->got + w->got_len, bytes, n);
    w->got_len += n;
    conn_sent(&w->conn, n, w->now);
}

static void send_fin(struct world *w)
{
    if (!conn_fin_due(&w->conn))
        return;
    conn_fin_sent(&w->conn, w->now);
    w->fin_sent = true;
}

/* The connection gets the other buffer; whatever is left in the first must not matter. */
static void move(struct world *w)
{
    uint8_t *before = w->buffer;
    w->buffer = w->buffers[before == w->buffers[0]];
    conn_move(&w->conn, w->buffer, w->size);
    memset(before, 0xA5, BUFFER_MAX);
}

/* Nothing happens until the connection's own deadline. */
static void let_pass(struct world *w)
{
    uint64_t deadline = conn_deadline(&w->conn);
    if (deadline == CONN_NEVER)
        return;
    bool silence = conn_room(&w->conn) > 0 && echo_line_waits(&w->conn.line);
    w->now = deadline > w->now ? deadline : w->now;
    conn_expired(&w->conn, w->now);
    if (silence && conn_over(&w->conn) == CONN_OPEN)
        happens(w, SILENCE);
}

/* One step of the script; 0 to 63 move so many bytes. */
static void step(struct world *w, uint8_t what)
{
    size_t amount = what & 63;
    w->now += what >> 7;
    switch (what & 0x70) {
    case 0x40:
        let_pass(w);
        break;
    case 0x50:
        if (conn_room(&w->conn) > 0 && w->stream_len == 0) {
            w->ended = true;
            conn_ended(&w->conn);
        }
        break;
    case 0x60:
        conn_drain(&w->conn, w->now + DRAIN_MS);
        w->stopping = true;
        break;
    case 0x70:
        if ((what & 15) == 0) {
            w->lost = true;
            conn_lost(&w->conn);
        } else if ((what & 15) == 1) {
            move(w);
        } else if ((what & 15) == 2) {
            w->stopping = true;
            conn_cut(&w->conn);
        } else {
            w->now += (uint64_t)amount * 8;
        }
        break;
    default:
        receive(w, amount);
        send_some(w, amount);
        send_fin(w);
    }
}

/* Everything goes through: the connection must come to an end. */
static void finish(struct world *w)
{
    for (int steps = 0; conn_over(&w->conn) == CONN_OPEN; steps++) {
        check(steps < 8 * STREAM_MAX, "it does not come to an end");
        check_state(w);
        send_fin(w);
        send_some(w, SIZE_MAX);
        receive(w, SIZE_MAX);
        if (w->stream_len == 0 && conn_room(&w->conn) > 0) {
            w->ended = true;
            conn_ended(&w->conn);
        }
    }
}

/* What came back must be what the model says of what happened; or the beginning of it, if the
 * connection was cut. */
static void compare(const struct world *w)
{
    static uint8_t expected[STREAM_MAX + ECHO_LINE_SLACK];
    struct session m = {.out = expected, .room = sizeof expected};
    enum conn_why why = conn_over(&w->conn);
    model(&m, w->rules.mode, w->rules.dot_stop, w->happened, w->happened_len);

    check(w->got_len <= m.len, "more came back than the model says");
    check(memcmp(w->got, m.out, w->got_len) == 0, "other bytes came back than the model says");
    if (why == CONN_EOF || why == CONN_QUIT || why == CONN_STOP) {
        bool cut = why == CONN_STOP && (w->lost || w->stopping || w->rules.idle_ms);
        check(w->got_len == m.len || cut, "it says that all was sent, and it was not");
        check(why == (m.end == ECHO_QUIT   ? CONN_QUIT
                      : m.end == ECHO_STOP ? CONN_STOP
                                           : CONN_EOF),
              "it ended for another reason than the model says");
    }
    check(why != CONN_EOF || w->ended, "end of input without an end of input");
    if ((why == CONN_QUIT || why == CONN_STOP) && !w->lost && !w->stopping && !w->rules.idle_ms)
        check(w->fin_sent || w->ended, "closed under a client that may still be sending");
    check(why != CONN_DRAIN || w->stopping, "drained without a stop");
    check(w->conn.bytes_out == w->got_len, "bytes_out is not what was sent");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct world w;
    if (size < 2)
        return 0;
    memset(&w, 0, sizeof w);
    w.rules = (struct conn_rules){.mode = data[0] & 1 ? ECHO_VERBATIM : ECHO_UPPER,
                                  .dot_stop = data[0] & 2,
                                  .idle_ms = data[0] & 4 ? 1000 : 0};
    w.size = data[0] & 8 ? BUFFER_MAX : CONN_BUFFER_MIN + (data[0] >> 5);
    w.script_len = data[1] < size - 2 ? data[1] : size - 2;
    w.script = data + 2;
    w.stream = w.script + w.script_len;
    w.stream_len = size - 2 - w.script_len;
    if (w.stream_len > STREAM_MAX)
        w.stream_len = STREAM_MAX;

    w.buffer = w.buffers[0];
    conn_init(&w.conn, &w.rules, w.buffer, w.size, w.now);
    for (size_t i = 0; i < w.script_len && conn_over(&w.conn) == CONN_OPEN; i++) {
        check_state(&w);
        step(&w, w.script[i]);
    }
    finish(&w);
    check_state(&w);
    compare(&w);
    return 0;
}
