#include "api/query.h"

#include "api/ids.h"

#include <stdarg.h>
#include <stdio.h>

bool lb_query_text(struct lb_call *call, const char *name, struct lb_str *out)
{
    struct lb_reason reason;
    lb_err err = lb_request_query(call->req, name, out, &reason);
    if (err)
        lb_call_refuse(call, err, err == LB_ERR_OVERLOADED ? NULL : &reason);
    return !err;
}

bool lb_query_number(struct lb_call *call, const char *name, const char *other, uint64_t fallback,
                     uint64_t max, uint64_t *out)
{
    struct lb_str text;
    struct lb_str alias = {0};
    struct lb_reply *reply = &call->req->reply;
    if (!lb_query_text(call, name, &text) || (other && !lb_query_text(call, other, &alias)))
        return false;
    if (text.ptr && alias.ptr) {
        lb_reply_error(reply, LB_ERR_INVALID_PARAMETER,
                       "The parameters '%s' and '%s' mean the same. Send one of them.", name,
                       other);
        return false;
    }
    *out = fallback;
    if (!text.ptr && !alias.ptr)
        return true;
    if (lb_str_to_u64(text.ptr ? text : alias, max, out))
        return true;
    lb_reply_error(reply, LB_ERR_INVALID_PARAMETER,
                   "The parameter '%s' must be a whole number from 0 to %llu.",
                   text.ptr ? name : other, (unsigned long long)max);
    return false;
}

static bool is_among(struct lb_str name, const char *names)
{
    size_t len = strcspn(names, " ");
    while (len && !lb_str_equal(name, (struct lb_str){names, len})) {
        names += len + (names[len] == ' ');
        len = strcspn(names, " ");
    }
    return len != 0;
}

bool lb_query_only(struct lb_call *call, const char *names)
{
    struct lb_str rest = call->req->query;
    struct lb_str name;
    while (lb_request_next_parameter(call->req, &rest, &name)) {
        if (name.len == 0 || name.ptr[0] == '_' || is_among(name, names) ||
            lb_str_equal(name, LB_STR("dryRun"))) /* which means nothing where only is read */
            continue; /* what cannot be decoded is refused where a parameter is looked for */
        bool page = lb_str_equal(name, LB_STR("page")) && is_among(LB_STR("skip"), names);
        lb_reply_error(&call->req->reply, LB_ERR_INVALID_PARAMETER,
                       page ? "There is no parameter '%.*s': use skip and take, or follow the Link "
                              "header."
                            : "There is no parameter '%.*s' here; see docs/api.md, or /docs/api of "
                              "this server.",
                       name.len > 64 ? 64 : (int)name.len, name.ptr);
        return false;
    }
    return true;
}

void lb_query_put_total(struct lb_call *call, uint64_t total)
{
    char text[24];
    snprintf(text, sizeof text, "%llu", (unsigned long long)total);
    lb_reply_header(&call->req->reply, "X-Total-Count", text);
}

void lb_query_begin_link(struct lb_call *call, struct lb_buf *link)
{
    lb_buf_append_str(link, call->base_alias ? LB_STR("</api") : LB_STR("<"));
    lb_buf_append_str(link, call->req->path);
    lb_buf_append_lit(link, "?");
}

void lb_query_end_link(struct lb_call *call, struct lb_buf *link)
{
    lb_buf_append_lit(link, ">; rel=\"next\"");
    lb_buf_append(link, "", 1);
    if (link->failed)
        call->req->reply.body.failed = true; /* without a link it would look like the last page */
    else
        lb_reply_header(&call->req->reply, "Link", link->ptr);
    lb_buf_fini(link);
}

void lb_query_put_link(struct lb_call *call, const char *format, ...)
{
    struct lb_buf link = {0};
    char query[256];
    va_list args;
    va_start(args, format);
    vsnprintf(query, sizeof query, format, args);
    va_end(args);
    lb_query_begin_link(call, &link);
    lb_buf_append_str(&link, lb_str(query));
    lb_query_end_link(call, &link);
}

bool lb_query_refuse_cursor(struct lb_call *call)
{
    lb_reply_error(&call->req->reply, LB_ERR_INVALID_PARAMETER,
                   "The parameter 'cursor' must come from the Link header of an earlier page.");
    return false;
}

static bool read_number(struct lb_str text, uint64_t max, uint64_t *out)
{
    return text.len && lb_str_to_id(text, max, out) && *out > 0;
}

/* What follows the letter; empty when it is no cursor, and ptr NULL when it is missing. */
static bool read_cursor(struct lb_call *call, struct lb_str *out)
{
    if (!lb_query_text(call, "cursor", out))
        return false;
    if (out->ptr && (!out->len || out->ptr[0] != 'c'))
        return lb_query_refuse_cursor(call);
    if (out->ptr)
        *out = (struct lb_str){out->ptr + 1, out->len - 1};
    return true;
}

bool lb_query_cursor(struct lb_call *call, uint64_t *out)
{
    struct lb_str cursor;
    *out = 0;
    if (!read_cursor(call, &cursor))
        return false;
    return !cursor.ptr || read_number(cursor, LB_ENTRY_ID_MAX, out) || lb_query_refuse_cursor(call);
}

/* All of the text. */
static bool read_lead(struct lb_str text, uint64_t *out)
{
    *out = lb_id_row(text, LB_STR(""));
    return *out != 0;
}

bool lb_query_cursor_of_lead(struct lb_call *call, uint64_t *out)
{
    struct lb_str cursor;
    *out = 0;
    if (!read_cursor(call, &cursor))
        return false;
    return !cursor.ptr || read_lead(cursor, out) || lb_query_refuse_cursor(call);
}

bool lb_query_cursor_of_campaign_and_lead(struct lb_call *call, struct lb_str *campaign,
                                          uint64_t *lead)
{
    struct lb_str cursor;
    *campaign = (struct lb_str){0};
    *lead = 0;
    if (!read_cursor(call, &cursor))
        return false;
    if (!cursor.ptr)
        return true;
    const char *dot = memchr(cursor.ptr, '.', cursor.len);
    size_t head = dot ? (size_t)(dot - cursor.ptr) : 0;
    *campaign = (struct lb_str){cursor.ptr, head};
    return (head && read_lead((struct lb_str){dot + 1, cursor.len - head - 1}, lead)) ||
           lb_query_refuse_cursor(call);
}

void lb_query_put_escaped(struct lb_buf *out, struct lb_str text)
{
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                     c == '-' || c == '_' || c == '.';
        if (plain)
            lb_buf_append(out, &text.ptr[i], 1);
        else
            lb_buf_printf(out, "%%%02X", c);
    }
}
