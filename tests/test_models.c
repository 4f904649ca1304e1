/* test_models.c - what the models that serve many clients promise beyond one client's echo. */
#include "support/net.h"
#include "support/process.h"

#include "support/test.h"

#include <dirent.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

static struct served s;

static int clean_up(void **state)
{
    (void)state;
    process_end(&s.process);
    return 0;
}

static void assert_line(const char *text)
{
    process_await_error(&s.process, text);
}

static void say(int fd, const char *word)
{
    net_send(fd, word, strlen(word));
}

static void assert_hears(int fd, const char *reply)
{
    char bytes[64];
    net_receive(fd, bytes, strlen(reply));
    assert_memory_equal(bytes, reply, strlen(reply));
}

static bool is_silent(int fd)
{
    char byte;
    return recv(fd, &byte, 1, MSG_DONTWAIT) < 0;
}

/* Fills in the processes whose parent is `parent`. Returns how many there are, dead ones too. */
#ifdef __linux__
static size_t children_of(pid_t parent, pid_t *pids, size_t most)
{
    size_t count = 0;
    DIR *proc = opendir("/proc");
    assert_non_null(proc);
    for (struct dirent *entry; (entry = readdir(proc));) {
        char path[300], line[512];
        int pid, ppid;
        snprintf(path, sizeof path, "/proc/%s/stat", entry->d_name);
        FILE *file = fopen(path, "r");
        if (!file)
            continue;
        char *end = fgets(line, sizeof line, file) ? strrchr(line, ')') : NULL;
        fclose(file);
        if (end && sscanf(line, "%d", &pid) == 1 && sscanf(end, ") %*c %d", &ppid) == 1 &&
            ppid == parent && count < most)
            pids[count++] = pid;
    }
    closedir(proc);
    return count;
}
#else
static size_t children_of(pid_t parent, pid_t *pids, size_t most)
{
    size_t count = 0;
    int pid, ppid;
    FILE *ps = popen("ps -A -o pid= -o ppid=", "r");
    assert_non_null(ps);
    while (fscanf(ps, "%d %d", &pid, &ppid) == 2)
        if (ppid == parent && count < most)
            pids[count++] = pid;
    assert_int_equal(pclose(ps), 0);
    return count;
}
#endif

/* Waits until the server has so many children. */
static void await_children(size_t count)
{
    pid_t pids[64];
    int64_t deadline = now_ms() + DEADLINE_MS;
    size_t have;
    while ((have = children_of(s.process.pid, pids, 64)) != count) {
        if (now_ms() > deadline)
            fail_msg("%zu children instead of %zu", have, count);
        (void)poll(NULL, 0, 1); /* processes come and go without telling others */
    }
}

#ifdef __linux__ /* for prlimit() */
/* The number that its next descriptor gets. */
static rlim_t next_descriptor(pid_t pid)
{
    char path[64], target[64];
    for (unsigned fd = 0;; fd++) {
        snprintf(path, sizeof path, "/proc/%d/fd/%u", (int)pid, fd);
        if (readlink(path, target, sizeof target) < 0)
            return fd;
    }
}
#endif

enum { MANY = 200 };

/* All are there at once, speak in turns, and each hears its own words. */
static void many_at_once(char *const options[])
{
    static int fds[MANY];
    char word[32], reply[32];
    served_start(&s, options);
    for (int i = 0; i < MANY; i++)
        fds[i] = net_connect(s.port_number, 0);
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < MANY; i++) {
            snprintf(word, sizeof word, "word %d %d\n", i, round);
            say(fds[i], word);
        }
        for (int i = MANY; i-- > 0;) {
            snprintf(reply, sizeof reply, "WORD %d %d\n", i, round);
            assert_hears(fds[i], reply);
        }
    }
    for (int i = 0; i < MANY; i++)
        close(fds[i]);
    served_stop(&s);
}

static void test_many_at_once(void **state)
{
    (void)state;
    many_at_once((char *[]){"--model", "fork", NULL});
    many_at_once((char *[]){"--model", "event", NULL});
    many_at_once((char *[]){"--model", "event", "--workers", "3", NULL});
}

