/* exchange.c - see exchange.h.
 *
 * May use: the ledger, socket.h, read() and write() on its caller's descriptors.
 */
#include "exchange.h"

#include "socket.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

enum { PROGRESS_FIRST_MS = 1000, PROGRESS_EVERY_MS = 250 };

struct run {
    const struct exchange *x;
    struct ledger *ledger;
    uint64_t started, progress_at;
    uint64_t heard; /* since when the server could have said something and has not */

    size_t message, message_at; /* the next byte of the messages */
    bool line_start, dot_line;  /* of the input */
    bool input_open, fin_sent;
    int send_error; /* not 0: the sending side broke; what may still come is worth reading */
    bool prompted;

    size_t out_at, out_len; /* reply[out_at..out_len) is to be written out */
    enum exchange_end end;
    int error; /* errno, where end is a failure */
};

static void fail(struct run *r, enum exchange_end end)
{
    r->error = errno;
    r->end = end;
}

/* Takes n bytes just read into at: up to the end of a dot line, where that ends the input. */
static void take(struct run *r, const uint8_t *at, size_t n)
{
    for (size_t i = 0; r->x->dot_stop && i < n; i++) {
        if (r->line_start)
            r->dot_line = at[i] == '.';
        r->line_start = at[i] == '\n';
        if (r->line_start && r->dot_line) {
            n = i + 1;
            r->input_open = false;
        }
    }
    ledger_put(r->ledger, n);
    r->prompted = false;
}

/* Copies messages, with an LF after each, to at[0..room). */
static void take_messages(struct run *r, uint8_t *at, size_t room)
{
    size_t n = 0;
    while (n < room && r->message < r->x->message_count) {
        const char *rest = r->x->messages[r->message] + r->message_at;
        size_t len = strlen(rest), part = len < room - n ? len : room - n;
        memcpy(at + n, rest, part);
        n += part;
        r->message_at += part;
        if (part == len && n < room) {
            at[n++] = '\n';
            r->message++;
            r->message_at = 0;
        }
    }
    if (r->message == r->x->message_count)
        r->input_open = false;
    take(r, at, n);
}

static void read_input(struct run *r)
{
    uint8_t *at;
    size_t room = ledger_room(r->ledger, &at);
    if (r->x->messages) {
        take_messages(r, at, room);
        return;
    }
    ssize_t n = read(r->x->input, at, room);
    if (n > 0)
        take(r, at, (size_t)n);
    else if (n == 0)
        r->input_open = false;
    else if (errno != EINTR && errno != EAGAIN && errno != EWOULDBLOCK)
        fail(r, EXCHANGE_INPUT_FAILED);
}

/* Sends what there is, and the FIN after the last of it. */
static void send_some(struct run *r)
{
    const uint8_t *bytes;
    size_t n, sent;

    if (ledger_parted(r->ledger))
        r->input_open = false; /* the server has taken leave: it would only discard more */
    while (!ledger_parted(r->ledger) && !r->send_error &&
           (n = ledger_unsent(r->ledger, &bytes)) > 0) {
        enum socket_result result = socket_send(r->x->socket, bytes, n, &sent);
        if (result == SOCKET_AGAIN)
            return;
        if (result == SOCKET_FAILED) {
            r->send_error = errno;
            r->heard = clock_ms();
            return;
        }
        if (ledger_owed(r->ledger) == 0)
            r->heard = clock_ms();
        ledger_sent(r->ledger, sent);
    }
    if (!r->input_open && !r->fin_sent) {
        socket_send_fin(r->x->socket);
        r->fin_sent = true;
        r->heard = clock_ms();
    }
}

/* What nothing was compared with gets to a terminal as plain ASCII only: bytes of 0x80 and more
 * hold control characters, too. */
static void make_harmless(uint8_t *bytes, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if ((bytes[i] < ' ' && bytes[i] != '\t' && bytes[i] != '\r' && bytes[i] != '\n') ||
            bytes[i] >= 0x7F)
            bytes[i] = '?';
}

/* What the end of the reply means. */
static enum exchange_end closed_by_server(const struct run *r)
{
    const uint8_t *bytes;
    if (ledger_parted(r->ledger))
        return EXCHANGE_RIGHT;
    if (ledger_owed(r->ledger) > 0 || ledger_unsent(r->ledger, &bytes) > 0)
        return EXCHANGE_SHORT;
    if (r->input_open)
        return r->x->interactive ? EXCHANGE_LEFT : EXCHANGE_SHORT;
    return EXCHANGE_RIGHT;
}

