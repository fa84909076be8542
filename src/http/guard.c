#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* memmem */
#endif
#include "http/guard.h"

#include <microhttpd.h>
#include <strings.h>

/* libmicrohttpd splits the header section in place, putting NULs over colons and line ends. So the
 * pieces that it reports must follow each other exactly; where they do not, it has skipped
 * something: a NUL, a bare LF, a folded line. */
struct walk {
    const char *next; /* where the next header line has to begin */
    bool http11;
    unsigned hosts;
    unsigned lengths;
    unsigned codings;
    struct lb_exchange *x;
    const char *wrong;
};

static bool is_token(const char *text, size_t len)
{
    static const bool token[256] = {
        ['!'] = 1, ['#'] = 1, ['$'] = 1, ['%'] = 1,         ['&'] = 1,         ['\''] = 1,
        ['*'] = 1, ['+'] = 1, ['-'] = 1, ['.'] = 1,         ['^'] = 1,         ['_'] = 1,
        ['`'] = 1, ['|'] = 1, ['~'] = 1, ['0' ... '9'] = 1, ['A' ... 'Z'] = 1, ['a' ... 'z'] = 1,
    };
    bool all = len > 0;
    for (size_t i = 0; i < len; i++)
        all &= token[(unsigned char)text[i]];
    return all;
}

static bool has_control(const char *text, size_t len)
{
    bool found = false;
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)text[i];
        found |= (c < ' ' && c != '\t') || c == 0x7f;
    }
    return found;
}

static bool is_name(struct lb_str name, struct lb_str wanted)
{
    return name.len == wanted.len && strncasecmp(name.ptr, wanted.ptr, name.len) == 0;
}

static const char *take_framing(struct walk *walk, struct lb_str name, struct lb_str value)
{
    struct lb_exchange *x = walk->x;
    switch (name.len) {
    case 4:
        if (is_name(name, LB_STR("host")) && ++walk->hosts > 1)
            return "More than one Host header.";
        break;
    case 6:
        if (is_name(name, LB_STR("expect")))
            x->expects_continue = is_name(value, LB_STR("100-continue")) && walk->http11;
        break;
    case 14:
        if (!is_name(name, LB_STR("content-length")))
            break;
        if (++walk->lengths > 1)
            return "More than one Content-Length header.";
        if (!lb_str_to_u64(value, UINT64_MAX - 1, &x->content_length))
            return "Content-Length is not a number.";
        break;
    case 17:
        if (!is_name(name, LB_STR("transfer-encoding")))
            break;
        if (++walk->codings > 1)
            return "More than one Transfer-Encoding header.";
        if (!is_name(value, LB_STR("chunked")))
            return "The only transfer coding known here is 'chunked'.";
        x->chunked = true;
        break;
    default:
        break;
    }
    return NULL;
}

static enum MHD_Result take_header(void *cls, enum MHD_ValueKind kind, const char *name,
                                   size_t name_len, const char *value, size_t value_len)
{
    struct walk *walk = cls;
    if (name != walk->next)
        walk->wrong = "A line of the header section is broken, folded, ends without a carriage "
                      "return or holds a NUL.";
    else if (!is_token(name, name_len))
        walk->wrong = "A header name holds white space or another character that it may not.";
    else if (has_control(value, value_len))
        walk->wrong = "A header value holds a control character.";
    else
        walk->wrong =
            take_framing(walk, (struct lb_str){name, name_len}, (struct lb_str){value, value_len});
    walk->next = value + value_len + 2;
    return walk->wrong ? MHD_NO : MHD_YES;
}

/* `text` is the target as it was before libmicrohttpd cut off the query. */
static bool sound_target(const char *text, size_t len)
{
    return len > 0 && !has_control(text, len) && !strpbrk(text, " \t");
}

static const char *check_request_line(const char *method, const char *version,
                                      const struct lb_exchange *x)
{
    size_t method_len = strlen(method);
    if (!is_token(method, method_len))
        return "The method is not a token.";
    if (method + method_len + 1 != x->target || x->target + x->target_len + 1 != version)
        return "The request line is not 'METHOD TARGET VERSION' with one space between.";
    if (!sound_target(x->target_copy, x->target_len))
        return "The request target is empty, or holds white space or a control character.";
    return NULL;
}

static const char *check_framing(const struct walk *walk, const char *end)
{
    if (walk->wrong)
        return walk->wrong;
    if (walk->next + 2 != end)
        return "The end of the header section is broken.";
    if (walk->http11 && walk->hosts == 0)
        return "HTTP/1.1 needs a Host header.";
    if (walk->lengths && walk->codings)
        return "Content-Length together with Transfer-Encoding.";
    if (walk->codings && !walk->http11)
        return "HTTP/1.0 has no Transfer-Encoding.";
    return NULL;
}

lb_err lb_guard_check(struct MHD_Connection *mhd, const char *method, const char *version,
                      struct lb_exchange *x, struct lb_reason *reason)
{
    const char *wrong = check_request_line(method, version, x);
    if (wrong)
        return lb_fail(reason, LB_ERR_BAD_REQUEST, "%s", wrong);
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);
    if (!info)
        return lb_fail(reason, LB_ERR_BAD_REQUEST, "The header section is broken.");
    x->header_bytes = info->header_size;

    struct walk walk = {
        .next = version + strlen(version) + 2,
        .http11 = strcmp(version, "HTTP/1.0") != 0,
        .x = x,
    };
    MHD_get_connection_values_n(mhd, MHD_HEADER_KIND, take_header, &walk);
    wrong = check_framing(&walk, method + x->header_bytes);
    return wrong ? lb_fail(reason, LB_ERR_BAD_REQUEST, "%s", wrong) : LB_OK;
}

lb_err lb_guard_target(const struct lb_request *req, struct lb_reason *reason)
{
    if (memmem(req->path.ptr, req->path.len, "%00", 3))
        return lb_fail(reason, LB_ERR_BAD_REQUEST, "A NUL is not allowed in the path.");
    if (req->query.len > 0 && memmem(req->query.ptr, req->query.len, "%00", 3))
        return lb_fail(reason, LB_ERR_INVALID_PARAMETER, "A NUL is not allowed in the query.");
    return LB_OK;
}
