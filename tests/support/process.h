/* process.h - running the real programs: with pipes, a deadline on every wait, and no process left.
 *
 * Every failure ends the test by cmocka's fail(), with what the program had said.
 */
#ifndef TESTS_PROCESS_H
#define TESTS_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Longest wait for anything; far more than anything takes, for slow machines under Valgrind. */
enum { DEADLINE_MS = 20000 };

/* Milliseconds of the monotonic clock. */
int64_t now_ms(void);

struct process {
    pid_t pid;                           /* 0 once it has been waited for */
    int in, out, err;                    /* our ends of its pipes; -1 once closed */
    char out_text[8192], err_text[8192]; /* what process_line has read and not yet given out */
    size_t out_len, err_len;
};

/* Starts argv[0] with pipes for standard input, output and error. */
void process_start(struct process *p, char *const argv[]);

/* The next line that it writes to standard output (to standard error), without its LF. What a
 * server says of a sandbox that its system lacks is passed over. */
void process_line(struct process *p, char *line, size_t size);
void process_error_line(struct process *p, char *line, size_t size);

/* Reads its standard error up to a line that has the text. */
void process_await_error(struct process *p, const char *text);

/* Waits until it ends. Returns its exit status, or 128 + the signal that ended it. */
int process_wait(struct process *p);

/* Kills it if it still runs, and closes the pipes. Safe at any time after process_start. */
void process_end(struct process *p);

/* What a finished program said. */
struct result {
    int status; /* as process_wait */
    uint8_t *out;
    size_t out_len; /* out is the caller's to free */
    char err[8192];
};

/* Runs argv[0] to its end, giving it in[0..n) as standard input. */
struct result run(char *const argv[], const void *in, size_t n);

/* An echo-server (or the program that ECHO_TEST_SERVER names) on a free port of 127.0.0.1. options:
 * up to 12 more, ending with NULL. */
struct served {
    struct process process;
    char port[8];
    uint16_t port_number;
};
void served_start(struct served *s, char *const options[]);

/* The same with another program that takes its command line. */
void served_start_program(struct served *s, char *program, char *const options[]);

/* tests/liar.c, with its arguments; mode may be NULL. To be ended by process_end. */
void liar_start(struct served *s, char *lie, char *at, char *mode);

/* Sends it SIGTERM and checks that it exits with 0. */
void served_stop(struct served *s);

#endif
