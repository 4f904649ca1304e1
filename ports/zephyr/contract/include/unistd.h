/* unistd.h - what a server that shall run on Zephyr may use of it (../../README.md). */
#ifndef CONTRACT_UNISTD_H
#define CONTRACT_UNISTD_H

#include <sys/types.h>

int close(int fd);
ssize_t read(int fd, void *buffer, size_t size);
ssize_t write(int fd, const void *buffer, size_t size);

#endif
