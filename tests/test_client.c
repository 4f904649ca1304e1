/* test_client.c - the real echo-client against servers that tell the truth and servers that lie.
 *
 * Each server is a function that plays one connection in a process of its own.
 */
#include "connection/ledger.h"
#include "support/net.h"
#include "support/process.h"

#include "support/test.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

typedef void script(int fd);

static pid_t server;

/* Plays `play` with the first who connects. */
static void serve(script *play, char port_text[8])
{
    uint16_t port;
    int listener = net_listen(1, &port);
    snprintf(port_text, 8, "%u", port);
    server = fork();
    assert_true(server >= 0);
    if (server == 0) {
        struct pollfd ready = {.fd = listener, .events = POLLIN};
        if (poll(&ready, 1, DEADLINE_MS) != 1)
            _exit(1);
        int fd = accept(listener, NULL, NULL);
        close(listener);
        play(fd);
        _exit(0);
    }
    close(listener);
}

static int clean_up(void **state)
{
    (void)state;
    if (server > 0) {
        kill(server, SIGKILL);
        waitpid(server, NULL, 0);
        server = 0;
    }
    return 0;
}

/* Runs the client with up to 8 options against `play`, with `input` on its standard input. */
static struct result run_against(script *play, char *const options[], const char *input)
{
    char port[8];
    char *argv[16] = {ECHO_CLIENT};
    size_t n = 1;
    serve(play, port);
    while (options && *options)
        argv[n++] = *options++;
    argv[n++] = "127.0.0.1";
    argv[n] = port;
    struct result r = run(argv, input, strlen(input));
    clean_up(NULL);
    return r;
}

static void assert_result(const struct result *r, int status, const char *out, const char *err)
{
    if (r->status != status || r->out_len != strlen(out) || memcmp(r->out, out, r->out_len) != 0 ||
        (*err ? strstr(r->err, err) == NULL : r->err[0] != '\0'))
        fail_msg("status %d, expected %d; %zu bytes out: %.*s; stderr: %s, expected: %s", r->status,
                 status, r->out_len, (int)r->out_len, r->out, r->err, err);
    const char *lf = strchr(r->err, '\n');
    assert_true(!lf || lf[1] == '\0'); /* one line */
    free(r->out);
}

/* ---------------------------------------------------------------------------------------------- */

static void echo_as(int fd, enum echo_mode mode)
{
    uint8_t in[4096], out[4096];
    ssize_t n;
    while ((n = recv(fd, in, sizeof in, 0)) > 0) {
        echo_mode_map(mode, out, in, (size_t)n);
        net_send(fd, out, (size_t)n);
    }
}

static void verbatim(int fd)
{
    echo_as(fd, ECHO_VERBATIM);
}

static void upper(int fd)
{
    echo_as(fd, ECHO_UPPER);
}

/* Reads "hello\n" and answers with something. */
static void answer(int fd, const char *reply)
{
    char in[6];
    net_receive(fd, in, 6);
    net_send(fd, reply, strlen(reply));
}

/* Goes on until the client has closed. */
static void wait_for_client(int fd)
{
    char byte;
    while (recv(fd, &byte, 1, 0) > 0)
        continue;
}

static void wrong_byte(int fd)
{
    answer(fd, "HELLP\n");
    wait_for_client(fd);
}

static void short_echo(int fd)
{
    answer(fd, "HEL");
}

static void extra_bytes(int fd)
{
    answer(fd, "HELLO\nX");
    wait_for_client(fd);
}

static void line_twice(int fd)
{
    answer(fd, "HELLO\nHELLO\n");
    wait_for_client(fd);
}

static void resets(int fd)
{
    answer(fd, "HEL");
    /* Not before the client has it. */
    struct pollfd ready = {.fd = fd, .events = POLLIN};
    (void)poll(&ready, 1, 100);
    net_reset(fd);
}

static void resets_at_once(int fd)
{
    char in[6];
    net_receive(fd, in, 6);
    net_reset(fd);
}

/* In the middle of a long input: the client may hear of it when it sends. */
static void resets_midway(int fd)
{
    static char in[1 << 20];
    net_receive(fd, in, sizeof in);
    net_reset(fd);
}

