#include "domain/outreach/counts.h"

bool lb_lead_open(enum lb_lead_status status)
{
    return status == LB_LEAD_WAITING || status == LB_LEAD_ACTIVE || status == LB_LEAD_PAUSED;
}

void lb_tally_lead(struct lb_tally *tally, const struct lb_lead_row *lead, int sign)
{
    tally->leads[lead->status] += sign;
    if (lead->set_aside && lb_lead_open(lead->status))
        tally->set_aside += sign;
    if (lead->marks & LB_MARK_INVITED)
        tally->invited += sign;
    if (lead->marks & LB_MARK_ACCEPTED)
        tally->accepted += sign;
    if (lead->marks & LB_MARK_CONTACTED)
        tally->contacted += sign;
    if (lead->marks & LB_MARK_REPLIED)
        tally->replied += sign;
}

void lb_tally_add(struct lb_tally *tally, const struct lb_tally *more)
{
    for (int status = 0; status < LB_LEAD_STATUS_COUNT; status++)
        tally->leads[status] += more->leads[status];
    tally->set_aside += more->set_aside;
    tally->invited += more->invited;
    tally->accepted += more->accepted;
    tally->contacted += more->contacted;
    tally->replied += more->replied;
}

int64_t lb_tally_total(const struct lb_tally *tally)
{
    int64_t total = 0;
    for (int status = 0; status < LB_LEAD_STATUS_COUNT; status++)
        total += tally->leads[status];
    return total;
}

int64_t lb_tally_left(const struct lb_tally *tally)
{
    return tally->leads[LB_LEAD_WAITING] + tally->leads[LB_LEAD_ACTIVE] +
           tally->leads[LB_LEAD_PAUSED] - tally->set_aside;
}

unsigned lb_tally_progress(const struct lb_tally *tally)
{
    int64_t total = lb_tally_total(tally);
    return total ? (unsigned)((total - lb_tally_left(tally)) * 100 / total) : 0;
}
