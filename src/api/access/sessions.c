/* Signing in and out, and one-time links. */
#include "api/handlers.h"
#include "api/access/sessions.h"
#include "api/gate.h"
#include "api/session_cookie.h"

#include "base/clock.h"
#include "domain/access/account.h"
#include "json/encode.h"
#include "store/names.h"

#include <sodium.h>
#include <stdio.h>

#define NO_MEMORY "The server is out of memory. Try again in a moment."

/* --- Failures --- */

/* `email`: the account that it is about; NULL or "": a one-time link. */
static struct lb_attempt attempt_of(const struct lb_call *call, const char *email)
{
    return (struct lb_attempt){.from = call->req->client,
                               .account = email && email[0] ? lb_str(email) : (struct lb_str){0},
                               .session = call->signed_in ? call->signed_in->token_hash : NULL};
}

bool lb_sessions_has_to_wait(struct lb_call *call, const char *email)
{
    char seconds[16];
    struct lb_attempt attempt = attempt_of(call, email);
    unsigned wait_s = lb_attempts_wait(call->app->attempts, &attempt, lb_clock_mono_ms());
    if (wait_s == 0)
        return false;
    snprintf(seconds, sizeof seconds, "%u", wait_s);
    lb_reply_header(&call->req->reply, "Retry-After", seconds);
    lb_reply_error(&call->req->reply, LB_ERR_RATE_LIMITED,
                   "Too many failed attempts to sign in. Wait %u second%s.", wait_s,
                   lb_plural(wait_s));
    return true;
}

enum lb_progress lb_sessions_queue_password(struct lb_call *call, const char *email,
                                            enum lb_turn (*run)(struct lb_call *,
                                                                struct lb_store_reader *))
{
    struct lb_attempt attempt = attempt_of(call, email);
    call->password_place = lb_attempts_enter(call->app->attempts, &attempt, &call->lane);
    if (!call->password_place)
        return lb_call_refuse(call, LB_ERR_OVERLOADED, NULL);
    return lb_call_read(call, run);
}

void lb_sessions_count_failure(struct lb_call *call, const char *email)
{
    struct lb_attempt attempt = attempt_of(call, email);
    lb_attempts_failed(call->app->attempts, &attempt, lb_clock_mono_ms());
    atomic_fetch_add_explicit(&call->app->failed_sign_ins, 1, memory_order_relaxed);
}

/* --- Replies --- */

static void put_workspace(struct lb_buf *body, const struct lb_workspace *workspace)
{
    if (!workspace) {
        lb_buf_append_lit(body, "null");
        return;
    }
    lb_buf_append_lit(body, "{\"id\":");
    lb_json_put_string(body, lb_str(workspace->row.id));
    lb_buf_append_lit(body, ",\"name\":");
    lb_json_put_string(body, lb_str(workspace->row.name));
    lb_buf_printf(body, ",\"plan\":\"%s\",\"expiresAt\":",
                  lb_plan_name((enum lb_plan)atomic_load(&workspace->plan)));
    lb_json_put_time_or_null(body, atomic_load(&workspace->expires_at));
    lb_buf_append_lit(body, "}");
}

static struct lb_buf *put_state(struct lb_call *call, const struct lb_user_row *user,
                                struct lb_str token, const struct lb_session_row *session)
{
    const struct lb_app *app = call->app;
    const struct lb_workspace *workspace =
        user->workspace_id[0] ? lb_directory_workspace(app->directory, lb_str(user->workspace_id))
                              : NULL;
    char csrf[LB_CSRF_SIZE];
    lb_token_csrf(token, csrf);
    struct lb_buf *body = lb_reply_json(&call->req->reply, 200);
    lb_buf_append_lit(body, "{\"user\":{\"id\":");
    lb_json_put_string(body, lb_str(user->id));
    lb_buf_append_lit(body, ",\"email\":");
    lb_json_put_string(body, lb_str(user->email));
    lb_buf_printf(body,
                  ",\"role\":\"%s\"},\"csrfToken\":\"%s\",\"expiresAt\":", lb_role_name(user->role),
                  csrf);
    lb_json_put_time(body, session->expires_at);
    lb_buf_append_lit(body, ",\"workspace\":");
    put_workspace(body, workspace);
    lb_buf_append_lit(body, ",\"version\":\"" LEADBLOCK_VERSION "\",\"publicUrl\":");
    lb_json_put_string(body, lb_str(app->public_url));
    lb_buf_printf(body, ",\"mustEnrol\":%s}", session->enrols ? "true" : "false");
    return body;
}

