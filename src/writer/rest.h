/* How long the writer rests from heavy writes, so that light ones of other workspaces find it free,
 * and whose light ones are many enough to be as heavy.
 *
 * After a batch of heavy ones it rests when others wrote lately: for so long that, of writes that
 * come evenly, one in twenty at most comes at a moment when it has to wait for longer than some
 * milliseconds, but for three times as long as the batch took at most, so that heavy ones get on
 * wherever each takes long. A workspace has a twentieth of the writer's time for light ones, and
 * some milliseconds at once; what takes longer is treated as heavy while others write. One that
 * writes one after the other, each when the one before it was answered, has all that each needs,
 * but for those that take long by themselves.
 *
 * Threads: the writer's; lb_rest_has_others: any. */
#ifndef LB_WRITER_REST_H
#define LB_WRITER_REST_H

#include "writer/writer.h"

/* What others may have to wait for. */
#define LB_REST_BRIEF_NS (UINT64_C(8) * 1000000)

/* In a rest, heavy writes that need not wait for its end are looked for among so many. */
#define LB_REST_AMONG_MAX 64

/* When a workspace had a light write last. Written by the writer thread, read by any. */
struct lb_lately {
    _Atomic(const struct lb_writer_share *) share;
    _Atomic uint64_t until_ns; /* it counts as lately */
};

/* All zero: nothing was written yet. */
struct lb_rest {
    struct lb_lately lately[2]; /* of different workspaces, the latest first */
    uint64_t until_ns;          /* 0: it never rested */
    uint64_t thread_ns;         /* of the writer's thread, when the batch began or later */
};

/* Notes whose light writes these are: two of them, which is all that is asked. */
void lb_rest_note(struct lb_rest *rest, const struct lb_write *first);

/* Did light writes of a workspace other than this one come lately? */
bool lb_rest_has_others(const struct lb_rest *rest, const struct lb_writer_share *share);

/* Notes for how long a light write was applied. Of one that is the only one of its workspace in the
 * batch, what the thread had of a processor meanwhile counts, when that is long. */
void lb_rest_charge(struct lb_rest *rest, struct lb_writer_share *share, uint64_t took_ns);
/* A batch is about to be applied. */
void lb_rest_batch_begins(struct lb_rest *rest);

/* Have light writes of this workspace taken so much time lately that they are heavy for others? */
bool lb_rest_is_busy(const struct lb_rest *rest, const struct lb_writer_share *share);

bool lb_rest_is_on(const struct lb_rest *rest);

/* The first of these heavy writes that need not wait for its end: no workspace but its own had
 * light ones lately. NULL: all have to. */
const struct lb_write *lb_rest_without_others(const struct lb_rest *rest,
                                              const struct lb_write *first);

/* Begins a rest after a batch of the workspace `share`, if others wrote lately. */
void lb_rest_begin(struct lb_rest *rest, const struct lb_writer_share *share, uint64_t begun_ns);

#endif
