/* A slow, plain reading of RFC 9112 (and of RFC 9110, sections 5.5, 5.6, 7.2 and 10.1.1): what
 * src/http/head.c and src/http/body.c are compared with. Written from the RFC, without those files
 * in sight, and kept free of their code. It sees all bytes at once, looks at each by itself and
 * starts anew each time. Where the RFC leaves a choice, what is ambiguous is refused. */
#ifndef LB_TESTS_HTTP_REFERENCE_H
#define LB_TESTS_HTTP_REFERENCE_H

#include "http/body.h"
#include "http/head.h"

struct ref_line {
    struct lb_str name, value;
};

struct ref_head {
    enum lb_head_result result;
    struct lb_str method, target;
    size_t len; /* bytes of the lines that were judged */
    uint64_t content_length;
    bool http10, has_host, has_length, chunked, expects_continue, close, keep_alive;
    bool has_odd_options; /* a Connection header that is no list of tokens: it may mean anything */
    unsigned count;
    struct ref_line lines[LB_HEAD_LINES_MAX];
};

/* Reads a head from all bytes that are there. A line is judged when its LF is there. */
void ref_head_read(struct ref_head *out, const char *bytes, size_t len);

struct ref_body {
    enum lb_body_result result; /* never LB_BODY_DATA */
    size_t taken;               /* bytes of the body's framing and data, when it is whole */
    size_t data_len;
    char *data; /* as many bytes as the input; free() it */
};

void ref_body_read(struct ref_body *out, bool chunked, uint64_t content_length, const char *bytes,
                   size_t len);

#endif
