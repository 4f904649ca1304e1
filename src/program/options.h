/* options.h - command lines from a table: parsing, the environment, and the help that shows it.
 */
#ifndef ECHO_OPTIONS_H
#define ECHO_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

struct option_row {
    char letter;          /* 0: no short form */
    const char *name;     /* the long form, without "--" */
    const char *argument; /* what its value is called, or NULL: it takes none */
    const char *help;     /* a few words: one line of the help, in which @ stands for its values; or
                             NULL: it shares the line of the next row */
    /* The columns that follow may be left out. */
    const char *variable; /* the environment variable that stands in for it, or NULL */
    /* Stores the value in options. Returns NULL, or what is wrong with it and what to do: "is not a
     * time; use 500ms, 2s, 1m or plain seconds". NULL where it takes no value ... */
    const char *(*set)(void *options, const char *value);
    size_t flag; /* ... and then this is the offset in options of a bool that it sets. */
    /* All values that it takes, counted from 0 until NULL; or NULL: those cannot be listed. */
    const char *(*values)(unsigned i);
};

enum { OPTIONS_MAX = 32, OPTIONS_ERROR_MAX = 512 };

/* Sets options from argv, then from the environment where argv said nothing. rows ends with a row
 * whose name is NULL, and has at most OPTIONS_MAX. Operands are moved to the end of argv;
 * *operands is the index of the first. Returns false after writing one line to error that says what
 * was wrong. */
bool options_parse(const struct option_row *rows, void *options, int argc, char **argv,
                   int *operands, char error[OPTIONS_ERROR_MAX]);

/* Writes what the help says about a row to text[0..size), on its own line or the one it shares. */
void options_describe(const struct option_row *row, char *text, size_t size);

/* Writes one line per row to text[0..size): what the help lists. */
void options_help(const struct option_row *rows, char *text, size_t size);

/* Sets *i to the number of value among values (see struct option_row) and returns NULL; or returns
 * "is not a mode; use upper or verbatim", where what is "a mode". The string is overwritten by the
 * next call. */
const char *options_choose(const char *(*values)(unsigned i), const char *what, const char *value,
                           unsigned *i);

#endif
