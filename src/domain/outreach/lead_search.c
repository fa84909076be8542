#include "domain/outreach/lead_search.h"

#include "domain/blocklist/identifier.h"
#include "domain/blocklist/page.h"

/* Appends the text in lower case. What is not UTF-8 is appended as it is. */
static void fold(struct lb_str text, struct lb_buf *out)
{
    if (!lb_page_fold(text, out))
        lb_buf_append_str(out, text);
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
