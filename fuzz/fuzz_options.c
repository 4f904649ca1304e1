/* fuzz_options.c - every parser of what people type.
 *
 * The input is words, each ended by a 0 byte: a command line for the server and for the client; and
 * each word by itself a time, a port and a host. Times are compared with a model, hosts are put
 * together again, and a complaint must be one printable line.
 */
#include "check.h"
#include "program/client_options.h"
#include "program/server_options.h"
#include "program/values.h"
#include "target.h"

#include <netdb.h>
#include <string.h>

enum { WORDS_MAX = 24, INPUT_MAX = 512 };

/* In place of the C library's, which would read files: no service has a name here. */
int getaddrinfo(const char *node, const char *service, const struct addrinfo *hints,
                struct addrinfo **found)
{
    (void)node, (void)service, (void)hints, (void)found;
    return EAI_NONAME;
}

static void check_complaint(const char *error)
{
    size_t n = strlen(error);
    check(n > 0 && n < OPTIONS_ERROR_MAX, "a complaint without words");
    for (size_t i = 0; i < n; i++)
        check(error[i] >= ' ' && error[i] <= '~', "a complaint that is not one printable line");
}

/* Digits with at most one point, then a unit: how many microseconds is that? UINT64_MAX: no time.
 */
static uint64_t model_time_us(const char *text)
{
    uint64_t whole = 0, part = 0, scale = 1000000, unit;
    size_t digits = strspn(text, "0123456789"), decimals = 0;
    if (digits > 12)
        return UINT64_MAX;
    for (size_t i = 0; i < digits; i++)
        whole = whole * 10 + (uint64_t)(text[i] - '0');
    text += digits;
    if (*text == '.') {
        decimals = strspn(++text, "0123456789");
        if (decimals > 6)
            return UINT64_MAX;
        for (size_t i = 0; i < decimals; i++)
            part += (uint64_t)(text[i] - '0') * (scale /= 10);
        text += decimals;
    }
    if (digits + decimals == 0)
        return UINT64_MAX;
    if (strcmp(text, "ms") == 0)
        unit = 1;
    else if (strcmp(text, "m") == 0)
        unit = 60000;
    else if (*text == '\0' || strcmp(text, "s") == 0)
        unit = 1000;
    else
        return UINT64_MAX;
    uint64_t ms = whole * unit, us = part * unit; /* part is in millionths of a unit */
    if (us % 1000000 != 0 || ms + us / 1000000 > VALUE_TIME_MAX_MS)
        return UINT64_MAX;
    return (ms + us / 1000000) * 1000;
}

static void check_word(const char *word)
{
    uint64_t ms = 0, us = model_time_us(word);
    bool is_time = value_time(word, &ms);
    /* The model gives up earlier on very long numbers; where it does not, they agree. */
    if (us != UINT64_MAX)
        check(is_time && ms * 1000 == us, "a time is not what the model says");
    if (is_time)
        check(ms <= VALUE_TIME_MAX_MS, "a time is too long");

    uint16_t port = 0;
    if (value_port(word, &port)) {
        size_t digits = strspn(word, "0123456789");
        check(digits > 0 && word[digits] == '\0', "a port that is not a number");
        check(strtoul(word, NULL, 10) == port, "a port is another number");
    }

    char host[64], again[160];
    const char *port_text;
    if (value_host_port(word, host, sizeof host, &port_text)) {
        bool bracketed = word[0] == '[';
        check(host[0] != '\0', "an empty host");
        snprintf(again, sizeof again, "%s%s%s%s", bracketed ? "[" : "", host, bracketed ? "]" : "",
                 port_text ? ":" : "");
        check(strncmp(again, word, strlen(again)) == 0, "a host is not what was given");
        check(!port_text || strcmp(word + strlen(again), port_text) == 0, "a port is elsewhere");
        check(port_text || strlen(again) == strlen(word), "something is left over");
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char text[INPUT_MAX + 1];
    static struct client_options client;
    static struct server_options server;
    char *words[WORDS_MAX + 2] = {"program"}, *argv[WORDS_MAX + 2], error[OPTIONS_ERROR_MAX];
    int count = 1;
    size_t n = size < INPUT_MAX ? size : INPUT_MAX;
    if (n > 0)
        memcpy(text, data, n);
    text[n] = '\0';
    for (char *at = text; at < text + n && count <= WORDS_MAX; at += strlen(at) + 1) {
        words[count++] = at;
        check_word(at);
    }

    memcpy(argv, words, sizeof argv);
    if (!server_options_parse(&server, count, argv, error)) {
        check_complaint(error);
    } else {
        check(echo_mode_name(server.rules.mode) != NULL, "no such mode");
        check(server.listen.bind_count <= LISTEN_MAX, "too many addresses");
        check(server.rules.idle_ms <= VALUE_TIME_MAX_MS && server.drain_ms <= VALUE_TIME_MAX_MS,
              "a time is too long");
    }
    memcpy(argv, words, sizeof argv);
    if (!client_options_parse(&client, count, argv, error)) {
        check_complaint(error);
    } else if (!client.help && !client.version) {
        check(client.dial.unix_path || (client.dial.host == client.host && client.dial.port > 0),
              "nothing to connect to");
        check((client.messages == NULL) == (client.message_count == 0), "messages without a count");
        check(client.message_count < WORDS_MAX, "more messages than words");
    }
    return 0;
}
