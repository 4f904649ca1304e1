/* process.c - see process.h. */
#include "process.h"

#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

int64_t now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void make_pipe(int ends[2])
{
    assert_int_equal(pipe(ends), 0);
    for (int i = 0; i < 2; i++)
        assert_int_equal(fcntl(ends[i], F_SETFD, FD_CLOEXEC), 0);
}

void process_start(struct process *p, char *const argv[])
{
    int in[2], out[2], err[2];
    make_pipe(in);
    make_pipe(out);
    make_pipe(err);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        dup2(in[0], 0);
        dup2(out[1], 1);
        dup2(err[1], 2);
        signal(SIGPIPE, SIG_DFL);
        execv(argv[0], argv);
        perror(argv[0]);
        _exit(127);
    }
    close(in[0]);
    close(out[1]);
    close(err[1]);
    *p = (struct process){.pid = pid, .in = in[1], .out = out[0], .err = err[0]};
}

static void close_once(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

/* Reads more of a pipe into text[0..*len), waiting until the deadline. Returns false at its end. */
static bool read_more(int fd, char *text, size_t room, size_t *len, int64_t deadline)
{
    struct pollfd ready = {.fd = fd, .events = POLLIN};
    int64_t left = deadline - now_ms();
    if (left <= 0 || poll(&ready, 1, (int)left) == 0)
        fail_msg("nothing was said in time; so far: %.*s", (int)*len, text);
    ssize_t n = read(fd, text + *len, room - *len);
    if (n > 0)
        *len += (size_t)n;
    return n > 0;
}

static void take_line(int fd, char *text, size_t room, size_t *len, char *line, size_t size)
{
    int64_t deadline = now_ms() + DEADLINE_MS;
    char *end;
    while (!(end = memchr(text, '\n', *len)))
        if (!read_more(fd, text, room, len, deadline))
            fail_msg("it ended without a line; so far: %.*s", (int)*len, text);
    size_t n = (size_t)(end - text);
    assert_true(n < size);
    memcpy(line, text, n);
    line[n] = '\0';
    *len -= n + 1;
    memmove(text, end + 1, *len);
}

void process_line(struct process *p, char *line, size_t size)
{
    take_line(p->out, p->out_text, sizeof p->out_text, &p->out_len, line, size);
}

void process_error_line(struct process *p, char *line, size_t size)
{
    do
        take_line(p->err, p->err_text, sizeof p->err_text, &p->err_len, line, size);
    while (strstr(line, "sandbox: ")); /* what this system lacks is not the matter */
}

void process_await_error(struct process *p, const char *text)
{
    char line[1024];
    do
        process_error_line(p, line, sizeof line);
    while (!strstr(line, text));
}

int process_wait(struct process *p)
{
    int64_t deadline = now_ms() + DEADLINE_MS;
    int status;
    pid_t pid;
    /* waitpid() has no deadline: look, and look again soon. */
    while ((pid = waitpid(p->pid, &status, WNOHANG)) == 0 && now_ms() < deadline)
        (void)poll(NULL, 0, 1);
    if (pid != p->pid) {
        kill(p->pid, SIGKILL);
        waitpid(p->pid, &status, 0);
        p->pid = 0;
        fail_msg("it did not end in time");
    }
    p->pid = 0;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

void process_end(struct process *p)
{
    if (p->pid > 0) {
        kill(p->pid, SIGKILL);
        waitpid(p->pid, NULL, 0);
        p->pid = 0;
    }
    close_once(&p->in);
    close_once(&p->out);
    close_once(&p->err);
}

struct result run(char *const argv[], const void *in, size_t n)
{
    struct process p;
    struct result r = {0};
    size_t room = 1 << 16, err_len = 0, given = 0;
    int64_t deadline = now_ms() + DEADLINE_MS;

    process_start(&p, argv);
    void (*before)(int) = signal(SIGPIPE, SIG_IGN);
    fcntl(p.in, F_SETFL, O_NONBLOCK);
    r.out = malloc(room);
    assert_non_null(r.out);
    while (p.out >= 0 || p.err >= 0) {
        if (given == n)
            close_once(&p.in);
        struct pollfd fds[] = {{p.in, POLLOUT, 0}, {p.out, POLLIN, 0}, {p.err, POLLIN, 0}};
        int64_t left = deadline - now_ms();
        if (left <= 0 || poll(fds, 3, (int)left) == 0) {
            process_end(&p);
            fail_msg("%s did not end in time; stderr: %s", argv[0], r.err);
        }
        if (fds[0].revents) {
            ssize_t w = write(p.in, (const char *)in + given, n - given);
            given = w >= 0 ? given + (size_t)w : errno == EAGAIN ? given : n;
        }
        if (fds[1].revents) {
            if (r.out_len == room) {
                r.out = realloc(r.out, room *= 2);
                assert_non_null(r.out);
            }
            ssize_t got = read(p.out, r.out + r.out_len, room - r.out_len);
            r.out_len += got > 0 ? (size_t)got : 0;
            if (got <= 0)
                close_once(&p.out);
        }
        if (fds[2].revents) {
            ssize_t got = read(p.err, r.err + err_len, sizeof r.err - 1 - err_len);
            err_len += got > 0 ? (size_t)got : 0;
            if (got <= 0)
                close_once(&p.err);
        }
    }
    r.status = process_wait(&p);
    process_end(&p);
    signal(SIGPIPE, before);
    return r;
}

void served_start(struct served *s, char *const options[])
{
    char *other = getenv("ECHO_TEST_SERVER");
    served_start_program(s, other ? other : ECHO_SERVER, options);
}

/* From the ready line. */
static void read_port(struct served *s)
{
    char line[128];
    unsigned port;
    process_line(&s->process, line, sizeof line);
    assert_int_equal(sscanf(line, "waiting on %*[0-9.]:%u", &port), 1);
    s->port_number = (uint16_t)port;
    snprintf(s->port, sizeof s->port, "%u", port);
}

void served_start_program(struct served *s, char *program, char *const options[])
{
    char *argv[20] = {program, "-4"};
    size_t n = 2;
    for (size_t i = 0; options && options[i]; i++)
        argv[n++] = options[i];
    argv[n++] = "0";
    process_start(&s->process, argv);
    read_port(s);
}

void liar_start(struct served *s, char *lie, char *at, char *mode)
{
    process_start(&s->process, (char *[]){LIAR, lie, at, mode, NULL});
    read_port(s);
}

void served_stop(struct served *s)
{
    kill(s->process.pid, SIGTERM);
    assert_int_equal(process_wait(&s->process), 0);
    process_end(&s->process);
}
