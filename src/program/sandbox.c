/* sandbox.c - see sandbox.h: no_new_privs, resource limits, Landlock and a seccomp filter on Linux;
 * nothing elsewhere.
 *
 * Builds that count or check what they run (ECHO_INSTRUMENTED) make calls of their own: there the
 * filter refuses nothing and Landlock is left out.
 */
#include "sandbox.h"

#include <stdio.h>

#ifndef __linux__

bool sandbox_enter(const struct sandbox_needs *needs, char lacking[SANDBOX_TEXT_MAX])
{
    (void)needs;
    snprintf(lacking, SANDBOX_TEXT_MAX, "there is none for this system");
    return false;
}

#else

#include <errno.h>
#include <fcntl.h>
#ifdef ECHO_HAVE_LANDLOCK
#include <linux/landlock.h>
#endif
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#ifdef ECHO_HAVE_SECCOMP
#include <seccomp.h>

enum { ALWAYS, FORKS, UNIX }; /* when a call is allowed */

/* Everything that a server does once it listens. */
static const struct {
    int call;
    int when;
    const char *why; /* for who reads this */
} allowed[] = {
    {SCMP_SYS(accept), ALWAYS, "clients come"},
    {SCMP_SYS(accept4), ALWAYS, "accept() on some systems"},
    {SCMP_SYS(recvfrom), ALWAYS, "they send"},
    {SCMP_SYS(sendto), ALWAYS, "they are answered; the service manager is told"},
    {SCMP_SYS(shutdown), ALWAYS, "the FIN after good bye"},
    {SCMP_SYS(close), ALWAYS, "they go"},
    {SCMP_SYS(getsockname), ALWAYS, "the ready line"},
    {SCMP_SYS(poll), ALWAYS, "waiting"},
    {SCMP_SYS(ppoll), ALWAYS, "poll() on some systems"},
    {SCMP_SYS(ppoll_time64), ALWAYS, "poll() on some systems"},
    {SCMP_SYS(epoll_create1), ALWAYS, "a worker begins"},
    {SCMP_SYS(epoll_ctl), ALWAYS, "waiting for many"},
    {SCMP_SYS(epoll_wait), ALWAYS, "waiting for many"},
    {SCMP_SYS(timerfd_create), ALWAYS, "a worker begins"},
    {SCMP_SYS(timerfd_settime), ALWAYS, "deadlines"},
    {SCMP_SYS(timerfd_settime64), ALWAYS, "the same on 32 bits"},
    {SCMP_SYS(epoll_pwait), ALWAYS, "epoll_wait() on some systems"},
    {SCMP_SYS(read), ALWAYS, "signals come through a pipe; --inetd"},
    {SCMP_SYS(write), ALWAYS, "the same, the ready line, --show, the log"},
    {SCMP_SYS(writev), ALWAYS, "write() of some C libraries' messages"},
    {SCMP_SYS(clock_gettime), ALWAYS, "deadlines, where the kernel is asked"},
    {SCMP_SYS(clock_gettime64), ALWAYS, "the same on 32 bits"},
    {SCMP_SYS(gettimeofday), ALWAYS, "the same on old systems"},
    {SCMP_SYS(restart_syscall), ALWAYS, "a call goes on after a stop by a debugger"},
    {SCMP_SYS(rt_sigreturn), ALWAYS, "the end of a signal's handler"},
    {SCMP_SYS(sigreturn), ALWAYS, "the same on 32 bits"},
    {SCMP_SYS(rt_sigaction), ALWAYS, "the second signal ends at once"},
    {SCMP_SYS(rt_sigprocmask), ALWAYS, "raise(), fork()"},
    {SCMP_SYS(getpid), ALWAYS, "raise()"},
    {SCMP_SYS(gettid), ALWAYS, "raise()"},
    {SCMP_SYS(tgkill), ALWAYS, "raise(), abort()"},
    {SCMP_SYS(tkill), ALWAYS, "raise() of some C libraries"},
    {SCMP_SYS(brk), ALWAYS, "a worker takes its memory"},
    {SCMP_SYS(mmap), ALWAYS, "the same"},
    {SCMP_SYS(mmap2), ALWAYS, "the same on 32 bits"},
    {SCMP_SYS(munmap), ALWAYS, "it is given back"},
    {SCMP_SYS(madvise), ALWAYS, "free() of some C libraries"},
    {SCMP_SYS(futex), ALWAYS, "exit() and malloc() of some C libraries"},
    {SCMP_SYS(getrandom), ALWAYS, "malloc() of some C libraries"},
    {SCMP_SYS(exit), ALWAYS, "the end"},
    {SCMP_SYS(exit_group), ALWAYS, "the end"},
    {SCMP_SYS(clone), FORKS, "fork()"},
    {SCMP_SYS(clone3), FORKS, "fork() on some systems"},
    {SCMP_SYS(fork), FORKS, "fork() on old systems"},
    {SCMP_SYS(set_robust_list), FORKS, "fork() of the C library, in the child"},
    {SCMP_SYS(rseq), FORKS, "the same"},
    {SCMP_SYS(set_tid_address), FORKS, "the same"},
    {SCMP_SYS(wait4), FORKS, "children end"},
    {SCMP_SYS(waitid), FORKS, "the same on some systems"},
    {SCMP_SYS(kill), FORKS, "children that do not end"},
    {SCMP_SYS(prctl), FORKS, "a worker enters a sandbox of its own"},
    {SCMP_SYS(seccomp), FORKS, "the same"},
    {SCMP_SYS(lstat), UNIX, "the socket's file is removed if it is still ours"},
    {SCMP_SYS(newfstatat), UNIX, "the same on some systems"},
    {SCMP_SYS(fstatat64), UNIX, "the same on 32 bits"},
    {SCMP_SYS(statx), UNIX, "the same on some systems"},
    {SCMP_SYS(unlink), UNIX, "the same"},
    {SCMP_SYS(unlinkat), UNIX, "the same on some systems"},
};

