/* test_activation.c - the server as a service: sockets passed on, the manager told, one client as
 * standard input and output, priorities for the journal.
 */
#include "support/net.h"
#include "support/process.h"

#include "support/test.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static struct process p;

static int clean_up(void **state)
{
    (void)state;
    process_end(&p);
    return 0;
}

/* Starts the server from a shell's commands, in which $SERVER is its path. */
static void start_shell(const char *commands)
{
    setenv("SERVER", ECHO_SERVER, 1);
    process_start(&p, (char *[]){"/bin/sh", "-c", (char *)commands, NULL});
}

static void assert_echoes(uint16_t port)
{
    char reply[6];
    int fd = net_connect(port, 0);
    net_send(fd, "hello\n", 6);
    net_receive(fd, reply, 6);
    assert_memory_equal(reply, "HELLO\n", 6);
    close(fd);
}

static void stop(void)
{
    kill(p.pid, SIGTERM);
    assert_int_equal(process_wait(&p), 0);
    process_end(&p);
}

static void test_sockets_passed_on(void **state)
{
    (void)state;
    static const char *const options[] = {"", "--model fork", "--model event",
                                          "--model event --workers 2"};
    for (size_t i = 0; i < sizeof options / sizeof options[0]; i++) {
        char commands[256], line[128], expected[64];
        uint16_t port;
        int listener = net_listen(8, &port);
        fcntl(listener, F_SETFD, 0);
        snprintf(commands, sizeof commands,
                 "exec 3<&%d; LISTEN_PID=$$ LISTEN_FDS=1 exec $SERVER %s 1", listener, options[i]);
        start_shell(commands);
        close(listener);
        process_line(&p, line, sizeof line);
        snprintf(expected, sizeof expected, "waiting on 127.0.0.1:%u", port); /* not port 1 */
        assert_string_equal(line, expected);
        assert_echoes(port);
        stop();
    }
}

static void test_wrong_sockets_passed_on(void **state)
{
    (void)state;
    static const struct {
        const char *commands, *said;
    } rows[] = {
        {"exec 3</dev/null; LISTEN_PID=$$ LISTEN_FDS=1 exec $SERVER 0",
         "echo-server: LISTEN_FDS: descriptor 3 is not a stream socket that listens; "},
        {"LISTEN_PID=$$ LISTEN_FDS=99 exec $SERVER 0",
         "echo-server: LISTEN_FDS: 99 sockets are too many; pass at most 16"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char line[256];
        start_shell(rows[i].commands);
        process_error_line(&p, line, sizeof line);
        assert_non_null(strstr(line, rows[i].said));
        assert_int_equal(process_wait(&p), 1);
        process_end(&p);
    }
}

/* Those of another process are none of ours. */
static void test_sockets_of_another(void **state)
{
    (void)state;
    char line[128];
    start_shell("LISTEN_PID=1 LISTEN_FDS=1 exec $SERVER -4 0");
    process_line(&p, line, sizeof line);
    assert_non_null(strstr(line, "waiting on 127.0.0.1:"));
    stop();
}

/* Receives what the manager is told. */
static void assert_told(int manager, const char *expected)
{
    char text[256];
    struct pollfd ready = {.fd = manager, .events = POLLIN};
    assert_int_equal(poll(&ready, 1, DEADLINE_MS), 1);
    ssize_t n = recv(manager, text, sizeof text - 1, 0);
    assert_true(n > 0);
    text[n] = '\0';
    if (strncmp(text, expected, strlen(expected)) != 0)
        fail_msg("told: %s", text);
}

static void test_manager_is_told(void **state)
{
    (void)state;
    static const char *const options[] = {"", "--model fork", "--model event --workers 2"};
    for (size_t i = 0; i < 2 * sizeof options / sizeof options[0]; i++) {
        bool abstract = i % 2;
        char commands[256], line[128], directory[] = "/tmp/echo-notify-XXXXXX";
        struct sockaddr_un un = {.sun_family = AF_UNIX};
        assert_non_null(mkdtemp(directory));
        snprintf(un.sun_path, sizeof un.sun_path, "%s%s/n", abstract ? "@" : "", directory);
        snprintf(commands, sizeof commands, "NOTIFY_SOCKET=%s exec $SERVER -4 %s 0", un.sun_path,
                 options[i / 2]);
        socklen_t len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(un.sun_path));
        if (abstract)
            un.sun_path[0] = '\0';
        int manager = net_socket(AF_UNIX, SOCK_DGRAM);
        assert_int_equal(bind(manager, (struct sockaddr *)&un, len), 0);
        start_shell(commands);
        process_line(&p, line, sizeof line);
        assert_told(manager, "READY=1\n");
        stop();
        assert_told(manager, "STOPPING=1\n");
        close(manager);
        if (!abstract)
            unlink(un.sun_path);
        rmdir(directory);
    }
}

