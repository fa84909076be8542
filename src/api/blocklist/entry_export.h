/* A list of blocked leads as CSV, as long as it is (api/stream.h). Threads: as there. */
#ifndef LB_API_BLOCKLIST_ENTRY_EXPORT_H
#define LB_API_BLOCKLIST_ENTRY_EXPORT_H

#include "api/blocklist/entry_filter.h"

/* Replies with what query and filter say, whose strings live as long as the request. `all_types`:
 * with type, kind and end of each entry. */
enum lb_progress lb_entry_export_begin(struct lb_call *call, const struct lb_page_query *query,
                                       const struct lb_entry_filter *filter, bool all_types);

#endif
