/* vectors.c - see vectors.h. */
#include "vectors.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *end_name(enum echo_end end)
{
    static const char *const ends[] = {
        [ECHO_OPEN] = "open", [ECHO_EOF] = "eof", [ECHO_QUIT] = "quit", [ECHO_STOP] = "stop"};
    return ends[end];
}

static void give_up(const char *path, int row, const char *what)
{
    fprintf(stderr, "%s:%d: %s\n", path, row, what);
    exit(1);
}

struct vector *vectors_read(const char *path, size_t *count)
{
    enum { TABLE_MAX = 64 * 1024 };
    static char table[TABLE_MAX];
    FILE *file = fopen(path, "r");
    if (!file) {
        perror(path);
        exit(1);
    }
    struct vector_reader reader = {.text = table, .len = fread(table, 1, TABLE_MAX, file)};
    if (ferror(file) || reader.len == TABLE_MAX)
        give_up(path, 0, "cannot be read, or too long");
    fclose(file);

    struct vector *all = NULL, row;
    for (*count = 0; vector_next(&reader, &row); all[(*count)++] = row) {
        all = realloc(all, (*count + 1) * sizeof *all);
        if (!all)
            give_up(path, row.row, "out of memory");
    }
    if (reader.wrong || *count == 0)
        give_up(path, reader.row, reader.wrong ? reader.wrong : "no rows");
    return all;
}
