#include "json/encode.h"

#include "base/clock.h"
#include "base/utf8.h"
#include "json/text.h"

static void put_escaped(struct lb_buf *buf, unsigned char c)
{
    static const char letters[] = "bfnrt", controls[] = "\b\f\n\r\t";
    static const char hex[] = "0123456789abcdef";
    const char *control = c ? strchr(controls, c) : NULL;
    if (c == '"' || c == '\\')
        lb_buf_append(buf, (char[]){'\\', (char)c}, 2);
    else if (control)
        lb_buf_append(buf, (char[]){'\\', letters[control - controls]}, 2);
    else
        lb_buf_append(buf, (char[]){'\\', 'u', '0', '0', hex[c >> 4], hex[c & 15]}, 6);
}

void lb_json_put_string(struct lb_buf *buf, struct lb_str text)
{
    const unsigned char *p = text.len ? (const unsigned char *)text.ptr : (const unsigned char *)"";
    const unsigned char *end = p + text.len;
    if (!lb_buf_reserve(buf, text.len + 2))
        return;
    const unsigned char *special = lb_json_skip_plain(p, end);
    if (special == end) { /* nearly always: room for it is there */
        char *to = buf->ptr + buf->len;
        *to = '"';
        memcpy(to + 1, p, text.len);
        to[1 + text.len] = '"';
        buf->len += text.len + 2;
        return;
    }
    lb_buf_append_lit(buf, "\"");
    while (p < end) {
        const unsigned char *run = p;
        size_t sequence = 0;
        do {
            p = lb_json_skip_plain(p + sequence, end);
            sequence = p < end && *p >= 0x80 ? lb_utf8_length(p, end) : 0;
        } while (sequence);
        lb_buf_append(buf, run, (size_t)(p - run));
        if (p == end)
            break;
        if (*p >= 0x80)
            lb_buf_append_lit(buf, "\xef\xbf\xbd");
        else
            put_escaped(buf, *p);
        p++;
    }
    lb_buf_append_lit(buf, "\"");
}

void lb_json_put_time(struct lb_buf *buf, int64_t wall_ms)
{
    char text[LB_TIME_TEXT_SIZE];
    size_t len = lb_time_format(wall_ms, text);
    lb_json_put_string(buf, (struct lb_str){text, len});
}

void lb_json_put_string_or_null(struct lb_buf *buf, struct lb_str text)
{
    if (text.ptr)
        lb_json_put_string(buf, text);
    else
        lb_buf_append_lit(buf, "null");
}

void lb_json_put_time_or_null(struct lb_buf *buf, int64_t wall_ms)
{
    if (wall_ms)
        lb_json_put_time(buf, wall_ms);
    else
        lb_buf_append_lit(buf, "null");
}
