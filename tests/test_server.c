/* test_server.c - the real echo-server over loopback, with every client that it must outlive. */
#include "support/drive.h"
#include "support/model.h"
#include "support/net.h"
#include "support/process.h"
#include "support/vectors.h"

#include "support/test.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static struct served s;

/* For cmocka: nothing of a failed test may go on running. */
static int clean_up(void **state)
{
    (void)state;
    process_end(&s.process);
    return 0;
}

/* The server still serves others. */
static void assert_serves(void)
{
    char reply[6];
    int fd = net_connect(s.port_number, 0);
    net_send(fd, "hello\n", 6);
    net_receive(fd, reply, 6);
    assert_memory_equal(reply, "HELLO\n", 6);
    close(fd);
}

/* The whole file runs once for each model, which ECHO_MODEL names as a user would. */
static bool one_at_a_time(void)
{
    const char *model = getenv("ECHO_MODEL");
    return !model || strcmp(model, "iterative") == 0;
}

static void assert_line(const char *text)
{
    process_await_error(&s.process, text);
}

/* ---------------------------------------------------------------------------------------------- */

/* Sends a vector's input. At a silence that shows, waits for what it brings: that is the silence.
 */
static size_t play(int fd, const struct vector *v, uint8_t *out)
{
    uint8_t expected[512];
    size_t received = 0;
    for (size_t i = 0; i < v->in_len; i++) {
        if (v->in[i] != SILENCE) {
            uint8_t c = (uint8_t)v->in[i];
            if (send(fd, &c, 1, MSG_NOSIGNAL) < 0)
                break; /* after the end of the session */
            continue;
        }
        struct session m = {.out = expected, .room = sizeof expected};
        model(&m, v->mode, v->dot_stop, v->in, i + 1);
        if (m.len > received) {
            net_receive(fd, out + received, m.len - received);
            received = m.len;
        }
        if (m.end == ECHO_STOP) /* its end, too, before ours could bring it about */
            return received + net_receive_all(fd, out + received, 512 - received, NULL);
    }
    (void)shutdown(fd, SHUT_WR);
    return received + net_receive_all(fd, out + received, 512 - received, NULL);
}

static void test_vectors(void **state)
{
    (void)state;
    size_t count;
    struct vector *vectors = vectors_read(VECTORS, &count);
    for (unsigned mode = 0; echo_mode_name(mode); mode++) {
        char *options[] = {"-m", (char *)echo_mode_name(mode), NULL};
        served_start(&s, options);
        for (size_t i = 0; i < count; i++) {
            uint8_t out[512];
            if (vectors[i].mode != (enum echo_mode)mode || vectors[i].dot_stop)
                continue;
            int fd = net_connect(s.port_number, 0);
            size_t len = play(fd, &vectors[i], out);
            close(fd);
            if (len != vectors[i].out_len || memcmp(out, vectors[i].out, len) != 0)
                fail_msg("%s:%d: %s: %zu bytes came", VECTORS, vectors[i].row, vectors[i].name,
                         len);
        }
        served_stop(&s);
    }
    free(vectors);
}

static void test_dot_stop_vectors(void **state)
{
    (void)state;
    size_t count;
    struct vector *vectors = vectors_read(VECTORS, &count);
    for (size_t i = 0; i < count; i++) {
        uint8_t out[512];
        char *options[] = {"-m", (char *)echo_mode_name(vectors[i].mode), "--dot-stop", NULL};
        if (!vectors[i].dot_stop)
            continue;
        served_start(&s, options);
        int fd = net_connect(s.port_number, 0);
        size_t len = play(fd, &vectors[i], out);
        close(fd);
        if (len != vectors[i].out_len || memcmp(out, vectors[i].out, len) != 0)
            fail_msg("%s:%d: %s: %zu bytes came", VECTORS, vectors[i].row, vectors[i].name, len);
        if (vectors[i].end == ECHO_STOP) { /* it ends by itself */
            assert_int_equal(process_wait(&s.process), 0);
            process_end(&s.process);
        } else {
            served_stop(&s);
        }
    }
    free(vectors);
}

/* Below a number; the seed is printed, so that a failure can be run again. */
static uint32_t draw(unsigned short generator[3], uint32_t below)
{
    return (uint32_t)nrand48(generator) % below;
}

