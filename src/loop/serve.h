/* serve.h - what every model does with one client's socket; they differ in who waits for what.
 */
#ifndef ECHO_SERVE_H
#define ECHO_SERVE_H

#include "server.h"

enum serve_accepted {
    SERVE_ACCEPTED,
    SERVE_NOBODY, /* the client has gone again, or another process has it */
    SERVE_LATER,  /* something is lacking (told by accept_failed): pause before the next try */
    SERVE_NEVER,  /* this listener will not accept again; errno says why */
};

/* How long to pause after SERVE_LATER: the listener stays ready, and would make the loop spin. */
enum { SERVE_PAUSE_MS = 100 };

/* All is there: tells it, once for all processes. Returns 0 or an errno. */
int serve_tell_ready(struct server *s);

/* Accepts a client: its fd and address. */
enum serve_accepted serve_accept(struct server *s, int listener, struct client *client);

/* Starts an accepted client; buffer as for conn_init. */
void serve_start(struct server *s, struct client *client, uint8_t *buffer, size_t size,
                 uint64_t now);

/* What to wait for: POLLIN on its socket, or POLLOUT on what serve_out_fd() returns. */
short serve_events(const struct client *client);
int serve_out_fd(const struct server *s, const struct client *client);

/* Its socket is ready: receives once if the connection reads now, and sends what is owed as far as
 * it goes without waiting. */
void serve_ready(struct server *s, struct client *client, uint64_t now);

/* Its deadline has passed. */
void serve_expired(struct server *s, struct client *client, uint64_t now);

/* It is over: closes the socket. Returns whether the server is to stop because of it. */
bool serve_end(struct server *s, struct client *client);

/* What came to the wake descriptor and from the parent, as poll() tells it; 0 for nothing. */
enum serve_order {
    SERVE_ON,
    SERVE_STOP,  /* gracefully */
    SERVE_LEAVE, /* at once: whoever started this process is gone */
};
enum serve_order serve_woken(struct server *s, short wake, short parent);

#endif
