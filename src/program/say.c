/* say.c - see say.h. */
#include "say.h"

#include "output.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int failure; /* an errno */

void say_error(const char *format, ...)
{
    char text[1024], line[1100];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    int n = snprintf(line, sizeof line, "echo-client: %s\n", text);
    (void)output_write(STDERR_FILENO, line, (size_t)n);
}

static void write_out(const char *text)
{
    if (!failure && !output_write(STDOUT_FILENO, text, strlen(text)))
        failure = errno;
}

void say(const char *format, ...)
{
    char text[1024];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    write_out(text);
}

bool say_written(void)
{
    return !failure;
}

bool say_done(void)
{
    if (failure && failure != EPIPE)
        say_error("cannot write standard output: %s", strerror(failure));
    return !failure;
}

void say_json(const char *text)
{
    char escaped[2 * 1024];
    size_t n = 0;
    escaped[n++] = '"';
    for (; *text && n < sizeof escaped - 3; text++) {
        if (*text == '"' || *text == '\\')
            escaped[n++] = '\\';
        escaped[n++] = *text;
    }
    escaped[n++] = '"';
    escaped[n] = '\0';
    write_out(escaped);
}