static void test_random_sessions_equal_the_model(void **state)
{
    (void)state;
    static const char *const words[] = {"quit", "QUIT", "qu",    "q",        "i", "t", "\n",
                                        "\r\n", "\r",   "hello", "\xc3\xa9", ".", " ", "quit\r"};
    enum { MOST = 4000 };
    static token in[MOST + 16];
    static uint8_t bytes[MOST + 16], out[MOST + 64], expected[MOST + 64];
    unsigned short g[3] = {(unsigned short)(now_ms() & 0xFFFF), 0x1234, 0x330E};
    print_message("seed %u\n", g[0]);
    for (unsigned mode = 0; echo_mode_name(mode); mode++) {
        char *options[] = {"--quiet", "-m", (char *)echo_mode_name(mode), NULL};
        served_start(&s, options);
        for (int round = 0; round < 150; round++) {
            size_t n = 0, most = draw(g, 10) ? draw(g, 40) : draw(g, MOST);
            while (n < most) {
                const char *word = words[draw(g, sizeof words / sizeof words[0])];
                for (; *word; word++)
                    in[n++] = (uint8_t)*word;
            }
            for (size_t i = 0; i < n; i++)
                bytes[i] = (uint8_t)in[i];
            struct session m = {.out = expected, .room = sizeof expected};
            model(&m, (enum echo_mode)mode, false, in, n);
            int fd = net_connect(s.port_number, 0);
            size_t len =
                net_exchange(fd, bytes, n, out, sizeof out, 1 + draw(g, draw(g, 2) ? 8 : 4096));
            close(fd);
            assert_int_equal(len, m.len);
            assert_memory_equal(out, expected, len);
        }
        served_stop(&s);
    }
}

static void test_half_close_loses_nothing(void **state)
{
    (void)state;
    static const size_t sizes[] = {0, 1, 5, 4096, 65536, 65537, 1 << 20, 8 << 20};
    enum { MOST = 8 << 20 };
    uint8_t *in = malloc(MOST), *out = malloc(MOST + 1);
    assert_true(in && out);
    for (size_t i = 0; i < MOST; i++)
        in[i] = (uint8_t)(i * 2654435761u >> 13);
    char *options[] = {"-m", "verbatim", NULL};
    served_start(&s, options);
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
        for (int window = 0; window <= 2304; window += 2304) { /* the least that Linux grants */
            int fd = net_connect(s.port_number, window);
            size_t len = net_exchange(fd, in, sizes[i], out, MOST + 1, 1 << 16);
            close(fd);
            assert_int_equal(len, sizes[i]);
            assert_memory_equal(out, in, len);
        }
    served_stop(&s);
    free(in);
    free(out);
}

static void test_outlives_resets(void **state)
{
    (void)state;
    char *options[] = {"--quiet", NULL};
    static char bulk[200000];
    memset(bulk, 'x', sizeof bulk);
    served_start(&s, options);
    for (int i = 0; i < 100; i++) {
        int fd = net_connect(s.port_number, 0);
        /* As much as goes without reading the reply: the server is being written to, or writes. */
        (void)!send(fd, bulk, i % 3 ? sizeof bulk : 1, MSG_NOSIGNAL | MSG_DONTWAIT);
        net_reset(fd);
    }
    assert_serves();
    served_stop(&s);
}

static void test_outlives_a_client_that_never_reads(void **state)
{
    (void)state;
    char *options[] = {"--idle-timeout", "300ms", NULL};
    static char bulk[65536];
    memset(bulk, 'x', sizeof bulk);
    served_start(&s, options);
    int fd = net_connect(s.port_number, 2304);
    while (send(fd, bulk, sizeof bulk, MSG_NOSIGNAL | MSG_DONTWAIT) > 0)
        continue;
    assert_serves(); /* at the latest after the idle time */
    if (one_at_a_time())
        assert_line("a client waits");
    assert_line("idle");
    close(fd);
    served_stop(&s);
}

static void test_outlives_a_client_that_sends_nothing(void **state)
{
    (void)state;
    char *options[] = {"--idle-timeout", "300ms", "-v", NULL};
    char none;
    served_start(&s, options);
    int fd = net_connect(s.port_number, 0);
    assert_int_equal(net_receive_all(fd, &none, 0, NULL), 0);
    close(fd);
    assert_line("connected");
    assert_line("idle: 0 bytes in, 0 bytes out");
    assert_serves();
    served_stop(&s);
}

