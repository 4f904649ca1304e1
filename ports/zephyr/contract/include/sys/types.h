/* sys/types.h - what a server that shall run on Zephyr may use of it (../../../README.md). */
#ifndef CONTRACT_SYS_TYPES_H
#define CONTRACT_SYS_TYPES_H

#include <stddef.h>

typedef ptrdiff_t ssize_t;

#endif
