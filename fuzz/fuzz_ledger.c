/* fuzz_ledger.c - the client's account against a naive judge.
 *
 * The first byte chooses the modes and how pieces are cut, the second how much was sent: the input
 * from the third byte on is what a client sends and then what came back for it. (The dictionary and
 * the seeds hold right answers, so that mutants of them come near.) A judge with everything at hand
 * says how many bytes of the reply are right; the ledger must find the same, however the bytes are
 * cut up and interleaved.
 */
#include "check.h"
#include "connection/ledger.h"
#include "support/judge.h"
#include "target.h"

#include <string.h>

enum { SENT_MAX = 255, REPLY_MAX = 1024 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t buffer[SENT_MAX + 1];
    struct ledger l;
    if (size < 2)
        return 0;
    unsigned modes = data[0] & 3 ? data[0] & 3u : MODES_ALL;
    size_t step = 1 + (data[0] >> 2 & 31);
    bool piecemeal = data[0] & 128;
    size_t sent_len = data[1] < size - 2 ? data[1] : size - 2, reply_len = size - 2 - sent_len;
    const uint8_t *sent = data + 2, *reply = sent + sent_len;
    reply_len = reply_len < REPLY_MAX ? reply_len : REPLY_MAX;

    size_t expected = judge(modes, sent, sent_len, piecemeal ? step : SENT_MAX, reply, reply_len);

    /* All is put; sent at once, or in pieces before the reply comes. */
    uint8_t *at;
    const uint8_t *unsent;
    ledger_init(&l, modes, buffer, sizeof buffer);
    check(ledger_room(&l, &at) == sizeof buffer, "an empty ledger has no room");
    memcpy(at, sent, sent_len);
    ledger_put(&l, sent_len);
    for (size_t n; (n = ledger_unsent(&l, &unsent)) > 0;) {
        check(unsent >= buffer && unsent + n <= buffer + sizeof buffer, "unsent bytes elsewhere");
        ledger_sent(&l, piecemeal && n > step ? step : n);
    }
    size_t right = 0;
    while (right < reply_len) {
        size_t n = reply_len - right < step ? reply_len - right : step;
        uint8_t *piece = malloc(n); /* of exactly that length, for the sanitizer */
        check(piece != NULL, "out of memory");
        memcpy(piece, reply + right, n);
        size_t accepted = ledger_reply(&l, piece, n);
        free(piece);
        check(accepted <= n, "more right bytes than there are");
        right += accepted;
        if (accepted < n)
            break;
        check(ledger_room(&l, &at) > 0 || ledger_owed(&l) > 0, "neither room nor owed");
    }
    check(right == expected, "the ledger and the judge disagree");
    check(ledger_back_total(&l) == right, "the total is not what came back");
    check(ledger_sent_total(&l) == sent_len, "the total is not what was sent");
    if (right < reply_len) {
        check(l.fault.offset == right, "the fault is told at another offset");
        check(l.fault.got == reply[right], "the fault tells another byte");
        check(l.fault.expected != l.fault.got && l.fault.or_expected != l.fault.got,
              "the fault says that it expected what came");
    } else if (!ledger_parted(&l) && l.good_bye == 0) {
        check(ledger_owed(&l) == sent_len - right, "what is owed is not what has not come back");
    }
    return 0;
}
