#include "json/decode.h"

#include "json/encode.h"
#include "json/tree.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>

void lb_json_free(struct lb_json *tree)
{
    free(tree);
}

enum lb_json_type lb_json_type(const struct lb_json *value)
{
    return value ? (enum lb_json_type)value->type : LB_JSON_MISSING;
}

static bool is(const struct lb_json *value, enum lb_json_type type)
{
    return value && value->type == type;
}

const struct lb_json *lb_json_find(const struct lb_json *object, struct lb_str name)
{
    if (!is(object, LB_JSON_OBJECT))
        return NULL;
    const struct lb_json *end = object + object->slots;
    for (const struct lb_json *at = object + 1, *value; at < end; at = value + value->slots) {
        value = at + at->slots;
        if (lb_str_equal(lb_json_text(at), name))
            return value;
    }
    return NULL;
}

size_t lb_json_length(const struct lb_json *value)
{
    return is(value, LB_JSON_ARRAY) || is(value, LB_JSON_OBJECT) ? value->length : 0;
}

const struct lb_json *lb_json_item(const struct lb_json *array, size_t index)
{
    if (!is(array, LB_JSON_ARRAY) || index >= array->length)
        return NULL;
    return array + (lb_json_has_table(array) ? lb_json_table(array)[index] : 1 + index);
}

bool lb_json_next_member(const struct lb_json *object, struct lb_json_walk *walk,
                         struct lb_str *out_name, const struct lb_json **out_value)
{
    if (!is(object, LB_JSON_OBJECT))
        return false;
    const struct lb_json *name = walk->next ? walk->next : object + 1;
    if (name == object + object->slots)
        return false;
    const struct lb_json *value = name + name->slots;
    *out_name = lb_json_text(name);
    *out_value = value;
    walk->next = value + value->slots;
    return true;
}

struct lb_str lb_json_string(const struct lb_json *value)
{
    return is(value, LB_JSON_STRING) ? lb_json_text(value) : (struct lb_str){NULL, 0};
}

bool lb_json_bool(const struct lb_json *value, bool *out)
{
    if (!is(value, LB_JSON_BOOL))
        return false;
    *out = value->text[0] == 't';
    return true;
}

bool lb_json_int64(const struct lb_json *value, int64_t *out)
{
    if (!is(value, LB_JSON_INT))
        return false;
    struct lb_str text = lb_json_text(value);
    bool negative = text.ptr[0] == '-';
    uint64_t number;
    if (!lb_str_to_u64((struct lb_str){text.ptr + negative, text.len - negative}, INT64_MAX,
                       &number))
        return false;
    *out = negative ? -(int64_t)number : (int64_t)number;
    return true;
}

/* No digit but 0 before the exponent. */
static bool written_as_zero(struct lb_str number)
{
    for (size_t i = 0; i < number.len && (number.ptr[i] | 0x20) != 'e'; i++)
        if (number.ptr[i] >= '1' && number.ptr[i] <= '9')
            return false;
    return true;
}

bool lb_json_double(const struct lb_json *value, double *out)
{
    int64_t whole;
    if (lb_json_int64(value, &whole)) {
        *out = (double)whole;
        return true;
    }
    if (!is(value, LB_JSON_DOUBLE))
        return false;
    struct lb_str text = lb_json_text(value);
    double number = strtod(text.ptr, NULL); /* it ends where the text of the number does: scan.c */
    if (!isfinite(number))
        return false;
    if (number == 0 && !written_as_zero(text)) /* too small for a double */
        number = text.ptr[0] == '-' ? -DBL_MIN : DBL_MIN;
    *out = number;
    return true;
}

struct lb_str lb_json_scalar(const struct lb_json *value)
{
    int64_t number;
    switch (lb_json_type(value)) {
    case LB_JSON_INT:
        if (!lb_json_int64(value, &number))
            return (struct lb_str){NULL, 0};
        return number ? lb_json_text(value) : LB_STR("0");
    case LB_JSON_STRING:
    case LB_JSON_BOOL:
    case LB_JSON_DOUBLE:
        return lb_json_text(value);
    default:
        return (struct lb_str){NULL, 0};
    }
}

/* --- Writing ---------------------------------------------------------------------------------- */

/* Beyond what 64 bits hold, signed when it is negative, becomes the nearest number that they do. */
static void put_int(struct lb_buf *buf, const struct lb_json *value)
{
    static const struct lb_str least = LB_STR("-9223372036854775808");
    static const struct lb_str most = LB_STR("18446744073709551615");
    struct lb_str text = lb_json_text(value);
    uint64_t number;
    int64_t small;
    if (lb_json_int64(value, &small))
        text = lb_json_scalar(value);
    else if (text.ptr[0] == '-')
        text = least;
    else if (!lb_str_to_u64(text, UINT64_MAX, &number))
        text = most;
    lb_buf_append_str(buf, text);
}

static void put_array(struct lb_buf *buf, const struct lb_json *array)
{
    lb_buf_append_lit(buf, "[");
    for (size_t i = 0; i < array->length; i++) {
        if (i)
            lb_buf_append_lit(buf, ",");
        lb_json_put(buf, lb_json_item(array, i));
    }
    lb_buf_append_lit(buf, "]");
}

static void put_object(struct lb_buf *buf, const struct lb_json *object)
{
    struct lb_json_walk walk = {0};
    struct lb_str name;
    const struct lb_json *value;
    lb_buf_append_lit(buf, "{");
    for (size_t i = 0; lb_json_next_member(object, &walk, &name, &value); i++) {
        if (i)
            lb_buf_append_lit(buf, ",");
        lb_json_put_string(buf, name);
        lb_buf_append_lit(buf, ":");
        lb_json_put(buf, value);
    }
    lb_buf_append_lit(buf, "}");
}

/* Calls itself through put_array and put_object, no deeper than LB_JSON_MAX_DEPTH. */
void lb_json_put(struct lb_buf *buf, const struct lb_json *value)
{
    switch (lb_json_type(value)) {
    case LB_JSON_INT:
        put_int(buf, value);
        return;
    case LB_JSON_BOOL:
    case LB_JSON_DOUBLE:
        lb_buf_append_str(buf, lb_json_text(value));
        return;
    case LB_JSON_STRING:
        lb_json_put_string(buf, lb_json_text(value));
        return;
    case LB_JSON_ARRAY:
        put_array(buf, value);
        return;
    case LB_JSON_OBJECT:
        put_object(buf, value);
        return;
    case LB_JSON_MISSING:
    case LB_JSON_NULL:
        break;
    }
    lb_buf_append_lit(buf, "null");
}
