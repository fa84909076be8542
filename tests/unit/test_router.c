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

static lb_err find(struct lb_request *req, enum lb_method method, const char *path, char allow[64])
{
    struct lb_reason reason;
    lb_arena_fini(&req->arena);
    *req = (struct lb_request){.method = method, .path = lb_str(path)};
    return lb_router_find(routes, sizeof routes / sizeof *routes, req, allow, &reason);
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
    assert_int_equal(reply.header_count, 1);
    assert_string_equal(reply.headers[0].name, "Retry-After");
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
        cmocka_unit_test(query_values_are_decoded_once),
        cmocka_unit_test(bad_queries_are_refused),
        cmocka_unit_test(addresses_are_formatted_as_usual),
        cmocka_unit_test(ranges_of_addresses),
        cmocka_unit_test(error_messages_are_valid_json),
    };
    return cmocka_run_group_tests_name("router", tests, NULL, NULL);
}
