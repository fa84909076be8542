#include "http/negotiate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

static void gzip_is_taken_where_the_client_allows_it(void **state)
{
    (void)state;
    static const char *const allow[] = {
        "gzip",           "GZip",       "x-gzip",       "deflate, gzip",   "br;q=1.0, gzip;q=0.8",
        "gzip;q=0.001",   "gzip ;q=1",  "gzip; q=1.",   "gzip\t;\tQ=0.5 ", "*",
        "*;q=0.1",        ", ,gzip,,",  "gzip;q=1.000", "identity, *",     "*;q=0, gzip",
        "gzip, identity", "br,*;q=0.5",
    };
    for (size_t i = 0; i < sizeof allow / sizeof *allow; i++)
        if (!lb_negotiate_gzip(lb_str(allow[i])))
            fail_msg("'%s' allows gzip", allow[i]);
}

static void a_media_type_is_wanted_where_it_is_named(void **state)
{
    (void)state;
    static const char *const wanted[] = {"text/csv", "Text/CSV;q=0.5", "application/json, text/csv",
                                         "text/csv; header=present", "text/csv;"};
    static const char *const others[] = {
        "", "*/*", "text/*", "text/csvx", "text/csv;q=0", "application/json", "text/csv ; q=0.0"};
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++)
        if (!lb_negotiate_type(lb_str(wanted[i]), "text/csv"))
            fail_msg("'%s' wants CSV", wanted[i]);
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (lb_negotiate_type(lb_str(others[i]), "text/csv"))
            fail_msg("'%s' does not want CSV", others[i]);
    assert_false(lb_negotiate_type((struct lb_str){0}, "text/csv"));
}

static void gzip_is_not_taken_elsewhere(void **state)
{
    (void)state;
    static const char *const refuse[] = {
        "",
        ",",
        "identity",
        "deflate, br",
        "gzip;q=0",
        "gzip;q=0.",
        "gzip;q=0.000",
        "gzip;Q=0",
        "*;q=0",
        "gzip;q=0, *",
        "*, gzip;q=0",
        "gzip, gzip;q=0",
        "gzip;q=0, gzip",
        "gzipped",
        "gzi",
        "x gzip",
        "gzip;q=",
        "gzip;q=2",
        "gzip;q=1.001",
        "gzip;q=0.0001",
        "gzip;q=-1",
        "gzip;q=0.x",
        "gzip;q",
        "gzip;x=1",
        "gzip;;q=1",
        "gzip;q=1;q=0",
    };
    for (size_t i = 0; i < sizeof refuse / sizeof *refuse; i++)
        if (lb_negotiate_gzip(lb_str(refuse[i])))
            fail_msg("'%s' does not allow gzip", refuse[i]);
    assert_false(lb_negotiate_gzip((struct lb_str){0}));
    /* Nothing is read beyond the end. */
    assert_false(lb_negotiate_gzip((struct lb_str){"gzip", 3}));
    assert_false(lb_negotiate_gzip((struct lb_str){"gzip;q=0.001", 11}));
}

static void a_tag_that_the_client_has_is_found(void **state)
{
    (void)state;
    static const char *const has[] = {
        "\"a\"", "W/\"a\"", "*", " \"a\" ", "\"b\", \"a\"", "\"b\",W/\"a\",\"c\"", ",,\"a\"",
    };
    for (size_t i = 0; i < sizeof has / sizeof *has; i++)
        if (!lb_negotiate_match(lb_str(has[i]), LB_STR("\"a\"")))
            fail_msg("%s holds \"a\"", has[i]);
}

static void another_tag_is_not_taken_for_it(void **state)
{
    (void)state;
    static const char *const lacks[] = {
        "", "a", "\"A\"", "\"ab\"", "\"a", "w/\"a\"", "\"b\"", "W/", "\"\"", "**",
    };
    for (size_t i = 0; i < sizeof lacks / sizeof *lacks; i++)
        if (lb_negotiate_match(lb_str(lacks[i]), LB_STR("\"a\"")))
            fail_msg("%s does not hold \"a\"", lacks[i]);
    assert_false(lb_negotiate_match((struct lb_str){0}, LB_STR("\"a\"")));
}

static void a_preference_is_found_among_others(void **state)
{
    (void)state;
    static const char *const held[] = {"handling=lenient", "respond-async, handling=lenient",
                                       "handling=\"lenient\"", "Handling = Lenient; foo=bar",
                                       "x=\"a, b\" , handling=lenient"};
    static const char *const others[] = {"",
                                         ",",
                                         "lenient",
                                         "handling",
                                         "handling=",
                                         "handling=strict",
                                         "handling=lenientish",
                                         "xhandling=lenient",
                                         "x; handling=lenient",
                                         "x=\"a, handling=lenient\""};
    for (size_t i = 0; i < sizeof held / sizeof *held; i++)
        if (!lb_negotiate_prefers(lb_str(held[i]), "handling=lenient"))
            fail_msg("'%s' holds it", held[i]);
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (lb_negotiate_prefers(lb_str(others[i]), "handling=lenient"))
            fail_msg("'%s' does not hold it", others[i]);
    assert_false(lb_negotiate_prefers((struct lb_str){0}, "handling=lenient"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gzip_is_taken_where_the_client_allows_it),
        cmocka_unit_test(a_media_type_is_wanted_where_it_is_named),
        cmocka_unit_test(gzip_is_not_taken_elsewhere),
        cmocka_unit_test(a_tag_that_the_client_has_is_found),
        cmocka_unit_test(another_tag_is_not_taken_for_it),
        cmocka_unit_test(a_preference_is_found_among_others),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
