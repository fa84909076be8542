/* What the writer tells of itself (lb_writer_stats). Threads: noted by the writer's, but for
 * refusals; read by any. */
#ifndef LB_WRITER_FIGURES_H
#define LB_WRITER_FIGURES_H

#include "writer/writer.h"

/* All zero: nothing happened yet. */
struct lb_writer_figures {
    _Atomic uint64_t batches, writes, commit_ns, commit_max_ns, refused;
    _Atomic uint64_t batch_buckets[8], commit_buckets[8];
};

void lb_writer_figures_batch(struct lb_writer_figures *figures, size_t writes);

void lb_writer_figures_commit(struct lb_writer_figures *figures, uint64_t took_ns);

/* A write that was not queued. Any thread. */
void lb_writer_figures_refused(struct lb_writer_figures *figures);

/* All of it but what is queued. */
void lb_writer_figures_read(struct lb_writer_figures *figures, struct lb_writer_stats *out);

#endif
