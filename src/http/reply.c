#include "http/reply.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

void lb_reply_fini(struct lb_reply *reply)
{
    lb_buf_fini(&reply->body);
    for (size_t i = 0; i < reply->header_count; i++)
        free(reply->headers[i].value);
    *reply = (struct lb_reply){0};
}

void lb_reply_header(struct lb_reply *reply, const char *name, const char *value)
{
    assert(reply->header_count < LB_REPLY_HEADERS_MAX && *value);
    for (const char *p = value; *p; p++)
        assert((unsigned char)*p >= ' ' && *p != 0x7f);
    char *copy = strdup(value);
    if (!copy) {
        reply->body.failed = true; /* half a reply is worse than a 500 */
        return;
    }
    reply->headers[reply->header_count++] = (struct lb_reply_header){name, copy};
}

struct lb_buf *lb_reply_json(struct lb_reply *reply, unsigned status)
{
    reply->status = status;
    reply->code = NULL;
    reply->content_type = NULL;
    reply->body.len = 0;
    reply->fixed_body = (struct lb_str){0};
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

/* How many bytes of well-formed UTF-8 `text` begins with as one character; 0 when it is invalid. */
static size_t utf8_length(const unsigned char *text, size_t left)
{
    static const struct {
        unsigned char first_min, first_max, second_min, second_max;
        size_t length;
    } forms[] = {
        /* Unicode, table 3-7 */
        {0xc2, 0xdf, 0x80, 0xbf, 2}, {0xe0, 0xe0, 0xa0, 0xbf, 3}, {0xe1, 0xec, 0x80, 0xbf, 3},
        {0xed, 0xed, 0x80, 0x9f, 3}, {0xee, 0xef, 0x80, 0xbf, 3}, {0xf0, 0xf0, 0x90, 0xbf, 4},
        {0xf1, 0xf3, 0x80, 0xbf, 4}, {0xf4, 0xf4, 0x80, 0x8f, 4},
    };
    if (text[0] < 0x80)
        return 1;
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        if (text[0] < forms[i].first_min || text[0] > forms[i].first_max)
            continue;
        if (left < forms[i].length || text[1] < forms[i].second_min ||
            text[1] > forms[i].second_max)
            return 0;
        for (size_t n = 2; n < forms[i].length; n++)
            if ((text[n] & 0xc0) != 0x80)
                return 0;
        return forms[i].length;
    }
    return 0;
}

static void append_escaped(struct lb_buf *body, const char *text)
{
    const unsigned char *p = (const unsigned char *)text;
    size_t left = strlen(text);
    while (left > 0) {
        size_t length = utf8_length(p, left);
        if (length == 0)
            lb_buf_append_lit(body, "\\ufffd");
        else if (*p == '"' || *p == '\\')
            lb_buf_printf(body, "\\%c", *p);
        else if (*p < ' ' || *p == 0x7f)
            lb_buf_printf(body, "\\u%04x", *p);
        else
            lb_buf_append(body, p, length);
        p += length ? length : 1;
        left -= length ? length : 1;
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

    if (status != 429 && status != 503)
        return;
    for (size_t i = 0; i < reply->header_count; i++)
        if (strcmp(reply->headers[i].name, "Retry-After") == 0)
            return;
    lb_reply_header(reply, "Retry-After", "1");
}
