/* main.c - the Zephyr application on lwIP: 192.0.2.1/24 behind the TAP device that the
 * environment's PRECONFIGURED_TAPIF names.
 *
 * Debian's lwIP writes beyond its buffers when a frame is longer than some 590 bytes: the device
 * needs an MTU of 576.
 */
#include <lwip/sys.h>
#include <lwip/tcpip.h>
#include <netif/tapif.h>

#include <stdint.h>
#include <stdio.h>

int application_main(void);
int64_t k_uptime_get(void);

int64_t k_uptime_get(void)
{
    return sys_now();
}

static void started(void *done)
{
    sys_sem_signal(done);
}

int main(void)
{
    static struct netif tap;
    ip4_addr_t address, mask, gateway;
    sys_sem_t done;
    IP4_ADDR(&address, 192, 0, 2, 1);
    IP4_ADDR(&mask, 255, 255, 255, 0);
    IP4_ADDR(&gateway, 192, 0, 2, 2);

    (void)setvbuf(stdout, NULL, _IOLBF, 0);
    if (sys_sem_new(&done, 0) != ERR_OK)
        return 1;
    tcpip_init(started, &done);
    sys_sem_wait(&done);
    LOCK_TCPIP_CORE();
    struct netif *added = netif_add(&tap, &address, &mask, &gateway, NULL, tapif_init, tcpip_input);
    if (added) {
        netif_set_default(&tap);
        netif_set_up(&tap);
    }
    UNLOCK_TCPIP_CORE();
    if (added)
        (void)application_main();
    return 1; /* the application serves for ever, if it can */
}
