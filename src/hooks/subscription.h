/* Changes of subscriptions. Threads: filled on any thread, submitted to the writer, applied there.
 */
#ifndef LB_HOOKS_SUBSCRIPTION_H
#define LB_HOOKS_SUBSCRIPTION_H

#include "domain/access/standing.h"
#include "hooks/hooks.h"

/* Embedded in its owner's struct. Fill `write` as for any write, and the fields that the kind
 * names, then prepare it with the function of the kind and submit `write`. */
struct lb_hook_change {
    struct lb_write write; /* first: the writer hands it back */
    struct lb_standing standing;
    struct lb_hooks *hooks;
    struct lb_events *events;
    uint32_t max_hooks;     /* subscribe: of the workspace */
    struct lb_hook_row row; /* subscribe, unsubscribe: url, type, campaign; others: id. Result. */
    bool made;              /* subscribe: it did not exist before */
};

/* Events from this commit on. One of the same url, type and campaign stays as it is, unless it has
 * ended: then it begins anew. LB_ERR_LIMIT_REACHED. */
void lb_hook_subscribe(struct lb_hook_change *change);
/* Removes all of that url and type; LB_OK also when there was none. */
void lb_hook_unsubscribe(struct lb_hook_change *change);
/* LB_ERR_HOOK_NOT_FOUND, LB_ERR_HOOK_ENDED, as of the next two. */
void lb_hook_pause(struct lb_hook_change *change);
void lb_hook_resume(struct lb_hook_change *change);
/* A new secret; the old one signs as well for LB_HOOK_OVERLAP_MS. */
void lb_hook_rotate(struct lb_hook_change *change);
void lb_hook_remove(struct lb_hook_change *change);

#endif
