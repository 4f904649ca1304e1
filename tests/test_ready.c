/* test_ready.c - waiting for many descriptors, with epoll and with poll. */
#include "loop/precise.h"
#include "loop/ready.h"

#include "support/net.h"
#include "support/process.h"
#include "support/test.h"

#include <sys/socket.h>
#include <unistd.h>

#define MS UINT64_C(1000000)

struct pair {
    struct ready *ready;
    int ours, theirs;
};

static int set_up(void **state)
{
    static struct pair p;
    int fds[2];
    p.ready = ready_open(4);
    assert_non_null(p.ready);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
    p.ours = fds[0];
    p.theirs = fds[1];
    *state = &p;
    return 0;
}

static int tear_down(void **state)
{
    struct pair *p = *state;
    ready_close(p->ready);
    (void)close(p->ours);
    (void)close(p->theirs);
    return 0;
}

/* Waits to the deadline. Returns how many waits that took: one more than were in vain. */
static int waits_to(struct ready *r, uint64_t deadline)
{
    struct ready_event events[4];
    int waits = 0;
    while (clock_ns() < deadline) {
        assert_int_equal(ready_wait(r, events, 4, deadline), 0);
        waits++;
    }
    return waits;
}

/* Nobody is woken before the deadline, also after others that have passed or were put off. */
static void test_deadlines(void **state)
{
    struct pair *p = *state;
    assert_true(ready_add(p->ready, p->ours, 2, READY_IN));
    uint64_t now = clock_ns();
    assert_true(waits_to(p->ready, now + 5 * MS) <= 2);
    assert_true(waits_to(p->ready, now + 30 * MS) <= 2);
    struct ready_event events[4];
    (void)ready_wait(p->ready, events, 4, 0); /* long past: at once */
    net_send(p->theirs, "x", 1);
    for (int i = 0; i < 2; i++) /* one that is over takes no event's place */
        assert_int_equal(ready_wait(p->ready, events, 1, UINT64_MAX), 1);
    now = clock_ns();
    assert_int_equal(ready_wait(p->ready, events, 4, now + 20 * MS), 1);
    net_receive(p->ours, &(char){0}, 1);
    assert_true(waits_to(p->ready, now + 60 * MS) <= 3); /* one more for what was put off */
}

static void test_events(void **state)
{
    struct pair *p = *state;
    struct ready_event events[4];
    uint64_t soon = clock_ns() + DEADLINE_MS * MS;
    assert_true(ready_add(p->ready, p->ours, 3, READY_IN | READY_OUT));
    assert_int_equal(ready_wait(p->ready, events, 4, soon), 1);
    assert_int_equal(events[0].id, 3);
    assert_false(events[0].ended);

    ready_change(p->ready, p->ours, 3, 0);
    net_send(p->theirs, "x", 1);
    assert_int_equal(ready_wait(p->ready, events, 4, clock_ns() + MS), 0);
    ready_change(p->ready, p->ours, 3, READY_IN);
    assert_int_equal(ready_wait(p->ready, events, 4, soon), 1);
    assert_int_equal(events[0].id, 3);

    assert_int_equal(shutdown(p->theirs, SHUT_RDWR), 0);
    ready_change(p->ready, p->ours, 3, 0);
    assert_int_equal(ready_wait(p->ready, events, 4, soon), 1);
    assert_true(events[0].ended);

    ready_remove(p->ready, p->ours, 3);
    assert_int_equal(ready_wait(p->ready, events, 4, clock_ns() + MS), 0);
    assert_true(ready_add(p->ready, p->ours, 0, READY_IN));
    assert_int_equal(ready_wait(p->ready, events, 4, soon), 1);
    assert_int_equal(events[0].id, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_deadlines, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_events, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
