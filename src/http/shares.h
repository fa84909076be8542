/* How many connections each network has, so that one cannot take those of all others: an IPv4
 * address, and of IPv6 a /64, which is one customer's, and the /56 and /48 that providers give to
 * larger ones.
 *
 * Threads: any; the table is locked. For src/http only. */
#ifndef LB_HTTP_SHARES_H
#define LB_HTTP_SHARES_H

#include <netinet/in.h>
#include <stdbool.h>

struct lb_shares;

/* `most`: connections of an IPv4 address or a /64; a /56 may have twice as many, a /48 three times.
 * NULL when out of memory. */
struct lb_shares *lb_shares_create(unsigned most);

/* All were given back. NULL does nothing. */
void lb_shares_destroy(struct lb_shares *shares);

/* Counts one more connection from there. False, and nothing is counted: a network has all that it
 * may have, or there is no memory. */
bool lb_shares_take(struct lb_shares *shares, const struct in6_addr *address);

/* Counts one fewer; it was taken. */
void lb_shares_give(struct lb_shares *shares, const struct in6_addr *address);

#endif
