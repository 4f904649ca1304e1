/* compare.c - see compare.h.
 *
 * May use: the line engine's modes, string.h. No system call, clock, errno or allocation.
 */
#include "compare.h"

#include <string.h>

enum {
    SLIP_MAX = 64 * 1024, /* bytes lost, added or come twice that are looked for */
    EVIDENCE = 4,         /* bytes that must fit before a guess is made, if there are as many */
    FEW = 2,
    FAR = 256,         /* for more bytes lost, added or come twice than these ... */
    FAR_EVIDENCE = 32, /* ... so many must fit: there are many places to be wrong about */
    FIT_MAX = 64       /* more are not looked at */
};

unsigned modes_known(unsigned modes)
{
    unsigned known = 0;
    for (unsigned m = 0; echo_mode_name(m); m++)
        known |= modes & MODES_ONLY(m);
    return known;
}

int modes_single(unsigned modes)
{
    for (unsigned m = 0; echo_mode_name(m); m++)
        if (modes == MODES_ONLY(m))
            return (int)m;
    return -1;
}

/* What c comes back as. */
static uint8_t mapped(unsigned mode, uint8_t c)
{
    uint8_t out;
    echo_mode_map((enum echo_mode)mode, &out, &c, 1);
    return out;
}

/* How many of reply[0..n) are what sent[0..n) comes back as, up to the first that is not. */
static size_t matching(unsigned mode, const uint8_t *sent, const uint8_t *reply, size_t n)
{
    uint8_t owed[4096];
    for (size_t at = 0; at < n;) {
        size_t part = n - at < sizeof owed ? n - at : sizeof owed;
        echo_mode_map((enum echo_mode)mode, owed, sent + at, part);
        if (memcmp(owed, reply + at, part) != 0) {
            size_t i = 0;
            while (owed[i] == reply[at + i])
                i++;
            return at + i;
        }
        at += part;
    }
    return n;
}

size_t compare(unsigned *modes, const uint8_t *sent, const uint8_t *reply, size_t n)
{
    size_t best = 0;
    unsigned left = 0;
    for (unsigned m = 0; echo_mode_name(m); m++) {
        if (!(*modes & MODES_ONLY(m)))
            continue;
        size_t len = matching(m, sent, reply, n);
        if (len > best || left == 0) {
            best = len;
            left = 0;
        }
        if (len == best)
            left |= MODES_ONLY(m);
    }
    *modes = left;
    return best;
}

/* ------------------------------------------------------------------------------------------------
 * What may have happened.
 */

struct guess {
    enum slip slip;
    size_t count, fits; /* so many bytes fit it */
};

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* How many of got[0..n) are the echo of sent[0..n), of the first few. */
static size_t fit(unsigned mode, const uint8_t *sent, const uint8_t *got, size_t n)
{
    return matching(mode, sent, got, least(n, FIT_MAX));
}

/* Notes a guess that n bytes could bear out and `fits` of them do, if it is better than the one
 * there is. */
static void consider(struct guess *best, enum slip slip, size_t count, size_t fits, size_t n)
{
    size_t needed = count > FAR ? FAR_EVIDENCE : least(EVIDENCE, n);
    if (fits > best->fits && fits >= needed)
        *best = (struct guess){slip, count, fits};
}

/* The length of the line that ends where the fault is; 0 if none does. */
static size_t line_before(const struct around *a)
{
    size_t start = a->at;
    if (start == 0 || a->sent[start - 1] != '\n')
        return 0;
    for (start--; start > 0 && a->sent[start - 1] != '\n'; start--)
        continue;
    return a->at - start;
}

static void guess_slip(struct fault *fault, unsigned mode, const struct around *a)
{
    const uint8_t *owed = a->sent + a->at;
    size_t owed_len = a->sent_len - a->at, line = line_before(a), n;
    struct guess best = {SLIP_UNKNOWN, 0, 0};

    if (owed_len > 0) { /* another byte, and the rest is right */
        n = least(owed_len, a->got_len) - 1;
        consider(&best, SLIP_UNKNOWN, 0, fit(mode, owed + 1, a->got + 1, n), n);
    }
    for (size_t k = 1; k <= SLIP_MAX && k < owed_len; k++) {
        n = least(owed_len - k, a->got_len);
        consider(&best, SLIP_LOST, k, fit(mode, owed + k, a->got, n), n);
    }
    for (size_t k = 1; k <= SLIP_MAX && k < a->got_len; k++) {
        n = least(owed_len, a->got_len - k);
        /* Of many bytes some few fit by chance, unless they are all that is owed. */
        consider(&best, SLIP_ADDED, k, fit(mode, owed, a->got + k, n), k > FEW ? owed_len : n);
    }
    for (size_t k = 1; k <= SLIP_MAX && k <= a->at; k++) {
        n = least(k, a->got_len);
        size_t fits = fit(mode, owed - k, a->got, n);
        if (fits == FIT_MAX)
            fits = matching(mode, owed - k, a->got, n);
        if (fits == n && a->got_len > k) { /* and then it goes on */
            size_t rest = least(owed_len, a->got_len - k);
            fits += fit(mode, owed, a->got + k, rest);
            n += rest;
        }
        consider(&best, SLIP_TWICE, k, fits, n);
    }
    n = least(line, a->got_len);
    if (line > 0 && matching(mode, owed - line, a->got, n) == n && n > best.fits) /* however long */
        best = (struct guess){SLIP_TWICE, line, n};
    fault->slip = best.slip;
    fault->count = best.count;
    fault->line = best.slip == SLIP_TWICE && best.count == line;
}

/* Whether what came is what another mode owes. */
static bool other_mode(struct fault *fault, unsigned modes, const struct around *a)
{
    size_t n = least(a->sent_len - a->at, a->got_len);
    for (unsigned m = 0; n > 0 && echo_mode_name(m); m++)
        if (!(modes & MODES_ONLY(m)) && matching(m, a->sent + a->at, a->got, n) == n) {
            fault->slip = SLIP_MODE;
            fault->count = m;
            return true;
        }
    return false;
}

void fault_find(struct fault *fault, unsigned modes, uint64_t offset, const struct around *a)
{
    *fault = (struct fault){.offset = offset, .got = a->got[0], .expected = -1, .or_expected = -1};
    unsigned mode = 0;
    for (unsigned m = 0; echo_mode_name(m); m++) {
        if (!(modes & MODES_ONLY(m)))
            continue;
        mode = m;
        int owed = a->at < a->sent_len ? mapped(m, a->sent[a->at]) : -1;
        if (fault->expected < 0)
            fault->expected = owed;
        else if (owed != fault->expected)
            fault->or_expected = owed;
    }
    if (!other_mode(fault, modes, a))
        guess_slip(fault, mode, a);
}
