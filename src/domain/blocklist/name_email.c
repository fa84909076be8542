#include "domain/blocklist/name_internal.h"

#include "base/utf8.h"

#include <utf8proc.h>

#define LOCAL_MAX 64 /* characters: RFC 5321, section 4.5.3.1.1 */

static const char NO_AT[] = "has no @; an e-mail address is as jane@acme.com";
static const char TWO[] = "has more than one @; give one e-mail address alone";
static const char NO_LOCAL[] =
    "has nothing before the @; to block a whole domain, give it as a domain";
static const char NO_HOST[] = "has nothing after the @; an e-mail address is as jane@acme.com";
static const char WHITE_SPACE[] = "contains white space; give one e-mail address alone";
static const char QUOTED[] = "has a quotation mark before the @; such addresses cannot be blocked";
static const char DOTS[] = "begins or ends with a dot before the @, or has two in a row; check it";
static const char TOO_LONG[] = "has more than 64 characters before the @; no mail server takes it";
static const char LITERAL[] = "has an IP address after the @; give one with a domain";
static const char PASTED[] =
    "begins with a sign that hardly any e-mail address begins with; give the address alone";
static const char NOT_THERE[] = "has no address between < and >; give the address alone";

/* What people paste around an address: Name <a@b>, mailto:a@b?subject=x, quotes, a comma. */
static const char *find_address(char *work, struct lb_str *text)
{
    lb_name_trim_closing(text);
    const char *open = memchr(text->ptr, '<', text->len);
    if (open) { /* closing punctuation at the end is gone */
        *text = lb_str_skip(*text, (size_t)(open + 1 - text->ptr));
        if (memchr(text->ptr, '<', text->len))
            return TWO;
        const char *close = memchr(text->ptr, '>', text->len);
        if (close && !memchr(text->ptr, '@', (size_t)(close - text->ptr)))
            return NOT_THERE;
        if (close && memchr(close, '@', (size_t)(text->ptr + text->len - close)))
            return TWO;
        text->len = close ? (size_t)(close - text->ptr) : text->len;
    }
    lb_name_trim_opening(text);
    lb_name_trim_closing(text);
    if (!lb_ascii_starts_lower(*text, LB_STR("mailto:")))
        return NULL;
    *text = lb_str_skip(*text, 7);
    text->len = lb_name_span(*text, "?");
    memmove(work, text->ptr, text->len);
    *text = (struct lb_str){work, text->len};
    const char *reason = lb_identifier_decode(work, &text->len);
    if (!reason && !lb_utf8_is_valid(*text))
        reason = lb_identifier_not_utf8;
    lb_name_trim_opening(text);
    return reason;
}

/* What may stand before the @ (RFC 5321 with RFC 6531: Atext). */
static bool is_atext(int32_t point)
{
    if (point < 0x80)
        return point > 0 && (lb_identifier_plain[point] || strchr("!#$%&'*+/=?^`{|}~.", point));
    if (lb_identifier_is_ignorable(point))
        return false;
    utf8proc_category_t category = utf8proc_category(point);
    return category >= UTF8PROC_CATEGORY_LU && category <= UTF8PROC_CATEGORY_NO;
}

static const char *check_local(const int32_t *points, size_t count, struct lb_typed_name *out)
{
    if (count > LOCAL_MAX)
        return TOO_LONG;
    if (!count)
        return NO_LOCAL;
    for (size_t i = 0; i < count; i++) {
        if (points[i] == ' ')
            return WHITE_SPACE;
        if (points[i] == '"')
            return QUOTED;
        if (!is_atext(points[i]))
            return lb_name_refuse_point(out, "contains ", points[i],
                                        ", which no e-mail address has; check it");
        if (points[i] == '.' && (i == 0 || i + 1 == count || points[i + 1] == '.'))
            return DOTS;
    }
    return NULL;
}

static const char *append_local(struct lb_str local, struct lb_typed_name *out)
{
    char text[4 * LB_FOLD_TEXT_MAX];
    int32_t points[LB_FOLD_POINTS];
    size_t count;
    if (local.len > sizeof text)
        return TOO_LONG;
    local = (struct lb_str){text, lb_identifier_clean(local, true, text)};
    const char *reason = lb_identifier_read_points(local, points, &count);
    for (size_t i = 0; !reason && i < count; i++) /* as word processors write it */
        if (points[i] == 0x2019)
            points[i] = '\'';
    if (!reason)
        reason = lb_identifier_fold(points, &count);
    if (reason)
        return reason == lb_identifier_too_long ? TOO_LONG : reason;
    size_t first = 0; /* quotes around the address, with something invisible before them */
    while (first < count && points[first] == '\'')
        first++;
    reason = check_local(points + first, count - first, out);
    if (!reason)
        lb_name_append(
            out, (struct lb_str){text, lb_identifier_encode(points + first, count - first, text)});
    return reason;
}

const char *lb_name_email(struct lb_str text, struct lb_typed_name *out)
{
    char work[LB_TYPED_NAME_RAW_MAX];
    const char *reason = find_address(work, &text);
    if (reason)
        return reason;
    const char *at = memchr(text.ptr, '@', text.len);
    if (!at)
        return NO_AT;
    struct lb_str local = {text.ptr, (size_t)(at - text.ptr)};
    struct lb_str host = lb_str_skip(text, local.len + 1);
    if (memchr(host.ptr, '@', host.len))
        return TWO;
    if (!host.len)
        return NO_HOST;
    if (host.ptr[0] == '[')
        return LITERAL;
    if (memchr(host.ptr, ' ', host.len))
        return WHITE_SPACE;
    reason = append_local(local, out);
    if (reason)
        return reason;
    lb_name_append(out, LB_STR("@"));
    return lb_name_append_host(host, out);
}

/* Such a character may begin an address, and yet it is of a list, a formula or a URL around one:
 * *jane@acme.com*, mailto://jane@acme.com, %20jane@acme.com. The block would hold for none. */
void lb_name_judge_email(struct lb_typed_name *out)
{
    struct lb_str local = {out->text, lb_name_span(lb_typed_name_str(out), "@")};
    bool variable = local.ptr[0] == '{' && memchr(local.ptr, '}', local.len); /* {{email}} */
    if (!variable && strchr("*/={|`", local.ptr[0]))
        out->doubt = PASTED;
    if (local.ptr[0] == '%' && strspn(local.ptr + 1, "0123456789abcdef") >= 2)
        out->doubt = PASTED;
}
