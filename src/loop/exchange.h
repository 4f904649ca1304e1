/* exchange.h - the client's loop: sends input, receives and checks the echo, writes it out; all at
 * once, so that it cannot block itself however much there is.
 *
 * Every decision about bytes is the ledger's. Memory is the caller's.
 */
#ifndef ECHO_EXCHANGE_H
#define ECHO_EXCHANGE_H

#include "connection/ledger.h"

enum exchange_end {
    EXCHANGE_OPEN = 0, /* not over; never returned */
    EXCHANGE_RIGHT,    /* every echo was right, or the server said good bye */
    EXCHANGE_LEFT,     /* the server closed in between: nothing owed, but input was still open */
    EXCHANGE_SHORT,    /* the server closed with something still owed or unsent */
    EXCHANGE_MISMATCH, /* a wrong byte: see the ledger's fault */
    EXCHANGE_TIMEOUT,  /* nothing came for reply_ms although something was expected, or total_ms is
                          over */
    EXCHANGE_RESET,    /* the connection broke; the error says how */
    EXCHANGE_INPUT_FAILED,  /* reading the input failed; likewise */
    EXCHANGE_OUTPUT_FAILED, /* writing the output failed; likewise */
};

/* What exchange.fill returns where it gives no bytes now: */
#define EXCHANGE_SILENCE (SIZE_MAX)     /* first nothing is to be sent for silence_ms */
#define EXCHANGE_AWAIT   (SIZE_MAX - 1) /* first all that was sent is to come back */

struct exchange {
    int socket; /* connected; its caller's to close */
    struct ledger *ledger;

    /* Where input comes from: what fill puts to at[0..room), room > 0, and returns the length of, 0
     * for the end; or if fill is NULL the descriptor `input` until its end. */
    size_t (*fill)(void *context, uint8_t *at, size_t room);
    int input;
    bool dot_stop;    /* input ends with the first line that begins with '.' */
    bool interactive; /* a person types it: may end in EXCHANGE_LEFT, else EXCHANGE_SHORT */
    uint64_t silence_ms;
    size_t send_step; /* so much is sent at a time, at most; 0: all that can be */
    bool late;        /* nothing is received until all is sent, or sending is stuck */

    /* Where what comes back goes, byte for byte: to take, or if that is NULL the descriptor
     * `output`, at most output_step at a time (what cannot block once it is ready). */
    void (*take)(void *context, const uint8_t *bytes, size_t n);
    int output;
    size_t output_step;
    bool output_shown; /* to a terminal: only what has been checked, or else made harmless */

    /* The longest silence of a server that owes something; 0: no limit. It also holds for the close
     * that is owed after our FIN or a good bye, and where the sending side broke for what may still
     * come; that ends in EXCHANGE_RESET, and not in a timeout. */
    uint64_t reply_ms;
    uint64_t total_ms; /* the longest that all may take; 0: no limit */

    uint8_t *reply; /* received into */
    size_t reply_size;

    /* Called when everything sent has come back and input is awaited; may be NULL. */
    void (*prompt)(void *context);
    /* Called now and then once it takes more than a second; may be NULL. */
    void (*progress)(void *context, const struct ledger *ledger, uint64_t elapsed_ms);
    void *context;
};

/* Goes on until it is over; what has come is written out first. *error is set to an errno where the
 * result says so. */
enum exchange_end exchange_run(const struct exchange *x, int *error);

#endif
