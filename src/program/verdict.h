/* verdict.h - what went wrong, in a word and in a sentence. */
#ifndef ECHO_VERDICT_H
#define ECHO_VERDICT_H

#include "connection/compare.h"
#include "loop/exchange.h"

enum { VERDICT_MAX = 512 };

/* "SHORT", "MISMATCH", "TIMEOUT" or "RESET"; NULL for an end that is no failure of the server. */
const char *verdict_word(enum exchange_end end);

/* "the server closed with 3 of 6 bytes back": for an end that has a word, but not a mismatch. error
 * is as exchange_run() set it, reply_ms the limit that was set. */
void verdict_text(enum exchange_end end, int error, uint64_t sent, uint64_t back, uint64_t reply_ms,
                  char text[VERDICT_MAX]);

/* "offset 4: got 'P' (0x50), expected 'O' (0x4f)", and a guess at what happened. */
void verdict_fault(const struct fault *fault, char text[VERDICT_MAX]);

#endif
