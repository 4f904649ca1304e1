/* proxy_vectors.c - see proxy_vectors.h. */
#include "proxy_vectors.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

enum { FIELDS = 5, LINE_SIZE = 2048 };

static size_t read_number(const char *text)
{
    char *end;
    unsigned long value = strtoul(text, &end, 10);
    return *text && !*end ? value : SIZE_MAX;
}

static bool read_client(const char *text, struct proxy_client *client)
{
    char ip[64];
    *client = (struct proxy_client){0};
    if (strcmp(text, "own") == 0 || strcmp(text, "-") == 0)
        return true;
    if (sscanf(text, "%63s %hu", ip, &client->port) != 2)
        return false;
    bool v6 = strchr(ip, ':');
    client->family = v6 ? PROXY_IPV6 : PROXY_IPV4;
    return inet_pton(v6 ? AF_INET6 : AF_INET, ip, client->ip) == 1;
}

static bool read_outcome(const char *text, struct proxy_vector *v)
{
    v->at = SIZE_MAX;
    v->outcome = PROXY_MORE;
    if (strcmp(text, "more") == 0)
        return true;
    v->outcome = strncmp(text, "done ", 5) == 0 ? PROXY_DONE : PROXY_WRONG;
    v->at = v->outcome == PROXY_DONE || strncmp(text, "wrong ", 6) == 0
                ? read_number(strchr(text, ' ') + 1)
                : SIZE_MAX;
    return v->at <= v->in_len;
}

/* Returns NULL or what is wrong. */
static const char *read_row(char *line, struct proxy_vector *v)
{
    char *field[FIELDS] = {0};
    token in[VECTOR_BYTES_MAX];
    for (size_t i = 0; i < FIELDS; i++)
        field[i] = strsep(&line, "\t");
    if (!field[FIELDS - 1] || line)
        return "not five fields";
    snprintf(v->name, sizeof v->name, "%s", field[0]);
    v->written_len = vector_decode(field[1], in);
    size_t rest = read_number(field[2]);
    if (v->written_len == SIZE_MAX || rest > PROXY_MAX)
        return "the input is not well formed or too long";
    memset(v->in, 0, sizeof v->in);
    for (size_t i = 0; i < v->written_len; i++) {
        if (in[i] == SILENCE)
            return "a silence in the input";
        v->in[i] = (uint8_t)in[i];
    }
    v->in_len = v->written_len + rest;
    if (!read_outcome(field[3], v))
        return "the outcome is none";
    return read_client(field[4], &v->client) ? NULL : "the client is none";
}

bool proxy_vector_next(FILE *table, struct proxy_vector *v)
{
    char line[LINE_SIZE];
    while (fgets(line, sizeof line, table)) {
        v->row++;
        size_t len = strcspn(line, "\n");
        const char *wrong = line[len] ? NULL : "the line has no end, or is too long";
        line[len] = '\0';
        if (!wrong && (len == 0 || line[0] == '#'))
            continue;
        if (!wrong)
            wrong = read_row(line, v);
        if (!wrong)
            return true;
        fprintf(stderr, "proxy.tsv:%d: %s\n", v->row, wrong);
        exit(1);
    }
    return false;
}