/* At the limit the next one waits in the backlog, and is served when another has gone. */
static void test_max_clients(void **state)
{
    (void)state;
    char *models[] = {"fork", "event"};
    for (int m = 0; m < 2; m++) {
        char *options[] = {"--model", models[m], "-M", "2", NULL};
        int fds[4];
        served_start(&s, options);
        for (int i = 0; i < 4; i++) {
            fds[i] = net_connect(s.port_number, 0);
            say(fds[i], "one\n");
        }
        assert_hears(fds[0], "ONE\n");
        assert_hears(fds[1], "ONE\n");
        say(fds[0], "two\n");
        assert_hears(fds[0], "TWO\n"); /* by now a third would have been heard */
        assert_true(is_silent(fds[2]) && is_silent(fds[3]));
        assert_line("2 clients are served: others wait until one goes, see --max-clients");
        close(fds[1]);
        assert_hears(fds[2], "ONE\n");
        assert_true(is_silent(fds[3]));
        close(fds[0]);
        assert_hears(fds[3], "ONE\n");
        close(fds[2]);
        close(fds[3]);
        served_stop(&s);
    }
}

/* One that floods and one that never reads take nothing from another. */
static void test_fairness(void **state)
{
    (void)state;
    char *models[] = {"fork", "event"};
    static char bulk[1 << 18];
    memset(bulk, 'x', sizeof bulk);
    for (int m = 0; m < 2; m++) {
        char *options[] = {"--model", models[m], NULL};
        static char back[sizeof bulk];
        served_start(&s, options);
        int stuck = net_connect(s.port_number, 2304), flood = net_connect(s.port_number, 0);
        while (send(stuck, bulk, sizeof bulk, MSG_NOSIGNAL | MSG_DONTWAIT) > 0)
            continue;
        int polite = net_connect(s.port_number, 0);
        size_t flooded = 0;
        for (int i = 0; i < 50; i++) {
            ssize_t n;
            while ((n = send(flood, bulk, sizeof bulk, MSG_NOSIGNAL | MSG_DONTWAIT)) > 0)
                flooded += (size_t)n;
            say(polite, "hello\n");
            assert_hears(polite, "HELLO\n");
            while (recv(flood, back, sizeof back, MSG_DONTWAIT) > 0)
                continue;
        }
        assert_true(flooded > sizeof bulk);
        close(stuck);
        close(flood);
        close(polite);
        served_stop(&s);
    }
}

/* More slow readers than there are large blocks: each gets all that is its own. */
static void test_more_slow_readers_than_blocks(void **state)
{
    (void)state;
    enum { READERS = 80, EACH = 1 << 18 };
    static uint8_t in[EACH], out[EACH + 1];
    static int fds[READERS];
    size_t sent[READERS] = {0};
    char *options[] = {"--model", "event", "-m", "verbatim", "-v", NULL};
    for (size_t i = 0; i < EACH; i++)
        in[i] = (uint8_t)(i * 2654435761u >> 11);
    served_start(&s, options);
    for (int i = 0; i < READERS; i++) {
        fds[i] = net_connect(s.port_number, 2304);
        ssize_t n;
        while (sent[i] < EACH &&
               (n = send(fds[i], in + sent[i], EACH - sent[i], MSG_NOSIGNAL | MSG_DONTWAIT)) > 0)
            sent[i] += (size_t)n;
    }
    for (int i = 0; i < READERS; i++) {
        size_t len = net_exchange(fds[i], in + sent[i], EACH - sent[i], out, EACH + 1, 1 << 16);
        assert_int_equal(len, EACH);
        assert_memory_equal(out, in, EACH);
        close(fds[i]);
    }
    served_stop(&s);
}

