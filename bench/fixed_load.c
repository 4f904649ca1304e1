/* fixed_load.c - a load of one request and its one reply, byte for byte, again and again.
 *
 * usage: fixed_load PORT CONNECTIONS DEPTH SECONDS REQUEST REPLY
 *
 * It loads servers that speak other protocols than echo (memcached's mn, redis' ECHO), and is the
 * other generator that echo-client's figures are checked with, which is why it shares no code with
 * it. Prints JSON; right is false as soon as a reply differs or a connection ends.
 */
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

enum { CONNECTIONS_MAX = 20000, BATCH = 256, SIZE = 256 * 1024 };

static struct {
    int fd;
    size_t at; /* the place in the reply of what comes next */
} connections[CONNECTIONS_MAX];

static char requests[SIZE], in[SIZE];
static const char *reply;
static size_t request_len, reply_len;

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* A few bytes always fit an empty socket. */
static int ask(int fd, size_t count)
{
    size_t len = count * request_len;
    return send(fd, requests, len, MSG_NOSIGNAL) == (ssize_t)len;
}

/* Returns how many replies are whole, or -1. */
static long take(size_t i)
{
    ssize_t n = recv(connections[i].fd, in, sizeof in, 0);
    long whole = 0;
    for (ssize_t k = 0; k < n; k++) {
        if (in[k] != reply[connections[i].at])
            return -1;
        if (++connections[i].at == reply_len) {
            connections[i].at = 0;
            whole++;
        }
    }
    return n > 0 ? whole : -1;
}

static int open_all(int poll, int port, int count)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)port),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int on = 1;
    for (int i = 0; i < count; i++) {
        struct epoll_event event = {.events = EPOLLIN, .data.u32 = (unsigned)i};
        connections[i].fd = socket(AF_INET, SOCK_STREAM, 0);
        if (connect(connections[i].fd, (struct sockaddr *)&address, sizeof address) < 0 ||
            epoll_ctl(poll, EPOLL_CTL_ADD, connections[i].fd, &event) < 0)
            return 0;
        setsockopt(connections[i].fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    }
    return 1;
}

int main(int argc, char **argv)
{
    struct epoll_event events[BATCH];
    struct rlimit limit;
    int poll = epoll_create1(0);
    if (argc != 7)
        return 2;
    int port = atoi(argv[1]), count = atoi(argv[2]);
    size_t depth = (size_t)atoi(argv[3]);
    request_len = strlen(argv[5]);
    reply = argv[6];
    reply_len = strlen(reply);
    for (size_t i = 0; i < depth; i++)
        memcpy(requests + i * request_len, argv[5], request_len);
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    if (count > CONNECTIONS_MAX || depth * request_len > SIZE || !open_all(poll, port, count)) {
        perror("fixed_load");
        return 1;
    }
    long replies = 0;
    int right = 1;
    double start = now(), end = start + atof(argv[4]), time = start;
    for (int i = 0; i < count; i++)
        right &= ask(connections[i].fd, depth);
    for (; right && time < end; time = now()) {
        int n = epoll_wait(poll, events, BATCH, 1000);
        right &= n > 0;
        for (int i = 0; i < n && right; i++) {
            long whole = take(events[i].data.u32);
            right &=
                whole == 0 || (whole > 0 && ask(connections[events[i].data.u32].fd, (size_t)whole));
            replies += whole;
        }
    }
    printf("{\"right\":%s,\"received\":%ld,\"seconds\":%.6f}\n", right ? "true" : "false", replies,
           time - start);
    return !right;
}
