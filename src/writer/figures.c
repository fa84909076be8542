#include "writer/figures.h"

#define BUCKETS 8

static void count(_Atomic uint64_t *counter, uint64_t amount)
{
    atomic_fetch_add_explicit(counter, amount, memory_order_relaxed);
}

static uint64_t load(_Atomic uint64_t *counter)
{
    return atomic_load_explicit(counter, memory_order_relaxed);
}

void lb_writer_figures_batch(struct lb_writer_figures *figures, size_t writes)
{
    size_t bucket = 0;
    while (bucket < BUCKETS - 1 && writes > (size_t)1 << (2 * bucket))
        bucket++;
    count(&figures->batch_buckets[bucket], 1);
    count(&figures->batches, 1);
    count(&figures->writes, writes);
}

void lb_writer_figures_commit(struct lb_writer_figures *figures, uint64_t took_ns)
{
    static const uint64_t bounds_us[BUCKETS - 1] = {100, 500, 1000, 2000, 5000, 20000, 100000};
    size_t bucket = 0;
    while (bucket < BUCKETS - 1 && took_ns > bounds_us[bucket] * 1000)
        bucket++;
    count(&figures->commit_buckets[bucket], 1);
    count(&figures->commit_ns, took_ns);
    if (took_ns > load(&figures->commit_max_ns))
        atomic_store_explicit(&figures->commit_max_ns, took_ns, memory_order_relaxed);
}

void lb_writer_figures_refused(struct lb_writer_figures *figures)
{
    count(&figures->refused, 1);
}

void lb_writer_figures_read(struct lb_writer_figures *figures, struct lb_writer_stats *out)
{
    *out = (struct lb_writer_stats){
        .batches = load(&figures->batches),
        .writes = load(&figures->writes),
        .commit_ns = load(&figures->commit_ns),
        .commit_max_ns = load(&figures->commit_max_ns),
        .refused = load(&figures->refused),
    };
    for (int i = 0; i < BUCKETS; i++) {
        out->batch_buckets[i] = load(&figures->batch_buckets[i]);
        out->commit_buckets[i] = load(&figures->commit_buckets[i]);
    }
}
