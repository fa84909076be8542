/* Who is asking: the peer of a connection, or what trusted proxies say about it.
 *
 * IPv4 addresses are kept as IPv4-mapped IPv6. Threads: stateless. */
#ifndef LB_HTTP_ADDRESS_H
#define LB_HTTP_ADDRESS_H

#include "http/server.h"

struct sockaddr;

/* The address of a peer; ::1 when it has none (a Unix socket). */
void lb_address_of_peer(const struct sockaddr *peer, struct in6_addr *out);

bool lb_address_trusted(const struct lb_cidr *trusted, size_t count,
                        const struct in6_addr *address);

/* Formats an address; IPv4 as such. Returns the length; a NUL follows. */
size_t lb_address_format(const struct in6_addr *address, char out[INET6_ADDRSTRLEN]);

/* Walks the value of one X-Forwarded-For header from its right end, past trusted addresses.
 * `*client` becomes the last address that a trusted hop vouches for; what cannot be parsed ends the
 * walk. True when every element was trusted, so that an earlier header of this name counts too. */
bool lb_address_walk_forwarded(struct lb_str list, const struct lb_cidr *trusted, size_t count,
                               struct in6_addr *client);

#endif
