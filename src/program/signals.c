/* signals.c - see signals.h. */
#include "signals.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <unistd.h>

static int write_end;
static volatile sig_atomic_t stop_came;

/* Only async-signal-safe calls. A full pipe is as good as one byte more in it. */
static void on_signal(int number)
{
    int error = errno;
    if (number != SIGUSR1) {
        if (stop_came)
            (void)signal(number, SIG_DFL), (void)raise(number); /* taken on return from here */
        stop_came = 1;
    }
    ssize_t n = write(write_end, number == SIGUSR1 ? "c" : "s", 1);
    (void)n;
    errno = error;
}

int signals_open(void)
{
    static const int caught[] = {SIGTERM, SIGINT, SIGUSR1};
    struct sigaction action = {.sa_handler = on_signal};
    int ends[2];

    if (pipe(ends) < 0)
        return -1;
    for (int i = 0; i < 2; i++)
        if (fcntl(ends[i], F_SETFL, O_NONBLOCK) < 0 || fcntl(ends[i], F_SETFD, FD_CLOEXEC) < 0)
            return -1;
    write_end = ends[1];
    (void)sigemptyset(&action.sa_mask);
    for (size_t i = 0; i < sizeof caught / sizeof caught[0]; i++)
        if (sigaction(caught[i], &action, NULL) < 0)
            return -1;
    action.sa_handler = SIG_IGN;
    return sigaction(SIGPIPE, &action, NULL) < 0 ? -1 : ends[0];
}

unsigned signals_take(int fd)
{
    unsigned all = 0;
    char bytes[64];
    ssize_t n;
    while ((n = read(fd, bytes, sizeof bytes)) > 0)
        for (ssize_t i = 0; i < n; i++)
            all |= bytes[i] == 'c' ? SIGNALS_COUNTERS : SIGNALS_STOP;
    return all;
}
