/* proxy.h - the header that a proxy puts in front of what a client sends, to say who the client is:
 * the PROXY protocol, versions 1 and 2.
 *
 * "Section N" is one of haproxy's doc/proxy-protocol.txt, as of 2020/03/05. What that leaves open
 * is decided so:
 *
 *     both versions are accepted, told apart by their first byte; a header may come in any pieces
 *     (section 2: tolerance is recommended), and is refused at the first byte that cannot be right
 *     TCP6 of version 1: an IPv6 address may end in dotted form, as "::ffff:192.0.2.1" (RFC 4291,
 *     2.2), because that is what inet_ntop() makes of such addresses for proxies in use
 *     UNKNOWN, LOCAL, AF_UNSPEC, datagrams and AF_UNIX (a path says nothing here): accepted; the
 *     connection's own address stands
 *     TLVs, and with them the checksum: skipped (section 2.2: "may choose to skip over")
 *
 * Pure: no system call, clock, errno or allocation; no libc but memcpy. A whole header may have
 * 65551 bytes; all but the first 107 are counted, and not kept.
 */
#ifndef ECHO_PROXY_H
#define ECHO_PROXY_H

#include <stddef.h>
#include <stdint.h>

enum {
    PROXY_LINE_MAX = 107,   /* section 2.1: a whole line of version 1, with its CRLF */
    PROXY_MAX = 16 + 0xFFFF /* section 2.2: a whole header of version 2 */
};

enum proxy_state {
    PROXY_MORE, /* right so far */
    PROXY_DONE, /* the whole header has come */
    PROXY_WRONG /* it cannot become one any more: close the connection (sections 2.1, 2.2) */
};

enum proxy_family {
    PROXY_OWN, /* the connection's own address stands */
    PROXY_IPV4,
    PROXY_IPV6
};

/* Who the client is. */
struct proxy_client {
    enum proxy_family family;
    uint8_t ip[16]; /* in network order; of IPv4 the first 4 */
    uint16_t port;  /* in host order */
};

/* To be kept by the caller. Public to be read: where a header is wrong, bytes[len] is what cannot
 * be right there, and expected what had to come in its place, for people. */
struct proxy {
    const char *expected;          /* NULL unless it is wrong */
    uint32_t len;                  /* so many bytes of it have come */
    uint8_t bytes[PROXY_LINE_MAX]; /* the first of them */
};

/* Nothing has come. */
void proxy_init(struct proxy *p);

/* in[0..n) has come, n > 0; not kept. *used is how many of these bytes are the header's, all unless
 * it is done: the rest is the client's. Not to be called again once it is done or wrong. */
enum proxy_state proxy_push(struct proxy *p, const uint8_t *in, size_t n, size_t *used);

/* Who it says that the client is, once it is done. */
struct proxy_client proxy_client(const struct proxy *p);

#endif
