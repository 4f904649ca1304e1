/* show.h - --show: each received line on standard output, escaped, with its bytes and the total. */
#ifndef ECHO_SHOW_H
#define ECHO_SHOW_H

#include <stddef.h>
#include <stdint.h>

/* So much of a line's content is shown; the rest is counted, and "..." stands for it. */
enum { SHOW_MAX = 1000 };

/* What has come of one client's line so far. */
struct show {
    uint64_t total; /* bytes of the client */
    uint64_t bytes; /* of them, in this line */
    size_t kept;
    uint8_t content[SHOW_MAX + 1]; /* one more: a CR that may belong to the line ending */
};

/* A new client. */
void show_start(struct show *s);

/* It sent bytes[0..n): prints the lines that this completes. */
void show_bytes(struct show *s, const char *address, const uint8_t *bytes, size_t n);

/* It is gone: prints what is left of an unfinished line. */
void show_end(struct show *s, const char *address);

#endif
