/* string.c - see string.h: the shortest that will do. */
#include <string.h>

void *memchr(const void *p, int c, size_t n)
{
    for (const unsigned char *at = p; n > 0; at++, n--)
        if (*at == (unsigned char)c)
            return (void *)at;
    return NULL;
}

int memcmp(const void *p, const void *q, size_t n)
{
    const unsigned char *a = p, *b = q;
    for (; n > 0; a++, b++, n--)
        if (*a != *b)
            return *a - *b;
    return 0;
}

void *memcpy(void *restrict to, const void *restrict from, size_t n)
{
    unsigned char *t = to;
    for (const unsigned char *f = from; n > 0; n--)
        *t++ = *f++;
    return to;
}

void *memset(void *to, int c, size_t n)
{
    for (unsigned char *t = to; n > 0; n--)
        *t++ = (unsigned char)c;
    return to;
}

char *strchr(const char *s, int c)
{
    return memchr(s, c, strlen(s) + 1);
}

int strcmp(const char *a, const char *b)
{
    return memcmp(a, b, strlen(a) < strlen(b) ? strlen(a) + 1 : strlen(b) + 1);
}

size_t strlen(const char *s)
{
    size_t n = 0;
    while (s[n])
        n++;
    return n;
}
