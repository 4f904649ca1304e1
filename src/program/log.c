/* log.c - see log.h. */
#include "log.h"

#include "output.h"
#include "text.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { LINE_MAX_BYTES = 1024 };

static enum log_format log_format;
static enum log_level log_most = LOG_NOTICE;
static uint64_t dropped;

void log_open(enum log_format format, enum log_level most)
{
    log_format = format;
    log_most = most;
}

/* "2026-11-20T22:30:00.123Z" (RFC 3339). */
static void timestamp(char *out, size_t size)
{
    struct timespec now;
    struct tm utc;
    char seconds[32];
    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &utc);
    strftime(seconds, sizeof seconds, "%Y-%m-%dT%H:%M:%S", &utc);
    snprintf(out, size, "%s.%03dZ", seconds, (int)(now.tv_nsec / 1000000));
}

/* Writes a whole line: the text after "echo-server: ", or the members of a JSON object after the
 * time. A line too long is cut. */
static void write_line(const char *text)
{
    char line[LINE_MAX_BYTES + 64], now[48];
    int n;
    if (log_format == LOG_JSON) {
        timestamp(now, sizeof now);
        n = snprintf(line, sizeof line, "{\"time\":\"%s\",%s}\n", now, text);
    } else {
        n = snprintf(line, sizeof line, "echo-server: %s\n", text);
    }
    if (n > 0 &&
        !output_offer(STDERR_FILENO, line, (size_t)n < sizeof line ? (size_t)n : sizeof line - 1))
        dropped++;
}

/* Tells of lines dropped before, once one gets through again. */
static void emit(const char *text)
{
    if (dropped > 0) {
        char note[96];
        uint64_t before = dropped;
        snprintf(note, sizeof note,
                 log_format == LOG_JSON ? "\"event\":\"dropped\",\"lines\":%" PRIu64
                                        : "%" PRIu64 " log lines dropped",
                 before);
        write_line(note);
        if (dropped > before) {
            return; /* still stuck: this line is counted by the one that failed */
        }
        dropped = 0;
    }
    write_line(text);
}

/* A string as the inside of a JSON string. Our own texts are escaped to ASCII before they get here,
 * so only quotes and backslashes are left to do. */
static void json_escape(const char *text, char *out, size_t size)
{
    for (; *text && size > 2; text++) {
        if (*text == '"' || *text == '\\') {
            *out++ = '\\';
            size--;
        }
        *out++ = *text;
        size--;
    }
    *out = '\0';
}

void log_message(enum log_level level, const char *format, ...)
{
    char text[LINE_MAX_BYTES / 2], escaped[LINE_MAX_BYTES - 64], line[LINE_MAX_BYTES];
    va_list arguments;
    if (level > log_most)
        return;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (log_format == LOG_TEXT) {
        emit(text);
        return;
    }
    json_escape(text, escaped, sizeof escaped);
    snprintf(line, sizeof line, "\"event\":\"message\",\"text\":\"%s\"", escaped);
    emit(line);
}

/* An event of one client; the address goes first in both formats. */
static void client_event(const char *event, const char *address, const char *json, const char *text)
{
    char escaped[2 * TEXT_ADDRESS_MAX], line[LINE_MAX_BYTES];
    if (log_format == LOG_JSON) {
        json_escape(address, escaped, sizeof escaped);
        snprintf(line, sizeof line, "\"event\":\"%s\",\"client\":\"%s\"%s", event, escaped, json);
    } else {
        snprintf(line, sizeof line, "%s %s", address, text);
    }
    emit(line);
}

void log_opened(const char *address)
{
    if (log_most >= LOG_DETAIL)
        client_event("opened", address, "", "connected");
}

void log_closed(const char *address, const struct client *client, uint64_t now)
{
    static const char *const why[] = {
        [CONN_OPEN] = "open",   [CONN_EOF] = "eof",   [CONN_QUIT] = "quit",   [CONN_STOP] = "stop",
        [CONN_RESET] = "reset", [CONN_IDLE] = "idle", [CONN_DRAIN] = "drain",
    };
    const struct conn *c = &client->conn;
    char json[256], text[256];
    if (log_most < (c->bytes_in ? LOG_NOTICE : LOG_DETAIL))
        return;
    snprintf(json, sizeof json,
             ",\"why\":\"%s\",\"in\":%" PRIu64 ",\"out\":%" PRIu64 ",\"ms\":%" PRIu64,
             why[conn_over(c)], c->bytes_in, c->bytes_out, now - client->since);
    snprintf(text, sizeof text, "%s: %" PRIu64 " bytes in, %" PRIu64 " bytes out, %" PRIu64 " ms",
             why[conn_over(c)], c->bytes_in, c->bytes_out, now - client->since);
    client_event("closed", address, json, text);
}

void log_counters(enum log_level level, const struct server_counters *c)
{
    char line[LINE_MAX_BYTES];
    if (level > log_most)
        return;
    snprintf(line, sizeof line,
             log_format == LOG_JSON ? "\"event\":\"counters\",\"served\":%" PRIu64
                                      ",\"open\":%" PRIu64 ",\"in\":%" PRIu64 ",\"out\":%" PRIu64
                                      ",\"timed_out\":%" PRIu64 ",\"reset\":%" PRIu64
                                    : "served %" PRIu64 ", open %" PRIu64 ", bytes in %" PRIu64
                                      ", bytes out %" PRIu64 ", timed out %" PRIu64
                                      ", reset %" PRIu64,
             c->served, c->open, c->bytes_in, c->bytes_out, c->timed_out, c->reset);
    emit(line);
}
