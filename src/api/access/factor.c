/* The second factor of the user who is signed in. */
#include "api/access/sessions.h"
#include "api/handlers.h"

#include "json/encode.h"

#include <sodium.h>

/* --- What there is --- */

static enum lb_turn show_factor(struct lb_call *call, struct lb_store_reader *reader)
{
    const struct lb_user_row *user = &call->signed_in->user;
    struct lb_factor_row row = {.confirmed_at = 0};
    lb_err err = call->app->store->ops->factor(reader, user->no, &row);
    if (err && err != LB_ERR_NOT_FOUND)
        return lb_sessions_refuse(call, LB_ERR_STORAGE_UNAVAILABLE, "");
    struct lb_buf *body = lb_reply_json(&call->req->reply, 200);
    lb_buf_printf(body,
                  "{\"on\":%s,\"required\":%s,\"since\":", row.confirmed_at ? "true" : "false",
                  lb_factor_required(call->app->factor_rule, user->role) ? "true" : "false");
    lb_json_put_time_or_null(body, row.confirmed_at);
    lb_buf_printf(body, ",\"recoveryCodesLeft\":%u}", (unsigned)row.recovery_count);
    lb_request_complete(call->req);
    return LB_TURN_LAST;
}

enum lb_progress lb_factor_get(struct lb_call *call)
{
    return lb_call_read(call, show_factor);
}

/* --- Setting it up --- */

/* A call about the user who is signed in; NULL when the reply is set. */
static struct lb_signing_in *begin_own(struct lb_call *call)
{
    struct lb_signing_in *signing = lb_sessions_begin(call);
    if (!signing || !lb_call_parse_body(call, LB_JSON_OBJECT))
        return NULL;
    signing->change.user = call->signed_in->user;
    return signing;
}

static void put_escaped(struct lb_buf *out, struct lb_str text)
{
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                     strchr("-._~", c);
        if (plain && c)
            lb_buf_append(out, &text.ptr[i], 1);
        else
            lb_buf_printf(out, "%%%02X", c);
    }
}

/* Source of its form: https://github.com/google/google-authenticator/wiki/Key-Uri-Format */
static void put_uri(struct lb_buf *body, const struct lb_account_change *change)
{
    struct lb_buf uri = {0};
    lb_buf_append_lit(&uri, "otpauth://totp/leadblock:");
    put_escaped(&uri, lb_str(change->user.email));
    lb_buf_printf(&uri, "?secret=%s&issuer=leadblock", change->factor_secret);
    lb_json_put_string(body, lb_buf_str(&uri));
    body->failed |= uri.failed;
    if (uri.ptr)
        sodium_memzero(uri.ptr, uri.len);
    lb_buf_fini(&uri);
}

static void reply_begun(struct lb_call *call)
{
    struct lb_account_change *change = &((struct lb_signing_in *)call->state)->change;
    if (!lb_call_written(call))
        return;
    struct lb_buf *body = lb_reply_json(&call->req->reply, 200);
    lb_buf_append_lit(body, "{\"secret\":");
    lb_json_put_string(body, lb_str(change->factor_secret));
    lb_buf_append_lit(body, ",\"uri\":");
    put_uri(body, change);
    lb_buf_append_lit(body, "}");
    sodium_memzero(change->factor_secret, sizeof change->factor_secret);
}

static enum lb_turn begin_with_password(struct lb_call *call, struct lb_store_reader *reader)
{
    return lb_sessions_password_is_right(call) ? lb_sessions_submit(call, reply_begun)
                                               : LB_TURN_LAST;
}

/* A session that may do nothing else has begun with the password just now. */
enum lb_progress lb_factor_post(struct lb_call *call)
{
    struct lb_signing_in *signing = begin_own(call);
    if (!signing)
        return LB_DONE;
    lb_factor_begin(&signing->change);
    if (call->signed_in->session.enrols) {
        signing->change.actor = lb_call_actor(call);
        return lb_call_write(call, &signing->change.write, 0, reply_begun);
    }
    if (!lb_sessions_read_text(call, "password", &signing->password) ||
        lb_sessions_has_to_wait(call, signing->change.user.email))
        return LB_DONE;
    return lb_sessions_queue_password(call, signing->change.user.email, begin_with_password);
}

