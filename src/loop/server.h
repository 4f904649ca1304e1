/* server.h - what every server loop is given, and what it tells.
 *
 * A loop owns its clients' sockets and nothing else: listening, signals, logs and the terminal are
 * its caller's, who is told of events by the hooks below. Memory is the caller's too.
 */
#ifndef ECHO_SERVER_H
#define ECHO_SERVER_H

#include "connection/connection.h"

#include <sys/socket.h>

enum { SERVER_LISTENERS_MAX = 16 };

/* One client, as the hooks see it. */
struct client {
    struct conn conn;
    uint64_t since; /* clock_ms() at accept */
    struct sockaddr_storage address;
    socklen_t address_len;
};

/* Counted from the start of the server; bytes as they move. */
struct server_counters {
    uint64_t served; /* clients accepted */
    uint64_t open;   /* of these, still connected */
    uint64_t bytes_in, bytes_out;
    uint64_t timed_out; /* ended by the idle limit */
    uint64_t reset;     /* connections that broke */
};

/* None may be null. They must not block for long: nobody is served meanwhile. */
struct server_hooks {
    /* wake_fd is readable: read it, do what it asks for, return whether the server is to stop. */
    bool (*woken)(void *context);
    /* A client was accepted, sent bytes, is gone (and its socket closed). */
    void (*opened)(void *context, const struct client *client);
    void (*received)(void *context, const struct client *client, const uint8_t *bytes, size_t n);
    void (*closed)(void *context, const struct client *client);
    /* A client waits because another is being served. Told once. */
    void (*waiting)(void *context);
    /* accept() failed for want of something; the loop waits a little and tries again. */
    void (*accept_failed)(void *context, int error);
};

struct server {
    const int *listeners;  /* non-blocking sockets that listen */
    size_t listener_count; /* at most SERVER_LISTENERS_MAX */
    int wake_fd;           /* readable when the caller wants to be woken; -1: never */
    struct conn_rules rules;
    bool one_off; /* stop after the first client */

    uint8_t *in; /* received into */
    size_t in_size;
    uint8_t *out; /* the connection's buffer: CONN_BUFFER_MIN or more */
    size_t out_size;

    struct server_counters counters;
    struct server_hooks hooks;
    void *context; /* given to each hook */
};

/* Serves one client at a time, the others wait in the backlog. Returns 0 when asked to stop (by
 * woken(), a dot line or one_off), with all clients closed, or an errno if no client can be
 * accepted ever again. The listeners stay open. */
int server_iterative(struct server *s);

#endif
