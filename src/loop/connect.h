/* connect.h - connecting a stream socket without waiting, and knowing how that went. */
#ifndef ECHO_CONNECT_H
#define ECHO_CONNECT_H

#include <sys/socket.h>

/* A new socket that is connecting, or connected: it does not block, has TCP_NODELAY, and when it is
 * ready for writing connect_finish() tells. Returns -1 with errno on failure; EAGAIN: a Unix
 * socket's backlog is full for now. */
int connect_begin(const struct sockaddr *address, socklen_t len);

/* How connecting went: 0 or an errno. To be called once it is over. */
int connect_finish(int fd);

#endif
