/* What /metrics tells: the figures of the running server, in Prometheus' text format
 * (https://prometheus.io/docs/instrumenting/exposition_formats/). Threads: any. */
#ifndef LB_API_SYSTEM_METRICS_H
#define LB_API_SYSTEM_METRICS_H

#include "api/app.h"

/* Appends one figure with its help. `name`: the whole of it; `type`: "counter" or "gauge". */
void lb_metrics_put(struct lb_buf *out, const char *name, const char *type, const char *help,
                    double value);

/* Appends those of process_metrics.c. What cannot be told is left out. */
void lb_metrics_put_process(struct lb_buf *out);
void lb_metrics_put_disk(struct lb_buf *out, const char *folder);

/* Appends all figures. */
void lb_metrics_write(struct lb_app *app, struct lb_buf *out);

#endif
