/* Which entries a list of them is asked for: `search`, and in lists of every type also `type`,
 * `kind`, `by`, `since`, `until` and `endsBefore`. Bounds in time are looked up in memory and cost
 * nothing; for all else each entry has to be looked at.
 *
 * Threads: read on the request's loop, prepared by a reader. */
#ifndef LB_API_BLOCKLIST_ENTRY_FILTER_H
#define LB_API_BLOCKLIST_ENTRY_FILTER_H

#include "api/call.h"
#include "domain/blocklist/page.h"

#define LB_ENTRY_FILTERS       "search"
#define LB_ENTRY_TYPED_FILTERS LB_ENTRY_FILTERS " type kind by since until endsBefore"

/* As they were sent, decoded; empty: not asked for. */
struct lb_entry_filter {
    struct lb_str search, type, kind, by, since, until, ends_before;
    bool nobody; /* no key or user has the id `by` */
};

/* Takes the query into `query`; `all_types`: the list has entries of every type. False when the
 * reply is set. */
bool lb_entry_filter_read(struct lb_entry_filter *filter, struct lb_call *call, bool all_types,
                          struct lb_page_query *query);

/* Looks up who `by` is. */
lb_err lb_entry_filter_prepare(struct lb_entry_filter *filter, struct lb_call *call,
                               struct lb_store_reader *reader, struct lb_page_query *query);

/* Appends &name=value for each. */
void lb_entry_filter_put(const struct lb_entry_filter *filter, struct lb_buf *link);

#endif
