/* What was looked through, for people and for programs: by `verify`, `backup` and `restore`.
 * Threads: one. */
#ifndef LB_CLI_COUNTS_H
#define LB_CLI_COUNTS_H

#include "daemon/verify.h"

#include <stdio.h>

/* "1 workspace, 20 rows of the blocklist log, 494 entries", without a line feed. */
static inline void lb_counts_print(const struct lb_verify *verify)
{
    printf("%llu workspace%s, %llu row%s of the blocklist log, %llu %s",
           (unsigned long long)verify->workspaces, lb_plural(verify->workspaces),
           (unsigned long long)verify->rows, lb_plural(verify->rows),
           (unsigned long long)verify->entries, verify->entries == 1 ? "entry" : "entries");
}

/* The same as members of an object. */
static inline void lb_counts_print_json(const struct lb_verify *verify)
{
    printf("\"workspaces\":%llu,\"rows\":%llu,\"entries\":%llu",
           (unsigned long long)verify->workspaces, (unsigned long long)verify->rows,
           (unsigned long long)verify->entries);
}

#endif
