/* activation.c - see activation.h. */
#include "activation.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { FIRST_FD = 3 }; /* SD_LISTEN_FDS_START */

/* The decimal number in a variable of the environment, or -1. */
static long variable_number(const char *name)
{
    const char *text = getenv(name);
    char *end;
    long number = text && *text >= '0' && *text <= '9' ? strtol(text, &end, 10) : -1;
    return number >= 0 && *end == '\0' ? number : -1;
}

/* Whether fd is a stream socket that listens, made ready for a server loop. */
static bool adopt(int fd)
{
    const int on = 1;
    int listens = 0, type = 0;
    socklen_t len = sizeof listens, type_len = sizeof type;
    if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &len) < 0 || !listens ||
        getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &type_len) < 0 || type != SOCK_STREAM)
        return false;
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on); /* not on a Unix socket */
    return fcntl(fd, F_SETFL, O_NONBLOCK) == 0 && fcntl(fd, F_SETFD, FD_CLOEXEC) == 0;
}

int activation_listeners(int *fds, size_t most, char *error, size_t size)
{
    long count = variable_number("LISTEN_FDS");
    bool ours = variable_number("LISTEN_PID") == (long)getpid();
    (void)unsetenv("LISTEN_FDS");
    (void)unsetenv("LISTEN_PID");
    (void)unsetenv("LISTEN_FDNAMES");
    if (!ours || count <= 0)
        return 0;
    if ((unsigned long)count > most) {
        snprintf(error, size, "LISTEN_FDS: %ld sockets are too many; pass at most %zu", count,
                 most);
        return -1;
    }
    for (int i = 0; i < (int)count; i++) {
        fds[i] = FIRST_FD + i;
        if (!adopt(fds[i])) {
            snprintf(error, size,
                     "LISTEN_FDS: descriptor %d is not a stream socket that listens; check the "
                     "socket unit (Accept=no)",
                     fds[i]);
            return -1;
        }
    }
    return (int)count;
}

static int manager = -1;

void activation_open(void)
{
    const char *path = getenv("NOTIFY_SOCKET");
    struct sockaddr_un un = {.sun_family = AF_UNIX};
    if (!path || (*path != '/' && *path != '@') || strlen(path) >= sizeof un.sun_path)
        return;
    size_t n = strlen(path);
    memcpy(un.sun_path, path, n);
    if (*path == '@') /* a name in the abstract space, unix(7) */
        un.sun_path[0] = '\0';
    manager = socket(AF_UNIX, SOCK_DGRAM, 0);
    if (manager < 0)
        return;
    socklen_t len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n);
    if (fcntl(manager, F_SETFD, FD_CLOEXEC) < 0 ||
        connect(manager, (const struct sockaddr *)&un, len) < 0) {
        activation_close();
    }
}

void activation_close(void)
{
    if (manager >= 0)
        (void)close(manager);
    manager = -1;
}

void activation_notify(const char *state)
{
    if (manager >= 0)
        (void)send(manager, state, strlen(state), MSG_DONTWAIT);
}

bool activation_journal(void)
{
    const char *stream = getenv("JOURNAL_STREAM");
    struct stat status;
    char here[64];
    if (!stream || fstat(STDERR_FILENO, &status) < 0)
        return false;
    snprintf(here, sizeof here, "%llu:%llu", (unsigned long long)status.st_dev,
             (unsigned long long)status.st_ino);
    return strcmp(stream, here) == 0;
}
