/* Parameters of the query, and what lists say in headers: X-Total-Count and Link. Threads: the
 * call's. */
#ifndef LB_API_QUERY_H
#define LB_API_QUERY_H

#include "api/call.h"

#define LB_SKIP_MAX ((UINT64_C(1) << 53) - 1) /* the greatest whole number of every JSON client */

/* One number of the query under either of two names (or one: NULL); `fallback` when it is missing.
 * False when the reply is set: not a number, above `max`, or given under both names. */
bool lb_query_number(struct lb_call *call, const char *name, const char *other, uint64_t fallback,
                     uint64_t max, uint64_t *out);

/* One text of the query, ptr NULL when it is missing. False when the reply is set. */
bool lb_query_text(struct lb_call *call, const char *name, struct lb_str *out);

/* The cursor of the query, 0 when it is missing. False when the reply is set. */
bool lb_query_cursor(struct lb_call *call, uint64_t *out);
/* The same of a lead, as its id shows its number: "c12_k3vx0t". */
bool lb_query_cursor_of_lead(struct lb_call *call, uint64_t *out);
/* The same after the id of its campaign, "cdemo.12_k3vx0t"; ptr NULL when the cursor is missing. */
bool lb_query_cursor_of_campaign_and_lead(struct lb_call *call, struct lb_str *campaign,
                                          uint64_t *lead);
/* Sets the reply for what is no cursor; false. */
bool lb_query_refuse_cursor(struct lb_call *call);

/* Does the query have no other parameters than those in `names` (divided by blanks) and such that
 * begin with an underscore? Of lists: one that is misspelt would show another page than was meant.
 * False when the reply is set. */
bool lb_query_only(struct lb_call *call, const char *names);

/* Sets X-Total-Count. */
void lb_query_put_total(struct lb_call *call, uint64_t total);

/* Sets the Link header to the same path with the query `format`; values need no escaping. */
void lb_query_put_link(struct lb_call *call, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The same in pieces: begins with the path, takes the query, escaped where needed, and sets the
 * header; `link` is released. */
void lb_query_begin_link(struct lb_call *call, struct lb_buf *link);
void lb_query_put_escaped(struct lb_buf *link, struct lb_str text);
void lb_query_end_link(struct lb_call *call, struct lb_buf *link);

#endif
