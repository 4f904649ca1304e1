/* bare_epoll.c - the least that an echo server on epoll can do: what the others are measured
 * against.
 *
 * usage: bare_epoll PORT. One process; a receive of up to 256 KiB and a send for each readiness.
 * It has no timeouts, no limits, no stop, and it waits where a client does not take its echo: not a
 * server to use.
 */
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <unistd.h>

enum { BATCH = 256, SIZE = 256 * 1024 };

static char buffer[SIZE];

static void serve(int fd)
{
    ssize_t n = recv(fd, buffer, sizeof buffer, 0);
    if (n <= 0 || send(fd, buffer, (size_t)n, MSG_NOSIGNAL) != n)
        close(fd);
}

static void accept_one(int poll, int listener)
{
    int on = 1, fd = accept(listener, NULL, NULL);
    struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
    if (fd < 0)
        return;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    epoll_ctl(poll, EPOLL_CTL_ADD, fd, &event);
}

int main(int argc, char **argv)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int on = 1, listener = socket(AF_INET, SOCK_STREAM, 0), poll = epoll_create1(0);
    struct epoll_event events[BATCH] = {{.events = EPOLLIN, .data.fd = listener}};
    struct rlimit limit;

    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    address.sin_port = htons((uint16_t)(argc > 1 ? atoi(argv[1]) : 0));
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(listener, (struct sockaddr *)&address, sizeof address) < 0 ||
        listen(listener, 4096) < 0 || epoll_ctl(poll, EPOLL_CTL_ADD, listener, events) < 0) {
        perror("bare_epoll");
        return 1;
    }
    for (;;) {
        int n = epoll_wait(poll, events, BATCH, -1);
        for (int i = 0; i < n; i++)
            if (events[i].data.fd == listener)
                accept_one(poll, listener);
            else
                serve(events[i].data.fd);
    }
}
