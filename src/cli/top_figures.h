/* The figures of `leadblock top`: what the server says of itself at one moment, and what happened
 * between two of them. Threads: one. */
#ifndef LB_CLI_TOP_FIGURES_H
#define LB_CLI_TOP_FIGURES_H

#include "cli/cli.h"

#define LB_TOP_BUCKETS 16

struct lb_top_workspace {
    char name[128];
    double entries, checks, checks_blocked, blocked, unblocked, queued;
};

struct lb_top_figures {
    double at_s; /* monotonic */
    double requests, errors, refused;
    double writes, commits, write_queue, read_queue;
    double entries, connections, disk_free, memory, cpu_s, began_s;
    double bounds[LB_TOP_BUCKETS]; /* of commits, in seconds; the last is infinite */
    double buckets[LB_TOP_BUCKETS];
    size_t bucket_count;
    char version[32];
    struct lb_top_workspace *workspaces;
    size_t workspace_count;
};

/* Asks the server of the data folder, as long as `meanwhile` (lb_admin_ask) has it wait. False
 * after a message, also when no server runs, or when `meanwhile` ended it. To be released in any
 * case. */
bool lb_top_take(const struct lb_cli *cli, bool (*meanwhile)(void *context, int pause_ms),
                 struct lb_top_figures *out);
void lb_top_release(struct lb_top_figures *figures);

/* By when that share of the commits between the two was done, in seconds; 0: there were none. */
double lb_top_commit_quantile(const struct lb_top_figures *before, const struct lb_top_figures *now,
                              double share);

#endif
