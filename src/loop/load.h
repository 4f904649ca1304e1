/* load.h - many connections at once that send lines and check and time what comes back: with one
 * connection and a line a second it is a ping, with thousands a load.
 *
 * A line is timed from when it was due, and not from when it could be sent. Without a rate a line
 * is due as soon as an earlier one has come back. With one, it is due by the clock: a server that
 * stalls is charged for every line that it kept waiting, and not just for the few that were in
 * flight ("coordinated omission", G. Tene). A line due while there is no connection is lost, but
 * for one that is closed after its lines_each: that waits for the next. Where
 * lines are counted and have no rate, each attempt to connect in vain costs those that it was for.
 *
 * A connection that goes wrong is told of and made anew. Memory is taken at the start; time is in
 * nanoseconds of clock_ns().
 */
#ifndef ECHO_LOAD_H
#define ECHO_LOAD_H

#include "connection/payload.h"
#include "exchange.h"
#include "histogram.h"

#include <sys/socket.h>

/* What went wrong with a connection. */
struct load_failure {
    unsigned connection;   /* its number, from 0 */
    bool connecting;       /* there was none yet: error tells why */
    enum exchange_end end; /* else: EXCHANGE_SHORT, _MISMATCH, _TIMEOUT or _RESET; */
    int error;             /* an errno, where it was reset */
    uint64_t lost;         /* lines sent, and not come back ... */
    uint64_t line;         /* ... of which this is the first, among those of its connection */
    uint64_t sent, back;   /* bytes of this connection */
    struct fault fault;    /* with a mismatch */
};

struct load {
    struct sockaddr_storage address; /* of the server */
    socklen_t address_len;
    int first; /* connection 0 is there already; it is load's to close */

    const struct payload *payload;
    unsigned modes;       /* a set, as for compare() */
    unsigned connections; /* at least 1 */
    unsigned pipeline;    /* lines in flight on each, at least 1 */
    uint64_t lines;       /* in all, shared out evenly; UINT64_MAX: no end */
    uint64_t duration;    /* lines are due for so long; UINT64_MAX: no end */
    uint64_t lines_each;  /* a connection is closed, by both sides, and made anew after so many; 0:
                             never */
    bool fin_early; /* each connection half-closes right after its last line, and not only when
                       all has come back */

    /* The clock by which lines are due: rate_lines every rate_time, on all connections together,
     * each in its turn. 0 rate_lines: none. */
    uint64_t rate_lines, rate_time;

    uint64_t connect_time, reply_time; /* the longest wait; UINT64_MAX: any */
    /* No more lines are due when a hook has set stop; or when wake is readable (-1: none), and then
     * replies are waited for a second at most: what is in flight after it counts neither way. */
    bool stop;
    int wake;

    uint8_t *reply; /* received into */
    size_t reply_size;

    /* Hooks, any of them NULL. Line number `line`, from 0 and of connection 0 only, has come back;
     * something went wrong; tick_time has passed once more. */
    void (*replied)(void *context, uint64_t line, uint64_t time);
    void (*failed)(void *context, const struct load_failure *failure);
    void (*tick)(void *context, uint64_t now);
    uint64_t tick_time;
    void *context;

    /* What came of it, set by load_run; rtt is the caller's, and emptied at the start. */
    struct histogram *rtt;         /* of every line that came back, and of the unsent ones */
    uint64_t sent, received, lost; /* lines; sent, even if only due, is the sum of the others at the
                                      end */
    uint64_t unsent; /* lines that were due by the clock before the end, and yet never sent; in rtt
                        they count with the time that they had waited */
    uint64_t abandoned; /* lines still in flight a second after wake: in none of the above */
    uint64_t remade;    /* connections made after `started` */
    uint64_t failures;
    unsigned spoken;         /* a set: the modes that explain what came */
    uint64_t started, ended; /* all connections were there; the last line was back or lost, or no
                                more were due: the wait for the end of a connection is not in it */
};

/* Runs it to its end. Returns 0, or an errno if it could not even begin. */
int load_run(struct load *load);

#endif
