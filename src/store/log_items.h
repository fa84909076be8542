/* The items of a row of the blocklist log: strings joined by commas. Threads: stateless. */
#ifndef LB_STORE_LOG_ITEMS_H
#define LB_STORE_LOG_ITEMS_H

#include "base/str.h"

/* Takes the first item off `*rest`; false when none is left. */
static inline bool lb_log_items_next(struct lb_str *rest, struct lb_str *out)
{
    if (!rest->ptr)
        return false;
    const char *comma = memchr(rest->ptr, ',', rest->len);
    out->ptr = rest->ptr;
    out->len = comma ? (size_t)(comma - rest->ptr) : rest->len;
    rest->len -= comma ? out->len + 1 : rest->len;
    rest->ptr = comma ? comma + 1 : NULL;
    return true;
}

/* Item `n`, from 0; false when there are not so many. */
static inline bool lb_log_items_nth(struct lb_str items, uint64_t n, struct lb_str *out)
{
    bool found;
    do
        found = lb_log_items_next(&items, out);
    while (found && n-- > 0);
    return found;
}

/* How many there are. */
static inline uint64_t lb_log_items_count(struct lb_str items)
{
    if (!items.ptr)
        return 0;
    uint64_t count = 1;
    for (size_t i = 0; i < items.len; i++)
        count += items.ptr[i] == ',';
    return count;
}

#endif
