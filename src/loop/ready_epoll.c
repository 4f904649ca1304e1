/* ready_epoll.c - see ready.h: with Linux' epoll, level-triggered. */
#include "ready.h"

#include "precise.h"
#include "socket.h"

#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

enum { BATCH = 256 };

struct ready {
    int fd;
    struct epoll_event events[BATCH];
};

struct ready *ready_open(size_t most)
{
    struct ready *r = malloc(sizeof *r);
    (void)most; /* the kernel's memory */
    if (!r)
        return NULL;
    r->fd = epoll_create1(EPOLL_CLOEXEC);
    if (r->fd < 0) {
        free(r);
        return NULL;
    }
    return r;
}

void ready_close(struct ready *r)
{
    (void)close(r->fd);
    free(r);
}

static struct epoll_event wanted(unsigned id, unsigned events)
{
    struct epoll_event e = {.data.u32 = id};
    e.events = (events & READY_IN ? EPOLLIN : 0u) | (events & READY_OUT ? EPOLLOUT : 0u);
    return e;
}

bool ready_add(struct ready *r, int fd, unsigned id, unsigned events)
{
    struct epoll_event e = wanted(id, events);
    return epoll_ctl(r->fd, EPOLL_CTL_ADD, fd, &e) == 0;
}

void ready_change(struct ready *r, int fd, unsigned id, unsigned events)
{
    struct epoll_event e = wanted(id, events);
    (void)epoll_ctl(r->fd, EPOLL_CTL_MOD, fd, &e); /* cannot fail for one that was added */
}

void ready_remove(struct ready *r, int fd, unsigned id)
{
    struct epoll_event e = wanted(id, 0);
    (void)epoll_ctl(r->fd, EPOLL_CTL_DEL, fd, &e);
}

static size_t wait_ms(struct ready *r, struct ready_event *events, size_t most, int timeout)
{
    int n = epoll_wait(r->fd, r->events, (int)(most < BATCH ? most : BATCH), timeout);
    for (int i = 0; i < n; i++)
        events[i] = (struct ready_event){.id = r->events[i].data.u32,
                                         .ended = r->events[i].events & (EPOLLHUP | EPOLLERR)};
    return n > 0 ? (size_t)n : 0;
}

size_t ready_wait(struct ready *r, struct ready_event *events, size_t most, uint64_t deadline)
{
    return wait_ms(r, events, most, clock_left(deadline));
}

size_t ready_wait_precise(struct ready *r, struct ready_event *events, size_t most,
                          uint64_t deadline)
{
    size_t n = wait_ms(r, events, most, deadline == UINT64_MAX ? -1 : 0);
    struct pollfd any = {.fd = r->fd, .events = POLLIN};
    if (n == 0 && precise_wait(&any, 1, deadline) > 0)
        n = wait_ms(r, events, most, 0);
    return n;
}
