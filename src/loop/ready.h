/* ready.h - which of many descriptors are ready: epoll where there is one (ready_epoll.c), else
 * poll (ready_poll.c). The only difference between systems that the event loop has.
 */
#ifndef ECHO_READY_H
#define ECHO_READY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { READY_IN = 1, READY_OUT = 2 };

struct ready;

/* For descriptors with ids below most. Returns NULL with errno on failure. */
struct ready *ready_open(size_t most);
void ready_close(struct ready *r);

/* Begins to watch fd for events (a set of the above; none: only its end and errors are told) under
 * an id that is not in use; changes them; stops watching, before fd is closed. add returns false
 * with errno where there is no memory for it. */
bool ready_add(struct ready *r, int fd, unsigned id, unsigned events);
void ready_change(struct ready *r, int fd, unsigned id, unsigned events);
void ready_remove(struct ready *r, int fd, unsigned id);

/* Stops watching fd by its close, which must follow at once: for one that no other process has. */
void ready_closing(struct ready *r, int fd, unsigned id);

struct ready_event {
    unsigned id;
    bool ended; /* the other end is gone, or an error is to be fetched */
};

/* Waits until one is ready or clock_ns() (precise.h) is `deadline` (UINT64_MAX: never). Writes up
 * to `most` of those that are to events. Returns how many; 0 also after a signal, for a deadline
 * that was set before and has been put off, and where there is no ppoll() up to a millisecond too
 * late. */
size_t ready_wait(struct ready *r, struct ready_event *events, size_t most, uint64_t deadline);

#endif
