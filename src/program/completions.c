/* completions.c - prints what a shell needs to complete a program's command line, from the
 * program's table of options. It runs while the project is built, and is not installed.
 *
 * usage: echo_completions bash|zsh|fish PROGRAM
 *
 * Values that are listed are completed, PATH as a file and the operand HOST as a host; of others
 * their name is all that is known. Texts of the help go into quotes: they have no backslash and no
 * bracket.
 */
#include "client_options.h"
#include "server_options.h"

#include <stdio.h>
#include <string.h>

struct program {
    const char *name, *function;
    const struct option_row *rows;
    bool takes_host;
};

static const struct program programs[] = {
    {"echo-server", "_echo_server", server_option_rows, false},
    {"echo-client", "_echo_client", client_option_rows, true},
};

static bool takes_path(const struct option_row *r)
{
    return r->argument && strcmp(r->argument, "PATH") == 0;
}

/* "upper verbatim" */
static void print_values(const struct option_row *r)
{
    for (unsigned i = 0; r->values(i); i++)
        printf("%s%s", i > 0 ? " " : "", r->values(i));
}

/* What the help says, as it stands between single quotes. */
static void print_help(const struct option_row *r)
{
    char help[160];
    options_describe(r, help, sizeof help);
    for (const char *c = help; *c; c++)
        printf(*c == '\'' ? "'\\''" : "%c", *c);
}

/* "-m --mode", with `between` in place of the space. */
static void print_names(const struct option_row *r, const char *between)
{
    if (r->letter)
        printf("-%c%s", r->letter, between);
    printf("--%s", r->name);
}

/* ------------------------------------------------------------------------------------------------
 * bash: a function that looks at the word and the one before. "--mode=up" is three words to it.
 */

static void print_bash_value(const struct option_row *r)
{
    printf("    ");
    print_names(r, " | ");
    if (r->values) {
        printf(") COMPREPLY=($(compgen -W '");
        print_values(r);
        printf("' -- \"$cur\")) ;;\n");
    } else {
        printf(") %s;;\n", takes_path(r) ? "compopt -o default " : "");
    }
}

static void print_bash(const struct program *p)
{
    printf("# bash completion for %s\n%s()\n{\n", p->name, p->function);
    printf("    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}\n"
           "    [[ $prev != = ]] || prev=${COMP_WORDS[COMP_CWORD - 2]}\n"
           "    [[ $cur != = ]] || cur=\n"
           "    COMPREPLY=()\n"
           "    case $prev in\n");
    for (const struct option_row *r = p->rows; r->name; r++)
        if (r->argument)
            print_bash_value(r);
    printf("    *)\n        case $cur in\n        -*) COMPREPLY=($(compgen -W '");
    for (const struct option_row *r = p->rows; r->name; r++) {
        print_names(r, " ");
        printf("%s", r[1].name ? " " : "");
    }
    printf("' -- \"$cur\")) ;;\n");
    if (p->takes_host)
        printf("        *) COMPREPLY=($(compgen -A hostname -- \"$cur\")) ;;\n");
    printf("        esac\n        ;;\n    esac\n}\ncomplete -F %s %s\n", p->function, p->name);
}

/* ------------------------------------------------------------------------------------------------
 * zsh: words for _arguments. Each option may come again.
 */

static void print_zsh_option(const struct option_row *r, const char *name, const char *value)
{
    printf(" \\\n    '*%s%s[", name, r->argument ? value : "");
    print_help(r);
    printf("]");
    if (r->argument)
        printf(":%s:", r->argument);
    if (r->values) {
        printf("(");
        print_values(r);
        printf(")");
    } else if (r->argument) {
        printf("%s", takes_path(r) ? "_files" : " ");
    }
    printf("'");
}

static void print_zsh(const struct program *p)
{
    printf("#compdef %s\n_arguments -s -S", p->name);
    for (const struct option_row *r = p->rows; r->name; r++) {
        const char letter[] = {'-', r->letter, '\0'};
        char name[64];
        snprintf(name, sizeof name, "--%s", r->name);
        if (r->letter)
            print_zsh_option(r, letter, "+");
        print_zsh_option(r, name, "=");
    }
    printf(p->takes_host ? " \\\n    '1:HOST:_hosts' \\\n    '*: : '\n" : " \\\n    '1:PORT: '\n");
}

/* ------------------------------------------------------------------------------------------------
 * fish: a command for each option.
 */

static void print_fish(const struct program *p)
{
    printf("complete -c %s -f%s\n", p->name, p->takes_host ? " -a '(__fish_print_hostnames)'" : "");
    for (const struct option_row *r = p->rows; r->name; r++) {
        printf("complete -c %s", p->name);
        if (r->letter)
            printf(" -s %c", r->letter);
        printf(" -l %s", r->name);
        if (r->values) {
            printf(" -x -a '");
            print_values(r);
            printf("'");
        } else if (r->argument) {
            printf(takes_path(r) ? " -r -F" : " -x");
        }
        printf(" -d '");
        print_help(r);
        printf("'\n");
    }
}

static const struct shell {
    const char *name;
    void (*print)(const struct program *p);
} shells[] = {{"bash", print_bash}, {"zsh", print_zsh}, {"fish", print_fish}};

int main(int argc, char **argv)
{
    const struct program *program = NULL;
    const struct shell *shell = NULL;
    for (size_t i = 0; argc == 3 && i < sizeof shells / sizeof shells[0]; i++)
        if (strcmp(argv[1], shells[i].name) == 0)
            shell = &shells[i];
    for (size_t i = 0; argc == 3 && i < sizeof programs / sizeof programs[0]; i++)
        if (strcmp(argv[2], programs[i].name) == 0)
            program = &programs[i];
    if (!shell || !program) {
        fprintf(stderr, "usage: %s bash|zsh|fish echo-server|echo-client\n", argv[0]);
        return 2;
    }
    shell->print(program);
    return fflush(stdout) != 0 || ferror(stdout);
}
