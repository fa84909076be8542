#include "api/system/metrics.h"

#include "api/app.h"
#include "api/request_counts.h"
#include "base/clock.h"

#include <stdio.h>

void lb_metrics_put(struct lb_buf *out, const char *name, const char *type, const char *help,
                    double value)
{
    lb_buf_printf(out, "# HELP %s %s\n# TYPE %s %s\n%s %.15g\n", name, help, name, type, name,
                  value);
}

static void write_value(struct lb_buf *out, const char *name, const char *type, const char *help,
                        double value)
{
    char whole[96];
    snprintf(whole, sizeof whole, "leadblock_%s", name);
    lb_metrics_put(out, whole, type, help, value);
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

static void write_build(struct lb_app *app, struct lb_buf *out)
{
    lb_buf_append_lit(out, "# HELP leadblock_build_info What runs; the value is always 1.\n"
                           "# TYPE leadblock_build_info gauge\nleadblock_build_info{version=");
    lb_buf_printf(out, "\"%s\",commit=\"%s\",database=\"%s\"} 1\n", app->version, app->commit,
                  lb_config_is_postgres(app->config->database) ? "postgresql" : "sqlite");
}

/* Wrong passwords and links, keys and sessions: someone guesses, or a client has an old key. */
static void write_refusals(struct lb_app *app, struct lb_buf *out)
{
    write_value(out, "sign_in_failures_total", "counter",
                "Wrong passwords and one-time links that do not work.",
                (double)atomic_load(&app->failed_sign_ins));
    write_value(out, "key_failures_total", "counter",
                "Requests with an API key or a session that is not valid.",
                (double)atomic_load(&app->failed_keys));
}

/* A name without the workspace: the metrics name no customer. */
static void write_licenses(struct lb_app *app, struct lb_buf *out)
{
    static const unsigned days[] = {1, 7, 30};
    uint64_t ending[sizeof days / sizeof *days] = {0};
    uint64_t ended = 0;
    uint64_t all = 0;
    int64_t now = lb_clock_wall_ms();
    for (struct lb_workspace *workspace = lb_directory_workspaces(app->directory); workspace;
         workspace = lb_rcu_load(&workspace->next)) {
        int64_t ends = atomic_load(&workspace->expires_at);
        all++;
        ended += ends && ends <= now;
        for (size_t i = 0; i < sizeof days / sizeof *days; i++)
            ending[i] += ends > now && ends <= now + (int64_t)days[i] * LB_DAY_MS;
    }
    write_value(out, "workspaces", "gauge", "Workspaces.", (double)all);
    write_value(out, "licenses_ended", "gauge", "Workspaces whose license has ended.",
                (double)ended);
    lb_buf_append_lit(out, "# HELP leadblock_licenses_ending Workspaces whose license ends within "
                           "so many days.\n# TYPE leadblock_licenses_ending gauge\n");
    for (size_t i = 0; i < sizeof days / sizeof *days; i++)
        lb_buf_printf(out, "leadblock_licenses_ending{within_days=\"%u\"} %llu\n", days[i],
                      (unsigned long long)ending[i]);
}

/* A database that several nodes share is backed up by its own means. */
static void write_backup(struct lb_app *app, struct lb_buf *out)
{
    if (!lb_config_is_postgres(app->config->database))
        write_value(
            out, "last_backup_timestamp_seconds", "gauge",
            "When `leadblock backup` last made a copy that it has checked, in seconds since "
            "1970; 0: never.",
            (double)atomic_load(&app->last_backup_ms) / 1000);
}

void lb_metrics_write(struct lb_app *app, struct lb_buf *out)
{
    write_build(app, out);
    lb_metrics_put_process(out);
    lb_request_counts_put(app->counts, out);
    write_writer(app, out);
    write_readers(app, out);
    write_freshness(app, out);
    write_blocklist(app, out);
    write_hooks(app, out);
    write_refusals(app, out);
    write_licenses(app, out);
    write_backup(app, out);
    lb_metrics_put_disk(out, app->config->data);
    if (app->server)
        write_value(out, "connections", "gauge", "Open connections.",
                    lb_server_connections(app->server));
    write_value(out, "request_memory_bytes", "gauge",
                "Memory of bodies and large answers, in bytes; see request-memory.",
                (double)atomic_load(&app->memory.all.taken));
    write_value(out, "start_seconds", "gauge", "Duration of the start, including the replay.",
                (double)atomic_load(&app->start_us) / 1e6);
}
