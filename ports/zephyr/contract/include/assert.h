/* assert.h - what a server that shall run on Zephyr may use of it (../../README.md). */
#ifndef CONTRACT_ASSERT_H
#define CONTRACT_ASSERT_H

#define assert(condition) ((void)(condition))

#endif
