/* echo/line.h - the line engine: turns what a client sends into what it is owed.
 *
 * A streaming transducer in the manner of zlib: the caller moves an input and an output cursor past
 * it. It holds at most five bytes back, knows no limit on the length of a line, and never looks at
 * a byte twice. It allocates nothing, does no I/O, reads no clock, sets no errno and has no
 * globals; it needs <stdbool.h>, <stddef.h> and <stdint.h> only, so it builds with -ffreestanding.
 *
 * The rules are those of docs/PROTOCOL.md; "section N" below means a section of that document.
 *
 * A breach of a contract below (a null pointer, a length that is not the buffer's) is undefined
 * behaviour, as with memcpy. No input byte is ever a breach.
 */
#ifndef ECHO_LINE_H
#define ECHO_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What is declared here is what the shared library shows; all else in it is hidden. */
#if defined __GNUC__ && !defined _WIN32
#pragma GCC visibility push(default)
#endif

/* How bytes come back (section 1). The values count up from 0 without gaps. */
enum echo_mode {
    ECHO_UPPER,    /* ASCII a-z as A-Z; the command `quit` is known */
    ECHO_VERBATIM, /* unchanged, as RFC 862 has it; no command is known */
};

/* Whether a session is over, and what ended it (section 3). */
enum echo_end {
    ECHO_OPEN = 0, /* not over */
    ECHO_EOF,      /* the client ended its input */
    ECHO_QUIT,     /* the client sent `quit` and was told good bye */
    ECHO_STOP,     /* the client sent a dot line: the server is to stop */
};

/* n bytes of input never give more than n + ECHO_LINE_SLACK bytes of output, whatever came before
 * and whichever of the calls below follow: five held bytes, and a reply five longer than they are.
 */
#define ECHO_LINE_SLACK 10

/* One session's state: a few bytes, to be kept by the caller wherever it likes and copied freely.
 * The fields are private. */
struct echo_line {
    uint8_t mode;     /* enum echo_mode */
    uint8_t dot_stop; /* bool */
    uint8_t at;       /* where in a line: see line.c */
    uint8_t end;      /* enum echo_end, once known */
    uint8_t owed;     /* bytes of its own that it has still to write: from here ... */
    uint8_t owed_end; /* ... to here in one constant text */
};

/* Where to read and where to write. Each call moves `in` and `out` forward by what it used and
 * lessens the lengths by as much. The two buffers must not overlap. With a length of 0 the pointer
 * is not looked at. Beyond the final `out`, but inside the room given, bytes may have been
 * scribbled on. */
struct echo_cursor {
    const uint8_t *in;
    size_t in_len;
    uint8_t *out;
    size_t out_len;
};

/* Starts a session; any earlier state is forgotten, and a line used before equals a fresh one.
 * dot_stop: whether a dot line stops the server (section 3). */
void echo_line_init(struct echo_line *line, enum echo_mode mode, bool dot_stop);

/* Takes input and writes what comes back. Returns
 *   ECHO_OPEN  the session goes on. If out_len is 0 there may be more to write: call again with
 *              room, even if in_len is 0. Otherwise all input has been used;
 *   another    the session is over and all its output is written. What is left of the input is not
 *              part of the session. Every later call returns the same and moves nothing.
 * With room for in_len + ECHO_LINE_SLACK bytes one call is enough. */
enum echo_end echo_line_push(struct echo_line *line, struct echo_cursor *io);

/* Nothing has come for 200 ms (section 4). To be called when all input that there is has been
 * pushed; in_len is taken for 0. Returns as echo_line_push does; calling it again changes nothing.
 */
enum echo_end echo_line_silence(struct echo_line *line, struct echo_cursor *io);

/* The client's input has ended (section 3.1). As echo_line_silence, and then the session is over:
 * returns ECHO_OPEN only while out_len is too short for what is left; call again with room. */
enum echo_end echo_line_finish(struct echo_line *line, struct echo_cursor *io);

/* Whether a silence would change anything now: bytes are held back or a dot line is open. */
bool echo_line_waits(const struct echo_line *line);

/* The mode's name as a user types it ("upper", "verbatim"), or NULL if there is no mode of that
 * number: counting from 0 until NULL names all modes. The string is constant. */
const char *echo_mode_name(unsigned mode);

/* Finds a mode by its name (a string; exact, lower case). Returns whether there is one; *mode is
 * set only then. */
bool echo_mode_find(const char *name, enum echo_mode *mode);

/* Whether the mode knows `quit`. */
bool echo_mode_has_quit(enum echo_mode mode);

/* Writes to out[0..n) what in[0..n) comes back as where no command is among it (section 1). The
 * buffers must not overlap. For those who check an echo. */
void echo_mode_map(enum echo_mode mode, uint8_t *out, const uint8_t *in, size_t n);

/* What the server answers to `quit`, without its line ending (section 3.2). */
#define ECHO_GOOD_BYE "Good bye"

#if defined __GNUC__ && !defined _WIN32
#pragma GCC visibility pop
#endif

#ifdef __cplusplus
}
#endif

#endif
