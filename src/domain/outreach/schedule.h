/* What a lead waits for, and when it is due. Threads: any, with a store reader of its own. */
#ifndef LB_DOMAIN_OUTREACH_SCHEDULE_H
#define LB_DOMAIN_OUTREACH_SCHEDULE_H

#include "domain/outreach/sequence.h"

struct lb_due {
    size_t step; /* in the sequence; LB_SEQUENCE_NONE: the lead has been through all */
    int64_t at;  /* when a claim may take it; claimed: when its lease ends; 0: not activated yet */
};

/* `state` and `sequence` are of the lead's campaign. */
lb_err lb_due_find(struct lb_store *store, struct lb_store_reader *reader,
                   const struct lb_sequence *sequence, const struct lb_campaign_state *state,
                   const struct lb_lead_row *lead, struct lb_due *out);

#endif
