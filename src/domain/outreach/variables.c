#include "domain/outreach/variables.h"

bool lb_variable_name_valid(struct lb_str name)
{
    if (name.len == 0 || name.len > LB_VARIABLE_NAME_MAX)
        return false;
    for (size_t i = 0; i < name.len; i++) {
        char c = name.ptr[i];
        bool good = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                    c == '_' || c == '-' || c == '.';
        if (!good)
            return false;
    }
    return true;
}

void lb_variables_pack(struct lb_buf *out, struct lb_str name, struct lb_str value)
{
    lb_buf_append_str(out, name);
    lb_buf_append_lit(out, "\t");
    for (size_t i = 0; i < value.len; i++) {
        char c = value.ptr[i];
        if (c == '\n')
            lb_buf_append_lit(out, "\\n");
        else if (c == '\t')
            lb_buf_append_lit(out, "\\t");
        else if (c == '\\')
            lb_buf_append_lit(out, "\\\\");
        else
            lb_buf_append(out, &c, 1);
    }
    lb_buf_append_lit(out, "\n");
}

static void unescape(struct lb_str text, struct lb_buf *out)
{
    while (text.len) {
        const char *escape = memchr(text.ptr, '\\', text.len - 1);
        size_t plain = escape ? (size_t)(escape - text.ptr) : text.len;
        lb_buf_append(out, text.ptr, plain);
        if (escape) {
            char c = escape[1] == 'n' ? '\n' : escape[1] == 't' ? '\t' : escape[1];
            lb_buf_append(out, &c, 1);
            plain += 2;
        }
        text.ptr += plain;
        text.len -= plain;
    }
}

/* Splits the next line off. */
static bool next_line(struct lb_str *rest, struct lb_str *out_name, struct lb_str *out_value)
{
    const char *end = rest->len ? memchr(rest->ptr, '\n', rest->len) : NULL;
    const char *tab = end ? memchr(rest->ptr, '\t', (size_t)(end - rest->ptr)) : NULL;
    if (!tab)
        return false;
    *out_name = (struct lb_str){rest->ptr, (size_t)(tab - rest->ptr)};
    *out_value = (struct lb_str){tab + 1, (size_t)(end - tab - 1)};
    rest->len -= (size_t)(end + 1 - rest->ptr);
    rest->ptr = end + 1;
    return true;
}

bool lb_variables_next(struct lb_str *rest, struct lb_str *out_name, struct lb_buf *value)
{
    struct lb_str escaped;
    if (!next_line(rest, out_name, &escaped))
        return false;
    unescape(escaped, value);
    return true;
}

bool lb_variables_find(struct lb_str packed, struct lb_str name, struct lb_buf *value)
{
    struct lb_str each;
    struct lb_str escaped;
    while (next_line(&packed, &each, &escaped)) {
        if (!lb_str_equal(each, name))
            continue;
        unescape(escaped, value);
        return escaped.len > 0;
    }
    return false;
}
