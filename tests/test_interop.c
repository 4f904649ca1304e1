/* test_interop.c - other people's clients with our server, and our client with their servers, over
 * IPv4, IPv6 and Unix sockets.
 *
 * usage: test_interop TOOL    exits with 77 where that is not installed, or a test with it was
 *                             skipped since there is no ::1; with 1 for either where CI is set
 */
#include "echo/line.h"
#include "support/net.h"
#include "support/process.h"
#include "support/terminal.h"

#include "support/test.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

/* PIPED is what a netcat is sent that echoes through a pipe of its own: it may get stuck with more
 * than that holds. */
enum { BULK = 1 << 20, PIECE = 4096, PIPED = 5000, SKIPPED = 77 };

static char folder[] = "/tmp/echo-interop-XXXXXX";
static char unix_path[64];

/* What a test has open and running; clean_up() ends it. */
#define NOT_RUNNING                    \
    {                                  \
        .in = -1, .out = -1, .err = -1 \
    }
static struct process ours = NOT_RUNNING, theirs = NOT_RUNNING;
static int reserved = -1, terminal = -1;

enum family { IPV4, IPV6, UNIX };
static char *const hosts[] = {[IPV4] = "127.0.0.1", [IPV6] = "::1"};

/* A test: what is done with a shell command, where @ is the port or, with UNIX, the path. */
struct row {
    const char *tool;
    void (*play)(const struct row *row);
    enum family family;
    const char *command;
};

/* Makes the command that runs the row's in the folder, with `at` for @. */
static void expand(const struct row *row, const char *at, char *command, size_t size)
{
    int n = snprintf(command, size, "cd %s && exec ", folder);
    for (const char *c = row->command; *c && (size_t)n < size; c++)
        n += *c == '@' ? snprintf(command + n, size - (size_t)n, "%s", at)
                       : snprintf(command + n, size - (size_t)n, "%c", *c);
    assert_true((size_t)n < size);
}

/* Every byte value, lines of all kinds, and a lot of it; none is `quit`. */
static const uint8_t *text(void)
{
    static const char start[] = "one\r\ntwo\n\nun \xC3\xA9t\xC3\xA9\nquit?\n";
    static uint8_t bytes[BULK];
    memcpy(bytes, start, sizeof start - 1);
    for (size_t i = sizeof start - 1; i < BULK; i++)
        bytes[i] = (uint8_t)(i * 167 >> (i / 256 % 3));
    return bytes;
}

/* What the sender of the first n bytes of the text has got back: all of it, and nothing else. */
static void assert_echo(const struct row *row, struct result r, size_t n, enum echo_mode mode)
{
    static uint8_t expected[BULK];
    size_t right = 0;
    echo_mode_map(mode, expected, text(), n);
    while (right < n && right < r.out_len && r.out[right] == expected[right])
        right++;
    free(r.out);
    if (r.status != 0 || right != n || r.out_len != n || r.err[0] != '\0')
        fail_msg("%s: status %d, %zu bytes came, %zu of %zu are right; stderr: %s", row->command,
                 r.status, r.out_len, right, n, r.err);
}

/* ---------------------------------------------------------------------------------------------- */

/* Starts our server. Sets the port or the path that it waits on. */
static void start_ours(enum family family, char *mode, char *at, size_t size)
{
    char line[128];
    if (family == UNIX)
        process_start(&ours, (char *[]){ECHO_SERVER, "--quiet", "-m", mode, "-U", unix_path, NULL});
    else
        process_start(
            &ours, (char *[]){ECHO_SERVER, "--quiet", "-m", mode, "-b", hosts[family], "0", NULL});
    process_line(&ours, line, sizeof line);
    assert_memory_equal(line, "waiting on ", 11);
    snprintf(at, size, "%s", family == UNIX ? unix_path : strrchr(line, ':') + 1);
}

static void stop_ours(void)
{
    (void)kill(ours.pid, SIGTERM);
    assert_int_equal(process_wait(&ours), 0);
    process_end(&ours);
}

