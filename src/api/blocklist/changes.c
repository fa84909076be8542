#include "api/blocklist/changes.h"

#include "api/blocklist/links.h"
#include "api/blocklist/person_names.h"
#include "api/handlers.h"
#include "api/ids.h"
#include "json/encode.h"

struct lb_pending_change *lb_changes_begin(struct lb_call *call, bool needs_license)
{
    struct lb_pending_change *pending = lb_call_alloc(call, sizeof *pending);
    if (!pending)
        return NULL;
    pending->change.blocklist = call->app->blocklist;
    pending->change.standing = lb_call_standing(call, needs_license);
    call->state = pending;
    return pending;
}

void lb_changes_take_names(struct lb_pending_change *pending)
{
    const struct lb_identifiers *names = &pending->identifiers;
    pending->change.items = names->items;
    pending->change.fingerprints = names->fingerprints;
    pending->change.count = names->count;
    pending->change.has_ends = names->has_ends;
    pending->asked = names->count;
}

/* What waits with it. */
static size_t size_of(const struct lb_call *call, const struct lb_pending_change *pending,
                      size_t more)
{
    size_t item = sizeof(struct lb_change_item) + sizeof(struct lb_fingerprint);
    return call->req->body.len + pending->change.count * item + more;
}

enum lb_progress lb_changes_submit(struct lb_call *call, struct lb_pending_change *pending,
                                   size_t size, void (*finish)(struct lb_call *call))
{
    return lb_call_write(call, &pending->change.write, size_of(call, pending, size), finish);
}

enum lb_progress lb_changes_submit_then(struct lb_call *call, struct lb_pending_change *pending,
                                        size_t size,
                                        enum lb_progress (*finish)(struct lb_call *call))
{
    return lb_call_write_then(call, &pending->change.write, size_of(call, pending, size), finish);
}

static void release_freed(struct lb_call *call)
{
    struct lb_pending_change *pending = call->state;
    lb_buf_fini(&pending->freed);
}

void lb_changes_expect_freed(struct lb_call *call, struct lb_pending_change *pending)
{
    pending->change.freed = &pending->freed;
    call->release = release_freed;
}

bool lb_changes_read_ids(struct lb_call *call, struct lb_change *change)
{
    struct lb_reply *reply = &call->req->reply;
    size_t max = call->app->config->max_identifiers;
    change->count = lb_json_length(call->body);
    if (change->count == 0) {
        lb_reply_error(reply, LB_ERR_EMPTY_IDENTIFIERS,
                       "The array is empty; send at least one id.");
        return false;
    }
    if (change->count > max) {
        lb_reply_error(reply, LB_ERR_TOO_MANY_IDENTIFIERS,
                       "The array has %zu ids and at most %zu are allowed; send several requests.",
                       change->count, max);
        return false;
    }
    struct lb_public_id *ids = lb_call_alloc(call, change->count * sizeof *ids);
    if (!ids)
        return false;
    for (size_t i = 0; i < change->count; i++) {
        const struct lb_json *item = lb_json_item(call->body, i);
        if (lb_json_type(item) != LB_JSON_STRING) {
            lb_reply_error(reply, LB_ERR_INVALID_BODY,
                           "Item %zu must be a string. Send record ids, such as "
                           "[\"bl_42_9k3vx0ts\"]; they are "
                           "in the list of what is blocked.",
                           i);
            return false;
        }
        /* 0, which no entry has, is unknown */
        ids[i] = lb_id_record(lb_json_string(item), LB_STR(LB_ENTRY_PREFIX));
    }
    change->ids = ids;
    return true;
}

void lb_changes_put_id(struct lb_call *call, const struct lb_change *change)
{
    char id[LB_ID_RECORD_SIZE];
    lb_id_write_record(id, LB_STR(LB_CHANGE_PREFIX), change->id);
    lb_reply_header(&call->req->reply, "X-Change-Id", id);
}

