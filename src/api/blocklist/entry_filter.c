#include "api/blocklist/entry_filter.h"

#include "api/by.h"
#include "api/query.h"
#include "base/clock.h"
#include "base/utf8.h"
#include "domain/blocklist/identifier.h"

static const struct {
    const char *name;
    size_t at; /* in struct lb_entry_filter */
} parts[] = {
    {"search", offsetof(struct lb_entry_filter, search)},
    {"type", offsetof(struct lb_entry_filter, type)},
    {"kind", offsetof(struct lb_entry_filter, kind)},
    {"by", offsetof(struct lb_entry_filter, by)},
    {"since", offsetof(struct lb_entry_filter, since)},
    {"until", offsetof(struct lb_entry_filter, until)},
    {"endsBefore", offsetof(struct lb_entry_filter, ends_before)},
};
#define PARTS (sizeof parts / sizeof *parts)

static struct lb_str *part_of(struct lb_entry_filter *filter, size_t index)
{
    return (struct lb_str *)((char *)filter + parts[index].at);
}

static bool refuse(struct lb_call *call, const char *name, const char *must)
{
    lb_reply_error(&call->req->reply, LB_ERR_INVALID_PARAMETER, "The parameter '%s' must be %s.",
                   name, must);
    return false;
}

/* --- Words --- */

static bool keep(struct lb_call *call, struct lb_buf *text, struct lb_str *out)
{
    char *kept = text->failed ? NULL : lb_request_alloc(call->req, text->len + 1);
    if (kept && text->len)
        memcpy(kept, text->ptr, text->len);
    *out = (struct lb_str){kept, kept ? text->len : 0};
    lb_buf_fini(text);
    if (!kept)
        lb_call_refuse(call, LB_ERR_OVERLOADED, NULL);
    return kept != NULL;
}

static bool read_search(struct lb_str search, struct lb_call *call, bool in_reasons,
                        struct lb_page_query *query)
{
    struct lb_buf folded = {0}, words = {0};
    if (!search.len)
        return true;
    if (!lb_identifier_fold_term(search, &folded)) {
        lb_buf_fini(&folded);
        lb_reply_error(&call->req->reply, LB_ERR_INVALID_PARAMETER,
                       "The parameter 'search' is too long or not valid UTF-8.");
        return false;
    }
    if (!keep(call, &folded, &query->term))
        return false;
    if (!in_reasons)
        return true;
    lb_page_fold(search, &words);
    return keep(call, &words, &query->words);
}

static unsigned types_of(enum lb_name_type type)
{
    unsigned company = 1u << LB_NAME_COMPANY_PAGE | 1u << LB_NAME_COMPANY;
    return company & 1u << type ? company : 1u << type;
}

static bool read_types(const struct lb_entry_filter *filter, struct lb_call *call,
                       struct lb_page_query *query)
{
    enum lb_name_type type;
    query->types = (1u << LB_NAME_TYPES) - 1;
    if (filter->type.len && (lb_str_equal(filter->type, LB_STR("linkedinUrl")) ||
                             !lb_name_type_of_word(filter->type, &type)))
        return refuse(call, "type", "publicIdentifier, memberId, email, phone, domain or company");
    if (filter->type.len)
        query->types = types_of(type);
    return !filter->kind.len || lb_block_kind_parse(filter->kind, &query->kind) ||
           refuse(call, "kind", LB_BLOCK_KINDS);
}

/* --- Times --- */

static bool read_time(struct lb_call *call, const char *name, struct lb_str text, int64_t *out)
{
    return !text.len || lb_time_parse(text, out) ||
           refuse(call, name, "a date (2026-11-29) or a time in UTC (2026-11-29T07:31:56Z)");
}

/* The first entry of that time or later; `none` when all are older. */
static uint64_t id_since(struct lb_call *call, int64_t at, uint64_t none)
{
    const struct lb_row_times *row_times = call->workspace->row_times;
    uint64_t number = lb_row_times_number_since(row_times, at);
    uint64_t id = number ? lb_row_times_published_id_of(row_times, number) : 0;
    return id ? id : none;
}

static bool read_times(const struct lb_entry_filter *filter, struct lb_call *call,
                       struct lb_page_query *query)
{
    int64_t since, until;
    if (!read_time(call, "since", filter->since, &since) ||
        !read_time(call, "until", filter->until, &until) ||
        !read_time(call, "endsBefore", filter->ends_before, &query->ends_before))
        return false;
    if (filter->since.len)
        query->floor = id_since(call, since, UINT64_MAX);
    if (filter->until.len)
        query->ceiling = id_since(call, until, 0);
    return true;
}

/* --- All --- */

bool lb_entry_filter_read(struct lb_entry_filter *filter, struct lb_call *call, bool all_types,
                          struct lb_page_query *query)
{
    size_t count = all_types ? PARTS : 1;
    for (size_t i = 0; i < count; i++)
        if (!lb_query_text(call, parts[i].name, part_of(filter, i)))
            return false;
    return read_search(filter->search, call, all_types, query) &&
           (!all_types || (read_types(filter, call, query) && read_times(filter, call, query)));
}

lb_err lb_entry_filter_prepare(struct lb_entry_filter *filter, struct lb_call *call,
                               struct lb_store_reader *reader, struct lb_page_query *query)
{
    if (!filter->by.len || query->of_actor || filter->nobody)
        return LB_OK;
    lb_err err = lb_by_find(call, reader, filter->by, &query->actor);
    query->of_actor = !err;
    filter->nobody = err == LB_ERR_NOT_FOUND;
    return filter->nobody ? LB_OK : err;
}

void lb_entry_filter_put(const struct lb_entry_filter *filter, struct lb_buf *link)
{
    for (size_t i = 0; i < PARTS; i++) {
        const struct lb_str *text = part_of((struct lb_entry_filter *)filter, i);
        if (!text->len)
            continue;
        lb_buf_printf(link, "&%s=", parts[i].name);
        lb_query_put_escaped(link, *text);
    }
}
