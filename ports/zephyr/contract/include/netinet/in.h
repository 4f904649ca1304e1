/* netinet/in.h - what a server that shall run on Zephyr may use of it (../../../README.md). */
#ifndef CONTRACT_NETINET_IN_H
#define CONTRACT_NETINET_IN_H

#include <sys/socket.h>

#define IPPROTO_TCP  6
#define IPPROTO_IPV6 41
#define IPV6_V6ONLY  26

struct in_addr {
    uint32_t s_addr;
};

struct in6_addr {
    uint8_t s6_addr[16];
};

struct sockaddr_in {
    sa_family_t sin_family;
    uint16_t sin_port;
    struct in_addr sin_addr;
};

struct sockaddr_in6 {
    sa_family_t sin6_family;
    uint16_t sin6_port;
    struct in6_addr sin6_addr;
    uint8_t sin6_scope_id;
};

#endif
