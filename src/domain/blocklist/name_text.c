#include "domain/blocklist/name_internal.h"

#include <stdio.h>
#include <utf8proc.h>

static const char EMPTY[] = "is empty; leave out what is not known";
static const char TOO_LONG[] = "is too long; give one name alone";

static bool is_invisible(int32_t point)
{
    return point != 0x200c && point != 0x200d && lb_identifier_is_ignorable(point);
}

const char *lb_name_tidy(struct lb_str raw, char *text, struct lb_str *out)
{
    size_t len = 0, bytes;
    bool gap = false;
    int32_t point;
    if (raw.len > LB_TYPED_NAME_RAW_MAX)
        return TOO_LONG;
    for (; raw.len; raw = lb_str_skip(raw, bytes)) {
        if (!lb_identifier_point(raw, &point, &bytes))
            return lb_identifier_not_utf8;
        if (lb_identifier_is_white_space(point)) {
            gap = len > 0;
            continue;
        }
        if (lb_identifier_is_control(point))
            return lb_identifier_control;
        if (is_invisible(point))
            continue;
        if (gap)
            text[len++] = ' ';
        gap = false;
        if (point >= 0xff01 && point <= 0xff5e)
            point -= 0xff01 - '!';
        len += (size_t)utf8proc_encode_char(point, (utf8proc_uint8_t *)text + len);
    }
    *out = (struct lb_str){text, len};
    return len ? NULL : EMPTY;
}

void lb_name_trim_opening(struct lb_str *text)
{
    static const struct lb_str OPENING[] = {
        {"<", 1},      {"(", 1},      {"[", 1},      {"\"", 1},     {"'", 1},      {" ", 1},
        {"\u201c", 3}, {"\u201e", 3}, {"\u2018", 3}, {"\u00ab", 2}, {"\u201a", 3},
    };
    for (size_t i = 0; i < sizeof OPENING / sizeof *OPENING; i++)
        if (text->len >= OPENING[i].len && memcmp(text->ptr, OPENING[i].ptr, OPENING[i].len) == 0) {
            *text = lb_str_skip(*text, OPENING[i].len);
            i = (size_t)-1;
        }
}

void lb_name_trim_closing(struct lb_str *text)
{
    size_t before;
    do {
        before = text->len;
        while (text->len && text->ptr[text->len - 1] == ' ')
            text->len--;
        lb_identifier_trim_closing(text);
    } while (text->len < before);
}

bool lb_name_is_mark(int32_t point)
{
    utf8proc_category_t category = utf8proc_category(point);
    return category >= UTF8PROC_CATEGORY_MN && category <= UTF8PROC_CATEGORY_ME;
}

bool lb_name_append(struct lb_typed_name *out, struct lb_str text)
{
    if (out->len + text.len >= sizeof out->text)
        return false;
    memcpy(out->text + out->len, text.ptr, text.len);
    out->len = (uint16_t)(out->len + text.len);
    out->text[out->len] = '\0';
    return true;
}

const char *lb_name_refuse_point(struct lb_typed_name *out, const char *before, int32_t point,
                                 const char *after)
{
    char shown[16] = "";
    utf8proc_category_t category = utf8proc_category(point);
    bool can_be_shown = category > UTF8PROC_CATEGORY_CN && category < UTF8PROC_CATEGORY_ZS;
    if (can_be_shown && point != 0xfffd)
        utf8proc_encode_char(point, (utf8proc_uint8_t *)shown);
    else
        snprintf(shown, sizeof shown, "U+%04X", (unsigned)point);
    const char *quote = can_be_shown && point != 0xfffd ? "\"" : "";
    snprintf(out->text, sizeof out->text, "%s%s%s%s%s", before, quote, shown, quote, after);
    return out->text;
}

size_t lb_name_scheme(struct lb_str text)
{
    size_t n = 0;
    while (n < text.len && (lb_identifier_plain[(unsigned char)text.ptr[n]] || text.ptr[n] == '+' ||
                            text.ptr[n] == '.'))
        n++;
    struct lb_str rest = lb_str_skip(text, n);
    if (n && lb_ascii_starts_lower(rest, LB_STR("://")))
        return n + 3;
    bool web = (n == 4 || n == 5) && lb_ascii_starts_lower(text, LB_STR("http"));
    if (web && lb_ascii_starts_lower(rest, LB_STR(":/")))
        return n + 2;
    return lb_ascii_starts_lower(text, LB_STR("//")) ? 2 : 0;
}
