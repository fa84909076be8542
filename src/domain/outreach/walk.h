/* Goes through the leads of a workspace that a name of another type than LinkedIn's concerns, or
 * those that are stored under a LinkedIn name, and sets them aside, or puts them back. In pieces:
 * see refresh.c and everywhere.c. Threads: the writer's, in the open transaction. */
#ifndef LB_DOMAIN_OUTREACH_WALK_H
#define LB_DOMAIN_OUTREACH_WALK_H

#include "domain/outreach/lead_keys.h"
#include "domain/outreach/outreach.h"

/* How far a look at the leads of one key is. */
struct lb_walk {
    struct lb_pending_row row; /* row.len 0: nowhere */
    bool named;                /* its key is a LinkedIn name */
    uint32_t after;            /* then: the last campaign */
    struct lb_lead_range range;
    enum lb_lead_form form;
    struct lb_lead_place place;
    bool longer; /* among those of longer names of a company */
};

/* At the first lead of the row's key, in its list. */
void lb_walk_begin(struct lb_walk *walk, const struct lb_pending_row *row);

/* Stores anew what the lead is found by, from its fields. LB_ERR_NOT_FOUND: it is gone. */
lb_err lb_walk_give_forms(struct lb_outreach *outreach, uint32_t workspace, uint64_t no,
                          uint32_t *out_campaign);

/* Goes on, for up to `*left` looks. `*out_done`: that was all of the key. */
lb_err lb_walk_on(struct lb_outreach *outreach, struct lb_walk *walk, size_t *left, bool *out_done);

#endif
