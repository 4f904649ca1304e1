/* socket.h - moving bytes: receive, send, accept and wait, each with every result handled.
 *
 * The servers' loops call these and no system call of their own. Only the part of POSIX that Zephyr
 * has too is used, so that a server built from these files runs there.
 */
#ifndef ECHO_SOCKET_H
#define ECHO_SOCKET_H

#include <poll.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

enum socket_result {
    SOCKET_MOVED,  /* at least one byte moved */
    SOCKET_AGAIN,  /* not now: wait for it */
    SOCKET_ENDED,  /* the peer's FIN (receive only) */
    SOCKET_FAILED, /* the connection broke; errno says how */
};

/* Receive into or send from buffer[0..size), size > 0, without waiting; but where the system lacks
 * buffers (ENOBUFS) for 10 ms, in which nobody is served. *moved is the number of bytes with
 * SOCKET_MOVED, else 0. Never raises SIGPIPE where MSG_NOSIGNAL is known; elsewhere the program
 * ignores that signal. On a pipe or file they read and write, and may wait. */
enum socket_result socket_receive(int fd, uint8_t *buffer, size_t size, size_t *moved);
enum socket_result socket_send(int fd, const uint8_t *buffer, size_t size, size_t *moved);

/* Shuts the sending side down; a failure shows at the next receive. Where there is no half-close
 * the FIN is sent by socket_close(). */
void socket_send_fin(int fd);

/* Accepts from a listener that does not block, and sets what fits size of the peer's address.
 * Returns the new socket, or -1 with errno: EAGAIN where nobody is there any more. */
int socket_accept(int listener, struct sockaddr *peer, socklen_t size);

/* Closes; the descriptor is gone whatever close() says. */
void socket_close(int fd);

/* Waits until one of fds[0..n) is ready or the time is `deadline` (UINT64_MAX: never). A deadline
 * in the past looks once. Returns how many are ready; 0 also after a signal. Descriptors below 0
 * are passed over. */
int socket_wait(struct pollfd *fds, unsigned n, uint64_t deadline);

/* How long to wait until the deadline, as poll() takes it: milliseconds, or -1 for ever. */
int clock_left(uint64_t deadline);

/* Milliseconds of a clock that does not go back; its start means nothing. */
uint64_t clock_ms(void);

#endif
