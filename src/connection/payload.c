/* payload.c - see payload.h.
 *
 * May use: compare.h. No system call, clock, errno or allocation.
 */
#include "payload.h"

enum {
    TEXT_SIZE = 128 * 1024, /* about; small enough for a processor's cache */
    LINES_LEAST = 7
};

/* An odd number of lines, so that no power of two is a multiple of the text's length: what a server
 * has sent from a stale buffer shows. */
size_t payload_size(size_t line)
{
    size_t lines = TEXT_SIZE / line | 1;
    return line * (lines > LINES_LEAST ? lines : LINES_LEAST);
}

/* The next number of a linear congruential generator (Numerical Recipes'), 6 bits of it. */
static uint64_t next(uint64_t *state)
{
    *state = (*state * 1664525 + 1013904223) & UINT32_MAX;
    return *state >> 26;
}

void payload_init(struct payload *p, size_t line, uint8_t *buffer)
{
    /* 64 of them: neither q, which begins a quit, nor the dot. */
    static const char letters[] =
        "abcdefghijklmnoprstuvwxyzABCDEFGHIJKLMNOPRSTUVWXYZ0123456789-_+/";
    uint64_t state = 0;
    *p = (struct payload){buffer, payload_size(line), line};
    for (size_t i = 0; i < p->size; i++)
        buffer[i] = i % line == line - 1 ? '\n' : (uint8_t)letters[next(&state)];
}

size_t payload_at(const struct payload *p, uint64_t offset, const uint8_t **bytes)
{
    size_t at = (size_t)(offset % p->size);
    *bytes = p->text + at;
    return p->size - at;
}

size_t payload_compare(const struct payload *p, unsigned *modes, uint64_t offset,
                       const uint8_t *reply, size_t n)
{
    size_t done = 0;
    while (done < n) {
        const uint8_t *bytes;
        size_t run = payload_at(p, offset + done, &bytes);
        size_t part = n - done < run ? n - done : run;
        size_t right = compare(modes, bytes, reply + done, part);
        done += right;
        if (right < part)
            break;
    }
    return done;
}

void payload_fault(const struct payload *p, struct fault *fault, unsigned modes, uint64_t start,
                   uint64_t back, uint64_t sent, const uint8_t *got, size_t n)
{
    /* What of it lies in one piece; the guess needs no more. */
    size_t at = (size_t)(back % p->size), after = p->size - at;
    size_t before = back - start < at ? (size_t)(back - start) : at;
    size_t owed = sent - back < after ? (size_t)(sent - back) : after;
    const struct around around = {p->text + at - before, before, before + owed, got, n};
    fault_find(fault, modes, back - start, &around);
}
