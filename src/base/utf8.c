#include "base/utf8.h"

static bool continues(char byte)
{
    return ((unsigned char)byte & 0xc0) == 0x80;
}

size_t lb_utf8_printable_length(const unsigned char *p, const unsigned char *end)
{
    size_t length = lb_utf8_length(p, end);
    return lb_utf8_is_control(p, length) ? 0 : length;
}

bool lb_utf8_is_valid(struct lb_str text)
{
    const unsigned char *p = (const unsigned char *)text.ptr;
    const unsigned char *end = p + text.len;
    while (p < end) {
        size_t length = lb_utf8_length(p, end);
        if (length == 0)
            return false;
        p += length;
    }
    return true;
}

size_t lb_utf8_count(struct lb_str text)
{
    size_t count = 0;
    for (size_t i = 0; i < text.len; i++)
        count += !continues(text.ptr[i]);
    return count;
}

struct lb_str lb_utf8_first(struct lb_str text, size_t max_characters)
{
    const unsigned char *p = (const unsigned char *)text.ptr;
    size_t len = 0;
    for (size_t n = 0; n < max_characters && len < text.len && p[len]; n++) {
        size_t length = lb_utf8_length(p + len, p + text.len);
        len += length ? length : 1;
    }
    return (struct lb_str){text.ptr, len};
}

struct lb_str lb_utf8_cut(struct lb_str text, size_t max_bytes)
{
    if (text.len <= max_bytes)
        return text;
    while (max_bytes > 0 && continues(text.ptr[max_bytes]))
        max_bytes--;
    return (struct lb_str){text.ptr, max_bytes};
}
