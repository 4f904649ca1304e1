/* bare_fork.c - the least that an echo server with a process for each client can do.
 *
 * usage: bare_fork PORT. Like bare_epoll.c not a server to use, but to measure against.
 */
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SIZE = 256 * 1024 };

static char buffer[SIZE];

static void reap(int signal)
{
    (void)signal;
    while (waitpid(-1, NULL, WNOHANG) > 0)
        continue;
}

int main(int argc, char **argv)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int on = 1, listener = socket(AF_INET, SOCK_STREAM, 0);
    struct sigaction action = {.sa_handler = reap, .sa_flags = SA_RESTART};

    address.sin_port = htons((uint16_t)(argc > 1 ? atoi(argv[1]) : 0));
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    sigaction(SIGCHLD, &action, NULL);
    if (bind(listener, (struct sockaddr *)&address, sizeof address) < 0 ||
        listen(listener, 4096) < 0) {
        perror("bare_fork");
        return 1;
    }
    for (;;) {
        int fd = accept(listener, NULL, NULL);
        if (fd >= 0 && fork() == 0) {
            ssize_t n;
            close(listener);
            setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
            while ((n = recv(fd, buffer, sizeof buffer, 0)) > 0 &&
                   send(fd, buffer, (size_t)n, MSG_NOSIGNAL) == n)
                continue;
            _exit(0);
        }
        close(fd);
    }
}
