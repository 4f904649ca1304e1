/* ledger.h - a client's account of what it has sent and what has come back for it.
 *
 * Pure: no system call, clock, errno or allocation. Input goes in, is sent from here, and stays
 * until its echo has come and been compared, byte for byte, with what a server of an expected mode
 * owes (docs/PROTOCOL.md). Memory is the caller's and fixed: when all of it waits for echoes, there
 * is no room for more input, and so never more in flight than fits.
 *
 * One thing a client cannot know is how long the server heard nothing (section 4 of PROTOCOL.md),
 * so it takes either answer to a line `quit`: good bye, or the line come back as an ordinary one.
 * And where a `quit` was sent on its own and the rest of its line later, good bye is right, too.
 *
 * A breach of a contract below aborts in builds with assertions. No reply is a breach.
 */
#ifndef ECHO_LEDGER_H
#define ECHO_LEDGER_H

#include "compare.h"

/* To be kept by the caller. Private, but for `fault`. */
struct ledger {
    uint8_t *buffer;
    size_t size;
    size_t back, sent, end; /* back <= sent <= end: up to there echoed, sent, put */
    uint64_t sent_total, back_total;
    uint64_t quit_cut; /* where in all that was sent the last `quit` ends that was cut off there */
    unsigned modes;    /* those that explain the reply so far */
    uint8_t last;      /* the last byte echoed: an LF means that a line starts */
    uint8_t good_bye;  /* bytes of the reply to quit that have come */
    bool crlf;         /* it may end in CR LF */
    bool parted;       /* it is complete */

    struct fault fault; /* set where ledger_reply found one */
};

/* Starts an account. modes is a set as in compare.h. buffer[0..size), size > 0, is borrowed. */
void ledger_init(struct ledger *l, unsigned modes, uint8_t *buffer, size_t size);

/* How many bytes of input may be put at *at now; 0: no room until more has come back. *at is valid
 * until the next call that is not const. */
size_t ledger_room(struct ledger *l, uint8_t **at);

/* n bytes were put where ledger_room said; n is at most what it said. */
void ledger_put(struct ledger *l, size_t n);

/* How many bytes are to be sent, from *bytes on; valid as above. */
size_t ledger_unsent(const struct ledger *l, const uint8_t **bytes);

/* The first n of them were sent. */
void ledger_sent(struct ledger *l, size_t n);

/* reply[0..n) came back. Returns how many of these bytes are right: n, or fewer if byte number so
 * many is wrong; `fault` then tells, and the account is closed: no further call but the const ones.
 */
size_t ledger_reply(struct ledger *l, const uint8_t *reply, size_t n);

/* How many bytes were sent and have not come back: what the server owes. 0 after good bye, and
 * always where nothing is compared. */
uint64_t ledger_owed(const struct ledger *l);

/* The modes that explain what has come so far: a set; MODES_NONE where nothing is compared. */
unsigned ledger_modes(const struct ledger *l);

/* Whether the server has said good bye: it owes nothing more, whatever else was sent. */
bool ledger_parted(const struct ledger *l);

/* After good bye: how many bytes were put after the line that it answers. They were not part of the
 * session, and will not come back. */
size_t ledger_left_over(const struct ledger *l);

/* Bytes sent, and bytes that came back and were right (or not compared). */
uint64_t ledger_sent_total(const struct ledger *l);
uint64_t ledger_back_total(const struct ledger *l);

#endif
