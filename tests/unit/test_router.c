#include "http/address.h"
#include "http/exchange.h"
#include "http/router.h"
#include "http/server.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

/* The placeholder comes first on purpose. */
static const struct lb_route routes[] = {
    {LB_GET, "/v1/lists/{list}/items/{item}", NULL, 1},
    {LB_POST, "/v1/lists/{list}/items/check", NULL, 2},
    {LB_GET, "/v1/lists/{list}/items/newest", NULL, 3},
    {LB_GET, "/v1/lists/{list}/items", NULL, 4},
    {LB_POST, "/v1/lists/{list}/items", NULL, 5},
    {LB_DELETE, "/v1/lists/{list}/{what}/{item}", NULL, 6},
    {LB_GET, "/", NULL, 7},
};

#define ROUTES (sizeof routes / sizeof *routes)

static struct lb_router *router;

static int set_up(void **state)
{
    (void)state;
    router = lb_router_create(routes, ROUTES);
    return router ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    lb_router_destroy(router);
    return 0;
}

static lb_err find(struct lb_request *req, enum lb_method method, const char *path, char allow[64])
{
    struct lb_reason reason;
    lb_arena_fini(&req->arena);
    *req = (struct lb_request){.method = method, .path = lb_str(path)};
    return lb_router_find(router, ROUTES, req, allow, &reason);
}

static void assert_route(enum lb_method method, const char *path, unsigned flags)
{
    struct lb_request req = {0};
    char allow[64];
    assert_int_equal(find(&req, method, path, allow), LB_OK);
    assert_int_equal(req.route->flags, flags);
    lb_arena_fini(&req.arena);
}

static void a_literal_wins_over_a_placeholder(void **state)
{
    (void)state;
    assert_route(LB_GET, "/v1/lists/a/items/newest", 3);
    assert_route(LB_GET, "/v1/lists/a/items/older", 1);
    assert_route(LB_POST, "/v1/lists/a/items/check", 2);
    assert_route(LB_HEAD, "/v1/lists/a/items", 4);
    assert_route(LB_GET, "/", 7);
}

static void a_literal_of_another_method_hides_nothing(void **state)
{
    (void)state;
    assert_route(LB_GET, "/v1/lists/a/items/check", 1);
    assert_route(LB_DELETE, "/v1/lists/a/items/check", 6);
}

static void unknown_paths_are_not_found(void **state)
{
    (void)state;
    static const char *const paths[] = {"",
                                        "*",
                                        "/v1",
                                        "/v1/lists/a/items/",
                                        "/v1/lists//items",
                                        "/v1/lists/a/items/b/c",
                                        "/V1/lists/a/items",
                                        "/v1/lists/a/item%73",
                                        "//",
                                        "v1/lists/a/items"};
    struct lb_request req = {0};
    char allow[64];
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++)
        assert_int_equal(find(&req, LB_GET, paths[i], allow), LB_ERR_NOT_FOUND);
}

static void other_methods_are_listed(void **state)
{
    (void)state;
    struct lb_request req = {0};
    char allow[64];
    assert_int_equal(find(&req, LB_PUT, "/v1/lists/a/items", allow), LB_ERR_METHOD_NOT_ALLOWED);
    assert_string_equal(allow, "GET, HEAD, POST");
    assert_int_equal(find(&req, LB_METHOD_OTHER, "/v1/lists/a/items/check", allow),
                     LB_ERR_METHOD_NOT_ALLOWED);
    assert_string_equal(allow, "GET, HEAD, POST, DELETE");
}

static void segments_are_decoded_once(void **state)
{
    (void)state;
    struct lb_request req = {0};
    char allow[64];
    assert_int_equal(find(&req, LB_GET, "/v1/lists/a%2Fb+c/items/%252f%C3%a4", allow), LB_OK);
    assert_true(lb_str_equal(req.params[0], LB_STR("a/b+c")));
    assert_true(lb_str_equal(req.params[1], LB_STR("%2f\xc3\xa4")));
    lb_arena_fini(&req.arena);
}

static void broken_encodings_are_refused(void **state)
{
    (void)state;
    static const char *const items[] = {"%", "%4", "%zz", "a%0", "%00", "a%00b", "%4g"};
    struct lb_request req = {0};
    char allow[64];
    char path[64] = "/v1/lists/a/items/";
    for (size_t i = 0; i < sizeof items / sizeof *items; i++) {
        strcpy(path + 18, items[i]);
        assert_int_equal(find(&req, LB_GET, path, allow), LB_ERR_BAD_REQUEST);
    }
    lb_arena_fini(&req.arena);
}

