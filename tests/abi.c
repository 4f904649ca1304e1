/* abi.c - what programs built with libecho_line.so.0 rely on. It does not compile where the header
 * has come to say otherwise, and tests/abi.sh compares the functions with what the library shows.
 *
 * What is added to the library is added here. What would have to be changed or taken away here
 * breaks those programs: it needs a new SOVERSION (CMakeLists.txt).
 */
#include <echo/line.h>

#define SAME(a, b) _Static_assert((a) == (b), #a " is no longer " #b)
#define WORD(n, type, name)                                         \
    SAME(offsetof(struct echo_cursor, name), (n) * sizeof(void *)); \
    SAME(_Generic(&((struct echo_cursor *)0)->name, type * : 1, default : 0), 1)

SAME(sizeof(struct echo_line), 6); /* the fields are private */
SAME(_Alignof(struct echo_line), 1);
SAME(sizeof(struct echo_cursor), 4 * sizeof(void *));
WORD(0, const uint8_t *, in);
WORD(1, size_t, in_len);
WORD(2, uint8_t *, out);
WORD(3, size_t, out_len);

SAME(ECHO_UPPER, 0);
SAME(ECHO_VERBATIM, 1);
SAME(ECHO_OPEN, 0);
SAME(ECHO_EOF, 1);
SAME(ECHO_QUIT, 2);
SAME(ECHO_STOP, 3);
SAME(ECHO_LINE_SLACK, 10);
SAME(sizeof ECHO_GOOD_BYE, sizeof "Good bye");

void echo_line_init(struct echo_line *, enum echo_mode, bool);
enum echo_end echo_line_push(struct echo_line *, struct echo_cursor *);
enum echo_end echo_line_silence(struct echo_line *, struct echo_cursor *);
enum echo_end echo_line_finish(struct echo_line *, struct echo_cursor *);
bool echo_line_waits(const struct echo_line *);
const char *echo_mode_name(unsigned);
bool echo_mode_find(const char *, enum echo_mode *);
bool echo_mode_has_quit(enum echo_mode);
void echo_mode_map(enum echo_mode, uint8_t *, const uint8_t *, size_t);
