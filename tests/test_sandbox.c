/* test_sandbox.c - what the sandbox refuses, and that servers are in it. That every feature works
 * inside is shown by all other tests: it is on unless turned off.
 */
#include "program/sandbox.h"
#include "support/net.h"
#include "support/process.h"

#include "support/test.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#ifdef ECHO_INSTRUMENTED

static void test_forbidden_calls_are_refused(void **state)
{
    (void)state;
    skip(); /* in such a build nothing is refused: see sandbox.c */
}

#else

/* What a server has no business to do. Each returns whether it was refused. */
static bool opens_a_file(void)
{
    return open("/etc/passwd", O_RDONLY) < 0 && errno == EPERM;
}

static bool opens_a_socket(void)
{
    return socket(AF_INET, SOCK_STREAM, 0) < 0 && errno == EPERM;
}

static bool runs_a_program(void)
{
    return execl("/bin/true", "true", (char *)NULL) < 0 && errno == EPERM;
}

static bool starts_a_process(void)
{
    pid_t pid = fork();
    if (pid == 0)
        _exit(0);
    return pid < 0 && errno == EPERM;
}

static bool ends_another(void)
{
    return kill(getppid(), 0) < 0 && errno == EPERM;
}

static bool removes_a_file(void)
{
    return unlink("/no/such/file") < 0 && errno == EPERM;
}

static bool changes_who_it_is(void)
{
    return setuid(1) < 0 && errno == EPERM;
}

static void test_forbidden_calls_are_refused(void **state)
{
    (void)state;
    static bool (*const attempts[])(void) = {opens_a_file,    opens_a_socket, runs_a_program,
                                             ends_another,    removes_a_file, changes_who_it_is,
                                             starts_a_process};
    for (size_t i = 0; i < sizeof attempts / sizeof attempts[0]; i++) {
        int status;
        (void)fflush(NULL);
        pid_t pid = fork();
        assert_true(pid >= 0);
        if (pid == 0) {
            char lacking[SANDBOX_TEXT_MAX];
            struct sandbox_needs needs = {0};
            if (!sandbox_enter(&needs, lacking))
                _exit(2);
            _exit(attempts[i]() ? 0 : 1);
        }
        assert_int_equal(waitpid(pid, &status, 0), pid);
        if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
            fail_msg("attempt %zu: wait status %x (exit 2: this system lacks something)", i,
                     status);
    }
}

#endif

static struct served s;

static int clean_up(void **state)
{
    (void)state;
    process_end(&s.process);
    return 0;
}

/* The number after a name in /proc/PID/status. */
static int status_number(pid_t pid, const char *name)
{
    char path[64], line[256];
    int number = -1;
    snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    while (fgets(line, sizeof line, file))
        if (strncmp(line, name, strlen(name)) == 0)
            (void)sscanf(line + strlen(name), ":%d", &number);
    fclose(file);
    return number;
}

static void test_servers_are_in_it(void **state)
{
    (void)state;
    char *choices[][7] = {{"--sandbox", "require", NULL},
                          {"--sandbox", "require", "--model", "fork", NULL},
                          {"--sandbox", "require", "--model", "event", NULL},
                          {"--sandbox", "require", "--model", "event", "--workers", "2", NULL},
                          {"--model", "event", NULL},
                          {"--sandbox", "off", NULL}};
    for (size_t i = 0; i < sizeof choices / sizeof choices[0]; i++) {
        bool off = i + 1 == sizeof choices / sizeof choices[0];
        char reply[6];
        served_start(&s, choices[i]);
        assert_int_equal(status_number(s.process.pid, "NoNewPrivs"), !off);
        assert_int_equal(status_number(s.process.pid, "Seccomp"), off ? 0 : 2);
        int fd = net_connect(s.port_number, 0);
        net_send(fd, "hello\n", 6);
        net_receive(fd, reply, 6);
        assert_memory_equal(reply, "HELLO\n", 6);
        close(fd);
        served_stop(&s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_forbidden_calls_are_refused),
        cmocka_unit_test_teardown(test_servers_are_in_it, clean_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
