/* JSON documents as trees of values. One pass over the text checks it and builds the tree. It
 * accepts RFC 8259 and nothing else, so that no body means one thing to us and another to the
 * program that sent or relayed it.
 *
 * Refused, beyond the grammar: invalid UTF-8, a byte order mark, lone surrogate escapes, \u0000 in
 * a member name, two members of one object with the same decoded name, and sizes over the bounds
 * below. \u0000 in a string value passes: the code that takes the value can give a better reason.
 *
 * A tree belongs to the caller that parsed it; the values and strings in it are borrowed and live
 * until lb_json_free() of the tree. Every getter takes NULL, which is what a missing member is.
 *
 * A tree is one allocation. It takes 16 bytes for each value and for each member name, 4 bytes more
 * for an item of an array (unless all its items are strings without escapes, numbers, booleans and
 * null), and for a string with an escape its decoded bytes and up to 16. So it has at most 64 bytes
 * for each unit of LB_JSON_MAX_WEIGHT, and the length of the text; and in reserve at most half of
 * that, the length of the text and 128 bytes.
 *
 * Time: linear in the length of the text. Threads: a tree belongs to one thread at a time. */
#ifndef LB_JSON_DECODE_H
#define LB_JSON_DECODE_H

#include "base/buf.h"
#include "base/err.h"

#define LB_JSON_MAX_BYTES   (1u << 30) /* of the text */
#define LB_JSON_MAX_DEPTH   32         /* arrays and objects inside each other */
#define LB_JSON_MAX_MEMBERS 128        /* in one object */
#define LB_JSON_MAX_WEIGHT  1000000    /* values in all; an array or object weighs as much as 8 */
#define LB_JSON_MAX_NAME    1024       /* bytes of a member name as it is written */

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

/* LB_OK with the tree in `*out`, which the caller frees, when `text` is one JSON value with at most
 * `max_depth` arrays and objects inside each other (`[]` is 1; more than LB_JSON_MAX_DEPTH is taken
 * as that). LB_ERR_INVALID_JSON with a reason that names the byte, counted from 0;
 * LB_ERR_OVERLOADED when out of memory. The tree points into `text`, which has to live as long and
 * unchanged. */
lb_err lb_json_parse(struct lb_str text, unsigned max_depth, struct lb_json **out,
                     struct lb_reason *reason);

/* What a text may cost. */
struct lb_json_bounds {
    unsigned max_depth;
    unsigned max_values; /* values in all, names of members not among them */
    void *context;
    /* NULL, or asked before the tree takes more memory than LB_JSON_FREE_BYTES: false refuses it.
     * What it granted is the caller's to give back, also after a failure. */
    bool (*take)(void *context, size_t bytes);
};

#define LB_JSON_FREE_BYTES ((size_t)4 << 10)

/* The same within bounds; LB_ERR_OVERLOADED also when `take` refuses. */
lb_err lb_json_parse_bounded(struct lb_str text, const struct lb_json_bounds *bounds,
                             struct lb_json **out, struct lb_reason *reason);

/* The same, but the tree has its own copy of what it needs of `text`: its bytes and up to 16 for
 * each string, number and name. The strings in it end with a NUL, and may be changed in place,
 * though not their lengths. */
lb_err lb_json_parse_copy(struct lb_str text, unsigned max_depth, struct lb_json **out,
                          struct lb_reason *reason);

/* NULL does nothing. */
void lb_json_free(struct lb_json *tree);

enum lb_json_type lb_json_type(const struct lb_json *value);

/* The member of an object; NULL when it is missing or `object` is not an object. A member that is
 * null is a value of type LB_JSON_NULL. Compares the names one by one. */
const struct lb_json *lb_json_find(const struct lb_json *object, struct lb_str name);

/* Here, so that the compiler knows the length of a literal. */
static inline const struct lb_json *lb_json_member(const struct lb_json *object, const char *name)
{
    return lb_json_find(object, lb_str(name));
}

/* The number of items of an array, or of members of an object; 0 for anything else. */
size_t lb_json_length(const struct lb_json *value);

/* Item `index` of an array, at once; NULL when it does not exist. */
const struct lb_json *lb_json_item(const struct lb_json *array, size_t index);

/* Walks over the members of an object in the order of the text. All zero at the start, and not to
 * be used after a false. */
struct lb_json_walk {
    const struct lb_json *next;
};

/* The next member; false after the last, or when `object` is not an object. */
bool lb_json_next_member(const struct lb_json *object, struct lb_json_walk *walk,
                         struct lb_str *out_name, const struct lb_json **out_value);

/* The text of a string, number or boolean, as it was written (but for -0, which is 0); {NULL, 0}
 * for anything else, integers that lb_json_int64 refuses among it. */
struct lb_str lb_json_scalar(const struct lb_json *value);

/* The bytes of a string, valid UTF-8 that may hold NUL, without a NUL at the end; {NULL, 0} when it
 * is not a string (the `ptr` of an empty string is not NULL). */
struct lb_str lb_json_string(const struct lb_json *value);

/* False, with `*out` untouched, unless it is of type LB_JSON_INT and within -(2^63 - 1) and
 * 2^63 - 1. */
bool lb_json_int64(const struct lb_json *value, int64_t *out);

/* False, with `*out` untouched, unless it is a finite number (and, of type LB_JSON_INT, one that
 * lb_json_int64 takes). What is not 0 as it was written never becomes 0. */
bool lb_json_double(const struct lb_json *value, double *out);

/* False, with `*out` untouched, unless it is true or false. */
bool lb_json_bool(const struct lb_json *value, bool *out);

/* Appends the value as JSON on one line; a missing one as null. Members keep their order, and
 * numbers their digits, except that -0 becomes 0, and integers below -2^63 or over 2^64 - 1 become
 * these. Out of memory is remembered by the buffer. */
void lb_json_put(struct lb_buf *buf, const struct lb_json *value);

#endif
