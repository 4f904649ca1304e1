/* judge.h - how much of a reply is right, worked out with everything at hand. */
#ifndef TESTS_JUDGE_H
#define TESTS_JUDGE_H

#include <stddef.h>
#include <stdint.h>

/* How many bytes of reply[0..n) a server could have sent, that speaks one of the modes in the set
 * (as ledger_init takes it) and was sent sent[0..sent_len), all of it, in pieces of `step` bytes.
 * Knows upper and verbatim. */
size_t judge(unsigned modes, const uint8_t *sent, size_t sent_len, size_t step,
             const uint8_t *reply, size_t n);

#endif
