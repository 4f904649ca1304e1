/* fault.c - makes system calls fail as the environment asks; linked in front of the real ones.
 *
 *     ECHO_FAULT=CALL:WHAT:FIRST:COUNT[,...]
 *
 * The calls of that name from the FIRST (counted from 1, over a process and all that fork off from
 * it) to as many as COUNT (0: all later ones) have that fault:
 *
 *     an errno   (EINTR, EMFILE, ...) returns -1 with it; the call is not made, but for close(),
 *                which always closes, and a connect() that is interrupted, which goes on
 *     short      moves a single byte
 *     zero       returns 0 without doing anything
 *
 * write() fails only on standard output and standard error: nothing is known that can make it fail
 * for the signals' own pipe. "fault: CALL" on standard error proves that the fault was reached
 * (once for each). For the names of the wrappers see ld(1), --wrap; this needs no cooperation of
 * the code under test.
 */
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <sys/types.h>
#include <unistd.h>

enum { SHORT = -1, ZERO = -2 };

static const struct {
    const char *name;
    int value; /* an errno, or one of the above */
} faults[] = {
    {"short", SHORT},
    {"zero", ZERO},
    {"EACCES", EACCES},
    {"EADDRINUSE", EADDRINUSE},
    {"EADDRNOTAVAIL", EADDRNOTAVAIL},
    {"EAFNOSUPPORT", EAFNOSUPPORT},
    {"EAGAIN", EAGAIN},
    {"EBADF", EBADF},
    {"ECONNABORTED", ECONNABORTED},
    {"ECONNREFUSED", ECONNREFUSED},
    {"ECONNRESET", ECONNRESET},
    {"EINTR", EINTR},
    {"EINVAL", EINVAL},
    {"EIO", EIO},
    {"EMFILE", EMFILE},
    {"ENETUNREACH", ENETUNREACH},
    {"ENFILE", ENFILE},
    {"ENOBUFS", ENOBUFS},
    {"ENOMEM", ENOMEM},
    {"ENOSPC", ENOSPC},
    {"ENOTCONN", ENOTCONN},
    {"ENOTSOCK", ENOTSOCK},
    {"EPERM", EPERM},
    {"EPIPE", EPIPE},
    {"EPROTO", EPROTO},
    {"ETIMEDOUT", ETIMEDOUT},
};

struct plan {
    char call[24];
    int what;
    unsigned first, count;
    _Atomic unsigned seen;
};

ssize_t __real_write(int fd, const void *bytes, size_t n);

static void refuse(const char *text)
{
    fprintf(stderr, "fault: '%s' is not CALL:WHAT:FIRST:COUNT\n", text);
    abort();
}

/* Reads one plan. Returns the text after it. */
static const char *read_plan(struct plan *p, const char *text)
{
    char what[24];
    int length = 0;
    if (sscanf(text, "%23[a-z0-9_]:%23[A-Za-z]:%u:%u%n", p->call, what, &p->first, &p->count,
               &length) != 4)
        refuse(text);
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++)
        if (strcmp(what, faults[i].name) == 0)
            p->what = faults[i].value;
    if (!p->what)
        refuse(text);
    return text + length;
}

static void tell_reached(const char *call)
{
    char line[48];
    int n = snprintf(line, sizeof line, "fault: %s\n", call);
    if (__real_write(STDERR_FILENO, line, (size_t)n) != n)
        abort();
}

/* What is to go wrong with this call: an errno, SHORT, ZERO, or 0 for nothing. */
static int due(const char *call)
{
    enum { MOST = 8 };
    static struct plan *plans;
    static size_t count;
    const char *text = plans ? NULL : getenv("ECHO_FAULT");
    if (!plans)
        plans = mmap(NULL, MOST * sizeof *plans, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
                     -1, 0);
    if (plans == MAP_FAILED)
        abort();
    while (text && *text && count < MOST) {
        text = read_plan(&plans[count++], text);
        text += *text == ',';
    }
    int what = 0;
    for (struct plan *p = plans; p < plans + count; p++) {
        unsigned seen = strcmp(p->call, call) == 0 ? ++p->seen : 0;
        if (seen < p->first || (p->count > 0 && seen - p->first >= p->count))
            continue;
        what = p->what;
        if (seen == p->first)
            tell_reached(call);
    }
    return what;
}

/* Whether the call fails outright; *result is what it returns then. */
static bool fails(int fault, int *result)
{
    if (fault == 0 || fault == SHORT)
        return false;
    if (fault != ZERO)
        errno = fault;
    *result = fault == ZERO ? 0 : -1;
    return true;
}

