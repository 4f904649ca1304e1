/* measure.c - see measure.h: sets a load up, tells how it goes, and prints what came of it. */
#include "measure.h"

#include "client.h"
#include "loop/load.h"
#include "loop/precise.h"
#include "loop/socket.h"
#include "output.h"
#include "results.h"
#include "say.h"
#include "signals.h"
#include "verdict.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define MS     UINT64_C(1000000)
#define SECOND UINT64_C(1000000000)

enum {
    DEFAULT_SIZE = 64,
    PING_IN_FLIGHT = 1024, /* pings go out by the clock, whether or not others are back */
    TOLD_MOST = 10,        /* failures of a load told one by one */
    DESCRIPTORS_BESIDES = 16
};

static struct histogram rtt;
static uint8_t reply[256 * 1024];

/* What the hooks need. */
struct measured {
    const struct client_options *options;
    const char *address;
    struct load *load;
    struct words words;
    uint64_t ticked_received, ticked_at; /* as of the last progress */
    bool progress_shown;
};

static void clear_progress(struct measured *m)
{
    if (m->progress_shown)
        (void)output_offer(STDERR_FILENO, "\r\033[K", 4);
    m->progress_shown = false;
}

static void ping_replied(void *context, uint64_t line, uint64_t time)
{
    struct measured *m = context;
    double ms = (double)time / (double)MS;
    if (m->options->json) {
        json_next();
        say("{\"seq\":%" PRIu64 ",\"ms\":%.6f}", line + 1, ms);
    } else if (!m->options->quiet) {
        say("%zu bytes from %s: seq=%" PRIu64 " time=%.3f ms\n", m->load->payload->line, m->address,
            line + 1, ms);
    }
    m->load->stop = m->load->stop || !say_written();
}

static void failed(void *context, const struct load_failure *f)
{
    struct measured *m = context;
    char text[VERDICT_MAX], where[48] = "";
    const char *word = verdict_load(f, m->address, m->options->reply_ms, text);
    bool told = m->options->job == JOB_PING || m->load->failures <= TOLD_MOST;

    words_count(&m->words, word);
    if (m->options->job == JOB_LOAD)
        snprintf(where, sizeof where, "connection %u: ", f->connection);
    else if (f->lost > 0)
        snprintf(where, sizeof where, "seq=%" PRIu64 ": ", f->line + 1);
    clear_progress(m);
    if (told)
        say_error("%s: %s%s", word, where, text);
    if (m->load->failures == TOLD_MOST && m->options->job == JOB_LOAD)
        say_error("further failures are counted only");
    if (told && m->options->json) {
        json_next();
        say("{\"word\":\"%s\",\"connection\":%u,\"text\":", word, f->connection);
        say_json(text);
        say("}");
    }
}

static void progress(void *context, uint64_t now)
{
    struct measured *m = context;
    char line[128];
    uint64_t since = m->ticked_at ? m->ticked_at : m->load->started;
    double rate = (double)(m->load->received - m->ticked_received) * 1e9 / (double)(now - since);
    int n =
        snprintf(line, sizeof line, "\r%.0f s: %.0f messages/s, p50 %.3f ms, p99 %.3f ms \033[K",
                 (double)(now - m->load->started) / 1e9, rate,
                 (double)histogram_percentile(&rtt, 500) / (double)MS,
                 (double)histogram_percentile(&rtt, 990) / (double)MS);
    (void)output_offer(STDERR_FILENO, line, (size_t)n);
    m->ticked_at = now;
    m->ticked_received = m->load->received;
    m->progress_shown = true;
}

/* As many descriptors as there are connections, if the system lets us. */
static bool raise_limit(unsigned connections)
{
    struct rlimit limit;
    rlim_t needed = (rlim_t)connections + DESCRIPTORS_BESIDES;
    if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur >= needed)
        return true;
    limit.rlim_cur = needed < limit.rlim_max ? needed : limit.rlim_max;
    if (limit.rlim_cur == needed && setrlimit(RLIMIT_NOFILE, &limit) == 0)
        return true;
    say_error("--parallel %u needs %ju descriptors and %ju are allowed; raise that with ulimit -n",
              connections, (uintmax_t)needed, (uintmax_t)limit.rlim_max);
    return false;
}

