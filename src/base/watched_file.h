/* A file that must stay where it is while the process has it open. Threads: one. */
#ifndef LB_BASE_WATCHED_FILE_H
#define LB_BASE_WATCHED_FILE_H

#include "base/err.h"

#include <stdbool.h>
#include <sys/types.h>

/* Zeroed: nothing is watched. */
struct lb_watched_file {
    char *path;
    bool seen; /* there was one, this one: */
    dev_t device;
    ino_t inode;
    unsigned failures; /* to look at it, in a row */
};

/* Watches what is at the path now, or that which appears there first. LB_ERR_INTERNAL: out of
 * memory. */
lb_err lb_watched_file_begin(struct lb_watched_file *file, const char *path);
void lb_watched_file_end(struct lb_watched_file *file);

/* LB_ERR_STORAGE_UNAVAILABLE with a reason: it was removed or replaced, or could not be looked at
 * several times in a row. */
lb_err lb_watched_file_check(struct lb_watched_file *file, struct lb_reason *reason);

#endif
