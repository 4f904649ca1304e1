/* limits.h - what a server that shall run on Zephyr may use of it (../../README.md). */
#ifndef CONTRACT_LIMITS_H
#define CONTRACT_LIMITS_H

#define INT_MAX __INT_MAX__

#endif
