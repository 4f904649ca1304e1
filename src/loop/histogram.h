/* histogram.h - how often which value came, at a relative error of 1/1024 and in fixed memory: a
 * log-linear histogram in the manner of HdrHistogram.
 *
 * Pure. Values are nanoseconds here, but any whole number will do.
 */
#ifndef ECHO_HISTOGRAM_H
#define ECHO_HISTOGRAM_H

#include <stdint.h>

enum {
    HISTOGRAM_FINE_BITS = 10,  /* 1 << these are the cells of each power of two */
    HISTOGRAM_VALUE_BITS = 44, /* 4.9 hours of nanoseconds; more counts as that */
    HISTOGRAM_CELLS = (HISTOGRAM_VALUE_BITS - HISTOGRAM_FINE_BITS + 1) << HISTOGRAM_FINE_BITS
};

/* Private, but for count, least and most. Some 280 kB: too much for a stack. All zero, but for
 * `least`, is empty. */
struct histogram {
    uint64_t count, least, most; /* exact; least and most mean nothing while count is 0 */
    double sum;
    uint64_t cells[HISTOGRAM_CELLS];
};

void histogram_init(struct histogram *h);
void histogram_add(struct histogram *h, uint64_t value);

/* The mean; 0 where there is no value. */
double histogram_mean(const struct histogram *h);

/* The smallest number that at least per_mille of a thousand values do not exceed (the nearest rank;
 * 500 is the median): exact below 2048, and else too large by less than one part in 1024, but never
 * larger than the largest value. 0 where there is no value. per_mille is 1 to 1000. */
uint64_t histogram_percentile(const struct histogram *h, unsigned per_mille);

/* How many values are below `limit`, if that is a power of two: exact. */
uint64_t histogram_below(const struct histogram *h, uint64_t limit);

#endif
