/* model.h - what a whole session gives back, worked out the naive way.
 *
 * Written from docs/PROTOCOL.md with the whole input at hand, line by line, for being obviously
 * right; it shares nothing with the engine but the names of modes and ends.
 */
#ifndef TESTS_MODEL_H
#define TESTS_MODEL_H

#include "drive.h"

/* Fills s->out (room for n + ECHO_LINE_SLACK bytes), s->len and s->end. */
void model(struct session *s, enum echo_mode mode, bool dot_stop, const token *in, size_t n);

#endif
