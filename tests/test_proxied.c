/* test_proxied.c - the real echo-server with --proxy-protocol: headers that are right, wrong, cut
 * and late, and whom the log names. The whole file runs once for each model, which ECHO_MODEL
 * names. */
#include "support/net.h"
#include "support/process.h"
#include "support/proxy_vectors.h"

#include "support/test.h"

#include <arpa/inet.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#define TCP4 "PROXY TCP4 192.0.2.1 192.0.2.2 56324 443\r\n"

static struct served s;

static int clean_up(void **state)
{
    (void)state;
    process_end(&s.process);
    return 0;
}

/* The next line of the log. */
static void assert_line(const char *text)
{
    char line[1024];
    process_error_line(&s.process, line, sizeof line);
    if (!strstr(line, text))
        fail_msg("the log says '%s' and not '%s'", line, text);
}

/* How the log names the client of a connection: as its proxy does, or by the connection's own
 * address. */
static void name_of(const struct proxy_client *client, int fd, char *text, size_t size)
{
    char ip[INET6_ADDRSTRLEN] = "";
    struct sockaddr_in own;
    socklen_t len = sizeof own;
    switch (client->family) {
    case PROXY_OWN:
        assert_int_equal(getsockname(fd, (struct sockaddr *)&own, &len), 0);
        snprintf(text, size, "127.0.0.1:%u", ntohs(own.sin_port));
        break;
    case PROXY_IPV4:
        inet_ntop(AF_INET, client->ip, ip, sizeof ip);
        snprintf(text, size, "%s:%u", ip, client->port);
        break;
    case PROXY_IPV6:
        inet_ntop(AF_INET6, client->ip, ip, sizeof ip);
        snprintf(text, size, "[%s]:%u", ip, client->port);
        break;
    }
}

/* Sends what is in `bytes`, in pieces of `step`, and its end; nothing but `reply` comes back. */
static void assert_reply(int fd, const void *bytes, size_t n, size_t step, const char *reply)
{
    char back[64];
    bool reset;
    for (size_t at = 0; at < n; at += step)
        net_send(fd, (const char *)bytes + at, step < n - at ? step : n - at);
    (void)shutdown(fd, SHUT_WR);
    size_t len = net_receive_all(fd, back, sizeof back, &reset);
    assert_int_equal(len, strlen(reply));
    assert_memory_equal(back, reply, len);
}

/* One row: a header and the client's bytes in one piece, or what is no header. */
static void play(const struct proxy_vector *v)
{
    static uint8_t bytes[sizeof v->in + 6];
    char name[128], expected[256];
    int fd = net_connect(s.port_number, 0);
    struct proxy_client own = {0};
    size_t n = v->outcome == PROXY_DONE ? v->at : v->in_len;
    memcpy(bytes, v->in, n);
    name_of(v->outcome == PROXY_DONE ? &v->client : &own, fd, name, sizeof name);
    if (v->outcome == PROXY_DONE) {
        memcpy(bytes + n, "hello\n", 6);
        assert_reply(fd, bytes, n + 6, n + 6, "HELLO\n");
        snprintf(expected, sizeof expected, "%s eof: 6 bytes in, 6 bytes out", name);
    } else {
        assert_reply(fd, bytes, n, n, "");
        if (v->outcome == PROXY_WRONG)
            snprintf(expected, sizeof expected, "(0x%02x) at offset %zu of the header; let go",
                     v->in[v->at], v->at);
        else
            snprintf(expected, sizeof expected,
                     "%s header: %zu bytes of a PROXY protocol header in ", name, n);
    }
    close(fd);
    assert_line(expected);
}

static void test_vectors(void **state)
{
    (void)state;
    static struct proxy_vector v;
    FILE *table = fopen(PROXY_VECTORS, "r");
    assert_non_null(table);
    served_start(&s, (char *[]){"--proxy-protocol", NULL});
    for (v.row = 0; proxy_vector_next(table, &v);)
        play(&v);
    assert_true(v.row > 0);
    fclose(table);
    served_stop(&s);
}

