/* zephyr/kernel.h - what a server that shall run on Zephyr may use of it (../../../README.md). */
#ifndef CONTRACT_ZEPHYR_KERNEL_H
#define CONTRACT_ZEPHYR_KERNEL_H

#include <stdint.h>

int64_t k_uptime_get(void);

#endif