static void test_children_are_reaped(void **state)
{
    (void)state;
    char *options[] = {"--model", "fork", NULL};
    served_start(&s, options);
    for (int i = 0; i < 20; i++) {
        int fd = net_connect(s.port_number, 0);
        say(fd, "hello\n");
        assert_hears(fd, "HELLO\n");
        if (i % 2)
            net_reset(fd);
        else
            close(fd);
    }
    await_children(0);
    kill(s.process.pid, SIGUSR1);
    assert_line("served 20, open 0, bytes in 120, bytes out 120, ");
    served_stop(&s);
}

/* A counter is there while the client is: the parent can see into its children. */
static void test_counters_of_open_clients(void **state)
{
    (void)state;
    char *choices[][5] = {{"--model", "fork", NULL},
                          {"--model", "event", NULL},
                          {"--model", "event", "--workers", "2", NULL}};
    for (int c = 0; c < 3; c++) {
        served_start(&s, choices[c]);
        int fd = net_connect(s.port_number, 0);
        say(fd, "hello\n");
        assert_hears(fd, "HELLO\n");
        /* The reply may be here before the process that sent it has counted it. */
        char line[512];
        do {
            kill(s.process.pid, SIGUSR1);
            process_error_line(&s.process, line, sizeof line);
        } while (strstr(line, "bytes out 0"));
        assert_non_null(strstr(line, "served 1, open 1, bytes in 6, bytes out 6, refused 0"));
        close(fd);
        served_stop(&s);
    }
}

/* Whatever ends the parent, its children do not outlive it. */
static void test_no_orphans(void **state)
{
    (void)state;
    char *choices[][5] = {{"--model", "fork", NULL}, {"--model", "event", "--workers", "2", NULL}};
    for (int c = 0; c < 2; c++) {
        char byte;
        bool reset;
        served_start(&s, choices[c]);
        int fd = net_connect(s.port_number, 0);
        say(fd, "hello\n");
        assert_hears(fd, "HELLO\n");
        kill(s.process.pid, SIGKILL);
        assert_int_equal(process_wait(&s.process), 128 + SIGKILL);
        /* The connection ends, and so does everybody who has the log open. */
        (void)net_receive_all(fd, &byte, 1, &reset);
        close(fd);
        char rest[256];
        while (read(s.process.err, rest, sizeof rest) > 0)
            continue;
        process_end(&s.process);
    }
}

/* A second signal ends them all at once, however much is still owed. */
static void test_second_signal_ends_all(void **state)
{
    (void)state;
    char *choices[][7] = {{"--model", "fork", "--drain-timeout", "60s", NULL},
                          {"--model", "event", "--drain-timeout", "60s", "--workers", "2", NULL}};
    static char bulk[1 << 18];
    for (int c = 0; c < 2; c++) {
        served_start(&s, choices[c]);
        int fd = net_connect(s.port_number, 2304);
        say(fd, "!"); /* heard: it is not in the backlog any more */
        assert_hears(fd, "!");
        while (send(fd, bulk, sizeof bulk, MSG_NOSIGNAL | MSG_DONTWAIT) > 0)
            continue;
        kill(s.process.pid, SIGTERM);
        /* It no longer accepts: that is when it has seen the first. */
        for (int64_t deadline = now_ms() + DEADLINE_MS; net_can_connect(s.port_number);)
            assert_true(now_ms() < deadline);
        kill(s.process.pid, SIGTERM);
        assert_int_equal(process_wait(&s.process), 128 + SIGTERM);
        char rest[256];
        while (read(s.process.err, rest, sizeof rest) > 0)
            continue;
        while (recv(fd, rest, sizeof rest, 0) > 0)
            continue;
        close(fd);
        process_end(&s.process);
    }
}

static void test_dead_worker_is_replaced(void **state)
{
    (void)state;
    char *options[] = {"--model", "event", "--workers", "2", NULL};
    pid_t pids[8];
    served_start(&s, options);
    await_children(2);
    assert_int_equal(children_of(s.process.pid, pids, 8), 2);
    pid_t killed = pids[0];
    kill(killed, SIGKILL);
    assert_line("ended with signal 9; another takes its place");
    await_children(2);
    for (int i = 0; i < 20; i++) { /* whichever worker they go to */
        int fd = net_connect(s.port_number, 0);
        say(fd, "hello\n");
        assert_hears(fd, "HELLO\n");
        close(fd);
    }
    served_stop(&s);
}

