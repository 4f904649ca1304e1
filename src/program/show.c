/* show.c - see show.h. */
#include "show.h"

#include "output.h"
#include "text.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

void show_start(struct show *s)
{
    s->total = s->bytes = 0;
    s->kept = 0;
}

/* A reader that is stuck must not stop the server: it is waited for once, and then not until it has
 * taken something again. */
static void write_out(const char *line, size_t n)
{
    enum { PATIENCE_MS = 1000 };
    static bool stuck;
    static uint64_t lost;
    char note[64];
    int note_len = snprintf(note, sizeof note, "(%" PRIu64 " lines not shown)\n", lost);
    bool shown = (lost == 0 || output_try(STDOUT_FILENO, note, (size_t)note_len, 0)) &&
                 output_try(STDOUT_FILENO, line, n, stuck ? 0 : PATIENCE_MS);
    stuck = !shown;
    lost = shown ? 0 : lost + 1;
}

/* "127.0.0.1:50312 6 bytes (6 total): hello". lf: the line had an ending. */
static void print_line(struct show *s, const char *address, bool lf)
{
    char line[TEXT_ADDRESS_MAX + 80 + SHOW_MAX * TEXT_ESCAPE_MAX + 8];
    uint64_t content = s->bytes - lf;
    if (lf && content > 0 && content == s->kept && s->content[s->kept - 1] == '\r')
        content--;

    size_t shown = content < SHOW_MAX ? (size_t)content : SHOW_MAX;
    int n = snprintf(line, 256, "%s %" PRIu64 " bytes (%" PRIu64 " total): ", address, s->bytes,
                     s->total);
    char *at = line + n;
    for (size_t i = 0; i < shown; i++)
        at += text_escape_byte(s->content[i], at);
    if (content > shown) {
        memcpy(at, "...", 3);
        at += 3;
    }
    *at++ = '\n';
    write_out(line, (size_t)(at - line));
    s->bytes = 0;
    s->kept = 0;
}

void show_bytes(struct show *s, const char *address, const uint8_t *bytes, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        s->total++;
        s->bytes++;
        if (bytes[i] == '\n')
            print_line(s, address, true);
        else if (s->kept < sizeof s->content)
            s->content[s->kept++] = bytes[i];
    }
}

void show_end(struct show *s, const char *address)
{
    if (s->bytes > 0)
        print_line(s, address, false);
}