struct lb_buf *lb_sessions_reply_begun(struct lb_call *call)
{
    const struct lb_signing_in *signing = call->state;
    const struct lb_account_change *change = &signing->change;
    atomic_store(&call->app->set_up, true);
    lb_attempts_know(call->app->attempts, lb_str(change->user.email), &call->req->client);
    lb_session_cookie_set(call->app, call->req, change->token);
    return put_state(call, &change->user, lb_str(change->token), &change->session);
}

static void reply_signed_in(struct lb_call *call)
{
    const struct lb_signing_in *signing = call->state;
    const struct lb_account_change *change = &signing->change;
    if (change->write.result == LB_ERR_INVALID_LINK)
        lb_sessions_count_failure(call, "");
    if (!lb_call_written(call))
        return;
    if (!change->wrong_code) {
        lb_sessions_reply_begun(call);
        return;
    }
    lb_sessions_count_failure(call, signing->email);
    lb_reply_error(&call->req->reply, LB_ERR_INVALID_CODE,
                   "The code is wrong, or was used already. Wait for the next one.");
}

/* --- Reading --- */

/* What the browser calls itself, without what could not be stored or shown. */
static void put_user_agent(const struct lb_call *call, char out[LB_USER_AGENT_SIZE])
{
    struct lb_str agent = lb_request_header(call->req, "User-Agent");
    size_t len = agent.len < LB_USER_AGENT_SIZE ? agent.len : LB_USER_AGENT_SIZE - 1;
    for (size_t i = 0; i < len; i++)
        out[i] = agent.ptr[i] >= ' ' && agent.ptr[i] <= '~' ? agent.ptr[i] : '?';
    out[len] = 0;
}

struct lb_signing_in *lb_sessions_begin(struct lb_call *call)
{
    struct lb_signing_in *signing = lb_call_alloc(call, sizeof *signing);
    if (!signing)
        return NULL;
    call->state = signing;
    signing->change.old_emails = call->app->old_emails;
    signing->change.factor_rule = call->app->factor_rule;
    signing->change.max_sessions = call->app->config->max_user_sessions;
    put_user_agent(call, signing->change.session.user_agent);
    signing->change.session_lifetime_s = call->app->config->session_lifetime_s;
    return signing;
}

bool lb_sessions_read_text(struct lb_call *call, const char *name, struct lb_str *out)
{
    const struct lb_json *value = lb_json_member(call->body, name);
    struct lb_str text = lb_json_string(value);
    char *copy = text.ptr ? lb_request_alloc(call->req, text.len + 1) : NULL;
    if (copy) {
        memcpy(copy, text.ptr, text.len);
        *out = (struct lb_str){copy, text.len};
        return true;
    }
    lb_reply_error(&call->req->reply, LB_ERR_INVALID_BODY, "\"%s\" must be a string.", name);
    return false;
}

/* The "code" of the body, when there is one. False when the reply is set. */
static bool read_code(struct lb_call *call, struct lb_account_change *change)
{
    const struct lb_json *value = lb_json_member(call->body, "code");
    return !value || lb_json_type(value) == LB_JSON_NULL ||
           lb_sessions_read_text(call, "code", &change->code);
}

