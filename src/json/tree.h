/* How a tree of values lies in memory: what the scan builds and the getters read. For src/json
 * alone.
 *
 * A tree is one array of slots in one allocation, and begins with its root. A value is a slot,
 * followed by the slots of what is in it; the slot after those is the next value. In it are:
 *
 *   string, number   its bytes and a NUL, when it is `stored`; else nothing: they are in the text
 *   array            its items, and unless each of these is a single slot, a table: for each item a
 *                    uint32_t, how many slots after the array's own it begins
 *   object           for each member its name, which is a string, and then its value
 *
 * There is no pointer from slot to slot, so the array may move while it grows. Threads: stateless.
 */
#ifndef LB_JSON_TREE_H
#define LB_JSON_TREE_H

#include "json/decode.h"

struct lb_json {
    const char *text;    /* of a string, number or boolean that is not stored */
    uint32_t length;     /* bytes of that; items of an array; members of an object */
    uint32_t type : 4;   /* enum lb_json_type */
    uint32_t stored : 1; /* see above */
  uint32_t slots : 27;   /* this one and those that belong to it; see LB_JSON_MAX_BYTES */
};

_Static_assert(sizeof(struct lb_json) == 16, "decode.h tells what a tree weighs");

static inline size_t lb_json_slots_for(size_t bytes)
{
    return (bytes + sizeof(struct lb_json) - 1) / sizeof(struct lb_json);
}

/* Of a string, number or boolean. */
static inline struct lb_str lb_json_text(const struct lb_json *value)
{
    return (struct lb_str){value->stored ? (const char *)(value + 1) : value->text, value->length};
}

/* An array without items has none either. */
static inline bool lb_json_has_table(const struct lb_json *array)
{
    return array->slots > 1 + array->length;
}

static inline const uint32_t *lb_json_table(const struct lb_json *array)
{
    size_t size = lb_json_slots_for(array->length * sizeof(uint32_t));
    return (const uint32_t *)(array + array->slots - size);
}

#endif