static void test_waiting_client_is_told_of_once(void **state)
{
    if (!one_at_a_time())
        skip();
    (void)state;
    served_start(&s, NULL);
    char reply[2];
    int first = net_connect(s.port_number, 0);
    net_send(first, "a\n", 2);
    net_receive(first, reply, 2); /* now it is being served */
    int second = net_connect(s.port_number, 0);
    assert_line("--model");
    int third = net_connect(s.port_number, 0);
    net_send(first, "b\n", 2);
    net_receive(first, reply, 2);
    net_send(second, "c\n", 2);
    close(first);
    assert_line("eof: 4 bytes in, 4 bytes out"); /* and not a second notice */
    net_receive(second, reply, 2);
    assert_memory_equal(reply, "C\n", 2);
    close(second);
    assert_line("eof: 2 bytes in, 2 bytes out");
    close(third);
    served_stop(&s);
}

/* A client that keeps its side open after good bye must not hold the server for long. */
static void test_quit_and_linger(void **state)
{
    (void)state;
    char reply[16];
    served_start(&s, NULL);
    int fd = net_connect(s.port_number, 0);
    net_send(fd, "quit\nmore", 9);
    assert_int_equal(net_receive_all(fd, reply, sizeof reply, NULL), 9);
    assert_memory_equal(reply, "Good bye\n", 9);
    int64_t start = now_ms();
    assert_serves();
    assert_true(now_ms() - start < DEADLINE_MS / 2);
    close(fd);
    if (one_at_a_time())
        assert_line("a client waits");
    assert_line("quit: 9 bytes in, 9 bytes out");
    served_stop(&s);
}

static void test_stop_when_idle(void **state)
{
    (void)state;
    static const int signals[] = {SIGTERM, SIGINT};
    for (int i = 0; i < 2; i++) {
        char none;
        char *options[] = {"-v", "--drain-timeout", "60s", NULL}; /* longer than any wait here */
        served_start(&s, options);
        assert_serves();
        int fd = net_connect(s.port_number, 0); /* idle, and no reason to stay */
        assert_line(" connected");
        assert_line(" connected");
        kill(s.process.pid, signals[i]);
        assert_int_equal(process_wait(&s.process), 0);
        bool reset;
        assert_int_equal(net_receive_all(fd, &none, 0, &reset), 0);
        close(fd);
        process_end(&s.process);
    }
}

static void test_stop_loses_nothing_in_flight(void **state)
{
    (void)state;
    enum { N = 400000 };
    static uint8_t in[N], out[N];
    for (size_t i = 0; i < N; i++)
        in[i] = (uint8_t)('A' + i % 26);
    served_start(&s, NULL);
    int fd = net_connect(s.port_number, 2304);
    net_send(fd, in, N);
    net_receive(fd, out, 1); /* so it has been accepted */
    kill(s.process.pid, SIGTERM);
    net_receive(fd, out + 1, N - 1);
    assert_memory_equal(out, in, N);
    assert_int_equal(net_receive_all(fd, out, 0, NULL), 0);
    assert_int_equal(process_wait(&s.process), 0);
    close(fd);
    process_end(&s.process);
}

static void test_stop_gives_up_on_a_client_that_never_reads(void **state)
{
    (void)state;
    char *options[] = {"--drain-timeout", "200ms", "-v", NULL};
    static char bulk[65536];
    served_start(&s, options);
    int fd = net_connect(s.port_number, 2304);
    while (send(fd, bulk, sizeof bulk, MSG_NOSIGNAL | MSG_DONTWAIT) > 0)
        continue;
    assert_line("connected"); /* those not accepted yet are not waited for */
    kill(s.process.pid, SIGTERM);
    assert_int_equal(process_wait(&s.process), 0);
    assert_line("drain");
    close(fd);
    process_end(&s.process);
}

static void test_second_signal_ends_at_once(void **state)
{
    (void)state;
    char *options[] = {"--drain-timeout", "1m", "-v", NULL};
    static char bulk[65536];
    served_start(&s, options);
    int fd = net_connect(s.port_number, 2304);
    while (send(fd, bulk, sizeof bulk, MSG_NOSIGNAL | MSG_DONTWAIT) > 0)
        continue;
    assert_line("connected"); /* those not accepted yet are not waited for */
    kill(s.process.pid, SIGTERM);
    kill(s.process.pid, SIGINT);
    int status = process_wait(&s.process); /* whichever came second */
    assert_true(status == 128 + SIGINT || status == 128 + SIGTERM);
    close(fd);
    process_end(&s.process);
}

