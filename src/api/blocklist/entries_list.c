/* Blocklists with names of every type: those of a workspace, and of a campaign. */
#include "api/blocklist/changes.h"
#include "api/blocklist/entries.h"
#include "api/blocklist/entry_json.h"
#include "api/blocklist/entry_leads.h"
#include "api/blocklist/dry_run.h"
#include "api/blocklist/entry_list.h"
#include "api/blocklist/person_names.h"
#include "api/blocklist/named.h"
#include "api/handlers.h"
#include "api/ids.h"

#include "json/encode.h"

#define TAKE_DEFAULT 100
#define TAKE_MAX     1000

static void reply_blocked(struct lb_call *call)
{
    const struct lb_pending_change *pending = call->state;
    struct lb_buf *body = lb_reply_json(&call->req->reply, 200);
    lb_changes_put_done(call, body, true);
    lb_entries_put(body, &pending->identifiers);
    lb_changes_put_end(call, body);
}

static enum lb_progress count_leads(struct lb_call *call)
{
    return lb_call_written(call) ? lb_entry_leads_count(call, reply_blocked) : LB_DONE;
}

static void reply_tried(struct lb_call *call)
{
    const struct lb_pending_change *pending = call->state;
    lb_dry_run_reply(call, &pending->identifiers, true);
}

/* Fills the change with the entries of the body. False when the reply is set. */
static bool take_entries(struct lb_call *call, struct lb_pending_change *pending,
                         enum lb_names_for what_for)
{
    if (!lb_entries_read(call, what_for, &pending->identifiers))
        return false;
    lb_changes_take_names(pending);
    return true;
}

enum lb_progress lb_entries_post(struct lb_call *call)
{
    struct lb_pending_change *pending = lb_changes_begin(call, call->list.campaign != 0);
    if (!pending || !lb_call_parse_body(call, LB_JSON_OBJECT) ||
        !take_entries(call, pending, LB_NAMES_TO_ADD))
        return LB_DONE;
    if (call->dry_run)
        return lb_entry_leads_count(call, reply_tried);
    pending->entries = true;
    lb_change_block(&pending->change);
    return lb_changes_submit_then(call, pending, pending->identifiers.bytes, count_leads);
}

/* An array of ids, or an object with entries? */
static bool is_array(struct lb_str body)
{
    size_t at = 0;
    while (at < body.len && memchr(" \t\r\n", body.ptr[at], 4))
        at++;
    return at < body.len && body.ptr[at] == '[';
}

enum lb_progress lb_entries_delete(struct lb_call *call)
{
    struct lb_pending_change *pending = lb_changes_begin(call, false);
    bool by_ids = is_array(call->req->body);
    if (!pending || !lb_call_parse_body(call, by_ids ? LB_JSON_ARRAY : LB_JSON_OBJECT))
        return LB_DONE;
    pending->entries = true;
    if (by_ids ? !lb_changes_read_ids(call, &pending->change)
               : !take_entries(call, pending, LB_NAMES_TO_REMOVE))
        return LB_DONE;
    pending->asked = pending->change.count;
    lb_changes_expect_freed(call, pending);
    if (by_ids)
        lb_change_unblock_ids(&pending->change);
    else
        lb_change_unblock(&pending->change);
    return lb_changes_submit(call, pending, pending->identifiers.bytes, lb_changes_reply_unblocked);
}

/* Without the brace that ends it. */
static void put_entry(struct lb_buf *body, const struct lb_call *call, const struct lb_entry *entry)
{
    lb_buf_append_lit(body, "{\"id\":\"");
    lb_id_put_record(body, LB_STR(LB_ENTRY_PREFIX), &call->workspace->epochs, entry->number);
    lb_buf_append_lit(body, "\",");
    lb_entry_json_put_name(body, entry->key);
    lb_named_put_page(body, entry->key);
    lb_buf_append_lit(body, ",\"reason\":");
    lb_json_put_string_or_null(body, entry->reason);
    lb_buf_append_lit(body, ",");
    lb_entry_json_put_kind(body, entry->block_kind, entry->ends_at);
    lb_buf_append_lit(body, ",\"createdAt\":");
    lb_json_put_time(body, entry->at);
    lb_buf_printf(body, ",\"scope\":\"%s\"", lb_scope_name(lb_scope_of_list(entry->list)));
    lb_person_names_put_covers(body, call, entry->key);
}

enum lb_progress lb_entries_list(struct lb_call *call)
{
    static const struct lb_entry_list kind = {TAKE_DEFAULT, TAKE_MAX, "take", put_entry,
                                              .all_types = true};
    return lb_entry_list_reply(call, &kind);
}
