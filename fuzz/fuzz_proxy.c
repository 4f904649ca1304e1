/* fuzz_proxy.c - the parser of PROXY headers against the naive model.
 *
 * The first byte says in what pieces the input comes, the others are what a proxy sends. They are
 * run whole, byte by byte and in those pieces; headers of version 2 then with so many zeroes after
 * them that any comes to its end, whole and in large pieces. Each time outcome, length and client
 * must be those of the model, and of what is wrong the offset must be that of the first byte with
 * which it cannot be the beginning of a header any more.
 */
#include "check.h"
#include "connection/proxy.h"
#include "support/proxy_model.h"
#include "target.h"

#include <string.h>

enum { INPUT_MAX = 512 };

/* Whether in[0..n) is right so far or not, as is claimed; or the model cannot say it, of a long
 * line. */
static bool is_beginning(bool claimed, const uint8_t *in, size_t n)
{
    return (in[0] == 'P' && n > PROXY_MODEL_TRY_MAX) || proxy_model_may_become(in, n) == claimed;
}

static void check_outcome(const uint8_t *in, size_t n, const struct proxy *p,
                          enum proxy_state state)
{
    size_t length;
    struct proxy_client expected, client;
    enum proxy_state right = proxy_model(in, n, &length, &expected);
    switch (state) {
    case PROXY_MORE:
        check(right == PROXY_MORE, "goes on where the model does not");
        check(p->len == n, "more, and not all was taken");
        check(is_beginning(true, in, n), "goes on with what is no header");
        break;
    case PROXY_WRONG:
        check(right != PROXY_DONE, "refuses what is a header");
        check(p->len < n && p->bytes[p->len] == in[p->len], "tells another byte than what came");
        check(p->expected[0] != 0, "tells nothing that was expected");
        check(is_beginning(true, in, p->len), "was wrong before");
        check(is_beginning(false, in, p->len + 1), "refuses a byte that may be right");
        break;
    case PROXY_DONE:
        client = proxy_client(p);
        check(right == PROXY_DONE, "takes for a header what is none");
        check(p->len == length, "another length than the model says");
        check(client.family == expected.family && client.port == expected.port &&
                  memcmp(client.ip, expected.ip, sizeof client.ip) == 0,
              "another client than the model says");
        break;
    }
}

static enum proxy_state run(struct proxy *p, const uint8_t *in, size_t n, size_t step)
{
    enum proxy_state state = PROXY_MORE;
    proxy_init(p);
    for (size_t at = 0, used; at < n && state == PROXY_MORE; at += used) {
        size_t piece_len = step < n - at ? step : n - at;
        uint8_t *piece = malloc(piece_len); /* of exactly that length, for the sanitizer */
        check(piece != NULL, "out of memory");
        memcpy(piece, in + at, piece_len);
        state = proxy_push(p, piece, piece_len, &used);
        free(piece);
        check(used <= piece_len, "took more than there is");
        check(state == PROXY_WRONG || p->len == at + used, "counts otherwise than it takes");
        check(state == PROXY_DONE || used == piece_len, "leaves what is not the client's");
    }
    return state;
}

/* Whole, as the model has it, and in pieces the same. */
static void run_all(const uint8_t *in, size_t n, const size_t *steps, size_t count)
{
    struct proxy whole, p;
    enum proxy_state state = run(&whole, in, n, n);
    check_outcome(in, n, &whole, state);
    for (size_t i = 0; i < count; i++) {
        check(run(&p, in, n, steps[i]) == state, "in pieces it comes to something else");
        check(p.len == whole.len && p.expected == whole.expected, "in pieces it ends elsewhere");
        check(memcmp(p.bytes, whole.bytes, p.len < sizeof p.bytes ? p.len : sizeof p.bytes) == 0,
              "in pieces it keeps other bytes");
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t in[INPUT_MAX + PROXY_MAX];
    if (size < 2)
        return 0;
    size_t n = size - 1 < INPUT_MAX ? size - 1 : INPUT_MAX, step = 1 + data[0];
    memcpy(in, data + 1, n);
    memset(in + n, 0, INPUT_MAX - n);
    run_all(in, n, (size_t[]){1, step}, 2);
    if (in[0] == '\r') /* what follows is for headers that say how long they are */
        run_all(in, n + PROXY_MAX, (size_t[]){n + 256 * step}, 1);
    return 0;
}
