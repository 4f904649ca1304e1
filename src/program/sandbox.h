/* sandbox.h - giving up, once everything is open, what serving does not need: system calls, files,
 * new privileges. A hole in the server is then worth little to who finds it.
 */
#ifndef ECHO_SANDBOX_H
#define ECHO_SANDBOX_H

#include <stdbool.h>

enum sandbox_mode {
    SANDBOX_AUTO,   /* as far as this system can; what it cannot is told in one line */
    SANDBOX_OFF,    /* nothing */
    SANDBOX_REQUIRE /* all of it, or no service */
};

/* What a process will still have to do. */
struct sandbox_needs {
    bool forks;            /* start and end processes */
    const char *unix_path; /* remove this file at its end; NULL: none */
};

enum { SANDBOX_TEXT_MAX = 256 };

/* Enters the sandbox, from which there is no way back; processes forked off are in it, too. Returns
 * true if all of it holds. Otherwise lacking tells, in one line without its end, what this system
 * lacks; the rest holds all the same. */
bool sandbox_enter(const struct sandbox_needs *needs, char lacking[SANDBOX_TEXT_MAX]);

#endif
