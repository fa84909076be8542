/* The users: for operators, in the dashboard and at the command line. */
#include "api/access/admin.h"
#include "api/handlers.h"
#include "api/access/sessions.h"
#include "api/by.h"
#include "api/query.h"
#include "base/clock.h"
#include "base/utf8.h"
#include "domain/access/account.h"
#include "json/encode.h"
#include "store/names.h"

struct pending {
    struct lb_account_change change;
    struct lb_str who; /* id or e-mail address of the path */
    bool deletes;
    bool not_own;       /* refused for the user who asks */
    uint32_t link_days; /* of the link that is made; 0: the default */
    void (*reply)(struct lb_call *call);
};

#define INVITATION_DAYS 7
#define PASSWORD_DAYS   1

/* Who asks, where no reader is there to look anyone up. */
static void put_asker(struct lb_buf *body, const struct lb_call *call)
{
    const struct lb_user_row *user = call->signed_in ? &call->signed_in->user : NULL;
    lb_buf_printf(body, "{\"type\":\"%s\",\"id\":", user ? "user" : "operator");
    lb_json_put_string_or_null(body, user ? lb_str(user->id) : (struct lb_str){0});
    lb_buf_append_lit(body, ",\"name\":");
    lb_json_put_string_or_null(body, user ? lb_str(user->email) : (struct lb_str){0});
    lb_buf_append_lit(body, "}");
}

/* What a user can sign in with. */
static const char *state_of(const struct lb_user_row *user, int64_t now)
{
    if (user->password_hash[0])
        return "active";
    return user->link_expires_at > now ? "invited" : "link_ended";
}

/* Without `makers` the user was made just now, by who asks. */
static void put_user(const struct lb_call *call, struct lb_buf *body, struct lb_by *makers,
                     const struct lb_user_row *user)
{
    int64_t now = lb_clock_wall_ms();
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
    lb_buf_printf(body, ",\"state\":\"%s\",\"invitedBy\":", state_of(user, now));
    if (!makers)
        put_asker(body, call);
    else if (user->has_maker)
        lb_by_put(makers, body, user->made_by);
    else
        lb_buf_append_lit(body, "null");
    lb_buf_append_lit(body, ",\"linkExpiresAt\":");
    lb_json_put_time_or_null(body, user->link_expires_at > now ? user->link_expires_at : 0);
    lb_buf_printf(body, ",\"secondFactor\":%s", user->has_factor ? "true" : "false");
}

/* --- List --- */

struct listing {
    struct lb_by makers;
    struct lb_buf *body;
    bool any;
};

static lb_err put_each(void *context, const struct lb_user_row *user)
{
    struct listing *listing = context;
    if (listing->any)
        lb_buf_append_lit(listing->body, ",");
    listing->any = true;
    put_user(listing->makers.call, listing->body, &listing->makers, user);
    lb_buf_append_lit(listing->body, "}");
    return LB_OK;
}

static enum lb_turn list_users(struct lb_call *call, struct lb_store_reader *reader)
{
    struct listing listing = {.makers = {.call = call, .reader = reader},
                              .body = lb_reply_json(&call->req->reply, 200)};
    lb_buf_append_lit(listing.body, "[");
    lb_err err = call->app->store->ops->users(reader, true, &listing, put_each);
    lb_buf_append_lit(listing.body, "]");
    lb_by_fini(&listing.makers);
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
    body->failed |= link.failed;
    lb_buf_fini(&link);
}

