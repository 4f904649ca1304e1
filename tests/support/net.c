/* net.c - see net.h. */
#include "net.h"

#include "process.h"
#include "test.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static struct sockaddr_in loopback(uint16_t port)
{
    return (struct sockaddr_in){
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

/* Waits until fd is ready. */
static void wait_for(int fd, short events)
{
    struct pollfd ready = {.fd = fd, .events = events};
    if (poll(&ready, 1, DEADLINE_MS) != 1)
        fail_msg("nothing happened on a socket in time");
}

int net_socket(int family, int type)
{
    int fd = socket(family, type, 0);
    if (fd < 0)
        return -1;
    assert_int_equal(fcntl(fd, F_SETFD, FD_CLOEXEC), 0);
#ifdef SO_NOSIGPIPE
    const int on = 1;
    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_NOSIGPIPE, &on, sizeof on), 0);
#endif
    return fd;
}

int net_connect(uint16_t port, int receive_buffer)
{
    const int on = 1;
    struct sockaddr_in address = loopback(port);
    int fd = net_socket(AF_INET, SOCK_STREAM);
    assert_true(fd >= 0);
    if (receive_buffer > 0)
        setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (connect(fd, (struct sockaddr *)&address, sizeof address) < 0)
        fail_msg("cannot connect to port %u: %s", port, strerror(errno));
    return fd;
}

bool net_can_connect(uint16_t port)
{
    struct sockaddr_in address = loopback(port);
    int fd = net_socket(AF_INET, SOCK_STREAM);
    assert_true(fd >= 0);
    bool can = connect(fd, (struct sockaddr *)&address, sizeof address) == 0;
    close(fd);
    return can;
}

int net_listen(int backlog, uint16_t *port)
{
    struct sockaddr_in address = loopback(0);
    socklen_t len = sizeof address;
    int fd = net_socket(AF_INET, SOCK_STREAM);
    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, len), 0);
    if (backlog >= 0)
        assert_int_equal(listen(fd, backlog), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &len), 0);
    *port = ntohs(address.sin_port);
    return fd;
}

int net_accept(int listener)
{
    wait_for(listener, POLLIN);
    int fd = accept(listener, NULL, NULL);
    assert_true(fd >= 0);
    return fd;
}

void net_send(int fd, const void *bytes, size_t n)
{
    const char *at = bytes;
    while (n > 0) {
        wait_for(fd, POLLOUT);
        ssize_t sent = send(fd, at, n, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent < 0 && errno != EAGAIN)
            fail_msg("cannot send: %s", strerror(errno));
        at += sent > 0 ? sent : 0;
        n -= sent > 0 ? (size_t)sent : 0;
    }
}

void net_send_fin(int fd)
{
    assert_int_equal(shutdown(fd, SHUT_WR), 0);
}

void net_receive(int fd, void *bytes, size_t n)
{
    char *at = bytes;
    while (n > 0) {
        wait_for(fd, POLLIN);
        ssize_t got = recv(fd, at, n, 0);
        if (got <= 0)
            fail_msg("%zu bytes before the end of what was to come: %s", n,
                     got < 0 ? strerror(errno) : "closed");
        at += got;
        n -= (size_t)got;
    }
}

size_t net_receive_all(int fd, void *bytes, size_t room, bool *reset)
{
    size_t len = 0;
    if (reset)
        *reset = false;
    for (;;) {
        char one;
        wait_for(fd, POLLIN);
        ssize_t got =
            len < room ? recv(fd, (char *)bytes + len, room - len, 0) : recv(fd, &one, 1, 0);
        if (got == 0)
            return len;
        if (got < 0) {
            if (!reset)
                fail_msg("connection broke after %zu bytes: %s", len, strerror(errno));
            *reset = true;
            return len;
        }
        if (len == room)
            fail_msg("more than %zu bytes came", room);
        len += (size_t)got;
    }
}

size_t net_exchange(int fd, const uint8_t *in, size_t n, uint8_t *out, size_t room, size_t step)
{
    size_t sent = 0, len = 0;
    bool fin = false;
    for (;;) {
        if (sent == n && !fin) {
            (void)shutdown(fd, SHUT_WR); /* the server may have closed already */
            fin = true;
        }
        wait_for(fd, (short)(POLLIN | (sent < n ? POLLOUT : 0)));
        if (sent < n) {
            size_t part = n - sent < step ? n - sent : step;
            ssize_t s = send(fd, in + sent, part, MSG_NOSIGNAL | MSG_DONTWAIT);
            if (s < 0 && errno != EAGAIN)
                sent = n; /* the server said good bye: the rest is not part of the session */
            sent += s > 0 ? (size_t)s : 0;
        }
        if (len == room)
            fail_msg("more than %zu bytes came", room);
        ssize_t got = recv(fd, out + len, room - len < step ? room - len : step, MSG_DONTWAIT);
        if (got == 0)
            return len;
        if (got < 0 && errno != EAGAIN)
            fail_msg("connection broke after %zu bytes: %s", len, strerror(errno));
        len += got > 0 ? (size_t)got : 0;
    }
}

void net_reset(int fd)
{
    const struct linger now = {.l_onoff = 1, .l_linger = 0};
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    close(fd);
}