static void never_reads(int fd)
{
    (void)fd;
    for (;;)
        pause();
}

static void stuck(int fd)
{
    answer(fd, "HEL");
    for (;;)
        pause();
}

static void never_closes(int fd)
{
    answer(fd, "HELLO\n");
    for (;;)
        pause();
}

static void closes_at_once(int fd)
{
    close(fd);
}

static void banner(int fd)
{
    net_send(fd, "220 welcome\n", 12);
    wait_for_client(fd);
}

static void drops_cr(int fd)
{
    char in[4];
    net_receive(fd, in, 4); /* hi\r\n */
    net_send(fd, "HI\n", 3);
    wait_for_client(fd);
}

static void good_bye(int fd)
{
    char in[5];
    net_receive(fd, in, 5);
    net_send(fd, "Good bye\n", 9);
}

static void terminal_escape(int fd)
{
    answer(fd, "\x1b]0;owned\x07\x9b\n");
}

/* ---------------------------------------------------------------------------------------------- */

static void test_right_echoes(void **state)
{
    (void)state;
    struct result r = run_against(upper, NULL, "hello\n");
    assert_result(&r, 0, "HELLO\n", "");
    r = run_against(verbatim, NULL, "hello\n");
    assert_result(&r, 0, "hello\n", "");
    r = run_against(verbatim, (char *[]){"-m", "verbatim", NULL}, "no newline");
    assert_result(&r, 0, "no newline", "");
    r = run_against(upper, NULL, "");
    assert_result(&r, 0, "", "");
    r = run_against(good_bye, NULL, "quit\n");
    assert_result(&r, 0, "Good bye\n", "");
    r = run_against(good_bye, (char *[]){"--quiet", NULL}, "quit\nnot echoed\n");
    assert_result(&r, 0, "Good bye\n", "");
    r = run_against(good_bye, NULL, "quit\nnot echoed\n");
    assert_result(&r, 0, "Good bye\n",
                  "echo-client: the server took leave at a line quit; what came after it was not "
                  "echoed\n");
}

static void test_lies(void **state)
{
    (void)state;
    struct result r = run_against(wrong_byte, NULL, "hello\n");
    assert_result(&r, 1, "HELLP\n",
                  "echo-client: MISMATCH: offset 4: got 'P' (0x50), expected 'O' (0x4f)\n");
    r = run_against(extra_bytes, NULL, "hello\n");
    assert_result(&r, 1, "HELLO\nX",
                  "echo-client: MISMATCH: offset 6: got 'X' (0x58), but nothing was owed\n");
    r = run_against(line_twice, NULL, "hello\n");
    assert_result(
        &r, 1, "HELLO\nHELLO\n",
        "echo-client: MISMATCH: offset 6: got 'H' (0x48), but nothing was owed; a line was sent "
        "twice\n");
    r = run_against(drops_cr, NULL, "hi\r\n");
    assert_result(&r, 1, "HI\n",
                  "echo-client: MISMATCH: offset 2: got '\\n' (0x0a), expected '\\r' (0x0d); a CR "
                  "was left out\n");
    r = run_against(banner, NULL, "hello\n");
    assert_result(&r, 1, "220 welcome\n", "echo-client: MISMATCH: offset 0: got '2' (0x32), ");
    r = run_against(upper, (char *[]){"-m", "verbatim", NULL}, "hello\n");
    assert_result(
        &r, 1, "HELLO\n",
        "echo-client: MISMATCH: offset 0: got 'H' (0x48), expected 'h' (0x68); the server speaks "
        "upper\n");
    r = run_against(short_echo, NULL, "hello\n");
    assert_result(&r, 1, "HEL", "echo-client: SHORT: the server closed with 3 of 6 bytes back\n");
    r = run_against(closes_at_once, NULL, "");
    assert_result(&r, 0, "", "");
    r = run_against(resets, NULL, "hello\n");
    assert_result(&r, 1, "HEL",
                  "echo-client: RESET: Connection reset by peer with 3 of 6 bytes back\n");
    r = run_against(resets_at_once, NULL, "hello\n");
    assert_result(&r, 1, "",
                  "echo-client: RESET: Connection reset by peer with 0 of 6 bytes back\n");
}

