/* judge.c - see judge.h. Shares nothing with the ledger but how a set of modes is written. */
#include "judge.h"

#include "connection/ledger.h"

#include <string.h>

static uint8_t mapped(unsigned mode, uint8_t c)
{
    return mode == ECHO_UPPER && c >= 'a' && c <= 'z' ? (uint8_t)(c - 32) : c;
}

/* Whether a line is `quit`, as far as it was sent. */
static bool is_quit(const uint8_t *line, size_t n)
{
    return n >= 4 && (line[0] | 32) == 'q' && (line[1] | 32) == 'u' && (line[2] | 32) == 'i' &&
           (line[3] | 32) == 't' &&
           (n == 4 || line[4] == '\n' || (line[4] == '\r' && (n == 5 || line[5] == '\n')));
}

/* How many bytes of a farewell are right. */
static size_t judge_good_bye(const uint8_t *reply, size_t n, bool cr)
{
    static const char *const farewells[] = {"Good bye\n", "Good bye\r\n"};
    size_t best = 0;
    for (int i = 0; i <= cr; i++) {
        size_t len = strlen(farewells[i]), same = 0;
        while (same < n && same < len && reply[same] == (uint8_t)farewells[i][same])
            same++;
        best = same > best ? same : best;
    }
    return best;
}

static size_t judge_one(unsigned mode, const uint8_t *sent, size_t sent_len, const uint8_t *reply,
                        size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (i == sent_len)
            return i;
        if (reply[i] == mapped(mode, sent[i]))
            continue;
        bool line_start = i == 0 || sent[i - 1] == '\n';
        bool cr = sent_len - i > 4 && sent[i + 4] == '\r';
        if (mode == ECHO_UPPER && line_start && is_quit(sent + i, sent_len - i))
            return i + judge_good_bye(reply + i, n - i, cr);
        return i;
    }
    return n;
}

size_t judge(unsigned modes, const uint8_t *sent, size_t sent_len, const uint8_t *reply, size_t n)
{
    size_t best = 0;
    for (unsigned m = ECHO_UPPER; m <= ECHO_VERBATIM; m++) {
        size_t right = modes & LEDGER_ONLY(m) ? judge_one(m, sent, sent_len, reply, n) : 0;
        best = right > best ? right : best;
    }
    return best;
}