bool lb_changes_put_list(struct lb_call *call, struct lb_buf *body, uint32_t campaign)
{
    char id[LB_ID_SIZE];
    bool deleted = false;
    bool known = campaign && lb_directory_list_id(call->app->directory, call->workspace, campaign,
                                                  id, &deleted);
    struct lb_list list = {call->workspace->row.no, campaign};
    lb_buf_printf(body, ",\"scope\":\"%s\",\"campaignId\":", lb_scope_name(lb_scope_of_list(list)));
    lb_json_put_string_or_null(body, known ? lb_str(id) : (struct lb_str){0});
    if (deleted)
        lb_buf_append_lit(body, ",\"campaignDeleted\":true");
    return known || !campaign;
}

/* ", 1 already blocked" */
static void put_count(struct lb_buf *body, uint64_t count, const char *what)
{
    lb_buf_append_lit(body, ", ");
    lb_buf_append_u64(body, count);
    lb_buf_append_lit(body, " ");
    lb_buf_append_str(body, lb_str(what));
}

/* "2 leads blocked, 1 already blocked, 3 invalid" */
static void put_message(struct lb_buf *body, const struct lb_pending_change *pending, uint64_t done,
                        const char *verb, const char *rest_text)
{
    uint64_t rest = pending->asked - done;
    size_t invalid = pending->identifiers.bad.count;
    lb_buf_append_lit(body, "{\"success\":true,\"message\":\"");
    lb_buf_append_u64(body, done);
    if (pending->entries)
        lb_buf_append_str(body, done == 1 ? LB_STR(" entry ") : LB_STR(" entries "));
    else
        lb_buf_append_str(body, done == 1 ? LB_STR(" lead ") : LB_STR(" leads "));
    lb_buf_append_str(body, lb_str(verb));
    if (rest)
        put_count(body, rest, rest_text);
    if (invalid)
        put_count(body, invalid, "invalid");
    lb_buf_append_lit(body, "\",\"");
    lb_buf_append_str(body, lb_str(verb));
    lb_buf_append_lit(body, "\":");
    lb_buf_append_u64(body, done);
}

void lb_changes_put_done(struct lb_call *call, struct lb_buf *body, bool block)
{
    const struct lb_pending_change *pending = call->state;
    put_message(body, pending, block ? pending->change.blocked : pending->change.unblocked,
                block ? "blocked" : "unblocked", block ? "already blocked" : "not blocked");
}

void lb_changes_put_end(struct lb_call *call, struct lb_buf *body)
{
    struct lb_pending_change *pending = call->state;
    lb_bad_items_put_invalid(&pending->identifiers.bad, call, body);
    if (pending->change.asked_more) {
        lb_buf_append_lit(body, ",\"askedMoreThanOnce\":");
        lb_buf_append_u64(body, pending->change.asked_more);
    }
    if (pending->change.freed)
        lb_person_names_put_still_blocked(body, call, lb_buf_str(&pending->freed));
    else
        lb_person_names_put_all_covers(body, call, &pending->identifiers);
    lb_buf_append_lit(body, "}");
    lb_changes_put_id(call, &pending->change);
}

static void reply_changed(struct lb_call *call, bool block)
{
    if (!lb_call_written(call))
        return;
    struct lb_buf *body = lb_reply_json(&call->req->reply, 200);
    lb_changes_put_done(call, body, block);
    lb_changes_put_end(call, body);
}

void lb_changes_reply_blocked(struct lb_call *call)
{
    reply_changed(call, true);
}

void lb_changes_reply_unblocked(struct lb_call *call)
{
    reply_changed(call, false);
}

