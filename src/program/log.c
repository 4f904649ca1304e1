/* log.c - see log.h. */
#include "log.h"

#include "output.h"
#include "text.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

enum { LINE_MAX_BYTES = 1024 };

static enum log_format log_format;
static enum log_level log_most = LOG_NOTICE;
static bool log_priorities;

/* Lines dropped and not yet told of: by this process and all that fork off from it, for one that
 * has little time may leave the telling to another. */
static _Atomic uint64_t own_dropped, *dropped = &own_dropped;

void log_open(enum log_format format, enum log_level most, bool priorities)
{
    log_format = format;
    log_most = most;
    log_priorities = priorities;
    void *shared =
        mmap(NULL, sizeof *dropped, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared != MAP_FAILED)
        dropped = shared;
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

/* Writes a whole line, in two parts: the text after "echo-server: ", or the members of a JSON
 * object after the time. A line too long is cut. Returns whether it was written. */
static bool write_line(enum log_level level, const char *text, const char *more)
{
    static const char *const priorities[] = {
        [LOG_ERROR] = "<3>", [LOG_NOTICE] = "<5>", [LOG_DETAIL] = "<6>"};
    const char *priority = log_priorities ? priorities[level] : "";
    char line[LINE_MAX_BYTES + 64], now[48];
    int n;
    if (log_format == LOG_JSON) {
        timestamp(now, sizeof now);
        n = snprintf(line, sizeof line, "%s{\"time\":\"%s\",%s%s}\n", priority, now, text, more);
    } else {
        n = snprintf(line, sizeof line, "%secho-server: %s%s\n", priority, text, more);
    }
    return output_offer(STDERR_FILENO, line, (size_t)n < sizeof line ? (size_t)n : sizeof line - 1);
}

/* Tells of lines dropped before, once one gets through again. */
static void emit(enum log_level level, const char *text, const char *more)
{
    uint64_t before = atomic_exchange(dropped, 0);
    if (before > 0) {
        char note[96];
        snprintf(note, sizeof note,
                 log_format == LOG_JSON ? "\"event\":\"dropped\",\"lines\":%" PRIu64
                                        : "%" PRIu64 " log lines dropped",
                 before);
        if (!write_line(LOG_ERROR, note, "")) {
            *dropped += before + 1; /* still stuck */
            return;
        }
    }
    if (!write_line(level, text, more))
        ++*dropped;
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
        emit(level, text, "");
        return;
    }
    json_escape(text, escaped, sizeof escaped);
    snprintf(line, sizeof line, "\"event\":\"message\",\"text\":\"%s\"", escaped);
    emit(level, line, "");
}

/* An event of one client: its address, in JSON after the event's name, and then `rest`, which is in
 * the format that the log has. */
static void client_event(enum log_level level, const char *event, const char *address,
                         const char *rest)
{
    char escaped[2 * TEXT_ADDRESS_MAX], head[2 * TEXT_ADDRESS_MAX + 64];
    if (log_format == LOG_TEXT) {
        emit(level, address, rest);
        return;
    }
    json_escape(address, escaped, sizeof escaped);
    snprintf(head, sizeof head, "\"event\":\"%s\",\"client\":\"%s\"", event, escaped);
    emit(level, head, rest);
}

bool log_tells(enum log_level level)
{
    return level <= log_most;
}

void log_opened(const char *address)
{
    client_event(LOG_DETAIL, "opened", address, log_format == LOG_JSON ? "" : " connected");
}

enum log_level log_closed_level(const struct client *client)
{
    return client->conn.bytes_in ? LOG_NOTICE : LOG_DETAIL;
}

void log_closed(const char *address, const struct client *client, uint64_t now)
{
    const struct conn *c = &client->conn;
    char rest[256];
    snprintf(rest, sizeof rest,
             log_format == LOG_JSON
                 ? ",\"why\":\"%s\",\"in\":%" PRIu64 ",\"out\":%" PRIu64 ",\"ms\":%" PRIu64
                 : " %s: %" PRIu64 " bytes in, %" PRIu64 " bytes out, %" PRIu64 " ms",
             conn_why_name(conn_over(c)), c->bytes_in, c->bytes_out, now - client->since);
    client_event(log_closed_level(client), "closed", address, rest);
}

void log_refused(enum log_level level, const char *address, const char *why, const char *reason)
{
    if (level > log_most)
        return;
    char rest[256], escaped[192];
    json_escape(reason, escaped, sizeof escaped);
    if (log_format == LOG_JSON)
        snprintf(rest, sizeof rest, ",\"why\":\"%s\",\"reason\":\"%s\"", why, escaped);
    else
        snprintf(rest, sizeof rest, " %s: %s; let go", why, reason);
    client_event(level, "closed", address, rest);
}

void log_counters(enum log_level level, const struct server_counters *c)
{
    char line[LINE_MAX_BYTES];
    if (level > log_most)
        return;
    snprintf(line, sizeof line,
             log_format == LOG_JSON
                 ? "\"event\":\"counters\",\"served\":%" PRIu64 ",\"open\":%" PRIu64
                   ",\"in\":%" PRIu64 ",\"out\":%" PRIu64 ",\"refused\":%" PRIu64
                   ",\"timed_out\":%" PRIu64 ",\"reset\":%" PRIu64
                 : "served %" PRIu64 ", open %" PRIu64 ", bytes in %" PRIu64 ", bytes out %" PRIu64
                   ", refused %" PRIu64 ", timed out %" PRIu64 ", reset %" PRIu64,
             c->served, c->open, c->bytes_in, c->bytes_out, c->refused, c->timed_out, c->reset);
    emit(level, line, "");
}
