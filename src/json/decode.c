#include "json/decode.h"

#include <float.h>
#include <json-c/json_c_version.h>
#include <json-c/json_object.h>
#include <json-c/json_tokener.h>
#include <json-c/linkhash.h>
#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* json-c has no value for null: it is a NULL pointer there, which here is what is missing. */
static char null_value;

static const struct lb_json *from_json_c(const struct json_object *object)
{
    return object ? (const struct lb_json *)object : (const struct lb_json *)&null_value;
}

/* json-c reads through pointers that are not const, but changes nothing. */
static struct json_object *to_json_c(const struct lb_json *value)
{
    return (const void *)value == &null_value ? NULL : (struct json_object *)(uintptr_t)value;
}

/* The scan is stricter than json-c's strict mode but in one thing: that mode refuses whole numbers
 * over 64 bits, which are JSON and may be in a field that is not read. So it is off. */
static bool parse_scanned(struct json_tokener *tokener, struct lb_str text,
                          struct json_object **out)
{
    *out = json_tokener_parse_ex(tokener, text.ptr, (int)text.len);
    /* A number at the end could go on: an end of text makes it complete. */
    if (json_tokener_get_error(tokener) == json_tokener_continue)
        *out = json_tokener_parse_ex(tokener, "", 1);
    return json_tokener_get_error(tokener) == json_tokener_success;
}

static pthread_key_t tokener_key;
static pthread_once_t tokener_once = PTHREAD_ONCE_INIT;

static void free_tokener(void *tokener)
{
    json_tokener_free(tokener);
}

static void make_tokener_key(void)
{
    if (pthread_key_create(&tokener_key, free_tokener) != 0)
        abort(); /* there are 1024 of them */
}

/* A small body costs less to parse than a tokener costs to make: each thread keeps one. */
static struct json_tokener *thread_tokener(void)
{
    pthread_once(&tokener_once, make_tokener_key);
    struct json_tokener *tokener = pthread_getspecific(tokener_key);
    if (tokener)
        return tokener;
    /* json-c counts a scalar as a level of its own; the scan holds the limit that counts. */
    tokener = json_tokener_new_ex(LB_JSON_MAX_DEPTH + 2);
    if (tokener && pthread_setspecific(tokener_key, tokener) != 0) {
        json_tokener_free(tokener);
        return NULL;
    }
    return tokener;
}

lb_err lb_json_parse(struct lb_str text, unsigned max_depth, struct lb_json **out,
                     struct lb_reason *reason)
{
    *out = NULL;
    lb_err err = lb_json_scan(text, max_depth, reason);
    if (err)
        return err;
    struct json_tokener *tokener = thread_tokener();
    if (!tokener)
        return lb_fail(reason, LB_ERR_OVERLOADED, "out of memory");
    struct json_object *tree = NULL;
    if (parse_scanned(tokener, text, &tree))
        *out = (struct lb_json *)(uintptr_t)from_json_c(tree);
    else
        err = lb_fail(reason, LB_ERR_OVERLOADED, "out of memory");
    json_tokener_reset(tokener);
    return err;
}

void lb_json_free(struct lb_json *tree)
{
    json_object_put(to_json_c(tree));
}

enum lb_json_type lb_json_type(const struct lb_json *value)
{
    if (!value)
        return LB_JSON_MISSING;
    switch (json_object_get_type(to_json_c(value))) {
    case json_type_boolean:
        return LB_JSON_BOOL;
    case json_type_int:
        return LB_JSON_INT;
    case json_type_double:
        return LB_JSON_DOUBLE;
    case json_type_string:
        return LB_JSON_STRING;
    case json_type_array:
        return LB_JSON_ARRAY;
    case json_type_object:
        return LB_JSON_OBJECT;
    case json_type_null:
        break;
    }
    return LB_JSON_NULL;
}

const struct lb_json *lb_json_member(const struct lb_json *object, const char *name)
{
    struct json_object *member;
    if (!json_object_is_type(to_json_c(object), json_type_object) ||
        !json_object_object_get_ex(to_json_c(object), name, &member))
        return NULL;
    return from_json_c(member);
}

