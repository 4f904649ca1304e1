/* main.c - echo-server as an application of Zephyr: listens, and serves one client at a time.
 *
 * May use: the iterative server, and of POSIX what ports/zephyr/contract declares, so it runs on
 * other small stacks, too (ports/lwip). Its options are those of Kconfig.
 */
#include "loop/server.h"
#include "loop/socket.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

enum { BACKLOG = 5, HOST_MAX = 46, ADDRESS_MAX = HOST_MAX + 9, DECIMAL_MAX = 21 };

static const int families[] = {
    AF_INET,
#ifdef CONFIG_NET_IPV6
    AF_INET6,
#endif
};
enum { FAMILIES = sizeof families / sizeof *families };

/* A socket that listens on all addresses of the family and does not block, or -1 with errno. */
static int listen_on(int family)
{
    const int on = 1;
    const struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(CONFIG_ECHO_PORT)};
    const struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons(CONFIG_ECHO_PORT)};
    const void *address = family == AF_INET ? (const void *)&v4 : &v6;
    int fd = socket(family, SOCK_STREAM, IPPROTO_TCP);
    if (fd < 0)
        return -1;
    /* That the port is taken will be told by bind(), whatever comes of these. */
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (family == AF_INET6)
        (void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
    if (bind(fd, address, family == AF_INET ? sizeof v4 : sizeof v6) == 0 &&
        listen(fd, BACKLOG) == 0 && fcntl(fd, F_SETFL, O_NONBLOCK) == 0)
        return fd;
    int error = errno;
    socket_close(fd);
    errno = error;
    return -1;
}

static void write_address(const struct client *client, char out[ADDRESS_MAX])
{
    char host[HOST_MAX] = "?";
    if (client->address.any.sa_family == AF_INET6) {
        (void)inet_ntop(AF_INET6, &client->address.v6.sin6_addr, host, sizeof host);
        snprintf(out, ADDRESS_MAX, "[%s]:%u", host, (unsigned)ntohs(client->address.v6.sin6_port));
    } else {
        (void)inet_ntop(AF_INET, &client->address.v4.sin_addr, host, sizeof host);
        snprintf(out, ADDRESS_MAX, "%s:%u", host, (unsigned)ntohs(client->address.v4.sin_port));
    }
}

/* The number's digits, as a small printf() knows no 64 bits. Returns where in text they begin. */
static const char *decimal(uint64_t number, char text[DECIMAL_MAX])
{
    char *at = text + DECIMAL_MAX - 1;
    *at = '\0';
    do {
        *--at = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    return at;
}

/* ------------------------------------------------------------------------------------------------
 * What the server tells (loop/server.h).
 */

static bool ready(void *context)
{
    (void)context;
    for (int i = 0; i < FAMILIES; i++)
        printf("waiting on %s:%u\n", families[i] == AF_INET ? "0.0.0.0" : "[::]",
               (unsigned)CONFIG_ECHO_PORT);
    return true;
}

static void opened(void *context, const struct client *client)
{
    (void)context;
    (void)client;
}

static void received(void *context, const struct client *client, const uint8_t *bytes, size_t n)
{
    (void)context;
    (void)client;
    (void)bytes;
    (void)n;
}

static void closed(void *context, const struct client *client)
{
    char address[ADDRESS_MAX], in[DECIMAL_MAX], out[DECIMAL_MAX], ms[DECIMAL_MAX];
    const struct conn *c = &client->conn;
    (void)context;
    write_address(client, address);
    printf("echo-server: %s %s: %s bytes in, %s bytes out, %s ms\n", address,
           conn_why_name(conn_over(c)), decimal(c->bytes_in, in), decimal(c->bytes_out, out),
           decimal(clock_ms() - client->since, ms));
}

static void waiting(void *context)
{
    (void)context;
    printf("echo-server: a client waits while another is served (said once)\n");
}

static void accept_failed(void *context, int error)
{
    (void)context;
    printf("echo-server: cannot accept a client: %s; trying again\n", strerror(error));
}

/* Zephyr gives it no arguments, and asks it to return nothing but 0. */
int main(void)
{
    static uint8_t in[CONFIG_ECHO_BUFFER_SIZE], out[CONFIG_ECHO_BUFFER_SIZE + ECHO_LINE_SLACK];
    static struct server_counters counters;
    int listeners[FAMILIES];
    struct server server = {
        .listeners = listeners,
        .listener_count = FAMILIES,
        .wake_fd = -1,
        .parent_fd = -1,
        .rules = {.idle_ms = (uint32_t)CONFIG_ECHO_IDLE_TIMEOUT * 1000},
        .out_fd = -1,
        .max_clients = 1,
        .in = in,
        .in_size = sizeof in,
        .out = out,
        .out_size = sizeof out,
        .counters = &counters,
        .hooks = {.ready = ready,
                  .opened = opened,
                  .received = received,
                  .closed = closed,
                  .waiting = waiting,
                  .accept_failed = accept_failed},
    };
    (void)echo_mode_find(CONFIG_ECHO_MODE, &server.rules.mode);
    for (int i = 0; i < FAMILIES; i++) {
        listeners[i] = listen_on(families[i]);
        if (listeners[i] < 0) {
            printf("echo-server: cannot listen on port %u: %s\n", (unsigned)CONFIG_ECHO_PORT,
                   strerror(errno));
            return 0;
        }
    }
    printf("echo-server: cannot accept clients: %s\n", strerror(server_iterative(&server)));
    return 0;
}
