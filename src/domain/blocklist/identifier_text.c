#include "domain/blocklist/identifier_internal.h"

#include <utf8proc.h>

/* Times that what was decoded is decoded again: copies of copies. */
#define DECODE_AGAIN 2

const char lb_identifier_not_utf8[] = "is not valid UTF-8; encode it as UTF-8";
const char lb_identifier_white_space[] = "contains white space; give one name alone, without any";
const char lb_identifier_control[] = "contains a control character or NUL; remove it";

static const char EMPTY[] = "is empty; give the part after /in/ of a profile URL";
static const char BAD_PERCENT[] =
    "contains invalid percent-encoding; write % followed by two hexadecimal digits";

bool lb_ascii_starts_lower(struct lb_str text, struct lb_str lower_case)
{
    if (text.len < lower_case.len)
        return false;
    for (size_t i = 0; i < lower_case.len; i++)
        if (lb_ascii_lower(text.ptr[i]) != (unsigned char)lower_case.ptr[i])
            return false;
    return true;
}

bool lb_ascii_equals_lower(struct lb_str text, struct lb_str lower_case)
{
    return text.len == lower_case.len && lb_ascii_starts_lower(text, lower_case);
}

bool lb_ascii_holds_lower(struct lb_str text, struct lb_str lower_case)
{
    for (; text.len >= lower_case.len; text = lb_str_skip(text, 1))
        if (lb_ascii_starts_lower(text, lower_case))
            return true;
    return false;
}

bool lb_identifier_point(struct lb_str text, int32_t *out_point, size_t *out_bytes)
{
    if ((unsigned char)text.ptr[0] < 0x80) {
        *out_point = text.ptr[0];
        *out_bytes = 1;
        return true;
    }
    utf8proc_ssize_t n =
        utf8proc_iterate((const utf8proc_uint8_t *)text.ptr, (utf8proc_ssize_t)text.len, out_point);
    *out_bytes = n > 0 ? (size_t)n : 0;
    return n > 0;
}

bool lb_identifier_is_white_space(int32_t point)
{
    if (point < 0x80)
        return point == ' ' || (point >= 0x09 && point <= 0x0d);
    if (point == 0x85)
        return true;
    utf8proc_category_t category = utf8proc_category(point);
    return category == UTF8PROC_CATEGORY_ZS || category == UTF8PROC_CATEGORY_ZL ||
           category == UTF8PROC_CATEGORY_ZP;
}

/* The category Cc, which is fixed for good. */
bool lb_identifier_is_control(int32_t point)
{
    return point < 0x20 || (point >= 0x7f && point < 0xa0);
}

/* utf8proc knows the property of assigned code points; those that are reserved for it are fixed. */
bool lb_identifier_is_ignorable(int32_t point)
{
    if (point < 0x80)
        return false;
    return utf8proc_get_property(point)->ignorable || point == 0x2065 ||
           (point >= 0xfff0 && point <= 0xfff8) || (point >= 0xe0000 && point <= 0xe0fff);
}

const char *lb_identifier_trim(struct lb_str *text, bool ignorable_too)
{
    const char *start = NULL, *end = NULL, *reason = NULL;
    bool gap = false; /* white space since the last character that stays */
    int32_t point;
    size_t bytes;
    for (struct lb_str rest = *text; rest.len; rest = lb_str_skip(rest, bytes)) {
        if (start && end == rest.ptr && rest.ptr[0] > ' ' && rest.ptr[0] < 0x7f) {
            end += bytes = 1; /* nearly all of nearly all strings */
            continue;
        }
        if (!lb_identifier_point(rest, &point, &bytes))
            return lb_identifier_not_utf8;
        bool blank = lb_identifier_is_white_space(point);
        gap = start && (gap || blank);
        if (blank || (ignorable_too && lb_identifier_is_ignorable(point)))
            continue;
        if (!reason && gap)
            reason = lb_identifier_white_space;
        if (!reason && lb_identifier_is_control(point))
            reason = lb_identifier_control;
        gap = false;
        start = start ? start : rest.ptr;
        end = rest.ptr + bytes;
    }
    if (!start)
        return EMPTY;
    *text = (struct lb_str){start, (size_t)(end - start)};
    return reason;
}

