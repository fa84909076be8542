/* libFuzzer entry: every value of a tree can be reached and written, and what is written reads back
 * as the same; with its own copy of the text a tree says the same. */
#include "json/decode.h"
#include "json/encode.h"

#include <stdlib.h>

#define MAX_DEPTH 32

static void check(bool promise)
{
    if (!promise)
        abort();
}

static void check_string(struct lb_str text)
{
    struct lb_buf out = {0};
    struct lb_json *again;
    lb_json_put_string(&out, text);
    check(lb_json_parse(lb_buf_str(&out), 0, &again, NULL) == LB_OK);
    check(lb_str_equal(lb_json_string(again), text));
    lb_json_free(again);
    lb_buf_fini(&out);
}

static void walk(const struct lb_json *value);

static void walk_members(const struct lb_json *object)
{
    struct lb_json_walk at = {0};
    struct lb_str name;
    const struct lb_json *value;
    size_t count = 0;
    while (lb_json_next_member(object, &at, &name, &value)) {
        char text[LB_JSON_MAX_NAME + 1];
        check(lb_str_copy(name, text, sizeof text));
        check(lb_json_member(object, text) == value);
        walk(value);
        count++;
    }
    check(count == lb_json_length(object));
    check(!lb_json_member(object, "absent name, which no input has, 8c1b"));
}

static void walk(const struct lb_json *value)
{
    enum lb_json_type type = lb_json_type(value);
    int64_t whole;
    double number;
    bool truth;
    check(!lb_json_int64(value, &whole) || type == LB_JSON_INT);
    check(!lb_json_double(value, &number) || type == LB_JSON_INT || type == LB_JSON_DOUBLE);
    check(lb_json_bool(value, &truth) == (type == LB_JSON_BOOL));
    check(!lb_json_scalar(value).ptr || (type != LB_JSON_ARRAY && type != LB_JSON_OBJECT));
    if (type == LB_JSON_STRING)
        check_string(lb_json_string(value));
    if (type == LB_JSON_OBJECT)
        walk_members(value);
    for (size_t i = 0; type == LB_JSON_ARRAY && i < lb_json_length(value); i++)
        walk(lb_json_item(value, i));
    check(type == LB_JSON_ARRAY || !lb_json_item(value, 0));
}

static struct lb_buf written(const struct lb_json *tree)
{
    struct lb_buf out = {0};
    lb_json_put(&out, tree);
    check(!out.failed);
    return out;
}

/* Parses in a way that has to succeed, and writes. */
static struct lb_buf rewritten(struct lb_str text,
                               lb_err (*parse)(struct lb_str, unsigned, struct lb_json **,
                                               struct lb_reason *))
{
    struct lb_json *tree;
    check(parse(text, MAX_DEPTH, &tree, NULL) == LB_OK);
    struct lb_buf out = written(tree);
    lb_json_free(tree);
    return out;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct lb_str text = {(const char *)data, size};
    struct lb_reason reason = {""};
    struct lb_json *tree;
    lb_err err = lb_json_parse(text, MAX_DEPTH, &tree, &reason);
    check(err == LB_OK || err == LB_ERR_INVALID_JSON);
    check(err == LB_OK ? tree && lb_json_type(tree) != LB_JSON_MISSING : !tree && reason.text[0]);
    if (tree) {
        walk(tree);
        struct lb_buf once = written(tree);
        struct lb_buf copied = rewritten(text, lb_json_parse_copy);
        struct lb_buf twice = rewritten(lb_buf_str(&once), lb_json_parse);
        check(lb_str_equal(lb_buf_str(&once), lb_buf_str(&copied)));
        check(lb_str_equal(lb_buf_str(&once), lb_buf_str(&twice)));
        lb_buf_fini(&once);
        lb_buf_fini(&copied);
        lb_buf_fini(&twice);
    }
    lb_json_free(tree);

    struct lb_buf out = {0};
    lb_json_put_string(&out, text);
    check(lb_json_parse(lb_buf_str(&out), 0, &tree, NULL) == LB_OK);
    lb_json_free(tree);
    lb_buf_fini(&out);
    return 0;
}
