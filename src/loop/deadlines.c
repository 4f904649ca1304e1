/* deadlines.c - see deadlines.h. Pure. */
#include "deadlines.h"

#include <string.h>

void deadlines_init(struct deadlines *d, uint64_t *time, unsigned *heap, unsigned *place, size_t n)
{
    *d = (struct deadlines){.time = time, .heap = heap, .place = place};
    memset(place, 0, n * sizeof *place);
}

static uint64_t time_at(const struct deadlines *d, size_t at)
{
    return d->time[d->heap[at]];
}

static void put(struct deadlines *d, size_t at, unsigned id)
{
    d->heap[at] = id;
    d->place[id] = (unsigned)at + 1;
}

/* Moves what is at `at` towards the root while it is earlier than its parent. Returns where it ends
 * up. */
static size_t rise(struct deadlines *d, size_t at)
{
    unsigned id = d->heap[at];
    for (; at > 0 && d->time[id] < time_at(d, (at - 1) / 2); at = (at - 1) / 2)
        put(d, at, d->heap[(at - 1) / 2]);
    put(d, at, id);
    return at;
}

/* Moves it towards the leaves while a child is earlier. */
static void sink(struct deadlines *d, size_t at)
{
    unsigned id = d->heap[at];
    for (size_t child; (child = 2 * at + 1) < d->count; at = child) {
        if (child + 1 < d->count && time_at(d, child + 1) < time_at(d, child))
            child++;
        if (d->time[id] <= time_at(d, child))
            break;
        put(d, at, d->heap[child]);
    }
    put(d, at, id);
}

static void take_out(struct deadlines *d, size_t at)
{
    d->place[d->heap[at]] = 0;
    d->count--;
    if (at == d->count)
        return;
    put(d, at, d->heap[d->count]);
    sink(d, rise(d, at));
}

void deadlines_set(struct deadlines *d, unsigned id, uint64_t time)
{
    size_t at = d->place[id];
    if (time == DEADLINES_NEVER) {
        if (at > 0)
            take_out(d, at - 1);
        return;
    }
    at = at > 0 ? at - 1 : d->count++;
    d->time[id] = time;
    put(d, at, id);
    sink(d, rise(d, at));
}

uint64_t deadlines_get(const struct deadlines *d, unsigned id)
{
    return d->place[id] > 0 ? d->time[id] : DEADLINES_NEVER;
}

struct deadline deadlines_first(const struct deadlines *d)
{
    if (d->count == 0)
        return (struct deadline){DEADLINES_NEVER, 0};
    return (struct deadline){time_at(d, 0), d->heap[0]};
}
