/* What json/decode.h takes as JSON and what it refuses, and strings that json/encode.h writes. */
#include "json/decode.h"
#include "json/encode.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define DEPTH 32

static lb_err verdict(struct lb_str text, unsigned max_depth)
{
    struct lb_json *tree;
    lb_err err = lb_json_parse(text, max_depth, &tree, NULL);
    lb_json_free(tree);
    return err;
}

static void assert_accepted(struct lb_str text)
{
    struct lb_reason reason = {""};
    struct lb_json *tree;
    if (lb_json_parse(text, DEPTH, &tree, &reason) != LB_OK)
        fail_msg("%.*s: %s", (int)text.len, text.ptr, reason.text);
    assert_int_not_equal(lb_json_type(tree), LB_JSON_MISSING);
    lb_json_free(tree);
}

static void assert_refused(struct lb_str text, const char *wanted)
{
    struct lb_reason reason = {""};
    struct lb_json *tree;
    if (lb_json_parse(text, DEPTH, &tree, &reason) != LB_ERR_INVALID_JSON)
        fail_msg("%.*s was accepted", (int)text.len, text.ptr);
    assert_null(tree);
    if (!strstr(reason.text, wanted))
        fail_msg("%.*s: %s (wanted: %s)", (int)text.len, text.ptr, reason.text, wanted);
}

#define ASSERT_ACCEPTED(text)        assert_accepted(LB_STR(text))
#define ASSERT_REFUSED(text, wanted) assert_refused(LB_STR(text), wanted)

static void the_grammar_of_rfc_8259_is_accepted(void **state)
{
    (void)state;
    ASSERT_ACCEPTED(
        " \t\r\n{ \"a\" : [ 1 , -0 , 0.5 , 1e9 , 1E+9 , 2e-3 , true , false , null ] } ");
    ASSERT_ACCEPTED("[]");
    ASSERT_ACCEPTED("{}");
    ASSERT_ACCEPTED("{\"\":{\"\":[]}}");
    ASSERT_ACCEPTED("0");
    ASSERT_ACCEPTED("-12.5e3");
    ASSERT_ACCEPTED("null");
    ASSERT_ACCEPTED("\"\"");
    ASSERT_ACCEPTED("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\uD83D\\uDE00\\u0000\"");
    ASSERT_ACCEPTED("\"\x7f\xc2\x80\xdf\xbf\xe0\xa0\x80\xed\x9f\xbf\xee\x80\x80\xf0\x90\x80\x80"
                    "\xf4\x8f\xbf\xbf\"");
    ASSERT_ACCEPTED("[1e400,-1e-400,123456789012345678901234567890]");
}

static void what_is_no_json_is_refused_with_the_byte(void **state)
{
    (void)state;
    assert_refused((struct lb_str){NULL, 0}, "ends where a value was expected at byte 0");
    ASSERT_REFUSED("  ", "ends where a value was expected at byte 2");
    ASSERT_REFUSED("[1,]", "a value was expected at byte 3");
    ASSERT_REFUSED("{\"a\":1,}", "a member name in double quotes was expected at byte 7");
    ASSERT_REFUSED("{a:1}", "a member name in double quotes was expected at byte 1");
    ASSERT_REFUSED("{\"a\" 1}", "':' was expected at byte 5");
    ASSERT_REFUSED("{\"a\":1", "',' or '}' was expected at byte 6");
    ASSERT_REFUSED("[1 2]", "',' or ']' was expected at byte 3");
    ASSERT_REFUSED("[1}", "',' or ']' was expected at byte 2");
    ASSERT_REFUSED("['a']", "a value was expected at byte 1");
    ASSERT_REFUSED("[1/*x*/]", "',' or ']' was expected at byte 2");
    ASSERT_REFUSED("//\n1", "a value was expected at byte 0");
    ASSERT_REFUSED("[NaN]", "a value was expected at byte 1");
    ASSERT_REFUSED("-Infinity", "a digit was expected at byte 1");
    ASSERT_REFUSED("True", "a value was expected at byte 0");
    ASSERT_REFUSED("tru", "a value was expected at byte 0");
    ASSERT_REFUSED("nullx", "text after the value at byte 4");
    ASSERT_REFUSED("{} {}", "text after the value at byte 3");
    ASSERT_REFUSED("[]\0", "text after the value at byte 2");
    ASSERT_REFUSED("\xef\xbb\xbf{}", "byte order mark at byte 0");
    ASSERT_REFUSED("[\v1]", "a value was expected at byte 1");
}