static void test_one_byte_at_a_time(void **state)
{
    (void)state;
    static const char v2[] =
        "\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0f\xc0\0\2\1\xc0\0\2\2\xdc\4\1\xbb\4\0\0hello\nquit";
    served_start(&s, (char *[]){"--proxy-protocol", NULL});
    int fd = net_connect(s.port_number, 0);
    assert_reply(fd, TCP4 "hello\nquit", strlen(TCP4 "hello\nquit"), 1, "HELLO\nGood bye\n");
    assert_line("192.0.2.1:56324 quit: 10 bytes in, 15 bytes out");
    close(fd);
    fd = net_connect(s.port_number, 0);
    assert_reply(fd, v2, sizeof v2 - 1, 1, "HELLO\nGood bye\n");
    assert_line("192.0.2.1:56324 quit: 10 bytes in, 15 bytes out");
    close(fd);
    served_stop(&s);
}

/* After the header a client is one like others: what it begins is held back, a silence is one. */
static void test_session_after_the_header(void **state)
{
    (void)state;
    char back[16];
    served_start(&s, (char *[]){"--proxy-protocol", NULL});
    int fd = net_connect(s.port_number, 0);
    net_send(fd, TCP4, strlen(TCP4));
    net_send(fd, "one\nqu", 6);
    net_receive(fd, back, 6);
    assert_memory_equal(back, "ONE\nQU", 6);
    net_send(fd, "it\nquit\r\n", 9);
    net_receive(fd, back, 13);
    assert_memory_equal(back, "IT\nGood bye\r\n", 13);
    assert_int_equal(net_receive_all(fd, back, sizeof back, NULL), 0);
    close(fd);
    assert_line("192.0.2.1:56324 quit: 15 bytes in, 19 bytes out");
    kill(s.process.pid, SIGUSR1);
    assert_line("served 1, open 0, bytes in 15, bytes out 19");
    served_stop(&s);
}

static void test_late_header(void **state)
{
    (void)state;
    char back[16];
    served_start(&s, (char *[]){"--proxy-protocol", "--idle-timeout", "1s", NULL});
    int fd = net_connect(s.port_number, 0);
    net_send(fd, "PROXY TCP4", 10);
    assert_int_equal(net_receive_all(fd, back, sizeof back, NULL), 0);
    close(fd);
    assert_line(" header: 10 bytes of a PROXY protocol header in "); /* and not " idle: ..." */
    kill(s.process.pid, SIGUSR1);
    assert_line("served 1, open 0, bytes in 0, bytes out 0, refused 1, timed out 0");
    served_stop(&s);
}

/* As a health check does it: nothing is sent, nothing was wrong. With -v the log has it, and a
 * client is told of once it is known. */
static void test_what_verbose_tells(void **state)
{
    (void)state;
    served_start(&s, (char *[]){"--proxy-protocol", "-v", NULL});
    int fd = net_connect(s.port_number, 0);
    assert_reply(fd, "", 0, 1, "");
    close(fd);
    assert_line(" eof: 0 bytes in, 0 bytes out");
    fd = net_connect(s.port_number, 0);
    assert_reply(fd, TCP4, strlen(TCP4), 1, "");
    close(fd);
    assert_line("192.0.2.1:56324 connected");
    assert_line("192.0.2.1:56324 eof: 0 bytes in, 0 bytes out");
    served_stop(&s);
}