/* A client sends what it reads from standard input, and writes out what comes back. */
static void their_client(const struct row *row)
{
    static const struct {
        char *name;
        enum echo_mode mode;
    } modes[] = {{"upper", ECHO_UPPER}, {"verbatim", ECHO_VERBATIM}};
    static const size_t lengths[] = {0, 30, 5000, BULK};
    char at[64], command[512];
    /* This kills all that the command has started, and before run() kills no more than its shell.
     */
    char *argv[] = {"/usr/bin/timeout", "-s", "KILL", "18", "/bin/sh", "-c", command, NULL};
    for (size_t m = 0; m < sizeof modes / sizeof modes[0]; m++) {
        start_ours(row->family, modes[m].name, at, sizeof at);
        expand(row, at, command, sizeof command);
        for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++)
            assert_echo(row, run(argv, text(), lengths[i]), lengths[i], modes[m].mode);
        stop_ours();
    }
}

/* ---------------------------------------------------------------------------------------------- */

/* Keeps a free port of the loopback address from all who ask for any, and from connections to it,
 * until who asks for it by number listens there: whoever has SO_REUSEADDR set can. Returns -1 if
 * there is no such address. */
static int reserve(enum family family, char *port, size_t size)
{
    struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    struct sockaddr *address = family == IPV6 ? (struct sockaddr *)&v6 : (struct sockaddr *)&v4;
    socklen_t len = family == IPV6 ? sizeof v6 : sizeof v4;
    const int on = 1;
    int fd = net_socket(address->sa_family, SOCK_STREAM);
    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) < 0 ||
        bind(fd, address, len) < 0 || getsockname(fd, address, &len) < 0) {
        if (fd >= 0)
            (void)close(fd);
        return -1;
    }
    snprintf(port, size, "%u", ntohs(family == IPV6 ? v6.sin6_port : v4.sin_port));
    return fd;
}

/* Starts their server, for one client. Sets the two words that tell our client where it is; ours
 * tries until it is there. */
static void start_theirs(const struct row *row, char *where[2])
{
    static char port[8], fifo[64];
    char command[512];
    snprintf(fifo, sizeof fifo, "%s/fifo", folder);
    (void)unlink(fifo);
    (void)unlink(unix_path);
    assert_int_equal(mkfifo(fifo, 0600), 0);
    if (row->family != UNIX) {
        reserved = reserve(row->family, port, sizeof port);
        assert_true(reserved >= 0);
    }
    where[0] = row->family == UNIX ? "-U" : hosts[row->family];
    where[1] = row->family == UNIX ? unix_path : port;
    expand(row, where[1], command, sizeof command);
    process_start(&theirs, (char *[]){"/usr/bin/setsid", "/bin/sh", "-c", command, NULL});
}

/* It may be several processes: a group of its own. */
static void end_theirs(void)
{
    if (theirs.pid > 0)
        (void)kill(-theirs.pid, SIGKILL);
    process_end(&theirs);
    if (reserved >= 0)
        (void)close(reserved);
    reserved = -1;
}

/* Sends line by line, and checks each. */
static void ping(const struct row *row)
{
    char *where[2];
    start_theirs(row, where);
    struct result r = run((char *[]){ECHO_CLIENT, "--retry", "15s", "-c", "20", "-i", "0", "--size",
                                     "1000", where[0], where[1], NULL},
                          "", 0);
    free(r.out);
    if (r.status != 0 || r.err[0] != '\0')
        fail_msg("%s: status %d; stderr: %s", row->command, r.status, r.err);
    end_theirs();
}

/* Sends n bytes and, whatever has come back by then, the FIN. */
static struct result half_close(const struct row *row, size_t n)
{
    char *where[2];
    start_theirs(row, where);
    struct result r =
        run((char *[]){ECHO_CLIENT, "--retry", "15s", "-m", "verbatim", where[0], where[1], NULL},
            text(), n);
    end_theirs();
    return r;
}

/* Waits until our client ends, which must be without a word, and as it should. */
static void end_ours(const struct row *row)
{
    char why[512];
    int status = process_wait(&ours);
    ssize_t more = read(ours.out, why, sizeof why); /* it has ended: these do not wait */
    ssize_t said = read(ours.err, why, sizeof why);
    if (status != 0 || more != 0 || said != 0)
        fail_msg("%s: status %d, %zd bytes too many; stderr: %.*s", row->command, status, more,
                 said > 0 ? (int)said : 0, why);
    process_end(&ours);
}

static void ended_early(const struct row *row)
{
    end_ours(row); /* fails with what it said, if anything */
    fail_msg("%s: it ended before all had come back, and said nothing", row->command);
}

