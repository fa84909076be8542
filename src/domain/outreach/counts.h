/* Counting leads: how far a campaign is, and what an operation adds to its counts.
 * Threads: stateless. */
#ifndef LB_DOMAIN_OUTREACH_COUNTS_H
#define LB_DOMAIN_OUTREACH_COUNTS_H

#include "store/rows.h"

/* Counts a lead in (sign 1) or out (sign -1). An operation that changes a lead counts it out as it
 * was and in as it is. */
void lb_counts_lead(struct lb_counts *counts, const struct lb_lead_row *lead, int sign);

void lb_counts_add(struct lb_counts *counts, const struct lb_counts *more);

/* Is something still to be done for a lead of this status: waiting, active or paused? */
bool lb_lead_open(enum lb_lead_status status);

int64_t lb_counts_total(const struct lb_counts *counts);

/* Leads that are neither finished nor blocked, nor skipped: these people have still to be
 * contacted. */
int64_t lb_counts_left(const struct lb_counts *counts);

/* The share of leads that are finished, blocked or skipped, in whole percent, rounded down; 0
 * without leads. */
unsigned lb_counts_progress(const struct lb_counts *counts);

#endif
