/* proxy_vectors.h - reads tests/vectors/proxy.tsv, which says what its fields are. */
#ifndef TESTS_PROXY_VECTORS_H
#define TESTS_PROXY_VECTORS_H

#include "connection/proxy.h"
#include "program/vectors.h"

#include <stdio.h>

struct proxy_vector {
    int row; /* line number in the table, for messages */
    char name[64];
    uint8_t in[VECTOR_BYTES_MAX + PROXY_MAX];
    size_t in_len, written_len; /* all, and without the zeroes of `rest` */
    enum proxy_state outcome;
    size_t at; /* DONE: the header's length; WRONG: the offset */
    struct proxy_client client;
};

/* Reads the next row; v->row is 0 before the first. Returns false at the end. Exits with a message
 * if a row is not as the file's head says. */
bool proxy_vector_next(FILE *table, struct proxy_vector *v);

#endif
