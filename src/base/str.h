/* Borrowed strings and small string tools. A `struct lb_str` never owns its bytes and need not be
 * NUL-terminated. Threads: stateless. */
#ifndef LB_BASE_STR_H
#define LB_BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct lb_str {
    const char *ptr;
    size_t len; /* bytes */
};

#define LB_STR(literal) ((struct lb_str){(literal), sizeof(literal) - 1})

static inline struct lb_str lb_str(const char *text)
{
    return (struct lb_str){text, text ? strlen(text) : 0};
}

static inline bool lb_str_equal(struct lb_str a, struct lb_str b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

/* What follows the first `bytes`, of which there are as many. */
static inline struct lb_str lb_str_skip(struct lb_str text, size_t bytes)
{
    return (struct lb_str){text.ptr + bytes, text.len - bytes};
}

/* Parses a decimal number without sign or white space. False when it is empty, holds anything but
 * digits, or exceeds `max`; `*out` is then untouched. */
bool lb_str_to_u64(struct lb_str text, uint64_t max, uint64_t *out);

/* The same for a number that is the text of an id: "42" and nothing else is 42, so neither "042"
 * nor "0". */
bool lb_str_to_id(struct lb_str text, uint64_t max, uint64_t *out);

#define LB_U64_DIGITS 20 /* of the largest number */

/* A number in decimal, in `digits`. */
struct lb_str lb_str_of_u64(uint64_t value, char digits[LB_U64_DIGITS]);

/* What follows a noun of which there are so many, and which takes an s. */
static inline const char *lb_plural(uint64_t count)
{
    return count == 1 ? "" : "s";
}

/* Copies into `out` (capacity `size` with the NUL), false when it does not fit. */
bool lb_str_copy(struct lb_str text, char *out, size_t size);

#endif
