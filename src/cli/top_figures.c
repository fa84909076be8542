#include "cli/top_figures.h"

#include "base/clock.h"
#include "cli/admin.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* A line of Prometheus' text format: NAME{LABELS} VALUE. */
static void take_line(struct lb_top_figures *out, const char *name, const char *labels,
                      double value)
{
    const struct {
        const char *name;
        double *field;
    } fields[] = {{"leadblock_batch_writes_sum", &out->writes},
                  {"leadblock_batch_writes_count", &out->commits},
                  {"leadblock_writer_queue", &out->write_queue},
                  {"leadblock_reader_queue", &out->read_queue},
                  {"leadblock_writer_refused_total", &out->refused},
                  {"leadblock_reader_refused_total", &out->refused},
                  {"leadblock_requests_total", &out->requests},
                  {"leadblock_entries", &out->entries},
                  {"leadblock_connections", &out->connections},
                  {"leadblock_disk_free_bytes", &out->disk_free},
                  {"process_resident_memory_bytes", &out->memory},
                  {"process_cpu_seconds_total", &out->cpu_s},
                  {"process_start_time_seconds", &out->began_s}};
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
        if (strcmp(fields[i].name, name) == 0)
            *fields[i].field += value;
    if (strcmp(name, "leadblock_requests_total") == 0 && strstr(labels, "status=\"5xx\""))
        out->errors += value;
    const char *bound = strstr(labels, "le=\"");
    if (strcmp(name, "leadblock_commit_duration_seconds_bucket") == 0 && bound &&
        out->bucket_count < LB_TOP_BUCKETS) {
        out->bounds[out->bucket_count] = strtod(bound + 4, NULL);
        out->buckets[out->bucket_count++] = value;
    }
    const char *version = strstr(labels, "version=\"");
    if (strcmp(name, "leadblock_build_info") == 0 && version)
        snprintf(out->version, sizeof out->version, "%.*s", (int)strcspn(version + 9, "\""),
                 version + 9);
}

static void take_metrics(struct lb_top_figures *out, struct lb_str text)
{
    while (text.len) {
        char line[512];
        const char *end = memchr(text.ptr, '\n', text.len);
        size_t len = end ? (size_t)(end - text.ptr) : text.len;
        snprintf(line, sizeof line, "%.*s", (int)(len < sizeof line ? len : sizeof line - 1),
                 text.ptr);
        text.ptr += len + (end != NULL);
        text.len -= len + (end != NULL);
        char *value = strrchr(line, ' ');
        if (line[0] == '#' || !value)
            continue;
        *value++ = '\0';
        char *labels = strchr(line, '{');
        if (labels)
            *labels++ = '\0';
        take_line(out, line, labels ? labels : "", strtod(value, NULL));
    }
}

static bool take_workspaces(struct lb_top_figures *out, const struct lb_json *list)
{
    out->workspaces = calloc(lb_json_length(list) + 1, sizeof *out->workspaces);
    if (!out->workspaces)
        return false;
    for (size_t i = 0; i < lb_json_length(list); i++) {
        const struct lb_json *item = lb_json_item(list, i);
        struct lb_str name = lb_answer_text(item, "name");
        struct lb_top_workspace *workspace = &out->workspaces[out->workspace_count++];
        snprintf(workspace->name, sizeof workspace->name, "%.*s", (int)name.len, name.ptr);
        workspace->entries = (double)lb_answer_number(item, "entries");
        workspace->checks = (double)lb_answer_number(item, "checks");
        workspace->checks_blocked = (double)lb_answer_number(item, "checksBlocked");
        workspace->blocked = (double)lb_answer_number(item, "blockedToday");
        workspace->unblocked = (double)lb_answer_number(item, "unblockedToday");
        workspace->queued = (double)lb_answer_number(item, "queued");
    }
    return true;
}

bool lb_top_take(const struct lb_cli *cli, bool (*meanwhile)(void *context, int pause_ms),
                 struct lb_top_figures *out)
{
    struct lb_answer metrics = {0};
    struct lb_answer activity = {0};
    *out = (struct lb_top_figures){.at_s = (double)lb_clock_mono_ns() / 1e9};
    bool taken = lb_admin_needs_server(cli, "no server of the data folder runs. Name its folder "
                                            "with --data or LEADBLOCK_DATA, and run this as its "
                                            "user") &&
                 lb_admin_ask(cli, "/metrics", meanwhile, &metrics) &&
                 lb_admin_ask(cli, "/admin/activity", meanwhile, &activity);
    if (taken)
        take_metrics(out, lb_buf_str(&metrics.body));
    if (taken && !take_workspaces(out, activity.json)) {
        lb_cli_error("out of memory");
        taken = false;
    }
    lb_answer_fini(&metrics);
    lb_answer_fini(&activity);
    return taken;
}

void lb_top_release(struct lb_top_figures *figures)
{
    free(figures->workspaces);
    *figures = (struct lb_top_figures){.at_s = 0};
}

double lb_top_commit_quantile(const struct lb_top_figures *before, const struct lb_top_figures *now,
                              double share)
{
    size_t count = now->bucket_count;
    if (!count || before->bucket_count != count)
        return 0;
    double all = now->buckets[count - 1] - before->buckets[count - 1];
    for (size_t i = 0; all > 0 && i < count; i++) {
        if (now->buckets[i] - before->buckets[i] >= all * share)
            return isinf(now->bounds[i]) && i ? now->bounds[i - 1] : now->bounds[i];
    }
    return 0;
}
