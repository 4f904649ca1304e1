/* check.c - see check.h: the published vectors, and a table of hard cases. */
#include "check.h"

#include "client.h"
#include "loop/exchange.h"
#include "loop/load.h"
#include "loop/socket.h"
#include "results.h"
#include "say.h"
#include "vectors.h"
#include "verdict.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char sessions[] = {
#include "sessions.h"
    '\0'};

#define MS UINT64_C(1000000) /* nanoseconds */

enum {
    WINDOW = 16 * 1024 * 1024, /* in flight at most: more than sockets' buffers hold */
    PIECE = 64 * 1024,         /* of the text that long cases send */
    SILENCE_MS = 400,          /* twice what the protocol asks for: the path takes time, too */
    NO_LIMIT_MS = 10 * 1000,   /* stands in for -w 0 and -W 0: a check must end */
    TOTAL_MS = 120 * 1000,     /* for one case */
    PATIENT_TIMEOUTS = 2,      /* after so many ... */
    IMPATIENT_MS = 1000,       /* ... silences are given up sooner */
    CLIENTS = 100,
    LINES_EACH = 10,
    CROWD_LINES = CLIENTS * LINES_EACH,
    DUPLEX = 64 * 1024 * 1024,
    LONG_LINE = 1300000
};

/* What is sent, and how. The text is sent over and over until `total` bytes are out. */
struct talk {
    const uint8_t *text;
    size_t size;
    uint64_t total;
    size_t await_at;             /* an offset: what is before has to come back first; 0: none */
    bool late;                   /* as in struct exchange */
    size_t send_step;            /* likewise */
    const struct vector *vector; /* if not NULL, its input instead of the text */

    /* While it runs. */
    uint64_t at;
    bool awaited;
    uint8_t got[2 * VECTOR_BYTES_MAX]; /* what came back for a vector */
    size_t got_len;
};

/* How a case went. */
struct outcome {
    const char *word; /* NULL: well */
    char text[VERDICT_MAX];
};

struct check {
    const struct client_options *options;
    struct dial_to dial; /* as the options say, but each try has an end, and is the only one */
    const char *address;
    uint8_t *window, *piece;
    struct payload payload; /* of which piece is the text */
    unsigned modes;
    unsigned number, passed, failed, skipped, timeouts;
    int error; /* an errno: it failed on this side, and says no more of the server */
    char first_failure[2 * VERDICT_MAX];
};

static uint8_t reply[256 * 1024];

/* ------------------------------------------------------------------------------------------------
 * One conversation.
 */

static size_t fill_vector(struct talk *t, uint8_t *at, size_t room)
{
    size_t n = 0;
    while (t->at < t->vector->in_len && n < room) {
        token next = t->vector->in[t->at];
        if (next == SILENCE && n > 0)
            return n;
        t->at++;
        if (next == SILENCE)
            return EXCHANGE_SILENCE;
        at[n++] = (uint8_t)next;
    }
    return n;
}

static size_t fill(void *context, uint8_t *at, size_t room)
{
    struct talk *t = context;
    if (t->vector)
        return fill_vector(t, at, room);
    if (t->await_at > 0 && t->at == t->await_at && !t->awaited) {
        t->awaited = true;
        return EXCHANGE_AWAIT;
    }
    size_t from = (size_t)(t->at % t->size), n = t->size - from;
    uint64_t end = t->await_at > t->at ? t->await_at : t->total;
    n = n < room ? n : room;
    n = n < end - t->at ? n : (size_t)(end - t->at);
    memcpy(at, t->text + from, n);
    t->at += n;
    return n;
}

static void take(void *context, const uint8_t *bytes, size_t n)
{
    struct talk *t = context;
    size_t room = sizeof t->got - t->got_len;
    n = n < room ? n : room;
    memcpy(t->got + t->got_len, bytes, n);
    t->got_len += n;
}

static uint64_t patience(const struct check *c)
{
    uint64_t ms = c->options->reply_ms > 0 ? c->options->reply_ms : NO_LIMIT_MS;
    return c->timeouts >= PATIENT_TIMEOUTS && ms > IMPATIENT_MS ? IMPATIENT_MS : ms;
}

