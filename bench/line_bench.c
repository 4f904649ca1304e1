/* line_bench.c - the line engine's speed beside memcpy, memchr and a plain upper-casing loop.
 *
 * usage: line_bench [INPUT]. With the name of an input: one pass of it through the engine, for a
 * tool that counts instructions (ci/instructions.sh).
 *
 * All work on the same 64 KiB buffer, which stays in the cache, in turn; the best of several rounds
 * counts, because the machine may be shared. What matters is the ratio in the last column: it
 * should not depend on the length of lines. Nothing is judged here; the output is a table to read.
 */
#include "echo/line.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { SIZE = 64 * 1024, ROUNDS = 15, TURNS = 400 };

static uint8_t in[SIZE], out[SIZE + ECHO_LINE_SLACK];
static volatile uint8_t sink;

typedef void pass_fn(void);

/* The loop to compare with, at the same optimisation level as the engine. */
static void plain_upper(void)
{
    for (size_t i = 0; i < SIZE; i++)
        out[i] = (uint8_t)(in[i] - ((uint8_t)(in[i] - 'a') < 26) * 32);
}

static void copy(void)
{
    memcpy(out, in, SIZE);
}

/* There is none to be found. */
static void search(void)
{
    sink = memchr(in, 0xFF, SIZE) != NULL;
}

static void engine(enum echo_mode mode)
{
    struct echo_line line;
    struct echo_cursor io = {in, SIZE, out, sizeof out};
    echo_line_init(&line, mode, false);
    if (echo_line_push(&line, &io) != ECHO_OPEN || io.in_len != 0) {
        fprintf(stderr, "line_bench: the engine stopped early\n");
        exit(1);
    }
}

static void engine_upper(void)
{
    engine(ECHO_UPPER);
}

static void engine_verbatim(void)
{
    engine(ECHO_VERBATIM);
}

static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static double gigabytes_per_second(pass_fn *pass)
{
    double start = seconds();
    for (int i = 0; i < TURNS; i++) {
        pass();
        sink = out[i]; /* keeps the compiler from leaving the pass out */
    }
    return (double)TURNS * SIZE / (seconds() - start) / 1e9;
}

/* Fills the input by repeating a pattern. */
static void repeat(const char *pattern)
{
    size_t n = strlen(pattern);
    for (size_t i = 0; i < SIZE; i++)
        in[i] = (uint8_t)pattern[i % n];
}

/* Prose, with about as many q as English has, in lines of a given length. */
static void prose(size_t line)
{
    static const char words[] =
        "It was the best of hours for those who test a path through a network, and the worst for "
        "the "
        "path. They sent a line and had it back, and sent a million and had them back, and "
        "wherever one "
        "byte was missing they were told which, and what stood in its place. Nobody had to guess "
        "whether "
        "the far end had been right, for it was the far end that they had chosen for being right; "
        "so the "
        "fault was between, and they found it. The tool did little, and did it always: it gave "
        "back what "
        "it was given, in order, in capitals where capitals had been asked for, and it said good "
        "bye to "
        "whoever took leave of it. It did not tire of those who were slow, nor did it fall over "
        "when one "
        "of them hung up in the middle of a word. That there was a lesson in this did not escape "
        "the "
        "more thoughtful among them, but as they had other things to do, and the day was short, "
        "the "
        "question of what the lesson was had to be left for another time, and it stayed open. ";
    repeat(words);
    for (size_t i = line - 1; i < SIZE; i += line)
        in[i] = '\n';
}

static void measure(const char *what)
{
    enum { PASSES = 5 };
    static pass_fn *const passes[PASSES] = {copy, search, plain_upper, engine_verbatim,
                                            engine_upper};
    double best[PASSES] = {0};

    for (int round = 0; round < ROUNDS; round++)
        for (int p = 0; p < PASSES; p++) {
            double rate = gigabytes_per_second(passes[p]);
            if (rate > best[p])
                best[p] = rate;
        }
    printf("%-22s %8.1f %8.1f %8.1f %10.1f %8.1f %8.2f\n", what, best[0], best[1], best[2], best[3],
           best[4], best[4] / best[2]);
}

int main(int argc, char **argv)
{
    static const struct input {
        const char *name;
        size_t line;         /* prose in lines of so many bytes; else */
        const char *pattern; /* this, repeated */
    } inputs[] = {
        {"lines of 1", 1, NULL},
        {"lines of 8", 8, NULL},
        {"lines of 64", 64, NULL},
        {"lines of 1024", 1024, NULL},
        {"lines of 65536", SIZE, NULL},
        {"all q", 0, "q"},
        {"all LF", 0, "\n"},
        {"LF q", 0, "\nq"},
        {"LF quit x", 0, "\nquitx"},
        {"LF qui", 0, "\nqui"},
        {"LF quit CR x", 0, "\nquit\rx"},
    };
    bool found = argc < 2;

    if (argc < 2)
        printf(
            "GB/s                     memcpy   memchr    plain   verbatim    upper  upper/plain\n");
    for (size_t i = 0; i < sizeof inputs / sizeof inputs[0]; i++) {
        const struct input *one = &inputs[i];
        if (argc >= 2 && strcmp(argv[1], one->name) != 0)
            continue;
        if (one->pattern)
            repeat(one->pattern);
        else
            prose(one->line);
        if (argc < 2)
            measure(one->name);
        else
            engine_upper();
        found = true;
    }
    if (!found)
        fprintf(stderr, "line_bench: there is no input '%s'\n", argv[1]);
    return found ? 0 : 2;
}
