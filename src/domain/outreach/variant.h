/* Variants of what a step sends: each lead gets one of those that are enabled, chosen by a hash of
 * its number, so that leads are spread evenly and a lead gets the same text at each attempt; when
 * the set changes, few leads get another one. A step without enabled variants sends its own body.
 * Variants may change while the campaign is active.
 *
 * Threads: changes are filled on any thread, submitted to the writer, and applied there; the rest
 * is stateless. */
#ifndef LB_DOMAIN_OUTREACH_VARIANT_H
#define LB_DOMAIN_OUTREACH_VARIANT_H

#include "domain/outreach/sequence.h"

#define LB_VARIANTS_PER_STEP_MAX      10
#define LB_VARIANTS_PER_CAMPAIGN_MAX  100
#define LB_VARIANT_CHARACTERS_MAX     8000
#define LB_VARIANT_ICP_CHARACTERS_MAX 2000

/* The variant that a lead gets of a step; NULL: the step's body. `before`: the one that it was
 * handed out last, which it keeps while that is enabled; 0: none. Borrowed from the sequence. */
const struct lb_variant_row *lb_variant_of(const struct lb_sequence *sequence,
                                           const struct lb_step_row *step, uint64_t lead,
                                           uint64_t before);

/* How many enabled variants a step has. */
size_t lb_variants_enabled(const struct lb_sequence *sequence, uint64_t step);

enum lb_variant_field { LB_VARIANT_BODY = 1, LB_VARIANT_DISABLED = 2, LB_VARIANT_ICP = 4 };

/* A change of a step's variants, embedded in its owner's struct; as lb_step_change. Released with
 * lb_variant_change_fini in any case. LB_ERR_STEP_NOT_FOUND; LB_ERR_VARIANT_NOT_FOUND;
 * LB_ERR_LIMIT_REACHED when there are as many as there may be; LB_ERR_LAST_VARIANT when a message
 * would be left without a text, or its last enabled variant be disabled. */
struct lb_variant_change {
    struct lb_write write; /* first: the writer hands it back */
    struct lb_outreach *outreach;
    struct lb_standing standing;
    uint64_t step;
    uint64_t variant;          /* replace, remove: which */
    unsigned given;            /* replace: the fields of `row` that count; see lb_variant_field */
    struct lb_variant_row row; /* add: its body */
    /* Result: the sequence after it, with the texts of the step. */
    struct lb_sequence sequence;
};

void lb_variant_add(struct lb_variant_change *change);
void lb_variant_replace(struct lb_variant_change *change);
void lb_variant_remove(struct lb_variant_change *change);
void lb_variant_change_fini(struct lb_variant_change *change);

#endif