static void sloppy_numbers_are_refused(void **state)
{
    (void)state;
    ASSERT_REFUSED("[01]", "leading zero at byte 2");
    ASSERT_REFUSED("-01", "leading zero at byte 2");
    ASSERT_REFUSED("+1", "a value was expected at byte 0");
    ASSERT_REFUSED(".5", "a value was expected at byte 0");
    ASSERT_REFUSED("1.", "a digit was expected at byte 2");
    ASSERT_REFUSED("1.e1", "a digit was expected at byte 2");
    ASSERT_REFUSED("1e", "a digit was expected at byte 2");
    ASSERT_REFUSED("1e+", "a digit was expected at byte 3");
    ASSERT_REFUSED("-", "a digit was expected at byte 1");
    ASSERT_REFUSED("0x10", "text after the value at byte 1");
}

static void bad_strings_are_refused(void **state)
{
    (void)state;
    ASSERT_REFUSED("\"abc", "unfinished string at byte 4");
    ASSERT_REFUSED("\"abc\\", "unfinished string at byte 5");
    ASSERT_REFUSED("\"0123456789\nabc\"", "control character in a string at byte 11");
    ASSERT_REFUSED("\"a\0b\"", "control character in a string at byte 2");
    ASSERT_REFUSED("\"a\x1f\"", "control character in a string at byte 2");
    ASSERT_REFUSED("\"\\x41\"", "unknown escape in a string at byte 1");
    ASSERT_REFUSED("\"\\'\"", "unknown escape");
    ASSERT_REFUSED("\"\\\0\"", "unknown escape");
    ASSERT_REFUSED("\"\\U0041\"", "unknown escape");
    ASSERT_REFUSED("\"\\u12g4\"", "\\u without four hexadecimal digits at byte 1");
    ASSERT_REFUSED("\"\\u123", "\\u without four hexadecimal digits at byte 1");
    ASSERT_REFUSED("\"\\ud83d\"", "surrogate without its other half at byte 1");
    ASSERT_REFUSED("\"\\ud83d\\n\"", "surrogate without its other half");
    ASSERT_REFUSED("\"\\ud83d\\ud83d\"", "surrogate without its other half");
    ASSERT_REFUSED("\"\\ude00\"", "surrogate without its other half");
    ASSERT_REFUSED("\"\\ud83d\\ude0", "surrogate without its other half");
}

static void invalid_utf8_is_refused_wherever_it_stands(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "\x80",
        "\xbf",
        "\xc0\xaf",
        "\xc1\xbf",
        "\xc3",
        "\xc3(",
        "\xe0\x9f\xbf",
        "\xe2\x82",
        "\xed\xa0\x80",
        "\xed\xbf\xbf",
        "\xf0\x8f\xbf\xbf",
        "\xf0\x9f\x98",
        "\xf4\x90\x80\x80",
        "\xf5\x80\x80\x80",
        "\xff",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        for (int before = 0; before < 20; before++) {
            char text[64], wanted[64];
            int len = snprintf(text, sizeof text, "[\"%.*s%s\"]", before, "abcdefghijklmnopqrstu",
                               bad[i]);
            snprintf(wanted, sizeof wanted, "invalid UTF-8 at byte %d", 2 + before);
            assert_refused((struct lb_str){text, (size_t)len}, wanted);
        }
    }
}

