/* server_options.h - the command line of echo-server. */
#ifndef ECHO_SERVER_OPTIONS_H
#define ECHO_SERVER_OPTIONS_H

#include "connection/connection.h"
#include "listen.h"
#include "log.h"
#include "options.h"
#include "sandbox.h"

enum server_model { MODEL_ITERATIVE, MODEL_FORK, MODEL_EVENT };

enum { SERVER_CLIENTS_MAX = 1000 * 1000 };

struct server_options {
    enum server_model model;
    struct listen_on listen;
    struct conn_rules rules;
    uint64_t drain_ms;
    unsigned max_clients, workers;
    bool inetd; /* serve standard input and output, listen nowhere */
    bool ipv4, ipv6, one_off, show;
    enum sandbox_mode sandbox;
    enum log_format log_format;
    bool verbose, quiet;
    bool help, version; /* print that and do nothing else */
};

/* Fills in options from defaults, argv and the environment (ECHO_PORT ECHO_BIND ECHO_MODE
 * ECHO_MODEL). Strings are borrowed from argv and the environment. Returns false after writing one
 * line to error. */
bool server_options_parse(struct server_options *o, int argc, char **argv,
                          char error[OPTIONS_ERROR_MAX]);

/* The table of options (options.h). */
extern const struct option_row server_option_rows[];

/* What --help prints. */
void server_options_help(char *text, size_t size);

#endif
