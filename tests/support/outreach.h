/* For tests: campaigns that contact people, by calls that wait for their result; and a look into
 * the file for whether all that is kept twice there agrees.
 * Threads: any that is registered with RCU. */
#ifndef LB_TESTS_OUTREACH_H
#define LB_TESTS_OUTREACH_H

#include "domain/outreach/activity.h"
#include "domain/outreach/lead.h"
#include "domain/outreach/sequence.h"
#include "support/engine.h"

#define CLAIMED_TEXT_SIZE 128

/* An activity that was handed out, with copies of its texts ("": none). */
struct claimed {
    uint64_t lead;
    uint64_t step;
    uint32_t order;
    uint32_t attempt;
    enum lb_step_type type;
    char token[LB_LEASE_TOKEN_SIZE];
    char identifier[CLAIMED_TEXT_SIZE];
    char message[CLAIMED_TEXT_SIZE];
};

struct added {
    uint64_t added;
    uint64_t duplicates;
    uint64_t blocked;
};

/* What a sender reports; `out` of outreach_complete. */
struct reported {
    enum lb_lead_status status;
    bool blocked;
};

lb_err outreach_add(struct engine *engine, const char *campaign, const struct lb_new_lead *leads,
                    size_t count, struct added *out);
/* One lead, by its names; `member_id` may be NULL. The number of a lead that is in the campaign by
 * that identifier, 0 when none is. */
lb_err outreach_add_one(struct engine *engine, const char *campaign, const char *identifier,
                        const char *member_id);
uint64_t outreach_lead(struct engine *engine, const char *campaign, const char *identifier);

/* A step at place `order` (0: the last); `body` may be NULL. */
lb_err outreach_add_step(struct engine *engine, const char *campaign, struct lb_step_row step,
                         uint32_t order, uint64_t *out_no);
lb_err outreach_move_step(struct engine *engine, const char *campaign, uint64_t step,
                          uint32_t order);
lb_err outreach_remove_step(struct engine *engine, const char *campaign, uint64_t step);

lb_err outreach_add_variant(struct engine *engine, const char *campaign, uint64_t step,
                            const char *body);

lb_err outreach_activate(struct engine *engine, const char *campaign);
lb_err outreach_pause(struct engine *engine, const char *campaign);
lb_err outreach_delete_campaign(struct engine *engine, const char *campaign);

/* Up to `max`, which is what `out` has room for. */
lb_err outreach_claim(struct engine *engine, const char *campaign, size_t max, uint32_t lease_s,
                      struct claimed *out, size_t *out_count);
/* Copies what a claim handed out; returns how many. */
size_t outreach_claimed(const struct lb_claim *claim, struct claimed *out);
lb_err outreach_complete(struct engine *engine, const struct claimed *claimed,
                         enum lb_result result, const char *detail, struct reported *out);
lb_err outreach_set_status(struct engine *engine, uint64_t lead, enum lb_lead_status wanted,
                           enum lb_lead_status *out);
lb_err outreach_delete_lead(struct engine *engine, uint64_t lead);

/* --- The file --- */

/* Runs SQL on the engine's own connection, as a write, and returns the first column of the first
 * row, -1 when there is none, -2 when it fails. */
int64_t outreach_sql(struct engine *engine, const char *sql);

/* The same on the file, for what only reads. */
int64_t outreach_ask(const char *path, const char *vfs, const char *sql);

/* Do the campaigns' counts agree with their leads, names with leads, set_aside with the blocklists,
 * queues with activities, a campaign's status with who is left? False, with what does not in
 * `*out`. */
bool outreach_consistent(const char *path, const char *vfs, const char **out);

/* engine_end; not zero also when the file does not agree, which is printed. */
int outreach_end(struct engine *engine, const struct engine_place *place);

#endif
