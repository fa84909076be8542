/* Counts of finished requests, by route: statuses and durations. Threads: any; counters are atomic
 * and may be a moment apart. */
#ifndef LB_API_REQUEST_COUNTS_H
#define LB_API_REQUEST_COUNTS_H

#include "base/buf.h"

struct lb_request_counts;

/* For `routes` routes; NULL when out of memory. */
struct lb_request_counts *lb_request_counts_create(size_t routes);
void lb_request_counts_destroy(struct lb_request_counts *counts);

/* Counts a finished request; `route` is its place in the table of routes, or `routes` for none. */
void lb_request_counts_add(struct lb_request_counts *counts, size_t route, unsigned status,
                           uint64_t ns);

/* Appends all in Prometheus' text format. */
void lb_request_counts_put(struct lb_request_counts *counts, struct lb_buf *out);

#endif