/* --- the same by a slow reference ------------------------------------------------------------- */

/* Compares each pattern with the path, byte by byte. */
struct slow_match {
    struct lb_str params[LB_PARAMS_MAX];
    size_t param_count;
    uint64_t placeholders; /* one bit a segment, the first one highest */
};

static bool slow_match(const char *pattern, const char *path, struct slow_match *out)
{
    uint64_t bit = UINT64_C(1) << 63;
    *out = (struct slow_match){.param_count = 0};
    while (*pattern) {
        if (*pattern == '{') {
            size_t len = strcspn(path, "/");
            if (len == 0 || out->param_count == LB_PARAMS_MAX)
                return false;
            out->params[out->param_count++] = (struct lb_str){path, len};
            out->placeholders |= bit;
            path += len;
            pattern = strchr(pattern, '}') + 1;
        } else {
            bit >>= *pattern == '/';
            if (*path++ != *pattern++)
                return false;
        }
    }
    return *path == '\0';
}

struct slow_result {
    const struct lb_route *route;
    struct slow_match match;
    unsigned methods;
};

static struct slow_result slow_find(const struct lb_route *table, size_t count,
                                    enum lb_method method, const char *path)
{
    struct slow_result result = {.match.placeholders = UINT64_MAX};
    for (size_t i = 0; i < count; i++) {
        struct slow_match match;
        if (!slow_match(table[i].pattern, path, &match))
            continue;
        result.methods |= 1u << table[i].method;
        if (table[i].method == (method == LB_HEAD ? LB_GET : method) &&
            match.placeholders < result.match.placeholders) {
            result.route = &table[i];
            result.match = match;
        }
    }
    return result;
}

static void slow_allow(unsigned methods, char out[64])
{
    *out = '\0';
    methods |= methods & 1u << LB_GET ? 1u << LB_HEAD : 0;
    for (enum lb_method m = LB_GET; m < LB_METHOD_OTHER; m++)
        if (methods & 1u << m)
            strcat(strcat(out, *out ? ", " : ""), lb_method_name(m));
}

static uint64_t seed = 1;

static unsigned below(unsigned bound)
{
    seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (unsigned)(seed >> 33) % bound;
}

/* Few different segments, so that patterns and paths meet often. */
static void make_path(char out[64], bool pattern)
{
    static const char *const segments[] = {"a", "b", "ab", "a%41", "", "{x}", "{y}"};
    unsigned depth = below(6);
    *out = '\0';
    for (unsigned i = 0; i <= depth; i++) {
        unsigned kinds = pattern ? 7 : 5;
        unsigned which = below(kinds);
        if (which == 4 && below(4)) /* empty ones are rare */
            which = below(2);
        strcat(strcat(out, "/"), segments[which]);
    }
    if (!pattern && below(20) == 0)
        memmove(out, out + 1, strlen(out)); /* without its first slash */
}

static void compare(const struct lb_router *tree, const struct lb_route *table, size_t count,
                    enum lb_method method, const char *path)
{
    struct lb_reason reason;
    char allow[64] = "";
    char slowly_allow[64];
    struct lb_request req = {.method = method, .path = lb_str(path)};
    lb_err err = lb_router_find(tree, count, &req, allow, &reason);
    struct slow_result slow = slow_find(table, count, method, path);
    slow_allow(slow.methods, slowly_allow);
    assert_ptr_equal(req.route, slow.route);
    assert_int_equal(err, slow.route     ? LB_OK
                          : slow.methods ? LB_ERR_METHOD_NOT_ALLOWED
                                         : LB_ERR_NOT_FOUND);
    if (err == LB_ERR_METHOD_NOT_ALLOWED)
        assert_string_equal(allow, slowly_allow);
    for (size_t i = 0; slow.route && i < slow.match.param_count; i++) {
        struct lb_str decoded;
        lb_request_decode(&req, slow.match.params[i], false, &decoded, &reason);
        assert_true(lb_str_equal(req.params[i], decoded));
    }
    lb_arena_fini(&req.arena);
}

