/* The users: for operators, in the dashboard and at the command line. */
#include "api/access/admin.h"
#include "api/handlers.h"
#include "api/access/sessions.h"
#include "api/query.h"
#include "base/utf8.h"
#include "domain/access/account.h"
#include "json/encode.h"
#include "store/names.h"

struct pending {
    struct lb_account_change change;
    struct lb_str who; /* id or e-mail address of the path */
    bool deletes;
};

static void put_user(struct lb_buf *body, const struct lb_user_row *user)
{
    lb_buf_append_lit(body, "{\"id\":");
    lb_json_put_string(body, lb_str(user->id));
    lb_buf_append_lit(body, ",\"email\":");
    lb_json_put_string(body, lb_str(user->email));
    lb_buf_printf(body, ",\"role\":\"%s\",\"workspaceId\":", lb_role_name(user->role));
    lb_json_put_string_or_null(body, user->workspace_id[0] ? lb_str(user->workspace_id)
                                                           : (struct lb_str){0});
    lb_buf_append_lit(body, ",\"createdAt\":");
    lb_json_put_time(body, user->created_at);
    lb_buf_append_lit(body, ",\"lastSignInAt\":");
    lb_json_put_time_or_null(body, user->signed_in_at);
}

/* --- List --- */

struct listing {
    struct lb_buf *body;
    bool any;
};

static lb_err put_each(void *context, const struct lb_user_row *user)
{
    struct listing *listing = context;
    if (listing->any)
        lb_buf_append_lit(listing->body, ",");
    listing->any = true;
    put_user(listing->body, user);
    lb_buf_append_lit(listing->body, "}");
    return LB_OK;
}

static enum lb_turn list_users(struct lb_call *call, struct lb_store_reader *reader)
{
    struct listing listing = {.body = lb_reply_json(&call->req->reply, 200)};
    lb_buf_append_lit(listing.body, "[");
    lb_err err = call->app->store->ops->users(reader, &listing, put_each);
    lb_buf_append_lit(listing.body, "]");
    if (err)
        lb_call_refuse(call, LB_ERR_STORAGE_UNAVAILABLE, NULL);
    lb_request_complete(call->req);
    return LB_TURN_LAST;
}

enum lb_progress lb_users_list(struct lb_call *call)
{
    if (!lb_query_only(call, ""))
        return LB_DONE;
    return lb_call_read(call, list_users);
}

/* --- Create --- */

static struct pending *begin_user_change(struct lb_call *call)
{
    struct pending *pending = lb_call_alloc(call, sizeof *pending);
    if (!pending)
        return NULL;
    call->state = pending;
    pending->change.actor = lb_call_actor(call);
    pending->change.old_emails = call->app->old_emails;
    pending->change.directory = call->app->directory;
    return pending;
}

static void put_link(struct lb_buf *body, const struct lb_call *call,
                     const struct lb_account_change *change)
{
    struct lb_buf link = {0};
    lb_buf_printf(&link, "%s/#/link/%s", call->app->public_url, change->token);
    lb_buf_append_lit(body, "\"link\":");
    lb_json_put_string(body, lb_buf_str(&link));
    lb_buf_append_lit(body, ",\"linkExpiresAt\":");
    lb_json_put_time(body, change->link.expires_at);
    body->failed |= link.failed;
    lb_buf_fini(&link);
}

static void reply_created(struct lb_call *call)
{
    const struct pending *pending = call->state;
    const struct lb_account_change *change = &pending->change;
    if (!lb_call_written(call))
        return;
    struct lb_buf *body = lb_reply_json(&call->req->reply, 201);
    put_user(body, &change->user);
    lb_buf_append_lit(body, ",");
    put_link(body, call, change);
    lb_buf_append_lit(body, "}");
}

/* The workspace of a member or viewer. False when the reply is set. */
static bool read_workspace(struct lb_call *call, struct lb_user_row *user)
{
    struct lb_str id = lb_json_string(lb_json_member(call->body, "workspaceId"));
    if (user->role == LB_ROLE_OPERATOR) {
        if (id.len)
            lb_reply_error(&call->req->reply, LB_ERR_INVALID_BODY,
                           "Operators have access to every workspace; leave \"workspaceId\" out.");
        return id.len == 0;
    }
    struct lb_workspace *workspace = lb_admin_named_workspace(call, id);
    if (!workspace)
        return false;
    user->workspace = workspace->row.no;
    memcpy(user->workspace_id, workspace->row.id, sizeof user->workspace_id);
    return true;
}

