/* children.c - see children.h.
 *
 * May use: fork, waitpid, kill, pipe, shared memory, socket.h for the clock.
 */
#include "children.h"

#include "socket.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

bool children_open(struct children *c, unsigned most)
{
    *c = (struct children){.most = most, .orders = {-1, -1}};
    c->list = calloc(most, sizeof *c->list);
    void *shared = mmap(NULL, most * sizeof *c->counters, PROT_READ | PROT_WRITE,
                        MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    c->counters = shared == MAP_FAILED ? NULL : shared;
    if (c->list && c->counters && pipe(c->orders) == 0)
        return true;
    int error = errno;
    children_close(c);
    errno = error;
    return false;
}

void children_close(struct children *c)
{
    for (int i = 0; i < 2; i++)
        if (c->orders[i] >= 0)
            (void)close(c->orders[i]);
    if (c->counters)
        (void)munmap(c->counters, c->most * sizeof *c->counters);
    free(c->list);
}

static void become_child(struct children *c, struct server *s, bool accepts, unsigned index)
{
    (void)close(c->orders[1]); /* or the parent's end would not be the pipe's */
    s->parent_fd = c->orders[0];
    s->counters = &c->counters[index];
    s->wake_fd = -1;
    s->hooks.forked(s->context, accepts);
}

pid_t children_fork(struct children *c, struct server *s, bool accepts, unsigned *index)
{
    sigset_t all, before;
    unsigned i = 0;
    while (c->list[i].pid)
        i++;
    *index = i;

    /* A signal to the child must not be taken for one to the parent: none is taken before the child
     * ignores them. */
    (void)sigfillset(&all);
    (void)sigprocmask(SIG_SETMASK, &all, &before);
    pid_t pid = fork();
    int error = errno;
    if (pid == 0)
        become_child(c, s, accepts, i);
    (void)sigprocmask(SIG_SETMASK, &before, NULL);
    errno = error;
    if (pid > 0) {
        c->list[i] = (struct child){pid, clock_ms()};
        c->running++;
    }
    return pid;
}

static void add(struct server_counters *sum, const struct server_counters *one)
{
    sum->served += one->served;
    sum->open += one->open;
    sum->bytes_in += one->bytes_in;
    sum->bytes_out += one->bytes_out;
    sum->refused += one->refused;
    sum->timed_out += one->timed_out;
    sum->reset += one->reset;
}

pid_t children_reap(struct children *c, int *status, uint64_t *since)
{
    pid_t pid;
    while ((pid = waitpid(-1, status, WNOHANG)) > 0 || (pid < 0 && errno == EINTR)) {
        for (unsigned i = 0; pid > 0 && i < c->most; i++) {
            if (c->list[i].pid != pid)
                continue;
            *since = c->list[i].since;
            c->counters[i].open = 0; /* it may have had no time to say so */
            add(&c->gone, &c->counters[i]);
            c->counters[i] = (struct server_counters){0};
            c->list[i].pid = 0;
            c->running--;
            return pid;
        }
    } /* one that is not ours was left by whoever became this process */
    return 0;
}

void children_stop(struct children *c)
{
    (void)!write(c->orders[1], "", 1); /* one byte for all: nobody takes it out */
}

void children_kill(struct children *c)
{
    for (unsigned i = 0; i < c->most; i++)
        if (c->list[i].pid)
            (void)kill(c->list[i].pid, SIGKILL);
}

void children_count(const struct children *c, struct server_counters *sum)
{
    *sum = c->gone;
    for (unsigned i = 0; i < c->most; i++)
        if (c->list[i].pid)
            add(sum, &c->counters[i]);
}
