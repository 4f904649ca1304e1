/* iterative.h - one client from beginning to end, for the models in which a process has one. */
#ifndef ECHO_ITERATIVE_H
#define ECHO_ITERATIVE_H

#include "server.h"

/* Serves an accepted client until it is gone. *stopping: whether the server is stopping already;
 * set when it is to stop. While it is served, clients that wait at the listeners are told of,
 * unless *told_waiting. */
void iterative_serve(struct server *s, struct client *client, bool *stopping, bool *told_waiting);

#endif
