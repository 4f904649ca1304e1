/* terminal.h - openpty() and forkpty(), whose header has a name of its own on each system. */
#ifndef TESTS_TERMINAL_H
#define TESTS_TERMINAL_H

#if __has_include(<pty.h>)
#include <pty.h>
#elif __has_include(<libutil.h>) /* FreeBSD */
#include <libutil.h>
#else
#include <util.h>
#endif

#endif
