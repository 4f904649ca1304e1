/* socket_zephyr.c - what of socket.h Zephyr does otherwise than POSIX (src/loop/socket_posix.c).
 */
#include "loop/socket.h"

#include <zephyr/kernel.h>

/* Zephyr's TCP has no half-close, so no FIN can be sent before the socket is closed. The connection
 * goes on as after one: what the client still sends is discarded until its own FIN, or for a
 * second, so that no reset overtakes what it was sent last. */
void socket_send_fin(int fd)
{
    (void)fd;
}

uint64_t clock_ms(void)
{
    return (uint64_t)k_uptime_get();
}