/* --- Codes --- */

#define WRONG_CODE "The code is wrong, or was used already. Wait for the next one."

/* False when the reply is set: the change failed, or its code is wrong, with `message`. */
static bool code_was_right(struct lb_call *call, const char *message)
{
    const struct lb_account_change *change = &((struct lb_signing_in *)call->state)->change;
    if (!lb_call_written(call))
        return false;
    if (!change->wrong_code)
        return true;
    lb_sessions_count_failure(call, change->user.email);
    lb_reply_error(&call->req->reply, LB_ERR_WRONG_CODE, "%s", message);
    return false;
}

/* Into an object that is open. */
static void put_recovery(struct lb_buf *body, struct lb_account_change *change)
{
    lb_buf_append_lit(body, "\"recoveryCodes\":[");
    for (size_t i = 0; i < LB_RECOVERY_CODES; i++)
        lb_buf_printf(body, "%s\"%s\"", i ? "," : "", change->recovery[i]);
    lb_buf_append_lit(body, "]}");
    sodium_memzero(change->recovery, sizeof change->recovery);
}

static void reply_confirmed(struct lb_call *call)
{
    if (!code_was_right(call, WRONG_CODE " If the page was opened again "
                                         "since you scanned its QR code, the secret is a new one: "
                                         "remove the entry from the app and scan once more."))
        return;
    struct lb_buf *body = lb_sessions_reply_begun(call);
    body->len--; /* reopen the object */
    lb_buf_append_lit(body, ",");
    put_recovery(body, &((struct lb_signing_in *)call->state)->change);
}

enum lb_progress lb_factor_put(struct lb_call *call)
{
    struct lb_signing_in *signing = begin_own(call);
    if (!signing || !lb_sessions_read_text(call, "code", &signing->change.code) ||
        lb_sessions_has_to_wait(call, signing->change.user.email))
        return LB_DONE;
    signing->change.actor = lb_call_actor(call);
    lb_factor_confirm(&signing->change);
    return lb_call_write(call, &signing->change.write, 0, reply_confirmed);
}

static void reply_renewed(struct lb_call *call)
{
    if (!code_was_right(call, WRONG_CODE))
        return;
    struct lb_buf *body = lb_reply_json(&call->req->reply, 200);
    lb_buf_append_lit(body, "{");
    put_recovery(body, &((struct lb_signing_in *)call->state)->change);
}

static void reply_off(struct lb_call *call)
{
    if (code_was_right(call, WRONG_CODE))
        lb_call_reply_done(call, 200, "The second factor is off");
}

static enum lb_turn renew(struct lb_call *call, struct lb_store_reader *reader)
{
    lb_factor_renew(&((struct lb_signing_in *)call->state)->change);
    return lb_sessions_password_is_right(call) ? lb_sessions_submit(call, reply_renewed)
                                               : LB_TURN_LAST;
}

static enum lb_turn turn_off(struct lb_call *call, struct lb_store_reader *reader)
{
    lb_factor_turn_off(&((struct lb_signing_in *)call->state)->change);
    return lb_sessions_password_is_right(call) ? lb_sessions_submit(call, reply_off) : LB_TURN_LAST;
}

/* What takes the password and a code. */
static enum lb_progress with_both(struct lb_call *call,
                                  enum lb_turn (*run)(struct lb_call *, struct lb_store_reader *))
{
    struct lb_signing_in *signing = begin_own(call);
    if (!signing || !lb_sessions_read_text(call, "password", &signing->password) ||
        !lb_sessions_read_text(call, "code", &signing->change.code) ||
        lb_sessions_has_to_wait(call, signing->change.user.email))
        return LB_DONE;
    return lb_sessions_queue_password(call, signing->change.user.email, run);
}

enum lb_progress lb_factor_delete(struct lb_call *call)
{
    return with_both(call, turn_off);
}

enum lb_progress lb_factor_post_recovery_codes(struct lb_call *call)
{
    return with_both(call, renew);
}
