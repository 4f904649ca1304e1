/* proxy.c - see proxy.h.
 *
 * May use: assert, memcpy. No system call, clock, errno or allocation.
 *
 * What has come is read from its beginning each time that something is added: there are at most 107
 * bytes to read, and what is kept between two calls is these, and no state that could be wrong.
 */
#include "proxy.h"

#include <assert.h>
#include <stdbool.h>
#include <string.h>

static const char beginnings[] = "PROXY or the signature of version 2";
static const char protocols[] = "TCP4, TCP6 or UNKNOWN";

/* Reading goes on while it is DONE so far. After that no byte is there any more, so whatever reads
 * on comes to an end without having to ask. */
struct reader {
    const uint8_t *start, *at, *end;
    enum proxy_state state;
    const char *expected;
    struct proxy_client client;
    uint32_t length; /* of the whole header, once it is known */
};

/* ------------------------------------------------------------------------------------------------
 * Bytes.
 */

/* The next byte; -1 if there is none. */
static int peek(struct reader *r)
{
    if (r->state == PROXY_DONE && r->at == r->end)
        r->state = PROXY_MORE;
    return r->state == PROXY_DONE ? *r->at : -1;
}

/* The next byte cannot be right. */
static void refuse(struct reader *r, const char *expected)
{
    if (r->state != PROXY_DONE)
        return;
    r->state = PROXY_WRONG;
    r->expected = expected;
}

/* Takes and returns the next byte if it is right; -1 if there is none, or not that. */
static int take(struct reader *r, bool right, const char *expected)
{
    int c = peek(r);
    if (c >= 0 && !right)
        refuse(r, expected);
    return c >= 0 && right ? *r->at++ : -1;
}

/* Takes the next byte if it is this one. */
static bool next_is(struct reader *r, char c)
{
    bool is = peek(r) == c;
    r->at += is;
    return is;
}

static void take_text(struct reader *r, const char *text, const char *expected)
{
    for (; *text; text++)
        (void)take(r, peek(r) == *text, expected);
}

/* ------------------------------------------------------------------------------------------------
 * Version 1 (section 2.1).
 */

/* A number in decimal, without zeroes in front. */
static unsigned take_decimal(struct reader *r, unsigned most, const char *expected)
{
    unsigned value = 0, digits = 0;
    for (int c; c = peek(r), c >= '0' && c <= '9'; digits++) {
        unsigned next = value * 10 + (unsigned)(c - '0');
        bool right = next <= most && (value > 0 || digits == 0);
        (void)take(r, right, expected);
        value = next;
    }
    if (digits == 0)
        refuse(r, expected);
    return value;
}

static void take_ipv4(struct reader *r, uint8_t ip[4])
{
    static const char expected[] = "an IPv4 address";
    for (int i = 0; i < 4; i++) {
        if (i > 0)
            take_text(r, ".", expected);
        ip[i] = (uint8_t)take_decimal(r, 255, expected);
    }
}

