/* The head of a request: its request line and its header lines, as RFC 9112 has them and in no
 * other form. What two HTTP implementations could read in two ways is refused (RFC 9112, sections
 * 2.2, 3, 5.1, 6.1 to 6.3 and 11.2).
 *
 * A pure function over bytes: no I/O, no allocation. The bytes may come in any number of pieces,
 * cut anywhere: the result is the same. For src/http only. Threads: stateless. */
#ifndef LB_HTTP_HEAD_H
#define LB_HTTP_HEAD_H

#include "base/str.h"

#define LB_HEAD_LINES_MAX 100 /* header lines */

enum lb_head_result {
    LB_HEAD_PART,         /* more bytes are needed */
    LB_HEAD_WHOLE,        /* its blank line was read */
    LB_HEAD_BROKEN,       /* 400; nothing after it can be trusted */
    LB_HEAD_TOO_LARGE,    /* 431: more lines than that */
    LB_HEAD_OTHER_VERSION /* 505: neither HTTP/1.0 nor HTTP/1.1 */
};

struct lb_head_line {
    struct lb_str name;
    struct lb_str value; /* without white space at its ends */
};

/* All zero before the first byte but for `lines`, which need not be: see lb_head_start. All strings
 * point into the bytes. */
struct lb_head {
    struct lb_str method;
    struct lb_str target;
    size_t len; /* bytes that were taken, in whole lines; once it is whole, the body starts there */
    uint64_t content_length; /* UINT64_MAX: that or more */
    bool http10;
    bool has_host;
    bool has_length;
    bool chunked;
    bool expects_continue; /* Expect: 100-continue, of HTTP/1.1 */
    bool close;            /* Connection: close, or CONNECT */
    bool keep_alive;       /* Connection: keep-alive, which only HTTP/1.0 needs to say */
    uint64_t name_lengths; /* modulo 64, a bit each: most names that are asked for are not there */
    unsigned count;
    struct lb_head_line lines[LB_HEAD_LINES_MAX];
};

void lb_head_start(struct lb_head *head);

/* Goes on with the head that begins at `bytes`, of which `len` are there by now. After LB_HEAD_PART
 * it is called again with the same bytes and more of them. When the result is LB_HEAD_BROKEN,
 * `*out_wrong` says why, as a sentence. */
enum lb_head_result lb_head_parse(struct lb_head *head, const char *bytes, size_t len,
                                  const char **out_wrong);

/* The value of the first line of this name (in any case), or {NULL, 0}. */
struct lb_str lb_head_find(const struct lb_head *head, struct lb_str name);

/* The same from line `*at` on, which is set to the line after it. */
struct lb_str lb_head_next(const struct lb_head *head, struct lb_str name, unsigned *at);

/* May the connection take another request after this one? */
static inline bool lb_head_persists(const struct lb_head *head)
{
    return !head->close && (!head->http10 || head->keep_alive);
}

/* The first byte from `at` on that no header value may hold: a control character other than a tab.
 * `end` when all of them are allowed. */
const char *lb_head_value_end(const char *at, const char *end);

/* May a header name hold it (RFC 9110, section 5.6.2)? */
bool lb_head_is_token(unsigned char c);

#endif
