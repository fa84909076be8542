/* The addresses from which each account was used: those that signed in, and those that sessions
 * come from. Attempts from there are counted apart (attempts.h).
 *
 * In memory, of a bounded size: up to 8 addresses for each account, the least recently used one is
 * forgotten, so that one account cannot push out another's; and the accounts that were used last,
 * thousands of them. After a restart each address is known again with the first request of a
 * session. IPv6 addresses count by their /64. Threads: any; a mutex is held for the look-up only.
 */
#ifndef LB_DOMAIN_ACCESS_KNOWN_ADDRESSES_H
#define LB_DOMAIN_ACCESS_KNOWN_ADDRESSES_H

#include "base/str.h"

#include <netinet/in.h>
#include <stdbool.h>

#define LB_KNOWN_ADDRESSES_EACH 8

struct lb_known_addresses;

/* NULL when out of memory. */
struct lb_known_addresses *lb_known_addresses_create(void);
void lb_known_addresses_destroy(struct lb_known_addresses *known);

/* `account`: what names it, in one spelling. */
void lb_known_addresses_add(struct lb_known_addresses *known, struct lb_str account,
                            const struct in6_addr *address);
bool lb_known_addresses_has(struct lb_known_addresses *known, struct lb_str account,
                            const struct in6_addr *address);

#endif
