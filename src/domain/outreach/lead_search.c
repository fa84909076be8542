#include "domain/outreach/lead_search.h"

#include "domain/blocklist/identifier.h"

#include <stdlib.h>
#include <utf8proc.h>

#define FOLD (UTF8PROC_STABLE | UTF8PROC_COMPOSE | UTF8PROC_CASEFOLD | UTF8PROC_IGNORE)

static bool is_ascii(struct lb_str text)
{
    for (size_t i = 0; i < text.len; i++)
        if ((unsigned char)text.ptr[i] >= 0x80)
            return false;
    return true;
}

/* Appends the text in lower case. What is not UTF-8 is appended as it is. */
static void fold(struct lb_str text, struct lb_buf *out)
{
    utf8proc_uint8_t *folded = NULL;
    if (!is_ascii(text)) {
        utf8proc_ssize_t len = utf8proc_map((const utf8proc_uint8_t *)text.ptr,
                                            (utf8proc_ssize_t)text.len, &folded, FOLD);
        if (len == UTF8PROC_ERROR_NOMEM)
            out->failed = true;
        else if (len < 0)
            lb_buf_append_str(out, text);
        else
            lb_buf_append(out, (const char *)folded, (size_t)len);
        free(folded);
        return;
    }
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        c = c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
        lb_buf_append(out, &c, 1);
    }
}

bool lb_lead_search_begin(struct lb_lead_search *search, struct lb_str term)
{
    if (!lb_identifier_fold_term(term, &search->name))
        return false;
    fold(term, &search->text);
    return !search->text.failed;
}

static bool has(struct lb_str text, const struct lb_buf *term)
{
    return term->len && text.len >= term->len && memmem(text.ptr, text.len, term->ptr, term->len);
}

static bool name_matches(struct lb_lead_search *search, struct lb_str name)
{
    struct lb_identifier today;
    search->folded.len = 0;
    if (name.ptr)
        fold(lb_identifier_held(name, &today), &search->folded);
    return search->name.len && has(lb_buf_str(&search->folded), &search->name);
}

/* Fields are looked at one after the other, first and last name together. */
static bool text_matches(struct lb_lead_search *search, const struct lb_lead_row *lead)
{
    const struct lb_str *fields = lead->fields;
    search->folded.len = 0;
    fold(fields[LB_LEAD_FIRST_NAME], &search->folded);
    if (fields[LB_LEAD_FIRST_NAME].len && fields[LB_LEAD_LAST_NAME].len)
        lb_buf_append_lit(&search->folded, " ");
    fold(fields[LB_LEAD_LAST_NAME], &search->folded);
    lb_buf_append_lit(&search->folded, "\n");
    fold(fields[LB_LEAD_COMPANY_NAME], &search->folded);
    lb_buf_append_lit(&search->folded, "\n");
    fold(fields[LB_LEAD_EMAIL], &search->folded);
    return has(lb_buf_str(&search->folded), &search->text);
}

bool lb_lead_search_matches(struct lb_lead_search *search, const struct lb_lead_row *lead)
{
    return name_matches(search, lead->identifier) || name_matches(search, lead->member_id) ||
           text_matches(search, lead);
}

void lb_lead_search_fini(struct lb_lead_search *search)
{
    lb_buf_fini(&search->name);
    lb_buf_fini(&search->text);
    lb_buf_fini(&search->folded);
}
