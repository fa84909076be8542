#include "api/blocklist/person_names.h"

#include "api/app.h"
#include "api/blocklist/entry_json.h"
#include "json/encode.h"

#define SHOWN_MAX 100

void lb_person_names_put_matched(struct lb_buf *body, struct lb_str asked, struct lb_str by)
{
    if (!by.ptr || lb_str_equal(asked, by))
        return;
    lb_buf_append_lit(body, ",\"matched\":{");
    lb_entry_json_put_name(body, by);
    lb_buf_append_lit(body, "}");
}

static void find_names(const struct lb_call *call, struct lb_str key, enum lb_person_side side,
                       struct lb_other_names *out)
{
    out->count = 0;
    if (lb_key_is_linkedin(key))
        lb_persons_others(lb_blocklist_persons(call->app->blocklist), call->workspace->row.no, key,
                          side, out);
}

static void put_names(struct lb_buf *body, const struct lb_other_names *names)
{
    lb_buf_append_lit(body, "[");
    for (size_t i = 0; i < names->count; i++) {
        if (i)
            lb_buf_append_lit(body, ",");
        lb_json_put_string(body, names->names[i]);
    }
    lb_buf_append_lit(body, "]");
}

void lb_person_names_put_names(struct lb_buf *body, const struct lb_other_names *names)
{
    if (!names->count)
        return;
    lb_buf_append_lit(body, ",\"names\":");
    put_names(body, names);
}

void lb_person_names_put_covers(struct lb_buf *body, const struct lb_call *call, struct lb_str key)
{
    struct lb_other_names names;
    if (!lb_persons_any(call->workspace))
        return;
    find_names(call, key, LB_PERSON_COVERED, &names);
    if (!names.count)
        return;
    lb_buf_append_lit(body, ",\"covers\":");
    put_names(body, &names);
}

/* Appends one of a list, which begins with the first. */
static void put_person(struct lb_buf *body, const char *member, size_t shown, struct lb_str key,
                       const struct lb_other_names *names)
{
    if (shown)
        lb_buf_append_lit(body, ",");
    else
        lb_buf_printf(body, ",\"%s\":[", member);
    lb_buf_append_lit(body, "{\"publicIdentifier\":");
    lb_json_put_string(body, key);
    lb_buf_append_lit(body, ",\"names\":");
    put_names(body, names);
    lb_buf_append_lit(body, "}");
}

void lb_person_names_put_all_covers(struct lb_buf *body, const struct lb_call *call,
                                    const struct lb_identifiers *identifiers)
{
    struct lb_other_names names;
    size_t shown = 0;
    if (!lb_persons_any(call->workspace))
        return;
    for (size_t i = 0; i < identifiers->count && shown < SHOWN_MAX; i++) {
        find_names(call, identifiers->items[i].key, LB_PERSON_COVERED, &names);
        if (names.count)
            put_person(body, "covers", shown++, identifiers->items[i].key, &names);
    }
    if (shown)
        lb_buf_append_lit(body, "]");
}

/* Leaves those of the names that are blocked. */
static void keep_blocked(const struct lb_call *call, struct lb_other_names *names)
{
    size_t count = 0;
    for (size_t i = 0; i < names->count; i++)
        if (lb_blocklist_check(call->app->blocklist, call->list, names->names[i]).scope !=
            LB_SCOPE_NONE)
            names->names[count++] = names->names[i];
    names->count = count;
}

void lb_person_names_put_still_blocked(struct lb_buf *body, const struct lb_call *call,
                                       struct lb_str freed)
{
    struct lb_other_names names;
    size_t shown = 0;
    for (size_t at = 0; at < freed.len && shown < SHOWN_MAX;) {
        struct lb_str key = lb_str(freed.ptr + at);
        at += key.len + 1;
        find_names(call, key, LB_PERSON_ASKED, &names);
        keep_blocked(call, &names);
        if (names.count)
            put_person(body, "stillBlocked", shown++, key, &names);
    }
    if (shown)
        lb_buf_append_lit(body, "]");
}

bool lb_person_names_copy(struct lb_call *call, struct lb_str name, enum lb_person_side side,
                          struct lb_other_names *out)
{
    out->count = 0;
    if (!lb_persons_any(call->workspace))
        return true;
    find_names(call, name, side, out);
    for (size_t i = 0; i < out->count; i++) {
        char *copy = lb_request_alloc(call->req, out->names[i].len + 1);
        if (!copy)
            return lb_call_no_memory(call);
        memcpy(copy, out->names[i].ptr, out->names[i].len);
        out->names[i].ptr = copy;
    }
    return true;
}
