/* test_faults.c - every system call of the programs, failing in every way that it can, at the first
 * call and at later ones (support/fault.c). What is a fault of the moment must not show; what ends
 * a connection must end that one only; what makes serving impossible must be told in one line.
 */
#include "support/net.h"
#include "support/process.h"

#include "echo/line.h"

#include "support/test.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SIZE = 3000 };
static uint8_t input[SIZE], echo[SIZE];

static struct served s;
static char said[8192]; /* all that the program wrote to standard error */

/* The whole file runs once for each model, which ECHO_MODEL names as a user would. */
static bool is_model(const char *name)
{
    const char *model = getenv("ECHO_MODEL");
    return strcmp(model ? model : "iterative", name) == 0;
}

static int clean_up(void **state)
{
    (void)state;
    process_end(&s.process);
    return 0;
}

static int make_input(void **state)
{
    (void)state;
    for (size_t i = 0; i < SIZE; i++)
        input[i] = (uint8_t)(i % 80 == 79 ? '\n' : 'a' + i % 26);
    echo_mode_map(ECHO_UPPER, echo, input, SIZE);
    return 0;
}

/* That the fault was reached, and that this (if not NULL) was said. */
static void assert_said(const char *fault, const char *text)
{
    char reached[64];
    snprintf(reached, sizeof reached, "fault: %.*s\n", (int)strcspn(fault, ":"), fault);
    if (!strstr(said, reached))
        fail_msg("%s was not reached; said: %s", fault, said);
    if (text && !strstr(said, text))
        fail_msg("%s: '%s' was not said, but: %s", fault, text, said);
}

/* Waits for the program's end, keeping what it said. */
static int end_of(struct process *p)
{
    size_t len = p->err_len;
    ssize_t n;
    int status = process_wait(p);
    memcpy(said, p->err_text, len);
    while (len < sizeof said - 1 && (n = read(p->err, said + len, sizeof said - 1 - len)) > 0)
        len += (size_t)n;
    said[len] = '\0';
    process_end(p);
    return status;
}

static void start(const char *fault, char *const options[])
{
    print_message("  %s\n", fault);
    setenv("ECHO_FAULT", fault, 1);
    served_start_program(&s, FAULTY_SERVER, options);
    unsetenv("ECHO_FAULT");
}

static void assert_stops(const char *fault)
{
    kill(s.process.pid, SIGTERM);
    int status = end_of(&s.process);
    if (status != 0)
        fail_msg("%s: exit status %d; said: %s", fault, status, said);
}

static void assert_echoes(const char *fault)
{
    uint8_t out[SIZE + 1];
    int fd = net_connect(s.port_number, 0);
    size_t n = net_exchange(fd, input, SIZE, out, SIZE + 1, SIZE);
    close(fd);
    if (n != SIZE || memcmp(out, echo, SIZE) != 0)
        fail_msg("%s: %zu bytes came back", fault, n);
}

/* ------------------------------------------------------------------------------------------------
 * The server.
 */

static void test_server_faults_that_must_not_show(void **state)
{
    (void)state;
    static const char *const faults[] = {
        "recv:EINTR:1:1",
        "recv:EINTR:2:5",
        "recv:EAGAIN:1:3",
        "recv:short:1:0",
        "recv:short:2:7",
        "send:EINTR:1:1",
        "send:EINTR:2:3,recv:short:1:5",
        "send:EAGAIN:1:3",
        "send:ENOBUFS:1:3",
        "send:short:1:0",
        "send:short:1:2",
        "send:zero:1:2",
        "poll:EINTR:1:1",
        "poll:EINTR:2:4",
        "poll:EAGAIN:2:2",
        "poll:ENOMEM:1:3",
        "poll:zero:2:3",
        "accept:EINTR:1:2",
        "accept:EAGAIN:1:2",
        "accept:ECONNABORTED:1:2",
        "close:EINTR:1:0",
        "close:EIO:1:0",
        "setsockopt:EINVAL:1:2",
        "open:EACCES:1:1",
        "write:EINTR:1:1",
        "write:short:1:1",
        "write:EAGAIN:1:1",
        "read:EINTR:1:1",
        "read:EAGAIN:1:1",
        "epoll_wait:EINTR:1:1",
        "epoll_wait:EINTR:2:3",
        "epoll_wait:zero:2:3",
        "epoll_wait:EBADF:1:1",
    };
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
        bool waits_so = is_model("event") ? strncmp(faults[i], "poll:", 5) != 0
                                          : strncmp(faults[i], "epoll", 5) != 0;
        if (!waits_so)
            continue; /* not what this model waits with */
        start(faults[i], NULL);
        assert_echoes(faults[i]);
        assert_stops(faults[i]);
        assert_said(
            faults[i],
            "served 1, open 0, bytes in 3000, bytes out 3000, refused 0, timed out 0, reset 0");
    }
}

