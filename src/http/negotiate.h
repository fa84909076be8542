/* What the headers of a request say about the form of the reply: codings that the client takes, and
 * the version that it has already (RFC 9110, sections 12.5.3 and 13.1.2). Threads: stateless. */
#ifndef LB_HTTP_NEGOTIATE_H
#define LB_HTTP_NEGOTIATE_H

#include "base/str.h"

/* Does the value of an Accept-Encoding header allow gzip? By name or by "*", unless with q=0. A
 * missing header, and what cannot be parsed, allow nothing: every client takes the plain form. */
bool lb_negotiate_gzip(struct lb_str accept_encoding);

/* Does the value of an Accept header name this media type, unless with q=0? */
bool lb_negotiate_type(struct lb_str accept, const char *type);

/* Does the value of an If-None-Match header hold this entity tag (with its quotes), or "*"? The
 * comparison is the weak one. */
bool lb_negotiate_match(struct lb_str if_none_match, struct lb_str etag);

#endif
