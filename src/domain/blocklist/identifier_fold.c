#include "domain/blocklist/identifier_internal.h"

#include <utf8proc.h>

#define NFC (UTF8PROC_STABLE | UTF8PROC_COMPOSE)

/* Folding once is not proven to be a fixed point for every sequence of combining marks. No string
 * is known that takes more than two rounds. */
#define ROUNDS_MAX 8

static const char UNSTABLE[] =
    "combines characters in a way that has no single lower-case form; type the name by hand";

const char *lb_identifier_read_points(struct lb_str text, int32_t *points, size_t *out_count)
{
    size_t bytes, n = 0;
    for (; text.len; text = lb_str_skip(text, bytes)) {
        int32_t point;
        if (!lb_identifier_point(text, &point, &bytes))
            return lb_identifier_not_utf8;
        if (n == LB_FOLD_TEXT_MAX)
            return lb_identifier_too_long;
        points[n++] = point;
    }
    *out_count = n;
    return NULL;
}

/* Decomposes or folds each of `n` code points; how many they become, or -1 when over
 * LB_FOLD_POINTS. */
static utf8proc_ssize_t expand(const int32_t *points, utf8proc_ssize_t n, int options, int32_t *out)
{
    utf8proc_ssize_t len = 0;
    for (utf8proc_ssize_t i = 0; i < n; i++) {
        int boundary = 0;
        utf8proc_ssize_t room = LB_FOLD_POINTS - len;
        utf8proc_ssize_t count = utf8proc_decompose_char(points[i], out + len, room,
                                                         (utf8proc_option_t)options, &boundary);
        if (count < 0 || count > room)
            return -1;
        len += count;
    }
    return len;
}

/* Puts combining marks into canonical order (Unicode, section 3.11, D109). utf8proc would do it, in
 * a time that grows fast with the length of a run of marks. False when a run is so long that the
 * whole is too long: composition takes at most 3 marks out of it. */
static bool order_marks(int32_t *points, utf8proc_ssize_t n)
{
    uint8_t classes[LB_FOLD_POINTS];
    utf8proc_ssize_t run = 0;
    for (utf8proc_ssize_t i = 0; i < n; i++) {
        int32_t point = points[i];
        uint8_t class = (uint8_t)utf8proc_get_property(point)->combining_class;
        run = class ? run + 1 : 0;
        if (run > LB_IDENTIFIER_MAX_CODE_POINTS + 3)
            return false;
        utf8proc_ssize_t to = i;
        for (; class && to > 0 && classes[to - 1] > class; to--) {
            points[to] = points[to - 1];
            classes[to] = classes[to - 1];
        }
        points[to] = point;
        classes[to] = class;
    }
    return true;
}

/* NFC of `n` code points; how many, or -1 when it is too long. */
static utf8proc_ssize_t compose(const int32_t *points, utf8proc_ssize_t n, int32_t *out)
{
    utf8proc_ssize_t count = expand(points, n, NFC, out);
    if (count < 0 || !order_marks(out, count))
        return -1;
    return utf8proc_normalize_utf32(out, count, NFC);
}

/* NFC, full case folding and what `options` ask for, NFC; `out` has room for LB_FOLD_POINTS. How
 * many, or -1 when too long. */
static utf8proc_ssize_t fold_once(const int32_t *points, utf8proc_ssize_t n, int options,
                                  int32_t *out)
{
    utf8proc_ssize_t ascii = 0;
    for (; ascii < n && points[ascii] < 0x80; ascii++)
        out[ascii] = lb_ascii_lower((char)points[ascii]);
    if (ascii == n)
        return n;
    int32_t folded[LB_FOLD_POINTS];
    utf8proc_ssize_t count = compose(points, n, out);
    if (count >= 0)
        count = expand(out, count, UTF8PROC_CASEFOLD | options, folded);
    return count < 0 ? -1 : compose(folded, count, out);
}

static const char *fold(int32_t *points, size_t *count, int options)
{
    int32_t folded[LB_FOLD_POINTS];
    for (int round = 0; round < ROUNDS_MAX; round++) {
        utf8proc_ssize_t n = fold_once(points, (utf8proc_ssize_t)*count, options, folded);
        if (n < 0 || n > LB_FOLD_TEXT_MAX)
            return lb_identifier_too_long;
        bool same = (size_t)n == *count && memcmp(points, folded, (size_t)n * sizeof *points) == 0;
        memcpy(points, folded, (size_t)n * sizeof *points);
        *count = (size_t)n;
        if (same)
            return NULL;
    }
    return UNSTABLE;
}

const char *lb_identifier_fold(int32_t *points, size_t *count)
{
    return fold(points, count, 0);
}

const char *lb_identifier_fold_compatible(int32_t *points, size_t *count)
{
    return fold(points, count, UTF8PROC_COMPOSE | UTF8PROC_COMPAT);
}

size_t lb_identifier_encode(const int32_t *points, size_t count, char *out)
{
    size_t len = 0;
    for (size_t i = 0; i < count; i++)
        len += (size_t)utf8proc_encode_char(points[i], (utf8proc_uint8_t *)out + len);
    return len;
}
