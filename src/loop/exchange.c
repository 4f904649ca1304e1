/* exchange.c - see exchange.h.
 *
 * May use: the ledger, socket.h, read() and write() on its caller's descriptors.
 */
#include "exchange.h"

#include "socket.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

enum {
    PROGRESS_FIRST_MS = 1000,
    PROGRESS_EVERY_MS = 250,
    STUCK_MS = 500,
    /* So much is in flight at first, which stays in a processor's cache; where that is out and
     * nothing comes back for a moment, the path is a long one, and more. */
    FLIGHT_FIRST = 256 * 1024,
    FLIGHT_MS = 2
};

struct run {
    const struct exchange *x;
    struct ledger *ledger;
    uint64_t started, progress_at;
    uint64_t heard; /* since when the server could have said something and has not */

    bool line_start, dot_line; /* of the input */
    bool input_open, fin_sent;
    int send_error;   /* not 0: the sending side broke; what may still come is worth reading */
    uint64_t sent_at; /* when something was sent, last */
    size_t awaited;   /* what fill said has to come first: EXCHANGE_SILENCE, EXCHANGE_AWAIT or 0 */
    bool deaf;        /* nothing is received yet */
    bool prompted;
    size_t flight_most; /* no input is read while so much is in flight */

    size_t out_at, out_len; /* reply[out_at..out_len) is to be written out */
    enum exchange_end end;
    int error; /* errno, where end is a failure */
};

static void fail(struct run *r, enum exchange_end end)
{
    r->error = errno;
    r->end = end;
}

