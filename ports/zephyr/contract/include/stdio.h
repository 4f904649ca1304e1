/* stdio.h - what a server that shall run on Zephyr may use of it (../../README.md). */
#ifndef CONTRACT_STDIO_H
#define CONTRACT_STDIO_H

#include <stddef.h>

/* Of the conversions only %s and %u: no long long and no double may be counted on. */
int printf(const char *format, ...) __attribute__((format(printf, 1, 2)));
int snprintf(char *out, size_t size, const char *format, ...) __attribute__((format(printf, 3, 4)));

#endif
