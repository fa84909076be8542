#include "domain/outreach/schedule.h"

#define HOUR_MS INT64_C(3600000)

static int64_t delay_ms(const struct lb_step_row *step)
{
    return step->delay_hours * HOUR_MS;
}

int64_t lb_due_at(const struct lb_step_row *step, int64_t from)
{
    return from + delay_ms(step);
}

int64_t lb_due_since(const struct lb_step_row *step, int64_t now)
{
    return now - delay_ms(step);
}

static int64_t due_at(const struct lb_campaign_state *state, const struct lb_lead_row *lead,
                      const struct lb_step_row *step)
{
    if (lead->queue != LB_QUEUE_SCHEDULED)
        return lead->since;
    int64_t from = lead->step ? lead->since : state->activated_at;
    return from ? lb_due_at(step, from) : 0;
}

lb_err lb_due_find(struct lb_store *store, struct lb_store_reader *reader,
                   const struct lb_sequence *sequence, const struct lb_campaign_state *state,
                   const struct lb_lead_row *lead, struct lb_due *out)
{
    *out = (struct lb_due){.step = LB_SEQUENCE_NONE};
    lb_err err = lb_sequence_step_of(sequence, store, reader, lead->no, lead->step, &out->step);
    if (!err && out->step != LB_SEQUENCE_NONE)
        out->at = due_at(state, lead, &sequence->steps[out->step]);
    return err;
}
