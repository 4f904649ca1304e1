/* test_measure.c - echo-client's ping and load modes: what they print of servers that are right,
 * that lie and that stall, and how they end.
 */
#include "support/net.h"
#include "support/process.h"
#include "support/terminal.h"

#include "support/test.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

static char *text_of(struct result *r)
{
    char *text = realloc(r->out, r->out_len + 1);
    assert_non_null(text);
    text[r->out_len] = '\0';
    return text;
}

/* Runs the client with these options against the port. */
static struct result run_client(const char *port, char *const options[])
{
    char *argv[20] = {ECHO_CLIENT};
    size_t n = 1;
    while (*options)
        argv[n++] = *options++;
    argv[n++] = "127.0.0.1";
    argv[n] = (char *)port;
    return run(argv, "", 0);
}

static void test_ping(void **state)
{
    (void)state;
    struct served s;
    char expected[128];
    served_start(&s, NULL);
    struct result r = run_client(s.port, (char *[]){"-c", "3", "-i", "10ms", NULL});
    char *text = text_of(&r);
    assert_int_equal(r.status, 0);
    assert_string_equal(r.err, "");
    snprintf(expected, sizeof expected, "PING 127.0.0.1:%s: lines of 64 bytes\n", s.port);
    assert_memory_equal(text, expected, strlen(expected));
    for (int i = 1; i <= 3; i++) {
        snprintf(expected, sizeof expected, "\n64 bytes from 127.0.0.1:%s: seq=%d time=", s.port,
                 i);
        assert_non_null(strstr(text, expected));
    }
    assert_non_null(strstr(text, "\n3 sent, 3 received, 0 lost (0%); mode upper\n"
                                 "rtt min/avg/p50/p90/p99/max = "));
    free(text);

    /* A probe. */
    r = run_client(s.port, (char *[]){"-c", "1", "--quiet", NULL});
    assert_int_equal(r.status, 0);
    assert_int_equal(r.out_len, 0);
    assert_string_equal(r.err, "");
    free(r.out);

    /* Without an interval, of any size, from the shortest to longer than any buffer. */
    static char *const sizes[] = {"1", "2", "1K", "1M"};
    for (size_t i = 0; i < 4; i++) {
        r = run_client(s.port, (char *[]){"-c", "20", "-i", "0", "--size", sizes[i], NULL});
        text = text_of(&r);
        assert_int_equal(r.status, 0);
        assert_non_null(strstr(text, "\n20 sent, 20 received, 0 lost (0%)"));
        free(text);
    }
    served_stop(&s);
}

/* ctrl-C ends it with a summary, and exit status 0 if nothing was lost. */
static void test_interrupted(void **state)
{
    (void)state;
    static char *const ways[][3] = {{"-i", "1ms", NULL}, {"--duration", "60s", NULL}};
    struct served s;
    char line[256];
    served_start(&s, (char *[]){"--model", "event", NULL});
    for (size_t i = 0; i < 2; i++) {
        struct process p;
        process_start(&p,
                      (char *[]){ECHO_CLIENT, ways[i][0], ways[i][1], "127.0.0.1", s.port, NULL});
        process_line(&p, line, sizeof line);
        kill(p.pid, SIGINT);
        do
            process_line(&p, line, sizeof line);
        while (!strstr(line, " 0 lost (0%)"));
        assert_int_equal(process_wait(&p), 0);
        process_end(&p);
    }
    served_stop(&s);
}

/* And so while it is still connecting: a full backlog answers no SYN. No time has passed then, and
 * nothing is divided by it. */
static void test_interrupted_early(void **state)
{
    (void)state;
    static const struct {
        char *option, *said;
    } ways[] = {{"-4", "0 sent, 0 received, 0 lost (0%)"},
                {"--json", ",\"messages_per_second\":0.000,\"bytes_per_second\":0.000}"}};
    for (size_t i = 0; i < 2; i++) {
        struct process p;
        char text[8], line[256];
        uint16_t port;
        int listener = net_listen(0, &port);
        snprintf(text, sizeof text, "%u", port);
        process_start(&p, (char *[]){ECHO_CLIENT, ways[i].option, "--parallel", "9", "127.0.0.1",
                                     text, NULL});
        process_line(&p, line, sizeof line);
        kill(p.pid, SIGINT);
        do
            process_line(&p, line, sizeof line);
        while (!strstr(line, ways[i].said));
        assert_int_equal(process_wait(&p), 0);
        process_end(&p);
        (void)close(listener);
    }
}

