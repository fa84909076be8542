/* libFuzzer entry: where requests begin and end, beside llhttp 8.1, the parser of Node.js, as
 * Node.js builds it. Only where its sources are (Debian 12: package node-llhttp).
 *
 * A request that leadblock refuses ends the comparison: nothing after it is read. One that it
 * takes, llhttp must take with the same method, target and body, and see the same end, or refuse
 * for a reason in the table below. */
#if __has_include(<llhttp.h>)

#include "base/buf.h"
#include "http/body.h"
#include "http/head.h"

#include <llhttp.h>
#include <stdio.h>
#include <stdlib.h>

#define REQUESTS_MAX 16

/* Parts of the reasons for which llhttp refuses what leadblock takes, and why leadblock does. None
 * hides a second request: a refusal ends the connection. */
static const char *const refusals[][2] = {
    {"method", "any token is one; those that no path knows get a 404 or 405"},
    {" url", "any bytes but white space and controls are a target; what is no path gets a 404"},
    {"in Content-Length", "a tab beside the length (RFC 9110, section 5.6.3)"},
    {"has invalid `Transfer-Encoding`", "a tab beside it"},
};

struct request {
    bool whole;
    bool extra; /* its chunks have extensions or trailers, which are ignored, whatever is in them */
    size_t end; /* in the input */
    struct lb_buf method, target, body;
};

struct reading {
    const char *bytes;
    struct request requests[REQUESTS_MAX];
    unsigned count;      /* of whole ones; the one after them may be under way */
    const char *refused; /* why; NULL: it was not */
    bool closes;         /* after the last one */
};

/* --- leadblock -------------------------------------------------------------------------------- */

/* False: there is no more. */
static bool take_ours(struct reading *r, size_t len)
{
    static struct lb_head head;
    struct request *request = &r->requests[r->count];
    size_t begin = r->count ? r->requests[r->count - 1].end : 0;
    const char *wrong = "other";
    lb_head_start(&head);
    enum lb_head_result result = lb_head_parse(&head, r->bytes + begin, len - begin, &wrong);
    if (result != LB_HEAD_WHOLE) {
        r->refused = result == LB_HEAD_PART ? NULL : wrong;
        return false;
    }
    /* From there on llhttp expects HTTP/2, or a tunnel. Here the first is a method as any other;
     * the second ends the connection. */
    r->closes = lb_str_equal(head.method, LB_STR("PRI")) ||
                (head.close && lb_str_equal(head.method, LB_STR("CONNECT")));
    if (r->closes)
        return false;
    lb_buf_append_str(&request->method, head.method);
    lb_buf_append_str(&request->target, head.target);
    struct lb_body body;
    enum lb_body_result read;
    const char *at = r->bytes + begin + head.len;
    struct lb_str data;
    lb_body_start(&body, head.chunked, head.content_length);
    while ((read = lb_body_next(&body, &at, r->bytes + len, &data, &wrong)) == LB_BODY_DATA)
        lb_buf_append_str(&request->body, data);
    if (read == LB_BODY_BROKEN)
        r->refused = wrong;
    request->whole = read == LB_BODY_WHOLE;
    request->extra = body.extra > 1; /* the last carriage return counts, too */
    request->end = (size_t)(at - r->bytes);
    r->count += request->whole;
    r->closes = !lb_head_persists(&head);
    return request->whole && !r->closes && r->count < REQUESTS_MAX;
}

/* --- llhttp ----------------------------------------------------------------------------------- */

static struct request *under_way(llhttp_t *parser)
{
    struct reading *r = parser->data;
    return &r->requests[r->count];
}

static int on_method(llhttp_t *parser, const char *at, size_t len)
{
    lb_buf_append(&under_way(parser)->method, at, len);
    return 0;
}

static int on_url(llhttp_t *parser, const char *at, size_t len)
{
    lb_buf_append(&under_way(parser)->target, at, len);
    return 0;
}

static int on_body(llhttp_t *parser, const char *at, size_t len)
{
    lb_buf_append(&under_way(parser)->body, at, len);
    return 0;
}

static int on_complete(llhttp_t *parser)
{
    return HPE_PAUSED; /* to see where */
}

static bool take_theirs(struct reading *r, llhttp_t *parser, size_t len)
{
    struct request *request = &r->requests[r->count];
    size_t begin = r->count ? r->requests[r->count - 1].end : 0;
    enum llhttp_errno error = llhttp_execute(parser, r->bytes + begin, len - begin);
    if (error == HPE_OK)
        return false;
    if (error == HPE_PAUSED_UPGRADE) { /* leadblock ignores Upgrade, as it may */
        llhttp_resume_after_upgrade(parser);
        return true;
    }
    if (error != HPE_PAUSED) {
        r->refused = llhttp_get_error_reason(parser);
        return false;
    }
    request->whole = true;
    request->end = (size_t)(llhttp_get_error_pos(parser) - r->bytes);
    r->closes = !llhttp_should_keep_alive(parser);
    llhttp_resume(parser);
    r->count++;
    return !r->closes && r->count < REQUESTS_MAX;
}

/* --- both ------------------------------------------------------------------------------------- */

static bool is_expected(const char *refused)
{
    for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++)
        if (strstr(refused, refusals[i][0]))
            return true;
    return false;
}

static void fail_with(const char *what, const char *why)
{
    fprintf(stderr, "%s: %s\n", what, why ? why : "");
    abort();
}

static void compare(const struct request *ours, const struct request *theirs)
{
    if (ours->end != theirs->end)
        fail_with("differs", "the end");
    if (!lb_str_equal(lb_buf_str(&ours->method), lb_buf_str(&theirs->method)))
        fail_with("differs", "the method");
    if (!lb_str_equal(lb_buf_str(&ours->target), lb_buf_str(&theirs->target)))
        fail_with("differs", "the target");
    if (!lb_str_equal(lb_buf_str(&ours->body), lb_buf_str(&theirs->body)))
        fail_with("differs", "the body");
}

static void compare_all(const struct reading *ours, const struct reading *theirs)
{
    unsigned i = 0;
    for (; i < ours->count && i < theirs->count; i++)
        compare(&ours->requests[i], &theirs->requests[i]);
    if (i < ours->count && theirs->refused && !ours->requests[i].extra &&
        !is_expected(theirs->refused))
        fail_with("llhttp refuses", theirs->refused);
    if (i < ours->count && !theirs->refused && !theirs->closes)
        fail_with("llhttp wants more", NULL);
    if (i < theirs->count && !ours->refused && !ours->closes)
        fail_with("leadblock wants more", NULL);
}

static void forget(struct reading *r)
{
    for (unsigned i = 0; i < REQUESTS_MAX; i++) {
        lb_buf_fini(&r->requests[i].method);
        lb_buf_fini(&r->requests[i].target);
        lb_buf_fini(&r->requests[i].body);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct reading ours = {.bytes = (const char *)data}, theirs = ours;
    llhttp_settings_t settings;
    llhttp_t parser;
    while (take_ours(&ours, size))
        ;
    llhttp_settings_init(&settings);
    settings.on_method = on_method;
    settings.on_url = on_url;
    settings.on_body = on_body;
    settings.on_message_complete = on_complete;
    llhttp_init(&parser, HTTP_REQUEST, &settings);
    parser.data = &theirs;
    while (take_theirs(&theirs, &parser, size))
        ;
    compare_all(&ours, &theirs);
    forget(&ours);
    forget(&theirs);
    return 0;
}

#endif
