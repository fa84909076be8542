#include "http/router.h"

#include <stdlib.h>

/* What has been matched up to here: the segments before it are the way from the root. */
struct node {
    struct lb_str literal;          /* of the pattern; unused in a placeholder's node */
    struct node *literals;          /* that may follow */
    struct node *placeholder;       /* that may follow, or NULL */
    struct node *next;              /* the parent's next literal */
    size_t routes[LB_METHOD_OTHER]; /* place in the table of those that end here, plus one; or 0 */
};

struct lb_router {
    const struct lb_route *routes;
    struct node *root;
};

struct match {
    const struct lb_router *router;
    size_t count;          /* only so many routes of the table */
    enum lb_method method; /* LB_METHOD_OTHER: all, for `methods` */
    unsigned methods;      /* bits of those that have the path */
    const struct lb_route *route;
    struct lb_str params[LB_PARAMS_MAX]; /* raw */
    size_t param_count;
};

/* --- making the tree -------------------------------------------------------------------------- */

static void free_node(struct node *node)
{
    if (!node)
        return;
    for (struct node *each = node->literals; each;) {
        struct node *next = each->next;
        free_node(each);
        each = next;
    }
    free_node(node->placeholder);
    free(node);
}

/* The node of a literal after `node`, made when it is missing; NULL when out of memory. */
static struct node *literal_after(struct node *node, struct lb_str literal)
{
    struct node **at = &node->literals;
    while (*at && !lb_str_equal((*at)->literal, literal))
        at = &(*at)->next;
    if (!*at && (*at = calloc(1, sizeof **at)) != NULL)
        (*at)->literal = literal;
    return *at;
}

static struct node *placeholder_after(struct node *node)
{
    if (!node->placeholder)
        node->placeholder = calloc(1, sizeof *node);
    return node->placeholder;
}

static bool add_route(struct lb_router *router, size_t place)
{
    const struct lb_route *route = &router->routes[place];
    struct node *node = router->root;
    const char *p = route->pattern;
    while (node && *p == '/') {
        size_t len = strcspn(++p, "/");
        node = *p == '{' ? placeholder_after(node) : literal_after(node, (struct lb_str){p, len});
        p += len;
    }
    if (node && !node->routes[route->method])
        node->routes[route->method] = place + 1;
    return node != NULL;
}

struct lb_router *lb_router_create(const struct lb_route *routes, size_t count)
{
    struct lb_router *router = calloc(1, sizeof *router);
    if (!router)
        return NULL;
    router->routes = routes;
    router->root = calloc(1, sizeof *router->root);
    bool done = router->root != NULL;
    for (size_t i = 0; done && i < count; i++)
        done = add_route(router, i);
    if (done)
        return router;
    lb_router_destroy(router);
    return NULL;
}

void lb_router_destroy(struct lb_router *router)
{
    if (!router)
        return;
    free_node(router->root);
    free(router);
}

/* --- looking up ------------------------------------------------------------------------------- */

/* Is the path's route here? */
static bool ends_here(const struct node *node, struct match *match)
{
    if (match->method != LB_METHOD_OTHER) {
        size_t place = node->routes[match->method];
        if (!place || place > match->count)
            return false;
        match->route = &match->router->routes[place - 1];
        return true;
    }
    for (enum lb_method m = LB_GET; m < LB_METHOD_OTHER; m++)
        if (node->routes[m] && node->routes[m] <= match->count)
            match->methods |= 1u << m;
    return false; /* there may be more of them */
}

static const struct node *find_literal(const struct node *node, struct lb_str segment)
{
    const struct node *literal = node->literals;
    while (literal && !lb_str_equal(literal->literal, segment))
        literal = literal->next;
    return literal;
}

/* Goes on with `rest`, which is empty or begins with a slash. A literal that leads nowhere is left
 * for the placeholder, so where there are both, the literal's way is tried by a call of its own.
 * The depth is that of the tree. */
static bool descend(const struct node *node, struct lb_str rest, struct match *match)
{
    while (rest.len > 0) {
        const char *begin = rest.ptr + 1;
        const char *end = rest.ptr + rest.len;
        const char *slash = memchr(begin, '/', rest.len - 1);
        struct lb_str segment = {begin, (size_t)((slash ? slash : end) - begin)};
        const struct node *literal = find_literal(node, segment);
        rest = (struct lb_str){segment.ptr + segment.len, rest.len - 1 - segment.len};
        if (literal && !node->placeholder) {
            node = literal;
            continue;
        }
        size_t param_count = match->param_count;
        if (literal && descend(literal, rest, match))
            return true;
        match->param_count = param_count;
        if (!node->placeholder || segment.len == 0 || param_count == LB_PARAMS_MAX)
            return false;
        match->params[match->param_count++] = segment;
        node = node->placeholder;
    }
    return ends_here(node, match);
}

static void write_allow(unsigned methods, char allow[64])
{
    size_t len = 0;
    for (enum lb_method m = LB_GET; m < LB_METHOD_OTHER; m++) {
        if (!(methods & 1u << m))
            continue;
        struct lb_str name = lb_method_text(m);
        if (len) {
            memcpy(allow + len, ", ", 2);
            len += 2;
        }
        memcpy(allow + len, name.ptr, name.len); /* all seven together take 44 bytes */
        len += name.len;
    }
    allow[len] = '\0';
}

static lb_err take_params(struct lb_request *req, const struct match *match,
                          struct lb_reason *reason)
{
    bool plain = !memchr(req->path.ptr, '%', req->path.len);
    lb_err err = LB_OK;
    for (size_t i = 0; !err && i < match->param_count; i++) {
        if (plain)
            req->params[i] = match->params[i];
        else
            err = lb_request_decode(req, match->params[i], false, &req->params[i], reason);
    }
    return err;
}

lb_err lb_router_find(const struct lb_router *router, size_t count, struct lb_request *req,
                      char allow[64], struct lb_reason *reason)
{
    struct match match = {.router = router, .count = count};
    bool is_path = req->path.len && req->path.ptr[0] == '/';
    match.method = req->method == LB_HEAD ? LB_GET : req->method;
    if (is_path && !descend(router->root, req->path, &match)) {
        match.method = LB_METHOD_OTHER;
        match.param_count = 0;
        descend(router->root, req->path, &match);
    }
    req->route = match.route;
    if (!match.route && !match.methods)
        return lb_fail(reason, LB_ERR_NOT_FOUND, "There is nothing at this path.");
    if (!match.route) {
        bool gets = match.methods & 1u << LB_GET;
        write_allow(gets ? match.methods | 1u << LB_HEAD : match.methods, allow);
        return lb_fail(reason, LB_ERR_METHOD_NOT_ALLOWED, "This path allows %s.", allow);
    }
    return take_params(req, &match, reason);
}
