/* values.h - reading what people type: times, ports, HOST:PORT.
 *
 * Pure but for a look at the services database. Whole strings only: a value with anything before or
 * after it is not a value.
 */
#ifndef ECHO_VALUES_H
#define ECHO_VALUES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The longest time taken: 24 days, which fits poll(). */
#define VALUE_TIME_MAX_MS (UINT64_C(24) * 24 * 3600 * 1000)

/* "500ms", "2s", "1m", "1.5", "0": a decimal number with an optional unit, seconds where there is
 * none; not finer than a millisecond. Returns whether text is one, and then sets *ms. */
bool value_time(const char *text, uint64_t *ms);

/* A whole number from 1 to most. Sets *number only if it is one. */
bool value_count(const char *text, unsigned most, unsigned *number);

/* "64", "1K", "2M": a number of bytes from 1 to most; K or k
 * is 1024, M or m 1024 K. Sets *bytes only if
 * it is one. */
bool value_size(const char *text, unsigned most, unsigned *bytes);

/* "0" to "65535", or a service's name. Returns whether text is one, and then sets *port. */
bool value_port(const char *text, uint16_t *port);

/* Where the port of "HOST:PORT" or "[v6]:PORT" is. text is "HOST", "v6", "[v6]" or with a port.
 * Copies the host (without brackets) to host[0..size) and sets *port to the port's text inside
 * text, or to NULL if there is none. Returns false if it is none of these, or too long. */
bool value_host_port(const char *text, char *host, size_t size, const char **port);

#endif
