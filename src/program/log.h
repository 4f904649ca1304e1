/* log.h - what the server tells about itself: one line per event on standard error.
 *
 * A line is written with one call, and dropped (and counted) if standard error would make the
 * server wait. No peer byte is ever in one unescaped.
 */
#ifndef ECHO_LOG_H
#define ECHO_LOG_H

#include "loop/server.h"

enum log_format { LOG_TEXT, LOG_JSON };

enum log_level {
    LOG_NOTHING, /* as the most: not a line */
    LOG_ERROR,   /* also with --quiet */
    LOG_NOTICE,  /* usually */
    LOG_DETAIL   /* with -v */
};

/* To be called once, before the others; until then, text up to LOG_NOTICE. priorities: begin each
 * line with "<N>", as the journal takes it (sd-daemon(3)). */
void log_open(enum log_format format, enum log_level most, bool priorities);

/* Whether lines of this level are written at all; what they take need not be done, else. */
bool log_tells(enum log_level level);

/* A message for people: "echo-server: TEXT", or {"event":"message","text":TEXT}. */
void log_message(enum log_level level, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* A client was accepted. To be called only if log_tells(LOG_DETAIL). */
void log_opened(const char *address);

/* A client is gone: its address, why, bytes in and out, milliseconds. To be called only if
 * log_tells(log_closed_level(client)): LOG_NOTICE; LOG_DETAIL if it never sent a byte, as health
 * checks do not. */
enum log_level log_closed_level(const struct client *client);
void log_closed(const char *address, const struct client *client, uint64_t now);

/* A client was accepted and let go again: why in a word, and for what reason. */
void log_refused(enum log_level level, const char *address, const char *why, const char *reason);

/* The counters, in one line, at the level given. */
void log_counters(enum log_level level, const struct server_counters *counters);

#endif
