/* deadlines.c - see deadlines.h. Pure. */
#include "deadlines.h"

#include <string.h>

void deadlines_init(struct deadlines *d, struct deadline *heap, unsigned *place, size_t n)
{
    *d = (struct deadlines){.heap = heap, .place = place};
    memset(place, 0, n * sizeof *place);
}

static void put(struct deadlines *d, size_t at, struct deadline one)
{
    d->heap[at] = one;
    d->place[one.id] = (unsigned)at + 1;
}

/* Moves what is at `at` towards the root while it is earlier than its parent. Returns where it ends
 * up. */
static size_t rise(struct deadlines *d, size_t at)
{
    struct deadline one = d->heap[at];
    for (; at > 0 && one.time < d->heap[(at - 1) / 2].time; at = (at - 1) / 2)
        put(d, at, d->heap[(at - 1) / 2]);
    put(d, at, one);
    return at;
}

/* Moves it towards the leaves while a child is earlier. */
static void sink(struct deadlines *d, size_t at)
{
    struct deadline one = d->heap[at];
    for (size_t child; (child = 2 * at + 1) < d->count; at = child) {
        if (child + 1 < d->count && d->heap[child + 1].time < d->heap[child].time)
            child++;
        if (one.time <= d->heap[child].time)
            break;
        put(d, at, d->heap[child]);
    }
    put(d, at, one);
}

static void take_out(struct deadlines *d, size_t at)
{
    d->place[d->heap[at].id] = 0;
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
    put(d, at, (struct deadline){time, id});
    sink(d, rise(d, at));
}

uint64_t deadlines_get(const struct deadlines *d, unsigned id)
{
    size_t at = d->place[id];
    return at > 0 ? d->heap[at - 1].time : DEADLINES_NEVER;
}

struct deadline deadlines_first(const struct deadlines *d)
{
    return d->count > 0 ? d->heap[0] : (struct deadline){DEADLINES_NEVER, 0};
}
