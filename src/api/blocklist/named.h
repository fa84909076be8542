/* The name in a path of /v1/blocklist/{type}/{value}, and in a query: a name of any type. Threads:
 * the request's loop. */
#ifndef LB_API_BLOCKLIST_NAMED_H
#define LB_API_BLOCKLIST_NAMED_H

#include "api/blocklist/identifiers.h"

/* Reads the value as a name of that type, for a check. `out->identifier` is its key (item.h), which
 * lives as long as the request. A name that has no form is refused here, unless it is one of
 * LinkedIn's or had a form before: that may be stored (lb_asked). False when the reply is set. */
bool lb_named_read(struct lb_call *call, enum lb_name_type type, struct lb_str value,
                   struct lb_asked *out);

/* The name that the path of the request has. False when the reply is set. */
bool lb_named_read_path(struct lb_call *call, struct lb_asked *out);

/* The name that the query has: "publicIdentifier", or a name of any type as "type" and "value".
 * `*out_given`: there is one. False when the reply is set. */
bool lb_named_read_query(struct lb_call *call, struct lb_asked *out, bool *out_given);

/* Appends "publicIdentifier":... of a LinkedIn name that was asked for by itself, and else, or when
 * the path has a type, "type":...,"value":... and for a company's page its "companyUrl". */
void lb_named_put(const struct lb_call *call, struct lb_buf *body, struct lb_str key);

/* Appends ,"companyUrl":... for the page of a company, which alone tells it from a company's name;
 * nothing for other keys. */
void lb_named_put_page(struct lb_buf *body, struct lb_str key);

#endif
