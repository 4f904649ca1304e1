/* test_line_exhaustive.c - every string of up to LENGTH bytes, in every split, with a silence at
 * every point, against the naive model.
 *
 * That many sessions cannot be run one by one, but few states can be told apart, so two
 * enumerations without gaps stand for all of them, in each mode with and without dot stop:
 *
 *  - From each state that the engine can be in, pushing a word at once does exactly what pushing
 *    its bytes one by one does. So every split, with silences between its pieces, equals the
 *    session byte by byte with the same silences.
 *  - Byte by byte, what came back equals the model's at each point where the input may end. The
 *    model goes from line to line, and takes no notice of a second silence in a line (both to be
 *    seen in model.c); so where a line begins or has had its silence, and the engine's state is one
 *    that was met there before, what follows is known.
 */
#include "support/drive.h"
#include "support/model.h"

#include "support/test.h"

#include <string.h>

#ifdef NDEBUG
enum { LENGTH = 8 };
#else /* with sanitizers, without optimisation: as much as fits the same time */
enum { LENGTH = 6 };
#endif

static const uint8_t alphabet[] = {'q', 'u', 'i', 't', 'Q', '.', '\r', '\n', 'x'};
enum { LETTERS = sizeof alphabet, TOKENS_MAX = 4 * LENGTH, ROOM = TOKENS_MAX + ECHO_LINE_SLACK };

static uint64_t pushes, sessions;

/* A session that goes on byte by byte. */
struct walk {
    struct echo_line line;
    token in[TOKENS_MAX];
    uint8_t out[ROOM];
    size_t n, len, bytes; /* tokens in, bytes out, and how many of the tokens are bytes */
    enum echo_end end;
};

static bool same(const struct echo_line *a, const struct echo_line *b)
{
    return memcmp(a, b, sizeof *a) == 0; /* six single bytes: no padding */
}

static void fail_at(const struct walk *w, const char *what)
{
    print_error("mode %s, dot stop %d:", echo_mode_name(w->line.mode), w->line.dot_stop);
    for (size_t i = 0; i < w->n; i++)
        print_error(w->in[i] == SILENCE ? " silence" : " %02x", w->in[i]);
    print_error(": %s\n", what);
    fail();
}

static struct walk next(const struct walk *w, token t)
{
    struct walk v = *w;
    uint8_t byte = (uint8_t)t;
    struct echo_cursor io = {&byte, t != SILENCE, v.out + v.len, ROOM - v.len};
    v.in[v.n++] = t;
    v.bytes += t != SILENCE;
    v.end = t == SILENCE ? echo_line_silence(&v.line, &io) : echo_line_push(&v.line, &io);
    v.len = (size_t)(io.out - v.out);
    return v;
}

/* ------------------------------------------------------------------------------------------------
 * Words from a state: at once as byte by byte.
 */

/* A word pushed from a state, and what came of it byte by byte. */
struct word {
    struct echo_line from, line;
    uint8_t in[LENGTH], out[LENGTH + ECHO_LINE_SLACK];
    size_t n, used, len;
    enum echo_end end;
};

static void check_word(const struct word *w, size_t window)
{
    struct echo_line line = w->from;
    uint8_t out[sizeof w->out];
    struct echo_cursor io = {w->in, w->n, out, 0};
    enum echo_end end;
    do {
        if (io.out_len == 0)
            io.out_len = sizeof out - (size_t)(io.out - out) < window
                             ? sizeof out - (size_t)(io.out - out)
                             : window;
        end = echo_line_push(&line, &io);
        pushes++;
    } while (end == ECHO_OPEN && io.out_len == 0);
    size_t len = (size_t)(io.out - out);
    if (end == w->end && w->n - io.in_len == w->used && len == w->len &&
        memcmp(out, w->out, len) == 0 && same(&line, &w->line))
        return;
    struct walk shown = {.line = w->from, .n = w->n};
    for (size_t i = 0; i < w->n; i++)
        shown.in[i] = w->in[i];
    print_error("from state %d, %zu bytes of room a call, ", w->from.at, window);
    fail_at(&shown, "at once is not as byte by byte");
}

static void check_words(struct word *w, size_t most)
{
    if (w->n > 0)
        check_word(w, sizeof w->out);
    if (w->n > 0 && w->n <= 4)
        check_word(w, 1);
    for (size_t i = 0; w->n < most && i < LETTERS; i++) {
        struct word v = *w;
        v.in[v.n++] = alphabet[i];
        if (v.end == ECHO_OPEN) {
            struct echo_cursor io = {&alphabet[i], 1, v.out + v.len, sizeof v.out - v.len};
            v.end = echo_line_push(&v.line, &io);
            v.len = (size_t)(io.out - v.out);
            v.used = v.n;
        }
        check_words(&v, most);
    }
}

/* ------------------------------------------------------------------------------------------------
 * Byte by byte: as the model.
 */

/* Where a walk can stand so that only the engine's state matters for what follows: at the start of
 * a line, or in one that is known to be ordinary. Each is kept with the fewest bytes that lead
 * there. */
struct place {
    struct walk walk;
    bool ordinary, explored;
};

static struct place places[64];
static size_t place_count;

static void reach(const struct walk *w, bool ordinary)
{
    size_t i = 0;
    while (i < place_count &&
           !(places[i].ordinary == ordinary && same(&places[i].walk.line, &w->line)))
        i++;
    if (i == sizeof places / sizeof places[0])
        fail_at(w, "more states than there can be");
    if (i == place_count)
        places[place_count++] = (struct place){*w, ordinary, false};
    else if (places[i].walk.bytes > w->bytes)
        places[i].walk = *w;
}

