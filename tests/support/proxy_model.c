/* proxy_model.c - see proxy_model.h. */
#include "proxy_model.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool begins(const uint8_t *in, size_t n, const char *with, size_t len)
{
    return memcmp(in, with, n < len ? n : len) == 0;
}

static bool port(const char *text, uint16_t *value)
{
    char again[16];
    *value = (uint16_t)atol(text);
    snprintf(again, sizeof again, "%u", *value);
    return strcmp(text, again) == 0; /* neither signs, zeroes in front nor more than fits */
}

/* A line without its CRLF. */
static bool tcp_line(char *line, struct proxy_client *client)
{
    char *word[6] = {0};
    uint8_t to[16];
    uint16_t to_port;
    for (int i = 0; i < 6; i++)
        word[i] = strsep(&line, " ");
    if (!word[5] || line || strcmp(word[0], "PROXY") != 0)
        return false;
    bool v6 = strcmp(word[1], "TCP6") == 0;
    int family = v6 ? AF_INET6 : AF_INET;
    client->family = v6 ? PROXY_IPV6 : PROXY_IPV4;
    return (v6 || strcmp(word[1], "TCP4") == 0) && inet_pton(family, word[2], client->ip) == 1 &&
           inet_pton(family, word[3], to) == 1 && port(word[4], &client->port) &&
           port(word[5], &to_port);
}

static enum proxy_state version_1(const uint8_t *in, size_t n, size_t *used,
                                  struct proxy_client *client)
{
    static const char unknown[] = "PROXY UNKNOWN";
    char line[PROXY_LINE_MAX + 1] = "";
    size_t end = 0, most = n < PROXY_LINE_MAX ? n : PROXY_LINE_MAX;
    while (end + 2 <= most && memcmp(in + end, "\r\n", 2) != 0)
        end++;
    if (end + 2 > most)
        return n < PROXY_LINE_MAX ? PROXY_MORE : PROXY_WRONG;
    *used = end + 2;
    memcpy(line, in, end);
    if (strcmp(line, unknown) == 0 && end == strlen(unknown))
        return PROXY_DONE;
    if (strncmp(line, unknown, strlen(unknown)) == 0)
        return line[strlen(unknown)] == ' ' ? PROXY_DONE : PROXY_WRONG;
    return strlen(line) == end && tcp_line(line, client) ? PROXY_DONE : PROXY_WRONG;
}

static enum proxy_state version_2(const uint8_t *in, size_t n, size_t *used,
                                  struct proxy_client *client)
{
    if (n > 12 && in[12] != 0x20 && in[12] != 0x21)
        return PROXY_WRONG;
    bool local = n > 12 && in[12] == 0x20;
    if (n > 13 && !local && (in[13] > 0x3F || (in[13] & 0x0F) > 2))
        return PROXY_WRONG;
    if (n < 16)
        return PROXY_MORE;
    size_t length = in[14] * 256u + in[15];
    bool tcp4 = !local && in[13] == 0x11, tcp6 = !local && in[13] == 0x21;
    if ((tcp4 && length < 12) || (tcp6 && length < 36))
        return PROXY_WRONG;
    if (n < 16 + length)
        return PROXY_MORE;
    *used = 16 + length;
    client->family = tcp4 ? PROXY_IPV4 : tcp6 ? PROXY_IPV6 : PROXY_OWN;
    if (tcp4 || tcp6)
        memcpy(client->ip, in + 16, tcp4 ? 4 : 16);
    if (tcp4 || tcp6)
        client->port = (uint16_t)(in[tcp4 ? 24 : 48] * 256 + in[tcp4 ? 25 : 49]);
    return PROXY_DONE;
}

enum proxy_state proxy_model(const uint8_t *in, size_t n, size_t *used, struct proxy_client *client)
{
    *used = n;
    *client = (struct proxy_client){0};
    if (begins(in, n, "PROXY ", 6))
        return version_1(in, n, used, client);
    if (begins(in, n, "\r\n\r\n\0\r\nQUIT\n", 12))
        return version_2(in, n, used, client);
    return PROXY_WRONG;
}

bool proxy_model_may_become(const uint8_t *in, size_t n)
{
    /* What is missing is the end of one of these; of their beginnings, just what has not come. */
    enum { FIXED = sizeof "PROXY TCP4 " - 1 };
    static const char *const lines[] = {
        "PROXY TCP4 1.2.3.4 5.6.7.8 9 9\r\n", "PROXY TCP6 1:2:3:4:5:6:7:8 1:2:3:4:5:6:7:8 9 9\r\n",
        "PROXY TCP6 ::1.2.3.4 ::1.2.3.4 9 9\r\n", "PROXY UNKNOWN\r\n"};
    uint8_t whole[PROXY_MODEL_TRY_MAX + 64];
    struct proxy_client client;
    size_t used;
    if (n == 0 || in[0] != 'P')
        return n == 0 || proxy_model(in, n, &used, &client) != PROXY_WRONG;
    memcpy(whole, in, n);
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++)
        for (const char *rest = lines[i] + (n < FIXED ? n : FIXED); *rest; rest++) {
            size_t len = strlen(rest);
            memcpy(whole + n, rest, len);
            if (proxy_model(whole, n + len, &used, &client) == PROXY_DONE && used == n + len)
                return true;
            if (n < FIXED)
                break;
        }
    return false;
}
