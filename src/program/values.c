/* values.c - see values.h. */
#include "values.h"

#include <netdb.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* What one second, or one of the unit, is in milliseconds; 0 if it is no unit. */
static uint64_t unit_ms(const char *unit)
{
    if (*unit == '\0' || strcmp(unit, "s") == 0)
        return 1000;
    if (strcmp(unit, "ms") == 0)
        return 1;
    return strcmp(unit, "m") == 0 ? 60000 : 0;
}

bool value_time(const char *text, uint64_t *ms)
{
    uint64_t number = 0, scale = 1; /* the value is number / scale units */
    bool digits = false, point = false;

    for (; is_digit(*text) || (*text == '.' && !point); text++) {
        if (*text == '.') {
            point = true;
            continue;
        }
        digits = true;
        number = number * 10 + (uint64_t)(*text - '0');
        scale *= point ? 10 : 1;
        if (number > VALUE_TIME_MAX_MS * 1000 || scale > 1000000)
            return false;
    }
    uint64_t unit = unit_ms(text);
    if (!digits || unit == 0 || number * unit % scale != 0)
        return false;
    number = number * unit / scale;
    if (number > VALUE_TIME_MAX_MS)
        return false;
    *ms = number;
    return true;
}

static bool service_port(const char *name, uint16_t *port)
{
    struct addrinfo hints = {.ai_family = AF_INET, .ai_socktype = SOCK_STREAM}, *found;
    if (getaddrinfo(NULL, name, &hints, &found) != 0)
        return false;
    *port = ntohs(((const struct sockaddr_in *)(const void *)found->ai_addr)->sin_port);
    freeaddrinfo(found);
    return true;
}

/* The digits at *text, at most `most`; *text is moved behind them. */
static bool digits(const char **text, unsigned long most, unsigned long *number)
{
    const char *start = *text;
    for (*number = 0; is_digit(**text); ++*text) {
        *number = *number * 10 + (unsigned long)(**text - '0');
        if (*number > most)
            return false;
    }
    return *text > start;
}

static bool whole_number(const char *text, unsigned long most, unsigned long *number)
{
    return digits(&text, most, number) && *text == '\0';
}

bool value_count(const char *text, unsigned most, unsigned *number)
{
    unsigned long n;
    if (!whole_number(text, most, &n) || n == 0)
        return false;
    *number = (unsigned)n;
    return true;
}

bool value_size(const char *text, unsigned most, unsigned *bytes)
{
    unsigned long n;
    if (!digits(&text, most, &n))
        return false;
    bool kilo = *text == 'K' || *text == 'k', mega = *text == 'M' || *text == 'm';
    unsigned unit = kilo ? 1024 : mega ? 1024 * 1024 : 1;
    text += unit > 1;
    if (*text != '\0' || n == 0 || n > most / unit)
        return false;
    *bytes = (unsigned)n * unit;
    return true;
}

bool value_port(const char *text, uint16_t *port)
{
    unsigned long number;
    if (!is_digit(*text)) {
        bool letter = (*text >= 'a' && *text <= 'z') || (*text >= 'A' && *text <= 'Z');
        return letter && service_port(text, port);
    }
    if (!whole_number(text, UINT16_MAX, &number))
        return false;
    *port = (uint16_t)number;
    return true;
}

static bool copy(char *to, size_t size, const char *from, size_t n)
{
    if (n == 0 || n >= size)
        return false;
    memcpy(to, from, n);
    to[n] = '\0';
    return true;
}

bool value_host_port(const char *text, char *host, size_t size, const char **port)
{
    const char *colon = strchr(text, ':');
    *port = NULL;

    if (text[0] == '[') {
        const char *end = strchr(text, ']');
        if (!end || (end[1] != '\0' && end[1] != ':'))
            return false;
        if (end[1] == ':')
            *port = end + 2;
        return copy(host, size, text + 1, (size_t)(end - text - 1));
    }
    if (!colon || strchr(colon + 1, ':')) /* a name, or an IPv6 address as it is */
        return copy(host, size, text, strlen(text));
    *port = colon + 1;
    return copy(host, size, text, (size_t)(colon - text));
}