static int hex_digit(int c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20; /* -1 stays -1 */
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static const char ipv6[] = "an IPv6 address";
enum { IPV6 = 16, IPV4 = 4, GROUP = 2, NO_GAP = IPV6 + 1 }; /* sizes in bytes */

/* A group of up to four hexadecimal digits, or, at a place where an IPv4 address may stand for the
 * last two groups, that. Returns how many bytes of an address it was. */
static size_t take_group(struct reader *r, uint8_t *ip, bool may_be_ipv4)
{
    const uint8_t *start = r->at;
    unsigned value = 0;
    for (int digit; r->at - start < 4 && (digit = hex_digit(peek(r))) >= 0; r->at++)
        value = value * 16 + (unsigned)digit;
    if (r->at == start)
        refuse(r, ipv6);
    struct reader again = *r; /* for the same digits may be the first of an IPv4 address */
    again.at = start;
    (void)take_decimal(&again, 255, ipv6);
    if (may_be_ipv4 && peek(r) == '.' && again.at == r->at) {
        r->at = start;
        take_ipv4(r, ip);
        return IPV4;
    }
    ip[0] = (uint8_t)(value >> 8);
    ip[1] = (uint8_t)value;
    return GROUP;
}

/* ip is all zeroes. */
static void take_ipv6(struct reader *r, uint8_t ip[IPV6])
{
    uint8_t bytes[IPV6] = {0};
    size_t n = 0, gap = NO_GAP, most = IPV6;
    bool more = true;
    if (next_is(r, ':')) {
        take_text(r, ":", ipv6);
        gap = 0;
        most = IPV6 - GROUP; /* two colons stand for a group at least */
        more = hex_digit(peek(r)) >= 0;
    }
    while (more) {
        bool may_be_ipv4 = gap == NO_GAP ? n + IPV4 == IPV6 : n + IPV4 <= most;
        size_t taken = take_group(r, bytes + n, may_be_ipv4);
        n += taken;
        more = taken == GROUP && n < most && next_is(r, ':');
        if (more && gap == NO_GAP && next_is(r, ':')) {
            gap = n;
            most = IPV6 - GROUP;
            more = n < most && hex_digit(peek(r)) >= 0;
        }
    }
    if (gap == NO_GAP && n < IPV6)
        refuse(r, ipv6);
    gap = gap < n ? gap : n;
    memcpy(ip, bytes, gap);
    memcpy(ip + IPV6 - (n - gap), bytes + gap, n - gap);
}

static void take_address(struct reader *r, bool v6, uint8_t ip[IPV6])
{
    if (v6)
        take_ipv6(r, ip);
    else
        take_ipv4(r, ip);
    take_text(r, " ", "a space");
}

/* "must ignore anything presented before the CRLF is found" */
static void skip_line(struct reader *r)
{
    while (peek(r) >= 0)
        if (*r->at++ == '\r' && next_is(r, '\n'))
            return;
}

static void take_unknown(struct reader *r)
{
    take_text(r, "UNKNOWN", protocols);
    if (!next_is(r, ' '))
        take_text(r, "\r\n", "a space or CRLF");
    else
        skip_line(r);
}

static void take_tcp(struct reader *r)
{
    uint8_t to[IPV6] = {0};
    take_text(r, "TCP", protocols);
    bool v6 = peek(r) == '6';
    (void)take(r, v6 || peek(r) == '4', protocols);
    take_text(r, " ", "a space");
    r->client.family = v6 ? PROXY_IPV6 : PROXY_IPV4;
    take_address(r, v6, r->client.ip);
    take_address(r, v6, to);
    r->client.port = (uint16_t)take_decimal(r, UINT16_MAX, "a port");
    take_text(r, " ", "a space");
    (void)take_decimal(r, UINT16_MAX, "a port");
    take_text(r, "\r\n", "CRLF");
}

static void read_version_1(struct reader *r)
{
    take_text(r, "PROXY ", beginnings);
    if (peek(r) == 'U')
        take_unknown(r);
    else
        take_tcp(r);
    r->length = (uint32_t)(r->at - r->start);
    if (r->state == PROXY_MORE && r->length == PROXY_LINE_MAX) {
        r->at--;
        r->state = PROXY_DONE;
        refuse(r, "CRLF by now");
    }
}

/* ------------------------------------------------------------------------------------------------
 * Version 2 (section 2.2).
 */

enum { LOCAL = 0x20, PROXY = 0x21 };       /* the 13th byte: version and command */
enum { FAMILY_MAX = 3, PROTOCOL_MAX = 2 }; /* the halves of the 14th */

/* Whose addresses come. Of what is not TCP over IP, the connection's own stand. */
static enum proxy_family family_of(int command, int byte)
{
    if (command == LOCAL)
        return PROXY_OWN;
    return byte == 0x11 ? PROXY_IPV4 : byte == 0x21 ? PROXY_IPV6 : PROXY_OWN;
}

static void read_version_2(struct reader *r)
{
    static const uint8_t signature[] = {0x0D, 0x0A, 0x0D, 0x0A, 0x00, 0x0D,
                                        0x0A, 'Q',  'U',  'I',  'T',  0x0A};
    static const int ip_sizes[] = {[PROXY_OWN] = 0, [PROXY_IPV4] = IPV4, [PROXY_IPV6] = IPV6};
    for (size_t i = 0; i < sizeof signature; i++)
        (void)take(r, peek(r) == signature[i], beginnings);
    int command = take(r, (peek(r) | 1) == PROXY, "version 2 with the command LOCAL or PROXY");
    bool known = peek(r) / 16 <= FAMILY_MAX && peek(r) % 16 <= PROTOCOL_MAX;
    int byte = take(r, known || command == LOCAL, "a family and a protocol of version 2");
    enum proxy_family family = family_of(command, byte);
    int ip_size = ip_sizes[family], all = ip_size > 0 ? 2 * ip_size + 2 * 2 : 0;
    int high = take(r, true, NULL), length = high * 256 + peek(r);
    (void)take(r, length >= all, "a length with room for the addresses");
    if (r->state != PROXY_DONE)
        return;
    r->length = 16 + (uint32_t)length;
    r->client.family = family;
    if (ip_size == 0 || r->end - r->at < all)
        return;
    /* Source and destination, then their ports. */
    const uint8_t *port = r->at + (all - 2 * 2);
    memcpy(r->client.ip, r->at, (size_t)ip_size);
    r->client.port = (uint16_t)(port[0] << 8 | port[1]);
}

/* ---------------------------------------------------------------------------------------------- */

/* The two versions begin with different bytes. */
static struct reader read_header(const uint8_t *bytes, size_t n)
{
    struct reader r = {.start = bytes, .at = bytes, .end = bytes + n};
    r.state = PROXY_DONE;
    if (peek(&r) == '\r')
        read_version_2(&r);
    else
        read_version_1(&r);
    return r;
}

/* How much of so many bytes is kept. */
static size_t kept(size_t n)
{
    return n < PROXY_LINE_MAX ? n : PROXY_LINE_MAX;
}

void proxy_init(struct proxy *p)
{
    p->expected = NULL;
    p->len = 0;
}

enum proxy_state proxy_push(struct proxy *p, const uint8_t *in, size_t n, size_t *used)
{
    size_t before = kept(p->len),
           now = before + kept(n) < PROXY_LINE_MAX ? before + n : PROXY_LINE_MAX;
    assert(n > 0 && !p->expected);
    memcpy(p->bytes + before, in, now - before);
    struct reader r = read_header(p->bytes, now);

    *used = n;
    if (r.state == PROXY_WRONG) {
        p->len = (uint32_t)(r.at - r.start);
        p->expected = r.expected;
    } else if (r.state == PROXY_DONE && n >= r.length - p->len) {
        *used = r.length - p->len;
        p->len = r.length;
    } else {
        p->len += (uint32_t)n;
        r.state = PROXY_MORE;
    }
    return r.state;
}

struct proxy_client proxy_client(const struct proxy *p)
{
    assert(p->len > 0 && !p->expected);
    return read_header(p->bytes, kept(p->len)).client;
}