static void receive(struct run *r)
{
    const struct exchange *x = r->x;
    size_t n, right;
    switch (socket_receive(x->socket, x->reply, x->reply_size, &n)) {
    case SOCKET_MOVED:
        r->heard = clock_ms();
        right = ledger_reply(r->ledger, x->reply, n);
        if (right < n)
            r->end = EXCHANGE_MISMATCH;
        r->out_at = 0;
        r->out_len = x->output_shown ? right : n;
        if (x->output_shown && !ledger_compares(r->ledger))
            make_harmless(x->reply, n);
        break;
    case SOCKET_ENDED:
        r->end = closed_by_server(r);
        /* The kernel tells of a reset once, and then of an end; EPIPE is what follows a FIN. */
        if (r->end == EXCHANGE_SHORT && r->send_error && r->send_error != EPIPE) {
            r->end = EXCHANGE_RESET;
            r->error = r->send_error;
        }
        break;
    case SOCKET_FAILED:
        fail(r, ledger_parted(r->ledger) ? EXCHANGE_RIGHT : EXCHANGE_RESET);
        break;
    case SOCKET_AGAIN:
        break;
    }
}

static bool writing(const struct run *r)
{
    return r->out_at < r->out_len;
}

/* One write; the rest when the output is ready again. */
static void write_some(struct run *r)
{
    size_t left = r->out_len - r->out_at;
    size_t step = left < r->x->output_step ? left : r->x->output_step;
    ssize_t n = write(r->x->output, r->x->reply + r->out_at, step);
    if (n >= 0) {
        r->out_at += (size_t)n;
    } else if (errno != EINTR && errno != EAGAIN && errno != EWOULDBLOCK) {
        r->out_at = r->out_len;
        if (r->end == EXCHANGE_OPEN || r->end == EXCHANGE_RIGHT) /* else what was wrong is told */
            fail(r, EXCHANGE_OUTPUT_FAILED);
    }
    r->heard = clock_ms(); /* nobody listened to the server meanwhile */
}

/* When to stop waiting for the server, if it is listened to and something is expected of it. */
static uint64_t reply_deadline(const struct run *r)
{
    const uint8_t *bytes;
    bool expected = ledger_owed(r->ledger) > 0 || ledger_unsent(r->ledger, &bytes) > 0 ||
                    r->fin_sent || r->send_error;
    return r->x->reply_ms > 0 && expected && !writing(r) ? r->heard + r->x->reply_ms : UINT64_MAX;
}

static void tell(struct run *r)
{
    const uint8_t *bytes;
    uint64_t now = clock_ms();
    if (r->x->progress && now >= r->progress_at) {
        r->x->progress(r->x->context, r->ledger, now - r->started);
        r->progress_at = now + PROGRESS_EVERY_MS;
    }
    if (r->x->prompt && !r->prompted && r->input_open && !writing(r) &&
        ledger_owed(r->ledger) == 0 && ledger_unsent(r->ledger, &bytes) == 0) {
        r->x->prompt(r->x->context);
        r->prompted = true;
    }
}

/* Waits for what can be done next, and does it. */
static void step(struct run *r)
{
    const struct exchange *x = r->x;
    const uint8_t *bytes;
    uint8_t *at;
    bool sending = !r->send_error && !ledger_parted(r->ledger);
    bool room = sending && r->input_open && ledger_room(r->ledger, &at) > 0;
    bool unsent = sending && ledger_unsent(r->ledger, &bytes) > 0;
    bool messages = room && x->messages; /* more input, without waiting */
    short events = (short)((writing(r) ? 0 : POLLIN) | (unsent ? POLLOUT : 0));
    struct pollfd fds[] = {
        {.fd = room && !messages ? x->input : -1, .events = POLLIN},
        {.fd = events ? x->socket : -1, .events = events}, /* with none, POLLHUP would not rest */
        {.fd = writing(r) ? x->output : -1, .events = POLLOUT},
    };
    uint64_t deadline = reply_deadline(r), tick = x->progress ? r->progress_at : UINT64_MAX;
    int ready = socket_wait(fds, 3, messages ? 0 : deadline < tick ? deadline : tick);

    if (messages || fds[0].revents)
        read_input(r);
    if (r->end != EXCHANGE_OPEN)
        return;
    if (fds[2].revents)
        write_some(r);
    else if (fds[1].revents && !writing(r))
        receive(r);
    send_some(r);
    if (ready == 0 && r->end == EXCHANGE_OPEN && clock_ms() >= deadline) {
        r->end = r->send_error ? EXCHANGE_RESET : EXCHANGE_TIMEOUT;
        r->error = r->send_error;
    }
}

enum exchange_end exchange_run(const struct exchange *x, int *error)
{
    uint64_t now = clock_ms();
    struct run r = {.x = x,
                    .ledger = x->ledger,
                    .started = now,
                    .progress_at = now + PROGRESS_FIRST_MS,
                    .heard = now,
                    .line_start = true,
                    .input_open = !x->messages || x->message_count > 0};
    while (r.end == EXCHANGE_OPEN) {
        tell(&r);
        step(&r);
    }
    while (writing(&r)) {
        struct pollfd output = {.fd = x->output, .events = POLLOUT};
        (void)socket_wait(&output, 1, UINT64_MAX);
        write_some(&r);
    }
    *error = r.error;
    return r.end;
}