/* Reads n bytes that our client writes. */
static void read_ours(const struct row *row, uint8_t *bytes, size_t n)
{
    int64_t deadline = now_ms() + DEADLINE_MS;
    for (size_t len = 0; len < n;) {
        struct pollfd ready = {.fd = ours.out, .events = POLLIN};
        int64_t left = deadline - now_ms();
        if (left <= 0 || poll(&ready, 1, (int)left) != 1)
            fail_msg("%s: %zu of %zu bytes came back in time", row->command, len, n);
        ssize_t got = read(ours.out, bytes + len, n - len);
        if (got <= 0)
            ended_early(row);
        len += (size_t)got;
    }
}

/* Sends n bytes piece by piece, and the FIN only when all has come back. */
static void converse(const struct row *row, size_t n)
{
    static uint8_t back[PIECE];
    char *where[2];
    start_theirs(row, where);
    process_start(&ours, (char *[]){ECHO_CLIENT, "--retry", "15s", "-m", "verbatim", where[0],
                                    where[1], NULL});
    for (size_t at = 0; at < n; at += PIECE) {
        size_t piece = n - at < PIECE ? n - at : PIECE;
        if (write(ours.in, text() + at, piece) != (ssize_t)piece) /* a pipe holds as much */
            ended_early(row);
        read_ours(row, back, piece);
        assert_memory_equal(back, text() + at, piece);
    }
    (void)close(ours.in);
    ours.in = -1;
    end_ours(row);
    end_theirs();
}

static void their_server(const struct row *row)
{
    ping(row);
    converse(row, BULK);
    assert_echo(row, half_close(row, 0), 0, ECHO_VERBATIM);
    assert_echo(row, half_close(row, 5000), 5000, ECHO_VERBATIM);
    assert_echo(row, half_close(row, BULK), BULK, ECHO_VERBATIM);
}

/* The netcats end with the client's FIN, whatever they still owe, or not, as it happens: our client
 * must have it all, or say that it has not. */
static void half_close_hasty(const struct row *row)
{
    struct result r = half_close(row, PIPED);
    if (r.status == 1 && r.out_len < PIPED && memcmp(r.out, text(), r.out_len) == 0 &&
        (strncmp(r.err, "echo-client: SHORT: ", 20) == 0 ||
         strncmp(r.err, "echo-client: RESET: ", 20) == 0))
        free(r.out);
    else
        assert_echo(row, r, PIPED, ECHO_VERBATIM);
}

/* A netcat that runs a cat. */
static void their_hasty_server(const struct row *row)
{
    ping(row);
    converse(row, BULK);
    half_close_hasty(row);
}

/* A netcat with a cat from its output to its input. */
static void their_piped_server(const struct row *row)
{
    ping(row);
    converse(row, PIPED);
    half_close_hasty(row);
}

/* ---------------------------------------------------------------------------------------------- */

static char shown[8192]; /* by the terminal, and not yet expected */
static size_t shown_len;

/* Reads what the terminal shows up to `what`; what comes after that is for the next call. */
static void expect_shown(const char *what)
{
    const char *found;
    int64_t deadline = now_ms() + DEADLINE_MS;
    while (!(found = strstr(shown, what))) {
        struct pollfd ready = {.fd = terminal, .events = POLLIN};
        int64_t left = deadline - now_ms();
        if (left <= 0 || poll(&ready, 1, (int)left) != 1 || shown_len == sizeof shown - 1)
            fail_msg("the terminal does not show '%s', but: %s", what, shown);
        ssize_t n = read(terminal, shown + shown_len, sizeof shown - 1 - shown_len);
        if (n <= 0)
            fail_msg("the terminal ended without '%s', but: %s", what, shown);
        shown_len += (size_t)n;
        shown[shown_len] = '\0';
    }
    found += strlen(what);
    shown_len = strlen(found);
    memmove(shown, found, shown_len + 1);
}

static void type(const char *line)
{
    assert_int_equal(write(terminal, line, strlen(line)), strlen(line));
}

/* A person at a terminal types a line, and then quit. */
static void their_terminal(const struct row *row)
{
    char at[64], command[512];
    start_ours(row->family, "upper", at, sizeof at);
    expand(row, at, command, sizeof command);
    shown[shown_len = 0] = '\0';
    theirs.pid = forkpty(&terminal, NULL, NULL, NULL);
    assert_true(theirs.pid >= 0);
    if (theirs.pid == 0) {
        (void)signal(SIGPIPE, SIG_DFL);
        execl("/bin/sh", "sh", "-c", command, (char *)NULL);
        _exit(127);
    }
    expect_shown("Escape character");
    type("hello\r");
    expect_shown("HELLO\r\n");
    type("quit\r");
    expect_shown("Good bye\r\n");
    expect_shown("closed by foreign host");
    assert_int_equal(process_wait(&theirs), 0);
    stop_ours();
}

