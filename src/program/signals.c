/* signals.c - see signals.h. */
#include "signals.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <unistd.h>

static int read_end = -1, write_end = -1;
static volatile sig_atomic_t stop_came, counters_came;

/* Ends as one who does not catch the signal. The kernel lets no such signal reach the first process
 * of a container (pid_namespaces(7)), which therefore says what a shell would. */
static void end_by(int number)
{
    if (getpid() == 1)
        _exit(128 + number);
    (void)signal(number, SIG_DFL);
    (void)raise(number); /* taken on return from the handler */
}

/* Only async-signal-safe calls. The byte only wakes: a full pipe is as good as one byte more in it.
 */
static void on_signal(int number)
{
    int error = errno;
    if (number == SIGUSR1) {
        counters_came = 1;
    } else if (number != SIGCHLD) {
        if (stop_came)
            end_by(number);
        stop_came = 1;
    }
    ssize_t n = write(write_end, "", 1);
    (void)n;
    errno = error;
}

int signals_open(void)
{
    static const int caught[] = {SIGTERM, SIGINT, SIGUSR1, SIGCHLD};
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_NOCLDSTOP};
    int ends[2];

    if (pipe(ends) < 0)
        return -1;
    for (int i = 0; i < 2; i++)
        if (fcntl(ends[i], F_SETFL, O_NONBLOCK) < 0 || fcntl(ends[i], F_SETFD, FD_CLOEXEC) < 0)
            return -1;
    read_end = ends[0];
    write_end = ends[1];
    (void)sigfillset(&action.sa_mask); /* one at a time: two stops must not miss each other */
    for (size_t i = 0; i < sizeof caught / sizeof caught[0]; i++)
        if (sigaction(caught[i], &action, NULL) < 0)
            return -1;
    action.sa_handler = SIG_IGN;
    return sigaction(SIGPIPE, &action, NULL) < 0 ? -1 : ends[0];
}

void signals_leave_to_parent(void)
{
    static const int left[] = {SIGTERM, SIGINT, SIGUSR1};
    for (size_t i = 0; i < sizeof left / sizeof left[0]; i++)
        (void)signal(left[i], SIG_IGN);
    (void)signal(SIGCHLD, SIG_DFL);
    (void)close(read_end);
    (void)close(write_end);
}

unsigned signals_take(int fd)
{
    char bytes[64];
    unsigned taken = 0;
    while (read(fd, bytes, sizeof bytes) > 0)
        ; /* first the bytes: a signal after this sets its flag and wakes again */
    if (counters_came)
        taken |= SIGNALS_COUNTERS;
    counters_came = 0;
    if (stop_came)
        taken |= SIGNALS_STOP;
    return taken;
}
