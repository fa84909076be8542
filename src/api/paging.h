/* Lists of blocked leads: reads skip, take, sort, search, cursor and include from the query,
 * fetches the page through a reader, and replies with the array, X-Total-Count and Link. */
#ifndef LB_API_PAGING_H
#define LB_API_PAGING_H

#include "api/call.h"

struct lb_paging {
    size_t take_default;
    size_t take_max;
    const char *skip_name; /* as the contract calls them here: for the Link header */
    const char *take_name;
    /* Appends an entry as an object, without the brace that ends it. */
    void (*put_entry)(struct lb_buf *body, const struct lb_call *call,
                      const struct lb_entry *entry);
};

/* `paging` has static storage. */
enum lb_progress lb_paging_reply(struct lb_call *call, const struct lb_paging *paging);

/* One number of the query under either of two names (or one: NULL); `fallback` when it is missing.
 * False when the reply is set: not a number, above `max`, or given under both names. */
bool lb_paging_number(struct lb_call *call, const char *name, const char *other, uint64_t fallback,
                      uint64_t max, uint64_t *out);

/* One text of the query, ptr NULL when it is missing. False when the reply is set. */
bool lb_paging_text(struct lb_call *call, const char *name, struct lb_str *out);

/* The cursor of the query, 0 when it is missing. False when the reply is set. */
bool lb_paging_cursor(struct lb_call *call, uint64_t *out);

/* Sets X-Total-Count. */
void lb_paging_put_total(struct lb_call *call, uint64_t total);

/* Sets the Link header to the same path with the query `format`; values need no escaping. */
void lb_paging_put_link(struct lb_call *call, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