static void test_reset_midway(void **state)
{
    (void)state;
    static char input[8 << 20];
    memset(input, 'x', sizeof input - 1);
    for (int i = 0; i < 10; i++) {
        struct result r = run_against(resets_midway, NULL, input);
        assert_int_equal(r.status, 1);
        if (!strstr(r.err, "echo-client: RESET: "))
            fail_msg("not told as a reset: %s", r.err);
        free(r.out);
    }
}

/* Even where nothing is compared, a server that takes nothing is not waited for for ever. */
static void test_never_reads(void **state)
{
    (void)state;
    static char input[16 << 20];
    memset(input, 'x', sizeof input - 1);
    struct result r = run_against(never_reads, (char *[]){"-W", "300ms", "-m", "any", NULL}, input);
    assert_result(&r, 1, "", "echo-client: TIMEOUT: silence for 0.3 s with 0 of ");
}

static void test_late(void **state)
{
    (void)state;
    char *options[] = {"-W", "300ms", NULL};
    struct result r = run_against(stuck, options, "hello\n");
    assert_result(&r, 1, "HEL",
                  "echo-client: TIMEOUT: silence for 0.3 s with 3 of 6 bytes back (-W)\n");
    r = run_against(never_closes, options, "hello\n");
    assert_result(
        &r, 1, "HELLO\n",
        "echo-client: TIMEOUT: silence for 0.3 s with 6 of 6 bytes back; the server did not "
        "close (-W)\n");
}

/* The server closes although there is more to come. */
static void test_closed_before_the_end_of_input(void **state)
{
    (void)state;
    char port[8], line[512];
    struct process p;
    serve(short_echo, port);
    char *argv[] = {ECHO_CLIENT, "127.0.0.1", port, NULL};
    process_start(&p, argv);
    assert_int_equal(write(p.in, "hello\n", 6), 6);
    process_error_line(&p, line, sizeof line);
    assert_non_null(strstr(line, "SHORT"));
    assert_int_equal(process_wait(&p), 1);
    process_end(&p);
}

static void test_any_compares_nothing(void **state)
{
    (void)state;
    char *options[] = {"-m", "any", NULL};
    struct result r = run_against(wrong_byte, options, "hello\n");
    assert_result(&r, 0, "HELLP\n", "");
}

static void test_no_connection(void **state)
{
    (void)state;
    uint16_t port;
    char text[8];
    int unheard = net_listen(-1, &port); /* bound, and nobody listens */
    snprintf(text, sizeof text, "%u", port);
    struct result r = run((char *[]){ECHO_CLIENT, "127.0.0.1", text, "x", NULL}, "", 0);
    assert_result(&r, 3, "", "echo-client: REFUSED: 127.0.0.1:");
    close(unheard);

    r = run((char *[]){ECHO_CLIENT, "no-such-host.invalid", "4242", "x", NULL}, "", 0);
    assert_result(&r, 3, "", "echo-client: DNS: no-such-host.invalid: ");
    r = run((char *[]){ECHO_CLIENT, "127.255.255.255", "4242", "x", NULL}, "", 0); /* a broadcast */
    assert_result(&r, 3, "", "echo-client: UNREACHABLE: 127.255.255.255:4242: ");
    r = run((char *[]){ECHO_CLIENT, "-U", "/nonexistent/socket", "x", NULL}, "", 0);
    assert_result(&r, 3, "", "echo-client: UNREACHABLE: unix:/nonexistent/socket: No such file");
}

