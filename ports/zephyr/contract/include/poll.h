/* poll.h - what a server that shall run on Zephyr may use of it (../../README.md). */
#ifndef CONTRACT_POLL_H
#define CONTRACT_POLL_H

#define POLLIN  1
#define POLLOUT 4
#define POLLHUP 16

struct pollfd {
    int fd;
    short events, revents;
};

int poll(struct pollfd *fds, int n, int timeout);

#endif