/* What a server that never answers owes when it is interrupted is not waited for, and not lost. */
static void test_interrupted_in_flight(void **state)
{
    (void)state;
    struct process p;
    char text[8], line[256];
    uint16_t port;
    uint8_t bytes[64];
    int listener = net_listen(1, &port);
    snprintf(text, sizeof text, "%u", port);
    process_start(&p, (char *[]){ECHO_CLIENT, "-i", "10ms", "127.0.0.1", text, NULL});
    int fd = net_accept(listener);
    net_receive(fd, bytes, sizeof bytes);
    net_send(fd, bytes, sizeof bytes);
    process_line(&p, line, sizeof line); /* the head */
    process_line(&p, line, sizeof line);
    assert_non_null(strstr(line, ": seq=1 time="));
    net_receive(fd, bytes, sizeof bytes); /* and no answer */
    kill(p.pid, SIGINT);
    process_line(&p, line, sizeof line);
    process_line(&p, line, sizeof line);
    assert_memory_equal(line, "1 sent, 1 received, 0 lost (0%)", 31);
    assert_int_equal(process_wait(&p), 0);
    process_end(&p);
    (void)close(fd);
    (void)close(listener);
}

/* What each lie is called, and that all that was lost is counted. */
static void test_lies(void **state)
{
    (void)state;
    static const struct {
        char *lie, *at;
        const char *ping, *load;
    } rows[] = {
        {"wrong", "100", "echo-client: MISMATCH: seq=2: offset 100: got ", "MISMATCH: connection "},
        {"extra", "63", ": offset 64: got 'X' (0x58), ", "MISMATCH: connection "},
        {"twice", "100", "; a line was sent twice\n", "; a line was sent twice\n"},
        {"lost", "100", "echo-client: MISMATCH: seq=2: offset 100: got ", "MISMATCH: connection "},
        /* 128 or, where the close is seen late, 192. */
        {"short", "100", "echo-client: SHORT: seq=2: the server closed with 100 of 1",
         "SHORT: connection "},
        {"reset", "100", "echo-client: RESET: seq=2: Connection reset by peer with ",
         "RESET: connection "},
        {"stuck", "100", "echo-client: TIMEOUT: seq=2: silence for 0.5 s with ",
         "TIMEOUT: connection "},
        {"late", "0", "echo-client: TIMEOUT: seq=1: silence for 0.5 s with 0 of ",
         "TIMEOUT: connection "},
        {"never-closes", "0",
         "echo-client: TIMEOUT: silence for 0.5 s with 192 of 192 bytes back; the "
         "server did not close (-W)\n",
         "the server did not close (-W)\n"},
        {"banner", "0", ": offset 0: got '2' ", "MISMATCH: connection "},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct served s;
        liar_start(&s, rows[i].lie, rows[i].at, NULL);
        struct result r =
            run_client(s.port, (char *[]){"-c", "3", "-i", "20ms", "-W", "500ms", NULL});
        if (r.status != 1 || !strstr(r.err, rows[i].ping))
            fail_msg("ping, %s: status %d: %s", rows[i].lie, r.status, r.err);
        free(r.out);
        r = run_client(s.port, (char *[]){"--parallel", "3", "--pipeline", "4", "--duration",
                                          "100ms", "-W", "500ms", NULL});
        if (r.status != 1 || !strstr(r.err, rows[i].load))
            fail_msg("load, %s: status %d: %s", rows[i].lie, r.status, r.err);
        free(r.out);
        process_end(&s.process);
    }
}