static bool read_role(struct lb_call *call, struct lb_user_row *user)
{
    struct lb_str role = lb_json_string(lb_json_member(call->body, "role"));
    if (lb_role_parse(role, &user->role))
        return true;
    lb_reply_error(&call->req->reply, LB_ERR_INVALID_BODY,
                   "The \"role\" must be operator, member or viewer.");
    return false;
}

enum lb_progress lb_users_post(struct lb_call *call)
{
    struct pending *pending = begin_user_change(call);
    if (!pending || !lb_call_parse_body(call, LB_JSON_OBJECT) ||
        !lb_sessions_read_email(call, pending->change.user.email) ||
        !read_role(call, &pending->change.user) || !read_workspace(call, &pending->change.user))
        return LB_DONE;
    lb_account_create(&pending->change);
    return lb_call_write(call, &pending->change.write, 0, reply_created);
}

/* --- What is done to one --- */

static void reply_link(struct lb_call *call)
{
    const struct pending *pending = call->state;
    const struct lb_account_change *change = &pending->change;
    if (!lb_call_written(call))
        return;
    struct lb_buf *body = lb_reply_json(&call->req->reply, 201);
    lb_buf_append_lit(body, "{");
    put_link(body, call, change);
    lb_buf_append_lit(body, "}");
}

static void reply_deleted(struct lb_call *call)
{
    const struct lb_account_change *change = &((const struct pending *)call->state)->change;
    if (!lb_call_written(call))
        return;
    if (change->left)
        lb_call_reply_done(call, 200, "%s deleted; %u API key%s of theirs still valid",
                           change->user.email, change->left, change->left == 1 ? " is" : "s are");
    else
        lb_call_reply_done(call, 200, "%s deleted", change->user.email);
    struct lb_buf *body = &call->req->reply.body;
    body->len--; /* reopen the object */
    lb_buf_printf(body, ",\"keysRevoked\":%u,\"keysLeft\":%u}", change->revoked, change->left);
}

static lb_err find_user(const struct lb_app *app, struct lb_store_reader *reader, struct lb_str who,
                        struct lb_user_row *out)
{
    char email[LB_EMAIL_SIZE];
    if (!lb_utf8_is_valid(who)) /* then it is no name; the store need not be asked */
        return LB_ERR_NOT_FOUND;
    return lb_email_normalise(who, email)
               ? lb_email_find_user(app->old_emails, app->store->ops, reader, who, out)
               : app->store->ops->user_by_id(reader, who, out);
}

/* Finds the user of the path, and hands the change to the writer. */
static enum lb_turn change_user_of_path(struct lb_call *call, struct lb_store_reader *reader)
{
    struct pending *pending = call->state;
    struct lb_account_change *change = &pending->change;
    lb_err err = find_user(call->app, reader, pending->who, &change->user);
    if (err == LB_ERR_NOT_FOUND)
        lb_reply_error(&call->req->reply, LB_ERR_USER_NOT_FOUND, "User '%.*s' does not exist.",
                       pending->who.len > 64 ? 64 : (int)pending->who.len, pending->who.ptr);
    else if (err)
        lb_call_refuse(call, LB_ERR_STORAGE_UNAVAILABLE, NULL);
    if (!err && pending->deletes) /* a member's keys are of that workspace */
        change->write.workspace = change->user.workspace;
    if (!err && lb_call_write(call, &change->write, 0,
                              pending->deletes ? reply_deleted : reply_link) == LB_PENDING)
        return LB_TURN_LAST;
    lb_request_complete(call->req);
    return LB_TURN_LAST;
}

enum lb_progress lb_users_post_link(struct lb_call *call)
{
    struct pending *pending = begin_user_change(call);
    if (!pending)
        return LB_DONE;
    pending->who = call->req->params[0];
    lb_account_make_link(&pending->change);
    return lb_call_read(call, change_user_of_path);
}

enum lb_progress lb_users_delete(struct lb_call *call)
{
    struct pending *pending = begin_user_change(call);
    if (!pending)
        return LB_DONE;
    struct lb_str keys;
    if (!lb_query_text(call, "keys", &keys))
        return LB_DONE;
    pending->change.revokes_keys = lb_str_equal(keys, LB_STR("revoke"));
    if (keys.ptr && !pending->change.revokes_keys && !lb_str_equal(keys, LB_STR("keep"))) {
        lb_reply_error(&call->req->reply, LB_ERR_INVALID_PARAMETER,
                       "The parameter 'keys' must be revoke or keep: what becomes of the API keys "
                       "that the user made.");
        return LB_DONE;
    }
    pending->who = call->req->params[0];
    pending->deletes = true;
    lb_account_delete(&pending->change);
    return lb_call_read(call, change_user_of_path);
}
