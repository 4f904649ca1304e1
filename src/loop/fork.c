/* fork.c - the servers of several processes: one for each client (server_fork), or workers that
 * serve many each (server_workers).
 *
 * May use: children.h, serve.h, iterative.h, socket.h, _exit.
 */
#include "children.h"
#include "iterative.h"
#include "serve.h"
#include "socket.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    KILL_AFTER_MS = 1000, /* how much longer than the drain time a child may take */
    WORKER_SOON_MS = 1000 /* a worker that ended so soon is not replaced at once */
};

/* How a child tells its parent that the whole server is to stop. */
enum { CHILD_DONE = 0, CHILD_FAILED = 1, CHILD_STOP = 3 };

struct parent {
    struct server *server;
    struct children children;
    struct server_counters own; /* what the parent itself counts */
    bool stopping;
    uint64_t paused_until; /* nobody is accepted, no worker is started before */
    uint64_t kill_at;
    bool accepted_one;
    bool told_full;
};

static void begin_to_stop(struct parent *p)
{
    struct server *s = p->server;
    if (p->stopping)
        return;
    p->stopping = true;
    p->kill_at = clock_ms() + s->drain_ms + KILL_AFTER_MS;
    s->hooks.stopping(s->context);
    children_stop(&p->children);
}

static void count(struct parent *p)
{
    children_count(&p->children, p->server->counters);
    p->server->counters->refused += p->own.refused;
}

static void look_at_wake(struct parent *p, short revents)
{
    count(p); /* it may be asked for them */
    if (serve_woken(p->server, revents, 0) == SERVE_STOP)
        begin_to_stop(p);
}

/* What a child's end means: a dot line, or a worker that is missed. */
static void reap(struct parent *p, bool workers)
{
    struct server *s = p->server;
    int status;
    uint64_t since;
    for (pid_t pid; (pid = children_reap(&p->children, &status, &since)) > 0;) {
        bool asked = WIFEXITED(status) && WEXITSTATUS(status) == CHILD_STOP;
        if (asked)
            begin_to_stop(p);
        if (!workers || p->stopping)
            continue;
        s->hooks.worker_died(s->context, pid, status);
        if (clock_ms() - since < WORKER_SOON_MS)
            p->paused_until = clock_ms() + SERVE_PAUSE_MS;
    }
}

/* Waits for the wake descriptor, and for the listeners where `listen`. Returns how many fds there
 * are; those of the listeners begin at 1. */
static unsigned wait_for_news(struct parent *p, struct pollfd *fds, bool listen, uint64_t deadline)
{
    unsigned n = 0;
    fds[n++] = (struct pollfd){.fd = p->server->wake_fd, .events = POLLIN};
    for (size_t i = 0; listen && i < p->server->listener_count; i++)
        fds[n++] = (struct pollfd){.fd = p->server->listeners[i], .events = POLLIN};
    if (socket_wait(fds, n, deadline) == 0)
        return 1;
    if (fds[0].revents)
        look_at_wake(p, fds[0].revents);
    return n;
}

/* Waits until all children are gone, and sees to it that they go. */
static void finish(struct parent *p, bool workers)
{
    struct pollfd fds[1];
    while (reap(p, workers), p->children.running > 0) {
        wait_for_news(p, fds, false, p->kill_at);
        if (clock_ms() >= p->kill_at)
            children_kill(&p->children);
    }
    count(p);
    children_close(&p->children);
}

/* ------------------------------------------------------------------------------------------------
 * A process for each client.
 */

/* Without what is to be done at the end of the parent: each of its pages that this touches must be
 * copied for the child first. (Workers end seldom, and use exit().) What instruments a program
 * writes its findings there, though. */
static _Noreturn void leave(int status)
{
#ifdef ECHO_INSTRUMENTED
    exit(status);
#else
    _exit(status);
#endif
}