void lb_changes_put_undone(struct lb_buf *body, const struct lb_undone_counts *counts)
{
    unsigned long long blocked = counts->blocked, unblocked = counts->unblocked;
    unsigned long long stayed = counts->stayed, gone = counts->gone;
    if (blocked)
        lb_buf_printf(body, "Undone: %llu lead%s blocked again", blocked, blocked == 1 ? "" : "s");
    else if (unblocked || stayed)
        lb_buf_printf(body, "Undone: %llu lead%s unblocked", unblocked, unblocked == 1 ? "" : "s");
    else if (counts->recorded)
        lb_buf_append_lit(body, "Undone: 0 leads blocked or unblocked, as other changes of them "
                                "hold");
    else
        lb_buf_append_lit(body, "Nothing left to undo");
    if (stayed)
        lb_buf_printf(body, ", %llu blocked still by another request", stayed);
    if (gone)
        lb_buf_printf(body, ", %llu whose name%s not kept any more", gone,
                      gone == 1 ? " is" : "s are");
}

/* Why there was nothing to do. */
static void put_done_already(struct lb_call *call, const struct lb_change *change)
{
    struct lb_buf *body = &call->req->reply.body;
    if (!change->undone_by.number) {
        lb_buf_append_lit(body, ": the request with this id changed nothing");
        return;
    }
    char id[LB_ID_RECORD_SIZE];
    lb_id_write_record(id, LB_STR(LB_CHANGE_PREFIX), change->undone_by);
    lb_buf_printf(body, ": the change was undone before, by %s", id);
}

static void put_undone(struct lb_call *call, const struct lb_change *change)
{
    const struct lb_pending_change *pending = call->state;
    const struct lb_undone_counts counts = {change->blocked, change->unblocked, change->stayed,
                                            change->gone, change->id.number != 0};
    struct lb_buf *body = lb_reply_json(&call->req->reply, 200);
    lb_buf_append_lit(body, "{\"success\":true,\"message\":\"");
    if (change->linked || change->unlinked)
        lb_links_put_undone(body, change);
    else
        lb_changes_put_undone(body, &counts);
    if (change->undone_by.number || !change->undone.number)
        put_done_already(call, change);
    lb_buf_printf(body, "\",\"blocked\":%llu,\"unblocked\":%llu",
                  (unsigned long long)change->blocked, (unsigned long long)change->unblocked);
    lb_stayed_put(&pending->stayed, body);
    if (change->linked || change->unlinked)
        lb_buf_printf(body, ",\"linked\":%llu,\"unlinked\":%llu",
                      (unsigned long long)change->linked, (unsigned long long)change->unlinked);
    lb_buf_append_lit(body, "}");
    lb_changes_put_id(call, change);
}

static enum lb_progress reply_undone(struct lb_call *call)
{
    struct lb_pending_change *pending = call->state;
    struct lb_change *change = &pending->change;
    bool ends = lb_request_hung_up(call->req) || atomic_load(&call->app->stopping);
    if (!lb_call_written(call))
        return LB_DONE;
    if (change->goes_on && ends)
        return lb_call_refuse(call, LB_ERR_OVERLOADED, NULL);
    if (change->goes_on) { /* others' writes come in between */
        change->walk = change->walked;
        lb_change_undo(change);
        return lb_changes_submit_then(call, pending, 0, reply_undone);
    }
    lb_stayed_keep(&pending->stayed, change);
    put_undone(call, change);
    return LB_DONE;
}

static void release_undo(struct lb_call *call)
{
    struct lb_pending_change *pending = call->state;
    lb_stayed_fini(&pending->stayed);
}

enum lb_progress lb_changes_undo(struct lb_call *call)
{
    struct lb_pending_change *pending = lb_changes_begin(call, false);
    if (!pending)
        return LB_DONE;
    struct lb_str id = call->req->params[0];
    if (lb_str_equal(id, LB_STR(LB_CHANGE_PREFIX "0"))) { /* names a change that changed nothing */
        put_undone(call, &pending->change);
        return LB_DONE;
    }
    /* 0 is no change: the domain knows the words for that */
    pending->change.undone = lb_id_record(id, LB_STR(LB_CHANGE_PREFIX));
    lb_stayed_expect(&pending->stayed, call, &pending->change);
    call->release = release_undo;
    lb_change_undo(&pending->change);
    return lb_changes_submit_then(call, pending, 0, reply_undone);
}