/* But a server of which nothing came at all is not right. */
static void test_interrupted_in_silence(void **state)
{
    (void)state;
    struct process p;
    char text[8], line[256];
    uint16_t port;
    uint8_t bytes[64];
    int listener = net_listen(1, &port);
    snprintf(text, sizeof text, "%u", port);
    process_start(&p, (char *[]){ECHO_CLIENT, "-i", "60s", "127.0.0.1", text, NULL});
    int fd = net_accept(listener);
    net_receive(fd, bytes, sizeof bytes); /* and no answer */
    kill(p.pid, SIGTERM);
    process_error_line(&p, line, sizeof line);
    assert_string_equal(line, "echo-client: TIMEOUT: stopped with 1 line sent and none back");
    process_line(&p, line, sizeof line); /* the head */
    process_line(&p, line, sizeof line);
    process_line(&p, line, sizeof line);
    assert_string_equal(line, "0 sent, 0 received, 0 lost (0%); 1 TIMEOUT");
    assert_int_equal(process_wait(&p), 1);
    process_end(&p);
    (void)close(fd);
    (void)close(listener);
}

/* Where the server does not even read, so that sending is stuck, -W holds as well. */
static void test_never_reads(void **state)
{
    (void)state;
    uint16_t port;
    char text[8];
    int listener = net_listen(5, &port);
    snprintf(text, sizeof text, "%u", port);
    struct result r =
        run_client(text, (char *[]){"--size", "1M", "-i", "1ms", "-c", "20", "-W", "300ms", NULL});
    char *out = text_of(&r);
    assert_int_equal(r.status, 1);
    assert_non_null(strstr(r.err, "echo-client: TIMEOUT: seq=1: silence for 0.3 s with 0 of "));
    assert_non_null(strstr(out, "\n20 sent, 0 received, 20 lost (100%); 1 TIMEOUT\n"));
    free(out);
    (void)close(listener);
}

/* A server that goes away and comes back: what was due meanwhile is lost, and the rest is not. */
static void test_away_and_back(void **state)
{
    (void)state;
    struct process p;
    char text[8], line[512];
    uint16_t port;
    uint8_t bytes[64];
    int listener = net_listen(5, &port);
    snprintf(text, sizeof text, "%u", port);
    char *argv[] = {ECHO_CLIENT, "-i", "50ms", "-c", "60", "127.0.0.1", text, NULL};
    process_start(&p, argv);
    int fd = net_accept(listener);
    net_receive(fd, bytes, sizeof bytes);
    net_send(fd, bytes, sizeof bytes);
    net_reset(fd);
    process_error_line(&p, line, sizeof line);
    assert_non_null(strstr(line, "echo-client: RESET: "));
    fd = net_accept(listener);
    struct pollfd ready = {.fd = fd, .events = POLLIN};
    for (ssize_t n;
         poll(&ready, 1, DEADLINE_MS) == 1 && (n = recv(fd, bytes, sizeof bytes, 0)) > 0;)
        net_send(fd, bytes, (size_t)n);
    (void)close(fd);
    (void)close(listener);
    do
        process_line(&p, line, sizeof line);
    while (!strstr(line, "60 sent, "));
    assert_null(strstr(line, " 0 lost"));
    assert_null(strstr(line, " 0 received"));
    assert_non_null(strstr(line, "; 1 RESET"));
    assert_int_equal(process_wait(&p), 1);
    process_end(&p);
}

/* The number before `what` in a load's output, or after it. */
static double number_after(const char *text, const char *what)
{
    const char *at = strstr(text, what);
    assert_non_null(at);
    return strtod(at + strlen(what), NULL);
}

/* A server that stalls once for 400 ms is charged for each line that was due meanwhile, and not for
 * one only: at a rate of 500/s some 200 of 500 lines come late, by 200 ms on the average. */
static void test_no_omission(void **state)
{
    (void)state;
    struct process p;
    char text[8], line[8192];
    uint16_t port;
    uint8_t bytes[64];
    int listener = net_listen(5, &port);
    snprintf(text, sizeof text, "%u", port);
    char *argv[] = {ECHO_CLIENT, "--json",    "--rate", "500", "--duration",
                    "1s",        "127.0.0.1", text,     NULL};
    process_start(&p, argv);
    int fd = net_accept(listener), count = 0;
    struct pollfd ready = {.fd = fd, .events = POLLIN};
    for (ssize_t n;
         poll(&ready, 1, DEADLINE_MS) == 1 && (n = recv(fd, bytes, sizeof bytes, 0)) > 0;) {
        if (++count == 50)
            (void)poll(NULL, 0, 400);
        net_send(fd, bytes, (size_t)n);
    }
    (void)close(fd);
    (void)close(listener);
    double p90 = 0, avg = 0;
    do {
        process_line(&p, line, sizeof line);
        if (strstr(line, "\"rtt_ms\"")) {
            p90 = number_after(line, "\"p90\":");
            avg = number_after(line, "\"avg\":");
        }
    } while (!strstr(line, "\"histogram\""));
    assert_int_equal(process_wait(&p), 0);
    process_end(&p);
    assert_true(p90 > 100 && avg > 40); /* one late line of 500 would be 0.8 ms on the average */
}