static void test_counters(void **state)
{
    (void)state;
    served_start(&s, NULL);
    assert_serves();
    assert_line("eof: 6 bytes in, 6 bytes out");
    kill(s.process.pid, SIGUSR1);
    assert_line("served 1, open 0, bytes in 6, bytes out 6, refused 0, timed out 0, reset 0");
    assert_serves();
    served_stop(&s);
}

static void test_log_json(void **state)
{
    (void)state;
    char *options[] = {"--log", "json", "-v", NULL}, line[1024];
    served_start(&s, options);
    assert_serves();
    process_error_line(&s.process, line, sizeof line);
    assert_non_null(strstr(line, "\"event\":\"opened\",\"client\":\"127.0.0.1:"));
    process_error_line(&s.process, line, sizeof line);
    assert_int_equal(strncmp(line, "{\"time\":\"20", 11), 0);
    assert_non_null(strstr(line, "\"event\":\"closed\",\"client\":\"127.0.0.1:"));
    assert_non_null(strstr(line, ",\"why\":\"eof\",\"in\":6,\"out\":6,\"ms\":"));
    assert_int_equal(line[strlen(line) - 1], '}');
    served_stop(&s);
}

static void test_probes_are_not_logged(void **state)
{
    (void)state;
    served_start(&s, NULL);
    char line[1024] = "";
    close(net_connect(s.port_number, 0));
    assert_serves();
    while (!strstr(line, "eof: 6 bytes in")) {
        process_error_line(&s.process, line, sizeof line);
        assert_null(strstr(line, " 0 bytes in"));
    }
    served_stop(&s);
}

static void test_show(void **state)
{
    (void)state;
    char *options[] = {"--show", NULL}, line[8192];
    served_start(&s, options);
    int fd = net_connect(s.port_number, 0);
    net_send(fd, "hello\nc\x1b\\\xe9\t\r\nquit", 17);
    net_send_fin(fd);
    static const char *const expected[] = {" 6 bytes (6 total): hello",
                                           " 7 bytes (13 total): c\\x1b\\\\\\xe9\\t",
                                           " 4 bytes (17 total): quit"};
    for (size_t i = 0; i < 3; i++) {
        process_line(&s.process, line, sizeof line);
        assert_int_equal(strncmp(line, "127.0.0.1:", 10), 0);
        assert_string_equal(strchr(line, ' '), expected[i]);
    }
    close(fd);

    static char longer[70000];
    memset(longer, 'y', sizeof longer);
    longer[sizeof longer - 1] = '\n';
    fd = net_connect(s.port_number, 0);
    net_exchange(fd, (const uint8_t *)longer, sizeof longer, (uint8_t *)longer, sizeof longer + 1,
                 65536);
    close(fd);
    process_line(&s.process, line, sizeof line);
    assert_non_null(strstr(line, " 70000 bytes (70000 total): yyyy"));
    assert_string_equal(line + strlen(line) - 4, "y...");
    served_stop(&s);
}

/* Nobody takes what is shown: serving and stopping go on. */
static void test_show_to_a_stuck_reader(void **state)
{
    (void)state;
    char *options[] = {"--show", "-m", "verbatim", NULL};
    static char in[1 << 20], out[sizeof in + 1];
    memset(in, '\n', sizeof in);
    served_start(&s, options);
    int fd = net_connect(s.port_number, 0);
    assert_int_equal(net_exchange(fd, (uint8_t *)in, sizeof in, (uint8_t *)out, sizeof out, 65536),
                     sizeof in);
    close(fd);
    served_stop(&s);
}

/* A dot line stops the server, even where its echo finds nobody any more. */
static void test_dot_line_and_reset(void **state)
{
    (void)state;
    char *options[] = {"--dot-stop", NULL};
    for (int i = 0; i < 5; i++) {
        served_start(&s, options);
        int fd = net_connect(s.port_number, 0);
        net_send(fd, ".\n", 2);
        net_reset(fd);
        /* The reset may come before the server has looked: then it never saw the line. */
        char line[512];
        process_error_line(&s.process, line, sizeof line);
        if (strstr(line, " stop: "))
            assert_int_equal(process_wait(&s.process), 0);
        else
            assert_non_null(strstr(line, " reset: 0 bytes in"));
        process_end(&s.process);
    }
}

static void test_one_off(void **state)
{
    (void)state;
    char *options[] = {"--one-off", NULL};
    served_start(&s, options);
    assert_serves();
    assert_int_equal(process_wait(&s.process), 0);
    process_end(&s.process);
}

