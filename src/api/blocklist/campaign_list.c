/* The blocklist of a campaign. */
#include "api/blocklist/dry_run.h"
#include "api/blocklist/entry_json.h"
#include "api/blocklist/entry_list.h"
#include "api/blocklist/person_names.h"
#include "api/handlers.h"

#include "json/encode.h"

#define TAKE_DEFAULT 10
#define TAKE_MAX     100

static enum lb_progress change_list(struct lb_call *call, bool block)
{
    struct lb_pending_change *pending = lb_changes_begin(call, block);
    if (!pending || !lb_call_parse_body(call, LB_JSON_OBJECT) ||
        !lb_identifiers_read(call, block ? LB_NAMES_TO_ADD : LB_NAMES_TO_REMOVE,
                             &pending->identifiers))
        return LB_DONE;
    if (call->dry_run)
        return lb_dry_run_reply(call, &pending->identifiers, block);
    lb_changes_take_names(pending);
    if (block) {
        lb_change_block(&pending->change);
    } else {
        lb_change_unblock(&pending->change);
        lb_changes_expect_freed(call, pending);
    }
    return lb_changes_submit(call, pending, pending->identifiers.bytes,
                             block ? lb_changes_reply_blocked : lb_changes_reply_unblocked);
}

enum lb_progress lb_blocked_leads_post(struct lb_call *call)
{
    return change_list(call, true);
}

enum lb_progress lb_blocked_leads_delete(struct lb_call *call)
{
    return change_list(call, false);
}

/* Without the brace that ends it. */
static void put_entry(struct lb_buf *body, const struct lb_call *call, const struct lb_entry *entry)
{
    lb_buf_append_lit(body, "{");
    lb_entry_json_put_linkedin(body, entry->key);
    lb_buf_append_lit(body, ",\"reason\":");
    if (entry->reason.ptr)
        lb_json_put_string(body, entry->reason);
    else
        lb_buf_append_lit(body, "null");
    lb_buf_append_lit(body, ",\"createdAt\":");
    lb_json_put_time(body, entry->at);
    lb_person_names_put_covers(body, call, entry->key);
}

enum lb_progress lb_blocked_leads_list(struct lb_call *call)
{
    static const struct lb_entry_list kind = {TAKE_DEFAULT, TAKE_MAX, "take", put_entry};
    return lb_entry_list_reply(call, &kind);
}
