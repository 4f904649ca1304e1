/* ledger.c - see ledger.h.
 *
 * May use: compare.h, the line engine's modes, string.h, assert. No system call, clock, errno or
 * allocation.
 */
#include "ledger.h"

#include <assert.h>
#include <string.h>

enum { QUIT_LEN = 4, GOOD_BYE_LEN = sizeof(ECHO_GOOD_BYE) - 1 };

void ledger_init(struct ledger *l, unsigned modes, uint8_t *buffer, size_t size)
{
    assert(size > 0);
    *l = (struct ledger){.buffer = buffer, .size = size, .modes = modes_known(modes), .last = '\n'};
}

size_t ledger_room(struct ledger *l, uint8_t **at)
{
    /* Moved to the front when at least as much comes free: that is a move of a byte for each that
     * is put, at most, and what is in use stays together and in the cache. */
    if (l->back >= l->end - l->back) {
        memmove(l->buffer, l->buffer + l->back, l->end - l->back);
        l->sent -= l->back;
        l->end -= l->back;
        l->back = 0;
    }
    *at = l->buffer + l->end;
    return l->size - l->end;
}

void ledger_put(struct ledger *l, size_t n)
{
    assert(n <= l->size - l->end);
    l->end += n;
}

size_t ledger_unsent(const struct ledger *l, const uint8_t **bytes)
{
    *bytes = l->buffer + l->sent;
    return l->end - l->sent;
}

/* Whether line[0..n) is `quit`, or that and a CR; n is the length of one of these. */
static bool is_quit(const uint8_t *line, size_t n)
{
    for (size_t i = 0; i < QUIT_LEN; i++)
        if ((line[i] | 0x20) != "quit"[i])
            return false;
    return n == QUIT_LEN || line[QUIT_LEN] == '\r';
}

/* Whether what was sent and has not come back ends with n bytes that begin a line and are `quit`.
 */
static bool ends_with_quit(const struct ledger *l, size_t n)
{
    if (l->sent - l->back < n)
        return false;
    const uint8_t *line = l->buffer + l->sent - n;
    uint8_t before = l->sent - l->back == n ? l->last : line[-1];
    return before == '\n' && is_quit(line, n);
}

void ledger_sent(struct ledger *l, size_t n)
{
    assert(n <= l->end - l->sent);
    l->sent += n;
    l->sent_total += n;
    if (ends_with_quit(l, QUIT_LEN) || ends_with_quit(l, QUIT_LEN + 1))
        l->quit_cut = l->sent_total;
    if (l->modes == MODES_NONE)
        l->back = l->sent;
}

/* Takes as much of reply[0..n) as is the echo of what was sent. Returns how much. */
static size_t take_echo(struct ledger *l, const uint8_t *reply, size_t n)
{
    size_t left = l->sent - l->back;
    size_t right = compare(&l->modes, l->buffer + l->back, reply, n < left ? n : left);
    if (right > 0) {
        l->back += right;
        l->back_total += right;
        l->last = l->buffer[l->back - 1];
    }
    return right;
}

/* Whether what is owed next is a line `quit`, as far as that has been sent, and a mode in question
 * knows the command. Sets whether the reply to it may end in CR LF. */
static bool quit_is_next(struct ledger *l)
{
    const uint8_t *line = l->buffer + l->back;
    size_t n = l->sent - l->back;
    if (l->last != '\n' || n < QUIT_LEN || !is_quit(line, QUIT_LEN))
        return false;
    l->crlf = n > QUIT_LEN && line[QUIT_LEN] == '\r';
    size_t ending = QUIT_LEN + l->crlf;
    uint64_t start = l->sent_total - n;
    bool was_cut = l->quit_cut == start + QUIT_LEN || l->quit_cut == start + ending;
    if (n > ending && line[ending] != '\n' && !was_cut)
        return false;
    for (unsigned m = 0; echo_mode_name(m); m++)
        if ((l->modes & MODES_ONLY(m)) && echo_mode_has_quit((enum echo_mode)m))
            return true;
    return false;
}

/* Takes c if it is the next byte of the reply to quit. Returns whether it is. */
static bool take_good_bye(struct ledger *l, uint8_t c)
{
    static const uint8_t text[] = ECHO_GOOD_BYE "\r\n";
    size_t at = l->good_bye;
    bool ends = c == '\n' && (at == GOOD_BYE_LEN || at == GOOD_BYE_LEN + 1);
    bool goes_on = (at < GOOD_BYE_LEN || l->crlf) && c == text[at];
    if (l->parted || (!ends && !goes_on))
        return false;
    l->good_bye++;
    l->parted = ends;
    l->back_total++;
    return true;
}

/* got[0] is wrong: what was owed? */
static void set_fault(struct ledger *l, const uint8_t *got, size_t n)
{
    size_t sent = l->parted ? l->back : l->sent;
    const struct around around = {l->buffer, l->back, sent, got, n};
    fault_find(&l->fault, l->modes, l->back_total, &around);
    if (l->good_bye > 0 && !l->parted) {
        bool ending = l->good_bye >= GOOD_BYE_LEN;
        l->fault.slip = SLIP_UNKNOWN;
        l->fault.expected = ending ? '\n' : ECHO_GOOD_BYE[l->good_bye];
        l->fault.or_expected = l->good_bye == GOOD_BYE_LEN && l->crlf ? '\r' : -1;
    }
}

size_t ledger_reply(struct ledger *l, const uint8_t *reply, size_t n)
{
    size_t i = 0;
    if (l->modes == MODES_NONE) {
        l->back_total += n;
        return n;
    }
    if (l->good_bye == 0)
        i = take_echo(l, reply, n);
    if (l->good_bye > 0 || quit_is_next(l))
        while (i < n && take_good_bye(l, reply[i]))
            i++;
    if (i < n)
        set_fault(l, reply + i, n - i);
    return i;
}

uint64_t ledger_owed(const struct ledger *l)
{
    return l->parted ? 0 : l->sent - l->back;
}

unsigned ledger_modes(const struct ledger *l)
{
    return l->modes;
}

bool ledger_parted(const struct ledger *l)
{
    return l->parted;
}

size_t ledger_left_over(const struct ledger *l)
{
    size_t n = l->end - l->back;
    const uint8_t *line = l->buffer + l->back, *lf = n > 0 ? memchr(line, '\n', n) : NULL;
    return l->parted && lf ? n - (size_t)(lf - line) - 1 : 0;
}

uint64_t ledger_sent_total(const struct ledger *l)
{
    return l->sent_total;
}

uint64_t ledger_back_total(const struct ledger *l)
{
    return l->back_total;
}
