#include "json/decode.h"
#include "json/encode.h"

#include <float.h>
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

static void getters_tell_types_apart(void **state)
{
    (void)state;
    struct lb_json *tree;
    struct lb_str text = LB_STR("{\"null\":null,\"bool\":true,\"int\":7,\"double\":7.0,"
                                "\"string\":\"\",\"array\":[null,2],\"object\":{\"a\":1}}");
    assert_int_equal(lb_json_parse(text, DEPTH, &tree, NULL), LB_OK);
    assert_int_equal(lb_json_type(lb_json_member(tree, "missing")), LB_JSON_MISSING);
    assert_null(lb_json_member(tree, "missing"));
    assert_int_equal(lb_json_type(lb_json_member(tree, "null")), LB_JSON_NULL);
    assert_int_equal(lb_json_type(lb_json_member(tree, "bool")), LB_JSON_BOOL);
    assert_int_equal(lb_json_type(lb_json_member(tree, "int")), LB_JSON_INT);
    assert_int_equal(lb_json_type(lb_json_member(tree, "double")), LB_JSON_DOUBLE);
    assert_int_equal(lb_json_type(lb_json_member(tree, "string")), LB_JSON_STRING);
    assert_int_equal(lb_json_type(tree), LB_JSON_OBJECT);
    assert_int_equal(lb_json_length(tree), 7);
    const struct lb_json *array = lb_json_member(tree, "array");
    assert_int_equal(lb_json_type(array), LB_JSON_ARRAY);
    assert_int_equal(lb_json_length(array), 2);
    assert_int_equal(lb_json_type(lb_json_item(array, 0)), LB_JSON_NULL);
    assert_null(lb_json_item(array, 2));
    assert_non_null(lb_json_string(lb_json_member(tree, "string")).ptr);
    lb_json_free(tree);
}

static void getters_take_any_value(void **state)
{
    (void)state;
    struct lb_json *tree;
    assert_int_equal(lb_json_parse(LB_STR("null"), DEPTH, &tree, NULL), LB_OK);
    const struct lb_json *values[] = {NULL, tree};
    for (size_t i = 0; i < 2; i++) {
        int64_t number = 5;
        bool truth = true;
        double decimal = 5;
        assert_null(lb_json_member(values[i], "a"));
        assert_null(lb_json_item(values[i], 0));
        assert_int_equal(lb_json_length(values[i]), 0);
        assert_null(lb_json_string(values[i]).ptr);
        assert_false(lb_json_int64(values[i], &number));
        assert_false(lb_json_double(values[i], &decimal));
        assert_false(lb_json_bool(values[i], &truth));
        assert_int_equal(number, 5);
    }
    lb_json_free(tree);
    lb_json_free(NULL);
}

static void integers_out_of_range_are_not_cut(void **state)
{
    (void)state;
    struct lb_json *tree;
    struct lb_str text = LB_STR("[9223372036854775807,-9223372036854775807,0,-0,"
                                "9223372036854775808,18446744073709551615,99999999999999999999,"
                                "-9223372036854775809,-99999999999999999999,1.0,1e2,\"1\",true]");
    static const int64_t good[] = {INT64_MAX, -INT64_MAX, 0, 0};
    assert_int_equal(lb_json_parse(text, DEPTH, &tree, NULL), LB_OK);
    for (size_t i = 0; i < lb_json_length(tree); i++) {
        int64_t number = 42;
        bool ok = lb_json_int64(lb_json_item(tree, i), &number);
        assert_int_equal(ok, i < 4);
        assert_true(number == (i < 4 ? good[i] : 42));
    }
    lb_json_free(tree);
}

