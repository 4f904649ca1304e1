/* The line engine in a program of one's own: standard input comes back on standard output as
 * echo-server would send it.
 *
 *   $ printf 'hello\nquit\n' | embed
 *   HELLO
 *   Good bye
 */
#include <echo/line.h>
#include <stdio.h>

int main(void)
{
    uint8_t in[4096], out[sizeof in + ECHO_LINE_SLACK]; /* with the slack one call takes all */
    struct echo_line line;
    enum echo_end end;

    echo_line_init(&line, ECHO_UPPER, false);
    do {
        struct echo_cursor io = {in, fread(in, 1, sizeof in, stdin), out, sizeof out};
        end = io.in_len > 0 ? echo_line_push(&line, &io) : echo_line_finish(&line, &io);
        size_t n = sizeof out - io.out_len;
        if (fwrite(out, 1, n, stdout) != n)
            return 1;
    } while (end == ECHO_OPEN);
    return ferror(stdin) || fflush(stdout) ? 1 : 0;
}