static void every_byte_is_seen_at_every_place_of_a_string(void **state)
{
    (void)state;
    for (int byte = 0; byte < 256; byte++) {
        for (size_t at = 0; at < 24; at++) {
            char text[26];
            memset(text, 'a', sizeof text);
            text[0] = text[25] = '"';
            text[1 + at] = (char)byte;
            bool plain = byte >= 0x20 && byte < 0x80 && byte != '"' && byte != '\\';
            lb_err err = verdict((struct lb_str){text, sizeof text}, DEPTH);
            assert_int_equal(err, plain ? LB_OK : LB_ERR_INVALID_JSON);
        }
    }
}

static void a_member_name_given_twice_is_refused_as_decoded(void **state)
{
    (void)state;
    ASSERT_REFUSED("{\"a\":1,\"a\":2}", "member name given twice at byte 7");
    ASSERT_REFUSED("{\"a\":1,\"\\u0061\":2}", "member name given twice");
    ASSERT_REFUSED("{\"\\n\":1,\"\\u000A\":2}", "member name given twice");
    ASSERT_REFUSED("{\"\\/\":1,\"/\":2}", "member name given twice");
    ASSERT_REFUSED("{\"\xf0\x9f\x98\x80\":1,\"\\uD83d\\uDe00\":2}", "member name given twice");
    ASSERT_REFUSED("{\"\\u00e9\":1,\"\xc3\xa9\":2}", "member name given twice");
    ASSERT_REFUSED("{\"\\u20ac\":1,\"\xe2\x82\xac\":2}", "member name given twice");
    ASSERT_REFUSED("{\"\":1,\"\":2}", "member name given twice");
    ASSERT_REFUSED("{\"a\":{\"b\":1,\"c\":{},\"b\":2}}", "member name given twice");
    ASSERT_REFUSED("{\"a\":{\"b\":1},\"a\":2}", "member name given twice");
    ASSERT_ACCEPTED("{\"a\":{\"a\":[{\"a\":1},{\"a\":1}]},\"b\":{\"a\":1},\"A\":2,\"\\\\a\":3}");
}

static void a_nul_is_refused_in_names_and_seen_in_values(void **state)
{
    (void)state;
    ASSERT_REFUSED("{\"a\\u0000b\":1}", "\\u0000 in a member name at byte 3");
    struct lb_json *tree;
    assert_int_equal(lb_json_parse(LB_STR("[\"a\\u0000b\"]"), DEPTH, &tree, NULL), LB_OK);
    assert_true(lb_str_equal(lb_json_string(lb_json_item(tree, 0)), LB_STR("a\0b")));
    lb_json_free(tree);
}

static struct lb_buf object_of(unsigned members)
{
    struct lb_buf text = {0};
    for (unsigned i = 0; i < members; i++)
        lb_buf_printf(&text, "%s\"m%u\":{\"x\":%u}", i ? "," : "{", i, i);
    lb_buf_append_lit(&text, "}");
    return text;
}

/* The memory of a tree is bounded, however small it is written. */
static void the_number_of_values_is_bounded(void **state)
{
    struct lb_buf text = {0};
    lb_buf_append_lit(&text, "[[]");
    for (int i = 8; i + 8 + 8 <= LB_JSON_MAX_WEIGHT; i += 8)
        lb_buf_append_lit(&text, ",{}");
    lb_buf_append_lit(&text, "]");
    assert_int_equal(verdict(lb_buf_str(&text), DEPTH), LB_OK);
    text.len--;
    lb_buf_append_lit(&text, ",{},1]");
    assert_int_equal(verdict(lb_buf_str(&text), DEPTH), LB_ERR_INVALID_JSON);
    lb_buf_fini(&text);
}