static void test_standard_input_and_output(void **state)
{
    (void)state;
    static const struct {
        const char *in, *out;
    } rows[] = {
        {"hello\nworld", "HELLO\nWORLD"}, {"one\nquit\nnot this\n", "ONE\nGood bye\n"}, {"", ""}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct result r =
            run((char *[]){ECHO_SERVER, "--inetd", NULL}, rows[i].in, strlen(rows[i].in));
        assert_int_equal(r.status, 0);
        assert_int_equal(r.out_len, strlen(rows[i].out));
        assert_memory_equal(r.out, rows[i].out, r.out_len);
        free(r.out);
    }
}

/* As inetd starts a service: one socket is all three. What is logged must not get to the client. */
static void test_inetd_socket(void **state)
{
    (void)state;
    char reply[8];
    int ends[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    fcntl(ends[0], F_SETFD, FD_CLOEXEC);
    char commands[128];
    snprintf(commands, sizeof commands, "exec $SERVER -v --inetd <&%d >&%d 2>&%d", ends[1], ends[1],
             ends[1]);
    start_shell(commands);
    close(ends[1]);
    net_send(ends[0], "hello\n", 6);
    net_send_fin(ends[0]);
    assert_int_equal(net_receive_all(ends[0], reply, sizeof reply, NULL), 6);
    assert_memory_equal(reply, "HELLO\n", 6);
    close(ends[0]);
    assert_int_equal(process_wait(&p), 0);
    process_end(&p);
}

/* Standard error is what JOURNAL_STREAM names: lines begin with their priority. */
static void test_journal_priorities(void **state)
{
    (void)state;
    char line[256];
    start_shell("JOURNAL_STREAM=$(stat -L -c %d:%i /dev/fd/2) exec $SERVER -4 -v 0");
    process_line(&p, line, sizeof line);
    assert_echoes((uint16_t)atoi(strrchr(line, ':') + 1));
    process_error_line(&p, line, sizeof line);
    assert_int_equal(strncmp(line, "<6>echo-server: 127.0.0.1:", 26), 0);
    process_error_line(&p, line, sizeof line);
    assert_int_equal(strncmp(line, "<5>echo-server: 127.0.0.1:", 26), 0);
    stop();
    start_shell("JOURNAL_STREAM=1:2 exec $SERVER -4 0"); /* of somebody else */
    process_line(&p, line, sizeof line);
    kill(p.pid, SIGTERM);
    process_error_line(&p, line, sizeof line);
    assert_int_equal(strncmp(line, "echo-server: served 0", 21), 0);
    assert_int_equal(process_wait(&p), 0);
    process_end(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_sockets_passed_on, clean_up),
        cmocka_unit_test_teardown(test_wrong_sockets_passed_on, clean_up),
        cmocka_unit_test_teardown(test_sockets_of_another, clean_up),
        cmocka_unit_test_teardown(test_manager_is_told, clean_up),
        cmocka_unit_test(test_standard_input_and_output),
        cmocka_unit_test_teardown(test_inetd_socket, clean_up),
        cmocka_unit_test_teardown(test_journal_priorities, clean_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
