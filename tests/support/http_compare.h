/* Feeds the parsers of src/http with bytes cut in pieces and compares what they say with
 * support/http_reference.h, after each piece. */
#ifndef LB_TESTS_HTTP_COMPARE_H
#define LB_TESTS_HTTP_COMPARE_H

#include "http/body.h"
#include "http/head.h"

/* Where the pieces end: given how much came so far, how much of `len` is there next. */
typedef size_t compare_next(void *state, size_t at, size_t len);

/* NULL, or what differs. `out_result`, which may be NULL, is the result that both agree on. */
const char *compare_head(const char *bytes, size_t len, compare_next *next, void *state,
                         enum lb_head_result *out_result);

const char *compare_body(bool chunked, uint64_t content_length, const char *bytes, size_t len,
                         compare_next *next, void *state, enum lb_body_result *out_result);

/* All at once; one byte at a time; in two, cut at `*(size_t *)state`; anyhow. */
size_t compare_whole(void *state, size_t at, size_t len);
size_t compare_bytes(void *state, size_t at, size_t len);
size_t compare_cut(void *state, size_t at, size_t len);
size_t compare_random(void *state, size_t at, size_t len);

/* The same numbers in each run. */
size_t random_below(size_t bound);

/* What is compared: a head, or a body and its framing. */
struct compared {
    struct lb_str bytes;
    bool is_body;
    bool chunked;
    uint64_t content_length;
};

/* One byte at a time, and in two, cut at every place. NULL, or what differs. */
const char *compare_at_every_cut(const struct compared *what);

/* For fuzzers: in pieces of these sizes, used again and again (0: all that is left), and all at
 * once, which must have the same result. Ends the process when something differs. */
void compare_or_abort(const struct compared *what, const uint8_t *sizes, size_t count);

#endif
