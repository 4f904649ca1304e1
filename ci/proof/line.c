/* proof/line.c - what Frama-C proves of the line engine: for input of any length, cut in any way,
 * no read or write outside of what the caller gave, no overflow, no undefined behaviour at all; and
 * that each call moves the cursors forward within their bounds, and writes nothing but the line's
 * state, the cursor and the room for output.
 *
 * Here are the contracts in ACSL, on prototypes; the loops' invariants stand in the shipped file,
 * which is included as a microcontroller gets it, without a libc. Not proved: echo_mode_find, whose
 * strings need no streaming; that loops end; and what the bytes are, which is the tests' to
 * compare. See ci/prove.sh.
 */
#include "echo/line.h"

/*@ predicate is_line(struct echo_line *l) =
      \valid(l) && l->mode <= 1 && l->at <= 7 && l->owed <= l->owed_end <= 24;

    predicate is_io(struct echo_cursor *io) =
      \valid(io) && \valid_read(io->in + (0 .. io->in_len - 1)) &&
      \valid(io->out + (0 .. io->out_len - 1)) &&
      \separated(io, io->out + (0 .. io->out_len - 1)) &&
      \separated(io->in + (0 .. io->in_len - 1), io->out + (0 .. io->out_len - 1));

    predicate apart(struct echo_line *l, struct echo_cursor *io) =
      \separated(l, io) && \separated(l, io->out + (0 .. io->out_len - 1));

    predicate moved{A, B}(struct echo_cursor *io) =
      \at(io->in_len, B) <= \at(io->in_len, A) && \at(io->out_len, B) <= \at(io->out_len, A) &&
      \at(io->in, B) == \at(io->in, A) + (\at(io->in_len, A) - \at(io->in_len, B)) &&
      \at(io->out, B) == \at(io->out, A) + (\at(io->out_len, A) - \at(io->out_len, B));
*/

/*@ requires \valid_read(p + (0 .. n - 1));
    assigns \nothing;
    ensures \result <= n;
*/
static size_t find(const uint8_t *p, uint8_t c, size_t n);

/*@ assigns \nothing; */
static inline uint8_t upper(uint8_t c);

/*@ requires \valid(out + (0 .. n - 1)) && \valid_read(in + (0 .. n - 1));
    requires \separated(in + (0 .. n - 1), out + (0 .. n - 1));
    assigns out[0 .. n - 1];
*/
static inline void upper_all(uint8_t *restrict out, const uint8_t *restrict in, size_t n);

/*@ requires \valid(out + (0 .. n - 1)) && \valid_read(in + (0 .. n - 1));
    requires \separated(in + (0 .. n - 1), out + (0 .. n - 1));
    assigns out[0 .. n - 1];
*/
static void map_upper(uint8_t *restrict out, const uint8_t *restrict in, size_t n);

/*@ requires \valid(out + (0 .. n - 1)) && \valid_read(in + (0 .. n - 1));
    requires \separated(in + (0 .. n - 1), out + (0 .. n - 1));
    assigns out[0 .. n - 1];
*/
static void map_verbatim(uint8_t *restrict out, const uint8_t *restrict in, size_t n);

/*@ assigns \nothing; */
const char *echo_mode_name(unsigned mode);

/*@ requires mode <= 1;
    assigns \nothing;
*/
bool echo_mode_has_quit(enum echo_mode mode);

/*@ requires mode <= 1 && \valid(out + (0 .. n - 1)) && \valid_read(in + (0 .. n - 1));
    requires \separated(in + (0 .. n - 1), out + (0 .. n - 1));
    assigns out[0 .. n - 1];
*/
void echo_mode_map(enum echo_mode mode, uint8_t *out, const uint8_t *in, size_t n);

/*@ requires at < 4;
    assigns \nothing;
*/
static bool quit_byte(size_t at, uint8_t c);

/*@ requires \valid_read(in + (0 .. n - 1));
    assigns \nothing;
*/
static bool may_be_quit(const uint8_t *in, size_t n);

/*@ assigns \nothing; */
static inline uint8_t least(uint8_t a, uint8_t b);

/*@ requires \valid_read(in + (0 .. 64 + 5));
    assigns \nothing;
*/
static bool quit_in_block(const uint8_t *in);

/*@ requires 0 < n <= 4096;
    requires \valid_read(in + (0 .. n - 1)) && \valid_read(out + (0 .. n - 1));
    assigns \nothing;
    ensures 0 < \result <= n;
*/
static size_t before_quit(const uint8_t *in, const uint8_t *out, size_t n, uint8_t q);

