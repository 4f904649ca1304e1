/* replay_main.c - runs a fuzz target over files and folders, without an engine.
 *
 * Any compiler builds it, so that corpora and past findings are run with every test suite. A folder
 * that is empty or cannot be read, or a file that cannot be read, is a failure: a replay that ran
 * nothing has shown nothing.
 *
 * usage: fuzz_NAME [-random=COUNT] FILE-OR-FOLDER...
 *
 * -random: then so many inputs made from those, always the same ones: two of them spliced, a few
 * bytes changed. It is no fuzzer, for it learns nothing, but it needs none.
 */
#include "target.h"

#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { SIZE_LIMIT = 1 << 20, POOL_MAX = 1024, RANDOM_SIZE_MAX = 512 };

static unsigned long runs;

/* The first inputs that were run. */
static struct input {
    uint8_t bytes[RANDOM_SIZE_MAX];
    size_t n;
} pool[POOL_MAX];
static size_t pool_count;

static bool complain(const char *path, const char *what)
{
    fprintf(stderr, "replay: %s: %s\n", path, what);
    return false;
}

static bool run(const uint8_t *bytes, size_t n)
{
    uint8_t *exact = malloc(n ? n : 1); /* so that a read beyond it is seen */
    if (!exact)
        return complain("replay", "out of memory");
    memcpy(exact, bytes, n);
    LLVMFuzzerTestOneInput(exact, n);
    free(exact);
    runs++;
    return true;
}

static bool run_file(const char *path)
{
    static uint8_t all[SIZE_LIMIT];
    FILE *file = fopen(path, "rb");
    if (!file)
        return complain(path, strerror(errno));
    size_t n = fread(all, 1, sizeof all, file);
    bool good = !ferror(file) && n < sizeof all;
    fclose(file);
    if (!good)
        return complain(path, "cannot be read, or is too large");
    if (pool_count < POOL_MAX && n <= RANDOM_SIZE_MAX) {
        memcpy(pool[pool_count].bytes, all, n);
        pool[pool_count++].n = n;
    }
    return run(all, n);
}

/* Below a number above 0. */
static size_t draw(size_t below)
{
    static unsigned short state[3];
    return (size_t)nrand48(state) % below;
}

/* The beginning of one input and the end of another, with up to eight bytes changed. */
static bool run_random(unsigned long count)
{
    bool good = pool_count > 0 || complain("-random", "no inputs to begin with");
    for (; good && count > 0; count--) {
        struct input made = pool[draw(pool_count)];
        const struct input *other = &pool[draw(pool_count)];
        size_t from = draw(other->n + 1), at = draw(made.n + 1), n = other->n - from;
        n = n < RANDOM_SIZE_MAX - at ? n : RANDOM_SIZE_MAX - at;
        memcpy(made.bytes + at, other->bytes + from, n);
        made.n = at + n;
        for (size_t changes = draw(9); made.n > 0 && changes > 0; changes--)
            made.bytes[draw(made.n)] = (uint8_t)draw(256);
        good = run(made.bytes, made.n);
    }
    return good;
}

static bool run_folder(const char *path)
{
    DIR *folder = opendir(path);
    const struct dirent *entry;
    unsigned long before = runs;
    bool good = true;
    if (!folder)
        return complain(path, strerror(errno));
    while ((entry = readdir(folder))) {
        char name[4096];
        if (entry->d_name[0] == '.')
            continue;
        snprintf(name, sizeof name, "%s/%s", path, entry->d_name);
        good = run_file(name) && good;
    }
    closedir(folder);
    if (runs == before)
        return complain(path, "nothing in it to run");
    return good;
}

int main(int argc, char **argv)
{
    bool good = argc > 1 || complain("usage", "fuzz_NAME [-random=COUNT] FILE-OR-FOLDER...");
    unsigned long count = 0;
    for (int i = 1; i < argc; i++) {
        struct stat status;
        if (sscanf(argv[i], "-random=%lu", &count) == 1)
            continue;
        if (stat(argv[i], &status) != 0)
            good = complain(argv[i], strerror(errno));
        else
            good = (S_ISDIR(status.st_mode) ? run_folder(argv[i]) : run_file(argv[i])) && good;
    }
    good = good && (count == 0 || run_random(count));
    printf("%lu inputs run\n", runs);
    return good ? 0 : 1;
}