static void generated_tables_and_paths_match_as_one_by_one(void **state)
{
    (void)state;
    enum { TABLES = 400, PATHS = 200, MOST = 24 };
    char patterns[MOST][64];
    struct lb_route table[MOST];
    for (int n = 0; n < TABLES; n++) {
        size_t count = 1 + below(MOST);
        for (size_t i = 0; i < count; i++) {
            make_path(patterns[i], true);
            table[i] = (struct lb_route){(enum lb_method)below(LB_METHOD_OTHER), patterns[i], NULL,
                                         (unsigned)i};
        }
        struct lb_router *tree = lb_router_create(table, count);
        assert_non_null(tree);
        for (int i = 0; i < PATHS; i++) {
            char path[64];
            make_path(path, false);
            compare(tree, table, count - below(2) * below((unsigned)count + 1),
                    (enum lb_method)below(LB_METHOD_OTHER + 1), path);
        }
        lb_router_destroy(tree);
    }
}

static void a_literal_that_leads_nowhere_leaves_the_path_to_a_placeholder(void **state)
{
    (void)state;
    static const struct lb_route table[] = {
        {LB_GET, "/a/b/d", NULL, 1},       {LB_GET, "/a/{x}/c", NULL, 2},
        {LB_POST, "/a/b/c", NULL, 3},      {LB_GET, "/{x}/{y}/{z}/e", NULL, 4},
        {LB_GET, "/a/{x}/c/{y}", NULL, 5}, {LB_GET, "/{x}/b/{y}/f", NULL, 6},
    };
    static const char *const paths[] = {"/a/b/c",   "/a/b/d",   "/a/b/c/e", "/a/b/c/f",
                                        "/b/b/c/f", "/a/b/d/f", "/a/b",     "/a/b/d/c"};
    static const unsigned found[] = {2, 1, 5, 5, 6, 6, 0, 0};
    size_t count = sizeof table / sizeof *table;
    struct lb_router *tree = lb_router_create(table, count);
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        struct lb_reason reason;
        char allow[64];
        struct lb_request req = {.method = LB_GET, .path = lb_str(paths[i])};
        lb_router_find(tree, count, &req, allow, &reason);
        assert_int_equal(req.route ? req.route->flags : 0, found[i]);
        compare(tree, table, count, LB_GET, paths[i]);
        lb_arena_fini(&req.arena);
    }
    lb_router_destroy(tree);
}

/* As the dashboard's are when it is switched off. */
static void routes_after_the_count_are_not_there(void **state)
{
    (void)state;
    struct lb_reason reason;
    char allow[64];
    struct lb_request req = {.method = LB_GET, .path = LB_STR("/")};
    assert_int_equal(lb_router_find(router, ROUTES - 1, &req, allow, &reason), LB_ERR_NOT_FOUND);
    assert_null(req.route);
    req.path = LB_STR("/v1/lists/a/b/c");
    assert_int_equal(lb_router_find(router, ROUTES - 2, &req, allow, &reason), LB_ERR_NOT_FOUND);
    assert_int_equal(lb_router_find(router, ROUTES, &req, allow, &reason),
                     LB_ERR_METHOD_NOT_ALLOWED);
    assert_string_equal(allow, "DELETE");
}

static void assert_query(const char *query, const char *value)
{
    struct lb_request req = {.query = lb_str(query)};
    struct lb_str got;
    assert_int_equal(lb_request_query(&req, "q", &got, NULL), LB_OK);
    if (value)
        assert_true(got.ptr && lb_str_equal(got, lb_str(value)));
    else
        assert_null(got.ptr);
    lb_arena_fini(&req.arena);
}

static void query_values_are_decoded_once(void **state)
{
    (void)state;
    assert_query("q=a+b%2Bc%26d", "a b+c&d");
    assert_query("x=1&q=%2541", "%41");
    assert_query("%71=1", "1");
    assert_query("q", "");
    assert_query("q=", "");
    assert_query("&&q=a=b&", "a=b");
    assert_query("Q=1&qq=2", NULL);
    assert_query("", NULL);
}

static void bad_queries_are_refused(void **state)
{
    (void)state;
    static const char *const queries[] = {"q=1&q=1", "q=1&%71=2", "q=%",      "q=%4",
                                          "q=%x0",   "q=%00",     "%zz=1&q=1"};
    for (size_t i = 0; i < sizeof queries / sizeof *queries; i++) {
        struct lb_request req = {.query = lb_str(queries[i])};
        struct lb_str got;
        assert_int_equal(lb_request_query(&req, "q", &got, NULL), LB_ERR_INVALID_PARAMETER);
        lb_arena_fini(&req.arena);
    }
}