#ifdef ECHO_INSTRUMENTED
enum { OTHERS = 1 }; /* allowed */
#else
enum { OTHERS = 0 };
#endif

/* Returns 0 or an errno. */
static int filter_calls(const struct sandbox_needs *needs)
{
    scmp_filter_ctx filter = seccomp_init(OTHERS ? SCMP_ACT_ALLOW : SCMP_ACT_ERRNO(EPERM));
    if (!filter)
        return ENOMEM;
    int result = 0;
    for (size_t i = 0; result == 0 && !OTHERS && i < sizeof allowed / sizeof allowed[0]; i++) {
        if ((allowed[i].when == FORKS && !needs->forks) ||
            (allowed[i].when == UNIX && !needs->unix_path) ||
            allowed[i].call < 0) /* not on this architecture */
            continue;
        result = seccomp_rule_add(filter, SCMP_ACT_ALLOW, allowed[i].call, 0);
    }
    if (result == 0)
        result = seccomp_load(filter);
    seccomp_release(filter);
    return -result;
}

#else

static int filter_calls(const struct sandbox_needs *needs)
{
    (void)needs;
    return ENOSYS; /* built without libseccomp */
}

#endif

#ifdef ECHO_HAVE_LANDLOCK
/* Of Landlock's fourth version; Debian's header has the first ones. */
enum { NET_BIND_TCP = 1, NET_CONNECT_TCP = 2 };
struct ruleset {
    uint64_t files, net;
};
#endif

/* No file may be opened, made or removed any more, but the Unix socket's; no TCP port be bound or
 * connected to. Returns 0 or an errno. */
static int restrict_files(const struct sandbox_needs *needs)
{
#if defined ECHO_INSTRUMENTED
    (void)needs;
    return 0;
#elif !defined ECHO_HAVE_LANDLOCK
    (void)needs;
    return ENOSYS; /* built without its header */
#else
    long version = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
    if (version < 1)
        return errno;
    struct ruleset rules = {.files = (LANDLOCK_ACCESS_FS_MAKE_SYM << 1) - 1, /* all of the first */
                            .net = version >= 4 ? NET_BIND_TCP | NET_CONNECT_TCP : 0};
    int fd = (int)syscall(SYS_landlock_create_ruleset, &rules,
                          version >= 4 ? sizeof rules : sizeof rules.files, 0);
    if (fd < 0)
        return errno;
    if (needs->unix_path) {
        char folder[128] = ".";
        const char *slash = strrchr(needs->unix_path, '/');
        if (slash)
            snprintf(folder, sizeof folder, "%.*s/", (int)(slash - needs->unix_path),
                     needs->unix_path);
        struct landlock_path_beneath_attr rule = {.allowed_access = LANDLOCK_ACCESS_FS_REMOVE_FILE};
        rule.parent_fd = open(folder, O_PATH | O_CLOEXEC);
        (void)syscall(SYS_landlock_add_rule, fd, LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
        (void)close(rule.parent_fd);
    }
    int error = syscall(SYS_landlock_restrict_self, fd, 0) < 0 ? errno : 0;
    (void)close(fd);
    return error;
#endif
}

/* Whether what is written may go to a file. */
static bool writes_files(void)
{
    struct stat status;
    for (int fd = STDOUT_FILENO; fd <= STDERR_FILENO; fd++)
        if (fstat(fd, &status) == 0 && S_ISREG(status.st_mode))
            return true;
    return false;
}

#ifdef __GLIBC__
typedef __rlimit_resource_t resource_type;
#else
typedef int resource_type;
#endif

static void limit(resource_type resource, bool to_nothing)
{
    struct rlimit limit;
    if (getrlimit(resource, &limit) < 0)
        return;
    limit.rlim_cur = to_nothing ? 0 : limit.rlim_cur;
    limit.rlim_max = limit.rlim_cur;
    (void)setrlimit(resource, &limit);
}

bool sandbox_enter(const struct sandbox_needs *needs, char lacking[SANDBOX_TEXT_MAX])
{
    tzset();                     /* reads a file, and never again */
#ifndef ECHO_INSTRUMENTED
    limit(RLIMIT_NOFILE, false); /* not to be raised any more */
    if (!needs->forks)
        limit(RLIMIT_NPROC, true);
    if (!writes_files())
        limit(RLIMIT_FSIZE, true);
#else
    (void)limit, (void)writes_files;
#endif
    int privileges = prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ? errno : 0;
    int files = restrict_files(needs);
    int calls = filter_calls(needs);
    if (!privileges && !files && !calls)
        return true;
    int n = snprintf(lacking, SANDBOX_TEXT_MAX, "this build or system lacks");
    static const char *const names[] = {" no_new_privs", " Landlock", " seccomp"};
    const int errors[] = {privileges, files, calls};
    for (int i = 0; i < 3; i++)
        if (errors[i])
            n += snprintf(lacking + n, SANDBOX_TEXT_MAX - (size_t)n, "%s (%s)", names[i],
                          strerror(errors[i]));
    return false;
}

#endif
