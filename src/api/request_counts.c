#include "api/request_counts.h"

#include "api/routes.h"

#include <stdatomic.h>
#include <stdlib.h>

/* Upper bounds of the durations, in microseconds. */
static const uint64_t bounds_us[] = {50,   100,   250,   500,    1000,   2500,
                                     5000, 10000, 25000, 100000, 500000, 1000000};
#define BUCKETS   (sizeof bounds_us / sizeof *bounds_us + 1)
#define ALIGNMENT 64 /* a cache line */
#define CLASSES   6  /* of statuses: 0 for none, 1xx to 5xx */

struct route_counts {
    _Atomic uint64_t statuses[CLASSES];
    _Atomic uint64_t buckets[BUCKETS];
    _Atomic uint64_t total_ns;
} __attribute__((aligned(ALIGNMENT)));

/* Each thread counts in one of these, so that threads do not take cache lines from each other with
 * every request; with more threads than shards some share one. */
#define SHARDS 16

struct lb_request_counts {
    size_t count; /* of routes in a shard */
    struct route_counts *shards[SHARDS];
    char *memory;
};

struct lb_request_counts *lb_request_counts_create(size_t routes)
{
    struct lb_request_counts *counts = calloc(1, sizeof *counts);
    size_t shard_bytes = (routes + 1) * sizeof(struct route_counts);
    if (!counts)
        return NULL;
    /* Of a shard that no thread uses, the kernel gives no pages: calloc does not touch them. */
    counts->memory = calloc(1, SHARDS * shard_bytes + ALIGNMENT);
    if (!counts->memory) {
        free(counts);
        return NULL;
    }
    char *at = counts->memory + (ALIGNMENT - (uintptr_t)counts->memory % ALIGNMENT);
    for (size_t i = 0; i < SHARDS; i++)
        counts->shards[i] = (struct route_counts *)(void *)(at + i * shard_bytes);
    counts->count = routes + 1;
    return counts;
}

void lb_request_counts_destroy(struct lb_request_counts *counts)
{
    if (!counts)
        return;
    free(counts->memory);
    free(counts);
}

static void add(_Atomic uint64_t *counter, uint64_t amount)
{
    atomic_fetch_add_explicit(counter, amount, memory_order_relaxed);
}

static size_t shard_of_thread(void)
{
    static _Atomic size_t threads;
    static _Thread_local size_t number; /* from 1 on */
    if (!number)
        number = atomic_fetch_add_explicit(&threads, 1, memory_order_relaxed) + 1;
    return number % SHARDS;
}

void lb_request_counts_add(struct lb_request_counts *counts, size_t route, unsigned status,
                           uint64_t ns)
{
    struct route_counts *of = &counts->shards[shard_of_thread()][route];
    size_t bucket = 0;
    while (bucket < BUCKETS - 1 && ns > bounds_us[bucket] * 1000)
        bucket++;
    add(&of->statuses[status / 100 < CLASSES ? status / 100 : 0], 1);
    add(&of->buckets[bucket], 1);
    add(&of->total_ns, ns);
}

/* What all threads have counted. */
struct sums {
    uint64_t statuses[CLASSES];
    uint64_t buckets[BUCKETS];
    uint64_t total_ns;
};

static void add_to(uint64_t *sum, _Atomic uint64_t *counter)
{
    *sum += atomic_load_explicit(counter, memory_order_relaxed);
}

static struct sums sum_up(const struct lb_request_counts *counts, size_t route)
{
    struct sums sums = {.total_ns = 0};
    for (size_t i = 0; i < SHARDS; i++) {
        struct route_counts *of = &counts->shards[i][route];
        for (size_t class = 0; class < CLASSES; class ++)
            add_to(&sums.statuses[class], &of->statuses[class]);
        for (size_t bucket = 0; bucket < BUCKETS; bucket++)
            add_to(&sums.buckets[bucket], &of->buckets[bucket]);
        add_to(&sums.total_ns, &of->total_ns);
    }
    return sums;
}

static void put_route_labels(struct lb_buf *out, size_t route)
{
    bool known = route < lb_route_count;
    lb_buf_printf(out, "method=\"%s\",route=\"%s\"",
                  known ? lb_method_name(lb_routes[route].method) : "-",
                  known ? lb_routes[route].pattern : "-");
}

static void put_statuses(struct lb_request_counts *counts, struct lb_buf *out)
{
    lb_buf_append_lit(out, "# HELP leadblock_requests_total Finished requests.\n"
                           "# TYPE leadblock_requests_total counter\n");
    for (size_t route = 0; route < counts->count; route++) {
        struct sums sums = sum_up(counts, route);
        for (size_t class = 0; class < CLASSES; class ++) {
            uint64_t value = sums.statuses[class];
            if (value == 0)
                continue;
            lb_buf_append_lit(out, "leadblock_requests_total{");
            put_route_labels(out, route);
            lb_buf_printf(out, ",status=\"%zuxx\"} %llu\n", class, (unsigned long long)value);
        }
    }
}

static void put_durations(struct lb_request_counts *counts, struct lb_buf *out)
{
    static const char name[] = "leadblock_request_duration_seconds";
    lb_buf_printf(out,
                  "# HELP %s From complete headers to the end of the response.\n"
                  "# TYPE %s histogram\n",
                  name, name);
    for (size_t route = 0; route < counts->count; route++) {
        struct sums sums = sum_up(counts, route);
        uint64_t sum = 0;
        for (size_t bucket = 0; bucket < BUCKETS; bucket++)
            sum += sums.buckets[bucket];
        if (sum == 0)
            continue;
        uint64_t below = 0;
        for (size_t bucket = 0; bucket < BUCKETS; bucket++) {
            below += sums.buckets[bucket];
            lb_buf_printf(out, "%s_bucket{", name);
            put_route_labels(out, route);
            if (bucket < BUCKETS - 1)
                lb_buf_printf(out, ",le=\"%g\"} %llu\n", (double)bounds_us[bucket] / 1e6,
                              (unsigned long long)below);
            else
                lb_buf_printf(out, ",le=\"+Inf\"} %llu\n", (unsigned long long)below);
        }
        lb_buf_printf(out, "%s_sum{", name);
        put_route_labels(out, route);
        lb_buf_printf(out, "} %g\n%s_count{", (double)sums.total_ns / 1e9, name);
        put_route_labels(out, route);
        lb_buf_printf(out, "} %llu\n", (unsigned long long)below);
    }
}

void lb_request_counts_put(struct lb_request_counts *counts, struct lb_buf *out)
{
    put_statuses(counts, out);
    put_durations(counts, out);
}
