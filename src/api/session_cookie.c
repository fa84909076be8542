#include "api/session_cookie.h"

#include <stdio.h>

#define COOKIE "leadblock_session"

static const char *name_of(const struct lb_app *app)
{
    return app->secure_cookies ? "__Host-" COOKIE : COOKIE;
}

struct lb_str lb_session_cookie_token(const struct lb_app *app, const struct lb_request *req)
{
    const char *name = name_of(app);
    size_t name_len = strlen(name);
    struct lb_str rest = lb_request_header(req, "Cookie");
    while (rest.len) {
        const char *semicolon = memchr(rest.ptr, ';', rest.len);
        size_t len = semicolon ? (size_t)(semicolon - rest.ptr) : rest.len;
        struct lb_str pair = {rest.ptr, len};
        while (pair.len && pair.ptr[0] == ' ') {
            pair.ptr++;
            pair.len--;
        }
        if (pair.len > name_len && memcmp(pair.ptr, name, name_len) == 0 &&
            pair.ptr[name_len] == '=')
            return (struct lb_str){pair.ptr + name_len + 1, pair.len - name_len - 1};
        size_t used = semicolon ? len + 1 : len;
        rest.ptr += used;
        rest.len -= used;
    }
    return (struct lb_str){0};
}

static void set_cookie(const struct lb_app *app, struct lb_request *req, const char *token,
                       unsigned seconds)
{
    char cookie[160];
    snprintf(cookie, sizeof cookie, "%s=%s; Path=/; Max-Age=%u; HttpOnly; SameSite=Strict%s",
             name_of(app), token, seconds, app->secure_cookies ? "; Secure" : "");
    lb_reply_header(&req->reply, "Set-Cookie", cookie);
}

void lb_session_cookie_set(const struct lb_app *app, struct lb_request *req, const char *token)
{
    set_cookie(app, req, token, app->config->session_lifetime_s);
}

void lb_session_cookie_clear(const struct lb_app *app, struct lb_request *req)
{
    set_cookie(app, req, "", 0);
}