static bool connect_to(struct check *c, int *fd, struct outcome *out)
{
    char address[TEXT_ADDRESS_MAX];
    enum dial_failure failure;
    *fd = dial(&c->dial, address, &failure, out->text);
    if (*fd >= 0)
        return true;
    out->word = dial_word(failure);
    return false;
}

static void set_outcome(struct outcome *out, const char *word, const char *text)
{
    out->word = word;
    snprintf(out->text, sizeof out->text, "%s", text);
}

/* What a vector's input came back as, against what it should have. */
static void compare_vector(const struct talk *t, struct outcome *out)
{
    const struct vector *v = t->vector;
    unsigned modes = MODES_ONLY(ECHO_VERBATIM);
    size_t n = t->got_len < v->out_len ? t->got_len : v->out_len;
    size_t right = compare(&modes, v->out, t->got, n);
    struct fault fault;
    if (right < t->got_len) {
        const struct around around = {v->out, right, v->out_len, t->got + right,
                                      t->got_len - right};
        fault_find(&fault, modes, right, &around);
        if (fault.slip == SLIP_MODE)
            fault.slip = SLIP_UNKNOWN; /* the output is no input of a mode */
        out->word = verdict_word(EXCHANGE_MISMATCH);
        verdict_text(EXCHANGE_MISMATCH, 0, 0, 0, 0, &fault, out->text);
    } else if (right < v->out_len) {
        out->word = "SHORT";
        snprintf(out->text, sizeof out->text, "the server closed with %zu of %zu bytes back", right,
                 v->out_len);
    }
}

static void judge(struct check *c, const struct talk *t, const struct ledger *l,
                  enum exchange_end end, int error, uint64_t ms, struct outcome *out)
{
    uint64_t sent = ledger_sent_total(l), back = ledger_back_total(l);
    out->word = verdict_word(end);
    if (end == EXCHANGE_TIMEOUT && ms >= TOTAL_MS)
        snprintf(out->text, sizeof out->text,
                 "not done after %d s with %" PRIu64 " of %" PRIu64 " bytes back", TOTAL_MS / 1000,
                 back, sent);
    else if (out->word)
        verdict_text(end, error, sent, back, patience(c), &l->fault, out->text);
    else if (t->vector)
        compare_vector(t, out);
    if (end == EXCHANGE_TIMEOUT)
        c->timeouts++; /* after the limit that held for this one was told */
}

/* Returns whether the conversation went well and the server said good bye. */
static bool converse(struct check *c, struct talk *t, struct outcome *out)
{
    struct ledger ledger;
    int fd, error;
    if (!connect_to(c, &fd, out))
        return false;
    ledger_init(&ledger, t->vector ? MODES_NONE : c->modes, c->window, WINDOW);
    const struct exchange x = {
        .socket = fd,
        .ledger = &ledger,
        .fill = fill,
        .interactive = t->vector != NULL, /* which may close it before the end of the input */
        .silence_ms = SILENCE_MS,
        .send_step = t->send_step,
        .late = t->late,
        .take = take,
        .reply_ms = patience(c),
        .total_ms = TOTAL_MS,
        .reply = reply,
        .reply_size = sizeof reply,
        .context = t,
    };
    uint64_t start = clock_ms();
    enum exchange_end end = exchange_run(&x, &error);
    judge(c, t, &ledger, end, error, clock_ms() - start, out);
    socket_close(fd);
    if (!t->vector && ledger_back_total(&ledger) > 0)
        c->modes = ledger_modes(&ledger); /* what it spoke, as far as it was right */
    return !out->word && ledger_parted(&ledger);
}

/* ------------------------------------------------------------------------------------------------
 * The hard cases.
 */

static void say_text(struct check *c, const char *text, struct talk t, struct outcome *out)
{
    t.text = (const uint8_t *)text;
    t.size = strlen(text);
    t.total = t.size;
    (void)converse(c, &t, out);
}

static void say_payload(struct check *c, uint64_t total, struct talk t, struct outcome *out)
{
    t.text = c->payload.text;
    t.size = c->payload.size;
    t.total = total;
    (void)converse(c, &t, out);
}

static void nothing(struct check *c, struct outcome *out)
{
    struct talk t = {.text = c->piece, .size = 1};
    (void)converse(c, &t, out);
}

static void no_end(struct check *c, struct outcome *out)
{
    say_text(c, "a line\nand one without an end", (struct talk){0}, out);
}

