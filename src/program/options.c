/* options.c - see options.h. Parsing itself is getopt_long's. */
#include "options.h"

#include "text.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* getopt's code for a row: its letter, or a number beyond all letters. */
static int code(const struct option_row *rows, size_t i)
{
    return rows[i].letter ? rows[i].letter : 256 + (int)i;
}

/* getopt's two descriptions of the same table. */
static void describe(const struct option_row *rows, char *letters, struct option *names)
{
    *letters++ = ':'; /* tell a missing value from an unknown option */
    size_t i = 0;
    for (; i < OPTIONS_MAX && rows[i].name; i++) {
        bool value = rows[i].argument != NULL;
        names[i] = (struct option){rows[i].name, value ? required_argument : no_argument, NULL,
                                   code(rows, i)};
        if (rows[i].letter) {
            *letters++ = rows[i].letter;
            if (value)
                *letters++ = ':';
        }
    }
    names[i] = (struct option){0};
    *letters = '\0';
}

/* Sets one row's option. `what` is how the user named it. */
static bool set(const struct option_row *row, void *options, const char *what, const char *value,
                char *error)
{
    if (!row->set) {
        *(bool *)((char *)options + row->flag) = true;
        return true;
    }
    const char *wrong = row->set(options, value);
    if (!wrong)
        return true;
    char shown[128];
    text_escape(value, shown, sizeof shown);
    snprintf(error, OPTIONS_ERROR_MAX, "%s '%s' %s", what, shown, wrong);
    return false;
}

/* The row that getopt calls c, or the last, which has no name. */
static size_t find(const struct option_row *rows, int c)
{
    size_t i = 0;
    while (rows[i].name && code(rows, i) != c)
        i++;
    return i;
}

/* getopt_long returned '?' or ':'. It tells the letter of a short option in optopt; the word of a
 * long one is the last that it took. BSD's says ':' of a value too many as well; and has not taken
 * the word of an option without its value, which is the last of all. */
static void complain(const struct option_row *rows, int c, int argc, char **argv, char *error)
{
    char shown[128];
    const char letter[] = {'-', (char)optopt, '\0'};
    bool lacks = c == ':' && rows[find(rows, optopt)].argument;
    const char *word = argv[(lacks ? argc : optind) - 1];
    bool is_short = !lacks && optopt > 0 && optopt < 256 && strncmp(word, "--", 2) != 0;
    text_escape(is_short ? letter : word, shown, sizeof shown);
    snprintf(error, OPTIONS_ERROR_MAX,
             lacks ? "%s needs a value; try --help"
                   : "%s is no option, or takes no value; try --help",
             shown);
}

bool options_parse(const struct option_row *rows, void *options, int argc, char **argv,
                   int *operands, char error[OPTIONS_ERROR_MAX])
{
    char letters[2 * OPTIONS_MAX + 2];
    struct option names[OPTIONS_MAX + 1];
    bool seen[OPTIONS_MAX] = {false};
    describe(rows, letters, names);

    opterr = 0;
    optind = 0; /* start afresh, in tests too */
    for (int c; (c = getopt_long(argc, argv, letters, names, NULL)) != -1;) {
        size_t i = find(rows, c);
        if (!rows[i].name) {
            complain(rows, c, argc, argv, error);
            return false;
        }
        char what[64];
        snprintf(what, sizeof what, "--%s", rows[i].name);
        seen[i] = true;
        if (!set(&rows[i], options, what, optarg, error))
            return false;
    }
    *operands = optind;

    for (size_t i = 0; rows[i].name; i++) {
        const char *value = rows[i].variable && !seen[i] ? getenv(rows[i].variable) : NULL;
        if (value && !set(&rows[i], options, rows[i].variable, value, error))
            return false;
    }
    return true;
}

/* "upper, verbatim or loud" */
static void list(const char *(*values)(unsigned i), char *out, size_t size)
{
    size_t len = 0;
    *out = '\0';
    for (unsigned i = 0; values(i) && len < size; i++)
        len += (size_t)snprintf(out + len, size - len, "%s%s",
                                i == 0          ? ""
                                : values(i + 1) ? ", "
                                                : " or ",
                                values(i));
}

/* "-m, --mode MODE", with no letter and in the first column as much room as one takes. */
static int name_row(const struct option_row *r, bool first, char *out, size_t size)
{
    const char letter[] = {'-', r->letter, ',', ' ', '\0'};
    return snprintf(out, size, "%s%s--%s%s%s", first ? "" : ", ",
                    r->letter ? letter
                    : first   ? "    "
                              : "",
                    r->name, r->argument ? " " : "", r->argument ? r->argument : "");
}

void options_describe(const struct option_row *row, char *text, size_t size)
{
    char values[128] = "";
    while (!row->help)
        row++;
    int before = (int)strcspn(row->help, "@");
    const char *after = row->help + before;
    if (row->values)
        list(row->values, values, sizeof values);
    snprintf(text, size, "%.*s%s%s", before, row->help, *after ? values : "",
             *after ? after + 1 : "");
}

void options_help(const struct option_row *rows, char *text, size_t size)
{
    char names[80], help[160];
    int len = 0;
    for (const struct option_row *r = rows; r->name && size > 0; r++) {
        len += name_row(r, len == 0, names + len, sizeof names - (size_t)len);
        if (!r->help)
            continue; /* it goes with the next */
        options_describe(r, help, sizeof help);
        int n = snprintf(text, size, "  %-25s %s\n", names, help);
        if (n < 0 || (size_t)n >= size)
            return;
        len = 0;
        text += n;
        size -= (size_t)n;
    }
}

const char *options_choose(const char *(*values)(unsigned i), const char *what, const char *value,
                           unsigned *i)
{
    static char hint[160];
    char names[128];
    for (*i = 0; values(*i); ++*i)
        if (strcmp(value, values(*i)) == 0)
            return NULL;
    list(values, names, sizeof names);
    snprintf(hint, sizeof hint, "is not %s; use %s", what, names);
    return hint;
}
