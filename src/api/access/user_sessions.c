/* Where users are signed in: a user's own sessions, and for operators those of any user. */
#include "api/handlers.h"
#include "api/query.h"

#include "base/clock.h"
#include "base/utf8.h"
#include "domain/access/account.h"
#include "domain/access/email.h"
#include "json/encode.h"

struct ending {
    struct lb_account_change change;
    struct lb_str who; /* id or e-mail address of the path; ptr NULL: the user who asks */
};

static lb_err find_user(const struct lb_call *call, struct lb_store_reader *reader,
                        struct lb_str who, struct lb_user_row *out)
{
    const struct lb_app *app = call->app;
    char email[LB_EMAIL_SIZE];
    if (!who.ptr) {
        *out = call->signed_in->user;
        return LB_OK;
    }
    if (!lb_utf8_is_valid(who))
        return LB_ERR_NOT_FOUND;
    return lb_email_normalise(who, email)
               ? lb_email_find_user(app->old_emails, app->store->ops, reader, who, out)
               : app->store->ops->user_by_id(reader, who, out);
}

/* False when the reply is set. */
static bool found(struct lb_call *call, lb_err err, struct lb_str who)
{
    if (err == LB_ERR_NOT_FOUND)
        lb_reply_error(&call->req->reply, LB_ERR_USER_NOT_FOUND, "User '%.*s' does not exist.",
                       who.len > 64 ? 64 : (int)who.len, who.ptr);
    else if (err)
        lb_call_refuse(call, LB_ERR_STORAGE_UNAVAILABLE, NULL);
    return !err;
}

/* --- List --- */

struct listing {
    struct lb_buf *body;
    const uint8_t *own; /* hash of the session that asks */
    int64_t now;
    bool any;
};

static void put_text(struct lb_buf *body, const char *name, const char *text)
{
    lb_buf_printf(body, ",\"%s\":", name);
    lb_json_put_string_or_null(body, text[0] ? lb_str(text) : (struct lb_str){0});
}

static lb_err put_session(void *context, const struct lb_session_row *row)
{
    struct listing *listing = context;
    struct lb_buf *body = listing->body;
    char id[LB_SESSION_ID_SIZE];
    if (lb_session_ended(row, listing->now))
        return LB_OK;
    bool is_own = memcmp(row->token_hash, listing->own, sizeof row->token_hash) == 0;
    lb_session_id(row->token_hash, id);
    lb_buf_printf(body, "%s{\"id\":\"%s\",\"current\":%s,\"createdAt\":", listing->any ? "," : "",
                  id, is_own ? "true" : "false");
    listing->any = true;
    lb_json_put_time(body, row->created_at);
    lb_buf_append_lit(body, ",\"lastUsedAt\":");
    lb_json_put_time(body, is_own              ? listing->now
                           : row->last_used_at ? row->last_used_at
                                               : row->created_at);
    lb_buf_append_lit(body, ",\"expiresAt\":");
    lb_json_put_time(body, row->expires_at);
    put_text(body, "from", row->source);
    put_text(body, "userAgent", row->user_agent);
    lb_buf_append_lit(body, "}");
    return LB_OK;
}

static enum lb_turn list_sessions(struct lb_call *call, struct lb_store_reader *reader)
{
    const struct ending *ending = call->state;
    struct lb_user_row user;
    if (found(call, find_user(call, reader, ending->who, &user), ending->who)) {
        struct listing listing = {.body = lb_reply_json(&call->req->reply, 200),
                                  .own = call->signed_in->token_hash,
                                  .now = lb_clock_wall_ms()};
        lb_buf_append_lit(listing.body, "[");
        lb_err err = call->app->store->ops->sessions(reader, user.no, &listing, put_session);
        lb_buf_append_lit(listing.body, "]");
        if (err)
            lb_call_refuse(call, LB_ERR_STORAGE_UNAVAILABLE, NULL);
    }
    lb_request_complete(call->req);
    return LB_TURN_LAST;
}

static struct ending *begin(struct lb_call *call, struct lb_str who)
{
    struct ending *ending = lb_call_alloc(call, sizeof *ending);
    if (!ending)
        return NULL;
    call->state = ending;
    ending->who = who;
    ending->change.actor = lb_call_actor(call);
    return ending;
}

static enum lb_progress list_of(struct lb_call *call, struct lb_str who)
{
    if (!lb_query_only(call, "") || !begin(call, who))
        return LB_DONE;
    return lb_call_read(call, list_sessions);
}

enum lb_progress lb_own_sessions_list(struct lb_call *call)
{
    return list_of(call, (struct lb_str){0});
}

enum lb_progress lb_user_sessions_list(struct lb_call *call)
{
    return list_of(call, call->req->params[0]);
}

/* --- Ending --- */

static void reply_ended(struct lb_call *call)
{
    const struct ending *ending = call->state;
    if (lb_call_written(call))
        lb_call_reply_done(call, 200,
                           ending->change.ends_all ? "The sessions have ended"
                                                   : "The session has ended");
}

static enum lb_turn end_sessions(struct lb_call *call, struct lb_store_reader *reader)
{
    struct ending *ending = call->state;
    struct lb_account_change *change = &ending->change;
    lb_account_end_sessions(change);
    if (found(call, find_user(call, reader, ending->who, &change->user), ending->who) &&
        lb_call_write(call, &change->write, 0, reply_ended) == LB_PENDING)
        return LB_TURN_LAST;
    lb_request_complete(call->req);
    return LB_TURN_LAST;
}

/* `id`: of one session; ptr NULL: all. */
static enum lb_progress end_of(struct lb_call *call, struct lb_str who, struct lb_str id)
{
    struct ending *ending = begin(call, who);
    if (!ending)
        return LB_DONE;
    ending->change.ends_all = !id.ptr;
    lb_str_copy(id, ending->change.session_id, sizeof ending->change.session_id);
    return lb_call_read(call, end_sessions);
}

enum lb_progress lb_own_sessions_delete(struct lb_call *call)
{
    return end_of(call, (struct lb_str){0}, (struct lb_str){0});
}

enum lb_progress lb_own_session_delete(struct lb_call *call)
{
    return end_of(call, (struct lb_str){0}, call->req->params[0]);
}

enum lb_progress lb_user_sessions_delete(struct lb_call *call)
{
    return end_of(call, call->req->params[0], (struct lb_str){0});
}

enum lb_progress lb_user_session_delete(struct lb_call *call)
{
    return end_of(call, call->req->params[0], call->req->params[1]);
}
