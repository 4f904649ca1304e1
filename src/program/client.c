/* client.c - see client.h: connects, lets the exchange run, and tells how it went. */
#include "program/client.h"

#include "check.h"
#include "client_options.h"
#include "loop/exchange.h"
#include "loop/socket.h"
#include "measure.h"
#include "output.h"
#include "say.h"
#include "verdict.h"
#include "version.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* All the memory that the exchange takes. The first bounds what is in flight. */
static uint8_t window[4 * 1024 * 1024], reply[256 * 1024];

/* What the hooks need. */
struct session {
    const struct client_options *options;
    size_t message, message_at; /* the next byte of the messages */
    bool progress_shown;
};

static void prompt(void *context)
{
    (void)context;
    (void)output_write(STDERR_FILENO, "> ", 2);
}

/* Goes over the line before, and is wiped out at the end. */
static void progress(void *context, const struct ledger *ledger, uint64_t elapsed_ms)
{
    struct session *s = context;
    char line[128];
    double sent = (double)ledger_sent_total(ledger) / 1e6,
           back = (double)ledger_back_total(ledger) / 1e6;
    int n = snprintf(line, sizeof line, "\r%.1f MB sent, %.1f MB back, %.1f MB/s, %.0f s \033[K",
                     sent, back, back * 1e3 / (double)elapsed_ms, (double)elapsed_ms / 1e3);
    (void)output_offer(STDERR_FILENO, line, (size_t)n);
    s->progress_shown = true;
}

/* How much can be written at once without blocking when poll() says ready: to a pipe, so much as
 * POSIX keeps whole; to a file any amount. */
static size_t output_step(int fd)
{
    struct stat status;
    bool file = fstat(fd, &status) == 0 && (S_ISREG(status.st_mode) || S_ISBLK(status.st_mode) ||
                                            (S_ISCHR(status.st_mode) && !isatty(fd)));
    return file ? sizeof reply : PIPE_BUF;
}

/* Tells how it ended. Returns the exit status. */
static int conclude(const struct client_options *o, const struct ledger *l, enum exchange_end end,
                    int error)
{
    char text[VERDICT_MAX];
    switch (end) {
    case EXCHANGE_LEFT:
        if (!o->quiet)
            say_error("the server closed the connection");
        return EXIT_RIGHT;
    case EXCHANGE_RIGHT:
        if (ledger_left_over(l) > 0 && !o->quiet)
            say_error("the server took leave at a line quit; what came after it was not echoed");
        return EXIT_RIGHT;
    case EXCHANGE_INPUT_FAILED:
        say_error("cannot read standard input: %s", strerror(error));
        return EXIT_LOCAL;
    case EXCHANGE_OUTPUT_FAILED:
        if (error != EPIPE) /* whoever reads it had enough: `| head` */
            say_error("cannot write standard output: %s", strerror(error));
        return EXIT_LOCAL;
    default:
        verdict_text(end, error, ledger_sent_total(l), ledger_back_total(l), o->reply_ms, &l->fault,
                     text);
        say_error("%s: %s", verdict_word(end), text);
        return EXIT_WRONG;
    }
}

/* Copies messages, with an LF after each, to at[0..room): what the exchange sends. */
static size_t fill_messages(void *context, uint8_t *at, size_t room)
{
    struct session *s = context;
    size_t n = 0;
    while (n < room && s->message < s->options->message_count) {
        const char *rest = s->options->messages[s->message] + s->message_at;
        size_t len = strlen(rest), part = len < room - n ? len : room - n;
        memcpy(at + n, rest, part);
        n += part;
        s->message_at += part;
        if (part == len && n < room) {
            at[n++] = '\n';
            s->message++;
            s->message_at = 0;
        }
    }
    return n;
}

static int converse(const struct client_options *o, int fd, const char *address)
{
    struct ledger ledger;
    struct session session = {.options = o};
    bool tty = !o->messages && isatty(STDIN_FILENO), tell_tty = isatty(STDERR_FILENO) && !o->quiet;
    struct exchange x = {
        .socket = fd,
        .ledger = &ledger,
        .fill = o->messages ? fill_messages : NULL,
        .input = STDIN_FILENO,
        .dot_stop = o->dot_stop,
        .interactive = tty,
        .output = STDOUT_FILENO,
        .output_step = output_step(STDOUT_FILENO),
        .output_shown = isatty(STDOUT_FILENO),
        .reply_ms = tty && !o->reply_given ? 0 : o->reply_ms,
        .reply = reply,
        .reply_size = sizeof reply,
        .prompt = tty && tell_tty ? prompt : NULL,
        .progress = !tty && tell_tty ? progress : NULL,
        .context = &session,
    };
    if (o->verbose || x.prompt)
        say_error("connected to %s%s", address, x.prompt ? "; end with ctrl-D" : "");
    ledger_init(&ledger, o->expect, window, sizeof window);

    uint64_t start = clock_ms();
    int error;
    enum exchange_end end = exchange_run(&x, &error);
    if (session.progress_shown)
        (void)output_offer(STDERR_FILENO, "\r\033[K", 4);
    if (x.prompt)
        (void)output_offer(STDERR_FILENO, "\n", 1);
    int status = conclude(o, &ledger, end, error);
    if (o->verbose)
        say_error("%" PRIu64 " bytes sent, %" PRIu64 " back, %" PRIu64 " ms",
                  ledger_sent_total(&ledger), ledger_back_total(&ledger), clock_ms() - start);
    return status;
}

int client_program(int argc, char **argv)
{
    static struct client_options o;
    char text[4096], address[TEXT_ADDRESS_MAX];
    enum dial_failure failure;

    output_guard();
    (void)signal(SIGPIPE, SIG_IGN); /* a closed output is told by write() */
    if (!client_options_parse(&o, argc, argv, text)) {
        say_error("%s", text);
        return EXIT_LOCAL;
    }
    if (o.help || o.version) {
        if (o.help)
            client_options_help(text, sizeof text);
        else
            snprintf(text, sizeof text, "echo-client " ECHO_VERSION " (MIT licence)\n");
        return output_write(STDOUT_FILENO, text, strlen(text)) ? EXIT_RIGHT : EXIT_LOCAL;
    }
    int fd = dial(&o.dial, address, &failure, text);
    if (fd < 0) {
        say_error("%s: %s", dial_word(failure), text);
        return EXIT_NO_CONNECTION;
    }
    if (o.verbose && o.job != JOB_CONVERSE)
        say_error("connected to %s", address);
    if (o.job == JOB_PING || o.job == JOB_LOAD)
        return measure(&o, fd, address);
    if (o.job == JOB_CHECK)
        return check(&o, fd, address);
    int status = converse(&o, fd, address);
    socket_close(fd);
    return status;
}
