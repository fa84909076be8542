#include "api/access/session_cookie.h"

#include "api/call.h"
#include "base/clock.h"

#include <stdio.h>

#define COOKIE "leadblock_session"

struct lb_str lb_session_cookie_token(const struct lb_request *req)
{
    static const char name[] = COOKIE "=";
    struct lb_str rest = lb_request_header(req, "Cookie");
    while (rest.len) {
        const char *semicolon = memchr(rest.ptr, ';', rest.len);
        size_t len = semicolon ? (size_t)(semicolon - rest.ptr) : rest.len;
        struct lb_str pair = {rest.ptr, len};
        while (pair.len && pair.ptr[0] == ' ') {
            pair.ptr++;
            pair.len--;
        }
        if (pair.len >= sizeof name - 1 && memcmp(pair.ptr, name, sizeof name - 1) == 0)
            return (struct lb_str){pair.ptr + sizeof name - 1, pair.len - (sizeof name - 1)};
        size_t used = semicolon ? len + 1 : len;
        rest.ptr += used;
        rest.len -= used;
    }
    return (struct lb_str){0};
}

static enum lb_turn look_up(struct lb_call *call, struct lb_store_reader *reader)
{
    struct lb_signed_in *person = call->person;
    lb_err err =
        call->app->store->ops->session(reader, person->token_hash, &person->session, &person->user);
    if (err == LB_ERR_NOT_FOUND || (!err && person->session.expires_at <= lb_clock_wall_ms()))
        err = LB_ERR_INVALID_SESSION;
    person->result = err;
    lb_request_complete(call->req);
    return LB_TURN_LAST;
}

lb_err lb_session_look_up(struct lb_call *call)
{
    lb_token_hash(call->person->token, call->person->token_hash);
    call->lane = &call->app->sessions;
    enum lb_progress progress = lb_call_read(call, look_up);
    call->lane = NULL; /* what the request asks for is its workspace's */
    return progress == LB_PENDING ? LB_OK : LB_ERR_OVERLOADED;
}

static void set_cookie(struct lb_call *call, const char *token, unsigned seconds)
{
    char cookie[160];
    snprintf(cookie, sizeof cookie, COOKIE "=%s; Path=/; Max-Age=%u; HttpOnly; SameSite=Strict%s",
             token, seconds, call->app->secure_cookies ? "; Secure" : "");
    lb_reply_header(&call->req->reply, "Set-Cookie", cookie);
}

void lb_session_cookie_set(struct lb_call *call, const char *token)
{
    set_cookie(call, token, call->app->config->session_lifetime_s);
}

void lb_session_cookie_clear(struct lb_call *call)
{
    set_cookie(call, "", 0);
}
