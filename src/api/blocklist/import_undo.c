/* Taking an import back: POST /v1/imports/{importId}/undo. Each of its changes is undone in a turn
 * of an importer's thread, as a change like any other, so that others' writes come in between. */
#include "api/batch_write.h"
#include "api/blocklist/changes.h"
#include "api/blocklist/stayed.h"
#include "api/handlers.h"

#include "domain/blocklist/imports.h"
#include "json/encode.h"

/* That a step takes while it waits, about. */
#define STEP_BYTES ((size_t)1 << 20)

struct undoing {
    struct lb_imports_undo step;
    struct lb_call *call;
    struct lb_batch_writer writer;
    uint64_t below;
    struct lb_undo_walk walk; /* of the change before that */
    uint64_t blocked;
    uint64_t unblocked;
    uint64_t gone;
    struct lb_stayed stayed;
    uint64_t changes; /* that it made */
    struct lb_public_id change_id;
    lb_err err;
};

static struct lb_write *prepare(void *context)
{
    struct undoing *undoing = context;
    struct lb_call *call = undoing->call;
    undoing->step = (struct lb_imports_undo){.change = {.blocklist = call->app->blocklist,
                                                        .standing = lb_call_standing(call, false),
                                                        .walk = undoing->walk},
                                             .id = call->req->params[0],
                                             .below = undoing->below};
    lb_imports_undo(&undoing->step);
    lb_stayed_expect(&undoing->stayed, call, &undoing->step.change);
    undoing->step.change.write.size = STEP_BYTES;
    return &undoing->step.change.write;
}

static void undo_step(struct undoing *undoing)
{
    const struct lb_change *change = &undoing->step.change;
    undoing->err = lb_batch_write(&undoing->writer, undoing->call, undoing, prepare);
    if (undoing->err)
        return;
    undoing->walk = change->goes_on ? change->walked : (struct lb_undo_walk){0};
    if (change->goes_on)
        return;
    undoing->below = undoing->step.number;
    undoing->blocked += change->blocked;
    undoing->unblocked += change->unblocked;
    undoing->gone += change->gone;
    lb_stayed_keep(&undoing->stayed, change);
    undoing->changes += change->id.number != 0;
    if (change->id.number)
        undoing->change_id = change->id;
}

/* --- Its answer --- */

static void put_counts(struct lb_buf *body, const struct undoing *undoing)
{
    lb_buf_append_lit(body, ",\"importId\":");
    lb_json_put_string(body, undoing->call->req->params[0]);
    lb_buf_printf(body, ",\"blocked\":%llu,\"unblocked\":%llu",
                  (unsigned long long)undoing->blocked, (unsigned long long)undoing->unblocked);
    lb_stayed_put(&undoing->stayed, body);
    lb_buf_append_lit(body, "}");
}

static void reply_undone(struct undoing *undoing)
{
    const struct lb_undone_counts counts = {undoing->blocked, undoing->unblocked,
                                            undoing->stayed.count, undoing->gone,
                                            undoing->changes != 0};
    struct lb_buf *body = lb_reply_json(&undoing->call->req->reply, 200);
    lb_buf_append_lit(body, "{\"success\":true,\"message\":\"");
    lb_changes_put_undone(body, &counts);
    lb_buf_append_lit(body, "\"");
    put_counts(body, undoing);
    if (undoing->changes > 1) /* of several changes none is the undo */
        return;
    undoing->step.change.id = undoing->change_id;
    lb_changes_put_id(undoing->call, &undoing->step.change);
}

static void reply_error(struct undoing *undoing)
{
    struct lb_call *call = undoing->call;
    const struct lb_reason *reason = &undoing->step.change.write.reason;
    if (undoing->changes == 0) {
        lb_call_refuse(call, undoing->err, reason);
        return;
    }
    lb_reply_error(&call->req->reply, undoing->err,
                   "%s%sThe undo broke off: what was undone before that stays. Send the request "
                   "again to go on.",
                   reason->text, reason->text[0] ? " " : "");
    struct lb_buf *body = &call->req->reply.body;
    body->len -= !body->failed; /* reopen the object */
    put_counts(body, undoing);
}

static void end(struct undoing *undoing)
{
    struct lb_call *call = undoing->call;
    if (undoing->err)
        reply_error(undoing);
    else
        reply_undone(undoing);
    lb_batch_writer_fini(&undoing->writer);
    lb_stayed_fini(&undoing->stayed);
    lb_quota_give(&call->workspace->importing, 1); /* before the answer */
    lb_request_complete(call->req);
}

static enum lb_turn take_turn(struct lb_call *call, struct lb_store_reader *reader)
{
    struct undoing *undoing = call->state;
    lb_rcu_offline();
    if (!undoing->writer.mailbox)
        undoing->err = lb_batch_writer_init(&undoing->writer);
    if (!undoing->err)
        undo_step(undoing);
    lb_rcu_online();
    if (!undoing->err && !undoing->step.done)
        return LB_TURN_MORE;
    end(undoing);
    return LB_TURN_LAST;
}

static void cancel(struct lb_call *call)
{
    struct undoing *undoing = call->state;
    undoing->err = LB_ERR_STORAGE_UNAVAILABLE;
    end(undoing);
}

enum lb_progress lb_imports_post_undo(struct lb_call *call)
{
    struct undoing *undoing = lb_call_alloc(call, sizeof *undoing);
    if (!undoing)
        return LB_DONE;
    if (!lb_quota_take(&call->workspace->importing, 1, 1)) {
        lb_reply_error(&call->req->reply, LB_ERR_WORKSPACE_OVERLOADED,
                       "This workspace is importing a file, or undoing an import; nothing was "
                       "recorded. Undo this one when that is done.");
        return LB_DONE;
    }
    undoing->call = call;
    undoing->below = UINT64_MAX >> 1;
    call->state = undoing;
    enum lb_progress progress = lb_call_import(call, take_turn, cancel);
    if (progress != LB_PENDING)
        lb_quota_give(&call->workspace->importing, 1);
    return progress;
}
