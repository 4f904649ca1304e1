/* judge.c - see judge.h. Shares nothing with the ledger but how a set of modes is written. */
#include "judge.h"

#include "connection/ledger.h"

#include <string.h>

static uint8_t mapped(unsigned mode, uint8_t c)
{
    return mode == ECHO_UPPER && c >= 'a' && c <= 'z' ? (uint8_t)(c - 32) : c;
}

static bool begins_with_quit(const uint8_t *line, size_t n)
{
    return n >= 4 && (line[0] | 32) == 'q' && (line[1] | 32) == 'u' && (line[2] | 32) == 'i' &&
           (line[3] | 32) == 't';
}

static bool line_starts(const uint8_t *sent, size_t at)
{
    return at == 0 || sent[at - 1] == '\n';
}

/* The end of the last piece that ends with a `quit` or a `quit` CR that begins a line; 0 for none.
 */
static size_t last_cut(const uint8_t *sent, size_t n, size_t step)
{
    size_t last = 0;
    for (size_t end = 1; end <= n; end++) {
        bool cr = sent[end - 1] == '\r';
        if ((end % step == 0 || end == n) && end >= 4u + cr && line_starts(sent, end - 4 - cr) &&
            begins_with_quit(sent + end - 4 - cr, 4))
            last = end;
    }
    return last;
}

/* Whether the line at `at` may be answered with good bye. */
static bool may_be_quit(const uint8_t *sent, size_t n, size_t at, size_t cut)
{
    const uint8_t *line = sent + at;
    size_t left = n - at;
    if (!line_starts(sent, at) || !begins_with_quit(line, left))
        return false;
    bool cr = left > 4 && line[4] == '\r';
    bool whole = left == 4u + cr || line[4 + cr] == '\n';
    return whole || cut == at + 4 || (cr && cut == at + 5);
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

static size_t judge_one(unsigned mode, const uint8_t *sent, size_t sent_len, size_t step,
                        const uint8_t *reply, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (i == sent_len)
            return i;
        if (reply[i] == mapped(mode, sent[i]))
            continue;
        bool cr = sent_len - i > 4 && sent[i + 4] == '\r';
        if (mode == ECHO_UPPER && may_be_quit(sent, sent_len, i, last_cut(sent, sent_len, step)))
            return i + judge_good_bye(reply + i, n - i, cr);
        return i;
    }
    return n;
}

size_t judge(unsigned modes, const uint8_t *sent, size_t sent_len, size_t step,
             const uint8_t *reply, size_t n)
{
    size_t best = 0;
    for (unsigned m = ECHO_UPPER; m <= ECHO_VERBATIM; m++) {
        size_t right = modes & MODES_ONLY(m) ? judge_one(m, sent, sent_len, step, reply, n) : 0;
        best = right > best ? right : best;
    }
    return best;
}
