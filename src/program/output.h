/* output.h - writing whole lines to standard output and standard error. */
#ifndef ECHO_OUTPUT_H
#define ECHO_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>

/* Opens /dev/null in place of each of descriptors 0, 1 and 2 that is closed: otherwise a socket
 * would get that number, and what is meant for people would go to a peer. */
void output_guard(void);

/* Writes all of bytes[0..n), waiting as long as it takes. Returns false with errno on failure. */
bool output_write(int fd, const void *bytes, size_t n);

/* Writes all of bytes[0..n) unless the reader takes nothing for `patience` milliseconds; then the
 * rest is lost. Returns whether all was written. For pipes, terminals and files, none of which is
 * made non-blocking: others may have it too. */
bool output_try(int fd, const void *bytes, size_t n, int patience);

/* Writes a line if that is possible without waiting. Returns whether it was. */
bool output_offer(int fd, const void *line, size_t n);

#endif
