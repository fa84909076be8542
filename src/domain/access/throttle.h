/* Slows down who tries keys: after ten failed keys within a minute, an address is told to wait for
 * the next minute (docs/api.md, section 1). Valid keys never ask here.
 *
 * Addresses are remembered in a table of fixed size; when a set of it is full the one that failed
 * longest ago is forgotten. IPv6 addresses count by their /64, which is what one customer gets.
 * Threads: any; a mutex is held for the look-up only. */
#ifndef LB_DOMAIN_ACCESS_THROTTLE_H
#define LB_DOMAIN_ACCESS_THROTTLE_H

#include <netinet/in.h>
#include <stdint.h>

struct lb_throttle;

/* NULL when out of memory. */
struct lb_throttle *lb_throttle_create(void);
void lb_throttle_destroy(struct lb_throttle *failures);

/* The seconds that the address has to wait, 0: none. Counts nothing. */
unsigned lb_throttle_wait(struct lb_throttle *failures, const struct in6_addr *address,
                          uint64_t now_ms);

/* Counts a failed key. Returns 0, or the seconds that the address has to wait: it had failed too
 * often before. */
unsigned lb_throttle_add(struct lb_throttle *failures, const struct in6_addr *address,
                         uint64_t now_ms);

#endif
