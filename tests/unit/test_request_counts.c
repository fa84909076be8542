/* Counts of requests, by whatever thread. */
#include "api/request_counts.h"
#include "api/routes.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
/* After the above. */
#include <cmocka.h>

enum { THREADS = 40, REQUESTS = 500 };

static size_t route_of(const char *pattern)
{
    size_t i = 0;
    while (strcmp(lb_routes[i].pattern, pattern) != 0)
        i++;
    return i;
}

static void assert_contains(struct lb_request_counts *counts, const char *line)
{
    struct lb_buf text = {0};
    char wanted[256];
    lb_request_counts_put(counts, &text);
    lb_buf_append(&text, "", 1);
    snprintf(wanted, sizeof wanted, "\n%s\n", line);
    if (!strstr(text.ptr, wanted))
        fail_msg("no line '%s' in\n%s", line, text.ptr);
    lb_buf_fini(&text);
}

static void *count_some(void *counts)
{
    for (unsigned i = 0; i < REQUESTS; i++) {
        lb_request_counts_add(counts, route_of("/livez"), 200, 50000);
        lb_request_counts_add(counts, route_of("/livez"), 200, 50001);
        lb_request_counts_add(counts, lb_route_count, i % 2 ? 404 : 0, UINT64_C(2000000000));
    }
    return NULL;
}

/* More threads than there are places for them. */
static void requests_of_all_threads_are_counted(void **state)
{
    struct lb_request_counts *counts = lb_request_counts_create(lb_route_count);
    pthread_t threads[THREADS];
    assert_non_null(counts);
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, count_some, counts), 0);
    for (size_t i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    assert_contains(counts, "leadblock_requests_total{method=\"GET\",route=\"/livez\","
                            "status=\"2xx\"} 40000");
    assert_contains(counts, "leadblock_requests_total{method=\"-\",route=\"-\","
                            "status=\"4xx\"} 10000");
    assert_contains(counts, "leadblock_requests_total{method=\"-\",route=\"-\","
                            "status=\"0xx\"} 10000");
#define DURATION(part) "leadblock_request_duration_seconds" part
    assert_contains(counts,
                    DURATION("_bucket{method=\"GET\",route=\"/livez\",le=\"5e-05\"} 20000"));
    assert_contains(counts,
                    DURATION("_bucket{method=\"GET\",route=\"/livez\",le=\"0.0001\"} 40000"));
    assert_contains(counts, DURATION("_count{method=\"GET\",route=\"/livez\"} 40000"));
    assert_contains(counts, DURATION("_bucket{method=\"-\",route=\"-\",le=\"1\"} 0"));
    assert_contains(counts, DURATION("_bucket{method=\"-\",route=\"-\",le=\"+Inf\"} 20000"));
    assert_contains(counts, DURATION("_sum{method=\"-\",route=\"-\"} 40000"));
    lb_request_counts_destroy(counts);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests_of_all_threads_are_counted),
    };
    return cmocka_run_group_tests_name("request counts", tests, NULL, NULL);
}
