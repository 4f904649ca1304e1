/* listen.c - see listen.h. */
#include "listen.h"

#include "activation.h"
#include "text.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

/* By which workers listen on one port each for itself, and the kernel shares clients out among
 * them. Elsewhere SO_REUSEPORT gives all clients to one: there the workers have one socket. */
#if defined SO_REUSEPORT_LB /* FreeBSD */
enum { PORT_SHARED = SO_REUSEPORT_LB };
#elif defined __linux__
enum { PORT_SHARED = SO_REUSEPORT };
#else
enum { PORT_SHARED = 0 };
#endif

/* How often to look for a port that is free on all addresses, where any will do. */
enum { PORT_TRIES = 32 };

/* Closes fd, keeping errno for the caller to report. */
static int give_up(int fd)
{
    int error = errno;
    close(fd);
    errno = error;
    return -1;
}

/* A listening socket on the address, or -1 with errno. shared: others may listen there too. */
static int listen_at(const struct sockaddr_storage *address, socklen_t len, bool shared)
{
    const int on = 1;
    int fd = socket(address->ss_family, SOCK_STREAM, 0);
    if (fd < 0)
        return -1;
    if (address->ss_family != AF_UNIX) {
        /* REUSEADDR: a restart need not wait out TIME_WAIT. NODELAY is inherited by accepted
         * sockets; an echo is never worth delaying (RFC 896 has the delay in mind). */
        (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
        (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    }
    if (shared && PORT_SHARED != 0 && setsockopt(fd, SOL_SOCKET, PORT_SHARED, &on, sizeof on) < 0)
        return give_up(fd);
    if (address->ss_family == AF_INET6 &&
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on) < 0)
        return give_up(fd);
    if (bind(fd, (const struct sockaddr *)address, len) < 0 || listen(fd, SOMAXCONN) < 0 ||
        fcntl(fd, F_SETFL, O_NONBLOCK) < 0 || fcntl(fd, F_SETFD, FD_CLOEXEC) < 0)
        return give_up(fd);
    return fd;
}

/* Whether the copies are one descriptor. */
static bool one_for_all(const struct listeners *l)
{
    return l->unix_path || l->inherited || PORT_SHARED == 0;
}

void listen_close(struct listeners *l)
{
    for (size_t i = 0; i < l->count * (one_for_all(l) ? 1 : l->copies); i++)
        close(l->fds[i]);
    l->count = 0;
}

/* The port is at the same place in an IPv4 and in an IPv6 address. */
static void set_port(struct sockaddr_storage *address, uint16_t port)
{
    ((struct sockaddr_in *)(void *)address)->sin_port = htons(port);
}

static uint16_t port_of(const struct sockaddr_storage *address)
{
    struct sockaddr_in in;
    memcpy(&in, address, sizeof in);
    return ntohs(in.sin_port);
}

/* Whether errno says that the machine lacks the address family, or its loopback address. */
static bool family_is_missing(int error)
{
    return error == EAFNOSUPPORT || error == EADDRNOTAVAIL || error == EPROTONOSUPPORT;
}

/* Listens on one address, on *port, which is set where it was 0. Returns 0 or an errno. */
static int listen_on_address(const struct addrinfo *a, bool shared, uint16_t *port,
                             struct listeners *l, char *error)
{
    struct sockaddr_storage address = {0};
    char text[TEXT_ADDRESS_MAX];
    memcpy(&address, a->ai_addr, a->ai_addrlen);
    set_port(&address, *port);

    int fd =
        l->count < LISTEN_MAX ? listen_at(&address, a->ai_addrlen, shared) : (errno = EMFILE, -1);
    struct sockaddr_storage bound = {0};
    socklen_t len = sizeof bound;
    if (fd >= 0 && getsockname(fd, (struct sockaddr *)&bound, &len) < 0)
        fd = give_up(fd);
    if (fd < 0) {
        int reason = errno;
        text_address(&address, a->ai_addrlen, text);
        snprintf(error, LISTEN_ERROR_MAX, "cannot listen on %s: %s", text, strerror(reason));
        return reason;
    }
    l->fds[l->count++] = fd;
    *port = port_of(&bound);
    return 0;
}

/* Whether the list before a has the same address: a resolver may say it twice. */
static bool said_before(const struct addrinfo *list, const struct addrinfo *a)
{
    for (; list != a; list = list->ai_next)
        if (list->ai_addrlen == a->ai_addrlen &&
            memcmp(list->ai_addr, a->ai_addr, a->ai_addrlen) == 0)
            return true;
    return false;
}

/* Listens on all addresses that one --bind (NULL: loopback) stands for, IPv4 first. Returns 0, an
 * errno, or -1 where the name cannot be resolved. */
static int listen_on_name(const struct listen_on *on, const char *bind, uint16_t *port,
                          struct listeners *l, char *error)
{
    static const int families[] = {AF_INET, AF_INET6};
    bool wildcard = bind && strcmp(bind, "*") == 0;
    bool optional = on->family == AF_UNSPEC && (!bind || wildcard); /* one of the two will do */
    struct addrinfo hints = {.ai_family = on->family, .ai_socktype = SOCK_STREAM}, *found;
    int reason = 0, missing = 0;

    hints.ai_flags = bind ? AI_PASSIVE : 0;
    int result = getaddrinfo(wildcard ? NULL : bind, "0", &hints, &found);
    if (result != 0) {
        char shown[128];
        text_escape(bind ? bind : "loopback", shown, sizeof shown);
        snprintf(error, LISTEN_ERROR_MAX, "cannot listen on %s: %s", shown, gai_strerror(result));
        return -1;
    }
    for (size_t f = 0; f < 2; f++)
        for (const struct addrinfo *a = found; a && !reason; a = a->ai_next) {
            if (a->ai_family != families[f] || said_before(found, a))
                continue;
            reason = listen_on_address(a, on->copies > 1, port, l, error);
            if (optional && family_is_missing(reason)) {
                missing = reason;
                reason = 0;
            }
        }
    freeaddrinfo(found);
    return l->count == 0 && !reason ? missing : reason;
}

static bool listen_on_names(const struct listen_on *on, struct listeners *l, char *error)
{
    for (int tries = 0;; tries++) {
        uint16_t port = on->port;
        int reason = 0;
        for (size_t i = 0; !reason && i < (on->bind_count ? on->bind_count : 1); i++)
            reason = listen_on_name(on, on->bind_count ? on->bind[i] : NULL, &port, l, error);
        if (!reason)
            return true;
        listen_close(l);
        /* A port that was free on one address may be taken on the next: find another. */
        if (on->port != 0 || reason != EADDRINUSE || tries == PORT_TRIES)
            return false;
    }
}

/* Removes a socket file that nobody listens on, as a server that was killed leaves behind. A
 * datagram socket cannot connect to a stream socket, but is told whether there is one: so nobody
 * who does listen gets a client that is none. */
static void remove_stale(const struct sockaddr_un *un)
{
    struct stat file;
    if (lstat(un->sun_path, &file) != 0 || !S_ISSOCK(file.st_mode))
        return;
    int fd = socket(AF_UNIX, SOCK_DGRAM, 0);
    if (fd < 0)
        return;
    if (connect(fd, (const struct sockaddr *)un, sizeof *un) < 0 && errno == ECONNREFUSED)
        (void)unlink(un->sun_path);
    close(fd);
}

static bool listen_on_path(const char *path, struct listeners *l, char *error)
{
    struct sockaddr_storage address = {.ss_family = AF_UNIX};
    struct sockaddr_un un = {.sun_family = AF_UNIX};
    char shown[128];
    struct stat file;
    text_escape(path, shown, sizeof shown);
    if (strlen(path) >= sizeof un.sun_path || *path == '\0') {
        snprintf(error, LISTEN_ERROR_MAX,
                 "cannot listen on unix:%s: a path of 1 to %zu bytes is needed", shown,
                 sizeof un.sun_path - 1);
        return false;
    }
    memcpy(un.sun_path, path, strlen(path));
    memcpy(&address, &un, sizeof un);
    int fd = listen_at(&address, sizeof un, false);
    if (fd < 0 && errno == EADDRINUSE) {
        remove_stale(&un);
        fd = listen_at(&address, sizeof un, false);
    }
    if (fd < 0) {
        snprintf(error, LISTEN_ERROR_MAX, "cannot listen on unix:%s: %s", shown, strerror(errno));
        remove_stale(&un); /* ours, if bind() had made it */
        return false;
    }
    l->fds[l->count++] = fd;
    if (lstat(path, &file) == 0) {
        l->unix_path = path;
        l->device = file.st_dev;
        l->inode = file.st_ino;
    }
    return true;
}

/* Adds the copies of what was opened. */
static bool copy_listeners(const struct listen_on *on, struct listeners *l, char *error)
{
    size_t have = l->count;
    for (size_t i = have; i < have * on->copies; i++) {
        struct sockaddr_storage address = {0};
        socklen_t len = sizeof address;
        int fd = l->fds[i % have];
        if (!one_for_all(l)) {
            if (getsockname(fd, (struct sockaddr *)&address, &len) < 0 ||
                (fd = listen_at(&address, len, true)) < 0) {
                snprintf(error, LISTEN_ERROR_MAX, "cannot listen once more for another worker: %s",
                         strerror(errno));
                return false;
            }
        }
        l->fds[i] = fd;
        if (i % have == have - 1)
            l->copies++;
    }
    return true;
}

bool listen_open(const struct listen_on *on, struct listeners *l, char error[LISTEN_ERROR_MAX])
{
    *l = (struct listeners){.copies = 1};
    int passed = activation_listeners(l->fds, LISTEN_MAX, error, LISTEN_ERROR_MAX);
    if (passed < 0)
        return false;
    l->count = (size_t)passed;
    l->inherited = passed > 0;
    if (!l->inherited &&
        !(on->unix_path ? listen_on_path(on->unix_path, l, error) : listen_on_names(on, l, error)))
        return false;
    if (copy_listeners(on, l, error))
        return true;
    listen_close(l);
    return false;
}

void listen_remove(const struct listeners *l)
{
    struct stat file;
    if (l->unix_path && lstat(l->unix_path, &file) == 0 && file.st_dev == l->device &&
        file.st_ino == l->inode)
        (void)unlink(l->unix_path);
}
