/* output.c - see output.h. */
#include "output.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

void output_guard(void)
{
    /* open() takes the lowest free number, so this ends beyond 2. */
    int fd;
    do
        fd = open("/dev/null", O_RDWR);
    while (fd >= 0 && fd <= 2);
    if (fd > 2)
        (void)close(fd);
}

bool output_write(int fd, const void *bytes, size_t n)
{
    const char *at = bytes;
    while (n > 0) {
        ssize_t written = write(fd, at, n);
        if (written >= 0) {
            at += written;
            n -= (size_t)written;
        } else if (errno == EAGAIN || errno == EWOULDBLOCK) { /* someone else's O_NONBLOCK */
            struct pollfd ready = {.fd = fd, .events = POLLOUT};
            (void)poll(&ready, 1, -1);
        } else if (errno != EINTR) {
            return false;
        }
    }
    return true;
}

bool output_offer(int fd, const void *line, size_t n)
{
    struct pollfd ready = {.fd = fd, .events = POLLOUT};
    int can;
    while ((can = poll(&ready, 1, 0)) < 0 && errno == EINTR)
        ;
    return can == 1 && (ready.revents & POLLOUT) && write(fd, line, n) == (ssize_t)n;
}
