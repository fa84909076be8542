/* May this still be done? A write is checked once more when it is applied: since it was accepted,
 * its session or key may have ended, its license, or its campaign. Threads: filled on any, checked
 * on the writer thread, in the open transaction. */
#ifndef LB_DOMAIN_ACCESS_STANDING_H
#define LB_DOMAIN_ACCESS_STANDING_H

#include "domain/access/actor.h"
#include "domain/access/directory.h"

/* LB_OK, or LB_ERR_INVALID_SESSION when the actor's session has ended. */
lb_err lb_actor_check(const struct lb_actor *actor, struct lb_store *store,
                      struct lb_reason *reason);

/* On whose behalf, and where. */
struct lb_standing {
    struct lb_directory *directory;
    struct lb_actor actor;
    struct lb_key *key; /* NULL: a user who is signed in, or an operator at the command line */
    struct lb_workspace *workspace;
    struct lb_str campaign_id; /* ptr NULL: the workspace's own list */
    struct lb_list list;
    int64_t campaign_made_at; /* which of those that had the list's number; 0: whichever */
    bool needs_license;
};

/* LB_OK, or what an early check would have said. */
lb_err lb_standing_check(const struct lb_standing *standing, struct lb_store *store,
                         struct lb_reason *reason);

#endif
