/* replay_main.c - runs a fuzz target over files and folders, without an engine.
 *
 * Any compiler builds it, so that corpora and past findings are run with every test suite. A folder
 * that is empty or cannot be read, or a file that cannot be read, is a failure: a replay that ran
 * nothing has shown nothing.
 *
 * usage: fuzz_NAME FILE-OR-FOLDER...
 */
#include "target.h"

#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { SIZE_LIMIT = 1 << 20 };

static unsigned long runs;

static bool complain(const char *path, const char *what)
{
    fprintf(stderr, "replay: %s: %s\n", path, what);
    return false;
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
    uint8_t *exact = malloc(n ? n : 1); /* so that a read beyond it is seen */
    if (!exact)
        return complain(path, "out of memory");
    memcpy(exact, all, n);
    LLVMFuzzerTestOneInput(exact, n);
    free(exact);
    runs++;
    return true;
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
    bool good = argc > 1 || complain("usage", "fuzz_NAME FILE-OR-FOLDER...");
    for (int i = 1; i < argc; i++) {
        struct stat status;
        if (stat(argv[i], &status) != 0)
            good = complain(argv[i], strerror(errno));
        else
            good = (S_ISDIR(status.st_mode) ? run_folder(argv[i]) : run_file(argv[i])) && good;
    }
    printf("%lu inputs run\n", runs);
    return good ? 0 : 1;
}
