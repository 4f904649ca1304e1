/* client.h - runs an echo client from its options. */
#ifndef ECHO_PROGRAM_CLIENT_H
#define ECHO_PROGRAM_CLIENT_H

/* Exit statuses: every echo was right; one was wrong, short, late or lost; a wrong command line or
 * a local error; no connection. */
enum { EXIT_RIGHT = 0, EXIT_WRONG = 1, EXIT_LOCAL = 2, EXIT_NO_CONNECTION = 3 };

/* The whole program. Returns its exit status. Each failure has been told in one line on standard
 * error, "echo-client: WORD: ...". */
int client_program(int argc, char **argv);

#endif
