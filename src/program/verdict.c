/* verdict.c - see verdict.h. Peer bytes are escaped. */
#include "verdict.h"

#include "dial.h"
#include "text.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

const char *verdict_word(enum exchange_end end)
{
    switch (end) {
    case EXCHANGE_SHORT:
        return "SHORT";
    case EXCHANGE_MISMATCH:
        return "MISMATCH";
    case EXCHANGE_TIMEOUT:
        return "TIMEOUT";
    case EXCHANGE_RESET:
        return "RESET";
    default:
        return NULL;
    }
}

/* "'A' (0x41)" */
static const char *byte_text(int c, char out[32])
{
    char shown[TEXT_ESCAPE_MAX + 1] = "";
    shown[text_escape_byte((uint8_t)c, shown)] = '\0';
    snprintf(out, 32, "'%s' (0x%02x)", shown, (unsigned)c);
    return out;
}

/* "; a CR was left out", or nothing. */
static void guess_text(const struct fault *f, char *out, size_t size)
{
    bool cr = f->count == 1 && (f->slip == SLIP_LOST ? f->expected : f->got) == '\r';
    static const char *const what[] = {
        [SLIP_LOST] = "left out", [SLIP_ADDED] = "put in", [SLIP_TWICE] = "sent twice"};
    if (f->slip == SLIP_UNKNOWN)
        *out = '\0';
    else if (f->slip == SLIP_MODE)
        snprintf(out, size, "; the server speaks %s", echo_mode_name((unsigned)f->count));
    else if (f->line)
        snprintf(out, size, "; a line was sent twice");
    else if (f->count == 1)
        snprintf(out, size, "; a %s was %s", cr ? "CR" : "byte", what[f->slip]);
    else
        snprintf(out, size, "; %zu bytes were %s", f->count, what[f->slip]);
}

/* "offset 4: got 'P' (0x50), expected 'O' (0x4f)", and a guess at what happened. */
static void fault_text(const struct fault *f, char text[VERDICT_MAX])
{
    char got[32], expected[32], or_expected[32], guess[64];
    guess_text(f, guess, sizeof guess);
    if (f->expected < 0)
        snprintf(text, VERDICT_MAX, "offset %" PRIu64 ": got %s, but nothing was owed%s", f->offset,
                 byte_text(f->got, got), guess);
    else
        snprintf(text, VERDICT_MAX, "offset %" PRIu64 ": got %s, expected %s%s%s%s", f->offset,
                 byte_text(f->got, got), byte_text(f->expected, expected),
                 f->or_expected < 0 ? "" : " or ",
                 f->or_expected < 0 ? "" : byte_text(f->or_expected, or_expected), guess);
}

void verdict_text(enum exchange_end end, int error, uint64_t sent, uint64_t back, uint64_t reply_ms,
                  const struct fault *fault, char text[VERDICT_MAX])
{
    char how_far[96];
    snprintf(how_far, sizeof how_far, "with %" PRIu64 " of %" PRIu64 " bytes back", back, sent);
    if (end == EXCHANGE_MISMATCH)
        fault_text(fault, text);
    else if (end == EXCHANGE_TIMEOUT)
        snprintf(text, VERDICT_MAX, "silence for %g s %s%s (-W)", (double)reply_ms / 1e3, how_far,
                 back >= sent ? "; the server did not close" : "");
    else if (end == EXCHANGE_RESET)
        snprintf(text, VERDICT_MAX, "%s %s", strerror(error), how_far);
    else
        snprintf(text, VERDICT_MAX, "the server closed %s%s", how_far,
                 back >= sent ? ", before the end of the input" : "");
}

const char *verdict_load(const struct load_failure *f, const char *address, uint64_t reply_ms,
                         char text[VERDICT_MAX])
{
    if (f->connecting) {
        snprintf(text, VERDICT_MAX, "%s: %s", address, strerror(f->error));
        return dial_word(dial_classify(f->error));
    }
    if (f->end == EXCHANGE_SHORT && f->back == f->sent)
        snprintf(text, VERDICT_MAX, "the server closed between two lines");
    else
        verdict_text(f->end, f->error, f->sent, f->back, reply_ms, &f->fault, text);
    return verdict_word(f->end);
}