static void test_json_and_show(void **state)
{
    (void)state;
    char line[256];
    served_start(&s, (char *[]){"--proxy-protocol", "--log", "json", "--show", NULL});
    int fd = net_connect(s.port_number, 0);
    assert_reply(fd, "PROXY TCP6 2001:db8::1 ::1 7 8\r\nhello\n", 38, 38, "HELLO\n");
    close(fd);
    process_line(&s.process, line, sizeof line);
    assert_string_equal(line, "[2001:db8::1]:7 6 bytes (6 total): hello");
    assert_line(
        "\"event\":\"closed\",\"client\":\"[2001:db8::1]:7\",\"why\":\"eof\",\"in\":6,\"out\":6,");
    fd = net_connect(s.port_number, 0);
    assert_reply(fd, "\\", 1, 1, "");
    close(fd);
    assert_line("\"why\":\"header\",\"reason\":\"expected PROXY or the signature of version 2, got "
                "'\\\\\\\\' (0x5c) at "
                "offset 0 of the header\"");
    served_stop(&s);
}

/* A header that is due is nothing in flight. */
static void test_stop_while_a_header_is_due(void **state)
{
    (void)state;
    char line[256];
    served_start(&s, (char *[]){"--proxy-protocol", "-v", NULL});
    int fd = net_connect(s.port_number, 0);
    net_send(fd, "PROXY", 5);
    do { /* until it is accepted */
        kill(s.process.pid, SIGUSR1);
        process_error_line(&s.process, line, sizeof line);
    } while (!strstr(line, "open 1"));
    kill(s.process.pid, SIGTERM);
    assert_line(" drain: 0 bytes in"); /* and not " header: ...", 3 seconds later */
    assert_int_equal(process_wait(&s.process), 0);
    process_end(&s.process);
    close(fd);
}

static void test_unix_socket(void **state)
{
    (void)state;
    char folder[] = "/tmp/echo-test-XXXXXX", line[256];
    struct sockaddr_un un = {.sun_family = AF_UNIX};
    assert_non_null(mkdtemp(folder));
    snprintf(un.sun_path, sizeof un.sun_path, "%s/socket", folder);
    process_start(&s.process, (char *[]){ECHO_SERVER, "--proxy-protocol", "-U", un.sun_path, NULL});
    process_line(&s.process, line, sizeof line);
    static const char *const headers[] = {TCP4, "PROXY UNKNOWN\r\n"}, *const names[] = {
                                                                          "192.0.2.1:56324 eof",
                                                                          "unix eof"};
    for (int i = 0; i < 2; i++) {
        int fd = socket(AF_UNIX, SOCK_STREAM, 0);
        assert_int_equal(connect(fd, (struct sockaddr *)&un, sizeof un), 0);
        net_send(fd, headers[i], strlen(headers[i]));
        assert_reply(fd, "hello\n", 6, 6, "HELLO\n");
        close(fd);
        assert_line(names[i]);
    }
    served_stop(&s);
    assert_int_equal(rmdir(folder), 0);
}

static void test_inetd(void **state)
{
    (void)state;
    static const struct {
        const char *in, *out, *err;
    } rows[] = {
        {TCP4 "hello\n", "HELLO\n", "192.0.2.1:56324 eof: 6 bytes in"},
        {"PROXY UNKNOWN\r\nhello\n", "HELLO\n", "standard input eof: 6 bytes in"},
        {"hello\n", "", "standard input header: expected PROXY"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct result r = run((char *[]){ECHO_SERVER, "--inetd", "--proxy-protocol", NULL},
                              rows[i].in, strlen(rows[i].in));
        assert_int_equal(r.status, 0);
        assert_int_equal(r.out_len, strlen(rows[i].out));
        assert_memory_equal(r.out, rows[i].out, r.out_len);
        assert_non_null(strstr(r.err, rows[i].err));
        free(r.out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_vectors, clean_up),
        cmocka_unit_test_teardown(test_one_byte_at_a_time, clean_up),
        cmocka_unit_test_teardown(test_session_after_the_header, clean_up),
        cmocka_unit_test_teardown(test_late_header, clean_up),
        cmocka_unit_test_teardown(test_what_verbose_tells, clean_up),
        cmocka_unit_test_teardown(test_json_and_show, clean_up),
        cmocka_unit_test_teardown(test_stop_while_a_header_is_due, clean_up),
        cmocka_unit_test_teardown(test_unix_socket, clean_up),
        cmocka_unit_test(test_inetd),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
