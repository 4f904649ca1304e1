/* model.c - see model.h. */
#include "model.h"

#include <string.h>

static void say(struct session *s, const char *text)
{
    memcpy(s->out + s->len, text, strlen(text));
    s->len += strlen(text);
}

static void give_back(struct session *s, enum echo_mode mode, const token *in, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (in[i] != SILENCE)
            s->out[s->len++] =
                (uint8_t)(mode == ECHO_UPPER && in[i] >= 'a' && in[i] <= 'z' ? in[i] - 32 : in[i]);
}

/* The length of in[0..n) before its first LF or silence. */
static size_t unbroken(const token *in, size_t n)
{
    size_t i = 0;
    while (i < n && in[i] != '\n' && in[i] != SILENCE)
        i++;
    return i;
}

static bool is_quit(const token *in, size_t n)
{
    return n == 4 && (in[0] == 'q' || in[0] == 'Q') && (in[1] == 'u' || in[1] == 'U') &&
           (in[2] == 'i' || in[2] == 'I') && (in[3] == 't' || in[3] == 'T');
}

void model(struct session *s, enum echo_mode mode, bool dot_stop, const token *in, size_t n)
{
    s->len = 0;
    s->end = ECHO_EOF;
    for (size_t at = 0; at < n;) {
        if (in[at] == SILENCE) { /* at the start of a line: nothing */
            at++;
            continue;
        }
        const token *line = in + at;
        size_t left = n - at, content = unbroken(line, left);
        bool lf = content < left && line[content] == '\n';

        if (dot_stop && line[0] == '.') {
            give_back(s, mode, line, content + lf);
            s->end = ECHO_STOP;
            return;
        }
        bool cr = content > 0 && line[content - 1] == '\r';
        if (mode == ECHO_UPPER && is_quit(line, content - cr)) {
            say(s, cr ? "Good bye\r\n" : "Good bye\n");
            s->end = ECHO_QUIT;
            return;
        }
        /* An ordinary line goes on to its LF whatever silences are in it. */
        size_t whole = 0;
        while (whole < left && line[whole] != '\n')
            whole++;
        whole += whole < left;
        give_back(s, mode, line, whole);
        at += whole;
    }
}
