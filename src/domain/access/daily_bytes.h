/* How many bytes a workspace has recorded within the last day, beside the blocklist's log, which
 * has a bound of its own: leads and what is kept of them, campaigns with their texts, activities
 * that were handed out, imports, subscriptions, and what the audit log says of all these. Rough:
 * texts, and LB_RECORD_BYTES for a row with its places in indexes.
 *
 * Counted in memory by the hour: at this node, since its start.
 * Threads: the writer's. */
#ifndef LB_DOMAIN_ACCESS_DAILY_BYTES_H
#define LB_DOMAIN_ACCESS_DAILY_BYTES_H

#include <stdbool.h>
#include <stdint.h>

#define LB_RECORD_BYTES 512
/* The hour that goes on, and the 24 before it. */
#define LB_DAILY_HOURS 25

struct lb_daily_bytes {
    int64_t hour; /* since 1970, of the latest */
    uint64_t hours[LB_DAILY_HOURS];
    uint64_t sum;
};

void lb_daily_bytes_add(struct lb_daily_bytes *bytes, int64_t now_ms, uint64_t count);

/* Is there no room for more? Then `*out_wait_s`: until there is. */
bool lb_daily_bytes_full(struct lb_daily_bytes *bytes, int64_t now_ms, uint64_t max,
                         unsigned *out_wait_s);

#endif
