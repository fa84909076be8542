/* How long the writer rests from heavy writes, so that light ones of other workspaces find it free.
 *
 * After a batch of heavy ones it rests when others wrote lately: for so long that, of writes that
 * come evenly, one in twenty at most comes at a moment when it has to wait for longer than some
 * milliseconds.
 *
 * Threads: the writer's; lb_rest_has_others: any. */
#ifndef LB_WRITER_REST_H
#define LB_WRITER_REST_H

#include "writer/writer.h"

/* When a workspace had a light write last. Written by the writer thread, read by any. */
struct lb_lately {
    _Atomic(const struct lb_quota *) share;
    _Atomic uint64_t until_ns; /* it counts as lately */
};

/* All zero: nothing was written yet. */
struct lb_rest {
    struct lb_lately lately[2]; /* of different workspaces, the latest first */
    uint64_t until_ns;          /* 0: it never rested */
};

/* Notes whose light writes these are: two of them, which is all that is asked. */
void lb_rest_note(struct lb_rest *rest, const struct lb_write *first);

/* Did light writes of a workspace other than this one come lately? */
bool lb_rest_has_others(const struct lb_rest *rest, const struct lb_quota *share);

bool lb_rest_is_on(const struct lb_rest *rest);

/* Begins a rest after a batch of the workspace `share`, if others wrote lately. */
void lb_rest_begin(struct lb_rest *rest, const struct lb_quota *share, uint64_t begun_ns);

#endif
