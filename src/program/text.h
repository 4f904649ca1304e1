/* text.h - making bytes and addresses safe and legible. Pure. */
#ifndef ECHO_TEXT_H
#define ECHO_TEXT_H

#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

/* Room for any address that text_address writes. */
enum { TEXT_ADDRESS_MAX = 128 };

/* The longest escape of one byte. */
enum { TEXT_ESCAPE_MAX = 4 };

/* Writes one byte as printable ASCII, without a terminating 0: itself, or \\ \t \r \n \xHH. Returns
 * the length, 1 to TEXT_ESCAPE_MAX. */
size_t text_escape_byte(uint8_t c, char out[TEXT_ESCAPE_MAX]);

/* Writes a string, escaped as above, cut to what fits size > 0. */
void text_escape(const char *string, char *out, size_t size);

/* Writes an address as "127.0.0.1:4242", "[::1]:4242" or "unix:/path" ("unix" for a nameless one),
 * or "standard input" for none at all (AF_UNSPEC). */
void text_address(const struct sockaddr_storage *address, socklen_t len,
                  char out[TEXT_ADDRESS_MAX]);

#endif
