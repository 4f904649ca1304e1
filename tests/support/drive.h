/* drive.h - runs a whole session through the line engine, cut up in any way.
 *
 * Each piece of input is copied to the very end of a heap block, so that a sanitizer or Valgrind
 * sees a read beyond it.
 */
#ifndef TESTS_DRIVE_H
#define TESTS_DRIVE_H

#include "program/vectors.h"

struct session {
    uint8_t *out; /* what came back */
    size_t room;  /* how much fits there; more is a failure */
    size_t len;   /* how much came back */
    enum echo_end end;
};

/* How to cut: after token i if cut(context, i). NULL never cuts. A silence always stands alone. */
typedef bool cut_fn(const void *context, size_t i);

/* Whether to cut after each token / after token i where bit i of the uint64_t at context is set. */
bool cut_everywhere(const void *context, size_t i);
bool cut_by_mask(const void *context, size_t i);

/* Pushes in[0..n), cut as told, with at most `window` bytes of room a call, then ends the input.
 * Checks at each call what the contract promises of the cursors; aborts with a message if not. */
void drive(struct session *s, enum echo_mode mode, bool dot_stop, const token *in, size_t n,
           cut_fn *cut, const void *context, size_t window);

#endif
