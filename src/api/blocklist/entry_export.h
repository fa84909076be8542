/* A list of blocked leads as CSV, as long as it is (api/stream.h). Threads: as there. */
#ifndef LB_API_BLOCKLIST_ENTRY_EXPORT_H
#define LB_API_BLOCKLIST_ENTRY_EXPORT_H

#include "api/call.h"
#include "domain/blocklist/page.h"

/* Replies with what the query says, whose strings live as long as the request. */
enum lb_progress lb_entry_export_begin(struct lb_call *call, const struct lb_page_query *query);

#endif
