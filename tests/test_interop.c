/* test_interop.c - other people's clients with our server, and our client with their servers, over
 * IPv4, IPv6 and Unix sockets.
 *
 * usage: test_interop TOOL    exits with 77 where that is not installed
 */
#include "echo/line.h"
#include "support/net.h"
#include "support/process.h"

#include "support/test.h"

#include <poll.h>
#include <pty.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

enum { BULK = 1 << 20, SKIPPED = 77 };

static const char *tool;
static char folder[] = "/tmp/echo-interop-XXXXXX";

/* Where a server listens: the arguments that say so to ours, and how a row names it. */
enum family { IPV4, IPV6, UNIX };
static char unix_path[64];
static char *const listen_options[][4] = {
    [IPV4] = {"-b", "127.0.0.1", NULL}, [IPV6] = {"-b", "::1", NULL}, [UNIX] = {"-U", unix_path}};

/* Shell commands; @ is the port or, with UNIX, the path. */
struct row {
    const char *tool;
    enum family family;
    const char *command;
    bool drops_half_close; /* may do so */
};

/* Clients: what they read from standard input is sent, and what comes back written out. */
static const struct row clients[] = {
    {"nc", IPV4, "nc -N 127.0.0.1 @", false},
    {"nc", IPV6, "nc -N ::1 @", false},
    {"nc", UNIX, "nc -NU @", false},
    {"ncat", IPV4, "ncat 127.0.0.1 @", false},
    {"ncat", IPV6, "ncat ::1 @", false},
    {"ncat", UNIX, "ncat -U @", false},
    {"socat", IPV4, "socat -t 20 - TCP4:127.0.0.1:@", false},
    {"socat", IPV6, "socat -t 20 - 'TCP6:[::1]:@'", false},
    {"socat", UNIX, "socat -t 20 - UNIX-CONNECT:@", false},
    {"busybox", IPV4, "busybox nc 127.0.0.1 @", false},
    {"busybox", IPV6, "busybox nc ::1 @", false},
    {"node", IPV4,
     "node -e 's = net.connect(@, `127.0.0.1`); process.stdin.pipe(s).pipe(process.stdout)'",
     false},
    {"node", IPV6,
     "node -e 's = net.connect(@, `::1`); process.stdin.pipe(s).pipe(process.stdout)'", false},
    {"node", UNIX, "node -e 's = net.connect(`@`); process.stdin.pipe(s).pipe(process.stdout)'",
     false},
};

/* Servers, each for one client; ours tries until they are there. The netcats end with the client's
 * FIN, whatever they still owe: with those our client must say so, if it is asked to half-close
 * early, and a ping, which waits for each line, must be right. */
#define ECHO_JS "node -e 'net.createServer({allowHalfOpen: true}, s => s.pipe(s)).listen("
#define FIFO    "mkfifo fifo && cat fifo | "
static const struct row servers[] = {
    {"nc", IPV4, FIFO "nc -lN 127.0.0.1 @ >fifo", true},
    {"nc", IPV6, FIFO "nc -lN ::1 @ >fifo", true},
    {"nc", UNIX, FIFO "nc -lNU @ >fifo", true},
    {"ncat", IPV4, FIFO "ncat -l 127.0.0.1 @ >fifo", true},
    {"ncat", IPV6, FIFO "ncat -l ::1 @ >fifo", true},
    {"ncat", UNIX, FIFO "ncat -lU @ >fifo", true},
    {"socat", IPV4, "socat -t 20 TCP4-LISTEN:@,bind=127.0.0.1 PIPE", false},
    {"socat", IPV6, "socat -t 20 'TCP6-LISTEN:@,bind=[::1]' PIPE", false},
    {"socat", UNIX, "socat -t 20 UNIX-LISTEN:@ PIPE", false},
    {"busybox", IPV4, "busybox nc -l -p @ -e cat", false},
    {"node", IPV4, ECHO_JS "@, `127.0.0.1`)'", false},
    {"node", IPV6, ECHO_JS "@, `::1`)'", false},
    {"node", UNIX, ECHO_JS "`@`)'", false},
};

/* The row's command, in the folder, with `at` for @. */
static void expand(const struct row *row, const char *at, char *command, size_t size)
{
    int n = snprintf(command, size, "cd %s && rm -f fifo && ", folder);
    for (const char *c = row->command; *c && (size_t)n < size; c++)
        n += *c == '@' ? snprintf(command + n, size - (size_t)n, "%s", at)
                       : snprintf(command + n, size - (size_t)n, "%c", *c);
    assert_true((size_t)n < size);
}