/* ---------------------------------------------------------------------------------------------- */

/* The words after # are how a proxy is to tell our server whom it serves, as its configuration has
 * it. */
static void configure(const struct row *row, const char *server)
{
    char path[64];
    snprintf(path, sizeof path, "%s/proxy.cfg", folder);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fprintf(file,
            "defaults\n mode tcp\n timeout connect 20s\n timeout client 20s\n timeout server 20s\n"
            "listen proxy\n bind 127.0.0.1:\"$PORT\"\n server ours 127.0.0.1:%s %s\n",
            server, strchr(row->command, '#') + 2);
    assert_int_equal(fclose(file), 0);
}

/* A proxy in front of our server, whose log names the client of the proxy. */
static void their_proxy(const struct row *row)
{
    char *where[2], line[256], back[6], expected[64];
    struct sockaddr_in own;
    socklen_t len = sizeof own;
    process_start(&ours, (char *[]){ECHO_SERVER, "--proxy-protocol", "-4", "0", NULL});
    process_line(&ours, line, sizeof line);
    configure(row, strrchr(line, ':') + 1);
    start_theirs(row, where);
    struct result r =
        run((char *[]){ECHO_CLIENT, "--retry", "15s", where[0], where[1], NULL}, text(), BULK);
    assert_echo(row, r, BULK, ECHO_UPPER);
    process_error_line(&ours, line, sizeof line);

    int fd = net_connect((uint16_t)atoi(where[1]), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&own, &len), 0);
    net_send(fd, "hello\n", 6);
    net_receive(fd, back, 6);
    assert_memory_equal(back, "HELLO\n", 6);
    close(fd);
    snprintf(expected, sizeof expected, "127.0.0.1:%u eof: 6 bytes in", ntohs(own.sin_port));
    process_error_line(&ours, line, sizeof line);
    if (!strstr(line, expected))
        fail_msg("%s: the log says '%s' and not '%s'", row->command, line, expected);
    end_theirs();
    stop_ours();
}

/* ---------------------------------------------------------------------------------------------- */

#define NODE_CLIENT(to) \
    "node -e 's = net.connect(" to "); process.stdin.pipe(s).pipe(process.stdout)'"
#define NODE_SERVER(at) \
    "node -e 'net.createServer({allowHalfOpen: true}, s => s.pipe(s)).listen(" at ")'"
#define FIFO(listening) "cat fifo | " listening " >fifo"

static const struct row rows[] = {
    {"nc", their_client, IPV4, "nc -N 127.0.0.1 @"},
    {"nc", their_client, IPV6, "nc -N ::1 @"},
    {"nc", their_client, UNIX, "nc -NU @"},
    {"nc", their_piped_server, IPV4, FIFO("nc -lN 127.0.0.1 @")},
    {"nc", their_piped_server, IPV6, FIFO("nc -lN ::1 @")},
    {"nc", their_piped_server, UNIX, FIFO("nc -lNU @")},

    {"ncat", their_client, IPV4, "ncat 127.0.0.1 @"},
    {"ncat", their_client, IPV6, "ncat ::1 @"},
    {"ncat", their_client, UNIX, "ncat -U @"},
    {"ncat", their_piped_server, IPV4, FIFO("ncat -l 127.0.0.1 @")},
    {"ncat", their_hasty_server, IPV6, "ncat -l -e /bin/cat ::1 @"},
    {"ncat", their_hasty_server, UNIX, "ncat -lU --sh-exec cat @"},

    {"socat", their_client, IPV4, "socat -t 20 - TCP4:127.0.0.1:@"},
    {"socat", their_client, IPV6, "socat -t 20 - 'TCP6:[::1]:@'"},
    {"socat", their_client, UNIX, "socat -t 20 - UNIX-CONNECT:@"},
    {"socat", their_server, IPV4, "socat -t 20 TCP4-LISTEN:@,bind=127.0.0.1,reuseaddr PIPE"},
    {"socat", their_server, IPV6, "socat -t 20 'TCP6-LISTEN:@,bind=[::1],reuseaddr' EXEC:cat"},
    {"socat", their_server, UNIX, "socat -t 20 UNIX-LISTEN:@ PIPE"},

    {"busybox", their_client, IPV4, "busybox nc -w 20 127.0.0.1 @"},
    {"busybox", their_client, IPV6, "busybox nc -w 20 ::1 @"},
    {"busybox", their_server, IPV4, "busybox nc -l 127.0.0.1 -p @ -e cat"},
    {"busybox", their_server, IPV6, "busybox nc -ll ::1 -p @ -e cat"},

    {"haproxy", their_proxy, IPV4, "env PORT=@ haproxy -db -f proxy.cfg # send-proxy"},
    {"haproxy", their_proxy, IPV4, "env PORT=@ haproxy -db -f proxy.cfg # send-proxy-v2"},

    {"telnet", their_terminal, IPV4, "telnet 127.0.0.1 @"},
    {"telnet", their_terminal, IPV6, "telnet ::1 @"},

    {"node", their_client, IPV4, NODE_CLIENT("@, `127.0.0.1`")},
    {"node", their_client, IPV6, NODE_CLIENT("@, `::1`")},
    {"node", their_client, UNIX, NODE_CLIENT("`@`")},
    {"node", their_server, IPV4, NODE_SERVER("@, `127.0.0.1`")},
    {"node", their_server, IPV6, NODE_SERVER("@, `::1`")},
    {"node", their_server, UNIX, NODE_SERVER("`@`")},
};

