/* Slows down guesses: after ten failures within a minute, an address is told to wait for the next
 * minute (docs/api.md, section 1). Valid keys never ask here.
 *
 * Addresses, or other marks of 16 bytes, are remembered in a table of fixed size. When a set of it
 * is full, the mark with the fewest failures is forgotten, the oldest of these first; one that must
 * wait only if all of the set must. IPv6 addresses count by their /64, which is what one customer
 * gets.
 * Threads: any; a mutex is held for the look-up only. */
#ifndef LB_DOMAIN_ACCESS_THROTTLE_H
#define LB_DOMAIN_ACCESS_THROTTLE_H

#include <netinet/in.h>
#include <stdint.h>

#define LB_THROTTLE_MARK_SIZE 16 /* bytes */

struct lb_throttle;

/* NULL when out of memory. */
struct lb_throttle *lb_throttle_create(void);
void lb_throttle_destroy(struct lb_throttle *failures);

/* The seconds that the address has to wait, 0: none. Counts nothing. */
unsigned lb_throttle_wait(struct lb_throttle *failures, const struct in6_addr *address,
                          uint64_t now_ms);

/* Counts a failure. Returns 0, or the seconds that the address has to wait: it had failed too
 * often before. */
unsigned lb_throttle_add(struct lb_throttle *failures, const struct in6_addr *address,
                         uint64_t now_ms);

/* The same for a mark of another kind, such as a hash. One table is for one kind. */
unsigned lb_throttle_wait_mark(struct lb_throttle *failures,
                               const uint8_t mark[LB_THROTTLE_MARK_SIZE], uint64_t now_ms);
unsigned lb_throttle_add_mark(struct lb_throttle *failures,
                              const uint8_t mark[LB_THROTTLE_MARK_SIZE], uint64_t now_ms);

/* The mark of an address: itself, or for IPv6 its /64. */
void lb_throttle_network(const struct in6_addr *address, uint8_t out[LB_THROTTLE_MARK_SIZE]);

#endif
