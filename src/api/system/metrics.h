/* What /metrics tells: the figures of the running server, in Prometheus' text format
 * (https://prometheus.io/docs/instrumenting/exposition_formats/). Threads: any. */
#ifndef LB_API_SYSTEM_METRICS_H
#define LB_API_SYSTEM_METRICS_H

#include "api/app.h"

/* Appends all figures. */
void lb_metrics_write(struct lb_app *app, struct lb_buf *out);

#endif
