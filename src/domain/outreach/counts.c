#include "domain/outreach/counts.h"

bool lb_lead_open(enum lb_lead_status status)
{
    return status == LB_LEAD_WAITING || status == LB_LEAD_ACTIVE || status == LB_LEAD_PAUSED;
}

void lb_counts_lead(struct lb_counts *counts, const struct lb_lead_row *lead, int sign)
{
    counts->leads[lead->status] += sign;
    if (lead->set_aside && lb_lead_open(lead->status))
        *(lead->contacted_at ? &counts->skipped : &counts->set_aside) += sign;
    if (lead->marks & LB_MARK_INVITED)
        counts->invited += sign;
    if (lead->marks & LB_MARK_ACCEPTED)
        counts->accepted += sign;
    if (lead->marks & LB_MARK_CONTACTED)
        counts->contacted += sign;
    if (lead->marks & LB_MARK_REPLIED)
        counts->replied += sign;
}

void lb_counts_add(struct lb_counts *counts, const struct lb_counts *more)
{
    for (int status = 0; status < LB_LEAD_STATUS_COUNT; status++)
        counts->leads[status] += more->leads[status];
    counts->set_aside += more->set_aside;
    counts->skipped += more->skipped;
    counts->invited += more->invited;
    counts->accepted += more->accepted;
    counts->contacted += more->contacted;
    counts->replied += more->replied;
}

int64_t lb_counts_total(const struct lb_counts *counts)
{
    int64_t total = 0;
    for (int status = 0; status < LB_LEAD_STATUS_COUNT; status++)
        total += counts->leads[status];
    return total;
}

int64_t lb_counts_left(const struct lb_counts *counts)
{
    return counts->leads[LB_LEAD_WAITING] + counts->leads[LB_LEAD_ACTIVE] +
           counts->leads[LB_LEAD_PAUSED] - counts->set_aside - counts->skipped;
}

unsigned lb_counts_progress(const struct lb_counts *counts)
{
    int64_t total = lb_counts_total(counts);
    return total ? (unsigned)((total - lb_counts_left(counts)) * 100 / total) : 0;
}
