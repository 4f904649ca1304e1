/* deadlines.h - which of many deadlines comes first: a binary heap.
 *
 * Pure. Deadlines belong to ids below a number fixed at the start; setting one and taking the first
 * cost O(log n). Memory is the caller's.
 */
#ifndef ECHO_DEADLINES_H
#define ECHO_DEADLINES_H

#include <stddef.h>
#include <stdint.h>

#define DEADLINES_NEVER UINT64_MAX

struct deadline {
    uint64_t time;
    unsigned id;
};

/* Private. */
struct deadlines {
    uint64_t *time;  /* time[id], where it has one */
    unsigned *heap;  /* ids */
    unsigned *place; /* place[id]: where in the heap, plus 1; 0: nowhere */
    size_t count;
};

/* None is set. time, heap and place have n elements, for ids below n; they are borrowed. */
void deadlines_init(struct deadlines *d, uint64_t *time, unsigned *heap, unsigned *place, size_t n);

/* Sets the deadline of an id; DEADLINES_NEVER: it has none any more. */
void deadlines_set(struct deadlines *d, unsigned id, uint64_t time);

/* The deadline of an id, or DEADLINES_NEVER. */
uint64_t deadlines_get(const struct deadlines *d, unsigned id);

/* The earliest and its id; {DEADLINES_NEVER, 0} where there is none. */
struct deadline deadlines_first(const struct deadlines *d);

#endif
