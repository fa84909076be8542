#include "api/system/metrics.h"

#include "api/app.h"
#include "api/request_counts.h"

static void write_value(struct lb_buf *out, const char *name, const char *type, const char *help,
                        double value)
{
    lb_buf_printf(out, "# HELP leadblock_%s %s\n# TYPE leadblock_%s %s\nleadblock_%s %.15g\n", name,
                  help, name, type, name, value);
}

/* Buckets of the writer, whose bounds are `bounds`; the last one is open. */
static void write_histogram(struct lb_buf *out, const char *name, const char *help,
                            const uint64_t buckets[8], const double bounds[7], double sum)
{
    lb_buf_printf(out, "# HELP leadblock_%s %s\n# TYPE leadblock_%s histogram\n", name, help, name);
    uint64_t below = 0;
    for (size_t i = 0; i < 8; i++) {
        below += buckets[i];
        if (i < 7)
            lb_buf_printf(out, "leadblock_%s_bucket{le=\"%g\"} %llu\n", name, bounds[i],
                          (unsigned long long)below);
        else
            lb_buf_printf(out, "leadblock_%s_bucket{le=\"+Inf\"} %llu\n", name,
                          (unsigned long long)below);
    }
    lb_buf_printf(out, "leadblock_%s_sum %.15g\nleadblock_%s_count %llu\n", name, sum, name,
                  (unsigned long long)below);
}

static void write_writer(struct lb_app *app, struct lb_buf *out)
{
    static const double batch_bounds[] = {1, 4, 16, 64, 256, 1024, 4096};
    static const double commit_bounds[] = {1e-4, 5e-4, 1e-3, 2e-3, 5e-3, 2e-2, 1e-1};
    struct lb_writer_stats stats;
    lb_writer_stats(app->writer, &stats);
    write_value(out, "writer_queue", "gauge", "Writes waiting or in progress.",
                (double)stats.queued);
    write_value(out, "writer_refused_total", "counter",
                "Writes rejected because the queue, or a workspace's share of it, was full.",
                (double)stats.refused);
    write_histogram(out, "batch_writes", "Writes per commit.", stats.batch_buckets, batch_bounds,
                    (double)stats.writes);
    write_histogram(out, "commit_duration_seconds", "Duration of commits, including fsync.",
                    stats.commit_buckets, commit_bounds, (double)stats.commit_ns / 1e9);
    write_value(out, "commit_duration_seconds_max", "gauge",
                "Duration of the slowest commit since the start.",
                (double)stats.commit_max_ns / 1e9);
}

static void write_readers(struct lb_app *app, struct lb_buf *out)
{
    struct lb_readers_stats stats;
    lb_readers_stats(app->readers, &stats);
    write_value(out, "reader_queue", "gauge", "Reads waiting or in progress.",
                (double)stats.queued);
    write_value(out, "reader_refused_total", "counter",
                "Reads rejected because the queue, or a workspace's share of it, was full.",
                (double)stats.refused);
}

/* Of a database that several nodes share. */
static void write_freshness(struct lb_app *app, struct lb_buf *out)
{
    if (!app->freshness)
        return;
    struct lb_freshness_stats stats;
    lb_freshness_stats(app->freshness, &stats);
    write_value(out, "database_questions_total", "counter",
                "Freshness queries sent to the database.", (double)stats.questions);
    write_value(out, "database_question_requests_total", "counter",
                "Requests that waited for a freshness query.", (double)stats.requests);
    write_value(out, "database_question_failures_total", "counter",
                "Freshness queries that failed.", (double)stats.failures);
    write_value(out, "database_refreshes_total", "counter",
                "Freshness queries that found changes of other nodes.", (double)stats.refreshes);
}

static void write_hooks(struct lb_app *app, struct lb_buf *out)
{
    static const char *const states[LB_HOOK_STATE_COUNT] = {"active", "paused", "failing", "gone"};
    if (!app->hooks)
        return;
    struct lb_hooks_stats stats;
    lb_hooks_stats(app->hooks, &stats);
    lb_buf_append_lit(out, "# HELP leadblock_hooks Subscriptions to events.\n"
                           "# TYPE leadblock_hooks gauge\n");
    for (int i = 0; i < LB_HOOK_STATE_COUNT; i++)
        lb_buf_printf(out, "leadblock_hooks{state=\"%s\"} %llu\n", states[i],
                      (unsigned long long)stats.by_state[i]);
    write_value(out, "hook_requests", "gauge", "Deliveries being sent.", (double)stats.sending);
    write_value(out, "hook_queue", "gauge", "Subscriptions that wait to send.",
                (double)stats.waiting);
    write_value(out, "hook_deliveries_total", "counter", "Events that receivers accepted.",
                (double)stats.delivered);
    write_value(out, "hook_failures_total", "counter", "Deliveries that failed.",
                (double)stats.failed);
    write_value(out, "hook_refused_total", "counter",
                "Deliveries not sent because the address is not allowed.", (double)stats.refused);
}

static void write_blocklist(struct lb_app *app, struct lb_buf *out)
{
    if (!app->blocklist)
        return;
    struct lb_blocklist_stats stats;
    lb_blocklist_stats(app->blocklist, &stats);
    write_value(out, "entries", "gauge", "Blocked leads, in all lists.",
                (double)stats.index.entries);
    write_value(out, "index_bytes", "gauge", "Memory of the membership index, in bytes.",
                (double)stats.index.bytes);
    write_value(out, "stamp_bytes", "gauge", "Memory of the times of blocks, in bytes.",
                (double)stats.stamp_bytes);
    write_value(out, "order_bytes", "gauge", "Memory of the order of lists, in bytes.",
                (double)stats.order_bytes);
}

void lb_metrics_write(struct lb_app *app, struct lb_buf *out)
{
    lb_request_counts_put(app->counts, out);
    write_writer(app, out);
    write_readers(app, out);
    write_freshness(app, out);
    write_blocklist(app, out);
    write_hooks(app, out);
    if (app->server)
        write_value(out, "connections", "gauge", "Open connections.",
                    lb_server_connections(app->server));
    write_value(out, "request_memory_bytes", "gauge",
                "Memory of bodies and large answers, in bytes; see request-memory.",
                (double)atomic_load(&app->memory.all.taken));
    write_value(out, "start_seconds", "gauge", "Duration of the start, including the replay.",
                (double)atomic_load(&app->start_us) / 1e6);
}