/* `email`: of the user whose it becomes; "": not known yet. */
static bool read_new_password(struct lb_call *call, const char *name, const char *email,
                              struct lb_str *out)
{
    if (!lb_sessions_read_text(call, name, out))
        return false;
    const char *wrong = lb_password_wrong(*out);
    if (!wrong)
        wrong = lb_password_wrong_for(*out, lb_str(email));
    if (wrong)
        lb_reply_error(&call->req->reply, LB_ERR_INVALID_BODY, "\"%s\" %s.", name, wrong);
    return !wrong;
}

bool lb_sessions_read_email(struct lb_call *call, char out[LB_EMAIL_SIZE])
{
    struct lb_str text = lb_json_string(lb_json_member(call->body, "email"));
    if (text.ptr && lb_email_normalise(text, out))
        return true;
    lb_reply_error(&call->req->reply, LB_ERR_INVALID_BODY,
                   "\"email\" must be an e-mail address such as ada@example.com.");
    return false;
}

static uint32_t password_memory(const struct lb_call *call)
{
    return call->app->config->password_memory_mib;
}

static void wipe(struct lb_str text)
{
    if (text.ptr)
        sodium_memzero((char *)text.ptr, text.len);
}

enum lb_turn lb_sessions_submit(struct lb_call *call, void (*finish)(struct lb_call *call))
{
    struct lb_signing_in *signing = call->state;
    signing->change.actor = lb_call_actor(call);
    if (lb_call_write(call, &signing->change.write, 0, finish) == LB_DONE)
        lb_request_complete(call->req);
    return LB_TURN_LAST;
}

enum lb_turn lb_sessions_refuse(struct lb_call *call, lb_err err, const char *message)
{
    struct lb_reason reason;
    lb_fail(&reason, err, "%s", message);
    lb_call_refuse(call, err, err == LB_ERR_STORAGE_UNAVAILABLE ? NULL : &reason);
    lb_request_complete(call->req);
    return LB_TURN_LAST;
}

/* --- Sign-in --- */

static enum lb_turn check_password(struct lb_call *call, struct lb_store_reader *reader)
{
    struct lb_signing_in *signing = call->state;
    struct lb_user_row *user = &signing->change.user;
    if (lb_sessions_has_to_wait(call,
                                signing->email)) { /* others have failed while this one waited */
        lb_request_complete(call->req);
        return LB_TURN_LAST;
    }
    lb_err err = lb_email_find_user(call->app->old_emails, call->app->store->ops, reader,
                                    signing->given_email, user);
    if (err && err != LB_ERR_NOT_FOUND)
        return lb_sessions_refuse(call, LB_ERR_STORAGE_UNAVAILABLE, "");
    bool is_unknown = err == LB_ERR_NOT_FOUND;
    bool matches;
    err =
        lb_password_check(user->password_hash, password_memory(call), signing->password, &matches);
    wipe(signing->password);
    if (err)
        return lb_sessions_refuse(call, err, NO_MEMORY);
    if (is_unknown && !atomic_load(&call->app->set_up))
        return lb_sessions_refuse(call, LB_ERR_NOT_SET_UP, lb_gate_not_set_up);
    if (!matches) {
        lb_sessions_count_failure(call, signing->email);
        return lb_sessions_refuse(call, LB_ERR_INVALID_CREDENTIALS,
                                  "The e-mail address or the password is wrong.");
    }
    lb_account_sign_in(&signing->change);
    return lb_sessions_submit(call, reply_signed_in);
}

enum lb_progress lb_sessions_post(struct lb_call *call)
{
    struct lb_signing_in *signing = lb_sessions_begin(call);
    if (!signing || !lb_call_parse_body(call, LB_JSON_OBJECT) ||
        !lb_sessions_read_email(call, signing->email) ||
        !lb_sessions_read_text(call, "email", &signing->given_email) ||
        !lb_sessions_read_text(call, "password", &signing->password) ||
        !read_code(call, &signing->change) || lb_sessions_has_to_wait(call, signing->email))
        return LB_DONE;
    return lb_sessions_queue_password(call, signing->email, check_password);
}

enum lb_progress lb_sessions_get(struct lb_call *call)
{
    const struct lb_signed_in *signed_in = call->signed_in;
    put_state(call, &signed_in->user, signed_in->token, &signed_in->session);
    return LB_DONE;
}

