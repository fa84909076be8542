/* JSON documents as trees of values, decoded by json-c after lb_json_scan() has let them pass.
 *
 * A tree belongs to the caller that parsed it; the values and strings in it are borrowed and live
 * until lb_json_free() of the tree. Every getter takes NULL, which is what a missing member is.
 * Threads: a tree belongs to one thread at a time. */
#ifndef LB_JSON_DECODE_H
#define LB_JSON_DECODE_H

#include "base/buf.h"
#include "base/err.h"
#include "json/scan.h"

struct lb_json; /* one value; opaque */

enum lb_json_type {
    LB_JSON_MISSING, /* of NULL */
    LB_JSON_NULL,
    LB_JSON_BOOL,
    LB_JSON_INT, /* written without fraction and exponent, of any size */
    LB_JSON_DOUBLE,
    LB_JSON_STRING,
    LB_JSON_ARRAY,
    LB_JSON_OBJECT
};

/* Scans and parses. LB_OK with the tree in `*out`, which the caller frees; LB_ERR_INVALID_JSON with
 * the reason from the scan; LB_ERR_OVERLOADED when out of memory. `text` is not kept. */
lb_err lb_json_parse(struct lb_str text, unsigned max_depth, struct lb_json **out,
                     struct lb_reason *reason);

/* NULL does nothing. */
void lb_json_free(struct lb_json *tree);

enum lb_json_type lb_json_type(const struct lb_json *value);

/* The member of an object; NULL when it is missing or `object` is not an object. A member that is
 * null is a value of type LB_JSON_NULL. */
const struct lb_json *lb_json_member(const struct lb_json *object, const char *name);

/* The number of items of an array, or of members of an object; 0 for anything else. */
size_t lb_json_length(const struct lb_json *value);

/* Item `index` of an array; NULL when there is none. */
const struct lb_json *lb_json_item(const struct lb_json *array, size_t index);

/* Walks over the members of an object in the order of the text. All zero at the start, and not to
 * be used after a false. */
struct lb_json_walk {
    void *at;
};

/* The next member; false after the last, or when `object` is not an object. */
bool lb_json_next_member(const struct lb_json *object, struct lb_json_walk *walk,
                         struct lb_str *out_name, const struct lb_json **out_value);

/* The text of a string, number or boolean, as it was written (but for -0, which is 0); {NULL, 0}
 * for anything else, integers that lb_json_int64 refuses among it, and when out of memory. */
struct lb_str lb_json_scalar(const struct lb_json *value);

/* The bytes of a string, valid UTF-8 that may hold NUL; {NULL, 0} when it is no string (the `ptr`
 * of an empty string is not NULL). */
struct lb_str lb_json_string(const struct lb_json *value);

/* False, with `*out` untouched, unless it is of type LB_JSON_INT and within -(2^63 - 1) and
 * 2^63 - 1. */
bool lb_json_int64(const struct lb_json *value, int64_t *out);

/* False, with `*out` untouched, unless it is a finite number (and, of type LB_JSON_INT, one that
 * lb_json_int64 takes). What is not 0 as it was written never becomes 0. */
bool lb_json_double(const struct lb_json *value, double *out);

/* False, with `*out` untouched, unless it is true or false. */
bool lb_json_bool(const struct lb_json *value, bool *out);

/* Appends the value as JSON on one line. Members keep their order, and numbers with a fraction or
 * an exponent their digits. Out of memory is remembered by the buffer. */
void lb_json_put(struct lb_buf *buf, const struct lb_json *value);

/* The version of json-c that runs. */
const char *lb_json_library_version(void);

#endif
