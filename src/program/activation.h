/* activation.h - what a service manager and its services say to each other, without its library:
 * sockets that are passed on (sd_listen_fds(3)) and how it goes (sd_notify(3)).
 */
#ifndef ECHO_ACTIVATION_H
#define ECHO_ACTIVATION_H

#include <stdbool.h>
#include <stddef.h>

/* Takes the sockets that LISTEN_PID and LISTEN_FDS tell of: fills in fds[0..most) and makes them
 * non-blocking and close-on-exec. Returns how many; 0 where there are none for this process; -1
 * after writing one line to error, if one of them is not a listening stream socket or there are too
 * many. */
int activation_listeners(int *fds, size_t most, char *error, size_t size);

/* Opens the way to the manager, if NOTIFY_SOCKET names one; nothing is told otherwise. */
void activation_open(void);

/* Tells it how it goes ("READY=1\nSTATUS=..."), without waiting. */
void activation_notify(const char *state);

/* From here on this process tells it nothing. */
void activation_close(void);

/* Whether standard error goes to the journal (JOURNAL_STREAM), which takes "<N>" before a line as
 * its priority (sd-daemon(3)). */
bool activation_journal(void);

#endif
