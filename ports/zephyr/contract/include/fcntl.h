/* fcntl.h - what a server that shall run on Zephyr may use of it (../../README.md). */
#ifndef CONTRACT_FCNTL_H
#define CONTRACT_FCNTL_H

#define F_SETFL    4
#define O_NONBLOCK 0x4000

int fcntl(int fd, int command, ...);

#endif
