/* client_options.h - the command line of echo-client. */
#ifndef ECHO_CLIENT_OPTIONS_H
#define ECHO_CLIENT_OPTIONS_H

#include "dial.h"
#include "options.h"

#include <stdbool.h>

enum { CLIENT_HOST_MAX = 256 };

enum client_job {
    JOB_CONVERSE, /* messages or standard input */
    JOB_PING,     /* lines of its own, one by one */
    JOB_LOAD,     /* as many as go */
    JOB_CHECK,    /* conformance */
};

struct client_options {
    enum client_job job;
    struct dial_to dial;
    char host[CLIENT_HOST_MAX]; /* what dial.host points to */
    unsigned expect;            /* a ledger's set of modes */
    uint64_t reply_ms;
    bool reply_given; /* by the user; else a terminal has no limit */
    bool ipv4, ipv6, dot_stop, verbose, quiet;

    bool ping, load, check; /* some option asks for that job */
    bool json;
    unsigned count;                    /* of a ping's lines; 0: until it is stopped */
    uint64_t interval_ms;              /* of a ping; 0: as soon as the line before is back */
    unsigned size;                     /* of a line; 0: not given */
    unsigned parallel, pipeline, rate; /* rate 0: none */
    unsigned reconnect;                /* 0: never */
    uint64_t duration_ms;

    char *const *messages; /* NULL: standard input is sent */
    size_t message_count;
    bool help, version; /* print that and do nothing else */
};

/* Fills in options from defaults and argv. Strings are borrowed from argv. Returns false after
 * writing one line to error. o must not be moved afterwards. */
bool client_options_parse(struct client_options *o, int argc, char **argv,
                          char error[OPTIONS_ERROR_MAX]);

/* The table of options (options.h). */
extern const struct option_row client_option_rows[];

/* What --help prints. */
void client_options_help(char *text, size_t size);

#endif
