/* machine.h - what the vectors need of an emulated Cortex-M: a way to speak, and a way out. */
#ifndef MACHINE_H
#define MACHINE_H

#include <stdbool.h>

/* Writes a string to the emulator's output. */
void machine_print(const char *text);

/* Ends the emulator, which exits with 0 if all went well, else with 1. */
_Noreturn void machine_exit(bool well);

#endif
