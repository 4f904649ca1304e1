/* connection.h - one client's connection, without the socket: how much to read now, what is owed,
 * when it is over and why, and the next deadline.
 *
 * Pure: no system call, clock, errno or allocation. Time comes in as milliseconds of any clock that
 * does not go back; deadlines go out as times of the same clock. Whoever owns the socket does what
 * the connection asks for and reports what came of it:
 *
 *     room > 0  -> receive at most so much    -> conn_received, conn_ended or conn_lost
 *     owed > 0  -> send it                    -> conn_sent or conn_lost
 *     FIN due   -> shut the sending side down -> conn_fin_sent
 *     deadline passed and none of these came  -> conn_expired
 *     over      -> close
 *
 * until it is over, exactly one of the first three holds. It reads only when nothing is owed, so a
 * client that does not take its reply is not read from (back-pressure), and what is owed always
 * fits the buffer.
 *
 * Where a proxy's header comes first (proxy.h), whoever owns the socket takes it from what it
 * receives and reports its end by conn_begin or conn_refuse. Its bytes are no part of the
 * connection's.
 *
 * A breach of a contract below aborts in builds with assertions, and is undefined in others.
 * Nothing that a peer does is a breach. "Section N" is a section of docs/PROTOCOL.md.
 */
#ifndef ECHO_CONNECTION_H
#define ECHO_CONNECTION_H

#include "echo/line.h"

/* A deadline that does not come. */
#define CONN_NEVER UINT64_MAX

enum {
    CONN_SILENCE_MS = 200, /* section 4 */
    CONN_LINGER_MS = 1000, /* section 3.2: how long to wait for the client's FIN after ours */
    CONN_HEADER_MS = 3000, /* PROXY protocol, section 2: no less, to cover a retransmit */
    CONN_QUIET_MS = 50     /* a client is between messages if this long nothing moved */
};

/* The smallest buffer that works, to read one byte at a time. */
enum { CONN_BUFFER_MIN = ECHO_LINE_SLACK + 1 };

/* Why a connection is over; CONN_OPEN while it is not. */
enum conn_why {
    CONN_OPEN = 0,
    CONN_EOF,   /* the client ended its input and all was sent */
    CONN_QUIT,  /* the client said quit and all was sent */
    CONN_STOP,  /* a dot line: the server is to stop; all was sent, unless the connection broke */
    CONN_RESET, /* the connection broke */
    CONN_IDLE,  /* neither side moved a byte for the idle time */
    CONN_DRAIN, /* the server is stopping */
    CONN_HEADER /* a proxy's header did not come in time, or was none */
};

/* The same for all connections of a server. */
struct conn_rules {
    enum echo_mode mode;
    bool dot_stop;
    bool header;      /* a proxy's header comes first */
    uint32_t idle_ms; /* 0: no limit */
};

/* To be kept by the caller. Private, but for the two counters. Small, as servers have many of them:
 * a line of most processors' caches. */
struct conn {
    uint8_t *buffer;
    uint64_t bytes_in;  /* received, with those discarded after the end of the session */
    uint64_t bytes_out; /* sent */
    uint64_t moved;     /* when a byte last came or went */
    uint64_t cut;       /* when it is over in any case; CONN_NEVER: no such time */
    uint32_t size;
    uint32_t head, tail; /* buffer[head..tail) is owed */
    uint32_t idle_ms;
    struct echo_line line;
    unsigned phase : 4;
    unsigned why : 4;        /* enum conn_why, once known */
    unsigned peer_ended : 1; /* the client's FIN has come */
    unsigned draining : 1;   /* the server is stopping */
    unsigned awaits_header : 1;
};

/* Starts a connection. buffer[0..size), CONN_BUFFER_MIN <= size <= UINT32_MAX, is borrowed until it
 * is over. */
void conn_init(struct conn *c, const struct conn_rules *rules, uint8_t *buffer, size_t size,
               uint64_t now);

/* Whether a proxy's header is still due; conn_received() must not be called before it is over. It
 * has to come within CONN_HEADER_MS of the start, and no idle limit counts meanwhile. */
bool conn_awaits_header(const struct conn *c);

/* It has come: the session begins. Rules as for conn_init. */
void conn_begin(struct conn *c, const struct conn_rules *rules, uint64_t now);

/* It was none, or not all of one: over at once. */
void conn_refuse(struct conn *c);

/* From now on what is owed is kept in buffer[0..size), which is borrowed like the one before; what
 * is owed now is moved there. size >= CONN_BUFFER_MIN and >= conn_owed(). With it connections that
 * owe nothing can share one buffer. */
void conn_move(struct conn *c, uint8_t *buffer, size_t size);

/* The buffer that it has. */
uint8_t *conn_buffer(const struct conn *c);

/* How many bytes may be received now; 0: do not receive. */
size_t conn_room(const struct conn *c);

/* in[0..n) was received, 0 < n <= conn_room(). Not kept. */
void conn_received(struct conn *c, const uint8_t *in, size_t n, uint64_t now);

/* The client's FIN was received: it will send no more. Only where conn_room() > 0. */
void conn_ended(struct conn *c);

/* How many bytes are owed to the client; *bytes is set to the first, and stays valid until the next
 * call that is not const. */
size_t conn_owed(const struct conn *c, const uint8_t **bytes);

/* The first n of the owed bytes were sent, 0 < n <= conn_owed(). */
void conn_sent(struct conn *c, size_t n, uint64_t now);

/* Whether the sending side is to be shut down now, while still receiving. */
bool conn_fin_due(const struct conn *c);
void conn_fin_sent(struct conn *c, uint64_t now);

/* The connection broke: reset, or any other failure of the socket. */
void conn_lost(struct conn *c);

/* The server is stopping: be over once nothing is in flight, and at the time `cut` in any case.
 * Again: no effect. */
void conn_drain(struct conn *c, uint64_t cut);

/* Over at once, as when the drain time has passed: nobody is there to wait for it. */
void conn_cut(struct conn *c);

/* When to call conn_expired, if nothing comes before; CONN_NEVER if there is nothing to wait for.
 * May lie in the past: then look once, without waiting, whether the socket has something. */
uint64_t conn_deadline(const struct conn *c);

/* The time is now, and the socket has nothing. Harmless before the deadline. */
void conn_expired(struct conn *c, uint64_t now);

/* The reason as logs have it: one lower-case word. The string is constant. */
const char *conn_why_name(enum conn_why why);

/* Why the connection is over, or CONN_OPEN. What is not sent by then never will be. */
enum conn_why conn_over(const struct conn *c);

#endif
