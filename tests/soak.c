/* soak.c - a crowd that comes and goes at random, for a while, against a server that is already
 * there: clients that talk, flood, stall, send one byte at a time, half-close, say quit, reset.
 * Every byte that comes back is compared.
 *
 * usage: soak PORT SECONDS CLIENTS SEED      the server speaks upper, on 127.0.0.1
 *
 * Prints what it did; exits with 1 at the first wrong byte, missing byte, refused client or client
 * that nothing happens to for 20 s.
 */
#include "support/process.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum { CHUNK = 16384, STUCK_MS = 20000, LINE = 61 };

enum manner { TALKS, FLOODS, STALLS, DRIPS, RESETS, QUITS, MANNERS };
static const char *const names[] = {"talk", "flood", "stall", "drip", "reset", "quit"};

struct peer {
    int fd; /* -1: not there */
    enum manner manner;
    uint64_t text;       /* where in the endless text it begins */
    size_t total;        /* how much of that it sends */
    size_t sent, back;   /* so far */
    bool fin;            /* sent */
    int64_t since, wake; /* last time something moved; when a staller goes on */
    uint32_t events;
};

static struct peer *peers;
static int crowd, poller;
static unsigned long ended[MANNERS];
static uint64_t bytes;
static unsigned short state[3];

static uint64_t draw(uint64_t below)
{
    return (uint64_t)nrand48(state) % below;
}

/* Byte number at of an endless text of lines, none of which is a command. */
static char text_byte(uint64_t at)
{
    return at % LINE == LINE - 1 ? '\n' : (char)('a' + (at + at / LINE * 7) % 26);
}

static char upper(char c)
{
    return c >= 'a' && c <= 'z' ? (char)(c - 32) : c;
}

static void give_up(const struct peer *p, const char *what)
{
    fprintf(stderr, "soak: a client that was to %s: %s, after %zu of %zu bytes sent, %zu back\n",
            names[p->manner], what, p->sent, p->total, p->back);
    exit(1);
}

static void watch(struct peer *p, uint32_t events)
{
    struct epoll_event e = {.events = events, .data.ptr = p};
    if (events != p->events && epoll_ctl(poller, EPOLL_CTL_MOD, p->fd, &e) < 0)
        give_up(p, strerror(errno));
    p->events = events;
}

static void come(struct peer *p, uint16_t port, int64_t now)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    *p = (struct peer){.manner = (enum manner)draw(MANNERS), .since = now};
    static const size_t most[] = {[TALKS] = 2000, [FLOODS] = 1 << 20, [STALLS] = 200000,
                                  [DRIPS] = 200,  [RESETS] = 100000,  [QUITS] = 2000};
    p->text = draw(1000) * LINE;
    p->total = 1 + draw(most[p->manner]);
    if (p->manner == QUITS)
        p->total += LINE - p->total % LINE; /* whole lines before */
    p->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    struct epoll_event e = {.events = EPOLLOUT, .data.ptr = p};
    p->events = e.events;
    if (p->fd < 0 ||
        (connect(p->fd, (struct sockaddr *)&address, sizeof address) < 0 && errno != EINPROGRESS) ||
        epoll_ctl(poller, EPOLL_CTL_ADD, p->fd, &e) < 0)
        give_up(p, strerror(errno));
}

