/* What /metrics tells: counters of requests, and the figures of the other parts, in Prometheus'
 * text format (https://prometheus.io/docs/instrumenting/exposition_formats/). Threads: any;
 * counters are atomic and may be a moment apart. */
#ifndef LB_API_SYSTEM_METRICS_H
#define LB_API_SYSTEM_METRICS_H

#include "base/buf.h"

#include <stdatomic.h>

struct lb_app;
struct lb_metrics;

/* For `routes` routes; NULL when out of memory. */
struct lb_metrics *lb_metrics_create(size_t routes);
void lb_metrics_destroy(struct lb_metrics *metrics);

/* Counts a finished request; `route` is its place in the table of routes, or `routes` for none. */
void lb_metrics_count(struct lb_metrics *metrics, size_t route, unsigned status, uint64_t ns);

/* Appends all figures. */
void lb_metrics_write(struct lb_app *app, struct lb_buf *out);

#endif
