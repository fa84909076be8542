/* What a lead waits for, and when it is due. Threads: any, with a store reader of its own. */
#ifndef LB_DOMAIN_OUTREACH_SCHEDULE_H
#define LB_DOMAIN_OUTREACH_SCHEDULE_H

#include "domain/outreach/sequence.h"

struct lb_due {
    size_t step; /* in the sequence; LB_SEQUENCE_NONE: the lead has been through all */
    int64_t at;  /* when a claim may take it; claimed: when its lease ends; 0: not activated yet */
};

/* When a lead that waits for this step is due: `from` is when the lead came to wait for it, or for
 * the first step when the campaign was activated. */
int64_t lb_due_at(const struct lb_step_row *step, int64_t from);

/* The same the other way round: since when a lead must have waited to be due at `now`. */
int64_t lb_due_since(const struct lb_step_row *step, int64_t now);

/* `state` and `sequence` are of the lead's campaign. */
lb_err lb_due_find(struct lb_store *store, struct lb_store_reader *reader,
                   const struct lb_sequence *sequence, const struct lb_campaign_state *state,
                   const struct lb_lead_row *lead, struct lb_due *out);

#endif