/* A dot line stops the whole server, whichever process hears it. */
static void test_dot_stop(void **state)
{
    (void)state;
    char *choices[][6] = {{"--model", "fork", "--dot-stop", NULL},
                          {"--model", "event", "--dot-stop", NULL},
                          {"--model", "event", "--dot-stop", "--workers", "3", NULL}};
    for (int c = 0; c < 3; c++) {
        char bytes[8];
        served_start(&s, choices[c]);
        int idle = net_connect(s.port_number, 0), fd = net_connect(s.port_number, 0);
        say(idle, "here\n");
        assert_hears(idle, "HERE\n");
        say(fd, ".\n");
        assert_hears(fd, ".\n");
        assert_int_equal(process_wait(&s.process), 0);
        assert_int_equal(net_receive_all(idle, bytes, sizeof bytes, NULL), 0); /* a FIN */
        close(idle);
        close(fd);
        process_end(&s.process);
    }
}

/* A signal to the whole group, as a terminal or a service manager sends it, is one order to stop.
 */
static void test_signals_to_all(void **state)
{
    (void)state;
    char *choices[][6] = {{"--model", "fork", NULL}, {"--model", "event", "--workers", "3", NULL}};
    for (int c = 0; c < 2; c++)
        for (int i = 0; i < 5; i++) {
            pid_t pids[8];
            char line[512];
            served_start(&s, choices[c]);
            int fd = net_connect(s.port_number, 0);
            say(fd, "hello\n");
            assert_hears(fd, "HELLO\n");
            size_t n = children_of(s.process.pid, pids, 8);
            assert_int_equal(n, c ? 3 : 1);
            for (size_t j = 0; j < n; j++) {
                kill(pids[j], SIGUSR1);
                kill(pids[j], i % 2 ? SIGTERM : SIGINT);
            }
            kill(s.process.pid, i % 2 ? SIGTERM : SIGINT);
            process_error_line(&s.process, line, sizeof line);
            assert_non_null(strstr(line, " drain: 6 bytes in, 6 bytes out"));
            process_error_line(&s.process, line, sizeof line);
            assert_non_null(strstr(line, "served 1, open 0"));
            assert_int_equal(process_wait(&s.process), 0);
            close(fd);
            process_end(&s.process);
        }
}

static void test_one_off(void **state)
{
    (void)state;
    char *choices[][4] = {{"--model", "fork", "-1", NULL}, {"--model", "event", "-1", NULL}};
    for (int c = 0; c < 2; c++) {
        served_start(&s, choices[c]);
        int fd = net_connect(s.port_number, 0);
        say(fd, "hello\n");
        assert_hears(fd, "HELLO\n");
        close(fd);
        assert_int_equal(process_wait(&s.process), 0);
        process_end(&s.process);
    }
}

/* A drain lets each client have what it is owed, also where many are in flight. */
static void test_drain_loses_nothing(void **state)
{
    (void)state;
    enum { CLIENTS = 5, EACH = 400 * 1000 };
    static uint8_t in[EACH], out[EACH + 1];
    char *choices[][7] = {{"--model", "fork", "-m", "verbatim", NULL},
                          {"--model", "event", "-m", "verbatim", NULL},
                          {"--model", "event", "-m", "verbatim", "--workers", "2", NULL}};
    for (size_t i = 0; i < EACH; i++)
        in[i] = (uint8_t)(i * 2654435761u >> 9);
    for (int c = 0; c < 3; c++) {
        int fds[CLIENTS];
        size_t sent[CLIENTS] = {0};
        served_start(&s, choices[c]);
        for (int i = 0; i < CLIENTS; i++) {
            ssize_t n;
            fds[i] = net_connect(s.port_number, 2304);
            say(fds[i], "!"); /* heard: it is not in the backlog any more */
            assert_hears(fds[i], "!");
            while (sent[i] < EACH && (n = send(fds[i], in + sent[i], EACH - sent[i],
                                               MSG_NOSIGNAL | MSG_DONTWAIT)) > 0)
                sent[i] += (size_t)n;
        }
        kill(s.process.pid, SIGTERM);
        for (int i = 0; i < CLIENTS; i++) {
            size_t len = net_receive_all(fds[i], out, EACH, NULL);
            assert_int_equal(len, sent[i]);
            assert_memory_equal(out, in, len);
            close(fds[i]);
        }
        assert_int_equal(process_wait(&s.process), 0);
        process_end(&s.process);
    }
}