static _Noreturn void serve_as_child(struct server *s, struct client *client)
{
    bool stopping = false, told_waiting = true;
    s->listener_count = 0;
    s->one_off = false; /* the parent sees to that */
    iterative_serve(s, client, &stopping, &told_waiting);
    leave(s->finished ? CHILD_STOP : CHILD_DONE);
}

static void hand_over(struct parent *p, struct client *client)
{
    struct server *s = p->server;
    pid_t pid = children_fork(&p->children, s, false, &client->index);
    if (pid == 0)
        serve_as_child(s, client);
    if (pid < 0) {
        p->own.refused++;
        s->hooks.refused(s->context, client, errno);
        p->paused_until = clock_ms() + SERVE_PAUSE_MS;
    } else {
        p->accepted_one = true;
    }
    socket_close(client->fd);
}

/* Returns 0, or an errno if the listener will not accept again. */
static int accept_one(struct parent *p, int listener)
{
    struct client client = {0};
    switch (serve_accept(p->server, listener, &client)) {
    case SERVE_ACCEPTED:
        hand_over(p, &client);
        break;
    case SERVE_NOBODY:
        break;
    case SERVE_LATER:
        p->paused_until = clock_ms() + SERVE_PAUSE_MS;
        break;
    case SERVE_NEVER:
        return errno;
    }
    return 0;
}

static bool may_accept(const struct parent *p)
{
    return p->children.running < p->children.most && clock_ms() >= p->paused_until &&
           !(p->server->one_off && p->accepted_one);
}

int server_fork(struct server *s)
{
    struct parent p = {.server = s};
    if (!children_open(&p.children, s->max_clients))
        return errno;
    int error = serve_tell_ready(s);
    while (!p.stopping && !error) {
        struct pollfd fds[1 + SERVER_LISTENERS_MAX];
        bool listen = may_accept(&p);
        if (p.children.running == p.children.most && !p.told_full)
            s->hooks.waiting(s->context);
        p.told_full |= p.children.running == p.children.most;
        uint64_t deadline = p.paused_until > clock_ms() ? p.paused_until : UINT64_MAX;
        size_t n = wait_for_news(&p, fds, listen, deadline);
        reap(&p, false);
        for (size_t i = 1; i < n && !p.stopping && !error && may_accept(&p); i++)
            if (fds[i].revents)
                error = accept_one(&p, fds[i].fd);
        if (s->one_off && p.accepted_one && p.children.running == 0)
            begin_to_stop(&p);
    }
    begin_to_stop(&p);
    finish(&p, false);
    return error;
}

/* ------------------------------------------------------------------------------------------------
 * Workers.
 */

static _Noreturn void work_as_child(struct server *s, unsigned index)
{
    s->listeners += index * s->listener_count;
    if (server_event(s) != 0)
        exit(CHILD_FAILED);
    exit(s->finished ? CHILD_STOP : CHILD_DONE);
}

/* Returns 0, or an errno if not a single worker could be started. */
static int start_workers(struct parent *p)
{
    while (p->children.running < p->children.most && clock_ms() >= p->paused_until) {
        unsigned index;
        pid_t pid = children_fork(&p->children, p->server, true, &index);
        if (pid == 0)
            work_as_child(p->server, index);
        if (pid < 0 && p->children.running == 0)
            return errno;
        if (pid < 0)
            p->paused_until = clock_ms() + SERVE_PAUSE_MS;
    }
    return 0;
}

int server_workers(struct server *s, unsigned workers)
{
    struct parent p = {.server = s};
    int error = 0;
    if (!children_open(&p.children, workers))
        return errno;
    if ((error = start_workers(&p)) == 0)
        error = serve_tell_ready(s);
    while (!p.stopping && !error && (error = start_workers(&p)) == 0) {
        struct pollfd fds[1];
        bool missing = p.children.running < p.children.most;
        wait_for_news(&p, fds, false, missing ? p.paused_until : UINT64_MAX);
        reap(&p, true);
    }
    begin_to_stop(&p);
    finish(&p, true);
    return error;
}