static void cr_lf(struct check *c, struct outcome *out)
{
    say_text(c, "one\r\ntwo\r\n\r\n\r\r\nfour\rfive\r\n", (struct talk){0}, out);
}

static void every_byte(struct check *c, struct outcome *out)
{
    uint8_t text[512];
    for (size_t i = 0; i < 256; i++) /* each once forwards and once backwards, in no order */
        text[i] = text[511 - i] = (uint8_t)(i * 167);
    struct talk t = {.text = text, .size = sizeof text, .total = sizeof text};
    (void)converse(c, &t, out);
}

static void one_by_one(struct check *c, struct outcome *out)
{
    say_payload(c, 1000, (struct talk){.send_step = 1}, out);
}

static void half_a_line(struct check *c, struct outcome *out)
{
    say_text(c, "half a line and the rest\n", (struct talk){.await_at = 11}, out);
}

static void many_lines(struct check *c, struct outcome *out)
{
    static const char lines[] = "a\n\nbc\r\ndef\nghi jkl\n";
    struct talk t = {.text = (const uint8_t *)lines, .size = sizeof lines - 1};
    t.total = 1000 * t.size;
    (void)converse(c, &t, out);
}

static void long_line(struct check *c, struct outcome *out)
{
    struct talk t = {.text = (const uint8_t *)"A long Line, ", .size = 13, .total = LONG_LINE};
    (void)converse(c, &t, out);
}

static void half_close(struct check *c, struct outcome *out)
{
    say_payload(c, PIECE, (struct talk){.late = true}, out);
}

static void late_reader(struct check *c, struct outcome *out)
{
    say_payload(c, WINDOW, (struct talk){.late = true}, out);
}

static void full_duplex(struct check *c, struct outcome *out)
{
    say_payload(c, DUPLEX, (struct talk){0}, out);
}

