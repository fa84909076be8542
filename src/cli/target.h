/* Where a command writes a file: it has its name only when it is whole, and another one beside it
 * until then. Threads: one. */
#ifndef LB_CLI_TARGET_H
#define LB_CLI_TARGET_H

#include "base/str.h"

#include <limits.h>
#include <stdbool.h>
#include <stdio.h>

struct lb_target {
    FILE *file;
    const char *name;         /* for messages */
    char path[PATH_MAX];      /* what it is to be called; empty: it is written as it is */
    char temporary[PATH_MAX]; /* what it is called now; empty: nothing is to be removed */
};

/* `path` "-" is standard output. A pipe or a device is written as it is. False after a message. To
 * be closed in any case. */
bool lb_target_open(struct lb_target *target, const char *path);

/* False after a message. */
bool lb_target_write(struct lb_target *target, struct lb_str bytes);

/* Begins anew. False when what was written cannot be taken back. */
bool lb_target_restart(struct lb_target *target);

/* All was written: the file gets its name, in place of one that has it. False after a message. */
bool lb_target_finish(struct lb_target *target);

/* Without lb_target_finish nothing is left of it. */
void lb_target_close(struct lb_target *target);

#endif
