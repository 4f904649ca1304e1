/* net.h - sockets for tests, on loopback, with a deadline on every wait. */
#ifndef TESTS_NET_H
#define TESTS_NET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sys/socket.h>

#ifndef MSG_NOSIGNAL /* macOS has an option of the socket instead */
#define MSG_NOSIGNAL 0
#endif

/* A socket that programs which are started do not get, and that raises no SIGPIPE. */
int net_socket(int family, int type);

/* A connection to 127.0.0.1; receive_buffer > 0 makes its window that small. */
int net_connect(uint16_t port, int receive_buffer);

/* Whether somebody listens there. */
bool net_can_connect(uint16_t port);

/* A listener on a free port of 127.0.0.1. */
int net_listen(int backlog, uint16_t *port);

/* Accepts, waiting for somebody to come. */
int net_accept(int listener);

void net_send(int fd, const void *bytes, size_t n);
void net_send_fin(int fd);

/* Receives exactly n bytes; fails if the peer closes before. */
void net_receive(int fd, void *bytes, size_t n);

/* Receives to the peer's FIN, at most `room` bytes. Returns how many came; *reset tells whether the
 * connection broke instead (NULL: that is a failure). */
size_t net_receive_all(int fd, void *bytes, size_t room, bool *reset);

/* Sends in[0..n) and the FIN, and receives the reply meanwhile, in pieces of at most `step` bytes
 * each way. Returns how many bytes came. */
size_t net_exchange(int fd, const uint8_t *in, size_t n, uint8_t *out, size_t room, size_t step);

/* Closes so that the peer sees a reset. */
void net_reset(int fd);

#endif
