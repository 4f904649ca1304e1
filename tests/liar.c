/* liar.c - an echo server that lies, in one way that its first argument names; so that there is
 * something to find for those who check.
 *
 * usage: liar LIE [AT [upper]]    prints its port; the lie concerns the byte number AT of each
 *                                 connection, from 0 (default 5), or the line that it is in
 * A thread per client; it ends by a signal.
 */
#include "echo/line.h"

#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#ifdef __linux__
#include <sys/prctl.h>
#endif
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

enum { LINE_KEPT = 1024, LATE_MS = 1500 };

enum lie {
    HONEST,
    WRONG,
    LATIN1,
    LOST,
    NO_CR,
    NO_NUL,
    CUT_LINES,
    ADD_CR,
    EXTRA,
    TWICE,
    CARELESS,
    FRAGILE,
    SHORT,
    RESET,
    STUCK,
    DEAF,
    LATE,
    LATE_ONCE,
    WHOLE_LINES,
    BANNER,
    HALF_CLOSE,
    NEVER_CLOSES,
    ONCE
};
static const char *const names[] = {[HONEST] = "honest",
                                    [WRONG] = "wrong",
                                    [LATIN1] = "latin1",
                                    [LOST] = "lost",
                                    [NO_CR] = "no-cr",
                                    [NO_NUL] = "no-nul",
                                    [CUT_LINES] = "cut-lines",
                                    [ADD_CR] = "add-cr",
                                    [EXTRA] = "extra",
                                    [TWICE] = "twice",
                                    [CARELESS] = "careless",
                                    [FRAGILE] = "fragile",
                                    [SHORT] = "short",
                                    [RESET] = "reset",
                                    [STUCK] = "stuck",
                                    [DEAF] = "deaf",
                                    [LATE] = "late",
                                    [LATE_ONCE] = "late-once",
                                    [WHOLE_LINES] = "whole-lines",
                                    [BANNER] = "banner",
                                    [HALF_CLOSE] = "half-close",
                                    [NEVER_CLOSES] = "never-closes",
                                    [ONCE] = "once"};
enum { CARELESS_MS = 5000 };
static enum lie lie;
static uint64_t lie_at = 5;
static atomic_flag been_late = ATOMIC_FLAG_INIT;
static enum echo_mode mode = ECHO_VERBATIM;

/* One client's. */
struct client {
    int fd;
    uint64_t in;    /* bytes received */
    size_t in_line; /* of these, in the line so far */
    uint8_t line[LINE_KEPT];
    uint8_t out[4 * 65536];
    size_t out_len;
};

static void put(struct client *c, uint8_t byte)
{
    c->out[c->out_len++] = byte;
}

/* What becomes of one byte. */
static void take(struct client *c, uint8_t byte)
{
    uint64_t at = c->in++;
    uint8_t right = mode == ECHO_UPPER && byte >= 'a' && byte <= 'z' ? byte & 0xDF : byte;
    if (c->in_line < LINE_KEPT)
        c->line[c->in_line] = right;
    c->in_line++;

    if (lie == WRONG && at == lie_at)
        right ^= 1;
    if (lie == LATIN1 && byte >= 0xE0)
        right = (uint8_t)(byte - 0x20);
    bool dropped = (lie == LOST && at == lie_at) || (lie == NO_CR && byte == '\r') ||
                   (lie == NO_NUL && byte == 0) || (lie == CUT_LINES && c->in_line > LINE_KEPT);
    if (lie == ADD_CR && byte == '\n')
        put(c, '\r');
    if (!dropped)
        put(c, right);
    if (lie == EXTRA && at == lie_at)
        put(c, 'X');
    if (byte != '\n')
        return;
    if (lie == TWICE && at >= lie_at && at - lie_at < c->in_line && c->in_line <= LINE_KEPT)
        for (size_t i = 0; i < c->in_line; i++)
            put(c, c->line[i]);
    c->in_line = 0;
}

/* Sends what is to be sent; false if the client is gone. */
static bool pay(struct client *c)
{
    size_t n = c->out_len;
    c->out_len = 0;
    if (lie == CARELESS && n > 0) { /* what does not fit is forgotten; what comes then does fit */
        struct pollfd room = {.fd = c->fd, .events = POLLOUT};
        ssize_t sent = send(c->fd, c->out, n, MSG_DONTWAIT);
        return sent == (ssize_t)n || poll(&room, 1, CARELESS_MS) > 0;
    }
    for (size_t at = 0; at < n;) {
        ssize_t sent = send(c->fd, c->out + at, n - at, 0);
        if (sent <= 0 && lie == FRAGILE)
            exit(1);
        if (sent <= 0)
            return false;
        at += (size_t)sent;
    }
    return true;
}