/* Every byte value, lines of all kinds, and a lot of it; none is `quit`. */
static void make_text(uint8_t *text, size_t n)
{
    static const char start[] = "one\r\ntwo\n\nun \xC3\xA9t\xC3\xA9\nquit?\n";
    memcpy(text, start, sizeof start - 1);
    for (size_t i = sizeof start - 1; i < n; i++)
        text[i] = (uint8_t)(i * 167 >> (i / 256 % 3));
}

static void assert_echo(const struct row *row, const struct result *r, const uint8_t *text,
                        size_t n, enum echo_mode mode)
{
    static uint8_t expected[BULK];
    echo_mode_map(mode, expected, text, n);
    if (r->status != 0 || r->out_len != n || memcmp(r->out, expected, n) != 0)
        fail_msg("%s: status %d, %zu of %zu bytes; %s", row->command, r->status, r->out_len, n,
                 r->err);
    free(r->out);
}

/* Whether the row is for another tool, or for a family that this machine does not have. */
static bool left_out(const struct row *row)
{
    if (strcmp(row->tool, tool) != 0)
        return true;
    if (row->family != IPV6 || access("/proc/net/if_inet6", F_OK) == 0)
        return false;
    print_message("SKIPPED: %s: no IPv6 here\n", row->command);
    return true;
}

/* ---------------------------------------------------------------------------------------------- */

static void with_our_server(const struct row *row, char *mode_name, enum echo_mode mode)
{
    static uint8_t text[BULK];
    static const size_t lengths[] = {0, 30, 5000, BULK};
    char line[128], command[512];
    struct process server;
    char *argv[] = {ECHO_SERVER,
                    "--quiet",
                    "-m",
                    mode_name,
                    listen_options[row->family][0],
                    listen_options[row->family][1],
                    row->family == UNIX ? NULL : "0",
                    NULL};
    process_start(&server, argv);
    process_line(&server, line, sizeof line);
    assert_memory_equal(line, "waiting on ", 11);
    expand(row, row->family == UNIX ? unix_path : strrchr(line, ':') + 1, command, sizeof command);
    make_text(text, sizeof text);
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        struct result r = run((char *[]){"/bin/sh", "-c", command, NULL}, text, lengths[i]);
        assert_echo(row, &r, text, lengths[i], mode);
    }
    (void)kill(server.pid, SIGTERM);
    assert_int_equal(process_wait(&server), 0);
    process_end(&server);
}

static void test_their_clients(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof clients / sizeof clients[0]; i++) {
        if (left_out(&clients[i]))
            continue;
        with_our_server(&clients[i], "upper", ECHO_UPPER);
        with_our_server(&clients[i], "verbatim", ECHO_VERBATIM);
    }
}

/* A port that is free now. Nobody else is given it soon: the system goes on to others. */
static void free_port(enum family family, char *text, size_t size)
{
    char line[128];
    struct process server;
    process_start(&server, (char *[]){ECHO_SERVER, "--quiet", "-b",
                                      family == IPV6 ? "::1" : "127.0.0.1", "0", NULL});
    process_line(&server, line, sizeof line);
    snprintf(text, size, "%s", strrchr(line, ':') + 1);
    (void)kill(server.pid, SIGTERM);
    (void)process_wait(&server);
    process_end(&server);
}

/* Starts their server. Sets what our client takes to find it: two words. */
static void start_theirs(const struct row *row, struct process *server, char *where[2])
{
    static char host[80];
    char at[64], command[512];
    if (row->family == UNIX)
        snprintf(at, sizeof at, "%s", unix_path);
    else
        free_port(row->family, at, sizeof at);
    (void)unlink(unix_path);
    expand(row, at, command, sizeof command);
    process_start(server, (char *[]){"/usr/bin/setsid", "/bin/sh", "-c", command, NULL});
    snprintf(host, sizeof host, row->family == IPV6 ? "[::1]:%s" : "127.0.0.1:%s", at);
    where[0] = row->family == UNIX ? "-U" : "-v"; /* stands for nothing */
    where[1] = row->family == UNIX ? unix_path : host;
}

static void end_theirs(struct process *server)
{
    (void)kill(-server->pid, SIGKILL);
    process_end(server);
}

