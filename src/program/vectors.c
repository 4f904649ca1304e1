/* vectors.c - see vectors.h. */
#include "vectors.h"

#include <string.h>

enum { FIELDS = 6, FIELD_MAX = 1024 };

static int hex_digit(char c)
{
    static const char digits[] = "0123456789abcdef";
    const char *at = c ? strchr(digits, c) : NULL;
    return at ? (int)(at - digits) : -1;
}

/* One escape or plain character of a string; moves *at on. -1 if it is none. \e is left to the
 * caller. */
static int next_token(const char **at)
{
    static const char letters[] = "nrt\\s", bytes[] = "\n\r\t\\";
    char c = *(*at)++;
    if (c != '\\')
        return c >= ' ' && c <= '~' ? c : -1;
    c = *(*at)++;
    const char *letter = c ? strchr(letters, c) : NULL;
    if (letter)
        return *letter == 's' ? SILENCE : bytes[letter - letters];
    if (c != 'x' || hex_digit((*at)[0]) < 0 || hex_digit((*at)[1]) < 0)
        return -1;
    *at += 2;
    return hex_digit((*at)[-2]) * 16 + hex_digit((*at)[-1]);
}

size_t vector_decode(const char *field, token out[VECTOR_BYTES_MAX])
{
    size_t n = 0;
    if (strcmp(field, "\\e") == 0)
        return 0;
    while (*field) {
        int t = next_token(&field);
        if (t < 0 || n == VECTOR_BYTES_MAX)
            return SIZE_MAX;
        out[n++] = (token)t;
    }
    return n ? n : SIZE_MAX;
}

/* Copies the fields of line[0..len), each with a final 0. Returns how many there are. */
static size_t split(const char *line, size_t len, char field[FIELDS][FIELD_MAX])
{
    size_t n = 0;
    for (const char *at = line, *end = line + len; n <= FIELDS; n++) {
        const char *tab = memchr(at, '\t', (size_t)(end - at));
        size_t size = (size_t)((tab ? tab : end) - at);
        if (n == FIELDS || size >= FIELD_MAX)
            return FIELDS + 1;
        memcpy(field[n], at, size);
        field[n][size] = '\0';
        if (!tab)
            return n + 1;
        at = tab + 1;
    }
    return n;
}

/* Returns NULL or what is wrong. */
static const char *read_row(struct vector *v, const char *line, size_t len)
{
    static const char *const ends[] = {
        [ECHO_EOF] = "eof", [ECHO_QUIT] = "quit", [ECHO_STOP] = "stop"};
    static char field[FIELDS][FIELD_MAX];
    token out[VECTOR_BYTES_MAX];

    if (split(line, len, field) != FIELDS)
        return "not six fields, or one too long";
    if (strlen(field[0]) >= sizeof v->name)
        return "name too long";
    memcpy(v->name, field[0], strlen(field[0]) + 1);
    if (!echo_mode_find(field[1], &v->mode))
        return "no such mode";
    v->dot_stop = strcmp(field[2], "dot") == 0;
    if (!v->dot_stop && strcmp(field[2], "-") != 0)
        return "the third field is dot or -";
    v->in_len = vector_decode(field[3], v->in);
    v->out_len = vector_decode(field[4], out);
    if (v->in_len == SIZE_MAX || v->out_len == SIZE_MAX)
        return "a field is not well formed or too long";
    for (size_t i = 0; i < v->out_len; i++) {
        if (out[i] == SILENCE)
            return "a silence in the output";
        v->out[i] = (uint8_t)out[i];
    }
    for (v->end = ECHO_EOF; v->end <= ECHO_STOP; v->end++)
        if (strcmp(field[5], ends[v->end]) == 0)
            return NULL;
    return "the last field is eof, quit or stop";
}

bool vector_next(struct vector_reader *r, struct vector *v)
{
    while (r->len > 0 && !r->wrong) {
        const char *line = r->text, *lf = memchr(line, '\n', r->len);
        size_t len = lf ? (size_t)(lf - line) : r->len;
        r->row++;
        if (!lf)
            r->wrong = "the last line has no end";
        else if (len > 0 && line[0] != '#')
            r->wrong = read_row(v, line, len);
        r->text += len + 1;
        r->len -= lf ? len + 1 : len;
        v->row = r->row;
        if (len > 0 && line[0] != '#')
            return !r->wrong;
    }
    return false;
}
