/* check.h - an assertion that no build type removes, for fuzz targets. */
#ifndef FUZZ_CHECK_H
#define FUZZ_CHECK_H

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

/* Aborts, which every engine takes for a finding, unless it holds. */
static inline void check(bool holds, const char *what)
{
    if (holds)
        return;
    fprintf(stderr, "finding: %s\n", what);
    abort();
}

#endif
