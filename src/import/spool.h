/* Files that are held while they are worked on: without a name, so that nothing of them is left
 * when the process ends. All of a server together have a bound, and leave room on the disk for the
 * database.
 *
 * Threads: each spool has one owner at a time; the bound is shared. */
#ifndef LB_IMPORT_SPOOL_H
#define LB_IMPORT_SPOOL_H

#include "base/err.h"
#include "base/quota.h"
#include "base/str.h"

#include <sys/types.h>

/* What the spools of a server share. Set folder and max_bytes; they must outlive the spools. */
struct lb_spools {
    const char *folder;
    uint64_t max_bytes;
    struct lb_quota taken;
};

/* All zero but for `all` is an empty one; the file is made when the first bytes come. */
struct lb_spool {
    struct lb_spools *all;
    uint64_t size;
    bool open;
    int fd;
};

/* Adds bytes at the end. LB_ERR_OVERLOADED: over the bound of all; LB_ERR_STORAGE_FULL: the disk
 * has no room; LB_ERR_STORAGE_UNAVAILABLE: it cannot be written. May wait for the disk. */
lb_err lb_spool_append(struct lb_spool *spool, struct lb_str bytes);

/* Copies up to `size` bytes from `offset` on to `out`. Returns how many, 0 only at the end, -1 with
 * errno when they cannot be read. */
ssize_t lb_spool_read(const struct lb_spool *spool, uint64_t offset, void *out, size_t size);

/* Gives the file back. The spool is empty afterwards; its part of the bound is given back at
 * once, the disk has the room of a large one a moment later, which is not waited for. */
void lb_spool_close(struct lb_spool *spool);

#endif
