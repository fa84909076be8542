#include "http/router.h"

struct match {
    struct lb_str params[LB_PARAMS_MAX]; /* raw */
    size_t param_count;
    uint64_t placeholders; /* one bit a segment, the first one highest */
};

/* Takes the segment at `path` that a placeholder matches; false when it is empty. */
static bool take_param(const char **path, const char *end, struct match *out)
{
    const char *begin = *path;
    while (*path < end && **path != '/')
        ++*path;
    if (*path == begin || out->param_count == LB_PARAMS_MAX)
        return false;
    out->params[out->param_count++] = (struct lb_str){begin, (size_t)(*path - begin)};
    return true;
}

/* Walks pattern and path side by side: most patterns part from a path within a few bytes. */
static bool match_path(const char *pattern, struct lb_str path, struct match *out)
{
    const char *p = path.ptr;
    const char *end = path.ptr + path.len;
    uint64_t bit = UINT64_C(1) << 63;
    out->param_count = 0;
    out->placeholders = 0;
    while (*pattern) {
        if (*pattern == '{') {
            while (*pattern++ != '}')
                ;
            out->placeholders |= bit;
            if (!take_param(&p, end, out))
                return false;
        } else {
            bit >>= *pattern == '/';
            if (p == end || *p++ != *pattern++)
                return false;
        }
    }
    return p == end;
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

static unsigned methods_of(const struct lb_route *routes, size_t count, struct lb_str path)
{
    unsigned methods = 0;
    struct match match;
    for (size_t i = 0; i < count; i++)
        if (match_path(routes[i].pattern, path, &match))
            methods |= 1u << routes[i].method;
    return methods;
}

lb_err lb_router_find(const struct lb_route *routes, size_t count, struct lb_request *req,
                      char allow[64], struct lb_reason *reason)
{
    enum lb_method wanted = req->method == LB_HEAD ? LB_GET : req->method;
    struct match best = {.placeholders = UINT64_MAX};
    req->route = NULL;
    for (size_t i = 0; i < count; i++) {
        struct match match;
        if (routes[i].method != wanted || !match_path(routes[i].pattern, req->path, &match) ||
            match.placeholders >= best.placeholders)
            continue;
        req->route = &routes[i];
        best = match;
    }
    unsigned methods = req->route ? 0 : methods_of(routes, count, req->path);
    if (!req->route && !methods)
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