/* A system that lacks buffers is not asked again at once, over and over. */
static void test_waits_for_buffers(void **state)
{
    (void)state;
    start("send:ENOBUFS:1:30", NULL);
    int64_t begin = now_ms();
    assert_echoes("send:ENOBUFS:1:30");
    assert_true(now_ms() - begin > 250); /* 30 pauses of 10 ms, whatever the machine */
    assert_stops("send:ENOBUFS:1:30");
}

static void test_faults_that_end_one_connection(void **state)
{
    (void)state;
    static const char *const faults[] = {
        "recv:ECONNRESET:1:1",
        "recv:short:1:1,recv:ECONNRESET:2:1",
        "recv:ETIMEDOUT:1:1",
        "recv:ENOMEM:1:1",
        "send:ECONNRESET:1:1",
        "send:EPIPE:1:1",
        "send:short:1:1,send:EPIPE:2:1",
    };
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
        bool reset;
        uint8_t out[SIZE + 1];
        char *options[] = {"-v", NULL};
        start(faults[i], options);
        int fd = net_connect(s.port_number, 0);
        net_send(fd, input, SIZE);
        size_t n = net_receive_all(fd, out, SIZE + 1, &reset);
        close(fd);
        assert_memory_equal(out, echo, n);
        assert_echoes(faults[i]);
        assert_stops(faults[i]);
        assert_said(faults[i], " reset: ");
        assert_said(faults[i], " eof: 3000 bytes in, 3000 bytes out");
        assert_said(faults[i], "served 2, open 0, ");
        assert_said(faults[i], ", timed out 0, reset 1");
    }
}

static void test_accept_faults_are_told_and_outlived(void **state)
{
    (void)state;
    static const char *const faults[] = {
        "accept:EMFILE:1:2", "accept:ENFILE:1:1", "accept:ENOBUFS:1:1", "accept:ENOMEM:1:1",
        "accept:EPERM:1:1",  "accept:EPROTO:1:1", "accept:EMFILE:2:1",
    };
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
        start(faults[i], NULL);
        assert_echoes(faults[i]);
        assert_echoes(faults[i]);
        assert_stops(faults[i]);
        assert_said(faults[i], "cannot accept a client: ");
        assert_said(faults[i], "; trying again");
        assert_said(faults[i], "served 2, open 0, bytes in 6000, bytes out 6000");
    }
}

/* A pause of accepting must not put off a stop. */
static void test_stops_while_it_cannot_accept(void **state)
{
    (void)state;
    char line[256];
    start("accept:EMFILE:1:0", NULL);
    int fd = net_connect(s.port_number, 0);
    do
        process_error_line(&s.process, line, sizeof line);
    while (!strstr(line, "cannot accept a client"));
    assert_stops("accept:EMFILE:1:0");
    close(fd);
    assert_non_null(strstr(said, "served 0, open 0"));
}

static void test_accept_faults_that_end_the_server(void **state)
{
    (void)state;
    static const char *const faults[] = {"accept:EBADF:1:1", "accept:EINVAL:1:1",
                                         "accept:ENOTSOCK:1:1"};
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
        start(faults[i], NULL);
        int fd = net_connect(s.port_number, 0);
        assert_int_equal(end_of(&s.process), 1);
        close(fd);
        assert_said(faults[i], "echo-server: cannot accept clients: ");
    }
}

/* Without a FIN of ours the client has none to answer: the server closes when it has lingered. */
static void test_quit_where_the_fin_cannot_be_sent(void **state)
{
    (void)state;
    char reply[16];
    start("shutdown:ENOTCONN:1:1", NULL);
    int fd = net_connect(s.port_number, 0);
    net_send(fd, "quit\n", 5);
    assert_int_equal(net_receive_all(fd, reply, sizeof reply, NULL), 9);
    assert_memory_equal(reply, "Good bye\n", 9);
    close(fd);
    assert_stops("shutdown:ENOTCONN:1:1");
    assert_said("shutdown:ENOTCONN:1:1", " quit: 5 bytes in, 9 bytes out");
}

