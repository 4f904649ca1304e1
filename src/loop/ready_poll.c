/* ready_poll.c - see ready.h: with POSIX' poll. */
#include "ready.h"

#include "precise.h"
#include "socket.h"

#include <stdlib.h>

struct ready {
    struct pollfd *fds; /* in no order */
    unsigned *ids;      /* ids[i]: of fds[i] */
    size_t *places;     /* places[id]: where in fds */
    size_t count;
    size_t next; /* where the last look ended: the next begins there, so that all get their turn */
};

struct ready *ready_open(size_t most)
{
    struct ready *r = calloc(1, sizeof *r);
    if (!r)
        return NULL;
    r->fds = calloc(most, sizeof *r->fds);
    r->ids = calloc(most, sizeof *r->ids);
    r->places = calloc(most, sizeof *r->places);
    if (r->fds && r->ids && r->places)
        return r;
    ready_close(r);
    return NULL;
}

void ready_close(struct ready *r)
{
    free(r->fds);
    free(r->ids);
    free(r->places);
    free(r);
}

static short wanted(unsigned events)
{
    return (short)((events & READY_IN ? POLLIN : 0) | (events & READY_OUT ? POLLOUT : 0));
}

bool ready_add(struct ready *r, int fd, unsigned id, unsigned events)
{
    r->fds[r->count] = (struct pollfd){.fd = fd, .events = wanted(events)};
    r->ids[r->count] = id;
    r->places[id] = r->count++;
    return true;
}

void ready_change(struct ready *r, int fd, unsigned id, unsigned events)
{
    (void)fd;
    r->fds[r->places[id]].events = wanted(events);
}

void ready_remove(struct ready *r, int fd, unsigned id)
{
    size_t at = r->places[id], last = --r->count;
    (void)fd;
    r->fds[at] = r->fds[last];
    r->ids[at] = r->ids[last];
    r->places[r->ids[at]] = at;
}

void ready_closing(struct ready *r, int fd, unsigned id)
{
    ready_remove(r, fd, id);
}

/* Which are ready, after a look at all. */
static size_t collect(struct ready *r, struct ready_event *events, size_t most)
{
    size_t n = 0, looked = 0;
    if (r->next >= r->count)
        r->next = 0;
    for (; looked < r->count && n < most; looked++) {
        size_t at = (r->next + looked) % r->count;
        short revents = r->fds[at].revents;
        if (revents)
            events[n++] = (struct ready_event){.id = r->ids[at],
                                               .ended = revents & (POLLHUP | POLLERR | POLLNVAL)};
    }
    r->next += looked;
    return n;
}

size_t ready_wait(struct ready *r, struct ready_event *events, size_t most, uint64_t deadline)
{
    return precise_wait(r->fds, r->count, deadline) > 0 ? collect(r, events, most) : 0;
}
