#include "api/blocklist/dry_run.h"

#include "api/blocklist/entries.h"

struct trying {
    const struct lb_identifiers *identifiers;
    bool *first;   /* of its identifier, among the good ones */
    bool *blocked; /* in the list now */
};

/* Appends the places, in the request's list, of the good items that `wanted` says. */
static void put_places(struct lb_buf *body, const struct trying *trying,
                       bool (*wanted)(const struct trying *, size_t))
{
    const struct lb_bad_items *bad = &trying->identifiers->bad;
    size_t next_bad = 0;
    size_t place = 0;
    bool any = false;
    for (size_t i = 0; i < trying->identifiers->count; i++, place++) {
        while (next_bad < bad->count && bad->items[next_bad].index == place) {
            next_bad++;
            place++;
        }
        if (!wanted(trying, i))
            continue;
        lb_buf_printf(body, "%s%zu", any ? "," : "", place);
        any = true;
    }
}

static bool is_repeated(const struct trying *trying, size_t i)
{
    return !trying->first[i];
}

static bool is_blocked(const struct trying *trying, size_t i)
{
    return trying->first[i] && trying->blocked[i];
}

static bool is_not_blocked(const struct trying *trying, size_t i)
{
    return trying->first[i] && !trying->blocked[i];
}

/* As the writer would see it. False when the reply is set. */
static bool has_room(struct lb_call *call, uint64_t added)
{
    struct lb_reason reason;
    uint64_t entries = atomic_load_explicit(&call->workspace->entries, memory_order_relaxed);
    lb_err err = lb_blocklist_check_room(call->app->blocklist, entries, added, &reason);
    if (err)
        lb_reply_error(&call->req->reply, err, "%s", reason.text);
    return !err;
}

static void put_reply(struct lb_call *call, const struct trying *trying, bool block)
{
    const struct lb_identifiers *identifiers = trying->identifiers;
    size_t different = 0;
    size_t blocked = 0;
    for (size_t i = 0; i < identifiers->count; i++) {
        different += trying->first[i];
        blocked += is_blocked(trying, i);
    }
    size_t done = block ? different - blocked : blocked;
    const char *verb = block ? "blocked" : "unblocked";
    const char *noun = identifiers->bad.entries ? done == 1 ? "entry" : "entries"
                       : done == 1              ? "lead"
                                                : "leads";
    if (block && !has_room(call, done))
        return;
    struct lb_buf *body = lb_reply_json(&call->req->reply, 200);
    lb_buf_printf(body, "{\"success\":true,\"message\":\"%zu %s would be %s", done, noun, verb);
    if (different - done)
        lb_buf_printf(body, ", %zu %s", different - done,
                      block ? "already blocked" : "not blocked");
    if (identifiers->count - different)
        lb_buf_printf(body, ", %zu repeated", identifiers->count - different);
    if (identifiers->bad.count)
        lb_buf_printf(body, ", %zu invalid", identifiers->bad.count);
    lb_buf_printf(body, "\",\"%s\":%zu,\"dryRun\":true,\"%s\":[", verb, done,
                  block ? "already" : "notBlocked");
    put_places(body, trying, block ? is_blocked : is_not_blocked);
    lb_buf_append_lit(body, "],\"duplicates\":[");
    put_places(body, trying, is_repeated);
    lb_buf_append_lit(body, "]");
    if (identifiers->bad.entries)
        lb_entries_put(body, identifiers);
    lb_bad_items_put_invalid(&trying->identifiers->bad, call, body);
    lb_buf_append_lit(body, "}");
}

enum lb_progress lb_dry_run_reply(struct lb_call *call, const struct lb_identifiers *identifiers,
                                  bool block)
{
    struct trying trying = {
        .identifiers = identifiers,
        .first = lb_request_alloc(call->req, identifiers->count * sizeof *trying.first + 1),
        .blocked = lb_request_alloc(call->req, identifiers->count * sizeof *trying.blocked + 1)};
    uint64_t *hashes = lb_request_alloc(call->req, identifiers->count * sizeof *hashes + 1);
    if (!trying.first || !trying.blocked || !hashes)
        return lb_call_refuse(call, LB_ERR_OVERLOADED, NULL);
    for (size_t i = 0; i < identifiers->count; i++) {
        struct lb_str identifier = identifiers->items[i].key;
        hashes[i] = lb_blocklist_name_hash(call->app->blocklist, identifier);
        trying.blocked[i] = lb_blocklist_find(call->app->blocklist, call->list, identifier) != 0;
    }
    if (!lb_identifiers_fold(call, identifiers, hashes, trying.first))
        return lb_call_refuse(call, LB_ERR_OVERLOADED, NULL);
    put_reply(call, &trying, block);
    return LB_DONE;
}
