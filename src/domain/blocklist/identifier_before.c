/* Names that were stored under the rules before these: white space alone was trimmed, punctuation
 * was part of an address and of a name, percent-encoding was decoded once, and what joins or styles
 * characters made another name. */
#include "domain/blocklist/identifier_internal.h"

#include <utf8proc.h>

/* Stored names are folded, decoded and trimmed; what has changed since is what is dropped. */
static bool may_have_changed(struct lb_str stored)
{
    size_t bytes;
    int32_t point;
    unsigned char any = 0; /* nearly all are ASCII: a loop that the compiler can unroll */
    for (size_t i = 0; i < stored.len; i++)
        any |= (unsigned char)stored.ptr[i];
    if (any < 0x80)
        return false;
    for (; stored.len; stored = lb_str_skip(stored, bytes)) {
        if (!lb_identifier_point(stored, &point, &bytes))
            return false;
        if (point >= 0x80 && (lb_identifier_is_ignorable(point) || (point & 0xff00) == 0xff00))
            return true;
    }
    return false;
}

struct lb_str lb_identifier_held(struct lb_str stored, struct lb_identifier *out)
{
    if (!may_have_changed(stored) || lb_identifier_normalise(stored, out) != NULL)
        return stored;
    struct lb_str today = {out->text, out->len};
    return lb_str_equal(today, stored) ? stored : today;
}

/* The name that was found in a string, decoded in `text`, which has room for the longest. Of `two`
 * addresses it was the first; neither person must be taken for both. */
static bool find_before(struct lb_str raw, bool two, char *text, struct lb_str *out)
{
    enum lb_identifier_form form;
    if (raw.len > LB_IDENTIFIER_RAW_MAX || lb_identifier_trim(&raw, false))
        return false;
    memcpy(text, raw.ptr, raw.len);
    raw.ptr = text;
    if (lb_identifier_find(raw, false, out, &form) || form == LB_FORM_SALES ||
        (two && form == LB_FORM_ADDRESS))
        return false;
    return lb_identifier_decode_once(text + (out->ptr - text), &out->len) == NULL;
}

/* Did the rules before these refuse the character? */
static bool was_refused(int32_t point)
{
    if (point < 0x80)
        return point <= ' ' || strchr("/\\?#%&<>\"'@,;\x7f", point);
    utf8proc_category_t category = utf8proc_category(point);
    return category == UTF8PROC_CATEGORY_CN || category >= UTF8PROC_CATEGORY_ZS || point == 0xfffd;
}

/* The form that a name was stored in. Member ids kept their case when they were plain. */
static bool fold_before(struct lb_str name, struct lb_identifier *out)
{
    int32_t points[LB_FOLD_POINTS];
    size_t count;
    bool kept = lb_identifier_is_plain(name) && lb_identifier_is_member_id(name);
    if (lb_identifier_read_points(name, points, &count) ||
        (!kept && lb_identifier_fold(points, &count)) || count == 0 ||
        count > LB_IDENTIFIER_MAX_CODE_POINTS)
        return false;
    for (size_t i = 0; i < count; i++)
        if (was_refused(points[i]))
            return false;
    out->len = (uint16_t)lb_identifier_encode(points, count, out->text);
    out->text[out->len] = '\0';
    return true;
}

bool lb_identifier_before(struct lb_str raw, const struct lb_identifier *today,
                          struct lb_identifier *out)
{
    char text[LB_IDENTIFIER_RAW_MAX];
    struct lb_identifier stored;
    struct lb_str name;
    bool two = !today && lb_identifier_normalise(raw, &stored) == lb_identifier_two;
    if ((today && today->plain) || !find_before(raw, two, text, &name))
        return false;
    if ((today && lb_identifier_is_plain(name)) || !fold_before(name, &stored))
        return false;
    struct lb_str held = lb_identifier_held((struct lb_str){stored.text, stored.len}, out);
    if (held.ptr == stored.text)
        *out = stored;
    return !today || !lb_str_equal(held, (struct lb_str){today->text, today->len});
}