/* How much of the input may be read now, to *at. */
static size_t room_for_input(const struct run *r, uint8_t **at)
{
    const uint8_t *bytes;
    size_t flight = (size_t)ledger_owed(r->ledger) + ledger_unsent(r->ledger, &bytes);
    size_t room = ledger_room(r->ledger, at);
    size_t most = flight < r->flight_most ? r->flight_most - flight : 0;
    return room < most ? room : most;
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

/* Nothing that was put is still to be sent. */
static bool all_sent(const struct run *r)
{
    const uint8_t *bytes;
    return ledger_unsent(r->ledger, &bytes) == 0;
}

/* Asks fill. Bytes that it does not give now are asked for again in time. */
static void fill(struct run *r, uint8_t *at, size_t room)
{
    size_t n = r->x->fill(r->x->context, at, room);
    if (n == EXCHANGE_SILENCE || n == EXCHANGE_AWAIT)
        r->awaited = n;
    else if (n > 0)
        take(r, at, n);
    else
        r->input_open = false;
}

/* When fill may be asked again: 0 at once, UINT64_MAX after something was sent or has come. */
static uint64_t fill_time(const struct run *r)
{
    if (!r->awaited)
        return 0;
    if (!all_sent(r) || (r->awaited == EXCHANGE_AWAIT && ledger_owed(r->ledger) > 0))
        return UINT64_MAX;
    return r->awaited == EXCHANGE_SILENCE ? r->sent_at + r->x->silence_ms : 0;
}

static void read_input(struct run *r)
{
    uint8_t *at;
    size_t room = room_for_input(r, &at);
    if (r->x->fill) {
        r->awaited = 0;
        fill(r, at, room);
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
        if (r->x->send_step > 0 && n > r->x->send_step)
            n = r->x->send_step;
        enum socket_result result = socket_send(r->x->socket, bytes, n, &sent);
        if (result == SOCKET_AGAIN)
            return;
        if (result == SOCKET_FAILED) {
            r->send_error = errno;
            r->deaf = false;
            r->heard = clock_ms();
            return;
        }
        r->sent_at = clock_ms();
        if (ledger_owed(r->ledger) == 0)
            r->heard = r->sent_at;
        ledger_sent(r->ledger, sent);
    }
    /* After good bye the server closes of its own accord. */
    if (!r->input_open && !r->fin_sent && !ledger_parted(r->ledger)) {
        socket_send_fin(r->x->socket);
        r->fin_sent = true;
        r->deaf = false;
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
    if (ledger_parted(r->ledger))
        return EXCHANGE_RIGHT;
    if (ledger_owed(r->ledger) > 0 || !all_sent(r))
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
        if (x->take) {
            x->take(x->context, x->reply, n);
            break;
        }
        r->out_at = 0;
        r->out_len = x->output_shown ? right : n;
        if (x->output_shown && ledger_modes(r->ledger) == MODES_NONE)
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

/* When to stop waiting for the server: if it is listened to and something is expected of it. */
static uint64_t reply_deadline(const struct run *r)
{
    uint64_t end = r->x->total_ms > 0 ? r->started + r->x->total_ms : UINT64_MAX;
    bool expected = ledger_owed(r->ledger) > 0 || !all_sent(r) || r->fin_sent || r->send_error ||
                    ledger_parted(r->ledger);
    bool listening = !writing(r) && !r->deaf;
    if (r->x->reply_ms > 0 && expected && listening && r->heard + r->x->reply_ms < end)
        end = r->heard + r->x->reply_ms;
    return end;
}

static void tell(struct run *r)
{
    uint64_t now = clock_ms();
    if (r->x->progress && now >= r->progress_at) {
        r->x->progress(r->x->context, r->ledger, now - r->started);
        r->progress_at = now + PROGRESS_EVERY_MS;
    }
    if (r->x->prompt && !r->prompted && r->input_open && !writing(r) &&
        ledger_owed(r->ledger) == 0 && all_sent(r)) {
        r->x->prompt(r->x->context);
        r->prompted = true;
    }
}

/* The earliest of what is waited for besides the descriptors. */
static uint64_t wake_time(const struct run *r, bool room, bool full)
{
    uint64_t time = reply_deadline(r);
    if (full && clock_ms() + FLIGHT_MS < time)
        time = clock_ms() + FLIGHT_MS;
    if (r->x->progress && r->progress_at < time)
        time = r->progress_at;
    if (r->deaf && r->sent_at + STUCK_MS < time)
        time = r->sent_at + STUCK_MS;
    if (room && r->x->fill && fill_time(r) < time)
        time = fill_time(r);
    return time;
}

/* Waits for what can be done next, and does it. */
static void step(struct run *r)
{
    const struct exchange *x = r->x;
    uint8_t *at;
    bool sending = !r->send_error && !ledger_parted(r->ledger);
    bool reading = sending && r->input_open;
    bool room = reading && room_for_input(r, &at) > 0;
    bool full = reading && !room && !writing(r) && ledger_room(r->ledger, &at) > 0;
    bool unsent = sending && !all_sent(r);
    short events = (short)((writing(r) || r->deaf ? 0 : POLLIN) | (unsent ? POLLOUT : 0));
    struct pollfd fds[] = {
        {.fd = room && !x->fill ? x->input : -1, .events = POLLIN},
        {.fd = events ? x->socket : -1, .events = events}, /* with none, POLLHUP would not rest */
        {.fd = writing(r) ? x->output : -1, .events = POLLOUT},
    };
    uint64_t deadline = reply_deadline(r);
    if (socket_wait(fds, 3, wake_time(r, room, full)) == 0 && full)
        r->flight_most *= 2;

    if (fds[0].revents || (room && x->fill && clock_ms() >= fill_time(r)))
        read_input(r);
    if (r->end != EXCHANGE_OPEN)
        return;
    if (r->deaf && clock_ms() >= r->sent_at + STUCK_MS)
        r->deaf = false;
    if (fds[2].revents)
        write_some(r);
    else if (fds[1].revents && !writing(r) && !r->deaf)
        receive(r);
    send_some(r);
    if (r->end == EXCHANGE_OPEN && clock_ms() >= deadline && deadline == reply_deadline(r)) {
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
                    .sent_at = now,
                    .deaf = x->late,
                    .line_start = true,
                    .flight_most = FLIGHT_FIRST,
                    .input_open = true};
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
