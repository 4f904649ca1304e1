/* payload.h - an endless text that a client sends to measure, and can check without keeping it: to
 * know what must come back, it is enough to know how much has.
 *
 * Pure: no system call, clock, errno or allocation. All lines have one length, and from six bytes
 * on none is like another near it, so that one lost, come twice or meant for another connection
 * shows where it is. Shorter ones are too few for that, and those of one byte all alike: there it
 * shows later, or as a number of bytes that is wrong. None is `quit` or begins with a dot.
 */
#ifndef ECHO_PAYLOAD_H
#define ECHO_PAYLOAD_H

#include "compare.h"

enum { PAYLOAD_LINE_MAX = 1024 * 1024 };

/* text[0..size) over and over, in whole lines. To be read only. */
struct payload {
    const uint8_t *text;
    size_t size;
    size_t line; /* the length of each line, with its LF */
};

/* The room that a text of such lines takes, 1 to PAYLOAD_LINE_MAX bytes each. */
size_t payload_size(size_t line);

/* Writes the text to buffer[0..payload_size(line)), which is borrowed. */
void payload_init(struct payload *p, size_t line, uint8_t *buffer);

/* The text from `offset` on: *bytes is set, and how many there are is returned. At least 1; more
 * come after the offset that has grown by as much. */
size_t payload_at(const struct payload *p, uint64_t offset, const uint8_t **bytes);

/* How many bytes of reply[0..n) are the echo of the text from `offset` on, as compare() has it. */
size_t payload_compare(const struct payload *p, unsigned *modes, uint64_t offset,
                       const uint8_t *reply, size_t n);

/* Where payload_compare() returned less than n, or more came than was sent: fills in fault. The
 * connection has sent the text from `start` to `sent`; all up to `back` was right; then came
 * got[0..n), n > 0. start <= back <= sent. */
void payload_fault(const struct payload *p, struct fault *fault, unsigned modes, uint64_t start,
                   uint64_t back, uint64_t sent, const uint8_t *got, size_t n);

#endif
