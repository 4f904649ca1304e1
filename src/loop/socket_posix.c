/* socket_posix.c - what of socket.h is done otherwise where there is no half-close and no POSIX
 * clock (ports/zephyr/src/socket_zephyr.c).
 */
#include "socket.h"

#include <time.h>

void socket_send_fin(int fd)
{
    (void)shutdown(fd, SHUT_WR);
}

uint64_t clock_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}
