/* Entries of a request body: names of any type, each with a reason, a kind and an end. They are
 * normalised and checked, and the bad ones listed. */
#ifndef LB_API_BLOCKLIST_ENTRIES_H
#define LB_API_BLOCKLIST_ENTRIES_H

#include "api/blocklist/identifiers.h"

/* Reads {"entries":[...],"force":...,"defaultCountry":...} of call->body. False when the reply is
 * set. The result lives as long as the request. */
bool lb_entries_read(struct lb_call *call, enum lb_names_for what_for, struct lb_identifiers *out);

/* The kind and end of an object: NULL when they are good or missing, else what is wrong. */
const char *lb_entries_read_kind(const struct lb_json *object, enum lb_block_kind *out_kind,
                                 int64_t *out_end);

/* Keeps the item with its kind and end as the log will have it. False when the reply is set. */
bool lb_entries_keep_stored(struct lb_call *call, struct lb_kept *kept, enum lb_block_kind kind,
                            int64_t end, struct lb_change_item *item);

/* Appends ,"entries":[{"type":...,"value":...,"leads":37}] of the good ones, in the order of the
 * request; `leads` when they were to be counted, null of what was not. */
void lb_entries_put(struct lb_buf *body, const struct lb_identifiers *identifiers);

#endif
