/* server.h - what every server loop is given, and what it tells.
 *
 * A loop owns its clients' sockets and nothing else: listening, signals, logs and the terminal are
 * its caller's, who is told of events by the hooks below.
 */
#ifndef ECHO_SERVER_H
#define ECHO_SERVER_H

#include "connection/connection.h"
#include "connection/proxy.h"

#include <netinet/in.h>
#include <sys/socket.h>

enum { SERVER_LISTENERS_MAX = 16, SERVER_WORKERS_MAX = 64 };

/* One client, as the loops and the hooks see it. */
struct client {
    struct conn conn;
    uint64_t since; /* clock_ms() at accept */
    int fd;
    unsigned index; /* below max_clients, and no other client's at the same time */
    /* Of its socket, until a proxy's header has told another.
     * Unnamed, if it is of another family (AF_UNIX), and AF_UNSPEC if there is none: what is kept
     * of a client that is idle should be little. */
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    } address;
};

/* Counted from the start of the server; bytes as they move. */
struct server_counters {
    uint64_t served; /* clients accepted and served */
    uint64_t open;   /* of these, still connected */
    uint64_t bytes_in, bytes_out;
    uint64_t refused;   /* let go for want of a process, of memory, or of a proxy's header */
    uint64_t timed_out; /* ended by the idle limit */
    uint64_t reset;     /* connections that broke */
};

/* None may be null, but those of what the server does not do: be woken, stop, fork. They must not
 * block for long: nobody is served meanwhile. */
struct server_hooks {
    /* wake_fd is readable: read it, do what it asks for, return whether the server is to stop. */
    bool (*woken)(void *context);
    /* All that serving takes is there: clients may be told to come. Returns false, with errno,
     * where that cannot be told; then the loop returns that. Not called in a process forked off. */
    bool (*ready)(void *context);
    /* The server begins to stop: it accepts nobody any more. Told once. */
    void (*stopping)(void *context);
    /* A client was accepted (and its header has come, where the rules want one), sent bytes, is
     * gone (and its socket closed; also where no header had come, for whatever reason). */
    void (*opened)(void *context, const struct client *client);
    void (*received)(void *context, const struct client *client, const uint8_t *bytes, size_t n);
    void (*closed)(void *context, const struct client *client);
    /* Clients may have to wait, because as many as can be are being served. Told once. */
    void (*waiting)(void *context);
    /* accept() failed for want of something; the loop waits a little and tries again. */
    void (*accept_failed)(void *context, int error);
    /* A process to serve the client could not be had; the client is let go. */
    void (*refused)(void *context, const struct client *client, int error);
    /* In a process that was forked off, before it serves; whether it is going to accept, too. From
     * there on it is not woken, but takes orders from its parent. */
    void (*forked)(void *context, bool accepts);
    /* A worker ended that should not have; another takes its place. */
    void (*worker_died)(void *context, long pid, int status);
};

struct server {
    const int *listeners;  /* non-blocking sockets that listen */
    size_t listener_count; /* at most SERVER_LISTENERS_MAX; for each worker */
    int wake_fd;           /* readable when the caller wants to be woken; -1: never */
    int parent_fd; /* -1, or in a process forked off: readable when it is to stop, at its end when
                      the parent is gone */
    struct conn_rules rules;
    uint64_t drain_ms;    /* how long a stop waits for clients in flight */
    int out_fd;           /* clients are sent to here; -1: to where they are received from */
    bool one_off;         /* stop after the first client */
    unsigned max_clients; /* served at once; others wait in the backlog */

    struct proxy *headers; /* one for each client; only where the rules want them */

    uint8_t *in; /* received into */
    size_t in_size;
    uint8_t *out; /* a connection's buffer: CONN_BUFFER_MIN or more */
    size_t out_size;
    /* Only server_event, of clients that do not take their reply at once: so many keep up to
     * out_size of it, all others up to small_size (CONN_BUFFER_MIN to out_size). While all large
     * blocks are taken, everybody is read from in pieces as small. */
    size_t large_blocks, small_size;

    struct server_counters *counters;
    bool finished; /* set: a dot line or one_off stops the whole server, not only this process */
    struct server_hooks hooks;
    void *context; /* given to each hook */
};

/* Each returns 0 when asked to stop (by woken(), a dot line or one_off), with all clients closed,
 * or an errno if no client can be served ever again. The listeners stay open. */

/* One client at a time, the others wait in the backlog. */
int server_iterative(struct server *s);

/* A process for each client. */
int server_fork(struct server *s);

/* All clients in one process. Memory for max_clients is taken at the start. */
int server_event(struct server *s);

/* As many processes of server_event as `workers`; of the listeners each has its own listener_count
 * in a row. */
int server_workers(struct server *s, unsigned workers);

#endif