static void sizes_are_bounded(void **state)
{
    (void)state;
    char text[2 * (DEPTH + 1)];
    memset(text, '[', DEPTH);
    memset(text + DEPTH, ']', DEPTH);
    assert_accepted((struct lb_str){text, (size_t)2 * DEPTH});
    memset(text, '[', DEPTH + 1);
    memset(text + DEPTH + 1, ']', DEPTH + 1);
    assert_refused((struct lb_str){text, sizeof text}, "nested too deep at byte 32");
    assert_int_equal(verdict(LB_STR("[[]]"), 2), LB_OK);
    assert_int_equal(verdict(LB_STR("[[]]"), 1), LB_ERR_INVALID_JSON);
    assert_int_equal(verdict(LB_STR("{\"a\":{}}"), 1), LB_ERR_INVALID_JSON);
    assert_int_equal(verdict(LB_STR("1"), 0), LB_OK);

    struct lb_buf object = object_of(LB_JSON_MAX_MEMBERS);
    assert_accepted(lb_buf_str(&object));
    lb_buf_fini(&object);
    object = object_of(LB_JSON_MAX_MEMBERS + 1);
    assert_refused(lb_buf_str(&object), "too many members");
    lb_buf_fini(&object);

    char name[LB_JSON_MAX_NAME + 10];
    int len = snprintf(name, sizeof name, "{\"%0*d\":1}", LB_JSON_MAX_NAME, 0);
    assert_accepted((struct lb_str){name, (size_t)len});
    len = snprintf(name, sizeof name, "{\"%0*d\":1}", LB_JSON_MAX_NAME + 1, 0);
    assert_refused((struct lb_str){name, (size_t)len}, "name that is too long at byte 1");
}

static void names_are_counted_anew_in_each_object(void **state)
{
    (void)state;
    struct lb_buf text = {0};
    for (unsigned i = 0; i < 200; i++) {
        struct lb_buf object = object_of(LB_JSON_MAX_MEMBERS);
        lb_buf_append_lit(&text, "[");
        text.ptr[text.len - 1] = i ? ',' : '[';
        lb_buf_append_str(&text, lb_buf_str(&object));
        lb_buf_fini(&object);
    }
    lb_buf_append_lit(&text, "]");
    assert_accepted(lb_buf_str(&text));
    lb_buf_fini(&text);
}

static void assert_put(struct lb_str text, struct lb_str wanted)
{
    struct lb_buf out = {0};
    lb_json_put_string(&out, text);
    assert_false(out.failed);
    if (!lb_str_equal(lb_buf_str(&out), wanted))
        fail_msg("wrote %.*s, wanted %s", (int)out.len, out.ptr, wanted.ptr);
    lb_buf_fini(&out);
}

static void any_bytes_become_a_valid_string(void **state)
{
    (void)state;
    assert_put((struct lb_str){NULL, 0}, LB_STR("\"\""));
    assert_put(LB_STR("john-doe </&>"), LB_STR("\"john-doe </&>\""));
    assert_put(LB_STR("a\"b\\c\b\f\n\r\t\x01\x1f\x7f"),
               LB_STR("\"a\\\"b\\\\c\\b\\f\\n\\r\\t\\u0001\\u001f\x7f\""));
    assert_put(LB_STR("a\0b"), LB_STR("\"a\\u0000b\""));
    assert_put(LB_STR("jos\xc3\xa9 \xf0\x9f\x98\x80"), LB_STR("\"jos\xc3\xa9 \xf0\x9f\x98\x80\""));
    assert_put(LB_STR("a\xff"
                      "b\xc3"),
               LB_STR("\"a\xef\xbf\xbd"
                      "b\xef\xbf\xbd\""));
    assert_put(LB_STR("\xed\xa0\x80"), LB_STR("\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\""));
}

static void what_is_written_reads_back(void **state)
{
    (void)state;
    for (unsigned a = 0; a < 256; a++) {
        for (unsigned b = 0; b < 256; b++) {
            char raw[11] = "012345678";
            raw[7] = (char)a;
            raw[8] = (char)b;
            struct lb_buf out = {0};
            lb_json_put_string(&out, (struct lb_str){raw, 9});
            struct lb_json *tree;
            assert_int_equal(lb_json_parse(lb_buf_str(&out), DEPTH, &tree, NULL), LB_OK);
            if (a < 0x80 && b < 0x80)
                assert_true(lb_str_equal(lb_json_string(tree), (struct lb_str){raw, 9}));
            lb_json_free(tree);
            lb_buf_fini(&out);
        }
    }
}

