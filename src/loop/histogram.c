/* histogram.c - see histogram.h. Pure; string.h for memset only. */
#include "histogram.h"

#include <string.h>

#define FINE      (UINT64_C(1) << HISTOGRAM_FINE_BITS)
#define VALUE_MAX ((UINT64_C(1) << HISTOGRAM_VALUE_BITS) - 1)

/* How far a value must be shifted to be below 2 * FINE. */
static unsigned scale(uint64_t value)
{
    unsigned shift = 0;
    while (value >> shift >= 2 * FINE)
        shift++;
    return shift;
}

/* Each value below 2 * FINE has a cell of its own, and then each power of two has FINE of them. */
static size_t cell(uint64_t value)
{
    unsigned shift = scale(value);
    return (size_t)(shift * FINE + (value >> shift));
}

/* The largest value of a cell. */
static uint64_t top(size_t at)
{
    unsigned shift = at < 2 * FINE ? 0 : (unsigned)(at / FINE) - 1;
    return ((at - shift * FINE + 1) << shift) - 1;
}

void histogram_init(struct histogram *h)
{
    memset(h, 0, sizeof *h);
    h->least = UINT64_MAX;
}

void histogram_add(struct histogram *h, uint64_t value)
{
    h->count++;
    h->sum += (double)value;
    h->least = value < h->least ? value : h->least;
    h->most = value > h->most ? value : h->most;
    h->cells[cell(value < VALUE_MAX ? value : VALUE_MAX)]++;
}

double histogram_mean(const struct histogram *h)
{
    return h->count > 0 ? h->sum / (double)h->count : 0;
}

uint64_t histogram_percentile(const struct histogram *h, unsigned per_mille)
{
    /* The rank, rounded up; in two steps, for count * 1000 might not fit. */
    uint64_t rank = h->count / 1000 * per_mille + (h->count % 1000 * per_mille + 999) / 1000;
    uint64_t seen = 0;
    for (size_t i = 0; i < HISTOGRAM_CELLS; i++) {
        seen += h->cells[i];
        if (seen >= rank && rank > 0)
            return top(i) < h->most ? top(i) : h->most;
    }
    return 0;
}

uint64_t histogram_below(const struct histogram *h, uint64_t limit)
{
    uint64_t below = 0;
    for (size_t i = 0; i < HISTOGRAM_CELLS && top(i) < limit; i++)
        below += h->cells[i];
    return below;
}
