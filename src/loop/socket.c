/* socket.c - see socket.h. Every result of every call is one of: done, later, ended, failed.
 *
 * May use: what ports/zephyr/contract declares, and nothing else of POSIX. What is not the same
 * everywhere is in socket_posix.c.
 */
#include "socket.h"

#include <errno.h>
#include <limits.h>
#include <unistd.h>

#ifndef MSG_NOSIGNAL
#define MSG_NOSIGNAL 0
#endif

enum { PAUSE_MS = 10 };

/* What a negative result means. EINTR is "later" too: the loop has signals to look at first. */
static enum socket_result failure(void)
{
    if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)
        return SOCKET_AGAIN;
    return SOCKET_FAILED;
}

enum socket_result socket_receive(int fd, uint8_t *buffer, size_t size, size_t *moved)
{
    *moved = 0;
    ssize_t n = recv(fd, buffer, size, MSG_DONTWAIT);
    if (n < 0 && errno == ENOTSOCK) /* a pipe as standard input */
        n = read(fd, buffer, size);
    if (n < 0)
        return failure();
    *moved = (size_t)n;
    return n > 0 ? SOCKET_MOVED : SOCKET_ENDED;
}

/* Where trying again at once would fail again, a loop must not spin. */
static void pause_for_memory(void)
{
    (void)poll(NULL, 0, PAUSE_MS);
}

enum socket_result socket_send(int fd, const uint8_t *buffer, size_t size, size_t *moved)
{
    *moved = 0;
    ssize_t n = send(fd, buffer, size, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (n < 0 && errno == ENOTSOCK) /* a pipe or file as standard output: may wait */
        n = write(fd, buffer, size);
    if (n < 0 && errno == ENOBUFS) { /* which poll() may know nothing of */
        pause_for_memory();
        return SOCKET_AGAIN;
    }
    if (n < 0)
        return failure();
    *moved = (size_t)n;
    return n > 0 ? SOCKET_MOVED : SOCKET_AGAIN;
}

int socket_accept(int listener, struct sockaddr *peer, socklen_t size)
{
    return accept(listener, peer, &size);
}

void socket_close(int fd)
{
    (void)close(fd);
}

int clock_left(uint64_t deadline)
{
    if (deadline == UINT64_MAX)
        return -1;
    uint64_t now = clock_ms(), left = deadline > now ? deadline - now : 0;
    return left < INT_MAX ? (int)left : INT_MAX;
}

int socket_wait(struct pollfd *fds, unsigned n, uint64_t deadline)
{
    int ready = poll(fds, n, clock_left(deadline));
    if (ready < 0 && errno != EINTR)
        pause_for_memory();
    return ready > 0 ? ready : 0;
}
