/* say.h - what echo-client says: results on standard output, and the rest on standard error. */
#ifndef ECHO_SAY_H
#define ECHO_SAY_H

#include <stdbool.h>

/* One line on standard error, after "echo-client: ". Peer bytes in it must be escaped already. */
void say_error(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Text on standard output, up to 1023 bytes. After a failure nothing more is written. */
void say(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Whether all was written so far. */
bool say_written(void);

/* The same at the end: if not, an error is said, unless the reader just had enough (EPIPE). */
bool say_done(void);

/* A JSON string, with its quotes, on standard output. text is ASCII, escaped already. */
void say_json(const char *text);

#endif
