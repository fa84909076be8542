/* The blocklist of a whole workspace. */
#include "api/blocklist/dry_run.h"
#include "api/blocklist/entry_json.h"
#include "api/blocklist/entry_list.h"
#include "api/blocklist/person_names.h"
#include "api/handlers.h"
#include "api/ids.h"

#include "json/encode.h"

#define LIMIT_DEFAULT 100
#define LIMIT_MAX     1000

enum lb_progress lb_workspace_leads_post(struct lb_call *call)
{
    struct lb_pending_change *pending = lb_changes_begin(call, false);
    if (!pending || !lb_call_parse_body(call, LB_JSON_OBJECT) ||
        !lb_identifiers_read_leads(call, &pending->identifiers))
        return LB_DONE;
    if (call->dry_run)
        return lb_dry_run_reply(call, &pending->identifiers, true);
    lb_changes_take_names(pending);
    lb_change_block(&pending->change);
    return lb_changes_submit(call, pending, pending->identifiers.bytes, lb_changes_reply_blocked);
}

/* Without the brace that ends it. */
static void put_entry(struct lb_buf *body, const struct lb_call *call, const struct lb_entry *entry)
{
    lb_buf_append_lit(body, "{\"id\":\"");
    lb_id_put_record(body, LB_STR(LB_ENTRY_PREFIX), &call->workspace->epochs, entry->number);
    lb_buf_append_lit(body, "\",");
    lb_entry_json_put_linkedin(body, entry->key);
    lb_buf_append_lit(body, ",\"reason\":");
    if (entry->reason.ptr)
        lb_json_put_string(body, entry->reason);
    else
        lb_buf_append_lit(body, "null");
    lb_buf_append_lit(body, ",\"createdAt\":");
    lb_json_put_time(body, entry->at);
    lb_buf_append_lit(body, ",\"workspaceId\":");
    lb_json_put_string(body, lb_str(call->workspace->row.id));
    lb_person_names_put_covers(body, call, entry->key);
}

enum lb_progress lb_workspace_leads_list(struct lb_call *call)
{
    static const struct lb_entry_list kind = {LIMIT_DEFAULT, LIMIT_MAX, "limit", put_entry};
    return lb_entry_list_reply(call, &kind);
}

enum lb_progress lb_workspace_leads_delete(struct lb_call *call)
{
    struct lb_pending_change *pending = lb_changes_begin(call, false);
    if (!pending || !lb_call_parse_body(call, LB_JSON_ARRAY) ||
        !lb_changes_read_ids(call, &pending->change))
        return LB_DONE;
    pending->asked = pending->change.count;
    lb_changes_expect_freed(call, pending);
    lb_change_unblock_ids(&pending->change);
    return lb_changes_submit(call, pending, pending->change.count * sizeof(struct lb_public_id),
                             lb_changes_reply_unblocked);
}