/* More connections than the first rush of a backlog takes, with several lines in flight. */
static void test_many(void **state)
{
    (void)state;
    struct served s;
    served_start(&s, (char *[]){"--model", "event", "-M", "600", NULL});
    struct result r = run_client(s.port, (char *[]){"--parallel", "500", "--pipeline", "3",
                                                    "--size", "1000", "--duration", "500ms", NULL});
    char *text = text_of(&r);
    if (r.status != 0 || r.err[0])
        fail_msg("status %d: %s%s", r.status, r.err, text);
    assert_non_null(strstr(text, ": 500 connections, 3 lines of 1000 bytes in flight on each"));
    assert_non_null(strstr(text, " messages/s, "));
    assert_non_null(strstr(text, "rtt min/avg/p50/p90/p99/p99.9/max = "));
    assert_non_null(strstr(text, " ###"));
    free(text);
    served_stop(&s);
}

/* More in flight than sockets take at once. */
static void test_bulk(void **state)
{
    (void)state;
    struct served s;
    served_start(&s, (char *[]){"--model", "event", "-m", "verbatim", NULL});
    struct result r = run_client(s.port, (char *[]){"--parallel", "2", "--pipeline", "16", "--size",
                                                    "1M", "--duration", "300ms", NULL});
    if (r.status != 0 || r.err[0])
        fail_msg("status %d: %s", r.status, r.err);
    free(r.out);

    /* The end is the end, however much could still be sent. */
    int64_t start = now_ms();
    r = run_client(s.port,
                   (char *[]){"--pipeline", "65536", "--size", "1M", "--duration", "200ms", NULL});
    assert_int_equal(r.status, 0);
    assert_true(now_ms() - start < DEADLINE_MS / 2);
    free(r.out);
    served_stop(&s);
}

static size_t count_of(const char *text, const char *what)
{
    size_t n = 0;
    while ((text = strstr(text, what))) {
        text++;
        n++;
    }
    return n;
}

/* Connections that cannot be made are told of, the first ten one by one, and all are counted. */
static void test_no_more_connections(void **state)
{
    (void)state;
    struct served s;
    liar_start(&s, "once", "0", NULL);
    struct result r =
        run_client(s.port, (char *[]){"--parallel", "15", "--duration", "200ms", NULL});
    char *text = text_of(&r);
    assert_int_equal(r.status, 1);
    assert_int_equal(count_of(r.err, ": connection "), 10);
    assert_non_null(strstr(r.err, "echo-client: further failures are counted only\n"));
    assert_true(strstr(text, " REFUSED") || strstr(text, " RESET")); /* those were in the backlog */
    free(text);
    process_end(&s.process);

    uint16_t port;
    char port_text[8];
    int listener = net_listen(0, &port); /* a backlog of two or so, and then no answer */
    snprintf(port_text, sizeof port_text, "%u", port);
    r = run_client(port_text, (char *[]){"--parallel", "6", "--duration", "100ms", "-w", "300ms",
                                         "-W", "300ms", NULL});
    assert_int_equal(r.status, 1);
    assert_non_null(strstr(r.err, ": Connection timed out\n"));
    free(r.out);
    (void)close(listener);
}

/* Lines that were due and could not be sent any more do not go unsaid. */
static void test_behind(void **state)
{
    (void)state;
    struct served s;
    liar_start(&s, "late", "0", NULL);
    struct result r = run_client(s.port, (char *[]){"--rate", "100", "--duration", "500ms", NULL});
    char *text = text_of(&r);
    assert_int_equal(r.status, 0);
    assert_non_null(
        strstr(text, "\n49 more were due and not sent, for the server does not keep up; "));
    free(text);
    process_end(&s.process);
}

/* What was due after the connection had gone is lost, and not "unsent": nobody could have kept up
 * with it. */
