/* dial.c - see dial.h. */
#include "dial.h"

#include "loop/connect.h"
#include "loop/socket.h"

#include <errno.h>
#include <netdb.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

enum { RETRY_EVERY_MS = 100, BACKLOG_FULL_MS = 10 };

struct attempt {
    char *address, *error;
    enum dial_failure failure;
    bool failed; /* failure and error are set */
};

const char *dial_word(enum dial_failure failure)
{
    static const char *const words[] = {[DIAL_DNS] = "DNS",
                                        [DIAL_UNREACHABLE] = "UNREACHABLE",
                                        [DIAL_RESET] = "RESET",
                                        [DIAL_REFUSED] = "REFUSED",
                                        [DIAL_TIMEOUT] = "TIMEOUT"};
    return words[failure];
}

enum dial_failure dial_classify(int error)
{
    switch (error) {
    case ECONNREFUSED:
        return DIAL_REFUSED;
    case ETIMEDOUT:
        return DIAL_TIMEOUT;
    case ECONNRESET:
        return DIAL_RESET;
    default:
        return DIAL_UNREACHABLE;
    }
}

/* Keeps the failure that tells most: one address that refuses says more than one without a route.
 */
static void note_failure(struct attempt *a, const char *address, int error)
{
    enum dial_failure failure = dial_classify(error);
    if (a->failed && failure < a->failure)
        return;
    a->failed = true;
    a->failure = failure;
    snprintf(a->error, DIAL_ERROR_MAX, "%s: %s%s", address, strerror(error),
             failure == DIAL_REFUSED ? "; is a server listening there?" : "");
}

static void pause_until(uint64_t time)
{
    (void)socket_wait(NULL, 0, time);
}

/* Connects to one address. Returns the socket, or -1 with errno. */
static int connect_until(const struct sockaddr *address, socklen_t len, uint64_t deadline)
{
    int fd, error = 0;
    while ((fd = connect_begin(address, len)) < 0 && errno == EAGAIN && clock_ms() < deadline)
        pause_until(clock_ms() + BACKLOG_FULL_MS); /* Unix sockets only: their backlog is full */
    if (fd < 0) {
        errno = errno == EAGAIN ? ETIMEDOUT : errno;
        return -1;
    }
    struct pollfd ready = {.fd = fd, .events = POLLOUT};
    while (!error && socket_wait(&ready, 1, deadline) == 0)
        error = clock_ms() >= deadline ? ETIMEDOUT : 0;
    if (!error)
        error = connect_finish(fd);
    if (!error)
        return fd;
    (void)close(fd);
    errno = error;
    return -1;
}

/* Connects to one address. Returns the socket, or -1 with the failure noted. */
static int try_address(struct attempt *a, const struct sockaddr_storage *address, socklen_t len,
                       uint64_t deadline)
{
    text_address(address, len, a->address);
    int fd = connect_until((const struct sockaddr *)address, len, deadline);
    if (fd < 0)
        note_failure(a, a->address, errno);
    return fd;
}

static uint64_t after(uint64_t ms)
{
    return ms ? clock_ms() + ms : UINT64_MAX;
}

/* The time for the next of `left` addresses: an equal share of what is left until the deadline. */
static uint64_t share(uint64_t deadline, size_t left)
{
    uint64_t now = clock_ms();
    if (deadline == UINT64_MAX || deadline <= now)
        return deadline;
    return now + (deadline - now) / left;
}

static int try_names(struct attempt *a, const struct dial_to *to)
{
    struct addrinfo hints = {.ai_family = to->family, .ai_socktype = SOCK_STREAM}, *found;
    char service[8], shown[128];
    size_t left = 0;
    int fd = -1;

    snprintf(service, sizeof service, "%u", to->port);
    int result = getaddrinfo(to->host, service, &hints, &found);
    if (result != 0) {
        text_escape(to->host, shown, sizeof shown);
        snprintf(a->error, DIAL_ERROR_MAX, "%s: %s", shown, gai_strerror(result));
        a->failure = DIAL_DNS;
        a->failed = true;
        return -1;
    }
    for (const struct addrinfo *i = found; i; i = i->ai_next)
        left++;
    uint64_t deadline = after(to->connect_ms);
    for (const struct addrinfo *i = found; i && fd < 0; i = i->ai_next, left--) {
        struct sockaddr_storage address = {0};
        memcpy(&address, i->ai_addr, i->ai_addrlen);
        fd = try_address(a, &address, i->ai_addrlen, share(deadline, left));
    }
    freeaddrinfo(found);
    return fd;
}

static int try_path(struct attempt *a, const struct dial_to *to)
{
    struct sockaddr_storage address = {0};
    struct sockaddr_un un = {.sun_family = AF_UNIX};
    char shown[128];
    if (*to->unix_path == '\0' || strlen(to->unix_path) >= sizeof un.sun_path) {
        text_escape(to->unix_path, shown, sizeof shown);
        note_failure(a, shown, *to->unix_path ? ENAMETOOLONG : ENOENT);
        return -1;
    }
    memcpy(un.sun_path, to->unix_path, strlen(to->unix_path));
    memcpy(&address, &un, sizeof un);
    return try_address(a, &address, sizeof un, after(to->connect_ms));
}

int dial(const struct dial_to *to, char address[TEXT_ADDRESS_MAX], enum dial_failure *failure,
         char error[DIAL_ERROR_MAX])
{
    uint64_t give_up = clock_ms() + to->retry_ms;
    for (;;) {
        struct attempt a = {.address = address, .error = error};
        int fd = to->unix_path ? try_path(&a, to) : try_names(&a, to);
        if (fd >= 0)
            return fd;
        *failure = a.failure;
        uint64_t now = clock_ms();
        if (now >= give_up)
            return -1;
        pause_until(now + RETRY_EVERY_MS < give_up ? now + RETRY_EVERY_MS : give_up);
    }
}
