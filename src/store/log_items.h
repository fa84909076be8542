/* The items of a row of the blocklist log: strings joined by commas. An item is a value, and may
 * say more of itself after it, in this order and as far as there is anything to say:
 *
 *     value;type;reason;kind;end
 *
 * In each of these a backslash stands before `,`, `;` and `\`. Names hold none of the three, so
 * that a row of plain names looks like a list of them. (`|` would not do: names of version 0.1.0
 * may hold it.) Nothing writes a reason here, and so no backslash: a row's reason is that of all
 * its items. What is written: lb_item_put. Threads: stateless. */
#ifndef LB_STORE_LOG_ITEMS_H
#define LB_STORE_LOG_ITEMS_H

#include "base/str.h"

/* The first `end` in the text that has no backslash before it; NULL: none. */
static inline const char *lb_log_items_find(struct lb_str text, char end)
{
    const char *found = text.len ? memchr(text.ptr, end, text.len) : NULL;
    if (!found || !memchr(text.ptr, '\\', (size_t)(found - text.ptr)))
        return found;
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] == end)
            return text.ptr + i;
        i += text.ptr[i] == '\\';
    }
    return NULL;
}

/* Takes what is before the first `end` off `*rest`; false when nothing is left. */
static inline bool lb_log_items_split(struct lb_str *rest, char end, struct lb_str *out)
{
    if (!rest->ptr)
        return false;
    const char *found = lb_log_items_find(*rest, end);
    out->ptr = rest->ptr;
    out->len = found ? (size_t)(found - rest->ptr) : rest->len;
    rest->len -= found ? out->len + 1 : rest->len;
    rest->ptr = found ? found + 1 : NULL;
    return true;
}

/* Takes the first item off `*rest`; false when none is left. */
static inline bool lb_log_items_next(struct lb_str *rest, struct lb_str *out)
{
    return lb_log_items_split(rest, ',', out);
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
    uint64_t count = 0;
    struct lb_str item;
    if (!items.ptr)
        return 0;
    if (memchr(items.ptr, '\\', items.len)) {
        while (lb_log_items_next(&items, &item))
            count++;
        return count;
    }
    for (size_t i = 0; i < items.len; i++)
        count += items.ptr[i] == ',';
    return count + 1;
}

/* What an item says, as it is stored; ptr NULL: nothing. */
struct lb_log_item {
    struct lb_str value, type, reason, kind, end;
};

/* False when it has more parts than there are. */
static inline bool lb_log_item_read(struct lb_str item, struct lb_log_item *out)
{
    struct lb_str *const parts[] = {&out->value, &out->type, &out->reason, &out->kind, &out->end};
    *out = (struct lb_log_item){0};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        if (!lb_log_items_split(&item, ';', parts[i]))
            return true;
        if (i && !parts[i]->len)
            parts[i]->ptr = NULL;
    }
    return !item.ptr;
}

#endif
