/* check.h - the client's conformance mode: is that a right echo server, by docs/PROTOCOL.md? */
#ifndef ECHO_CHECK_H
#define ECHO_CHECK_H

#include "client_options.h"

/* Runs all cases, each on a connection of its own (fd, which it closes, is only the proof that
 * there is a server at address), and prints TAP version 14, or JSON. Returns the exit status. */
int check(const struct client_options *o, int fd, const char *address);

#endif
