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
    struct deadline *heap;
    unsigned *place; /* place[id]: where in the heap, plus 1; 0: nowhere */
    size_t count;
};

/* None is set. heap[0..n) and place[0..n) for ids below n are borrowed. */
void deadlines_init(struct deadlines *d, struct deadline *heap, unsigned *place, size_t n);

/* Sets the deadline of an id; DEADLINES_NEVER: it has none any more. */
void deadlines_set(struct deadlines *d, unsigned id, uint64_t time);

/* The deadline of an id, or DEADLINES_NEVER. */
uint64_t deadlines_get(const struct deadlines *d, unsigned id);

/* The earliest and its id; {DEADLINES_NEVER, 0} where there is none. */
struct deadline deadlines_first(const struct deadlines *d);

#endif
