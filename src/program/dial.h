/* dial.h - connecting to a server: names, several addresses, timeouts, retries. */
#ifndef ECHO_DIAL_H
#define ECHO_DIAL_H

#include "text.h"

#include <stdint.h>
#include <sys/socket.h>

enum { DIAL_ERROR_MAX = 512 };

struct dial_to {
    const char *host; /* a name or address */
    uint16_t port;
    int family;            /* AF_INET, AF_INET6 or AF_UNSPEC for both */
    const char *unix_path; /* if not NULL, the Unix socket there instead of all of the above */
    uint64_t connect_ms;   /* for one try of all addresses together; 0: no limit but the system's */
    uint64_t retry_ms;     /* goes on trying for so long; 0: tries once */
};

/* Why there is no connection, in the order in which one is told where addresses differ. */
enum dial_failure { DIAL_DNS, DIAL_UNREACHABLE, DIAL_RESET, DIAL_REFUSED, DIAL_TIMEOUT };

/* "DNS", "REFUSED" and so on: the words of the client's messages. */
const char *dial_word(enum dial_failure failure);

/* What kind of failure the errno of a connect() is. */
enum dial_failure dial_classify(int error);

/* Connects. Returns a socket that does not block, with TCP_NODELAY, and the peer's address in
 * `address`; or -1, with why in *failure and a sentence in error. */
int dial(const struct dial_to *to, char address[TEXT_ADDRESS_MAX], enum dial_failure *failure,
         char error[DIAL_ERROR_MAX]);

#endif
