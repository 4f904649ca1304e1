/* sys/socket.h - what a server that shall run on Zephyr may use of it (../../../README.md). */
#ifndef CONTRACT_SYS_SOCKET_H
#define CONTRACT_SYS_SOCKET_H

#include <stdint.h>
#include <sys/types.h>

#define AF_INET      1
#define AF_INET6     2
#define SOCK_STREAM  1
#define SOL_SOCKET   1
#define SO_REUSEADDR 2
#define MSG_DONTWAIT 0x40

typedef unsigned short sa_family_t;
typedef size_t socklen_t;

struct sockaddr {
    sa_family_t sa_family;
    char sa_data[6];
};

int socket(int family, int type, int protocol);
int setsockopt(int fd, int level, int option, const void *value, socklen_t size);
int bind(int fd, const struct sockaddr *address, socklen_t size);
int listen(int fd, int backlog);
int accept(int fd, struct sockaddr *address, socklen_t *size);
ssize_t recv(int fd, void *buffer, size_t size, int flags);
ssize_t send(int fd, const void *buffer, size_t size, int flags);

#endif