static void with_our_client(const struct row *row, size_t n)
{
    static uint8_t text[BULK];
    struct process server;
    char *where[2];
    start_theirs(row, &server, where);
    make_text(text, sizeof text);
    char *argv[] = {ECHO_CLIENT, "--retry", "15s", "-m", "verbatim", where[0], where[1], NULL};
    struct result r = run(argv, text, n);
    if (row->drops_half_close && r.status == 1 &&
        (strstr(r.err, "echo-client: SHORT: ") || strstr(r.err, "echo-client: RESET: ")))
        free(r.out);
    else
        assert_echo(row, &r, text, n, ECHO_VERBATIM);
    end_theirs(&server);
}

static void with_our_ping(const struct row *row)
{
    struct process server;
    char *where[2];
    start_theirs(row, &server, where);
    char *argv[] = {ECHO_CLIENT, "--retry", "15s",  "-c",     "20",     "-i",
                    "0",         "--size",  "1000", where[0], where[1], NULL};
    struct result r = run(argv, "", 0);
    if (r.status != 0)
        fail_msg("%s: status %d; %s", row->command, r.status, r.err);
    free(r.out);
    end_theirs(&server);
}

static void test_their_servers(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof servers / sizeof servers[0]; i++) {
        if (left_out(&servers[i]))
            continue;
        with_our_ping(&servers[i]);
        with_our_client(&servers[i], 5000);
        if (!servers[i].drops_half_close) /* those may get stuck in their own pipe, too */
            with_our_client(&servers[i], BULK);
    }
}

/* ---------------------------------------------------------------------------------------------- */

/* Reads what a terminal shows up to `text`; what comes after that is for the next call. */
static void expect_shown(int fd, const char *text)
{
    static char shown[8192];
    static size_t len;
    const char *found;
    int64_t deadline = now_ms() + DEADLINE_MS;
    while (!(found = strstr(shown, text))) {
        struct pollfd ready = {.fd = fd, .events = POLLIN};
        int64_t left = deadline - now_ms();
        if (left <= 0 || poll(&ready, 1, (int)left) != 1 || len == sizeof shown - 1)
            fail_msg("the terminal does not show '%s', but: %s", text, shown);
        ssize_t n = read(fd, shown + len, sizeof shown - 1 - len);
        if (n <= 0)
            fail_msg("the terminal ended without '%s', but: %s", text, shown);
        len += (size_t)n;
        shown[len] = '\0';
    }
    found += strlen(text);
    len = strlen(found);
    memmove(shown, found, len + 1);
}

/* A person at a telnet: types a line, and then quit. */
static void test_telnet(void **state)
{
    (void)state;
    struct served s;
    int fd, status;
    served_start(&s, NULL);
    pid_t pid = forkpty(&fd, NULL, NULL, NULL);
    assert_true(pid >= 0);
    if (pid == 0) {
        execlp("telnet", "telnet", "127.0.0.1", s.port, (char *)NULL);
        _exit(127);
    }
    expect_shown(fd, "Escape character");
    assert_int_equal(write(fd, "hello\r", 6), 6);
    expect_shown(fd, "HELLO");
    assert_int_equal(write(fd, "quit\r", 5), 5);
    expect_shown(fd, "Good bye");
    expect_shown(fd, "closed by foreign host");
    assert_int_equal(waitpid(pid, &status, 0), pid);
    (void)close(fd);
    served_stop(&s);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest both[] = {cmocka_unit_test(test_their_clients),
                                      cmocka_unit_test(test_their_servers)};
    const struct CMUnitTest telnet[] = {cmocka_unit_test(test_telnet)};
    char probe[128];
    if (argc != 2)
        return 2;
    tool = argv[1];
    /* Several programs are called nc. */
    snprintf(probe, sizeof probe, "command -v %s >/dev/null%s", tool,
             strcmp(tool, "nc") == 0 ? " && nc -h 2>&1 | grep -q OpenBSD" : "");
    if (system(probe) != 0) {
        fprintf(stderr, "SKIPPED: %s is not installed\n", tool);
        return getenv("CI") ? 1 : SKIPPED;
    }
    if (!mkdtemp(folder))
        return 1;
    snprintf(unix_path, sizeof unix_path, "%s/socket", folder);
    int failed = strcmp(tool, "telnet") == 0 ? cmocka_run_group_tests(telnet, NULL, NULL)
                                             : cmocka_run_group_tests(both, NULL, NULL);
    snprintf(probe, sizeof probe, "rm -rf %s", folder);
    return system(probe) != 0 || failed;
}