/* What cannot be written is left out and counted; serving goes on. */
static void test_log_faults_are_outlived(void **state)
{
    (void)state;
    static const char *const faults[] = {"write:EAGAIN:2:1", "write:EPIPE:2:1", "write:short:2:1",
                                         "write:ENOSPC:2:2"};
    static const char *const formats[] = {"text", "json"};
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++)
        for (size_t j = 0; j < 2; j++) {
            char *options[] = {"--log", (char *)formats[j], NULL};
            start(faults[i], options);
            assert_echoes(faults[i]);
            assert_echoes(faults[i]);
            assert_stops(faults[i]);
            assert_said(faults[i], j ? "\"event\":\"dropped\",\"lines\":" : " log lines dropped");
            assert_said(faults[i], j ? "\"served\":2" : "served 2");
        }
}

/* A client that no process can be had for is let go, and the next one is served. */
static void test_client_that_cannot_be_served(void **state)
{
    (void)state;
    static const char *const faults[] = {"fork:EAGAIN:1:1", "fork:ENOMEM:1:2",
                                         "epoll_ctl:ENOMEM:5:1"};
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
        char bytes[1];
        bool reset;
        if (!is_model(faults[i][0] == 'f' ? "fork" : "event"))
            continue;
        start(faults[i], NULL);
        for (int lost = 0; lost < (strstr(faults[i], ":2") ? 2 : 1); lost++) {
            int fd = net_connect(s.port_number, 0);
            assert_int_equal(net_receive_all(fd, bytes, 1, &reset), 0);
            close(fd);
        }
        assert_echoes(faults[i]);
        assert_stops(faults[i]);
        assert_said(faults[i], " limit: ");
        assert_said(faults[i], "served 1, open 0, bytes in 3000, bytes out 3000, refused ");
    }
}

static const char *const unix_path = "faults.sock";

static void test_start_up_faults(void **state)
{
    (void)state;
    static const struct {
        const char *fault, *said;
        bool on_unix;
    } rows[] = {
        {"pipe:EMFILE:1:1", "echo-server: cannot catch signals: ", false},
        {"fcntl:EINVAL:1:1", "echo-server: cannot catch signals: ", false},
        {"fcntl:EINVAL:4:1", "echo-server: cannot catch signals: ", false},
        {"sigaction:EINVAL:1:1", "echo-server: cannot catch signals: ", false},
        {"sigaction:EINVAL:4:1", "echo-server: cannot catch signals: ", false},
        {"getaddrinfo:EIO:1:1", "echo-server: cannot listen on loopback: ", false},
        {"socket:EMFILE:1:1", "echo-server: cannot listen on 127.0.0.1:", false},
        {"socket:EMFILE:2:1", "echo-server: cannot listen on [::1]:", false},
        {"setsockopt:ENOBUFS:5:1", "echo-server: cannot listen on [::1]:", false},
        {"bind:EACCES:1:1", "echo-server: cannot listen on 127.0.0.1:", false},
        {"bind:EADDRINUSE:1:0", "echo-server: cannot listen on 127.0.0.1:", false},
        {"listen:EADDRINUSE:2:0", "echo-server: cannot listen on ", false},
        {"fcntl:EINVAL:5:1", "echo-server: cannot listen on 127.0.0.1:", false},
        {"fcntl:EINVAL:6:1", "echo-server: cannot listen on 127.0.0.1:", false},
        {"getsockname:ENOBUFS:1:1", "echo-server: cannot listen on 127.0.0.1:", false},
        {"getsockname:ENOBUFS:3:1", "echo-server: cannot write the ready line", false},
        {"write:EIO:1:1", "echo-server: cannot write the ready line", false},
        {"write:ENOSPC:2:1", "echo-server: cannot write the ready line", false},
        {"socket:EMFILE:1:1", "echo-server: cannot listen on unix:faults.sock: ", true},
        {"bind:EACCES:1:1", "echo-server: cannot listen on unix:faults.sock: ", true},
        {"listen:EACCES:1:1", "echo-server: cannot listen on unix:faults.sock: ", true},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char *tcp[] = {FAULTY_SERVER, "0", NULL};
        char *un[] = {FAULTY_SERVER, "-U", (char *)unix_path, NULL};
        print_message("  %s\n", rows[i].fault);
        setenv("ECHO_FAULT", rows[i].fault, 1);
        process_start(&s.process, rows[i].on_unix ? un : tcp);
        unsetenv("ECHO_FAULT");
        int status = end_of(&s.process);
        assert_said(rows[i].fault, rows[i].said);
        assert_int_equal(status, 1);
        if (rows[i].on_unix)
            assert_int_equal(access(unix_path, F_OK), -1);
    }
}

