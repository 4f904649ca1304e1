/* listen.h - opening the sockets that a server listens on. */
#ifndef ECHO_LISTEN_H
#define ECHO_LISTEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum { LISTEN_MAX = 16, LISTEN_COPIES_MAX = 64, LISTEN_ERROR_MAX = 512 };

struct listen_on {
    const char *bind[LISTEN_MAX]; /* addresses or names, "*" for every interface; none: loopback */
    size_t bind_count;
    int family;      /* AF_INET, AF_INET6 or AF_UNSPEC for both */
    uint16_t port;   /* 0: any free one, the same for all addresses */
    unsigned copies; /* so many sockets for each address: the kernel spreads clients over them */
    const char *unix_path; /* if not NULL, a Unix socket there instead of all of the above */
};

struct listeners {
    /* Non-blocking, close-on-exec, with TCP_NODELAY for those accepted; fds[copy * count + i].
     * Copies of a Unix socket are the same descriptor. */
    int fds[LISTEN_MAX * LISTEN_COPIES_MAX];
    size_t count; /* of each copy */
    unsigned copies;
    bool inherited;        /* from whoever started this process */
    const char *unix_path; /* to be removed on closing, or NULL */
    dev_t device;          /* which file was made there */
    ino_t inode;
};

/* Opens them all, or takes those that a service manager passed on (LISTEN_FDS, sd_listen_fds(3)).
 * On false none is open, and error holds one line that names the address and the reason. A family
 * that this machine does not have is left out unless it was asked for by name. A file at unix_path
 * is replaced only if it is a socket that nobody listens on. */
bool listen_open(const struct listen_on *on, struct listeners *l, char error[LISTEN_ERROR_MAX]);

/* Closes them; nobody listens any more unless another process has them too. Again: no effect. */
void listen_close(struct listeners *l);

/* Removes the Unix socket if it is still the one that listen_open made. */
void listen_remove(const struct listeners *l);

#endif