/* More than once: a server that a reset kills may take a while to die. */
static void reset_and_again(struct check *c, struct outcome *out)
{
    const struct linger at_once = {.l_onoff = 1, .l_linger = 0};
    size_t sent;
    int fd;
    for (int i = 0; i < 3 && !out->word; i++) {
        if (!connect_to(c, &fd, out))
            return;
        (void)socket_send(fd, c->payload.text, PIECE, &sent);
        (void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
        socket_close(fd);
        say_text(c, "still there?\n", (struct talk){0}, out);
    }
}

struct crowd {
    struct load load;
    const struct check *check;
    struct outcome *out;
};

/* What happened first, of all clients. */
static void crowd_failed(void *context, const struct load_failure *f)
{
    struct crowd *crowd = context;
    struct outcome *out = crowd->out;
    char text[VERDICT_MAX];
    crowd->load.stop = true;
    if (out->word)
        return;
    out->word = verdict_load(f, crowd->check->address, patience(crowd->check), text);
    snprintf(out->text, sizeof out->text, "client %u of %d: %.*s", f->connection + 1, CLIENTS,
             VERDICT_MAX - 40, text);
}

/* Each sends all of its lines and the FIN without waiting, so that it does not matter whether they
 * are served at once or one after the other. */
static void run_crowd(struct check *c, struct outcome *out)
{
    static struct histogram rtt;
    struct crowd crowd = {.check = c, .out = out};
    struct load *l = &crowd.load;
    *l = (struct load){
        .payload = &c->payload,
        .modes = c->modes,
        .connections = CLIENTS,
        .pipeline = LINES_EACH,
        .lines = CROWD_LINES,
        .duration = TOTAL_MS * MS,
        .fin_early = true,
        .connect_time = NO_LIMIT_MS * MS,
        .reply_time = patience(c) * MS,
        .wake = -1, /* a signal ends it all */
        .reply = reply,
        .reply_size = sizeof reply,
        .failed = crowd_failed,
        .context = &crowd,
        .rtt = &rtt,
        .address_len = sizeof l->address,
    };
    if (!connect_to(c, &l->first, out))
        return;
    if (getpeername(l->first, (struct sockaddr *)&l->address, &l->address_len) == 0) {
        c->error = load_run(l);
        return;
    }
    set_outcome(out, "RESET", strerror(errno)); /* it was connected, and is not any more */
    socket_close(l->first);
}

static void take_leave(struct check *c, const char *text, struct outcome *out)
{
    struct talk t = {.text = (const uint8_t *)text, .size = strlen(text)};
    t.total = t.await_at = t.size; /* no FIN before the server has taken leave */
    if (!converse(c, &t, out) && !out->word)
        set_outcome(out, "MISMATCH", "the line quit was echoed; 'Good bye' was owed");
}

static void quit(struct check *c, struct outcome *out)
{
    take_leave(c, "hello\nquit\n", out);
}

static void quit_in_silence(struct check *c, struct outcome *out)
{
    take_leave(c, "hello\nquit", out);
}

static const struct hard_case {
    const char *name, *rule;
    void (*run)(struct check *c, struct outcome *out);
    bool knows_quit; /* only where the mode does */
} cases[] = {
    {"nothing but a FIN", "a client's FIN ends the session: the server closes", nothing, false},
    {"half-close with bytes owed", "what is owed at the client's FIN is still sent, then the FIN",
     half_close, false},
    {"a last line without an end", "a line need not be complete to be echoed", no_end, false},
    {"CR and LF as they are", "CR and LF are bytes like others", cr_lf, false},
    {"every byte value", "no byte is special but those of a command", every_byte, false},
    {"bytes one by one", "what comes back does not depend on how bytes arrive", one_by_one, false},
    {"half a line", "output does not wait for the end of a line", half_a_line, false},
    {"5000 lines at once", "lines that arrive together are all echoed", many_lines, false},
    {"a line of 1.3 MB", "a line has no length limit", long_line, false},
    {"a late reader of 16 MiB", "a client that reads late loses nothing", late_reader, false},
    {"64 MiB both ways at once", "no byte is lost, none invented", full_duplex, false},
    {"resets, and again", "a client that resets does not hurt the next", reset_and_again, false},
    {"100 clients at once", "each is served, at once or in its turn, and gets its own bytes",
     run_crowd, false},
    {"quit", "a line quit is answered with 'Good bye', and the server closes", quit, true},
    {"quit without an end, and silence", "after 200 ms of silence a quit needs no line ending",
     quit_in_silence, true},
};

enum { CASES = sizeof cases / sizeof cases[0] };

/* ------------------------------------------------------------------------------------------------
 * Telling.
 */

static void say_failure(const struct outcome *out, const char *rule)
{
    say("  ---\n  word: %s\n  message: ", out->word);
    say_json(out->text);
    say("\n  rule: ");
    say_json(rule);
    say("\n  ...\n");
}

static void tell_json(const char *name, const struct outcome *out, const char *rule,
                      const char *skip)
{
    json_next();
    say("{\"name\":\"%s\",\"ok\":%s", name, out->word ? "false" : "true");
    if (skip) {
        say(",\"skip\":");
        say_json(skip);
    }
    if (out->word) {
        say(",\"word\":\"%s\",\"message\":", out->word);
        say_json(out->text);
        say(",\"rule\":");
        say_json(rule);
    }
    say("}");
}

static void tell(struct check *c, const char *name, const struct outcome *out, const char *rule,
                 const char *skip)
{
    c->number++;
    if (skip)
        c->skipped++;
    else if (!out->word)
        c->passed++;
    else if (c->failed++ == 0)
        snprintf(c->first_failure, sizeof c->first_failure, "%s: %s: %s", out->word, name,
                 out->text);
    if (c->options->json) {
        tell_json(name, out, rule, skip);
        return;
    }
    if (c->options->quiet)
        return;
    say("%s %u - %s%s%s\n", out->word ? "not ok" : "ok", c->number, name, skip ? " # SKIP " : "",
        skip ? skip : "");
    if (out->word)
        say_failure(out, rule);
}

/* ------------------------------------------------------------------------------------------------
 * The vectors.
 */

/* Whether the vector is for the mode that the server speaks. */
static bool applies(const struct check *c, const struct vector *v)
{
    return modes_single(c->modes) == (int)v->mode && !v->dot_stop;
}

/* A line that begins with a dot would stop a server that runs with --dot-stop. */
static bool may_stop_server(const struct vector *v)
{
    token before = '\n';
    for (size_t i = 0; i < v->in_len; before = v->in[i++])
        if (before == '\n' && v->in[i] == '.')
            return true;
    return false;
}

static void run_vectors(struct check *c)
{
    struct vector_reader reader = {.text = sessions, .len = sizeof sessions - 1};
    struct vector v;
    if (modes_single(c->modes) < 0)
        tell(c, "the vectors", &(struct outcome){0}, NULL, "which mode it speaks is not known");
    while (say_written() && vector_next(&reader, &v)) {
        struct outcome out = {0};
        struct talk t = {.vector = &v};
        char name[80];
        if (!applies(c, &v))
            continue;
        const char *skip =
            may_stop_server(&v) ? "a line that begins with . may stop a server (--dot-stop)" : NULL;
        if (!skip)
            (void)converse(c, &t, &out);
        snprintf(name, sizeof name, "vector %s", v.name);
        tell(c, name, &out, "the row of that name in tests/vectors/sessions.tsv", skip);
    }
}

static bool case_applies(const struct check *c, const struct hard_case *one)
{
    int mode = modes_single(c->modes);
    return !one->knows_quit || (mode >= 0 && echo_mode_has_quit((enum echo_mode)mode));
}

/* ------------------------------------------------------------------------------------------------
 * All of it.
 */

/* The first case finds out which mode the server speaks, and so what comes next. It waits for the
 * echo before the FIN: so much even those can do who get half-close wrong. */
static void run(struct check *c)
{
    static const char question[] = "Which Mode?\n";
    struct outcome out = {0};
    char name[64];
    say_text(c, question, (struct talk){.await_at = sizeof question - 1}, &out);
    int mode = modes_single(c->modes);
    if (c->options->json)
        json_begin("check", c->address, "cases");
    else if (!c->options->quiet)
        say("TAP version 14\n");
    snprintf(name, sizeof name, "the mode%s%s", mode >= 0 ? " is " : "",
             mode >= 0 ? echo_mode_name((unsigned)mode) : "");
    tell(c, name, &out, "every byte comes back, unchanged or in capitals", NULL);
    for (size_t i = 0; i < CASES && say_written(); i++) {
        struct outcome result = {0};
        if (!case_applies(c, &cases[i]))
            continue;
        cases[i].run(c, &result);
        if (c->error)
            return;
        tell(c, cases[i].name, &result, cases[i].rule, NULL);
    }
    run_vectors(c);
}

static int conclude(const struct check *c)
{
    if (c->error) {
        if (!c->options->json && !c->options->quiet)
            say("Bail out! %s\n", strerror(c->error));
        say_error("cannot go on: %s", strerror(c->error));
        return EXIT_LOCAL;
    }
    if (c->options->json) {
        say("],\n\"right\":%s,\"mode\":", c->failed > 0 ? "false" : "true");
        json_mode(c->modes);
        say(",\"passed\":%u,\"failed\":%u,\"skipped\":%u}\n", c->passed, c->failed, c->skipped);
    } else if (!c->options->quiet) {
        /* The plan comes last, as TAP allows: a case that fails may leave the mode, and so what is
         * to come, to a later one. */
        say("# %s: %u passed, %u failed, %u skipped\n1..%u\n", c->address, c->passed, c->failed,
            c->skipped, c->number);
    }
    if (c->failed > 0)
        say_error("%s (%u of %u failed)", c->first_failure, c->failed, c->number);
    if (!say_done())
        return EXIT_LOCAL;
    return c->failed > 0 ? EXIT_WRONG : EXIT_RIGHT;
}

int check(const struct client_options *o, int fd, const char *address)
{
    enum { LINE = 100 };
    struct check c = {.options = o, .address = address, .modes = modes_known(o->expect)};
    int status = EXIT_LOCAL;
    c.dial = o->dial;
    c.dial.retry_ms = 0;
    c.dial.connect_ms = o->dial.connect_ms > 0 ? o->dial.connect_ms : NO_LIMIT_MS;
    socket_close(fd);
    c.window = malloc(WINDOW);
    c.piece = malloc(payload_size(LINE));
    if (c.window && c.piece) {
        payload_init(&c.payload, LINE, c.piece);
        run(&c);
        status = conclude(&c);
    } else {
        say_error("cannot begin: %s", strerror(errno));
    }
    free(c.window);
    free(c.piece);
    return status;
}