static void reply_signed_out(struct lb_call *call)
{
    if (!lb_call_written(call))
        return;
    lb_call_reply_done(call, 200, "Signed out");
    lb_session_cookie_clear(call->app, call->req);
}

enum lb_progress lb_sessions_delete(struct lb_call *call)
{
    struct lb_signing_in *signing = lb_sessions_begin(call);
    if (!signing)
        return LB_DONE;
    signing->change.user = call->signed_in->user;
    signing->change.actor = lb_call_actor(call);
    lb_account_sign_out(&signing->change);
    return lb_call_write(call, &signing->change.write, 0, reply_signed_out);
}

/* --- Setting a password --- */

bool lb_sessions_password_is_right(struct lb_call *call)
{
    struct lb_signing_in *signing = call->state;
    const struct lb_user_row *user = &signing->change.user;
    bool matches = false;
    lb_err err = LB_OK;
    if (lb_sessions_has_to_wait(call, user->email)) { /* others have failed while it waited */
        lb_request_complete(call->req);
        return false;
    }
    err =
        lb_password_check(user->password_hash, password_memory(call), signing->password, &matches);
    wipe(signing->password);
    if (err) {
        lb_sessions_refuse(call, err, NO_MEMORY);
        return false;
    }
    if (matches)
        return true;
    lb_sessions_count_failure(call, user->email);
    lb_sessions_refuse(call, LB_ERR_WRONG_PASSWORD, "The current password is wrong.");
    return false;
}

/* False when the reply is set. The password itself is gone. */
static bool hash_new_password(struct lb_call *call)
{
    struct lb_signing_in *signing = call->state;
    bool hashed = lb_password_hash(signing->new_password, password_memory(call),
                                   signing->change.password_hash);
    wipe(signing->new_password);
    if (!hashed)
        lb_sessions_refuse(call, LB_ERR_OVERLOADED, NO_MEMORY);
    return hashed;
}

static enum lb_turn change_password(struct lb_call *call, struct lb_store_reader *reader)
{
    struct lb_signing_in *signing = call->state;
    if (!lb_sessions_password_is_right(call)) {
        wipe(signing->new_password);
        return LB_TURN_LAST;
    }
    if (!hash_new_password(call))
        return LB_TURN_LAST;
    lb_account_set_password(&signing->change);
    return lb_sessions_submit(call, reply_signed_in);
}

enum lb_progress lb_sessions_put_password(struct lb_call *call)
{
    struct lb_signing_in *signing = lb_sessions_begin(call);
    if (!signing || !lb_call_parse_body(call, LB_JSON_OBJECT) ||
        !lb_sessions_read_text(call, "currentPassword", &signing->password) ||
        !read_new_password(call, "newPassword", call->signed_in->user.email,
                           &signing->new_password) ||
        lb_sessions_has_to_wait(call, call->signed_in->user.email))
        return LB_DONE;
    signing->change.user = call->signed_in->user;
    return lb_sessions_queue_password(call, signing->change.user.email, change_password);
}

/* --- One-time links --- */

static lb_err look_for_operator(void *context, const struct lb_user_row *user)
{
    *(bool *)context |= user->role == LB_ROLE_OPERATOR;
    return LB_OK;
}

/* Looks up the link of the call, and whose it is. LB_ERR_INVALID_LINK, or the store's failure. */
static lb_err find_link(struct lb_call *call, struct lb_store_reader *reader,
                        struct lb_link_row *out, struct lb_user_row *out_user)
{
    const struct lb_store_ops *ops = call->app->store->ops;
    const struct lb_signing_in *signing = call->state;
    *out_user = (struct lb_user_row){.deleted_at = 0};
    lb_err err = ops->link(reader, signing->change.link.token_hash, out);
    bool ended = false;
    if (!err && out->user)
        err = ops->user(reader, out->user, out_user);
    else if (!err) /* it makes the first operator, and ends when there is one */
        err = ops->users(reader, false, &ended, look_for_operator);
    if (err && err != LB_ERR_NOT_FOUND)
        return LB_ERR_STORAGE_UNAVAILABLE;
    if (!err && !ended && !out_user->deleted_at && !lb_link_ended(out, lb_clock_wall_ms()))
        return LB_OK;
    lb_sessions_count_failure(call, "");
    return LB_ERR_INVALID_LINK;
}

