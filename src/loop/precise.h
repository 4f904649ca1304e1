/* precise.h - a clock and a wait that are finer than the milliseconds of poll(), for measuring. */
#ifndef ECHO_PRECISE_H
#define ECHO_PRECISE_H

#include <poll.h>
#include <stddef.h>
#include <stdint.h>

/* Nanoseconds of a clock that does not go back; its start means nothing. */
uint64_t clock_ns(void);

/* Waits until one of fds[0..n) is ready or clock_ns() is `deadline` (UINT64_MAX: never). Returns
 * how many are ready; 0 also after a signal, and where there is no ppoll() up to a millisecond too
 * late. */
int precise_wait(struct pollfd *fds, size_t n, uint64_t deadline);

#endif