static void check_model(const struct walk *w)
{
    uint8_t expected[ROOM];
    struct session m = {.out = expected, .room = sizeof expected};
    model(&m, (enum echo_mode)w->line.mode, w->line.dot_stop, w->in, w->n);
    sessions++;
    if (w->end != m.end || w->len != m.len || memcmp(w->out, expected, w->len) != 0)
        fail_at(w, "not as the model");
}

/* The input ends here: as the model has it. All but what may become a command is out by then. */
static void check_end(const struct walk *w)
{
    struct walk v = *w;
    struct echo_cursor io = {.out = v.out + v.len, .out_len = ROOM - v.len};
    v.end = echo_line_finish(&v.line, &io);
    v.len = (size_t)(io.out - v.out);
    check_model(&v);
    if (v.len != w->len && !echo_line_waits(&w->line))
        fail_at(w, "held back without waiting for a silence");
}

/* Whether in[0..n) may become `quit` with a CR, or is a dot line: only these are waited for. */
static bool may_be_command(const struct walk *w, size_t line)
{
    static const char quit[] = "quit\r";
    if (w->n > line && w->line.dot_stop && w->in[line] == '.')
        return true;
    for (size_t i = line; i < w->n; i++)
        if (i - line == 5 || (w->in[i] | 0x20) != (quit[i - line] | 0x20))
            return false;
    return w->n > line && echo_mode_has_quit((enum echo_mode)w->line.mode);
}

static void explore(const struct walk *w, size_t line, bool ordinary)
{
    check_end(w);
    if (echo_line_waits(&w->line) != (!ordinary && may_be_command(w, line)))
        fail_at(w, "waits where it should not, or not where it should");

    struct walk silent = next(w, SILENCE);
    if (!echo_line_waits(&w->line) &&
        (silent.end != ECHO_OPEN || silent.len != w->len || !same(&silent.line, &w->line)))
        fail_at(w, "a silence that means nothing did something");
    if (silent.end != ECHO_OPEN)
        check_model(&silent);
    else if (w->n > line && !ordinary)
        reach(&silent, true);

    for (size_t i = 0; w->bytes < LENGTH && i < LETTERS; i++) {
        struct walk v = next(w, alphabet[i]);
        if (v.end != ECHO_OPEN)
            check_model(&v);
        else if (alphabet[i] == '\n')
            reach(&v, false);
        else
            explore(&v, line, ordinary);
    }
}

/* The place nearest to the start that has not been explored, or NULL. */
static struct place *nearest(void)
{
    struct place *best = NULL;
    for (struct place *p = places; p < places + place_count; p++)
        if (!p->explored && (!best || p->walk.bytes < best->walk.bytes))
            best = p;
    return best;
}

/* ---------------------------------------------------------------------------------------------- */

/* Adds to states the one that w is in, or the shorter way to it. Returns whether that is news. */
static bool note_state(struct walk *states, size_t *count, size_t room, const struct walk *w)
{
    size_t i = 0;
    while (i < *count && !same(&states[i].line, &w->line))
        i++;
    if (w->end != ECHO_OPEN || (i < *count && states[i].bytes <= w->bytes))
        return false;
    assert_true(i < room && w->n < TOKENS_MAX);
    states[i] = *w;
    *count += i == *count;
    return true;
}

/* Finds every open state that the engine can reach from the first, with the fewest bytes that lead
 * there. Returns how many there are. */
static size_t find_states(struct walk *states, size_t room)
{
    size_t count = 1;
    for (bool news = true; news;) {
        news = false;
        for (size_t from = 0; from < count; from++)
            for (size_t i = 0; i <= LETTERS; i++) {
                struct walk v = next(&states[from], i < LETTERS ? alphabet[i] : SILENCE);
                news |= note_state(states, &count, room, &v);
            }
    }
    return count;
}

static void test_at_once_equals_byte_by_byte(void **state)
{
    (void)state;
    for (unsigned mode = 0; echo_mode_name(mode); mode++)
        for (int dot_stop = 0; dot_stop < 2; dot_stop++) {
            static struct walk states[64];
            states[0] = (struct walk){0};
            echo_line_init(&states[0].line, (enum echo_mode)mode, dot_stop);
            size_t count = find_states(states, sizeof states / sizeof states[0]);
            for (size_t i = 0; i < count && states[i].bytes < LENGTH; i++) {
                struct word w = {.from = states[i].line, .line = states[i].line};
                check_words(&w, LENGTH - states[i].bytes);
            }
            print_message("%s%s: %zu states\n", echo_mode_name(mode),
                          dot_stop ? " with dot stop" : "", count);
        }
    print_message("%llu pushes\n", (unsigned long long)pushes);
}

static void test_byte_by_byte_equals_the_model(void **state)
{
    (void)state;
    for (unsigned mode = 0; echo_mode_name(mode); mode++)
        for (int dot_stop = 0; dot_stop < 2; dot_stop++) {
            struct walk start = {0};
            echo_line_init(&start.line, (enum echo_mode)mode, dot_stop);
            place_count = 0;
            reach(&start, false);
            for (struct place *p; (p = nearest());) {
                p->explored = true;
                explore(&p->walk, p->walk.n, p->ordinary);
            }
        }
    print_message("%llu sessions\n", (unsigned long long)sessions);
    assert_true(sessions > 100000); /* that the loops above did loop */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_at_once_equals_byte_by_byte),
        cmocka_unit_test(test_byte_by_byte_equals_the_model),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
