#include "http/request.h"

#include "http/address.h"
#include "http/exchange.h"
#include "http/loop.h"

struct lb_str lb_method_text(enum lb_method method)
{
    static const struct lb_str names[] = {
        [LB_GET] = LB_STR("GET"),         [LB_HEAD] = LB_STR("HEAD"),
        [LB_POST] = LB_STR("POST"),       [LB_PUT] = LB_STR("PUT"),
        [LB_PATCH] = LB_STR("PATCH"),     [LB_DELETE] = LB_STR("DELETE"),
        [LB_OPTIONS] = LB_STR("OPTIONS"), [LB_METHOD_OTHER] = LB_STR("OTHER"),
    };
    return names[method];
}

struct lb_str lb_request_find_header(const struct lb_request *req, struct lb_str name)
{
    return lb_head_find(&lb_exchange_of((struct lb_request *)req)->head, name);
}

struct lb_str lb_request_next_header(const struct lb_request *req, const char *name, unsigned *at)
{
    return lb_head_next(&lb_exchange_of((struct lb_request *)req)->head, lb_str(name), at);
}

struct lb_str lb_request_client(struct lb_request *req)
{
    if (!req->client_len)
        req->client_len = lb_address_format(&req->client, req->client_text);
    return (struct lb_str){req->client_text, req->client_len};
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

lb_err lb_request_decode(struct lb_request *req, struct lb_str raw, bool plus_is_space,
                         struct lb_str *out, struct lb_reason *reason)
{
    if (raw.len == 0 ||
        (!memchr(raw.ptr, '%', raw.len) && (!plus_is_space || !memchr(raw.ptr, '+', raw.len)))) {
        *out = raw;
        return LB_OK;
    }
    char *decoded = lb_request_alloc(req, raw.len);
    if (!decoded)
        return lb_fail(reason, LB_ERR_OVERLOADED,
                       "The server is out of memory. Try again in a moment.");
    size_t len = 0;
    for (size_t i = 0; i < raw.len; i++) {
        int c = (unsigned char)raw.ptr[i];
        if (c == '+' && plus_is_space) {
            c = ' ';
        } else if (c == '%') {
            int high = i + 2 < raw.len ? hex_digit(raw.ptr[i + 1]) : -1;
            int low = i + 2 < raw.len ? hex_digit(raw.ptr[i + 2]) : -1;
            if (high < 0 || low < 0)
                return lb_fail(reason, LB_ERR_BAD_REQUEST,
                               "Broken percent-encoding: '%%' wants two hexadecimal digits.");
            c = high << 4 | low;
            i += 2;
        }
        if (c == 0)
            return lb_fail(reason, LB_ERR_BAD_REQUEST, "A NUL is not allowed here.");
        decoded[len++] = (char)c;
    }
    *out = (struct lb_str){decoded, len};
    return LB_OK;
}

/* What cannot be decoded is a wrong parameter; want of memory says nothing about it. */
static lb_err wrong_parameter(lb_err err)
{
    return err == LB_ERR_OVERLOADED ? err : LB_ERR_INVALID_PARAMETER;
}

static struct lb_str take_pair(struct lb_str *rest)
{
    struct lb_str pair = *rest;
    const char *amp = memchr(rest->ptr, '&', rest->len);
    if (amp)
        pair.len = (size_t)(amp - rest->ptr);
    rest->ptr += amp ? pair.len + 1 : pair.len;
    rest->len -= amp ? pair.len + 1 : pair.len;
    return pair;
}

bool lb_request_next_parameter(struct lb_request *req, struct lb_str *rest, struct lb_str *out_name)
{
    struct lb_reason reason;
    struct lb_str pair = {NULL, 0};
    while (rest->len > 0 && pair.len == 0)
        pair = take_pair(rest);
    if (pair.len == 0)
        return false;
    const char *equals = memchr(pair.ptr, '=', pair.len);
    struct lb_str name = {pair.ptr, equals ? (size_t)(equals - pair.ptr) : pair.len};
    if (lb_request_decode(req, name, true, out_name, &reason))
        *out_name = (struct lb_str){NULL, 0};
    return true;
}

lb_err lb_request_query(struct lb_request *req, const char *name, struct lb_str *out,
                        struct lb_reason *reason)
{
    struct lb_str rest = req->query;
    struct lb_str wanted = lb_str(name);
    struct lb_str found = {NULL, 0};
    *out = found;
    while (rest.len > 0) {
        struct lb_str pair = take_pair(&rest);
        if (pair.len == 0)
            continue;
        const char *equals = memchr(pair.ptr, '=', pair.len);
        struct lb_str key = {pair.ptr, equals ? (size_t)(equals - pair.ptr) : pair.len};
        lb_err err = lb_request_decode(req, key, true, &key, reason);
        if (err)
            return wrong_parameter(err);
        if (!lb_str_equal(key, wanted))
            continue;
        if (found.ptr)
            return lb_fail(reason, LB_ERR_INVALID_PARAMETER, "'%s' is given twice.", name);
        found.ptr = equals ? equals + 1 : pair.ptr + pair.len;
        found.len = (size_t)(pair.ptr + pair.len - found.ptr);
    }
    lb_err err = found.ptr ? lb_request_decode(req, found, true, out, reason) : LB_OK;
    return err ? wrong_parameter(err) : LB_OK;
}

struct lb_task *lb_request_completion(struct lb_request *req, struct lb_mailbox **out_home)
{
    *out_home = req->connection->loop->mailbox;
    return &req->task;
}

bool lb_request_hung_up(const struct lb_request *req)
{
    return req->connection->hung_up;
}

void lb_request_complete(struct lb_request *req)
{
    lb_mailbox_push(req->connection->loop->mailbox, &req->task);
}
