/* children.h - the processes that a server forks off: started, told to stop, ended, counted.
 *
 * Each child holds the reading end of one pipe: a byte in it means stop gracefully, and its end
 * that the parent is gone, whatever became of it. So nothing of a server outlives it.
 */
#ifndef ECHO_CHILDREN_H
#define ECHO_CHILDREN_H

#include "server.h"

struct child {
    pid_t pid; /* 0: none */
    uint64_t since;
};

/* Private but for most and running. */
struct children {
    struct child *list;
    struct server_counters *counters; /* of each child; shared with it */
    struct server_counters gone;      /* of those that are gone */
    unsigned most, running;
    int orders[2]; /* the pipe */
};

/* Takes memory for `most` children. Returns whether it is there; else errno. */
bool children_open(struct children *c, unsigned most);

/* To be called when none is running any more. */
void children_close(struct children *c);

/* Forks where fewer than `most` run. Returns as fork() does. In the child: s is ready for serving
 * (the hook forked() was called, with accepts), and *index is its number. */
pid_t children_fork(struct children *c, struct server *s, bool accepts, unsigned *index);

/* Looks for a child that ended. Returns its process id, with its wait status and since when it ran,
 * or 0 when there is none. */
pid_t children_reap(struct children *c, int *status, uint64_t *since);

/* Tells all to stop gracefully; to end at once. */
void children_stop(struct children *c);
void children_kill(struct children *c);

/* Adds up the counters of all, those that are gone too. */
void children_count(const struct children *c, struct server_counters *sum);

#endif