/* Defines the wrapper of a call that either fails or is made as it is. */
#define WRAP(name, parameters, arguments)                                     \
    int __real_##name parameters;                                             \
    int __wrap_##name parameters;                                             \
    int __wrap_##name parameters                                              \
    {                                                                         \
        int result;                                                           \
        return fails(due(#name), &result) ? result : __real_##name arguments; \
    }

WRAP(epoll_create1, (int flags), (flags))
WRAP(timerfd_create, (int clock, int flags), (clock, flags))
WRAP(accept, (int fd, struct sockaddr *a, socklen_t *len), (fd, a, len))
WRAP(bind, (int fd, const struct sockaddr *a, socklen_t len), (fd, a, len))
WRAP(fstat, (int fd, struct stat *s), (fd, s))
WRAP(getpeername, (int fd, struct sockaddr *a, socklen_t *len), (fd, a, len))
WRAP(getsockname, (int fd, struct sockaddr *a, socklen_t *len), (fd, a, len))
WRAP(getsockopt, (int fd, int level, int name, void *value, socklen_t *len),
     (fd, level, name, value, len))
WRAP(listen, (int fd, int backlog), (fd, backlog))
WRAP(lstat, (const char *path, struct stat *s), (path, s))
WRAP(pipe, (int ends[2]), (ends))
WRAP(poll, (struct pollfd * fds, nfds_t n, int timeout), (fds, n, timeout))
WRAP(setsockopt, (int fd, int level, int name, const void *value, socklen_t len),
     (fd, level, name, value, len))
WRAP(shutdown, (int fd, int how), (fd, how))
WRAP(sigaction, (int n, const struct sigaction *new, struct sigaction *old), (n, new, old))
WRAP(socket, (int family, int type, int protocol), (family, type, protocol))
WRAP(epoll_ctl, (int e, int what, int fd, struct epoll_event *event), (e, what, fd, event))
WRAP(epoll_wait, (int e, struct epoll_event *events, int n, int timeout), (e, events, n, timeout))
WRAP(fork, (void), ())
WRAP(unlink, (const char *path), (path))

/* The same for a call that moves n bytes. */
#define WRAP_MOVE(name, parameters, n, fallible, arguments) \
    ssize_t __real_##name parameters;                       \
    ssize_t __wrap_##name parameters;                       \
    ssize_t __wrap_##name parameters                        \
    {                                                       \
        int fault = (fallible) ? due(#name) : 0, result;    \
        if (fails(fault, &result))                          \
            return result;                                  \
        n = fault == SHORT && n > 1 ? 1 : n;                \
        return __real_##name arguments;                     \
    }

WRAP_MOVE(read, (int fd, void *at, size_t n), n, true, (fd, at, n))
WRAP_MOVE(write, (int fd, const void *at, size_t n), n, fd <= STDERR_FILENO, (fd, at, n))
WRAP_MOVE(recv, (int fd, void *at, size_t n, int flags), n, true, (fd, at, n, flags))
WRAP_MOVE(send, (int fd, const void *at, size_t n, int flags), n, true, (fd, at, n, flags))

int __real_close(int fd);
int __wrap_close(int fd);
int __wrap_close(int fd)
{
    int fault = due("close"), result = __real_close(fd);
    (void)fails(fault, &result);
    return result;
}

int __real_connect(int fd, const struct sockaddr *a, socklen_t len);
int __wrap_connect(int fd, const struct sockaddr *a, socklen_t len);
int __wrap_connect(int fd, const struct sockaddr *a, socklen_t len)
{
    int fault = due("connect"), result = 0;
    if (fault == EINTR)
        (void)__real_connect(fd, a, len);
    return fails(fault, &result) ? result : __real_connect(fd, a, len);
}

int __real_fcntl(int fd, int command, ...);
int __wrap_fcntl(int fd, int command, ...);
int __wrap_fcntl(int fd, int command, ...)
{
    int result;
    va_list arguments;
    va_start(arguments, command);
    int argument = va_arg(arguments, int); /* all of ours take one */
    va_end(arguments);
    return fails(due("fcntl"), &result) ? result : __real_fcntl(fd, command, argument);
}

int __real_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...)
{
    int result;
    return fails(due("open"), &result) ? result : __real_open(path, flags);
}

int __real_getaddrinfo(const char *host, const char *service, const struct addrinfo *hints,
                       struct addrinfo **found);
int __wrap_getaddrinfo(const char *host, const char *service, const struct addrinfo *hints,
                       struct addrinfo **found);
int __wrap_getaddrinfo(const char *host, const char *service, const struct addrinfo *hints,
                       struct addrinfo **found)
{
    return due("getaddrinfo") ? EAI_MEMORY : __real_getaddrinfo(host, service, hints, found);
}

/* Where the compiler checks sizes (_FORTIFY_SOURCE), these are what is called instead. */
ssize_t __wrap___read_chk(int fd, void *at, size_t n, size_t size);
ssize_t __wrap___read_chk(int fd, void *at, size_t n, size_t size)
{
    return n <= size ? __wrap_read(fd, at, n) : (abort(), -1);
}

ssize_t __wrap___recv_chk(int fd, void *at, size_t n, size_t size, int flags);
ssize_t __wrap___recv_chk(int fd, void *at, size_t n, size_t size, int flags)
{
    return n <= size ? __wrap_recv(fd, at, n, flags) : (abort(), -1);
}

int __wrap___poll_chk(struct pollfd *fds, nfds_t n, int timeout, size_t size);
int __wrap___poll_chk(struct pollfd *fds, nfds_t n, int timeout, size_t size)
{
    return n <= size / sizeof *fds ? __wrap_poll(fds, n, timeout) : (abort(), -1);
}
