/* measure.h - the client's ping and load modes. */
#ifndef ECHO_MEASURE_H
#define ECHO_MEASURE_H

#include "client_options.h"

/* Runs the mode that o->job says against the server on the connected socket fd, which it closes;
 * address is how to call it. Returns the exit status. */
int measure(const struct client_options *o, int fd, const char *address);

#endif
