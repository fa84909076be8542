/* Custom variables, as JSON objects of strings and as they are stored
 * (domain/outreach/variables.h). Threads: stateless. */
#ifndef LB_API_OUTREACH_VARIABLES_H
#define LB_API_OUTREACH_VARIABLES_H

#include "base/buf.h"
#include "json/decode.h"

/* Appends the variables of an object, or of none, to `out`, packed. NULL, or what is wrong with
 * them in words (static). Nulls are left out; numbers and booleans are taken as strings. */
const char *lb_variables_read(const struct lb_json *value, struct lb_buf *out);

/* Appends the packed variables as a JSON object. */
void lb_variables_put(struct lb_buf *body, struct lb_str packed);

#endif