static void test_restarts_on_one_port(void **state)
{
    (void)state;
    served_start(&s, NULL);
    char port[8];
    strcpy(port, s.port);
    uint16_t number = s.port_number;
    for (int i = 0; i < 30; i++) {
        assert_serves(); /* and so leaves a connection in TIME_WAIT */
        served_stop(&s);
        char *argv[] = {ECHO_SERVER, port, NULL}, line[128];
        process_start(&s.process, argv);
        process_line(&s.process, line, sizeof line);
        assert_int_equal(strncmp(line, "waiting on 127.0.0.1:", 21), 0);
        assert_string_equal(line + 21, port);
        s.port_number = number;
    }
    served_stop(&s);
}

static void test_taken_port(void **state)
{
    (void)state;
    uint16_t port;
    char text[8], expected[64];
    int fd = net_listen(1, &port);
    snprintf(text, sizeof text, "%u", port);
    snprintf(expected, sizeof expected, "echo-server: cannot listen on 127.0.0.1:%u: ", port);
    char *argv[] = {ECHO_SERVER, text, NULL};
    struct result r = run(argv, "", 0);
    assert_int_equal(r.status, 1);
    assert_int_equal(r.out_len, 0);
    assert_int_equal(strncmp(r.err, expected, strlen(expected)), 0);
    assert_ptr_equal(strchr(r.err, '\n'), r.err + strlen(r.err) - 1); /* one line */
    free(r.out);
    close(fd);
}

static bool has_ipv6(void)
{
    struct sockaddr_in6 address = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    int fd = net_socket(AF_INET6, SOCK_STREAM);
    bool has = fd >= 0 && bind(fd, (struct sockaddr *)&address, sizeof address) == 0;
    close(fd);
    return has;
}

static void test_both_loopbacks_on_one_port(void **state)
{
    (void)state;
    char *argv[] = {ECHO_SERVER, "0", NULL}, v4[128], v6[128];
    process_start(&s.process, argv);
    process_line(&s.process, v4, sizeof v4);
    assert_int_equal(strncmp(v4, "waiting on 127.0.0.1:", 21), 0);
    /* A machine without IPv6 has one line only. */
    if (has_ipv6()) {
        process_line(&s.process, v6, sizeof v6);
        assert_int_equal(strncmp(v6, "waiting on [::1]:", 17), 0);
        assert_string_equal(v6 + 17, v4 + 21);
    }
    served_stop(&s);
}

static void connect_unix(const char *path)
{
    struct sockaddr_un un = {.sun_family = AF_UNIX};
    char reply[3];
    strcpy(un.sun_path, path);
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&un, sizeof un), 0);
    net_send(fd, "hi\n", 3);
    net_receive(fd, reply, 3);
    assert_memory_equal(reply, "HI\n", 3);
    close(fd);
}

static void test_unix_socket(void **state)
{
    (void)state;
    char directory[] = "/tmp/echo-test-XXXXXX", path[64], line[128], expected[128];
    struct stat file;
    assert_non_null(mkdtemp(directory));
    snprintf(path, sizeof path, "%s/socket", directory);
    char *argv[] = {ECHO_SERVER, "-U", path, NULL};
    snprintf(expected, sizeof expected, "waiting on unix:%s", path);

    process_start(&s.process, argv);
    process_line(&s.process, line, sizeof line);
    assert_string_equal(line, expected);
    connect_unix(path);
    assert_line("unix eof: 3 bytes in");

    /* In use: not taken from the one that lives, which gets no client of it either. */
    setenv("ECHO_BIND", "127.0.0.1", 1); /* not asked for here, and no reason to complain */
    struct result r = run(argv, "", 0);
    unsetenv("ECHO_BIND");
    assert_int_equal(r.status, 1);
    assert_non_null(strstr(r.err, path));
    free(r.out);
    connect_unix(path);
    assert_line("unix eof: 3 bytes in");
    kill(s.process.pid, SIGUSR1);
    assert_line("served 2, open 0");

    kill(s.process.pid, SIGKILL); /* leaves the file behind: replaced by the next */
    process_wait(&s.process);
    process_end(&s.process);
    assert_int_equal(stat(path, &file), 0);
    process_start(&s.process, argv);
    process_line(&s.process, line, sizeof line);
    connect_unix(path);
    served_stop(&s);
    assert_int_equal(stat(path, &file), -1); /* removed by a clean stop */

    int other = open(path, O_CREAT | O_WRONLY, 0600); /* not a socket: never replaced */
    close(other);
    r = run(argv, "", 0);
    assert_int_equal(r.status, 1);
    assert_int_equal(stat(path, &file), 0);
    free(r.out);
    unlink(path);
    rmdir(directory);
}

