/* drive.c - see drive.h. */
#include "drive.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool cut_everywhere(const void *context, size_t i)
{
    (void)context, (void)i;
    return true;
}

bool cut_by_mask(const void *context, size_t i)
{
    return *(const uint64_t *)context >> (i & 63) & 1;
}

/* Unlike assert(), there in every build. */
static void require(bool holds, const char *what)
{
    if (holds)
        return;
    fprintf(stderr, "drive: the engine broke its contract: %s\n", what);
    abort();
}

typedef enum echo_end step_fn(struct echo_line *line, struct echo_cursor *io);

/* Calls step until it has used the input and written what it owes. */
static enum echo_end complete(struct session *s, struct echo_line *line, step_fn *step,
                              const uint8_t *in, size_t n, size_t window)
{
    struct echo_cursor io = {.in = in, .in_len = n};
    for (;;) {
        size_t room = s->room - s->len < window ? s->room - s->len : window;
        size_t had = io.in_len;
        io.out = room ? s->out + s->len : NULL;
        io.out_len = room;
        enum echo_end end = step(line, &io);

        require(io.in_len <= had && io.out_len <= room, "a cursor moved backwards");
        require(n == 0 || io.in == in + (n - io.in_len), "in and in_len disagree");
        require(!room || io.out == s->out + s->len + (room - io.out_len),
                "out and out_len disagree");
        s->len += room - io.out_len;
        if (end != ECHO_OPEN)
            return end;
        if (io.out_len > 0) {
            require(io.in_len == 0, "input left although there was room");
            return end;
        }
        require(s->len < s->room, "more output than there can be");
    }
}

/* Pushes the bytes in[0..n) in one piece, copied to the end of the heap block at end - n. */
static enum echo_end push(struct session *s, struct echo_line *line, const token *in, size_t n,
                          uint8_t *end, size_t window)
{
    uint8_t *piece = end - n;
    for (size_t i = 0; i < n; i++)
        piece[i] = (uint8_t)in[i];
    return complete(s, line, echo_line_push, n ? piece : NULL, n, window);
}

void drive(struct session *s, enum echo_mode mode, bool dot_stop, const token *in, size_t n,
           cut_fn *cut, const void *context, size_t window)
{
    static const token more[] = {'x', '\n'};
    size_t block_size = n > 2 ? n : 2;
    uint8_t *block = malloc(block_size), *block_end = block + block_size;
    require(block != NULL, "out of memory");
    struct echo_line line;
    memset(&line, 0xA5, sizeof line); /* init must not rely on what was there */
    echo_line_init(&line, mode, dot_stop);
    s->len = 0;
    s->end = ECHO_OPEN;

    for (size_t i = 0; i < n && s->end == ECHO_OPEN;) {
        if (in[i] == SILENCE) {
            bool waited = echo_line_waits(&line);
            size_t before = s->len;
            s->end = complete(s, &line, echo_line_silence, NULL, 0, window);
            require(waited || (s->len == before && s->end == ECHO_OPEN),
                    "a silence not waited for");
            require(!echo_line_waits(&line), "waiting after a silence");
            i++;
            continue;
        }
        size_t from = i++;
        while (i < n && in[i] != SILENCE && !(cut && cut(context, i - 1)))
            i++;
        s->end = push(s, &line, in + from, i - from, block_end, window);
    }
    if (s->end == ECHO_OPEN)
        s->end = complete(s, &line, echo_line_finish, NULL, 0, window);

    /* After the end every call says the same and moves nothing. */
    size_t len = s->len;
    require(push(s, &line, more, 2, block_end, 8) == s->end && s->len == len, "push after the end");
    require(complete(s, &line, echo_line_finish, NULL, 0, 8) == s->end && s->len == len,
            "finish after the end");
    free(block);
}