static void reply_created(struct lb_call *call)
{
    const struct pending *pending = call->state;
    const struct lb_account_change *change = &pending->change;
    if (!lb_call_written(call))
        return;
    atomic_store(&call->app->set_up, true);
    struct lb_buf *body = lb_reply_json(&call->req->reply, 201);
    struct lb_user_row user = change->user;
    user.link_expires_at = change->link.expires_at;
    put_user(call, body, NULL, &user);
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
    if (!id.len) {
        lb_reply_error(&call->req->reply, LB_ERR_INVALID_BODY,
                       "\"workspaceId\" must name the workspace of a member or viewer.");
        return false;
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

/* "linkDays" of a body that may be absent. False when the reply is set. */
static bool read_link_days(struct lb_call *call, struct pending *pending)
{
    int64_t days = 0;
    uint32_t most = call->app->config->max_link_days;
    const struct lb_json *value = call->body ? lb_json_member(call->body, "linkDays") : NULL;
    if (!value)
        return true;
    bool good = lb_json_int64(value, &days) && days >= 1 && days <= (int64_t)most;
    pending->link_days = (uint32_t)days;
    if (!good)
        lb_reply_error(&call->req->reply, LB_ERR_INVALID_BODY,
                       "\"linkDays\" must be a whole number of days from 1 to %u.", most);
    return good;
}

/* How long the link will be valid. A new user may read the invitation after a weekend; a link for
 * another password is waited for. */
static void set_link_lifetime(const struct lb_call *call, struct pending *pending, bool invites)
{
    uint32_t most = call->app->config->max_link_days;
    uint32_t days = pending->link_days ? pending->link_days
                    : invites          ? INVITATION_DAYS
                                       : PASSWORD_DAYS;
    pending->change.link_lifetime_ms = (int64_t)(days < most ? days : most) * LB_DAY_MS;
}

enum lb_progress lb_users_post(struct lb_call *call)
{
    struct pending *pending = begin_user_change(call);
    if (!pending || !lb_call_parse_body(call, LB_JSON_OBJECT) ||
        !lb_sessions_read_email(call, pending->change.user.email) ||
        !read_role(call, &pending->change.user) || !read_workspace(call, &pending->change.user) ||
        !read_link_days(call, pending))
        return LB_DONE;
    set_link_lifetime(call, pending, true);
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
    lb_buf_append_lit(body, ",\"linkExpiresAt\":");
    lb_json_put_time(body, change->link.expires_at);
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

static void reply_link_ended(struct lb_call *call)
{
    const struct pending *pending = call->state;
    if (lb_call_written(call))
        lb_call_reply_done(call, 200, "The link of %s is revoked", pending->change.user.email);
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
    if (!err && pending->not_own && call->signed_in &&
        call->signed_in->user.no == change->user.no) {
        lb_reply_error(&call->req->reply, LB_ERR_FORBIDDEN,
                       "Your own second factor is turned off with password and code, under "
                       "Account. Another operator can reset it.");
        err = LB_ERR_FORBIDDEN;
    }
    if (!err && pending->deletes) /* a member's keys are of that workspace */
        change->write.workspace = change->user.workspace;
    if (!err)
        set_link_lifetime(call, pending, !change->user.password_hash[0]);
    if (!err && lb_call_write(call, &change->write, 0, pending->reply) == LB_PENDING)
        return LB_TURN_LAST;
    lb_request_complete(call->req);
    return LB_TURN_LAST;
}

enum lb_progress lb_users_post_link(struct lb_call *call)
{
    struct pending *pending = begin_user_change(call);
    if (!pending || (call->req->body.len && !lb_call_parse_body(call, LB_JSON_OBJECT)) ||
        !read_link_days(call, pending))
        return LB_DONE;
    pending->who = call->req->params[0];
    pending->reply = reply_link;
    lb_account_make_link(&pending->change);
    return lb_call_read(call, change_user_of_path);
}

enum lb_progress lb_users_delete_link(struct lb_call *call)
{
    struct pending *pending = begin_user_change(call);
    if (!pending)
        return LB_DONE;
    pending->who = call->req->params[0];
    pending->reply = reply_link_ended;
    lb_account_end_links(&pending->change);
    return lb_call_read(call, change_user_of_path);
}

static void reply_factor_reset(struct lb_call *call)
{
    const struct pending *pending = call->state;
    if (lb_call_written(call))
        lb_call_reply_done(call, 200,
                           "The second factor of %s is off, and their sessions have ended",
                           pending->change.user.email);
}

enum lb_progress lb_users_delete_factor(struct lb_call *call)
{
    struct pending *pending = begin_user_change(call);
    if (!pending)
        return LB_DONE;
    pending->who = call->req->params[0];
    pending->not_own = true;
    pending->reply = reply_factor_reset;
    lb_factor_reset(&pending->change);
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
    pending->reply = reply_deleted;
    lb_account_delete(&pending->change);
    return lb_call_read(call, change_user_of_path);
}
