#include "http/router.h"

static struct lb_str take_segment(struct lb_str *rest)
{
    /* Both strings begin with a slash; the segment is what follows it. */
    struct lb_str segment = {rest->ptr + 1, rest->len - 1};
    const char *slash = memchr(segment.ptr, '/', segment.len);
    if (slash)
        segment.len = (size_t)(slash - segment.ptr);
    rest->ptr += 1 + segment.len;
    rest->len -= 1 + segment.len;
    return segment;
}

struct match {
    struct lb_str params[LB_PARAMS_MAX]; /* raw */
    size_t param_count;
    uint64_t placeholders; /* one bit a segment, the first one highest */
};

static bool match_path(const char *pattern, struct lb_str path, struct match *out)
{
    *out = (struct match){0};
    struct lb_str rest = lb_str(pattern);
    uint64_t bit = UINT64_C(1) << 63;
    while (rest.len > 0 && path.len > 0 && path.ptr[0] == '/') {
        struct lb_str want = take_segment(&rest);
        struct lb_str have = take_segment(&path);
        if (want.len > 0 && want.ptr[0] == '{') {
            if (have.len == 0 || out->param_count == LB_PARAMS_MAX)
                return false;
            out->params[out->param_count++] = have;
            out->placeholders |= bit;
        } else if (!lb_str_equal(want, have)) {
            return false;
        }
        bit >>= 1;
    }
    return rest.len == 0 && path.len == 0;
}

static void write_allow(unsigned methods, char allow[64])
{
    size_t len = 0;
    for (enum lb_method m = LB_GET; m < LB_METHOD_OTHER; m++) {
        if (!(methods & 1u << m))
            continue;
        const char *name = lb_method_name(m);
        size_t name_len = strlen(name);
        if (len) {
            memcpy(allow + len, ", ", 2);
            len += 2;
        }
        memcpy(allow + len, name, name_len); /* all six together take 37 bytes */
        len += name_len;
    }
    allow[len] = '\0';
}

lb_err lb_router_find(const struct lb_route *routes, size_t count, struct lb_request *req,
                      char allow[64], struct lb_reason *reason)
{
    enum lb_method wanted = req->method == LB_HEAD ? LB_GET : req->method;
    unsigned methods = 0;
    struct match best = {0};
    req->route = NULL;
    for (size_t i = 0; i < count; i++) {
        struct match match;
        if (!match_path(routes[i].pattern, req->path, &match))
            continue;
        methods |= 1u << routes[i].method;
        if (routes[i].method != wanted || (req->route && match.placeholders >= best.placeholders))
            continue;
        req->route = &routes[i];
        best = match;
    }
    if (!methods)
        return lb_fail(reason, LB_ERR_NOT_FOUND, "There is nothing at this path.");
    if (!req->route) {
        write_allow(methods & 1u << LB_GET ? methods | 1u << LB_HEAD : methods, allow);
        return lb_fail(reason, LB_ERR_METHOD_NOT_ALLOWED, "This path allows %s.", allow);
    }
    for (size_t i = 0; i < best.param_count; i++) {
        lb_err err = lb_request_decode(req, best.params[i], false, &req->params[i], reason);
        if (err != LB_OK)
            return err;
    }
    return LB_OK;
}