static void times_are_rfc_3339(void **state)
{
    (void)state;
    struct lb_buf out = {0};
    lb_json_put_time(&out, 1795419116123);
    assert_true(lb_str_equal(lb_buf_str(&out), LB_STR("\"2026-11-23T07:31:56.123Z\"")));
    lb_buf_fini(&out);
}

static void fewer_values_may_be_allowed(void **state)
{
    struct lb_json_bounds bounds = {.max_depth = DEPTH, .max_values = 4};
    struct lb_reason reason;
    struct lb_json *tree;
    assert_int_equal(lb_json_parse_bounded(LB_STR("{\"a\":[1,2]}"), &bounds, &tree, &reason),
                     LB_OK);
    lb_json_free(tree);
    assert_int_equal(lb_json_parse_bounded(LB_STR("{\"a\":[1,2,3]}"), &bounds, &tree, &reason),
                     LB_ERR_INVALID_JSON);
    assert_string_equal(reason.text, "too many values at byte 10");
}

struct purse {
    size_t left;
    size_t taken;
};

static bool spend(void *context, size_t bytes)
{
    struct purse *purse = context;
    if (bytes > purse->left)
        return false;
    purse->left -= bytes;
    purse->taken += bytes;
    return true;
}

static void memory_is_asked_for_before_it_is_taken(void **state)
{
    enum { VALUES = 100000 };
    struct purse purse = {.left = SIZE_MAX / 2};
    struct lb_json_bounds bounds = {DEPTH, LB_JSON_MAX_WEIGHT, &purse, spend};
    struct lb_reason reason;
    struct lb_json *tree;
    struct lb_buf text = {0};
    lb_buf_append_lit(&text, "[0");
    for (int i = 1; i < VALUES; i++)
        lb_buf_append_lit(&text, ",0");
    lb_buf_append_lit(&text, "]");
    assert_int_equal(lb_json_parse_bounded(LB_STR("[1]"), &bounds, &tree, &reason), LB_OK);
    lb_json_free(tree);
    assert_int_equal(purse.taken, 0); /* little is free */
    assert_int_equal(lb_json_parse_bounded(lb_buf_str(&text), &bounds, &tree, &reason), LB_OK);
    lb_json_free(tree);
    assert_true(purse.taken >= 16 * VALUES - LB_JSON_FREE_BYTES);
    purse = (struct purse){.left = purse.taken - 1};
    assert_int_equal(lb_json_parse_bounded(lb_buf_str(&text), &bounds, &tree, &reason),
                     LB_ERR_OVERLOADED);
    assert_null(tree);
    lb_buf_fini(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_grammar_of_rfc_8259_is_accepted),
        cmocka_unit_test(what_is_no_json_is_refused_with_the_byte),
        cmocka_unit_test(sloppy_numbers_are_refused),
        cmocka_unit_test(bad_strings_are_refused),
        cmocka_unit_test(invalid_utf8_is_refused_wherever_it_stands),
        cmocka_unit_test(every_byte_is_seen_at_every_place_of_a_string),
        cmocka_unit_test(a_member_name_given_twice_is_refused_as_decoded),
        cmocka_unit_test(a_nul_is_refused_in_names_and_seen_in_values),
        cmocka_unit_test(sizes_are_bounded),
        cmocka_unit_test(the_number_of_values_is_bounded),
        cmocka_unit_test(fewer_values_may_be_allowed),
        cmocka_unit_test(memory_is_asked_for_before_it_is_taken),
        cmocka_unit_test(names_are_counted_anew_in_each_object),
        cmocka_unit_test(any_bytes_become_a_valid_string),
        cmocka_unit_test(what_is_written_reads_back),
        cmocka_unit_test(times_are_rfc_3339),
    };
    return cmocka_run_group_tests_name("json", tests, NULL, NULL);
}
