/* Lists of blocked leads: reads skip, take, sort, cursor, include and the filters
 * (entry_filter.h) from the query, fetches the page through a reader, and replies with the array,
 * X-Total-Count and Link; or, when CSV is wanted, with all of them (entry_export.h). Threads: the
 * call's. */
#ifndef LB_API_BLOCKLIST_ENTRY_LIST_H
#define LB_API_BLOCKLIST_ENTRY_LIST_H

#include "api/call.h"

/* How one of the lists differs from the others. */
struct lb_entry_list {
    size_t take_default;
    size_t take_max;
    const char *take_name; /* as the contract calls it here: for the Link header */
    /* Appends an entry as an object, without the brace that ends it. */
    void (*put_entry)(struct lb_buf *body, const struct lb_call *call,
                      const struct lb_entry *entry);
    bool all_types; /* entries of every type, with all filters */
};

/* `kind` has static storage. */
enum lb_progress lb_entry_list_reply(struct lb_call *call, const struct lb_entry_list *kind);

#endif
