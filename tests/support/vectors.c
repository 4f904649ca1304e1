/* vectors.c - see vectors.h. */
#include "vectors.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const ends[] = {
    [ECHO_OPEN] = "open", [ECHO_EOF] = "eof", [ECHO_QUIT] = "quit", [ECHO_STOP] = "stop"};

const char *end_name(enum echo_end end)
{
    return ends[end];
}

static void give_up(const char *path, int row, const char *what)
{
    fprintf(stderr, "%s:%d: %s\n", path, row, what);
    exit(1);
}

/* One escape or plain character of a field; moves *at on. -1 if it is none. \e is left to the
 * caller. */
static int next_token(const char **at)
{
    unsigned hex;
    int used = 0;
    char c = *(*at)++;
    if (c != '\\')
        return c >= ' ' && c <= '~' ? c : -1;
    switch (c = *(*at)++) {
    case 'n':
        return '\n';
    case 'r':
        return '\r';
    case 't':
        return '\t';
    case '\\':
        return '\\';
    case 's':
        return SILENCE;
    case 'x':
        if (sscanf(*at, "%2x%n", &hex, &used) != 1 || used != 2)
            return -1;
        *at += 2;
        return (int)hex;
    default:
        return -1;
    }
}

/* Decodes a field; returns its length in tokens, or SIZE_MAX if it is not well formed or too long.
 */
static size_t decode(const char *field, token *out, size_t room)
{
    size_t n = 0;
    if (strcmp(field, "\\e") == 0)
        return 0;
    while (*field) {
        int t = next_token(&field);
        if (t < 0 || n == room)
            return SIZE_MAX;
        out[n++] = (token)t;
    }
    return n ? n : SIZE_MAX;
}

static void read_row(struct vector *v, const char *path, char *line)
{
    char *field[6];
    size_t n = 0;
    for (char *at = line; at && n < 6; n++) {
        field[n] = at;
        at = strchr(at, '\t');
        if (at)
            *at++ = '\0';
        if (at && n == 5)
            give_up(path, v->row, "more than six fields");
    }
    if (n != 6)
        give_up(path, v->row, "fewer than six fields");

    if (strlen(field[0]) >= sizeof v->name)
        give_up(path, v->row, "name too long");
    strcpy(v->name, field[0]);
    if (!echo_mode_find(field[1], &v->mode))
        give_up(path, v->row, "no such mode");
    v->dot_stop = strcmp(field[2], "dot") == 0;
    if (!v->dot_stop && strcmp(field[2], "-") != 0)
        give_up(path, v->row, "the third field is dot or -");
    v->in_len = decode(field[3], v->in, sizeof v->in / sizeof v->in[0]);
    token out[sizeof v->out];
    v->out_len = decode(field[4], out, sizeof v->out);
    if (v->in_len == SIZE_MAX || v->out_len == SIZE_MAX)
        give_up(path, v->row, "a field is not well formed or too long");
    for (size_t i = 0; i < v->out_len; i++) {
        if (out[i] == SILENCE)
            give_up(path, v->row, "a silence in the output");
        v->out[i] = (uint8_t)out[i];
    }
    for (v->end = ECHO_EOF; v->end <= ECHO_STOP; v->end++)
        if (strcmp(field[5], ends[v->end]) == 0)
            return;
    give_up(path, v->row, "the last field is eof, quit or stop");
}

struct vector *vectors_read(const char *path, size_t *count)
{
    FILE *file = fopen(path, "r");
    if (!file) {
        perror(path);
        exit(1);
    }
    struct vector *all = NULL;
    char line[2048];
    *count = 0;
    for (int row = 1; fgets(line, sizeof line, file); row++) {
        if (!strchr(line, '\n'))
            give_up(path, row, "line too long or unfinished");
        line[strcspn(line, "\n")] = '\0';
        if (line[0] == '#' || line[0] == '\0')
            continue;
        all = realloc(all, (*count + 1) * sizeof *all);
        if (!all)
            give_up(path, row, "out of memory");
        all[*count].row = row;
        read_row(&all[(*count)++], path, line);
    }
    if (ferror(file) || *count == 0)
        give_up(path, 0, "no rows");
    fclose(file);
    return all;
}
