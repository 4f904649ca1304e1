/* server.h - runs an echo server from its options. */
#ifndef ECHO_PROGRAM_SERVER_H
#define ECHO_PROGRAM_SERVER_H

/* The whole program. Returns its exit status: 0 after a clean stop, 1 if it could not serve, 2 for
 * a wrong command line; each failure has been told in one line on standard error. */
int server_program(int argc, char **argv);

#endif
