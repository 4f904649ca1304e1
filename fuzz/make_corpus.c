/* make_corpus.c - writes the seed corpora, one small file per row of the vectors, named
 * after it. Made at build time, so they cannot drift from the vectors or the targets' formats.
 *
 * usage: make_corpus SESSIONS_TSV PROXY_TSV FOLDER     makes FOLDER/line, /connection, /ledger,
 * /loop, /options, /proxy
 */
#include "support/proxy_vectors.h"
#include "support/vectors.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static const char *root;

static void make_folder(const char *path)
{
    if (mkdir(path, 0777) == 0 || errno == EEXIST)
        return;
    perror(path);
    exit(1);
}

static void write_seed(const char *target, const char *name, const uint8_t *bytes, size_t n)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", root, target);
    make_folder(path);
    snprintf(path, sizeof path, "%s/%s/%s", root, target, name);
    FILE *file = fopen(path, "wb");
    if (!file || fwrite(bytes, 1, n, file) != n || fclose(file) != 0) {
        perror(path);
        exit(1);
    }
}

/* The raw stream. */
static size_t bytes_of(const struct vector *v, uint8_t *out)
{
    size_t n = 0;
    for (size_t i = 0; i < v->in_len; i++)
        if (v->in[i] != SILENCE)
            out[n++] = (uint8_t)v->in[i];
    return n;
}

static void seed_line(const struct vector *v)
{
    uint8_t seed[512];
    write_seed("line", v->name, seed, bytes_of(v, seed));
}

/* Rules, script length, script, stream (see fuzz_connection.c): receives up to each silence, sends
 * what is owed, waits. */
static void seed_connection(const struct vector *v)
{
    uint8_t seed[2 + 512 + 256], script[512];
    size_t n = 0;
    for (size_t i = 0; i < v->in_len; i++) {
        if (v->in[i] == SILENCE) {
            script[n++] = 0x3F;
            script[n++] = 0x40;
        } else if (i + 1 < v->in_len && v->in[i + 1] == SILENCE) {
            script[n++] = (uint8_t)(i + 1);
        }
    }
    n = n < 255 ? n : 255;
    seed[0] = (uint8_t)((v->mode == ECHO_VERBATIM) | v->dot_stop << 1 | 8);
    seed[1] = (uint8_t)n;
    memcpy(seed + 2, script, n);
    write_seed("connection", v->name, seed, 2 + n + bytes_of(v, seed + 2 + n));
}

/* Modes and step, how much was sent, that, and the right reply (see fuzz_ledger.c). */
static void seed_ledger(const struct vector *v)
{
    uint8_t seed[2 + 256 + 256];
    size_t n = bytes_of(v, seed + 2);
    seed[0] = (uint8_t)(1u << v->mode | 3 << 2);
    seed[1] = (uint8_t)n;
    memcpy(seed + 2 + n, v->out, v->out_len);
    write_seed("ledger", v->name, seed, 2 + n + v->out_len);
}

/* Model and rules, limits, then: a client comes, sends up to 15 bytes, takes 31, and so on (see
 * fuzz_loop.c); a silence is what the waits of the loop bring by themselves. Each time without and
 * with a proxy's header, the shortest. */
static void seed_loop(const struct vector *v)
{
    uint8_t seed[6 + 6 * 512];
    for (uint8_t model = 0; model < 4; model++) {
        char name[96];
        size_t n = 0;
        bool header = model & 2;
        seed[n++] = (uint8_t)((model & 1) | (v->mode == ECHO_VERBATIM) << 1 | v->dot_stop << 2);
        seed[n++] = (uint8_t)(3 | 1 << 2 | header << 6);
        seed[n++] = 0;
        if (header) {
            memcpy(seed + n, (uint8_t[]){0, 1, 15}, 3);
            n += 3;
        }
        for (size_t i = 0; i < v->in_len; i++) {
            if (v->in[i] == SILENCE)
                continue;
            seed[n++] = 1;
            seed[n++] = 1;
            seed[n++] = (uint8_t)v->in[i];
            seed[n++] = 4;
            seed[n++] = 31;
        }
        seed[n++] = 3;
        snprintf(name, sizeof name, "%s%s-%s", header ? "proxied-" : "",
                 model & 1 ? "event" : "iterative", v->name);
        write_seed("loop", name, seed, n);
    }
}

static void seed_options(void)
{
    static const struct {
        const char *name, *words; /* words end with |, which becomes a 0 byte */
    } seeds[] = {
        {"none", "|"},
        {"port", "4242|"},
        {"server", "-m|verbatim|-b|*|--idle-timeout|500ms|--drain-timeout=1.5m|0|"},
        {"server-flags", "-1|-4|-6|--dot-stop|--show|-v|--quiet|--log|json|"},
        {"server-unix", "-U|/tmp/echo.sock|"},
        {"model", "--model|fork|"},
        {"client", "--expect|auto|-w|2s|-W|0|--retry|1m|localhost|4242|hello|--|-x|"},
        {"client-host-port", "[::1]:4242|message|"},
        {"client-v6", "::1|7|"},
        {"help", "--help|--version|"},
        {"wrong", "--loud|-z|70000|5x|[::1|:80|"},
    };
    for (size_t i = 0; i < sizeof seeds / sizeof seeds[0]; i++) {
        uint8_t seed[256];
        size_t n = strlen(seeds[i].words);
        for (size_t c = 0; c < n; c++)
            seed[c] = seeds[i].words[c] == '|' ? 0 : (uint8_t)seeds[i].words[c];
        write_seed("options", seeds[i].name, seed, n);
    }
}

/* The size of pieces, and what comes (see fuzz_proxy.c). */
static void seed_proxy(const char *path)
{
    static struct proxy_vector v;
    uint8_t seed[1 + VECTOR_BYTES_MAX];
    FILE *table = fopen(path, "r");
    if (!table) {
        perror(path);
        exit(1);
    }
    while (proxy_vector_next(table, &v)) {
        seed[0] = 6;
        memcpy(seed + 1, v.in, v.written_len);
        write_seed("proxy", v.name, seed, 1 + v.written_len);
    }
    fclose(table);
}

int main(int argc, char **argv)
{
    size_t count;
    if (argc != 4) {
        fprintf(stderr, "usage: make_corpus SESSIONS_TSV PROXY_TSV FOLDER\n");
        return 2;
    }
    root = argv[3];
    make_folder(root);
    struct vector *vectors = vectors_read(argv[1], &count);
    for (size_t i = 0; i < count; i++) {
        seed_line(&vectors[i]);
        seed_connection(&vectors[i]);
        seed_ledger(&vectors[i]);
        seed_loop(&vectors[i]);
    }
    seed_options();
    seed_proxy(argv[2]);
    free(vectors);
    return 0;
}
