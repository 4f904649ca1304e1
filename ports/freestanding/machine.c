/* machine.c - see machine.h; and what there must be before main() on a Cortex-M.
 *
 * There is no data to copy (link.ld sees to that), and QEMU clears the rest of RAM. Semihosting is
 * a breakpoint whose number says that the debugger, here QEMU, is to do something: r0 says what.
 */
#include "machine.h"

#include <stdint.h>

enum { SYS_WRITE0 = 0x04, SYS_EXIT = 0x18 };
enum { RUN_TIME_ERROR = 0x20023, APPLICATION_EXIT = 0x20026 };

extern uint32_t stack_top[]; /* of link.ld */
int main(void);
void reset(void); /* the entry point, for link.ld */

static void semihost(uintptr_t what, uintptr_t with)
{
    register uintptr_t r0 __asm__("r0") = what;
    register uintptr_t r1 __asm__("r1") = with;
    __asm__ volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
}

void machine_print(const char *text)
{
    semihost(SYS_WRITE0, (uintptr_t)text);
}

void machine_exit(bool well)
{
    semihost(SYS_EXIT, well ? APPLICATION_EXIT : RUN_TIME_ERROR);
    for (;;)
        continue;
}

void reset(void)
{
    machine_exit(main() == 0);
}

static void fault(void)
{
    machine_print("not ok - a fault\n");
    machine_exit(false);
}

/* Where the processor looks first: the stack, then what to run at reset, NMI and hard fault. */
__attribute__((section(".vectors"), used)) static void (*const vectors[])(void) = {
    (void (*)(void))stack_top, reset, fault, fault};
