/* compare.h - comparing a reply with what was sent, by the rule of any mode in a set; and what may
 * have happened where it differs.
 *
 * Pure: no system call, clock, errno or allocation. It knows nothing of `quit`: that is the
 * ledger's.
 */
#ifndef ECHO_COMPARE_H
#define ECHO_COMPARE_H

#include "echo/line.h"

/* A set of modes: bit m stands for the mode number m. MODES_ALL accepts whichever of them the
 * server turns out to speak, and then holds it to that one; MODES_NONE compares nothing. */
enum { MODES_NONE = 0 };
#define MODES_ALL        (~0u)
#define MODES_ONLY(mode) (1u << (mode))

/* Leaves only modes that there are. */
unsigned modes_known(unsigned modes);

/* The only mode in the set, or -1 if there is not just one. */
int modes_single(unsigned modes);

/* How many bytes of reply[0..n) are what sent[0..n) comes back as: the most that any mode in
 * *modes, which are known ones, explains. Those that explain fewer are taken out of *modes. */
size_t compare(unsigned *modes, const uint8_t *sent, const uint8_t *reply, size_t n);

/* What may have happened where a reply goes wrong. */
enum slip {
    SLIP_UNKNOWN = 0, /* or just one byte that is another */
    SLIP_LOST,        /* bytes were left out */
    SLIP_ADDED,       /* bytes came that nobody had sent */
    SLIP_TWICE,       /* the bytes before came once more */
    SLIP_MODE,        /* the server speaks a mode that is not in the set */
};

/* Where a reply first went wrong. */
struct fault {
    uint64_t offset; /* in the reply, from 0 */
    int got;         /* the byte that came */
    int expected;    /* the byte that was owed; -1: none was */
    int or_expected; /* a second byte that would have done; -1: none */
    enum slip slip;  /* a guess */
    size_t count;    /* of bytes lost, added or come twice; with SLIP_MODE the mode */
    bool line;       /* those that came twice are a whole line */
};

/* Around a fault: what was sent, of which sent[0..at) has come back, and what came instead of the
 * rest: got[0..got_len), got_len > 0. */
struct around {
    const uint8_t *sent;
    size_t at, sent_len;
    const uint8_t *got;
    size_t got_len;
};

/* Fills in fault. The guess becomes better with more bytes around it; a few hundred are enough. */
void fault_find(struct fault *fault, unsigned modes, uint64_t offset, const struct around *a);

#endif
