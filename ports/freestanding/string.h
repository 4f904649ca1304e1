/* string.h - of the C library, what src/program/vectors.c and main.c use, and memset, which a
 * compiler may on its own account. The engine uses none. */
#ifndef STRING_H
#define STRING_H

#include <stddef.h>

void *memchr(const void *p, int c, size_t n);
int memcmp(const void *p, const void *q, size_t n);
void *memcpy(void *restrict to, const void *restrict from, size_t n);
void *memset(void *to, int c, size_t n);
char *strchr(const char *s, int c);
int strcmp(const char *a, const char *b);
size_t strlen(const char *s);

#endif
