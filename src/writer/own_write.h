/* Writes that the server makes by itself: leads set aside after a start, rows of deleted campaigns
 * purged. One at a time, small, so that requests do not wait; one that failed is tried again as
 * retry.h says.
 *
 * The owner begins with one. Its upkeep asks lb_own_write_is_idle, submits what is next, and hears
 * of the result (`finish`) in a later upkeep.
 * Threads: the writer's; create and destroy while it does not run. */
#ifndef LB_WRITER_OWN_WRITE_H
#define LB_WRITER_OWN_WRITE_H

#include "writer/retry.h"
#include "writer/writer.h"

#include <stddef.h>

struct lb_own_write {
    struct lb_write write;    /* first: the writer hands it back */
    struct lb_writer *writer; /* NULL: before the start, and after the end */
    struct lb_mailbox *mailbox;
    struct lb_task done;
    lb_err (*apply)(struct lb_write *write, struct lb_store *store);
    void (*finish)(struct lb_write *write); /* with its result; may submit the next one */
    bool under_way;
    uint64_t began_ms;     /* when it was applied last; submitted, when it never was */
    struct lb_retry retry; /* knows each result before `finish` does */
};

/* Allocates an owner of so many bytes, all zero, which begins with its struct lb_own_write. NULL
 * when out of memory or file descriptors. The owner sets `writer` when there may be writes. */
void *lb_own_write_create(size_t owner_size, void (*finish)(struct lb_write *write));

/* Frees the owner, which is NULL or from lb_own_write_create. The writer must have stopped; what it
 * has done is not finished any more. */
void lb_own_write_destroy(void *owner);

/* Finishes what has been done. Then: has the owner begun, and is nothing under way? */
bool lb_own_write_is_idle(struct lb_own_write *own);

/* Submits `*write`, of which the owner has set `apply` and what it is about. It must be idle, or in
 * `finish`. Failures: as lb_writer_submit; then nothing is under way. */
lb_err lb_own_write_submit(struct lb_own_write *own, const struct lb_write *write);

#endif
