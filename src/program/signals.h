/* signals.h - signals as bytes in a pipe, so that a loop can wait for them beside its sockets.
 *
 * A flag that a handler sets can be set between the test and the wait, and is then slept through; a
 * byte in a pipe cannot (the self-pipe trick, W. R. Stevens and D. J. Bernstein).
 */
#ifndef ECHO_SIGNALS_H
#define ECHO_SIGNALS_H

#include <stdbool.h>

enum { SIGNALS_STOP = 1, SIGNALS_COUNTERS = 2 };

/* Ignores SIGPIPE; catches TERM and INT (stop; a second one ends the process at once, by that
 * signal), USR1 (counters) and CHLD (only to wake). Returns the descriptor that becomes readable,
 * or -1 with errno. */
int signals_open(void);

/* In a process just forked off: what signals_open caught is ignored from here on, for the parent
 * hears it and gives the orders. So it does not matter whether a signal is sent to one or to all.
 */
void signals_leave_to_parent(void);

/* Which have come: a set of the above, counters since the last call, a stop at any time. Never
 * waits. */
unsigned signals_take(int fd);

#endif