static void leave(struct peer *p)
{
    const struct linger now = {.l_onoff = 1};
    if (p->manner == RESETS)
        setsockopt(p->fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    close(p->fd);
    p->fd = -1;
    ended[p->manner]++;
}

static void send_some(struct peer *p, int64_t now)
{
    char chunk[CHUNK];
    size_t n = p->total - p->sent < CHUNK ? p->total - p->sent : CHUNK;
    if (p->manner == DRIPS)
        n = 1;
    for (size_t i = 0; i < n; i++)
        chunk[i] = text_byte(p->text + p->sent + i);
    ssize_t sent = n > 0 ? send(p->fd, chunk, n, MSG_NOSIGNAL) : 0;
    if (sent < 0 && errno != EAGAIN)
        give_up(p, strerror(errno));
    p->sent += sent > 0 ? (size_t)sent : 0;
    p->since = sent > 0 ? now : p->since;
    if (p->sent < p->total || p->fin)
        return;
    if (p->manner == QUITS && send(p->fd, "quit\r\n", 6, MSG_NOSIGNAL) != 6)
        give_up(p, "no room for six bytes");
    if (p->manner != QUITS && shutdown(p->fd, SHUT_WR) < 0)
        give_up(p, strerror(errno));
    p->fin = true;
}

/* Returns whether the client is gone. */
static bool receive(struct peer *p, int64_t now)
{
    static const char bye[] = "Good bye\r\n";
    size_t owed = p->total + (p->manner == QUITS ? sizeof bye - 1 : 0);
    char chunk[CHUNK];
    ssize_t n = recv(p->fd, chunk, sizeof chunk, 0);
    if (n < 0 && errno == EAGAIN)
        return false;
    if (n < 0)
        give_up(p, strerror(errno));
    if (n == 0 && p->back != owed)
        give_up(p, "the server closed too early");
    for (ssize_t i = 0; i < n; i++, p->back++) {
        char expected = p->back < p->total ? upper(text_byte(p->text + p->back))
                        : p->back < owed   ? bye[p->back - p->total]
                                           : '\0';
        if (chunk[i] != expected)
            give_up(p, "a wrong byte came back");
    }
    bytes += (uint64_t)n;
    p->since = now;
    bool enough = p->manner == RESETS && p->back > p->total / 2;
    if (n == 0 || enough)
        leave(p);
    return n == 0 || enough;
}

static void serve(struct peer *p, uint32_t ready, int64_t now)
{
    if (ready & EPOLLERR)
        give_up(p, "the connection broke");
    if (ready & (EPOLLIN | EPOLLHUP) && receive(p, now))
        return;
    if (ready & EPOLLOUT && !p->fin)
        send_some(p, now);
    bool stalls = p->manner == STALLS && !p->wake && p->sent > p->total / 2;
    if (stalls)
        p->wake = now + 300 + (int64_t)draw(1000); /* neither reads nor writes until then */
    watch(p, stalls ? 0 : EPOLLIN | (p->fin ? 0u : EPOLLOUT));
}

/* Those that stalled go on, and nobody may be forgotten. */
static void look_after(int64_t now)
{
    for (struct peer *p = peers; p < peers + crowd; p++) {
        if (p->fd < 0)
            continue;
        if (p->events == 0 && now >= p->wake) {
            p->since = now;
            watch(p, EPOLLIN | (p->fin ? 0u : EPOLLOUT));
        } else if (now - p->since > STUCK_MS) {
            give_up(p, "nothing happened for 20 s");
        }
    }
}

int main(int argc, char **argv)
{
    if (argc != 5) {
        fprintf(stderr, "usage: soak PORT SECONDS CLIENTS SEED\n");
        return 2;
    }
    uint16_t port = (uint16_t)atoi(argv[1]);
    int64_t end = now_ms() + 1000 * (int64_t)atoi(argv[2]), looked = 0;
    crowd = atoi(argv[3]);
    unsigned long seed = strtoul(argv[4], NULL, 10);
    memcpy(state, &seed, sizeof state);
    struct rlimit limit = {(rlim_t)crowd + 64, (rlim_t)crowd + 64};
    peers = calloc((size_t)crowd, sizeof *peers);
    poller = epoll_create1(EPOLL_CLOEXEC);
    if (!peers || poller < 0 || setrlimit(RLIMIT_NOFILE, &limit) < 0) {
        perror("soak");
        return 1;
    }
    for (int i = 0; i < crowd; i++)
        peers[i].fd = -1;

    for (int there = 1; there > 0;) {
        int64_t now = now_ms();
        there = 0;
        for (int i = 0, coming = 0; i < crowd; i++) {
            if (peers[i].fd < 0 && now < end && coming++ < 100)
                come(&peers[i], port, now);
            there += peers[i].fd >= 0;
        }
        struct epoll_event ready[256];
        int n = epoll_wait(poller, ready, 256, 50);
        now = now_ms();
        for (int i = 0; i < n; i++)
            serve(ready[i].data.ptr, ready[i].events, now);
        if (now - looked >= 100) {
            look_after(now);
            looked = now;
        }
    }
    printf("soak:");
    for (int m = 0; m < MANNERS; m++)
        printf(" %lu %s%s", ended[m], names[m], m + 1 < MANNERS ? "," : "");
    printf("; %.1f MB came back, every byte right\n", (double)bytes / 1e6);
    return 0;
}
