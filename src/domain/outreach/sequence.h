/* The steps of a campaign: what is sent to its leads, in which order, after which delays.
 *
 * A step that was deleted keeps its place, unseen, for the leads that wait for it: they go on with
 * the step after it. Threads: a loaded sequence belongs to its caller; changes are filled
 * on any thread, submitted to the writer, and applied there. */
#ifndef LB_DOMAIN_OUTREACH_SEQUENCE_H
#define LB_DOMAIN_OUTREACH_SEQUENCE_H

#include "base/buf.h"
#include "domain/access/standing.h"
#include "domain/outreach/outreach.h"

#define LB_STEPS_MAX      50   /* of one campaign */
#define LB_STEP_ROWS_MAX  250  /* of one campaign, with the deleted ones */
#define LB_STEP_DELAY_MAX 8760 /* hours: 365 days */
#define LB_SEQUENCE_NONE  SIZE_MAX

struct lb_sequence {
    struct lb_list campaign;
    struct lb_step_row *steps; /* by position, deleted ones too */
    size_t count;
    struct lb_buf bodies;            /* what the steps' bodies point into */
    struct lb_variant_row *variants; /* by step and number */
    size_t variant_count;
    struct lb_buf variant_texts; /* what their strings point into */
};

/* Loads the steps of a campaign with their variants; without `bodies` there are neither bodies nor
 * variants. To be released with lb_sequence_fini in any case. */
lb_err lb_sequence_load(struct lb_store *store, struct lb_store_reader *reader,
                        struct lb_list campaign, bool bodies, struct lb_sequence *out);
/* The same with all variants, but of the texts, which may be megabytes, only those of one step,
 * LB_TEXTS_NONE or LB_TEXTS_ALL. */
lb_err lb_sequence_load_texts_of(struct lb_store *store, struct lb_store_reader *reader,
                                 struct lb_list campaign, int64_t texts, struct lb_sequence *out);
void lb_sequence_fini(struct lb_sequence *sequence);

/* The index of a step by its number, deleted or not; LB_SEQUENCE_NONE when there is none. */
size_t lb_sequence_find(const struct lb_sequence *sequence, uint64_t no);

/* The first step at or after `from` that is there; LB_SEQUENCE_NONE when none is. */
size_t lb_sequence_next(const struct lb_sequence *sequence, size_t from);

/* The step that a lead which waits for step `no` (0: the first) gets: that one, or what is after
 * it, as far as it is there and the lead has not been through it. `*out`: its index, or
 * LB_SEQUENCE_NONE when nothing is left for the lead. */
lb_err lb_sequence_step_of(const struct lb_sequence *sequence, struct lb_store *store,
                           struct lb_store_reader *reader, uint64_t lead, uint64_t no, size_t *out);

/* The step after `index` that the lead has not been through; as above. */
lb_err lb_sequence_step_after(const struct lb_sequence *sequence, struct lb_store *store,
                              struct lb_store_reader *reader, uint64_t lead, size_t index,
                              size_t *out);

/* The place of a step among those that are there, from 1. */
uint32_t lb_sequence_order(const struct lb_sequence *sequence, size_t index);
/* How many are there. */
uint32_t lb_sequence_length(const struct lb_sequence *sequence);

/* Is this a step as it may be? `varied`: it has a variant that leads get. LB_ERR_INVALID_BODY or
 * LB_ERR_INVALID_TEMPLATE with a reason. */
lb_err lb_step_check(const struct lb_step_row *step, bool varied, struct lb_reason *reason);

enum lb_step_field { LB_STEP_TYPE = 1, LB_STEP_DELAY = 2, LB_STEP_STOP = 4, LB_STEP_BODY = 8 };

/* A change of a sequence, embedded in its owner's struct; what it points to lives as long. Fill
 * `write` as for any write and the fields, prepare it with the function of its kind, and submit
 * `write`. LB_ERR_STEP_NOT_FOUND. While the campaign is active, too: leads go on with what is there
 * when they are claimed. */
struct lb_step_change {
    struct lb_write write; /* first: the writer hands it back */
    struct lb_outreach *outreach;
    struct lb_standing standing;
    uint64_t step;          /* replace, remove: which */
    unsigned given;         /* replace: the fields of `row` that count; see lb_step_field */
    struct lb_step_row row; /* add: all of it; the result: the step as it is now */
    uint32_t order;         /* add, replace: the place that it gets, 0: the last, or as it was */
    /* Results. */
    uint32_t order_now;
    struct lb_sequence left; /* remove: the sequence after it */
};

/* Releases what a removal has kept for the reply. */
void lb_step_change_fini(struct lb_step_change *change);

void lb_step_add(struct lb_step_change *change);
void lb_step_replace(struct lb_step_change *change);
void lb_step_remove(struct lb_step_change *change);

#endif
