/* output.c - see output.h. */
#include "output.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <unistd.h>

/* That fd takes bytes without waiting, or that poll() cannot tell: macOS' knows no devices. */
static bool takes(short revents)
{
    return revents & (POLLOUT | POLLNVAL);
}

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

bool output_try(int fd, const void *bytes, size_t n, int patience)
{
    const char *at = bytes;
    while (n > 0) {
        struct pollfd ready = {.fd = fd, .events = POLLOUT};
        int can = poll(&ready, 1, patience);
        if (can < 0 && errno == EINTR)
            continue;
        if (can != 1 || !takes(ready.revents))
            return false;
        ssize_t written = write(fd, at, n < PIPE_BUF ? n : PIPE_BUF); /* so much does not wait */
        if (written < 0 && errno != EINTR && errno != EAGAIN && errno != EWOULDBLOCK)
            return false;
        at += written > 0 ? written : 0;
        n -= written > 0 ? (size_t)written : 0;
    }
    return true;
}

bool output_offer(int fd, const void *line, size_t n)
{
    struct pollfd ready = {.fd = fd, .events = POLLOUT};
    int can;
    while ((can = poll(&ready, 1, 0)) < 0 && errno == EINTR)
        ;
    return can == 1 && takes(ready.revents) && write(fd, line, n) == (ssize_t)n;
}