static void wait_ms(int ms)
{
    (void)poll(NULL, 0, ms);
}

static void reset(int fd)
{
    const struct linger at_once = {.l_onoff = 1, .l_linger = 0};
    (void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}

/* Lies about when, and not about what. Returns false if the connection ends here. */
static bool dawdle(struct client *c)
{
    bool reached = c->in > lie_at;
    if (lie == SHORT && reached) {
        c->out_len -= (size_t)(c->in - lie_at);
        (void)pay(c);
        /* Nothing unread, or it would be a reset. */
        (void)shutdown(c->fd, SHUT_WR);
        while (recv(c->fd, c->out, sizeof c->out, 0) > 0)
            continue;
        return false;
    }
    if (lie == RESET && reached) {
        reset(c->fd);
        return false;
    }
    if ((lie == STUCK || lie == DEAF) && reached) {
        c->out_len -= (size_t)(c->in - lie_at);
        (void)pay(c);
        for (;;) /* "stuck" goes on reading, "deaf" does not */
            if (lie == DEAF || recv(c->fd, c->out, sizeof c->out, 0) <= 0)
                wait_ms(10);
    }
    if (lie == LATE || (lie == LATE_ONCE && !atomic_flag_test_and_set(&been_late)))
        wait_ms(LATE_MS);
    return true;
}

/* Whether the client's FIN comes soon. */
static bool fin_follows(int fd)
{
    struct pollfd ready = {.fd = fd, .events = POLLIN};
    uint8_t byte;
    return poll(&ready, 1, 50) == 1 && recv(fd, &byte, 1, MSG_PEEK) == 0;
}

static bool holds_line(const struct client *c)
{
    return lie == WHOLE_LINES && c->in_line > 0 && c->out_len < sizeof c->out / 2;
}

static void *serve(void *argument)
{
    struct client *c = argument;
    static uint8_t banner[] = "220 welcome\n";
    uint8_t in[65536];
    ssize_t n = 0;
    if (lie == BANNER)
        (void)send(c->fd, banner, sizeof banner - 1, 0);
    while ((n = recv(c->fd, in, lie == CUT_LINES || lie == WHOLE_LINES ? 4096 : sizeof in, 0)) >
           0) {
        for (ssize_t i = 0; i < n; i++)
            take(c, in[i]);
        if (!dawdle(c) || (lie == HALF_CLOSE && fin_follows(c->fd)) || (!holds_line(c) && !pay(c)))
            break;
    }
    if (n < 0 && lie == FRAGILE)
        exit(1);
    if (n == 0 && lie == WHOLE_LINES)
        (void)pay(c);
    while (n == 0 && lie == NEVER_CLOSES)
        wait_ms(10);
    (void)close(c->fd);
    free(c);
    return NULL;
}

int main(int argc, char **argv)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    (void)signal(SIGPIPE, SIG_IGN);
#ifdef __linux__
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL); /* a test that fails does not clean up */
#endif
    if (argc < 2 || bind(listener, (struct sockaddr *)&address, len) < 0 ||
        listen(listener, 128) < 0 || getsockname(listener, (struct sockaddr *)&address, &len) < 0)
        return 1;
    while (strcmp(argv[1], names[lie]) != 0)
        if (++lie == sizeof names / sizeof names[0])
            return 1;
    lie_at = argc > 2 ? strtoull(argv[2], NULL, 10) : lie_at;
    mode = argc > 3 ? ECHO_UPPER : ECHO_VERBATIM;
    printf("waiting on 127.0.0.1:%u\n", ntohs(address.sin_port));
    (void)fflush(stdout);
    for (;;) {
        pthread_t thread;
        struct client *c = calloc(1, sizeof *c);
        if (!c || (c->fd = accept(listener, NULL, NULL)) < 0 ||
            pthread_create(&thread, NULL, serve, c) != 0)
            return 1;
        (void)pthread_detach(thread);
        if (lie == ONCE) { /* the next are refused, and this one is served to its end */
            (void)close(listener);
            for (;;)
                (void)pause();
        }
    }
}
