/* verdict.h - what went wrong, in a word and in a sentence. */
#ifndef ECHO_VERDICT_H
#define ECHO_VERDICT_H

#include "loop/load.h"

enum { VERDICT_MAX = 512 };

/* "SHORT", "MISMATCH", "TIMEOUT" or "RESET"; NULL for an end that is no failure of the server. */
const char *verdict_word(enum exchange_end end);

/* "the server closed with 3 of 6 bytes back", or of a mismatch "offset 4: got 'P' (0x50), expected
 * 'O' (0x4f)" and a guess at what happened: for an end that has a word. error is as exchange_run()
 * set it, reply_ms the limit that was set; fault is looked at with a mismatch only. */
void verdict_text(enum exchange_end end, int error, uint64_t sent, uint64_t back, uint64_t reply_ms,
                  const struct fault *fault, char text[VERDICT_MAX]);

/* Likewise of a load's connection to address. Returns the word, which may also be one of dial.h. */
const char *verdict_load(const struct load_failure *failure, const char *address, uint64_t reply_ms,
                         char text[VERDICT_MAX]);

#endif