enum { ROWS = sizeof rows / sizeof rows[0] };

static bool has_ipv6;
static size_t skipped;

static void play(void **state)
{
    const struct row *row = *state;
    if (row->family == IPV6 && !has_ipv6) {
        skipped++;
        print_message("SKIPPED: there is no ::1 here: %s\n", row->command);
        skip();
    }
    row->play(row);
}

static int clean_up(void **state)
{
    (void)state;
    process_end(&ours);
    end_theirs();
    if (terminal >= 0)
        (void)close(terminal);
    terminal = -1;
    return 0;
}

/* Plays the rows of the tool. Returns how many failed. */
static int play_all(const char *tool)
{
    static char names[ROWS][160], filter[32];
    struct CMUnitTest tests[ROWS];
    for (size_t i = 0; i < ROWS; i++) {
        snprintf(names[i], sizeof names[i], "%s: %s", rows[i].tool, rows[i].command);
        tests[i] = (struct CMUnitTest){names[i], play, NULL, clean_up, (void *)&rows[i]};
    }
    snprintf(filter, sizeof filter, "%s: *", tool);
    cmocka_set_test_filter(filter);
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Several programs are called nc. */
static bool is_installed(const char *tool)
{
    char probe[128];
    snprintf(probe, sizeof probe, "command -v %s >/dev/null%s", tool,
             strcmp(tool, "nc") == 0 ? " && timeout 10 nc -h 2>&1 | grep -q OpenBSD" : "");
    return system(probe) == 0;
}

int main(int argc, char **argv)
{
    const int when_skipped = getenv("CI") ? 1 : SKIPPED; /* there, everything is installed */
    char port[8], command[64], path[4096];
    size_t known = 0;
    snprintf(path, sizeof path, "%s:/usr/sbin", getenv("PATH")); /* where some have haproxy */
    (void)setenv("PATH", path, 1);
    while (argc == 2 && known < ROWS && strcmp(rows[known].tool, argv[1]) != 0)
        known++;
    if (argc != 2 || known == ROWS)
        return 2;
    if (!is_installed(argv[1])) {
        fprintf(stderr, "SKIPPED: all tests with %s: it is not installed\n", argv[1]);
        return when_skipped;
    }
    if (!mkdtemp(folder))
        return 1;
    snprintf(unix_path, sizeof unix_path, "%s/socket", folder);
    (void)signal(SIGPIPE, SIG_IGN);
    int probe = reserve(IPV6, port, sizeof port);
    has_ipv6 = probe >= 0;
    if (has_ipv6)
        (void)close(probe);
    bool failed = play_all(argv[1]) != 0;
    snprintf(command, sizeof command, "rm -rf %s", folder);
    if (system(command) != 0 || failed)
        return 1;
    if (skipped == 0)
        return 0;
    fprintf(stderr, "SKIPPED: %zu tests with %s, since there is no ::1 here\n", skipped, argv[1]);
    return when_skipped;
}
