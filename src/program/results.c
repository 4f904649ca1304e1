/* results.c - see results.h. */
#include "results.h"

#include "say.h"
#include "version.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define MS 1e6 /* nanoseconds */

void words_count(struct words *words, const char *word)
{
    for (size_t i = 0; i < RESULTS_WORDS_MAX; i++) {
        if (words->count[i] > 0 && strcmp(words->word[i], word) != 0)
            continue;
        words->word[i] = word;
        words->count[i]++;
        return;
    }
}

/* "3 RESET, 1 SHORT"; or "" for none. */
static void words_text(const struct words *words, char *out, size_t size)
{
    size_t len = 0;
    *out = '\0';
    for (size_t i = 0; i < RESULTS_WORDS_MAX && words->count[i] > 0 && len < size; i++)
        len += (size_t)snprintf(out + len, size - len, "%s%" PRIu64 " %s", i > 0 ? ", " : "",
                                words->count[i], words->word[i]);
}

/* The percentiles that are told: of a ping, and of a load one more. */
static const struct percentile {
    const char *name;
    unsigned per_mille;
} percentiles[] = {{"p50", 500}, {"p90", 900}, {"p99", 990}, {"p99.9", 999}};

static size_t percentile_count(bool is_load)
{
    return is_load ? 4 : 3;
}

static double seconds(const struct load *l)
{
    return (double)(l->ended - l->started) / 1e9;
}

/* None in no time, as where it was stopped before it had begun. */
static double per_second(const struct load *l, uint64_t count)
{
    return l->ended > l->started ? (double)count / seconds(l) : 0;
}

static double messages_per_second(const struct load *l)
{
    return per_second(l, l->received);
}

/* Each way. */
static double bytes_per_second(const struct load *l)
{
    return messages_per_second(l) * (double)l->payload->line;
}

static void print_times(const struct histogram *h, bool is_load)
{
    char names[64] = "", values[128] = "";
    size_t n = 0, v = 0;
    for (size_t i = 0; i < percentile_count(is_load); i++) {
        double ms = (double)histogram_percentile(h, percentiles[i].per_mille) / MS;
        n += (size_t)snprintf(names + n, sizeof names - n, "%s/", percentiles[i].name);
        v += (size_t)snprintf(values + v, sizeof values - v, "%.3f/", ms);
    }
    say("rtt min/avg/%smax = %.3f/%.3f/%s%.3f ms\n", names, (double)h->least / MS,
        histogram_mean(h) / MS, values, (double)h->most / MS);
}

/* A row for each power of two of nanoseconds, from the first to the last that has values below it:
 * as JSON, or as text with a bar as long as its share. */
static void say_histogram(const struct histogram *h, bool json)
{
    static const char bar[] = "##################################################";
    uint64_t before = 0;
    for (unsigned bit = 0; before < h->count; bit++) {
        uint64_t below = histogram_below(h, UINT64_C(1) << bit), count = below - before;
        double limit = (double)(UINT64_C(1) << bit) / MS;
        int length = (int)((double)count / (double)h->count * (sizeof bar - 1) + 0.5);
        if (below > 0 && json)
            say("%s{\"below_ms\":%.6f,\"lines\":%" PRIu64 "}", before > 0 ? "," : "", limit, count);
        else if (below > 0)
            say("< %10.3f ms %12" PRIu64 "%s%.*s\n", limit, count, length > 0 ? " " : "", length,
                bar);
        before = below;
    }
}

void results_print(const struct load *l, const struct words *words, const char *address,
                   bool is_load)
{
    int mode = modes_single(l->spoken);
    char failures[256];
    words_text(words, failures, sizeof failures);
    if (!is_load)
        say("--- %s ping statistics ---\n", address);
    say("%" PRIu64 " sent, %" PRIu64 " received, %" PRIu64 " lost (%.3g%%)%s%s%s%s\n", l->sent,
        l->received, l->lost, l->sent > 0 ? (double)l->lost * 100 / (double)l->sent : 0,
        *failures ? "; " : "", failures, mode >= 0 ? "; mode " : "",
        mode >= 0 ? echo_mode_name((unsigned)mode) : "");
    if (l->unsent > 0)
        say("%" PRIu64
            " more were due and not sent, for the server does not keep up; they count with the "
            "time that they waited\n",
            l->unsent);
    if (l->rtt->count == 0)
        return;
    if (is_load)
        say("%.1f messages/s, %.2f MB/s each way, in %.2f s\n", messages_per_second(l),
            bytes_per_second(l) / 1e6, seconds(l));
    if (l->lines_each > 0)
        say("%" PRIu64 " reconnects, %.1f/s\n", l->remade, per_second(l, l->remade));
    print_times(l->rtt, is_load);
    if (is_load)
        say_histogram(l->rtt, false);
}

/* ------------------------------------------------------------------------------------------------
 * JSON.
 */

static bool listed; /* the list has something in it */

void json_begin(const char *kind, const char *address, const char *list)
{
    say("{\"schema\":1,\"version\":\"%s\",\"kind\":\"%s\",\"server\":", ECHO_VERSION, kind);
    say_json(address);
    say(",\n\"%s\":[", list);
    listed = false;
}

void json_next(void)
{
    say(listed ? ",\n" : "\n");
    listed = true;
}

static void json_words(const struct words *words)
{
    say("{");
    for (size_t i = 0; i < RESULTS_WORDS_MAX && words->count[i] > 0; i++)
        say("%s\"%s\":%" PRIu64, i > 0 ? "," : "", words->word[i], words->count[i]);
    say("}");
}

void json_mode(unsigned spoken)
{
    int mode = modes_single(spoken);
    if (mode < 0)
        say("null");
    else
        say_json(echo_mode_name((unsigned)mode));
}

static void json_times(const struct histogram *h, bool is_load)
{
    say(",\n\"rtt_ms\":{\"min\":%.6f,\"avg\":%.6f,", (double)h->least / MS, histogram_mean(h) / MS);
    for (size_t i = 0; i < percentile_count(is_load); i++)
        say("\"%s\":%.6f,", percentiles[i].name,
            (double)histogram_percentile(h, percentiles[i].per_mille) / MS);
    say("\"max\":%.6f}", (double)h->most / MS);
}

void json_results(const struct load *l, const struct words *words, bool right, bool is_load)
{
    say("],\n\"right\":%s,\"mode\":", right ? "true" : "false");
    json_mode(l->spoken);
    say(",\"size\":%zu,\"sent\":%" PRIu64 ",\"received\":%" PRIu64 ",\"lost\":%" PRIu64
        ",\"seconds\":%.6f,\"failures\":",
        l->payload->line, l->sent, l->received, l->lost, seconds(l));
    json_words(words);
    if (is_load)
        say(",\n\"connections\":%u,\"reconnects\":%" PRIu64 ",\"pipeline\":%u,\"rate\":%" PRIu64
            ",\"unsent\":%" PRIu64 ",\"messages_per_second\":%.3f,\"bytes_per_second\":%.3f",
            l->connections, l->remade, l->pipeline, l->rate_lines, l->unsent,
            messages_per_second(l), bytes_per_second(l));
    if (l->rtt->count > 0) {
        json_times(l->rtt, is_load);
        if (is_load) {
            say(",\n\"histogram\":[");
            say_histogram(l->rtt, true);
            say("]");
        }
    }
    say("}\n");
}
