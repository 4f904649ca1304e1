/* text.c - see text.h. */
#include "text.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/un.h>

size_t text_escape_byte(uint8_t c, char out[TEXT_ESCAPE_MAX])
{
    static const char hex[] = "0123456789abcdef";
    static const char special[] = "\\\t\r\n", letters[] = "\\trn";
    const char *at = c ? strchr(special, c) : NULL;

    if (at) {
        out[0] = '\\';
        out[1] = letters[at - special];
        return 2;
    }
    if (c >= ' ' && c <= '~') {
        out[0] = (char)c;
        return 1;
    }
    memcpy(out, (const char[]){'\\', 'x', hex[c >> 4], hex[c & 15]}, 4);
    return 4;
}

void text_escape(const char *string, char *out, size_t size)
{
    while (*string && size > TEXT_ESCAPE_MAX) {
        size_t n = text_escape_byte((uint8_t)*string++, out);
        out += n;
        size -= n;
    }
    *out = '\0';
}

void text_address(const struct sockaddr_storage *address, socklen_t len, char out[TEXT_ADDRESS_MAX])
{
    char host[INET6_ADDRSTRLEN] = "?";
    if (address->ss_family == AF_INET) {
        struct sockaddr_in in;
        memcpy(&in, address, sizeof in);
        inet_ntop(AF_INET, &in.sin_addr, host, sizeof host);
        snprintf(out, TEXT_ADDRESS_MAX, "%s:%u", host, ntohs(in.sin_port));
    } else if (address->ss_family == AF_INET6) {
        struct sockaddr_in6 in6;
        char scope[16] = "";
        memcpy(&in6, address, sizeof in6);
        inet_ntop(AF_INET6, &in6.sin6_addr, host, sizeof host);
        if (in6.sin6_scope_id)
            snprintf(scope, sizeof scope, "%%%u", (unsigned)in6.sin6_scope_id);
        snprintf(out, TEXT_ADDRESS_MAX, "[%s%s]:%u", host, scope, ntohs(in6.sin6_port));
    } else if (address->ss_family == AF_UNSPEC) {
        snprintf(out, TEXT_ADDRESS_MAX, "standard input");
    } else {
        /* The kernel may leave the path without a final 0, and gives nameless peers no path at all.
         */
        enum { PATH_MAX_BYTES = sizeof((struct sockaddr_un *)NULL)->sun_path };
        size_t before = offsetof(struct sockaddr_un, sun_path);
        size_t n = len > before ? len - before : 0;
        char path[PATH_MAX_BYTES + 1] = "", shown[TEXT_ADDRESS_MAX - 8];
        n = n < PATH_MAX_BYTES ? n : PATH_MAX_BYTES;
        memcpy(path, (const char *)address + before, n);
        text_escape(path, shown, sizeof shown);
        snprintf(out, TEXT_ADDRESS_MAX, "unix%s%s", *shown ? ":" : "", shown);
    }
}
