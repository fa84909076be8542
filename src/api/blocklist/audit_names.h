/* What the ids of an audit entry are called today. Threads: the reader's. */
#ifndef LB_API_BLOCKLIST_AUDIT_NAMES_H
#define LB_API_BLOCKLIST_AUDIT_NAMES_H

#include "api/call.h"

/* Users of one reply: most entries are about few of them. Zero at first. */
struct lb_audit_names {
    struct {
        char id[LB_ID_SIZE];
        char email[LB_EMAIL_SIZE];
    } users[16];
    size_t next;             /* which one is replaced next */
    struct lb_hook_row hook; /* the last one that was asked for */
};

/* The name of the key, campaign or workspace, the e-mail address of the user, or the host that a
 * subscription sends to, that an action was done to; ptr NULL when it was deleted. Lives until the
 * reader's next turn, or until 16 other users or another subscription was asked for. */
struct lb_str lb_audit_name_of(struct lb_audit_names *names, const struct lb_call *call,
                               struct lb_store_reader *reader, struct lb_str action,
                               struct lb_str target);

/* The name of a campaign by its id; ptr NULL when it was deleted. */
struct lb_str lb_audit_campaign_name(const struct lb_call *call, struct lb_str id);

#endif
