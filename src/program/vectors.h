/* vectors.h - reads the table of tests/vectors/sessions.tsv, which says what its fields are. Pure.
 */
#ifndef ECHO_VECTORS_H
#define ECHO_VECTORS_H

#include "echo/line.h"

/* A token of input: a byte, or a silence of 200 ms. */
typedef uint16_t token;
enum { SILENCE = 0x100 };

enum { VECTOR_BYTES_MAX = 256 };

struct vector {
    int row; /* line number in the table, for messages */
    char name[64];
    enum echo_mode mode;
    bool dot_stop;
    token in[VECTOR_BYTES_MAX];
    size_t in_len;
    uint8_t out[VECTOR_BYTES_MAX];
    size_t out_len;
    enum echo_end end;
};

/* Where reading is: to be set to {text, length} at the start. */
struct vector_reader {
    const char *text;
    size_t len;
    int row;
    const char *wrong; /* NULL, or what is wrong with that row: there is no more to read */
};

/* Reads the next row. Returns false at the end of the table or at a row that is wrong. */
bool vector_next(struct vector_reader *r, struct vector *v);

/* Decodes a field of bytes, as it is written in all tables under tests/vectors. Returns its length
 * in tokens, or SIZE_MAX if it is not well formed or too long. */
size_t vector_decode(const char *field, token out[VECTOR_BYTES_MAX]);

#endif
