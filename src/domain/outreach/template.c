#include "domain/outreach/template.h"

#include "domain/blocklist/identifier.h"
#include "domain/outreach/variables.h"
#include "store/names.h"

/* What is between {{ and }}. */
struct placeholder {
    struct lb_str name;
    struct lb_str fallback; /* ptr NULL: none */
};

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static struct lb_str trim(struct lb_str text)
{
    while (text.len && is_space(text.ptr[0])) {
        text.ptr++;
        text.len--;
    }
    while (text.len && is_space(text.ptr[text.len - 1]))
        text.len--;
    return text;
}

static const char *find_mark(struct lb_str text, const char *mark)
{
    return text.len ? memmem(text.ptr, text.len, mark, 2) : NULL;
}

/* Takes what comes before the next placeholder off `*rest`, and the placeholder: its inside, or ptr
 * NULL when there is none. False when it does not close. */
static bool next_part(struct lb_str *rest, struct lb_str *out_plain, struct lb_str *out_inside)
{
    const char *open = find_mark(*rest, "{{");
    *out_plain = (struct lb_str){rest->ptr, open ? (size_t)(open - rest->ptr) : rest->len};
    *out_inside = (struct lb_str){0};
    struct lb_str after = {NULL, 0};
    if (open)
        after = (struct lb_str){open + 2, rest->len - out_plain->len - 2};
    *rest = after;
    if (!open)
        return true;
    const char *close = find_mark(after, "}}");
    if (!close)
        return false;
    *out_inside = (struct lb_str){after.ptr, (size_t)(close - after.ptr)};
    rest->ptr = close + 2;
    rest->len = after.len - out_inside->len - 2;
    return true;
}

static struct placeholder split(struct lb_str inside)
{
    const char *bar = inside.len ? memchr(inside.ptr, '|', inside.len) : NULL;
    if (!bar)
        return (struct placeholder){.name = trim(inside)};
    struct lb_str name = {inside.ptr, (size_t)(bar - inside.ptr)};
    struct lb_str fallback = {bar + 1, inside.len - name.len - 1};
    return (struct placeholder){trim(name), trim(fallback)};
}

lb_err lb_template_check(struct lb_str text, struct lb_reason *reason)
{
    struct lb_str rest = text;
    struct lb_str plain;
    struct lb_str inside;
    while (rest.len) {
        bool closed = next_part(&rest, &plain, &inside);
        size_t at = (size_t)(plain.ptr - text.ptr) + plain.len + 1;
        if (!closed || (inside.ptr && find_mark(inside, "{{")))
            return lb_fail(reason, LB_ERR_INVALID_TEMPLATE,
                           "The {{ at byte %zu of the template has no }}.", at);
        struct placeholder found = split(inside);
        if (inside.ptr && !lb_variable_name_valid(found.name))
            return lb_fail(reason, LB_ERR_INVALID_TEMPLATE,
                           "Between the {{ at byte %zu of the template and its }} there must be a "
                           "name of 1 to 64 of A-Z a-z 0-9 _ - . and maybe | and a fallback.",
                           at);
    }
    return LB_OK;
}

static bool is_blank(struct lb_str text)
{
    return trim(text).len == 0;
}

/* `today`: room for a name. */
static struct lb_str field_of(const struct lb_lead_row *lead, struct lb_str name,
                              struct lb_identifier *today)
{
    for (int i = 0; i < LB_LEAD_FIELD_COUNT; i++)
        if (lb_str_equal(name, lb_str(lb_lead_field_name((enum lb_lead_field)i))))
            return lead->fields[i];
    if (lb_str_equal(name, LB_STR("publicIdentifier")))
        return lb_identifier_held(lead->identifier, today);
    return (struct lb_str){0};
}

/* Appends the variable's value, unless that is blank, which would leave a hole too. */
static bool put_variable(struct lb_str packed, struct lb_str name, struct lb_buf *out)
{
    size_t before = out->len;
    if (!lb_variables_find(packed, name, out))
        return false;
    if (!is_blank((struct lb_str){out->ptr + before, out->len - before}))
        return true;
    out->len = before;
    return false;
}

/* First and last name, or one of them. */
static bool put_whole_name(const struct lb_lead_row *lead, struct lb_buf *out)
{
    struct lb_str first = trim(lead->fields[LB_LEAD_FIRST_NAME]);
    struct lb_str last = trim(lead->fields[LB_LEAD_LAST_NAME]);
    lb_buf_append_str(out, first);
    if (first.len && last.len)
        lb_buf_append_lit(out, " ");
    lb_buf_append_str(out, last);
    return first.len || last.len;
}

static bool put_value(struct lb_str name, const struct lb_lead_row *lead,
                      struct lb_str campaign_variables, struct lb_buf *out)
{
    struct lb_identifier today;
    struct lb_str field = field_of(lead, name, &today);
    if (lb_str_equal(name, LB_STR("name")) && put_whole_name(lead, out))
        return true;
    if (is_blank(field))
        return put_variable(lead->variables, name, out) ||
               put_variable(campaign_variables, name, out);
    lb_buf_append_str(out, field);
    return true;
}

enum lb_rendering lb_template_render(struct lb_str text, const struct lb_lead_row *lead,
                                     struct lb_str campaign_variables, struct lb_buf *out,
                                     struct lb_str *out_missing)
{
    size_t begun = out->len;
    struct lb_str plain;
    struct lb_str inside;
    *out_missing = (struct lb_str){0};
    while (text.len) {
        if (!next_part(&text, &plain, &inside))
            return LB_RENDER_MISSING;
        lb_buf_append_str(out, plain);
        struct placeholder found = split(inside);
        if (inside.ptr && !put_value(found.name, lead, campaign_variables, out)) {
            *out_missing = found.name;
            if (!found.fallback.ptr)
                return LB_RENDER_MISSING;
            lb_buf_append_str(out, found.fallback);
        }
        if (out->len - begun > LB_MESSAGE_BYTES_MAX)
            return LB_RENDER_TOO_LONG;
    }
    return LB_RENDERED;
}
