/* lacking.h - makes Linux look like a system that has no more than macOS and the BSDs have in
 * common: what they lack is unknown after this, to the compiler and to what CMake looks for.
 * ci/portable.sh puts it before every file. */

/* In glibc these are enumerators, too, which #undef does not end: they get other names. */
#define MSG_NOSIGNAL  HIDDEN_MSG_NOSIGNAL
#define SOCK_CLOEXEC  HIDDEN_SOCK_CLOEXEC
#define SOCK_NONBLOCK HIDDEN_SOCK_NONBLOCK
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <unistd.h>

#undef __linux__
#undef MSG_NOSIGNAL
#undef SOCK_CLOEXEC
#undef SOCK_NONBLOCK
#undef POLLRDHUP
#undef O_PATH
#pragma GCC poison accept4 pipe2 dup3 ppoll sigtimedwait sigwaitinfo prlimit prctl syscall getrandom
#pragma GCC poison epoll_create epoll_create1 epoll_ctl epoll_wait timerfd_create timerfd_settime
#pragma GCC poison memrchr mempcpy strchrnul secure_getenv qsort_r execvpe gettid
