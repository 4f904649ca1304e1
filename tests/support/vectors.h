/* vectors.h - reads tests/vectors/sessions.tsv. */
#ifndef TESTS_VECTORS_H
#define TESTS_VECTORS_H

#include "program/vectors.h"

/* Reads all rows; *count is set. Exits with a message if the file cannot be read, a row is not as
 * the file's head says, or there is no row. The result is the caller's to free. */
struct vector *vectors_read(const char *path, size_t *count);

/* "eof", "quit", "stop" as in the file; "open" for a session that is not over. */
const char *end_name(enum echo_end end);

#endif
