/* Steps of sequences, in bodies and replies. Threads: the call's. */
#ifndef LB_API_OUTREACH_STEPS_H
#define LB_API_OUTREACH_STEPS_H

#include "api/call.h"
#include "domain/outreach/sequence.h"

/* Appends the steps that are there as a JSON array. `variants`: what their variants are called. */
void lb_steps_put(struct lb_buf *body, const struct lb_sequence *sequence, const char *variants);

/* Appends {"id","type","order"}, or null for LB_SEQUENCE_NONE. */
void lb_steps_put_brief(struct lb_buf *body, const struct lb_sequence *sequence, size_t index);

/* Reads an array of steps, missing or null for none. The rows are checked and live as long as the
 * request. False when the reply is set. */
bool lb_steps_read(struct lb_call *call, const struct lb_json *array, struct lb_step_row **out,
                   size_t *out_count);

#endif
