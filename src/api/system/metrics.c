#include "api/system/metrics.h"

#include "api/app.h"
#include "api/routes.h"

#include <stdlib.h>

/* Upper bounds of the durations, in microseconds. */
static const uint64_t bounds_us[] = {50,   100,   250,   500,    1000,   2500,
                                     5000, 10000, 25000, 100000, 500000, 1000000};
#define BUCKETS (sizeof bounds_us / sizeof *bounds_us + 1)
#define CLASSES 6 /* of statuses: 0 for none, 1xx to 5xx */

struct route_metrics {
    _Atomic uint64_t statuses[CLASSES];
    _Atomic uint64_t buckets[BUCKETS];
    _Atomic uint64_t total_ns;
} __attribute__((aligned(64)));

struct lb_metrics {
    size_t count;
    struct route_metrics routes[];
};

struct lb_metrics *lb_metrics_create(size_t routes)
{
    size_t size = sizeof(struct lb_metrics) + (routes + 1) * sizeof(struct route_metrics);
    size = (size + 63) & ~(size_t)63;
    struct lb_metrics *metrics = aligned_alloc(64, size);
    if (!metrics)
        return NULL;
    memset(metrics, 0, size);
    metrics->count = routes + 1;
    return metrics;
}

void lb_metrics_destroy(struct lb_metrics *metrics)
{
    free(metrics);
}

static void add(_Atomic uint64_t *counter, uint64_t amount)
{
    atomic_fetch_add_explicit(counter, amount, memory_order_relaxed);
}

static uint64_t get(_Atomic uint64_t *counter)
{
    return atomic_load_explicit(counter, memory_order_relaxed);
}

void lb_metrics_count(struct lb_metrics *metrics, size_t route, unsigned status, uint64_t ns)
{
    struct route_metrics *of = &metrics->routes[route];
    size_t bucket = 0;
    while (bucket < BUCKETS - 1 && ns > bounds_us[bucket] * 1000)
        bucket++;
    add(&of->statuses[status / 100 < CLASSES ? status / 100 : 0], 1);
    add(&of->buckets[bucket], 1);
    add(&of->total_ns, ns);
}

static void write_route_labels(struct lb_buf *out, size_t route)
{
    bool known = route < lb_route_count;
    lb_buf_printf(out, "method=\"%s\",route=\"%s\"",
                  known ? lb_method_name(lb_routes[route].method) : "-",
                  known ? lb_routes[route].pattern : "-");
}

static void write_statuses(struct lb_metrics *metrics, struct lb_buf *out)
{
    lb_buf_append_lit(out, "# HELP leadblock_requests_total Finished requests.\n"
                           "# TYPE leadblock_requests_total counter\n");
    for (size_t route = 0; route < metrics->count; route++) {
        for (size_t class = 0; class < CLASSES; class ++) {
            uint64_t value = get(&metrics->routes[route].statuses[class]);
            if (value == 0)
                continue;
            lb_buf_append_lit(out, "leadblock_requests_total{");
            write_route_labels(out, route);
            lb_buf_printf(out, ",status=\"%zuxx\"} %llu\n", class, (unsigned long long)value);
        }
    }
}

static void write_durations(struct lb_metrics *metrics, struct lb_buf *out)
{
    static const char name[] = "leadblock_request_duration_seconds";
    lb_buf_printf(out,
                  "# HELP %s From complete headers to the end of the response.\n"
                  "# TYPE %s histogram\n",
                  name, name);
    for (size_t route = 0; route < metrics->count; route++) {
        struct route_metrics *of = &metrics->routes[route];
        uint64_t sum = 0;
        for (size_t bucket = 0; bucket < BUCKETS; bucket++)
            sum += get(&of->buckets[bucket]);
        if (sum == 0)
            continue;
        uint64_t below = 0;
        for (size_t bucket = 0; bucket < BUCKETS; bucket++) {
            below += get(&of->buckets[bucket]);
            lb_buf_printf(out, "%s_bucket{", name);
            write_route_labels(out, route);
            if (bucket < BUCKETS - 1)
                lb_buf_printf(out, ",le=\"%g\"} %llu\n", (double)bounds_us[bucket] / 1e6,
                              (unsigned long long)below);
            else
                lb_buf_printf(out, ",le=\"+Inf\"} %llu\n", (unsigned long long)below);
        }
        lb_buf_printf(out, "%s_sum{", name);
        write_route_labels(out, route);
        lb_buf_printf(out, "} %g\n%s_count{", (double)get(&of->total_ns) / 1e9, name);
        write_route_labels(out, route);
        lb_buf_printf(out, "} %llu\n", (unsigned long long)below);
    }
}

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
    write_value(out, "writer_queue", "gauge", "Writes that wait or are under way.",
                (double)stats.queued);
    write_value(out, "writer_refused_total", "counter",
                "Writes refused because the queue or a share of it was full.",
                (double)stats.refused);
    write_histogram(out, "batch_writes", "Writes in one commit.", stats.batch_buckets, batch_bounds,
                    (double)stats.writes);
    write_histogram(out, "commit_duration_seconds", "Commits, with their fsync.",
                    stats.commit_buckets, commit_bounds, (double)stats.commit_ns / 1e9);
    write_value(out, "commit_duration_seconds_max", "gauge", "The slowest commit so far.",
                (double)stats.commit_max_ns / 1e9);
}

static void write_readers(struct lb_app *app, struct lb_buf *out)
{
    struct lb_readers_stats stats;
    lb_readers_stats(app->readers, &stats);
    write_value(out, "reader_queue", "gauge", "Reads that wait or are under way.",
                (double)stats.queued);
    write_value(out, "reader_refused_total", "counter",
                "Reads refused because the queue or a share of it was full.",
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
                "Times that the database was asked whether memory lacks something.",
                (double)stats.questions);
    write_value(out, "database_question_requests_total", "counter",
                "Requests for which it was asked.", (double)stats.requests);
    write_value(out, "database_question_failures_total", "counter", "Times that it did not answer.",
                (double)stats.failures);
    write_value(out, "database_refreshes_total", "counter",
                "Times that memory lacked what another node had written.", (double)stats.refreshes);
}

static void write_blocklist(struct lb_app *app, struct lb_buf *out)
{
    if (!app->blocklist)
        return;
    struct lb_blocklist_stats stats;
    lb_blocklist_stats(app->blocklist, &stats);
    write_value(out, "entries", "gauge", "Blocked leads, in all lists.",
                (double)stats.index.entries);
    write_value(out, "index_bytes", "gauge", "Memory of the membership index.",
                (double)stats.index.bytes);
    write_value(out, "stamp_bytes", "gauge", "Memory of the times of blocks.",
                (double)stats.stamp_bytes);
    write_value(out, "order_bytes", "gauge", "Memory of the lists' order.",
                (double)stats.order_bytes);
}

void lb_metrics_write(struct lb_app *app, struct lb_buf *out)
{
    write_statuses(app->metrics, out);
    write_durations(app->metrics, out);
    write_writer(app, out);
    write_readers(app, out);
    write_freshness(app, out);
    write_blocklist(app, out);
    if (app->server)
        write_value(out, "connections", "gauge", "Open connections.",
                    lb_server_connections(app->server));
    write_value(out, "start_seconds", "gauge", "How long the start took, with the replay.",
                (double)atomic_load(&app->start_us) / 1e6);
}
