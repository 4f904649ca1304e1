/* client_options.h - the command line of echo-client. */
#ifndef ECHO_CLIENT_OPTIONS_H
#define ECHO_CLIENT_OPTIONS_H

#include "dial.h"
#include "options.h"

#include <stdbool.h>

enum { CLIENT_HOST_MAX = 256 };

struct client_options {
    struct dial_to dial;
    char host[CLIENT_HOST_MAX]; /* what dial.host points to */
    unsigned expect;            /* a ledger's set of modes */
    uint64_t reply_ms;
    bool reply_given; /* by the user; else a terminal has no limit */
    bool ipv4, ipv6, dot_stop, verbose, quiet;
    char *const *messages; /* NULL: standard input is sent */
    size_t message_count;
    bool help, version; /* print that and do nothing else */
};

/* Fills in options from defaults and argv. Strings are borrowed from argv. Returns false after
 * writing one line to error. o must not be moved afterwards. */
bool client_options_parse(struct client_options *o, int argc, char **argv,
                          char error[OPTIONS_ERROR_MAX]);

/* What --help prints. */
void client_options_help(char *text, size_t size);

#endif