#ifdef __linux__
/* Each worker has a listener of its own: so the kernel shares the clients out. */
static void test_workers_listen_each(void **state)
{
    (void)state;
    char ours[32], line[256];
    size_t listeners = 0;
    served_start(&s, (char *[]){"--model", "event", "--workers", "3", NULL});
    snprintf(ours, sizeof ours, "0100007F:%04X 00000000:0000 0A", s.port_number); /* proc(5) */
    FILE *table = fopen("/proc/net/tcp", "r");
    assert_non_null(table);
    while (fgets(line, sizeof line, table))
        listeners += strstr(line, ours) != NULL;
    fclose(table);
    assert_int_equal(listeners, 3);
    served_stop(&s);
}

/* Without a descriptor to accept with it must wait, not spin, and go on when there is one. */
static void test_waits_for_descriptors(void **state)
{
    (void)state;
    char *models[] = {"iterative", "fork", "event"};
    for (int m = 0; m < 3; m++) {
        char *options[] = {"--model", models[m], NULL};
        struct rusage before, after;
        getrusage(RUSAGE_CHILDREN, &before);
        served_start(&s, options);
        struct rlimit limit = {0, 256};
        limit.rlim_cur = next_descriptor(s.process.pid); /* it gets no other */
        assert_int_equal(prlimit(s.process.pid, RLIMIT_NOFILE, &limit, NULL), 0);
        int fd = net_connect(s.port_number, 0);
        say(fd, "hello\n");
        for (int i = 0; i < 5; i++)
            assert_line("cannot accept a client: Too many open files; trying again");
        limit = (struct rlimit){256, 256};
        assert_int_equal(prlimit(s.process.pid, RLIMIT_NOFILE, &limit, NULL), 0);
        assert_hears(fd, "HELLO\n");
        close(fd);
        served_stop(&s);
        getrusage(RUSAGE_CHILDREN, &after);
        long used = (after.ru_utime.tv_sec - before.ru_utime.tv_sec) * 1000 +
                    (after.ru_utime.tv_usec - before.ru_utime.tv_usec) / 1000 +
                    (after.ru_stime.tv_sec - before.ru_stime.tv_sec) * 1000 +
                    (after.ru_stime.tv_usec - before.ru_stime.tv_usec) / 1000;
        print_message("  %s: %ld ms of CPU\n", models[m], used);
    }
}
#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_many_at_once, clean_up),
        cmocka_unit_test_teardown(test_max_clients, clean_up),
        cmocka_unit_test_teardown(test_fairness, clean_up),
        cmocka_unit_test_teardown(test_more_slow_readers_than_blocks, clean_up),
        cmocka_unit_test_teardown(test_children_are_reaped, clean_up),
        cmocka_unit_test_teardown(test_counters_of_open_clients, clean_up),
        cmocka_unit_test_teardown(test_no_orphans, clean_up),
        cmocka_unit_test_teardown(test_second_signal_ends_all, clean_up),
        cmocka_unit_test_teardown(test_dead_worker_is_replaced, clean_up),
        cmocka_unit_test_teardown(test_dot_stop, clean_up),
        cmocka_unit_test_teardown(test_signals_to_all, clean_up),
        cmocka_unit_test_teardown(test_one_off, clean_up),
        cmocka_unit_test_teardown(test_drain_loses_nothing, clean_up),
#ifdef __linux__
        cmocka_unit_test_teardown(test_workers_listen_each, clean_up),
        cmocka_unit_test_teardown(test_waits_for_descriptors, clean_up),
#endif
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