static bool contains(const char *cidr, const char *address)
{
    struct lb_cidr parsed;
    struct lb_cidr one;
    assert_true(lb_cidr_parse(cidr, &parsed));
    assert_true(lb_cidr_parse(address, &one));
    return lb_cidr_contains(&parsed, &one.address);
}

static void assert_formatted(const struct in6_addr *address)
{
    char want[INET6_ADDRSTRLEN];
    char text[INET6_ADDRSTRLEN];
    memset(text, 'x', sizeof text);
    bool v4 = IN6_IS_ADDR_V4MAPPED(address);
    inet_ntop(v4 ? AF_INET : AF_INET6, address->s6_addr + (v4 ? 12 : 0), want, sizeof want);
    assert_int_equal(lb_address_format(address, text), strlen(want));
    assert_string_equal(text, want);
}

static void addresses_are_formatted_as_usual(void **state)
{
    (void)state;
    static const char *const some[] = {"::",          "::1",
                                       "2001:db8::1", "::fffe:1.2.3.4",
                                       "::1.2.3.4",   "2001:db8:1111:2222:3333:4444:5555:6666"};
    struct in6_addr address;
    for (size_t i = 0; i < sizeof some / sizeof *some; i++) {
        assert_int_equal(inet_pton(AF_INET6, some[i], &address), 1);
        assert_formatted(&address);
    }
    assert_int_equal(inet_pton(AF_INET6, "::ffff:0.0.0.0", &address), 1);
    for (int place = 12; place < 16; place++) {
        for (int byte = 0; byte < 256; byte++) {
            address.s6_addr[place] = (unsigned char)byte;
            assert_formatted(&address);
        }
    }
}

static void ranges_of_addresses(void **state)
{
    (void)state;
    assert_true(contains("10.0.0.0/8", "10.255.1.2"));
    assert_false(contains("10.0.0.0/8", "11.0.0.0"));
    assert_true(contains("192.168.4.0/22", "192.168.7.255"));
    assert_false(contains("192.168.4.0/22", "192.168.8.0"));
    assert_true(contains("0.0.0.0/0", "8.8.8.8"));
    assert_false(contains("0.0.0.0/0", "::1"));
    assert_true(contains("::1", "::1"));
    assert_true(contains("2001:db8::/33", "2001:db8:7fff::"));
    assert_false(contains("2001:db8::/33", "2001:db8:8000::"));
    assert_true(contains("::/0", "8.8.8.8"));
    struct lb_cidr ignored;
    static const char *const wrong[] = {"",          "10.0.0.0/33",  "10.0.0.0/",
                                        "10.0.0/8",  "::1/129",      "10.0.0.0/-1",
                                        "localhost", "10.0.0.0/8/8", "/8"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_false(lb_cidr_parse(wrong[i], &ignored));
}

static void error_messages_are_valid_json(void **state)
{
    (void)state;
    struct lb_reply reply = {0};
    lb_reply_error(&reply, LB_ERR_OVERLOADED, "a\"b\\c\n\xc3\xa4\xff\xed\xa0\x80");
    assert_int_equal(reply.status, 503);
    assert_true(
        lb_str_equal(lb_buf_str(&reply.body),
                     LB_STR("{\"success\":false,\"code\":\"overloaded\",\"message\":"
                            "\"a\\\"b\\\\c\\u000a\xc3\xa4\\ufffd\\ufffd\\ufffd\\ufffd\"}")));
    assert_true(lb_str_equal(lb_buf_str(&reply.headers), LB_STR("Retry-After: 1\r\n")));
    lb_reply_fini(&reply);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_literal_wins_over_a_placeholder),
        cmocka_unit_test(a_literal_of_another_method_hides_nothing),
        cmocka_unit_test(unknown_paths_are_not_found),
        cmocka_unit_test(other_methods_are_listed),
        cmocka_unit_test(segments_are_decoded_once),
        cmocka_unit_test(broken_encodings_are_refused),
        cmocka_unit_test(generated_tables_and_paths_match_as_one_by_one),
        cmocka_unit_test(a_literal_that_leads_nowhere_leaves_the_path_to_a_placeholder),
        cmocka_unit_test(routes_after_the_count_are_not_there),
        cmocka_unit_test(query_values_are_decoded_once),
        cmocka_unit_test(bad_queries_are_refused),
        cmocka_unit_test(addresses_are_formatted_as_usual),
        cmocka_unit_test(ranges_of_addresses),
        cmocka_unit_test(error_messages_are_valid_json),
    };
    return cmocka_run_group_tests_name("router", tests, set_up, tear_down);
}