static void a_number_that_is_not_0_is_not_read_as_0_or_infinite(void **state)
{
    (void)state;
    struct lb_json *tree;
    struct lb_str text = LB_STR("[0,-0,0.0,-0.0e9,0E-999,5,-5,0.25,1e2,1e-400,-0.00e-400,-1.5E-999,"
                                "1e400,-1e400,9223372036854775808,\"1\",true,null,[],{}]");
    static const double good[] = {0, 0, 0, 0, 0, 5, -5, 0.25, 100, DBL_MIN, 0, -DBL_MIN};
    size_t count = sizeof good / sizeof *good;
    assert_int_equal(lb_json_parse(text, DEPTH, &tree, NULL), LB_OK);
    for (size_t i = 0; i < lb_json_length(tree); i++) {
        double number = 42;
        assert_int_equal(lb_json_double(lb_json_item(tree, i), &number), i < count);
        assert_true(number == (i < count ? good[i] : 42));
    }
    lb_json_free(tree);
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

static void a_tree_is_written_as_it_came_on_one_line(void **state)
{
    (void)state;
    struct lb_str text =
        LB_STR("{\"b\":[1,-2.50,1e9,true,null],\"a\":{\"x\":\"\\u0000/\\n\\\"\xc3\xa9\"},"
               "\"\":[],\"n\":9223372036854775807}");
    struct lb_str spread = LB_STR("[\n  {\"x\" :\t1}\r\n]");
    const struct lb_str cases[][2] = {
        {text, text}, {spread, LB_STR("[{\"x\":1}]")}, {LB_STR("null"), LB_STR("null")}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct lb_buf out = {0};
        struct lb_json *tree;
        assert_int_equal(lb_json_parse(cases[i][0], DEPTH, &tree, NULL), LB_OK);
        lb_json_put(&out, tree);
        assert_false(out.failed);
        if (!lb_str_equal(lb_buf_str(&out), cases[i][1]))
            fail_msg("%.*s", (int)out.len, out.ptr);
        lb_json_free(tree);
        lb_buf_fini(&out);
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

/* --- Walking over members, and scalars -------------------------------------------------------- */

static struct lb_json *parse(struct lb_str text)
{
    struct lb_reason reason = {""};
    struct lb_json *tree = NULL;
    if (lb_json_parse(text, DEPTH, &tree, &reason) != LB_OK)
        fail_msg("%.*s: %s", (int)text.len, text.ptr, reason.text);
    return tree;
}

static void members_are_walked_over_in_the_order_of_the_text(void **state)
{
    (void)state;
    static const char *const names[] = {"z", "a", "\xc3\xa9", "", "b c", "nul"};
    struct lb_json *tree = parse(LB_STR(
        "{\"z\":1,\"a\":{\"inner\":2},\"\\u00e9\":\"x\",\"\":[3],\"b c\":true,\"nul\":null}"));
    struct lb_json_walk walk = {0};
    struct lb_str name;
    const struct lb_json *value;
    for (size_t i = 0; i < 6; i++) {
        assert_true(lb_json_next_member(tree, &walk, &name, &value));
        assert_true(lb_str_equal(name, lb_str(names[i])));
        assert_ptr_equal(value, lb_json_member(tree, names[i]));
    }
    assert_int_equal(lb_json_type(value), LB_JSON_NULL); /* which is a value, not a missing one */
    assert_false(lb_json_next_member(tree, &walk, &name, &value));
    lb_json_free(tree);
}

static void what_is_no_object_has_no_members_to_walk_over(void **state)
{
    (void)state;
    static const char *const texts[] = {"{}", "[{\"a\":1}]", "\"a\"", "1", "true", "null"};
    struct lb_str name;
    const struct lb_json *value;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct lb_json *tree = parse(lb_str(texts[i]));
        struct lb_json_walk walk = {0};
        assert_false(lb_json_next_member(tree, &walk, &name, &value));
        lb_json_free(tree);
    }
    struct lb_json_walk walk = {0};
    assert_false(lb_json_next_member(NULL, &walk, &name, &value));
}

static void a_long_object_is_walked_over_whole(void **state)
{
    (void)state;
    struct lb_buf text = {0};
    struct lb_json_walk walk = {0};
    struct lb_str name;
    const struct lb_json *value;
    int64_t number;
    lb_buf_append_lit(&text, "{");
    for (int i = 0; i < 128; i++)
        lb_buf_printf(&text, "%s\"name-%d\":%d", i ? "," : "", i * 37 % 128, i);
    lb_buf_append_lit(&text, "}");
    struct lb_json *tree = parse(lb_buf_str(&text));
    for (int i = 0; i < 128; i++) {
        assert_true(lb_json_next_member(tree, &walk, &name, &value));
        assert_true(lb_json_int64(value, &number) && number == i);
    }
    assert_false(lb_json_next_member(tree, &walk, &name, &value));
    lb_json_free(tree);
    lb_buf_fini(&text);
}

static void a_scalar_is_the_text_as_it_was_written(void **state)
{
    (void)state;
    static const struct {
        struct lb_str json, text;
    } cases[] = {
        {LB_STR("\"a\\n\\u00e9\""), LB_STR("a\n\xc3\xa9")},
        {LB_STR("\"a\\u0000b\""), LB_STR("a\0b")},
        {LB_STR("\"\""), LB_STR("")},
        {LB_STR("\"null\""), LB_STR("null")},
        {LB_STR("\"\\ud800\\udc00\\ud837\\udc12\\udbff\\udfff\""),
         LB_STR("\xf0\x90\x80\x80\xf0\x9d\xb0\x92\xf4\x8f\xbf\xbf")},
        {LB_STR("true"), LB_STR("true")},
        {LB_STR("false"), LB_STR("false")},
        {LB_STR("0"), LB_STR("0")},
        {LB_STR("-0"), LB_STR("0")},
        {LB_STR("-12"), LB_STR("-12")},
        {LB_STR("9223372036854775807"), LB_STR("9223372036854775807")},
        {LB_STR("1.50"), LB_STR("1.50")},
        {LB_STR("-0.0"), LB_STR("-0.0")},
        {LB_STR("1E3"), LB_STR("1E3")},
        {LB_STR("0.1000000000000000055511151231257827"),
         LB_STR("0.1000000000000000055511151231257827")},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct lb_json *tree = parse(cases[i].json);
        struct lb_str text = lb_json_scalar(tree);
        if (!text.ptr || !lb_str_equal(text, cases[i].text))
            fail_msg("%s became %.*s", cases[i].json.ptr, (int)text.len, text.ptr);
        lb_json_free(tree);
    }
}

/* An order number, say: another number must not be put in its place. */
static void a_scalar_that_is_no_64_bit_number_is_not_another_one(void **state)
{
    (void)state;
    static const char *const texts[] = {"123456789012345678901234567890", "-9223372036854775808",
                                        "-9223372036854775809", "18446744073709551615",
                                        "18446744073709551616"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct lb_json *tree = parse(lb_str(texts[i]));
        struct lb_str text = lb_json_scalar(tree);
        if (text.ptr && !lb_str_equal(text, lb_str(texts[i])))
            fail_msg("%s became %.*s", texts[i], (int)text.len, text.ptr);
        lb_json_free(tree);
    }
}

static void what_holds_others_or_nothing_is_no_scalar(void **state)
{
    (void)state;
    static const char *const texts[] = {"null", "[]", "[1]", "{}", "{\"a\":\"b\"}"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct lb_json *tree = parse(lb_str(texts[i]));
        assert_null(lb_json_scalar(tree).ptr);
        lb_json_free(tree);
    }
    assert_null(lb_json_scalar(NULL).ptr);
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
        cmocka_unit_test(names_are_counted_anew_in_each_object),
        cmocka_unit_test(getters_tell_types_apart),
        cmocka_unit_test(getters_take_any_value),
        cmocka_unit_test(integers_out_of_range_are_not_cut),
        cmocka_unit_test(a_number_that_is_not_0_is_not_read_as_0_or_infinite),
        cmocka_unit_test(any_bytes_become_a_valid_string),
        cmocka_unit_test(what_is_written_reads_back),
        cmocka_unit_test(a_tree_is_written_as_it_came_on_one_line),
        cmocka_unit_test(times_are_rfc_3339),
        cmocka_unit_test(members_are_walked_over_in_the_order_of_the_text),
        cmocka_unit_test(what_is_no_object_has_no_members_to_walk_over),
        cmocka_unit_test(a_long_object_is_walked_over_whole),
        cmocka_unit_test(a_scalar_is_the_text_as_it_was_written),
        cmocka_unit_test(a_scalar_that_is_no_64_bit_number_is_not_another_one),
        cmocka_unit_test(what_holds_others_or_nothing_is_no_scalar),
    };
    return cmocka_run_group_tests_name("json", tests, NULL, NULL);
}