/*@ requires 0 < n && \valid_read(in + (0 .. n - 1));
    assigns \nothing;
    ensures 0 < \result <= n;
*/
static size_t before_dot(const uint8_t *in, size_t n);

/*@ requires \valid(io) && n <= io->in_len;
    assigns io->in, io->in_len;
    ensures io->in == \old(io->in) + n && io->in_len == \old(io->in_len) - n;
*/
static void take(struct echo_cursor *io, size_t n);

/*@ requires \valid(io) && n <= io->out_len;
    assigns io->out, io->out_len;
    ensures io->out == \old(io->out) + n && io->out_len == \old(io->out_len) - n;
*/
static void put(struct echo_cursor *io, size_t n);

/*@ requires is_line(line) && line->at <= 5;
    assigns line->owed, line->owed_end, line->at;
    ensures is_line(line);
*/
static void release(struct echo_line *line);

/*@ requires is_line(line);
    assigns line->owed, line->owed_end, line->end;
    ensures is_line(line);
*/
static void good_bye(struct echo_line *line);

/*@ requires is_line(line) && is_io(io) && apart(line, io);
    requires io->in_len > 0 && line->at <= 5;
    assigns *line, io->in, io->in_len;
    ensures is_line(line) && is_io(io) && apart(line, io) && moved{Pre, Post}(io);
*/
static void recognise(struct echo_line *line, struct echo_cursor *io);

/*@ requires is_line(line) && is_io(io) && apart(line, io);
    requires io->in_len > 0 && io->out_len > 0;
    assigns *line, *io, io->out[0 .. io->out_len - 1];
    ensures is_line(line) && is_io(io) && apart(line, io) && moved{Pre, Post}(io);
*/
static void map_span(struct echo_line *line, struct echo_cursor *io);

/*@ requires is_line(line) && \valid(io) && apart(line, io);
    requires \valid(io->out + (0 .. io->out_len - 1));
    requires \separated(io, io->out + (0 .. io->out_len - 1));
    assigns line->owed, line->owed_end, io->out, io->out_len, io->out[0 .. io->out_len - 1];
    ensures is_line(line) && apart(line, io);
    ensures \valid(io->out + (0 .. io->out_len - 1));
    ensures io->out_len <= \old(io->out_len);
    ensures io->out == \old(io->out) + (\old(io->out_len) - io->out_len);
*/
static bool pay(struct echo_line *line, struct echo_cursor *io);

/*@ requires is_line(line);
    assigns *line;
    ensures is_line(line);
*/
static void settle(struct echo_line *line);

/*@ requires \valid(line) && mode <= 1;
    assigns *line;
    ensures is_line(line);
*/
void echo_line_init(struct echo_line *line, enum echo_mode mode, bool dot_stop);

/*@ requires is_line(line) && is_io(io) && apart(line, io);
    assigns *line, *io, io->out[0 .. io->out_len - 1];
    ensures is_line(line) && is_io(io) && apart(line, io) && moved{Pre, Post}(io);
*/
enum echo_end echo_line_push(struct echo_line *line, struct echo_cursor *io);

/*@ requires is_line(line) && \valid(io) && apart(line, io);
    requires \valid(io->out + (0 .. io->out_len - 1));
    requires \separated(io, io->out + (0 .. io->out_len - 1));
    assigns *line, io->out, io->out_len, io->out[0 .. io->out_len - 1];
    ensures is_line(line) && io->out_len <= \old(io->out_len);
    ensures io->out == \old(io->out) + (\old(io->out_len) - io->out_len);
*/
enum echo_end echo_line_silence(struct echo_line *line, struct echo_cursor *io);

/*@ requires is_line(line) && \valid(io) && apart(line, io);
    requires \valid(io->out + (0 .. io->out_len - 1));
    requires \separated(io, io->out + (0 .. io->out_len - 1));
    assigns *line, io->out, io->out_len, io->out[0 .. io->out_len - 1];
    ensures is_line(line) && io->out_len <= \old(io->out_len);
    ensures io->out == \old(io->out) + (\old(io->out_len) - io->out_len);
*/
enum echo_end echo_line_finish(struct echo_line *line, struct echo_cursor *io);

/*@ requires is_line(line);
    assigns \nothing;
*/
bool echo_line_waits(const struct echo_line *line);

#include "../../src/engine/line.c"