static void test_gone(void **state)
{
    (void)state;
    struct process p;
    char text[8], line[256];
    uint16_t port;
    uint8_t bytes[64];
    int listener = net_listen(5, &port);
    snprintf(text, sizeof text, "%u", port);
    char *argv[] = {ECHO_CLIENT, "--rate", "100", "--duration", "900ms", "127.0.0.1", text, NULL};
    process_start(&p, argv);
    int fd = net_accept(listener);
    (void)close(listener);
    net_receive(fd, bytes, sizeof bytes);
    net_send(fd, bytes, sizeof bytes);
    net_receive(fd, bytes, sizeof bytes);
    net_reset(fd);
    process_line(&p, line, sizeof line); /* the head */
    process_line(&p, line, sizeof line);
    assert_memory_equal(line, "90 sent, 1 received, 89 lost ", 29);
    process_line(&p, line, sizeof line);
    assert_null(strstr(line, "not sent"));
    assert_int_equal(process_wait(&p), 1);
    process_end(&p);
}

/* What is due while a connection that was to end is made anew waits for it, and is not lost. */
static void test_due_between_connections(void **state)
{
    (void)state;
    struct process p;
    char text[8], line[256];
    uint16_t port;
    uint8_t bytes[64];
    int listener = net_listen(0, &port);
    snprintf(text, sizeof text, "%u", port);
    char *argv[] = {ECHO_CLIENT,   "--rate", "100",       "--duration", "300ms",
                    "--reconnect", "1",      "127.0.0.1", text,         NULL};
    process_start(&p, argv);
    int fd = net_accept(listener);
    int waiting = net_connect(port, 0); /* all that may wait to be accepted */
    net_receive(fd, bytes, sizeof bytes);
    net_send(fd, bytes, sizeof bytes);
    assert_int_equal(net_receive_all(fd, bytes, sizeof bytes, NULL), 0);
    (void)close(fd);
    process_line(&p, line, sizeof line); /* the head */
    process_line(&p, line, sizeof line);
    assert_memory_equal(line, "1 sent, 1 received, 0 lost ", 27);
    process_line(&p, line, sizeof line);
    assert_memory_equal(line, "29 more were due and not sent, ", 31);
    assert_int_equal(process_wait(&p), 0);
    process_end(&p);
    (void)close(waiting);
    (void)close(listener);
}

/* The rate is that of the lines: what a server takes to close is not counted. */
static void test_rate_without_close(void **state)
{
    (void)state;
    struct served s;
    liar_start(&s, "never-closes", "0", NULL);
    struct result r = run_client(
        s.port, (char *[]){"--json", "--rate", "100", "--duration", "500ms", "-W", "1s", NULL});
    char *text = text_of(&r);
    assert_int_equal(r.status, 1);
    assert_true(number_after(text, "\"seconds\":") < 1);
    assert_true(number_after(text, "\"messages_per_second\":") > 50);
    free(text);
    process_end(&s.process);
}

/* Without a clock a number of lines has an end, too, where the server is gone for good. */
static void test_gone_without_clock(void **state)
{
    (void)state;
    struct process p;
    char text[8], line[256];
    uint16_t port;
    uint8_t bytes[64];
    int listener = net_listen(5, &port);
    snprintf(text, sizeof text, "%u", port);
    process_start(&p, (char *[]){ECHO_CLIENT, "-c", "3", "-i", "0", "127.0.0.1", text, NULL});
    int fd = net_accept(listener);
    (void)close(listener);
    net_receive(fd, bytes, sizeof bytes);
    net_send(fd, bytes, sizeof bytes);
    net_receive(fd, bytes, sizeof bytes);
    net_reset(fd);
    process_error_line(&p, line, sizeof line);
    assert_memory_equal(line, "echo-client: RESET: seq=2: ", 27);
    process_error_line(&p, line, sizeof line);
    assert_memory_equal(line, "echo-client: REFUSED: seq=3: ", 29);
    do
        process_line(&p, line, sizeof line);
    while (!strstr(line, "3 sent, 1 received, 2 lost (66.7%); 1 RESET, 1 REFUSED"));
    assert_int_equal(process_wait(&p), 1);
    process_end(&p);
}

