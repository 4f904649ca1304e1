/* precise.c - see precise.h: ppoll() where there is one (POSIX.1-2024), else poll(). */
#include "precise.h"

#include <errno.h>
#include <limits.h>
#include <time.h>

#define SECOND UINT64_C(1000000000)

enum { FAILED_PAUSE_MS = 10 };

uint64_t clock_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * SECOND + (uint64_t)t.tv_nsec;
}

int precise_wait(struct pollfd *fds, size_t n, uint64_t deadline)
{
    uint64_t now = clock_ns(), left = deadline > now ? deadline - now : 0;
#ifdef ECHO_HAVE_PPOLL
    const struct timespec time = {.tv_sec = (time_t)(left / SECOND),
                                  .tv_nsec = (long)(left % SECOND)};
    int ready = ppoll(fds, (nfds_t)n, deadline == UINT64_MAX ? NULL : &time, NULL);
#else
    uint64_t ms = left / (SECOND / 1000) + (left % (SECOND / 1000) > 0); /* not to spin */
    int ready = poll(fds, (nfds_t)n,
                     deadline == UINT64_MAX ? -1
                     : ms < INT_MAX         ? (int)ms
                                            : INT_MAX);
#endif
    if (ready < 0 && errno != EINTR)
        (void)poll(NULL, 0, FAILED_PAUSE_MS); /* out of memory: a loop must not spin on that */
    return ready > 0 ? ready : 0;
}