/* Start-up faults that leave a server as good as asked for: one family of the two, another port. */
static void test_start_up_faults_that_do_not_matter(void **state)
{
    (void)state;
    static const struct {
        const char *fault;
        int listeners;
    } rows[] = {
        {"socket:EAFNOSUPPORT:2:1", 1}, {"socket:EAFNOSUPPORT:1:1", 1},
        {"bind:EADDRNOTAVAIL:2:1", 1},  {"bind:EADDRINUSE:2:1", 2},
        {"bind:EADDRINUSE:1:3", 2},     {"setsockopt:EINVAL:1:2", 2},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char *argv[] = {FAULTY_SERVER, "0", NULL}, line[128];
        char ports[2][8];
        print_message("  %s\n", rows[i].fault);
        setenv("ECHO_FAULT", rows[i].fault, 1);
        process_start(&s.process, argv);
        unsetenv("ECHO_FAULT");
        for (int j = 0; j < rows[i].listeners; j++) {
            process_line(&s.process, line, sizeof line);
            snprintf(ports[j], sizeof ports[j], "%s", strrchr(line, ':'));
            assert_string_equal(ports[j], ports[0]);
        }
        assert_stops(rows[i].fault);
        assert_said(rows[i].fault, "served 0");
    }
}

/* ------------------------------------------------------------------------------------------------
 * The client.
 */

static struct result run_client(const char *fault, char *const options[])
{
    char *argv[20] = {FAULTY_CLIENT, "-W", "5s"};
    size_t n = 3;
    for (size_t i = 0; options && options[i]; i++)
        argv[n++] = options[i];
    argv[n++] = "127.0.0.1";
    argv[n++] = s.port;
    print_message("  %s\n", fault);
    setenv("ECHO_FAULT", fault, 1);
    struct result r = run(argv, input, SIZE);
    unsetenv("ECHO_FAULT");
    memcpy(said, r.err, sizeof said);
    return r;
}

static void test_client_faults_that_must_not_show(void **state)
{
    (void)state;
    static const char *const faults[] = {
        "recv:EINTR:1:2",        "recv:EAGAIN:1:2",     "recv:short:1:0",  "send:EINTR:1:2",
        "send:EAGAIN:1:2",       "send:short:1:0",      "send:short:1:2",  "send:zero:1:1",
        "poll:EINTR:1:3",        "poll:EAGAIN:2:1",     "poll:ENOMEM:1:2", "poll:zero:2:2",
        "read:EINTR:1:1",        "read:EAGAIN:1:2",     "read:short:1:50", "write:EINTR:1:1",
        "write:EAGAIN:1:2",      "write:short:1:40",    "write:zero:1:1",  "connect:EINTR:1:1",
        "setsockopt:EINVAL:1:1", "close:EIO:1:0",       "fstat:EIO:1:1",   "open:EACCES:1:1",
        "getsockname:EIO:1:1",   "getpeername:EIO:1:1",
    };
    served_start(&s, NULL);
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
        struct result r = run_client(faults[i], NULL);
        assert_said(faults[i], NULL);
        assert_int_equal(r.status, 0);
        assert_int_equal(r.out_len, SIZE);
        assert_memory_equal(r.out, echo, SIZE);
        free(r.out);
    }
    served_stop(&s);
}