/* At a terminal a load shows how it goes. */
static void test_progress(void **state)
{
    (void)state;
    struct served s;
    static char shown[16 * 1024];
    size_t len = 0;
    int fd, status;
    served_start(&s, (char *[]){"--model", "event", NULL});
    pid_t pid = forkpty(&fd, NULL, NULL, NULL);
    assert_true(pid >= 0);
    if (pid == 0) {
        execl(ECHO_CLIENT, ECHO_CLIENT, "--duration", "1500ms", "127.0.0.1", s.port, (char *)NULL);
        _exit(127);
    }
    struct pollfd ready = {.fd = fd, .events = POLLIN};
    for (ssize_t n; poll(&ready, 1, DEADLINE_MS) == 1 &&
                    (n = read(fd, shown + len, sizeof shown - 1 - len)) > 0;)
        len += (size_t)n;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    assert_non_null(strstr(shown, "\r1 s: "));
    assert_non_null(strstr(shown, " messages/s, p50 "));
    assert_non_null(strstr(shown, "\r\033[K"));
    (void)close(fd);
    served_stop(&s);
}

static void test_unix(void **state)
{
    (void)state;
    struct process p;
    char path[64], line[128];
    snprintf(path, sizeof path, "/tmp/echo-measure-%d", (int)getpid());
    process_start(&p, (char *[]){ECHO_SERVER, "--model", "event", "-U", path, NULL});
    process_line(&p, line, sizeof line);
    /* More than the backlog of a Unix socket takes at once. */
    struct result r =
        run((char *[]){ECHO_CLIENT, "--parallel", "300", "--duration", "200ms", "-U", path, NULL},
            "", 0);
    if (r.status != 0 || r.err[0])
        fail_msg("status %d: %s", r.status, r.err);
    free(r.out);
    kill(p.pid, SIGTERM);
    assert_int_equal(process_wait(&p), 0);
    process_end(&p);
}

static void test_no_server(void **state)
{
    (void)state;
    static char *const ways[][3] = {{"-c", "1", NULL}, {"--parallel", "5", NULL}};
    uint16_t port;
    char text[8];
    int unheard = net_listen(-1, &port);
    snprintf(text, sizeof text, "%u", port);
    for (size_t i = 0; i < 2; i++) {
        struct result r = run_client(text, ways[i]);
        assert_int_equal(r.status, 3);
        assert_non_null(strstr(r.err, "echo-client: REFUSED: "));
        assert_int_equal(r.out_len, 0);
        free(r.out);
    }
    (void)close(unheard);
}

static void test_local_failures(void **state)
{
    (void)state;
    struct served s;
    struct process p;
    served_start(&s, (char *[]){"--model", "event", NULL});
    struct result r =
        run((char *[]){"/bin/sh", "-c", "ulimit -n 64; exec \"$0\" --parallel 100 127.0.0.1 \"$1\"",
                       ECHO_CLIENT, s.port, NULL},
            "", 0);
    assert_int_equal(r.status, 2);
    assert_non_null(strstr(r.err, "--parallel 100 needs 116 descriptors and 64 are allowed"));
    free(r.out);
    /* Whoever reads has enough. */
    process_start(&p, (char *[]){ECHO_CLIENT, "-i", "1ms", "127.0.0.1", s.port, NULL});
    (void)close(p.out);
    p.out = -1;
    assert_int_equal(process_wait(&p), 2);
    process_end(&p);
    served_stop(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ping),
        cmocka_unit_test(test_interrupted),
        cmocka_unit_test(test_interrupted_early),
        cmocka_unit_test(test_interrupted_in_flight),
        cmocka_unit_test(test_interrupted_in_silence),
        cmocka_unit_test(test_lies),
        cmocka_unit_test(test_never_reads),
        cmocka_unit_test(test_away_and_back),
        cmocka_unit_test(test_no_omission),
        cmocka_unit_test(test_many),
        cmocka_unit_test(test_unix),
        cmocka_unit_test(test_bulk),
        cmocka_unit_test(test_no_more_connections),
        cmocka_unit_test(test_behind),
        cmocka_unit_test(test_gone),
        cmocka_unit_test(test_due_between_connections),
        cmocka_unit_test(test_gone_without_clock),
        cmocka_unit_test(test_rate_without_close),
        cmocka_unit_test(test_progress),
        cmocka_unit_test(test_no_server),
        cmocka_unit_test(test_local_failures),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