/* Marks of any script that end a sentence or a part of one: those of the category Po that have the
 * property Terminal_Punctuation, which utf8proc does not know, ellipses, U+00A1 and U+00BF. Others
 * belong to words (geresh, tsheg, the dot between names in Japanese), or end nothing. */
static bool ends_sentence(int32_t point)
{
    static const struct {
        int32_t first, last;
    } MARKS[] = {{0xa1, 0xa1},       {0xbf, 0xbf},       {0x37e, 0x37e},     {0x589, 0x589},
                 {0x5c3, 0x5c3},     {0x60c, 0x60c},     {0x61b, 0x61b},     {0x61d, 0x61f},
                 {0x6d4, 0x6d4},     {0x700, 0x70a},     {0x70c, 0x70c},     {0x7f8, 0x7f9},
                 {0x830, 0x83e},     {0x85e, 0x85e},     {0x964, 0x965},     {0xe5a, 0xe5b},
                 {0xf08, 0xf08},     {0xf0d, 0xf12},     {0x104a, 0x104b},   {0x1361, 0x1368},
                 {0x166e, 0x166e},   {0x16eb, 0x16ed},   {0x1735, 0x1736},   {0x17d4, 0x17d6},
                 {0x17da, 0x17da},   {0x1802, 0x1805},   {0x1808, 0x1809},   {0x1944, 0x1945},
                 {0x1aa8, 0x1aab},   {0x1b5a, 0x1b5b},   {0x1b5d, 0x1b5f},   {0x1b7d, 0x1b7e},
                 {0x1c3b, 0x1c3f},   {0x1c7e, 0x1c7f},   {0x2025, 0x2026},   {0x203d, 0x203d},
                 {0x2047, 0x2048},   {0x2e2e, 0x2e2e},   {0x2e3c, 0x2e3c},   {0x2e41, 0x2e41},
                 {0x2e4c, 0x2e4c},   {0x2e4e, 0x2e4f},   {0x2e53, 0x2e54},   {0x3001, 0x3002},
                 {0xa4fe, 0xa4ff},   {0xa60d, 0xa60f},   {0xa6f3, 0xa6f7},   {0xa876, 0xa877},
                 {0xa8ce, 0xa8cf},   {0xa92f, 0xa92f},   {0xa9c7, 0xa9c9},   {0xaa5d, 0xaa5f},
                 {0xaadf, 0xaadf},   {0xaaf0, 0xaaf1},   {0xabeb, 0xabeb},   {0xfe10, 0xfe16},
                 {0xfe19, 0xfe19},   {0xfe50, 0xfe52},   {0xfe54, 0xfe57},   {0xff01, 0xff01},
                 {0xff0c, 0xff0c},   {0xff0e, 0xff0e},   {0xff1a, 0xff1b},   {0xff1f, 0xff1f},
                 {0xff61, 0xff61},   {0xff64, 0xff64},   {0x1039f, 0x1039f}, {0x103d0, 0x103d0},
                 {0x10857, 0x10857}, {0x1091f, 0x1091f}, {0x10a56, 0x10a57}, {0x10af0, 0x10af5},
                 {0x10b3a, 0x10b3f}, {0x10b99, 0x10b9c}, {0x10f55, 0x10f59}, {0x10f86, 0x10f89},
                 {0x11047, 0x1104d}, {0x110be, 0x110c1}, {0x11141, 0x11143}, {0x111c5, 0x111c6},
                 {0x111cd, 0x111cd}, {0x111de, 0x111df}, {0x11238, 0x1123c}, {0x112a9, 0x112a9},
                 {0x1144b, 0x1144d}, {0x1145a, 0x1145b}, {0x115c2, 0x115c5}, {0x115c9, 0x115d7},
                 {0x11641, 0x11642}, {0x1173c, 0x1173e}, {0x11944, 0x11944}, {0x11946, 0x11946},
                 {0x11a42, 0x11a43}, {0x11a9b, 0x11a9c}, {0x11aa1, 0x11aa2}, {0x11c41, 0x11c43},
                 {0x11c71, 0x11c71}, {0x11ef7, 0x11ef8}, {0x12470, 0x12474}, {0x16a6e, 0x16a6f},
                 {0x16af5, 0x16af5}, {0x16b37, 0x16b39}, {0x16b44, 0x16b44}, {0x16e97, 0x16e98},
                 {0x1bc9f, 0x1bc9f}, {0x1da87, 0x1da8a}};
    for (size_t i = 0; i < sizeof MARKS / sizeof *MARKS && MARKS[i].first <= point; i++)
        if (point <= MARKS[i].last)
            return true;
    return false;
}

