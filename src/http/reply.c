#include "http/reply.h"

#include "base/utf8.h"
#include "http/head.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>

void lb_reply_fini(struct lb_reply *reply)
{
    lb_buf_fini(&reply->body);
    lb_buf_fini(&reply->headers);
    *reply = (struct lb_reply){0};
}

static bool is_good_value(struct lb_str value)
{
    const char *end = value.ptr + value.len;
    return value.len && lb_head_value_end(value.ptr, end) == end &&
           !memchr(value.ptr, '\t', value.len);
}

void lb_reply_put_header(struct lb_reply *reply, struct lb_str name, struct lb_str value)
{
    assert(is_good_value(value));
    lb_buf_append_str(&reply->headers, name);
    lb_buf_append_lit(&reply->headers, ": ");
    lb_buf_append_str(&reply->headers, value);
    lb_buf_append_lit(&reply->headers, "\r\n");
}

struct lb_buf *lb_reply_json(struct lb_reply *reply, unsigned status)
{
    reply->status = status;
    reply->code = NULL;
    reply->content_type = NULL;
    reply->body.len = 0;
    reply->fixed_body = (struct lb_str){0};
    reply->give = NULL;
    return &reply->body;
}

void lb_reply_fixed(struct lb_reply *reply, unsigned status, const char *content_type,
                    struct lb_str body)
{
    lb_reply_json(reply, status);
    reply->content_type = content_type;
    reply->fixed_body = body;
}

struct lb_str lb_reply_body(const struct lb_reply *reply)
{
    return reply->fixed_body.ptr ? reply->fixed_body : lb_buf_str(&reply->body);
}

static void append_escaped(struct lb_buf *body, const char *text)
{
    const unsigned char *p = (const unsigned char *)text;
    const unsigned char *end = p + strlen(text);
    while (p < end) {
        size_t length = lb_utf8_length(p, end);
        if (length == 0)
            lb_buf_append_lit(body, "\\ufffd");
        else if (*p == '"' || *p == '\\')
            lb_buf_printf(body, "\\%c", *p);
        else if (*p < ' ' || *p == 0x7f)
            lb_buf_printf(body, "\\u%04x", *p);
        else
            lb_buf_append(body, p, length);
        p += length ? length : 1;
    }
}

void lb_reply_error(struct lb_reply *reply, lb_err err, const char *format, ...)
{
    char message[1024];
    va_list args;
    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);

    unsigned status = lb_err_status(err);
    struct lb_buf *body = lb_reply_json(reply, status);
    reply->code = lb_err_code(err);
    lb_buf_append_lit(body, "{\"success\":false,\"code\":\"");
    lb_buf_append_str(body, lb_str(reply->code));
    lb_buf_append_lit(body, "\",\"message\":\"");
    append_escaped(body, message);
    lb_buf_append_lit(body, "\"}");

    if ((status == 429 || status == 503) && !reply->has_retry_after)
        lb_reply_header(reply, "Retry-After", "1");
}
