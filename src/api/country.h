/* The country of the national phone numbers of a request: the one that it names in
 * "defaultCountry", or else its workspace's. */
#ifndef LB_API_COUNTRY_H
#define LB_API_COUNTRY_H

#include "api/call.h"

#define LB_COUNTRY_MUST_BE "must be the two letters of a country, such as DE"

/* The country that call->body names, else the workspace's, else an empty string. `*out` points into
 * the body or into static storage. NULL when it is good or missing, else what is wrong. */
const char *lb_country_read_body(const struct lb_call *call, struct lb_str *out);

/* The one that the query names; empty: none. False when the reply is set. */
bool lb_country_read_query(struct lb_call *call, struct lb_str *out);

/* That one, or the workspace's. Not before the request's turn has come: another node may have
 * changed the workspace's. */
struct lb_str lb_country_meant(const struct lb_call *call, struct lb_str named);

#endif