/* What ends a sentence, a bracket or a quotation („...“ closes with what opens in English), but for
 * what a name may end with: the dot in the middle, and pictures. */
static bool is_closing(int32_t point)
{
    if (point < 0x80)
        return point > 0 && strchr(".,;:!)]}>*'\"", point);
    if (point == 0xb7 || point == 0x387 || /* which becomes 0xb7 */
        utf8proc_get_property(point)->boundclass == UTF8PROC_BOUNDCLASS_EXTENDED_PICTOGRAPHIC)
        return false;
    switch (utf8proc_category(point)) {
    case UTF8PROC_CATEGORY_PE:
    case UTF8PROC_CATEGORY_PF:
    case UTF8PROC_CATEGORY_PI:
        return true;
    default:
        return ends_sentence(point);
    }
}

void lb_identifier_trim_closing(struct lb_str *text)
{
    while (text->len) {
        size_t at = text->len - 1;
        while (at && (text->ptr[at] & 0xc0) == 0x80)
            at--;
        int32_t point;
        size_t bytes;
        if (!lb_identifier_point(lb_str_skip(*text, at), &point, &bytes) ||
            !(is_closing(point) || lb_identifier_is_ignorable(point)))
            return;
        text->len = at;
    }
}

/* U+200C and U+200D, the variation selectors, and tags: what joins or styles other characters.
 * utf8proc has no such property; the ranges are those of Variation_Selector, which is stable. */
static bool only_styles(int32_t point)
{
    return (point >= 0xfe00 && point <= 0xfe0f) || point == 0x200c || point == 0x200d ||
           (point >= 0xe0100 && point <= 0xe01ef) || (point >= 0xe0020 && point <= 0xe007f) ||
           (point >= 0x180b && point <= 0x180f && point != 0x180e);
}

size_t lb_identifier_clean(struct lb_str text, bool drop, char *out)
{
    size_t len = 0, bytes;
    int32_t point;
    if (!drop && !memchr(text.ptr, 0xef, text.len)) { /* with which full-width forms begin */
        memmove(out, text.ptr, text.len);
        return text.len;
    }
    for (; text.len; text = lb_str_skip(text, bytes)) {
        if (!lb_identifier_point(text, &point, &bytes))
            return len;
        if (point < 0x80) {
            out[len++] = (char)point;
            continue;
        }
        if (drop && only_styles(point))
            continue;
        if (point >= 0xff01 && point <= 0xff5e) {
            out[len++] = (char)(point - 0xff01 + '!');
            continue;
        }
        memmove(out + len, text.ptr, bytes);
        len += bytes;
    }
    return len;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The byte that is encoded at `text[at]`, where a % stands; -1 when none is. */
static int encoded_byte(const char *text, size_t len, size_t at)
{
    int high = at + 2 < len ? hex_digit(text[at + 1]) : -1;
    int low = at + 2 < len ? hex_digit(text[at + 2]) : -1;
    return high < 0 || low < 0 ? -1 : high << 4 | low;
}

static bool holds_encoded(const char *text, size_t len)
{
    for (size_t at = 0; at < len; at++)
        if (text[at] == '%' && encoded_byte(text, len, at) >= 0)
            return true;
    return false;
}

const char *lb_identifier_decode_once(char *text, size_t *len)
{
    size_t n = 0;
    for (size_t at = 0; at < *len; at++) {
        int byte = (unsigned char)text[at];
        if (byte == '%') {
            byte = encoded_byte(text, *len, at);
            if (byte < 0)
                return BAD_PERCENT;
            at += 2;
        }
        text[n++] = (char)byte;
    }
    *len = n;
    return NULL;
}

const char *lb_identifier_decode(char *text, size_t *len)
{
    if (!memchr(text, '%', *len))
        return NULL;
    const char *reason = lb_identifier_decode_once(text, len);
    for (int again = 0; !reason && again < DECODE_AGAIN && holds_encoded(text, *len); again++)
        reason = lb_identifier_decode_once(text, len);
    return reason;
}
