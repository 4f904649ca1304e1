/* string.h - what a server that shall run on Zephyr may use of it (../../README.md). */
#ifndef CONTRACT_STRING_H
#define CONTRACT_STRING_H

#include <stddef.h>

void *memchr(const void *in, int c, size_t n);
void *memcpy(void *to, const void *from, size_t n);
void *memmove(void *to, const void *from, size_t n);
void *memset(void *to, int c, size_t n);
char *strerror(int error);

#endif