static void test_client_faults_that_are_told(void **state)
{
    (void)state;
    static const struct {
        const char *fault;
        int status;
        const char *said;
    } rows[] = {
        {"recv:ECONNRESET:1:1", 1, "echo-client: RESET: Connection reset by peer with 0 of 3000"},
        {"recv:ETIMEDOUT:1:1", 1, "echo-client: RESET: Connection timed out with 0 of 3000"},
        {"recv:short:1:1,recv:ECONNRESET:2:1", 1, "echo-client: RESET: Connection reset by peer"},
        {"recv:zero:1:1", 1, "echo-client: SHORT: the server closed with 0 of 3000 bytes back"},
        {"read:EIO:1:1", 2, "echo-client: cannot read standard input: Input/output error"},
        {"read:short:1:1,read:EIO:2:1", 2, "echo-client: cannot read standard input: "},
        {"write:ENOSPC:1:1", 2, "echo-client: cannot write standard output: No space left"},
        {"write:short:1:1,write:EIO:2:1", 2, "echo-client: cannot write standard output: "},
        {"socket:EMFILE:1:1", 3, "echo-client: UNREACHABLE: 127.0.0.1:"},
        {"fcntl:EINVAL:1:1", 3, "echo-client: UNREACHABLE: 127.0.0.1:"},
        {"fcntl:EINVAL:2:1", 3, "echo-client: UNREACHABLE: 127.0.0.1:"},
        {"connect:ECONNREFUSED:1:1", 3, "echo-client: REFUSED: 127.0.0.1:"},
        {"connect:ECONNRESET:1:1", 3, "echo-client: RESET: 127.0.0.1:"},
        {"connect:ENETUNREACH:1:1", 3, "echo-client: UNREACHABLE: 127.0.0.1:"},
        {"connect:EACCES:1:1", 3, "echo-client: UNREACHABLE: 127.0.0.1:"},
        {"connect:ETIMEDOUT:1:1", 3, "echo-client: TIMEOUT: 127.0.0.1:"},
        {"getsockopt:ENOBUFS:1:1", 3, "echo-client: UNREACHABLE: 127.0.0.1:"},
        {"getaddrinfo:EIO:1:1", 3, "echo-client: DNS: 127.0.0.1: "},
    };
    served_start(&s, NULL);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct result r = run_client(rows[i].fault, NULL);
        assert_said(rows[i].fault, rows[i].said);
        assert_int_equal(r.status, rows[i].status);
        assert_true(r.out_len <= SIZE);
        assert_memory_equal(r.out, echo, r.out_len);
        free(r.out);
    }
    served_stop(&s);
}

/* A load, which waits, sends and connects in its own way; several connections where the server's
 * model takes them at once. */
static void test_load_faults(void **state)
{
    (void)state;
    static const struct {
        const char *fault;
        int status;
        const char *said; /* NULL: nothing */
    } rows[] = {
        {"recv:EINTR:1:2", 0, NULL},
        {"recv:EAGAIN:1:3", 0, NULL},
        {"recv:short:1:20", 0, NULL},
        {"send:EINTR:1:2", 0, NULL},
        {"send:EAGAIN:1:2", 0, NULL},
        {"send:short:1:20", 0, NULL},
        {"send:zero:1:1", 0, NULL},
        {"close:EIO:1:0", 0, NULL},
        {"setsockopt:EINVAL:1:1", 0, NULL},
        {"recv:ECONNRESET:4:1", 1, "echo-client: RESET: connection "},
        {"recv:zero:4:1", 1, "echo-client: SHORT: connection "},
        {"send:ECONNRESET:4:1", 1, "echo-client: RESET: connection "},
        {"send:EPIPE:4:1", 1, "echo-client: RESET: connection "},
        {"pipe:EMFILE:1:1", 2, "echo-client: cannot begin: Too many open files"},
        {"getpeername:ENOTCONN:2:1", 2, "echo-client: cannot begin: "},
#ifdef __linux__
        {"epoll_wait:EINTR:1:3", 0, NULL},
        {"epoll_create1:EMFILE:1:1", 2, "echo-client: cannot begin: Too many open files"},
        {"epoll_ctl:ENOMEM:1:1", 2, "echo-client: cannot begin: Cannot allocate memory"},
        {"epoll_ctl:ENOMEM:2:1", 1, "echo-client: UNREACHABLE: connection 0: "},
        {"timerfd_create:EMFILE:1:1", 2, "echo-client: cannot begin: Too many open files"},
        {"epoll_ctl:ENOMEM:2:1,close:EIO:1:0", 1, ": Cannot allocate memory\n"},
#endif
    };
    const char *model = getenv("ECHO_MODEL");
    char *parallel = model && strcmp(model, "iterative") == 0 ? "1" : "3";
    char *options[] = {"--parallel", parallel,     "--pipeline", "2", "--size",
                       "5000",       "--duration", "100ms",      NULL};
    served_start(&s, NULL);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct result r = run_client(rows[i].fault, options);
        assert_said(rows[i].fault, rows[i].said);
        assert_int_equal(r.status, rows[i].status);
        free(r.out);
    }
    served_stop(&s);
}

/* Of the check: what fails on this side says nothing of the server; and a connection that is
 * reset at once is closed, for one that serves one at a time would serve nobody else. */