static uint64_t wait_time(uint64_t ms)
{
    return ms > 0 ? ms * MS : UINT64_MAX;
}

static void set_up(struct load *l, const struct client_options *o)
{
    bool ping = o->job == JOB_PING;
    l->modes = modes_known(o->expect);
    l->connections = ping ? 1 : o->parallel;
    l->pipeline = !ping ? o->pipeline : o->interval_ms > 0 ? PING_IN_FLIGHT : 1;
    l->lines = ping && o->count > 0 ? o->count : UINT64_MAX;
    l->duration = ping ? UINT64_MAX : o->duration_ms * MS;
    l->lines_each = o->reconnect;
    l->rate_lines = !ping ? o->rate : o->interval_ms > 0 ? 1 : 0;
    l->rate_time = ping ? o->interval_ms * MS : SECOND;
    l->connect_time = wait_time(o->dial.connect_ms);
    l->reply_time = wait_time(o->reply_ms);
    l->reply = reply;
    l->reply_size = sizeof reply;
    l->rtt = &rtt;
    l->failed = failed;
    l->replied = ping ? ping_replied : NULL;
    l->tick = !ping && !o->quiet && isatty(STDERR_FILENO) ? progress : NULL;
    l->tick_time = SECOND;
}

static void print_head(const struct client_options *o, const struct load *l, const char *address)
{
    bool ping = o->job == JOB_PING;
    if (o->json)
        json_begin(ping ? "ping" : "load", address, "events");
    else if (o->quiet)
        return;
    else if (ping)
        say("PING %s: lines of %zu bytes\n", address, l->payload->line);
    else
        say("%s: %u connection%s, %u line%s of %zu bytes in flight on each, for %g s\n", address,
            l->connections, l->connections == 1 ? "" : "s", l->pipeline,
            l->pipeline == 1 ? "" : "s", l->payload->line, (double)o->duration_ms / 1e3);
}

/* Whoever stops it does not wait for what is in flight, and that is not the server's fault; but of
 * one of which nothing came at all nobody can say that it is right. */
static bool was_silent(struct measured *m)
{
    const struct load *l = m->load;
    if (l->received > 0 || l->abandoned == 0)
        return false;
    words_count(&m->words, verdict_word(EXCHANGE_TIMEOUT));
    say_error("%s: stopped with %" PRIu64 " line%s sent and none back",
              verdict_word(EXCHANGE_TIMEOUT), l->abandoned, l->abandoned == 1 ? "" : "s");
    return true;
}

static int run(struct measured *m)
{
    const struct client_options *o = m->options;
    struct load *l = m->load;
    print_head(o, l, m->address);
    int error = load_run(l);
    clear_progress(m);
    if (error) {
        say_error("cannot begin: %s", strerror(error));
        return EXIT_LOCAL;
    }
    bool right = !was_silent(m) && l->failures == 0 && l->lost == 0;
    if (o->json)
        json_results(l, &m->words, right, o->job == JOB_LOAD);
    else if (!o->quiet)
        results_print(l, &m->words, m->address, o->job == JOB_LOAD);
    if (!say_done())
        return EXIT_LOCAL;
    return right ? EXIT_RIGHT : EXIT_WRONG;
}

int measure(const struct client_options *o, int fd, const char *address)
{
    struct payload payload;
    struct load load = {.first = fd, .payload = &payload, .address_len = sizeof load.address};
    struct measured m = {.options = o, .address = address, .load = &load};
    size_t line = o->size > 0 ? o->size : DEFAULT_SIZE;
    uint8_t *text = malloc(payload_size(line));
    int status = EXIT_LOCAL;

    load.context = &m;
    set_up(&load, o);
    load.wake = signals_open();
    if (!text || load.wake < 0 ||
        getpeername(fd, (struct sockaddr *)&load.address, &load.address_len) < 0) {
        say_error("cannot begin: %s", strerror(errno));
        socket_close(fd);
    } else if (!raise_limit(load.connections)) {
        socket_close(fd);
    } else {
        payload_init(&payload, line, text);
        status = run(&m);
    }
    free(text);
    return status;
}
