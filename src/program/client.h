/* client.h - runs an echo client from its options. */
#ifndef ECHO_PROGRAM_CLIENT_H
#define ECHO_PROGRAM_CLIENT_H

/* The whole program. Returns its exit status: 0 every echo was right; 1 one was wrong, short, late
 * or lost; 2 a wrong command line or a local error; 3 no connection. Each failure has been told in
 * one line on standard error, "echo-client: WORD: ...". */
int client_program(int argc, char **argv);

#endif
