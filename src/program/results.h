/* results.h - printing what a ping or a load came to, as text for people or as JSON
 * (docs/results.schema.json). All of it goes to standard output; failures to standard error, too.
 */
#ifndef ECHO_RESULTS_H
#define ECHO_RESULTS_H

#include "loop/load.h"

#include <stdbool.h>

enum { RESULTS_WORDS_MAX = 6 };

/* How often each word was said. */
struct words {
    const char *word[RESULTS_WORDS_MAX];
    uint64_t count[RESULTS_WORDS_MAX];
};

/* Counts a word, one of the client's. */
void words_count(struct words *words, const char *word);

/* The end of a ping's or load's output: counts, rates where it is a load, times. */
void results_print(const struct load *load, const struct words *words, const char *address,
                   bool is_load);

/* A JSON document: its head (kind: "ping", "load" or "check"), then events or cases one by one,
 * each after json_next(); then the members that come after the list, and its end. */
void json_begin(const char *kind, const char *address, const char *list);
void json_next(void);
void json_results(const struct load *load, const struct words *words, bool right, bool is_load);

/* "upper", or null where that is not known. */
void json_mode(unsigned spoken);

#endif
