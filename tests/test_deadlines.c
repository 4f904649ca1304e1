/* test_deadlines.c - the heap of deadlines against a list that is searched each time. */
#include "loop/deadlines.h"

#include "support/test.h"

#include <stdlib.h>
#include <string.h>

enum { MOST = 40 };

static uint64_t naive[MOST];

static uint64_t naive_first(void)
{
    uint64_t first = DEADLINES_NEVER;
    for (unsigned i = 0; i < MOST; i++)
        first = naive[i] < first ? naive[i] : first;
    return first;
}

static void test_random_changes_equal_the_list(void **state)
{
    (void)state;
    static uint64_t time[MOST];
    static unsigned heap[MOST], place[MOST];
    struct deadlines d;
    unsigned short generator[3] = {1, 2, 3};
    memset(place, 0xA5, sizeof place); /* init must not rely on what was there */
    deadlines_init(&d, time, heap, place, MOST);
    for (unsigned i = 0; i < MOST; i++)
        naive[i] = DEADLINES_NEVER;

    for (int i = 0; i < 200000; i++) {
        unsigned id = (unsigned)(nrand48(generator) % MOST);
        long what = nrand48(generator);
        /* Few different times, so that equal ones are common; sometimes none at all. */
        naive[id] = what % 4 ? (uint64_t)(what / 4 % 50) : DEADLINES_NEVER;
        deadlines_set(&d, id, naive[id]);

        struct deadline first = deadlines_first(&d);
        assert_true(first.time == naive_first());
        assert_true(first.time == DEADLINES_NEVER || naive[first.id] == first.time);
        unsigned other = (unsigned)(nrand48(generator) % MOST);
        assert_true(deadlines_get(&d, other) == naive[other]);
    }
}

/* Taken in order, all of them come, each once. */
static void test_all_come_in_order(void **state)
{
    (void)state;
    static uint64_t time[1000];
    static unsigned heap[1000], place[1000];
    struct deadlines d;
    uint64_t before = 0;
    deadlines_init(&d, time, heap, place, 1000);
    for (unsigned i = 0; i < 1000; i++)
        deadlines_set(&d, i, (uint64_t)i * 7919 % 1000);
    for (unsigned i = 0; i < 1000; i++) {
        struct deadline first = deadlines_first(&d);
        assert_true(first.time >= before && first.time == (uint64_t)first.id * 7919 % 1000);
        before = first.time;
        deadlines_set(&d, first.id, DEADLINES_NEVER);
    }
    assert_true(deadlines_first(&d).time == DEADLINES_NEVER);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_random_changes_equal_the_list),
        cmocka_unit_test(test_all_come_in_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
