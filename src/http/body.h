/* The framing of a request's body, by Content-Length or chunked (RFC 9112, sections 6 and 7.1).
 *
 * A pure function over bytes: no I/O, no allocation. The bytes may come in any number of pieces,
 * cut anywhere: the data is the same. For src/http only. Threads: stateless. */
#ifndef LB_HTTP_BODY_H
#define LB_HTTP_BODY_H

#include "base/str.h"

/* Bytes of chunk extensions and trailers, in all of a body; they are read and ignored. */
#define LB_BODY_EXTRA_MAX 4096

enum lb_body_result {
    LB_BODY_PART,  /* all bytes were taken, and more are needed */
    LB_BODY_DATA,  /* a piece of the body was found */
    LB_BODY_WHOLE, /* the body has ended; the bytes that are left belong to the next request */
    LB_BODY_BROKEN /* 400; nothing after it can be trusted */
};

struct lb_body {
    uint64_t left; /* bytes of data until the end of the body, or of the chunk */
    unsigned state;
    unsigned digits; /* of the chunk's size so far */
    unsigned extra;
};

void lb_body_start(struct lb_body *body, bool chunked, uint64_t content_length);

/* Was LB_BODY_WHOLE its result? */
bool lb_body_is_whole(const struct lb_body *body);

/* Goes on at `*at`, which is moved behind what was taken. With LB_BODY_DATA `*out_data` is a piece
 * of the body, never empty and within these bytes; there may be more: call again. After
 * LB_BODY_WHOLE it is not called any more. With LB_BODY_BROKEN `*out_wrong` says why, as a
 * sentence. */
enum lb_body_result lb_body_next(struct lb_body *body, const char **at, const char *end,
                                 struct lb_str *out_data, const char **out_wrong);

#endif
