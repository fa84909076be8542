/* libFuzzer entry: what the scan accepts, json-c accepts too, and what the encoder writes, the scan
 * accepts and the decoder gives back. */
#include "json/decode.h"
#include "json/encode.h"

#include <stdlib.h>

#define MAX_DEPTH 32

static void check(bool promise)
{
    if (!promise)
        abort();
}

/* Writes the tree again through the encoder where it has a function for it. */
static void walk(const struct lb_json *value)
{
    struct lb_str text = lb_json_string(value);
    if (lb_json_type(value) == LB_JSON_STRING) {
        struct lb_buf out = {0};
        struct lb_json *again;
        lb_json_put_string(&out, text);
        check(lb_json_parse(lb_buf_str(&out), 0, &again, NULL) == LB_OK);
        check(lb_str_equal(lb_json_string(again), text));
        lb_json_free(again);
        lb_buf_fini(&out);
    }
    int64_t number;
    bool truth;
    check(!lb_json_int64(value, &number) || lb_json_type(value) == LB_JSON_INT);
    check(!lb_json_bool(value, &truth) || lb_json_type(value) == LB_JSON_BOOL);
    if (lb_json_type(value) == LB_JSON_ARRAY)
        for (size_t i = 0; i < lb_json_length(value); i++)
            walk(lb_json_item(value, i));
    check(lb_json_length(value) == 0 || !lb_json_member(value, "absent name"));
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
    walk(tree);
    lb_json_free(tree);

    struct lb_buf out = {0};
    lb_json_put_string(&out, text);
    check(lb_json_scan(lb_buf_str(&out), 0, NULL) == LB_OK);
    lb_buf_fini(&out);
    return 0;
}
