/* ready_epoll.c - see ready.h: with Linux' epoll, level-triggered.
 *
 * The deadline is a timer of its own among the descriptors, and not epoll_wait()'s timeout:
 * deadlines seldom change, but a timeout makes the kernel set up a timer for every wait and take it
 * down again, which on a virtual machine costs as much as all that this program does for a message.
 */
#include "ready.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

enum { BATCH = 256 };

#define TIMER_ID UINT32_MAX
#define SECOND   UINT64_C(1000000000)

struct ready {
    int fd, timer;
    uint64_t deadline; /* that the timer is set to, or UINT64_MAX */
    struct epoll_event events[BATCH];
};

struct ready *ready_open(size_t most)
{
    struct ready *r = malloc(sizeof *r);
    struct epoll_event timer = {.events = EPOLLIN, .data.u32 = TIMER_ID};
    (void)most; /* the kernel's memory */
    if (!r)
        return NULL;
    r->deadline = UINT64_MAX;
    r->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    r->fd = epoll_create1(EPOLL_CLOEXEC);
    if (r->timer >= 0 && r->fd >= 0 && epoll_ctl(r->fd, EPOLL_CTL_ADD, r->timer, &timer) == 0)
        return r;
    int error = errno;
    ready_close(r);
    errno = error;
    return NULL;
}

void ready_close(struct ready *r)
{
    if (r->timer >= 0)
        (void)close(r->timer);
    if (r->fd >= 0)
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

void ready_closing(struct ready *r, int fd, unsigned id)
{
    (void)r, (void)fd, (void)id; /* close() takes it out (epoll(7)) */
}

/* Sets the timer if it is not to go off before that anyway: who is woken too early sets it again,
 * and that is seldom. */
static void set_timer(struct ready *r, uint64_t deadline)
{
    struct itimerspec time = {.it_value.tv_sec = (time_t)(deadline / SECOND),
                              .it_value.tv_nsec = (long)(deadline % SECOND)};
    if (deadline >= r->deadline)
        return;
    if (deadline == 0)
        time.it_value.tv_nsec = 1;                                   /* 0 would be never */
    (void)timerfd_settime(r->timer, TFD_TIMER_ABSTIME, &time, NULL); /* cannot fail with these */
    r->deadline = deadline;
}

/* The timer went off. */
static void clear_timer(struct ready *r)
{
    uint64_t times;
    (void)!read(r->timer, &times, sizeof times);
    r->deadline = UINT64_MAX;
}

size_t ready_wait(struct ready *r, struct ready_event *events, size_t most, uint64_t deadline)
{
    set_timer(r, deadline);
    int n = epoll_wait(r->fd, r->events, (int)(most < BATCH ? most : BATCH), -1);
    size_t count = 0;
    for (int i = 0; i < n; i++)
        if (r->events[i].data.u32 == TIMER_ID)
            clear_timer(r);
        else
            events[count++] = (struct ready_event){
                .id = r->events[i].data.u32, .ended = r->events[i].events & (EPOLLHUP | EPOLLERR)};
    return count;
}