static void test_check_faults(void **state)
{
    (void)state;
    static const struct {
        const char *fault;
        int status;
        const char *said;
    } rows[] = {
        /* The one after those that each connection before it takes. */
        {"getpeername:ENOTCONN:21:1", 1,
         "echo-client: RESET: 100 clients at once: Transport endpoint is not connected (1 of "},
#ifdef __linux__
        {"epoll_create1:EMFILE:1:1", 2, "echo-client: cannot go on: Too many open files\n"},
#endif
    };
    char *options[] = {"--check", "-W", "2s", NULL};
    if (!is_model("iterative"))
        return; /* a check takes a while, and the others would tell no more */
    served_start(&s, NULL);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct result r = run_client(rows[i].fault, options);
        assert_said(rows[i].fault, rows[i].said);
        assert_int_equal(r.status, rows[i].status);
        free(r.out);
    }
    served_stop(&s);
}

/* The sending side broke: what the server still says is worth hearing, and then it is told. */
static void test_client_send_faults(void **state)
{
    (void)state;
    static const char *const faults[] = {"send:EPIPE:1:1", "send:ECONNRESET:1:1",
                                         "send:short:1:1,send:EPIPE:2:1", "shutdown:ENOTCONN:1:1"};
    char *options[] = {"-W", "300ms", NULL};
    served_start(&s, NULL);
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
        struct result r = run_client(faults[i], options);
        assert_said(faults[i], "echo-client: ");
        assert_int_equal(r.status, 1);
        assert_memory_equal(r.out, echo, r.out_len);
        free(r.out);
    }
    served_stop(&s);
}

static void test_client_tries_again(void **state)
{
    (void)state;
    char *options[] = {"--retry", "5s", NULL};
    served_start(&s, NULL);
    struct result r = run_client("connect:ECONNREFUSED:1:3", options);
    assert_said("connect", NULL);
    assert_int_equal(r.status, 0);
    assert_int_equal(r.out_len, SIZE);
    free(r.out);
    served_stop(&s);
}

/* The next address of a name is tried, and the failure that says most is told. */
static void test_client_goes_on_to_the_next_address(void **state)
{
    (void)state;
    static const struct {
        const char *fault, *said;
    } rows[] = {
        {"connect:ENETUNREACH:1:0", "echo-client: UNREACHABLE: "},
        {"connect:ECONNREFUSED:1:1,connect:ENETUNREACH:2:0", "echo-client: REFUSED: "},
        {"connect:ENETUNREACH:1:1,connect:ECONNREFUSED:2:0", "echo-client: "},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char *argv[] = {FAULTY_CLIENT, "localhost", "9", "x", NULL};
        setenv("ECHO_FAULT", rows[i].fault, 1);
        struct result r = run(argv, NULL, 0);
        unsetenv("ECHO_FAULT");
        memcpy(said, r.err, sizeof said);
        assert_said(rows[i].fault, rows[i].said);
        assert_int_equal(r.status, 3);
        free(r.out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_server_faults_that_must_not_show, clean_up),
        cmocka_unit_test_teardown(test_waits_for_buffers, clean_up),
        cmocka_unit_test_teardown(test_faults_that_end_one_connection, clean_up),
        cmocka_unit_test_teardown(test_accept_faults_are_told_and_outlived, clean_up),
        cmocka_unit_test_teardown(test_stops_while_it_cannot_accept, clean_up),
        cmocka_unit_test_teardown(test_accept_faults_that_end_the_server, clean_up),
        cmocka_unit_test_teardown(test_quit_where_the_fin_cannot_be_sent, clean_up),
        cmocka_unit_test_teardown(test_log_faults_are_outlived, clean_up),
        cmocka_unit_test_teardown(test_client_that_cannot_be_served, clean_up),
        cmocka_unit_test_teardown(test_start_up_faults, clean_up),
        cmocka_unit_test_teardown(test_start_up_faults_that_do_not_matter, clean_up),
        cmocka_unit_test_teardown(test_client_faults_that_must_not_show, clean_up),
        cmocka_unit_test_teardown(test_client_faults_that_are_told, clean_up),
        cmocka_unit_test_teardown(test_load_faults, clean_up),
        cmocka_unit_test_teardown(test_check_faults, clean_up),
        cmocka_unit_test_teardown(test_client_send_faults, clean_up),
        cmocka_unit_test_teardown(test_client_tries_again, clean_up),
        cmocka_unit_test(test_client_goes_on_to_the_next_address),
    };
    return cmocka_run_group_tests(tests, make_input, NULL);
}