static void test_environment(void **state)
{
    (void)state;
    char *argv[] = {ECHO_SERVER, NULL}, *with_mode[] = {ECHO_SERVER, "-m", "upper", NULL};
    char line[128];
    setenv("ECHO_PORT", "0", 1);
    setenv("ECHO_BIND", "127.0.0.1", 1);
    setenv("ECHO_MODE", "verbatim", 1);
    for (int flag = 0; flag < 2; flag++) {
        unsigned port;
        char reply[3];
        process_start(&s.process, flag ? with_mode : argv);
        process_line(&s.process, line, sizeof line);
        assert_int_equal(sscanf(line, "waiting on 127.0.0.1:%u", &port), 1);
        int fd = net_connect((uint16_t)port, 0);
        net_send(fd, "hi\n", 3);
        net_receive(fd, reply, 3);
        assert_memory_equal(reply, flag ? "HI\n" : "hi\n", 3); /* flags win */
        close(fd);
        served_stop(&s);
    }
    unsetenv("ECHO_PORT");
    unsetenv("ECHO_BIND");
    unsetenv("ECHO_MODE");
}

/* With standard descriptors closed, nothing else may get their numbers, and with them the log. */
static void test_closed_standard_descriptors(void **state)
{
    (void)state;
    char *argv[] = {"/bin/sh", "-c", "exec " ECHO_SERVER " -v -4 0 <&- 2>&-", NULL}, line[128];
    unsigned port;
    process_start(&s.process, argv);
    process_line(&s.process, line, sizeof line);
    assert_int_equal(sscanf(line, "waiting on 127.0.0.1:%u", &port), 1);
    s.port_number = (uint16_t)port;
    assert_serves();
    assert_serves();
    served_stop(&s);
}

static void test_unwritable_ready_line(void **state)
{
    (void)state;
    char *argv[] = {"/bin/sh", "-c", "exec " ECHO_SERVER " 0 1</dev/null", NULL};
    struct result r = run(argv, "", 0);
    assert_int_equal(r.status, 1);
    assert_non_null(strstr(r.err, "ready line"));
    free(r.out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_vectors, clean_up),
        cmocka_unit_test_teardown(test_dot_stop_vectors, clean_up),
        cmocka_unit_test_teardown(test_random_sessions_equal_the_model, clean_up),
        cmocka_unit_test_teardown(test_half_close_loses_nothing, clean_up),
        cmocka_unit_test_teardown(test_outlives_resets, clean_up),
        cmocka_unit_test_teardown(test_outlives_a_client_that_never_reads, clean_up),
        cmocka_unit_test_teardown(test_outlives_a_client_that_sends_nothing, clean_up),
        cmocka_unit_test_teardown(test_waiting_client_is_told_of_once, clean_up),
        cmocka_unit_test_teardown(test_quit_and_linger, clean_up),
        cmocka_unit_test_teardown(test_stop_when_idle, clean_up),
        cmocka_unit_test_teardown(test_stop_loses_nothing_in_flight, clean_up),
        cmocka_unit_test_teardown(test_stop_gives_up_on_a_client_that_never_reads, clean_up),
        cmocka_unit_test_teardown(test_second_signal_ends_at_once, clean_up),
        cmocka_unit_test_teardown(test_counters, clean_up),
        cmocka_unit_test_teardown(test_log_json, clean_up),
        cmocka_unit_test_teardown(test_probes_are_not_logged, clean_up),
        cmocka_unit_test_teardown(test_show, clean_up),
        cmocka_unit_test_teardown(test_show_to_a_stuck_reader, clean_up),
        cmocka_unit_test_teardown(test_dot_line_and_reset, clean_up),
        cmocka_unit_test_teardown(test_one_off, clean_up),
        cmocka_unit_test_teardown(test_restarts_on_one_port, clean_up),
        cmocka_unit_test_teardown(test_taken_port, clean_up),
        cmocka_unit_test_teardown(test_both_loopbacks_on_one_port, clean_up),
        cmocka_unit_test_teardown(test_unix_socket, clean_up),
        cmocka_unit_test_teardown(test_environment, clean_up),
        cmocka_unit_test_teardown(test_closed_standard_descriptors, clean_up),
        cmocka_unit_test_teardown(test_unwritable_ready_line, clean_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
