/* proxy_model.h - what comes of the first bytes of a connection with a PROXY header, decided
 * naively: from all of them at once, with what libc has. */
#ifndef TESTS_PROXY_MODEL_H
#define TESTS_PROXY_MODEL_H

#include "connection/proxy.h"

#include <stdbool.h>

/* As proxy_push() of all of in[0..n) at once, with the client where it is done. Of a line of
 * version 1 that has no end yet it says MORE, even where that cannot come to a good end. */
enum proxy_state proxy_model(const uint8_t *in, size_t n, size_t *used,
                             struct proxy_client *client);

/* Whether in[0..n) is the beginning of a header; of a line of version 1 that is decided by trying.
 * Only for n <= PROXY_MODEL_TRY_MAX there: of longer ones what is missing may be too long. */
enum { PROXY_MODEL_TRY_MAX = 80 };
bool proxy_model_may_become(const uint8_t *in, size_t n);

#endif
