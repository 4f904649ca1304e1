/* guard.h - memory that ends where a page begins that must not be touched. */
#ifndef TESTS_GUARD_H
#define TESTS_GUARD_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

struct guard {
    uint8_t *pages;
    size_t room, page; /* room is whole pages; one more follows */
};

/* Memory for `most` bytes. */
static inline struct guard guard_open(size_t most)
{
    struct guard g = {.page = (size_t)sysconf(_SC_PAGESIZE)};
    g.room = (most + g.page - 1) / g.page * g.page;
    g.pages =
        mmap(NULL, g.room + g.page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (g.pages == MAP_FAILED || mprotect(g.pages + g.room, g.page, PROT_NONE) != 0)
        abort();
    return g;
}

/* The last n bytes of it, for the caller to fill. */
static inline uint8_t *guard_before(const struct guard *g, size_t n)
{
    return g->pages + g->room - n;
}

static inline void guard_close(struct guard *g)
{
    (void)munmap(g->pages, g->room + g->page);
}

#endif
