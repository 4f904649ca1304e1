/* test_histogram.c - the histogram against all values kept and sorted. */
#include "loop/histogram.h"

#include "support/test.h"

#include <stdlib.h>
#include <string.h>

enum { MOST = 20000 };

static struct histogram h;
static uint64_t kept[MOST];

static int ascending(const void *a, const void *b)
{
    const uint64_t *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

/* Fills both with `count` values of up to `bits` bits, each number of bits as likely. */
static void fill(size_t count, unsigned bits, unsigned short generator[3])
{
    memset(&h, 0xA5, sizeof h); /* init must not rely on what was there */
    histogram_init(&h);
    for (size_t i = 0; i < count; i++) {
        uint64_t wide = (uint64_t)nrand48(generator) << 31 | (uint64_t)nrand48(generator);
        kept[i] = wide >> (62 - (unsigned)nrand48(generator) % (bits + 1));
        histogram_add(&h, kept[i]);
    }
    qsort(kept, count, sizeof kept[0], ascending);
}

static void compare_percentiles(size_t count)
{
    for (unsigned p = 1; p <= 1000; p++) {
        size_t rank = (count * p + 999) / 1000; /* from 1 */
        uint64_t exact = kept[rank - 1], told = histogram_percentile(&h, p);
        if (told < exact || told > exact + exact / 1024 || (exact < 2048 && told != exact))
            fail_msg("percentile %u of %zu values: %llu, exactly %llu", p, count,
                     (unsigned long long)told, (unsigned long long)exact);
    }
}

static void test_percentiles_are_near_the_exact_ones(void **state)
{
    (void)state;
    static const size_t counts[] = {1, 2, 3, 10, 99, 100, 101, 999, 1000, 1001, MOST};
    unsigned short generator[3] = {1, 2, 3};
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++)
        for (unsigned bits = 0; bits <= HISTOGRAM_VALUE_BITS; bits += 4) {
            fill(counts[i], bits, generator);
            double sum = 0;
            for (size_t k = 0; k < counts[i]; k++)
                sum += (double)kept[k];
            compare_percentiles(counts[i]);
            assert_int_equal(h.count, counts[i]);
            assert_int_equal(h.least, kept[0]);
            assert_int_equal(h.most, kept[counts[i] - 1]);
            double mean = histogram_mean(&h), exact = sum / (double)counts[i];
            assert_true(mean > exact * 0.999999 - 1e-9 && mean < exact * 1.000001 + 1e-9);
            for (unsigned bit = 0; bit <= HISTOGRAM_VALUE_BITS; bit++) {
                uint64_t below = 0;
                while (below < counts[i] && kept[below] < UINT64_C(1) << bit)
                    below++;
                assert_int_equal(histogram_below(&h, UINT64_C(1) << bit), below);
            }
        }
}

/* Each value where cells change. */
static void test_edges_of_cells(void **state)
{
    (void)state;
    for (unsigned bit = 0; bit < HISTOGRAM_VALUE_BITS; bit++)
        for (uint64_t off = 0; off <= 2; off++) {
            uint64_t value = (UINT64_C(1) << bit) + off - 1;
            histogram_init(&h);
            histogram_add(&h, value);
            histogram_add(&h, UINT64_C(1) << (HISTOGRAM_VALUE_BITS - 1));
            uint64_t told = histogram_percentile(&h, 500);
            assert_true(told >= value && told <= value + value / 1024);
        }
}

static void test_none_and_too_large(void **state)
{
    (void)state;
    histogram_init(&h);
    assert_int_equal(histogram_percentile(&h, 500), 0);
    assert_true(histogram_mean(&h) == 0);
    histogram_add(&h, UINT64_MAX);
    histogram_add(&h, 5);
    assert_int_equal(h.most, UINT64_MAX);
    assert_int_equal(histogram_percentile(&h, 500), 5);
    assert_int_equal(histogram_percentile(&h, 1000), (UINT64_C(1) << HISTOGRAM_VALUE_BITS) - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_percentiles_are_near_the_exact_ones),
        cmocka_unit_test(test_edges_of_cells),
        cmocka_unit_test(test_none_and_too_large),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
