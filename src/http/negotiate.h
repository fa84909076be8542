/* What the headers of a request say about the reply: types and codings that the client takes, the
 * version that it has already (RFC 9110, sections 12.5 and 13.1.2), and what it prefers (RFC 7240).
 * Threads: stateless. */
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

/* Does the value of a Prefer header hold this preference, such as "handling=lenient", in small
 * letters? Its parameters do not count, nor do quotation marks. */
bool lb_negotiate_prefers(struct lb_str prefer, const char *preference);

#endif
