/* Activities: one step for one lead, handed out to a sender with a lease and reported back.
 *
 * scheduled: waits for its time, and for a claim.
 * claimed: a sender has it, until its lease ends; then it is offered again.
 * done, replied: the lead goes on to the next step, or is completed.
 * failed: the lead is set to error.
 * to be retried: a sender gave it back; offered again later.
 *
 * A claim is a write: the writer orders it with the blocks. A lead that was blocked by a write that
 * was acknowledged before the claim was sent is blocked when the claim is applied, and the claim
 * asks the blocklists for each lead that it hands out. That is the guarantee (docs/guarantee.md).
 *
 * Threads: filled on any thread, submitted to the writer, and applied there. */
#ifndef LB_DOMAIN_OUTREACH_ACTIVITY_H
#define LB_DOMAIN_OUTREACH_ACTIVITY_H

#include "base/buf.h"
#include "domain/access/standing.h"
#include "domain/blocklist/change.h"
#include "domain/outreach/exclusion.h"
#include "domain/outreach/outreach.h"

#define LB_CLAIM_MAX             10000
#define LB_LEASE_SECONDS_MAX     86400
#define LB_RETRY_AFTER_MAX_MS    (INT64_C(24) * 3600 * 1000)
#define LB_DETAIL_CHARACTERS_MAX 500
#define LB_CLAIMED_BYTES         1024 /* what one claimed activity takes in memory, about */

/* A string of a claim; see lb_claim_text. */
struct lb_claimed_text {
    size_t at;
    size_t len;
    bool given; /* false: there is none */
};

/* An activity that was handed out. */
struct lb_claimed {
    uint64_t lead;
    uint64_t step;
    uint32_t order;
    enum lb_step_type type;
    uint32_t attempt;
    uint64_t variant; /* of the step's text; 0: none */
    char lease_token[LB_LEASE_TOKEN_SIZE];
    int64_t lease_until;
    struct lb_claimed_text identifier;
    struct lb_claimed_text member_id;
    struct lb_claimed_text fields[LB_LEAD_FIELD_COUNT];
    struct lb_claimed_text variables; /* packed: domain/outreach/variables.h */
    struct lb_claimed_text message;   /* filled in */
};

/* A claim, embedded in its owner's struct. Fill `write` as for any write, `outreach`, `standing`
 * (of the campaign, with its license), `max` and `lease_s`; prepare and submit. It may be prepared
 * and submitted again, to go on: what it has handed out by then stays its result, and is all of it
 * when it fails (lb_claim_forget). Release with lb_claim_fini when it is done, also when it failed.
 */
struct lb_claim {
    struct lb_write write; /* first: the writer hands it back */
    struct lb_outreach *outreach;
    struct lb_standing standing;
    size_t max;
    uint32_t lease_s;
    /* Results. */
    struct lb_claimed *items;
    size_t count;
    bool cut;   /* it ended at a bound of its batch: more may be due */
    bool piece; /* it handed out as many as one write may while others wait: the same */
    /* Its own. */
    size_t capacity;
    struct lb_buf texts;
    size_t kept; /* items of writes before this one, and their texts */
    size_t kept_texts;
};

void lb_claim_activities(struct lb_claim *claim);
/* Leaves out what a write that failed has left of its result. */
void lb_claim_forget(struct lb_claim *claim);
void lb_claim_fini(struct lb_claim *claim);

/* ptr NULL when there is none. Borrowed from the claim. */
struct lb_str lb_claim_text(const struct lb_claim *claim, struct lb_claimed_text text);

enum lb_result {
    LB_RESULT_DONE,
    LB_RESULT_REPLIED,
    LB_RESULT_FAILED,
    LB_RESULT_RETRY,
    LB_RESULT_OPTED_OUT /* replied, and not to be contacted again: blocked by the same write */
};

/* Its LinkedIn names, its e-mail address and its phone number. */
#define LB_OPT_OUT_NAMES_MAX (LB_EXCLUSION_NAMES_MAX + 2)

/* The block of a lead that has opted out, or has replied in a campaign that blocks on replies, by
 * all of its names. It is part of the report; of an opt-out it is recorded also when the rest is
 * not, because the lease was lost. Lives as long as the report. */
struct lb_opt_out {
    struct lb_change change; /* its `blocklist` is set by the caller */
    struct lb_change_item items[LB_OPT_OUT_NAMES_MAX];
    struct lb_fingerprint fingerprints[LB_OPT_OUT_NAMES_MAX];
    char keys[LB_OPT_OUT_NAMES_MAX][LB_KEY_SIZE];
    bool in_campaign; /* set by the caller: only in the lead's campaign */
};

/* What a sender reports of an activity; as above. LB_ERR_ACTIVITY_NOT_FOUND, or LB_ERR_LEASE_LOST
 * when the token is not the one of the last claim. Repeating a report is safe. */
struct lb_report {
    struct lb_write write; /* first: the writer hands it back */
    struct lb_outreach *outreach;
    struct lb_standing standing; /* of the workspace */
    uint64_t lead;
    uint64_t step;
    struct lb_str lease_token;
    enum lb_result result;
    struct lb_str detail;       /* ptr NULL: none */
    bool accepted;              /* the lead has accepted the invitation */
    struct lb_opt_out *opt_out; /* with LB_RESULT_OPTED_OUT and LB_RESULT_REPLIED */
    /* Results. */
    enum lb_lead_status status; /* of the lead */
    bool blocked;               /* by now */
    bool blocks;                /* by this report */
};

void lb_activity_complete(struct lb_report *completion);

bool lb_result_parse(struct lb_str name, enum lb_result *out);

#endif
