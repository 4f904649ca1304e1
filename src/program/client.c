/* client.c - see client.h: connects, lets the exchange run, and tells how it went. */
#include "program/client.h"

#include "client_options.h"
#include "loop/exchange.h"
#include "loop/socket.h"
#include "output.h"
#include "version.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { EXIT_RIGHT = 0, EXIT_WRONG = 1, EXIT_LOCAL = 2, EXIT_NO_CONNECTION = 3 };

/* All the memory that the exchange takes. The first bounds what is in flight. */
static uint8_t window[1024 * 1024], reply[128 * 1024];

/* What the hooks need. */
struct session {
    bool progress_shown;
};

/* One line on standard error. */
static void tell(const char *format, ...) __attribute__((format(printf, 1, 2)));
static void tell(const char *format, ...)
{
    char text[1024], line[1100];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    int n = snprintf(line, sizeof line, "echo-client: %s\n", text);
    (void)output_write(STDERR_FILENO, line, (size_t)n);
}

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

/* "'A' (0x41)" */
static const char *byte_text(int c, char out[32])
{
    char shown[TEXT_ESCAPE_MAX + 1] = "";
    shown[text_escape_byte((uint8_t)c, shown)] = '\0';
    snprintf(out, 32, "'%s' (0x%02x)", shown, (unsigned)c);
    return out;
}

static void tell_mismatch(const struct fault *fault)
{
    char got[32], expected[32], or_expected[32];
    if (fault->expected < 0)
        tell("MISMATCH: offset %" PRIu64 ": got %s, but nothing was owed", fault->offset,
             byte_text(fault->got, got));
    else
        tell("MISMATCH: offset %" PRIu64 ": got %s, expected %s%s%s", fault->offset,
             byte_text(fault->got, got), byte_text(fault->expected, expected),
             fault->or_expected < 0 ? "" : " or ",
             fault->or_expected < 0 ? "" : byte_text(fault->or_expected, or_expected));
}

/* Tells how it ended. Returns the exit status. */
static int conclude(const struct client_options *o, const struct ledger *l, enum exchange_end end,
                    int error)
{
    uint64_t sent = ledger_sent_total(l), back = ledger_back_total(l);
    switch (end) {
    case EXCHANGE_OPEN: /* never returned */
        break;
    case EXCHANGE_LEFT:
        if (!o->quiet)
            tell("the server closed the connection");
        return EXIT_RIGHT;
    case EXCHANGE_RIGHT:
        if (ledger_left_over(l) > 0 && !o->quiet)
            tell("the server took leave at a line quit; what came after it was not echoed");
        return EXIT_RIGHT;
    case EXCHANGE_SHORT:
        tell("SHORT: the server closed with %" PRIu64 " of %" PRIu64 " bytes back%s", back, sent,
             ledger_owed(l) == 0 ? ", before the end of the input" : "");
        return EXIT_WRONG;
    case EXCHANGE_MISMATCH:
        tell_mismatch(&l->fault);
        return EXIT_WRONG;
    case EXCHANGE_TIMEOUT:
        tell("TIMEOUT: silence for %g s with %" PRIu64 " of %" PRIu64 " bytes back%s (-W)",
             (double)o->reply_ms / 1e3, back, sent,
             ledger_owed(l) == 0 ? "; the server did not close" : "");
        return EXIT_WRONG;
    case EXCHANGE_RESET:
        tell("RESET: %s with %" PRIu64 " of %" PRIu64 " bytes back", strerror(error), back, sent);
        return EXIT_WRONG;
    case EXCHANGE_INPUT_FAILED:
        tell("cannot read standard input: %s", strerror(error));
        return EXIT_LOCAL;
    case EXCHANGE_OUTPUT_FAILED:
        if (error != EPIPE) /* whoever reads it had enough: `| head` */
            tell("cannot write standard output: %s", strerror(error));
        return EXIT_LOCAL;
    }
    return EXIT_LOCAL;
}

static int converse(const struct client_options *o, int fd, const char *address)
{
    struct ledger ledger;
    struct session session = {0};
    bool tty = !o->messages && isatty(STDIN_FILENO), tell_tty = isatty(STDERR_FILENO) && !o->quiet;
    struct exchange x = {
        .socket = fd,
        .ledger = &ledger,
        .messages = o->messages,
        .message_count = o->message_count,
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
        tell("connected to %s%s", address, x.prompt ? "; end with ctrl-D" : "");
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
        tell("%" PRIu64 " bytes sent, %" PRIu64 " back, %" PRIu64 " ms", ledger_sent_total(&ledger),
             ledger_back_total(&ledger), clock_ms() - start);
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
        tell("%s", text);
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
        tell("%s: %s", dial_word(failure), text);
        return EXIT_NO_CONNECTION;
    }
    int status = converse(&o, fd, address);
    socket_close(fd);
    return status;
}
