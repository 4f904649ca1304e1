/* errno.h - what a server that shall run on Zephyr may use of it (../../README.md). */
#ifndef CONTRACT_ERRNO_H
#define CONTRACT_ERRNO_H

/* Symbolic only: the values differ between systems. */
int *contract_errno(void);
#define errno (*contract_errno())

#define EINTR        4
#define EBADF        9
#define EAGAIN       11
#define EWOULDBLOCK  EAGAIN
#define EINVAL       22
#define ENOBUFS      105
#define ENOTSOCK     108
#define ECONNABORTED 113

#endif
