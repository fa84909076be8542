#include "api/outreach/variables.h"

#include "api/body_items.h"
#include "base/utf8.h"
#include "domain/outreach/variables.h"
#include "json/encode.h"

static const char *read_one(struct lb_str name, const struct lb_json *value, struct lb_buf *out)
{
    enum lb_json_type type = lb_json_type(value);
    if (type == LB_JSON_NULL)
        return NULL;
    if (!lb_variable_name_valid(name))
        return "a variable's name must have 1 to 64 of A-Z a-z 0-9 _ - .";
    if (type == LB_JSON_ARRAY || type == LB_JSON_OBJECT)
        return "a variable must be a string, a number or a boolean";
    int64_t number;
    if (type == LB_JSON_INT && !lb_json_int64(value, &number))
        return "a variable has a number beyond 64 bits; send it as a string";
    struct lb_str text = lb_json_scalar(value);
    if (!text.ptr) {
        out->failed = true;
        return NULL;
    }
    if (memchr(text.ptr, 0, text.len))
        return "a variable contains a NUL character";
    if (lb_utf8_count(text) > LB_VARIABLE_VALUE_MAX)
        return "a variable is longer than 2000 characters";
    lb_variables_pack(out, name, text);
    return NULL;
}

const char *lb_variables_read(const struct lb_json *value, struct lb_buf *out)
{
    enum lb_json_type type = lb_json_type(value);
    if (type == LB_JSON_MISSING || type == LB_JSON_NULL)
        return NULL;
    if (type != LB_JSON_OBJECT)
        return "variables must be an object such as {\"city\":\"Paris\"}";
    if (lb_json_length(value) > LB_VARIABLES_MAX)
        return "there are more than 50 variables";
    struct lb_json_walk walk = {0};
    struct lb_str name;
    const struct lb_json *each;
    const char *wrong = NULL;
    while (!wrong && lb_json_next_member(value, &walk, &name, &each))
        wrong = read_one(name, each, out);
    return wrong;
}

void lb_variables_put(struct lb_buf *body, struct lb_str packed)
{
    struct lb_buf value = {0};
    struct lb_str name;
    bool any = false;
    lb_buf_append_lit(body, "{");
    while (lb_variables_next(&packed, &name, &value)) {
        if (any)
            lb_buf_append_lit(body, ",");
        any = true;
        lb_json_put_string(body, name);
        lb_buf_append_lit(body, ":");
        lb_json_put_string(body, lb_buf_str(&value));
        value.len = 0;
    }
    lb_buf_append_lit(body, "}");
    body->failed |= value.failed;
    lb_buf_fini(&value);
}
