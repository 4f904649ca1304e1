/* arpa/inet.h - what a server that shall run on Zephyr may use of it (../../../README.md). */
#ifndef CONTRACT_ARPA_INET_H
#define CONTRACT_ARPA_INET_H

#include <sys/socket.h>

uint16_t htons(uint16_t host);
uint16_t ntohs(uint16_t net);
const char *inet_ntop(int family, const void *address, char *text, size_t size);

#endif
