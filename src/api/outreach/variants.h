/* Variants of what steps send, as JSON. Threads: any. */
#ifndef LB_API_OUTREACH_VARIANTS_H
#define LB_API_OUTREACH_VARIANTS_H

#include "base/buf.h"
#include "domain/outreach/sequence.h"

/* Appends the variants of a step as an array. */
void lb_variants_put(struct lb_buf *body, const struct lb_sequence *sequence, uint64_t step);

/* Appends a variant's id, or null for 0. */
void lb_variants_put_id(struct lb_buf *body, uint64_t variant);

/* Appends what came of the variants of all steps that are there, as an array. */
void lb_variants_put_counts(struct lb_buf *body, const struct lb_sequence *sequence);

#endif