static enum lb_turn refuse_link(struct lb_call *call, lb_err err)
{
    return lb_sessions_refuse(
        call, err,
        "This link has been used, has expired, or was not copied whole. Ask for a new one.");
}

static enum lb_turn read_link(struct lb_call *call, struct lb_store_reader *reader)
{
    struct lb_link_row link;
    struct lb_user_row user;
    struct lb_factor_row factor = {.confirmed_at = 0};
    lb_err err = find_link(call, reader, &link, &user);
    if (err)
        return refuse_link(call, err);
    err = link.user ? call->app->store->ops->factor(reader, link.user, &factor) : LB_OK;
    if (err && err != LB_ERR_NOT_FOUND)
        return lb_sessions_refuse(call, LB_ERR_STORAGE_UNAVAILABLE, "");
    struct lb_buf *body = lb_reply_json(&call->req->reply, 200);
    lb_buf_printf(body, "{\"purpose\":\"%s\",\"email\":", link.user ? "password" : "set-up");
    lb_json_put_string_or_null(body, link.user ? lb_str(user.email) : (struct lb_str){0});
    lb_buf_append_lit(body, ",\"expiresAt\":");
    lb_json_put_time(body, link.expires_at);
    lb_buf_printf(body, ",\"secondFactor\":%s}", factor.confirmed_at ? "true" : "false");
    lb_request_complete(call->req);
    return LB_TURN_LAST;
}

/* Begins a call about the link that the body names; NULL when the reply is set. */
static struct lb_signing_in *begin_link(struct lb_call *call)
{
    struct lb_str token;
    struct lb_signing_in *signing = lb_sessions_begin(call);
    if (!signing || !lb_call_parse_body(call, LB_JSON_OBJECT) ||
        !lb_sessions_read_text(call, "token", &token) || lb_sessions_has_to_wait(call, ""))
        return NULL;
    lb_token_hash(token, signing->change.link.token_hash);
    return signing;
}

enum lb_progress lb_sessions_post_link(struct lb_call *call)
{
    return begin_link(call) ? lb_call_read(call, read_link) : LB_DONE;
}

static enum lb_turn use_link(struct lb_call *call, struct lb_store_reader *reader)
{
    struct lb_signing_in *signing = call->state;
    struct lb_link_row link;
    struct lb_user_row user;
    lb_err err = find_link(call, reader, &link, &user); /* before the work of hashing */
    if (err)
        return refuse_link(call, err);
    const char *wrong = lb_password_wrong_for(signing->new_password, lb_str(user.email));
    if (wrong) {
        wipe(signing->new_password);
        lb_reply_error(&call->req->reply, LB_ERR_INVALID_BODY, "\"password\" %s.", wrong);
        lb_request_complete(call->req);
        return LB_TURN_LAST;
    }
    if (!hash_new_password(call))
        return LB_TURN_LAST;
    lb_account_use_link(&signing->change);
    return lb_sessions_submit(call, reply_signed_in);
}

enum lb_progress lb_sessions_post_from_link(struct lb_call *call)
{
    struct lb_signing_in *signing = begin_link(call);
    if (!signing)
        return LB_DONE;
    bool names_email = lb_json_type(lb_json_member(call->body, "email")) == LB_JSON_STRING;
    if ((names_email && !lb_sessions_read_email(call, signing->change.user.email)) ||
        !read_new_password(call, "password", signing->change.user.email, &signing->new_password) ||
        !read_code(call, &signing->change))
        return LB_DONE;
    return lb_sessions_queue_password(call, "", use_link);
}