size_t lb_json_length(const struct lb_json *value)
{
    struct json_object *object = to_json_c(value);
    switch (json_object_get_type(object)) {
    case json_type_array:
        return json_object_array_length(object);
    case json_type_object:
        return (size_t)json_object_object_length(object);
    default:
        return 0;
    }
}

const struct lb_json *lb_json_item(const struct lb_json *array, size_t index)
{
    struct json_object *object = to_json_c(array);
    if (!json_object_is_type(object, json_type_array))
        return NULL;
    struct json_object *item = json_object_array_get_idx(object, index);
    if (!item && index >= json_object_array_length(object))
        return NULL;
    return from_json_c(item);
}

struct lb_str lb_json_string(const struct lb_json *value)
{
    struct json_object *object = to_json_c(value);
    if (!json_object_is_type(object, json_type_string))
        return (struct lb_str){NULL, 0};
    return (struct lb_str){json_object_get_string(object),
                           (size_t)json_object_get_string_len(object)};
}

bool lb_json_int64(const struct lb_json *value, int64_t *out)
{
    struct json_object *object = to_json_c(value);
    if (!json_object_is_type(object, json_type_int))
        return false;
    /* json-c cuts to INT64_MIN and INT64_MAX, or holds what is above the latter as unsigned. */
    int64_t number = json_object_get_int64(object);
    if (number == INT64_MIN || (number == INT64_MAX && json_object_get_uint64(object) > INT64_MAX))
        return false;
    *out = number;
    return true;
}

/* No digit but 0 before the exponent. */
static bool written_as_zero(const char *number)
{
    char first = number[strcspn(number, "123456789eE")];
    return first < '1' || first > '9';
}

bool lb_json_double(const struct lb_json *value, double *out)
{
    int64_t whole;
    if (lb_json_int64(value, &whole)) {
        *out = (double)whole;
        return true;
    }
    if (lb_json_type(value) != LB_JSON_DOUBLE)
        return false;
    double number = json_object_get_double(to_json_c(value));
    if (!isfinite(number))
        return false;
    const char *text = json_object_get_string(to_json_c(value));
    if (number == 0 && text && !written_as_zero(text)) /* too small for a double */
        number = text[0] == '-' ? -DBL_MIN : DBL_MIN;
    *out = number;
    return true;
}

bool lb_json_bool(const struct lb_json *value, bool *out)
{
    struct json_object *object = to_json_c(value);
    if (!json_object_is_type(object, json_type_boolean))
        return false;
    *out = json_object_get_boolean(object) != 0;
    return true;
}

bool lb_json_next_member(const struct lb_json *object, struct lb_json_walk *walk,
                         struct lb_str *out_name, const struct lb_json **out_value)
{
    struct json_object *of = to_json_c(object);
    if (!json_object_is_type(of, json_type_object))
        return false;
    const struct lh_entry *entry = walk->at;
    walk->at = entry ? lh_entry_next(entry) : lh_table_head(json_object_get_object(of));
    entry = walk->at;
    if (!entry)
        return false;
    *out_name = lb_str(lh_entry_k(entry));
    *out_value = from_json_c((struct json_object *)lh_entry_v(entry));
    return true;
}

struct lb_str lb_json_scalar(const struct lb_json *value)
{
    struct json_object *object = to_json_c(value);
    int64_t number;
    switch (lb_json_type(value)) {
    case LB_JSON_STRING:
        return lb_json_string(value);
    case LB_JSON_INT:
        if (!lb_json_int64(value, &number)) /* json-c has put another one in its place */
            return (struct lb_str){NULL, 0};
        return lb_str(json_object_get_string(object));
    case LB_JSON_BOOL:
    case LB_JSON_DOUBLE:
        return lb_str(json_object_get_string(object));
    default:
        return (struct lb_str){NULL, 0};
    }
}

void lb_json_put(struct lb_buf *buf, const struct lb_json *value)
{
    size_t len = 0;
    const char *text = json_object_to_json_string_length(
        to_json_c(value), JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE, &len);
    if (text)
        lb_buf_append(buf, text, len);
    else
        buf->failed = true;
}

const char *lb_json_library_version(void)
{
    return json_c_version();
}