/* A full backlog answers no SYN. */
static void test_connect_timeout(void **state)
{
    (void)state;
    uint16_t port;
    char text[8];
    int listener = net_listen(0, &port), fill[2];
    for (int i = 0; i < 2; i++) {
        fill[i] = net_socket(AF_INET, SOCK_STREAM);
        fcntl(fill[i], F_SETFL, O_NONBLOCK);
        struct sockaddr_storage address;
        socklen_t len = sizeof address;
        getsockname(listener, (struct sockaddr *)&address, &len);
        (void)connect(fill[i], (struct sockaddr *)&address, len);
    }
    snprintf(text, sizeof text, "%u", port);
    struct result r =
        run((char *[]){ECHO_CLIENT, "-w", "300ms", "127.0.0.1", text, "x", NULL}, "", 0);
    assert_result(&r, 3, "", "echo-client: TIMEOUT: 127.0.0.1:");
    close(fill[0]);
    close(fill[1]);
    close(listener);
}

static void test_retry(void **state)
{
    (void)state;
    uint16_t port;
    char text[8], in[3];
    struct process p;
    int listener = net_listen(-1, &port); /* not yet */
    snprintf(text, sizeof text, "%u", port);
    process_start(&p, (char *[]){ECHO_CLIENT, "--retry", "15s", "127.0.0.1", text, "hi", NULL});
    assert_int_equal(listen(listener, 1), 0);
    int fd = net_accept(listener);
    net_receive(fd, in, 3);
    net_send(fd, "HI\n", 3);
    close(fd);
    close(listener);
    assert_int_equal(process_wait(&p), 0);
    process_end(&p);
}

static void test_messages(void **state)
{
    (void)state;
    struct served s;
    served_start(&s, NULL);
    char both[32];
    struct result r =
        run((char *[]){ECHO_CLIENT, "127.0.0.1", s.port, "one", "", "two words", NULL}, "", 0);
    assert_result(&r, 0, "ONE\n\nTWO WORDS\n", "");
    snprintf(both, sizeof both, "127.0.0.1:%s", s.port);
    r = run((char *[]){ECHO_CLIENT, both, "one", NULL}, "", 0);
    assert_result(&r, 0, "ONE\n", "");
    r = run((char *[]){ECHO_CLIENT, both, "--", "-v", NULL}, "", 0);
    assert_result(&r, 0, "-V\n", "");
    snprintf(both, sizeof both, "[127.0.0.1]:%s", s.port);
    r = run((char *[]){ECHO_CLIENT, both, "quit", "lost", NULL}, "", 0);
    assert_result(&r, 0, "Good bye\n",
                  "echo-client: the server took leave at a line quit; what came after it was not "
                  "echoed\n");
    served_stop(&s);
}

static void test_dot_stop(void **state)
{
    (void)state;
    struct served s;
    char *options[] = {"--dot-stop", NULL};
    served_start(&s, options);
    struct result r =
        run((char *[]){ECHO_CLIENT, "--dot-stop", "127.0.0.1", s.port, NULL}, "a.\n.b\nc\n", 8);
    assert_result(&r, 0, "A.\n.B\n", "");
    assert_int_equal(process_wait(&s.process), 0); /* the server has left, too */
    process_end(&s.process);
}

/* Much more than all buffers on the way hold: only a full-duplex client gets through. */
static void test_large_input(void **state)
{
    (void)state;
    enum { N = 32 << 20 };
    struct served s;
    char *options[] = {"-m", "verbatim", NULL};
    uint8_t *in = malloc(N);
    assert_non_null(in);
    for (size_t i = 0; i < N; i++)
        in[i] = (uint8_t)(i * 2654435761u >> 11 & 0xFF);
    served_start(&s, options);
    struct result r =
        run((char *[]){ECHO_CLIENT, "-m", "verbatim", "127.0.0.1", s.port, NULL}, in, N);
    assert_int_equal(r.status, 0);
    assert_int_equal(r.out_len, N);
    assert_memory_equal(r.out, in, N);
    free(r.out);
    free(in);
    served_stop(&s);
}

