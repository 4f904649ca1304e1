/* main.c - the published vectors through the line engine, on the processor itself: each whole and
 * byte by byte. Prints a line of TAP for each; exits with 0 if all came back as they should.
 */
#include "machine.h"
#include "program/vectors.h"

#include <string.h>

static const char sessions[] = {
#include "sessions.h"
    '\0'};

/* Whether the session comes back as the vector says, with `most` bytes of input at a time. */
static bool comes_back(const struct vector *v, size_t most)
{
    static uint8_t in[VECTOR_BYTES_MAX], out[VECTOR_BYTES_MAX + ECHO_LINE_SLACK];
    struct echo_cursor io = {.out = out, .out_len = sizeof out};
    struct echo_line line;
    enum echo_end end = ECHO_OPEN;

    echo_line_init(&line, v->mode, v->dot_stop);
    for (size_t i = 0; i < v->in_len && end == ECHO_OPEN;) {
        if (v->in[i] == SILENCE) {
            end = echo_line_silence(&line, &io);
            i++;
            continue;
        }
        io.in = in;
        for (io.in_len = 0; io.in_len < most && i < v->in_len && v->in[i] != SILENCE; i++)
            in[io.in_len++] = (uint8_t)v->in[i];
        end = echo_line_push(&line, &io);
    }
    if (end == ECHO_OPEN)
        end = echo_line_finish(&line, &io);
    size_t n = sizeof out - io.out_len;
    return end == v->end && n == v->out_len && memcmp(out, v->out, n) == 0;
}

static bool report(const struct vector *v, size_t most, const char *how)
{
    bool well = comes_back(v, most);
    machine_print(well ? "ok - " : "not ok - ");
    machine_print(v->name);
    machine_print(how);
    return well;
}

int main(void)
{
    struct vector_reader reader = {.text = sessions, .len = sizeof sessions - 1};
    static struct vector v;
    bool well = true;
    while (vector_next(&reader, &v)) {
        well &= report(&v, SIZE_MAX, ", whole\n");
        well &= report(&v, 1, ", byte by byte\n");
    }
    if (reader.wrong)
        machine_print(reader.wrong);
    return well && !reader.wrong ? 0 : 1;
}