static void test_unusable_output_and_input(void **state)
{
    (void)state;
    struct served s;
    char command[256];
    served_start(&s, NULL);
    snprintf(command, sizeof command, "exec %s 127.0.0.1 %s hello 1</dev/null", ECHO_CLIENT,
             s.port);
    struct result r = run((char *[]){"/bin/sh", "-c", command, NULL}, "", 0);
    assert_result(&r, 2, "", "echo-client: cannot write standard output: ");
    snprintf(command, sizeof command, "exec %s 127.0.0.1 %s </", ECHO_CLIENT, s.port);
    r = run((char *[]){"/bin/sh", "-c", command, NULL}, "", 0);
    assert_result(&r, 2, "", "echo-client: cannot read standard input: ");

    /* What was wrong with the echo is told in any case. */
    char port[8];
    serve(wrong_byte, port);
    snprintf(command, sizeof command, "exec %s 127.0.0.1 %s hello 1</dev/null", ECHO_CLIENT, port);
    r = run((char *[]){"/bin/sh", "-c", command, NULL}, "", 0);
    assert_result(&r, 1, "", "echo-client: MISMATCH: offset 4: ");
    clean_up(NULL);

    struct process p; /* whoever reads the output has had enough: nothing to complain of */
    char none;
    process_start(&p, (char *[]){ECHO_CLIENT, "127.0.0.1", s.port, NULL});
    close(p.out);
    p.out = -1;
    assert_int_equal(write(p.in, "hello\n", 6), 6);
    assert_int_equal(process_wait(&p), 2);
    assert_int_equal(read(p.err, &none, 1), 0);
    process_end(&p);
    served_stop(&s);
}

static void test_wrong_command_lines(void **state)
{
    (void)state;
    static const struct {
        char *argv[6];
        const char *error;
    } rows[] = {
        {{ECHO_CLIENT}, "HOST is missing"},
        {{ECHO_CLIENT, "localhost", "hello"}, "PORT 'hello' is not a port"},
        {{ECHO_CLIENT, "localhost", "0"}, "PORT '0' is not a port"},
        {{ECHO_CLIENT, "localhost", "65536"}, "PORT '65536' is not a port"},
        {{ECHO_CLIENT, "-m", "loud", "localhost"},
         "--expect 'loud' is not a mode; use upper, verbatim, auto or any"},
        {{ECHO_CLIENT, "-w", "soon", "localhost"}, "--connect-timeout 'soon' is not a time"},
        {{ECHO_CLIENT, "--loud", "localhost"}, "--loud is no option"},
        {{ECHO_CLIENT, "localhost", "-w"}, "-w needs a value"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct result r = run(rows[i].argv, "", 0);
        assert_result(&r, 2, "", rows[i].error);
    }
}

/* ---------------------------------------------------------------------------------------------- */

/* The client at a terminal: its standard input, output and error are one. */
static int start_at_terminal(char *const argv[], pid_t *pid)
{
    int terminal = posix_openpt(O_RDWR | O_NOCTTY);
    assert_true(terminal >= 0);
    assert_int_equal(grantpt(terminal), 0);
    assert_int_equal(unlockpt(terminal), 0);
    int theirs = open(ptsname(terminal), O_RDWR | O_NOCTTY);
    assert_true(theirs >= 0);
    struct termios mode;
    tcgetattr(theirs, &mode);
    mode.c_lflag &= ~(tcflag_t)ECHO;
    mode.c_oflag &= ~(tcflag_t)OPOST;
    tcsetattr(theirs, TCSANOW, &mode);
    *pid = fork();
    assert_true(*pid >= 0);
    if (*pid == 0) {
        for (int fd = 0; fd < 3; fd++)
            dup2(theirs, fd);
        execv(argv[0], argv);
        _exit(127);
    }
    close(theirs);
    return terminal;
}

/* Reads from the terminal until it has shown `text`. */
static void await_text(int terminal, const char *text)
{
    char seen[4096];
    size_t len = 0;
    int64_t deadline = now_ms() + DEADLINE_MS;
    for (;;) {
        struct pollfd ready = {.fd = terminal, .events = POLLIN};
        seen[len] = '\0';
        if (strstr(seen, text))
            return;
        int64_t left = deadline - now_ms();
        ssize_t n = left > 0 && poll(&ready, 1, (int)left) == 1
                        ? read(terminal, seen + len, sizeof seen - 1 - len)
                        : 0;
        if (n <= 0)
            fail_msg("the terminal never showed '%s', but: %s", text, seen);
        len += (size_t)n;
    }
}

static int status_of(pid_t pid)
{
    struct process p = {.pid = pid, .in = -1, .out = -1, .err = -1};
    return process_wait(&p);
}

static void test_at_a_terminal(void **state)
{
    (void)state;
    struct served s;
    pid_t pid;
    served_start(&s, NULL);
    int terminal = start_at_terminal((char *[]){ECHO_CLIENT, "127.0.0.1", s.port, NULL}, &pid);
    await_text(terminal, "> ");
    assert_int_equal(write(terminal, "hello\n", 6), 6);
    await_text(terminal, "HELLO\n> ");
    assert_int_equal(write(terminal, "\x04", 1), 1); /* ctrl-D */
    assert_int_equal(status_of(pid), 0);
    close(terminal);
    served_stop(&s);
}

static void test_server_closing_at_a_terminal(void **state)
{
    (void)state;
    struct served s;
    pid_t pid;
    served_start(&s, (char *[]){"--idle-timeout", "200ms", NULL});
    int terminal = start_at_terminal((char *[]){ECHO_CLIENT, "127.0.0.1", s.port, NULL}, &pid);
    await_text(terminal, "the server closed the connection");
    assert_int_equal(status_of(pid), 0);
    close(terminal);
    served_stop(&s);
}

static void test_nothing_harmful_reaches_a_terminal(void **state)
{
    (void)state;
    char port[8], seen[512] = "";
    pid_t pid;
    size_t len = 0;
    serve(terminal_escape, port);
    int terminal = start_at_terminal(
        (char *[]){ECHO_CLIENT, "-m", "any", "127.0.0.1", port, "hello", NULL}, &pid);
    ssize_t n;
    struct pollfd ready = {.fd = terminal, .events = POLLIN};
    while (poll(&ready, 1, DEADLINE_MS) == 1 &&
           (n = read(terminal, seen + len, sizeof seen - 1 - len)) > 0)
        len += (size_t)n;
    assert_non_null(strstr(seen, "?]0;owned??"));
    assert_null(memchr(seen, 0x1b, len));
    assert_null(memchr(seen, 0x9b, len));
    assert_int_equal(status_of(pid), 0);
    close(terminal);
}

static void slow(int fd)
{
    char in[6];
    struct pollfd nothing = {.fd = -1};
    net_receive(fd, in, 6);
    (void)poll(&nothing, 1, 1500); /* being slow is what it is for */
    net_send(fd, "HELLO\n", 6);
}

static void test_progress_after_a_second(void **state)
{
    (void)state;
    char port[8];
    pid_t pid;
    serve(slow, port);
    int terminal =
        start_at_terminal((char *[]){ECHO_CLIENT, "127.0.0.1", port, "hello", NULL}, &pid);
    await_text(terminal, "MB sent, ");
    await_text(terminal, "HELLO\n");
    assert_int_equal(status_of(pid), 0);
    close(terminal);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_right_echoes, clean_up),
        cmocka_unit_test_teardown(test_lies, clean_up),
        cmocka_unit_test_teardown(test_reset_midway, clean_up),
        cmocka_unit_test_teardown(test_never_reads, clean_up),
        cmocka_unit_test_teardown(test_late, clean_up),
        cmocka_unit_test_teardown(test_closed_before_the_end_of_input, clean_up),
        cmocka_unit_test_teardown(test_any_compares_nothing, clean_up),
        cmocka_unit_test(test_no_connection),
        cmocka_unit_test(test_connect_timeout),
        cmocka_unit_test(test_retry),
        cmocka_unit_test(test_messages),
        cmocka_unit_test(test_dot_stop),
        cmocka_unit_test(test_large_input),
        cmocka_unit_test(test_unusable_output_and_input),
        cmocka_unit_test(test_wrong_command_lines),
        cmocka_unit_test(test_at_a_terminal),
        cmocka_unit_test(test_server_closing_at_a_terminal),
        cmocka_unit_test_teardown(test_nothing_harmful_reaches_a_terminal, clean_up),
        cmocka_unit_test_teardown(test_progress_after_a_second, clean_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
