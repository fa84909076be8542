/* What is stored of campaigns that contact people: their counts, steps, leads and activities. The
 * methods are in store/store.h. Strings in rows that are written are borrowed for the call; in rows
 * that are read they live until the reader's next call of the same method. Threads: plain data. */
#ifndef LB_STORE_CAMPAIGNS_H
#define LB_STORE_CAMPAIGNS_H

#include "base/str.h"

#define LB_LEASE_TOKEN_SIZE 27 /* 130 random bits in base 32, with the NUL */

enum lb_campaign_status {
    LB_CAMPAIGN_DRAFT,
    LB_CAMPAIGN_ACTIVE,
    LB_CAMPAIGN_PAUSED,
    LB_CAMPAIGN_COMPLETED,
    LB_CAMPAIGN_ERROR
};

enum lb_step_type { LB_STEP_VISIT_PROFILE, LB_STEP_INVITATION, LB_STEP_MESSAGE };
#define LB_STEP_TYPE_COUNT 3

enum lb_lead_status {
    LB_LEAD_WAITING, /* nothing was handed out for it yet */
    LB_LEAD_ACTIVE,
    LB_LEAD_PAUSED,
    LB_LEAD_COMPLETED,
    LB_LEAD_ERROR
};
#define LB_LEAD_STATUS_COUNT 5

enum lb_lead_queue {
    LB_QUEUE_SCHEDULED, /* due when the step's delay has passed since `since` */
    LB_QUEUE_CLAIMED,   /* `since` is the end of the lease */
    LB_QUEUE_RETRY      /* `since` is when it is due again */
};
#define LB_QUEUE_COUNT 3

/* What a sender has reported of a lead: bits. */
enum lb_lead_mark {
    LB_MARK_INVITED = 1,
    LB_MARK_ACCEPTED = 2,
    LB_MARK_CONTACTED = 4, /* invited or written to */
    LB_MARK_REPLIED = 8
};

/* How many leads a campaign has, by what they are; or by how much that changes. */
struct lb_counts {
    int64_t leads[LB_LEAD_STATUS_COUNT];
    int64_t set_aside; /* of the waiting, active and paused ones: blocked */
    int64_t invited;
    int64_t accepted;
    int64_t contacted;
    int64_t replied;
};

/* The part of a campaign that its activities change. */
struct lb_campaign_state {
    enum lb_campaign_status status;
    int64_t activated_at;    /* 0: never */
    struct lb_str variables; /* packed: domain/outreach/variables.h; ptr NULL: none */
    struct lb_counts counts;
};

struct lb_step_row {
    uint32_t no;
    uint32_t workspace;
    uint32_t campaign;
    uint32_t position;
    enum lb_step_type type;
    uint32_t delay_hours;
    bool stop_on_reply;
    int64_t deleted_at; /* 0: it is there */
    struct lb_str body; /* ptr NULL: none */
};

struct lb_lead_row {
    uint64_t no;
    uint32_t workspace;
    uint32_t campaign;
    struct lb_str identifier; /* canonical */
    struct lb_str member_id;  /* ptr NULL: none, as for the strings below */
    struct lb_str first_name;
    struct lb_str last_name;
    struct lb_str company_name;
    struct lb_str variables; /* packed: domain/outreach/variables.h */
    int64_t added_at;
    enum lb_lead_status status;
    bool set_aside;
    enum lb_lead_queue queue;
    uint32_t step; /* the next one, 0: the first */
    int64_t since;
    unsigned marks;
};

enum lb_activity_state {
    LB_ACTIVITY_RETRY,
    LB_ACTIVITY_CLAIMED,
    LB_ACTIVITY_DONE,
    LB_ACTIVITY_REPLIED,
    LB_ACTIVITY_FAILED
};

struct lb_activity_row {
    uint64_t lead;
    uint32_t step;
    uint32_t workspace;
    uint32_t campaign;
    enum lb_activity_state state;
    uint32_t attempts;
    uint32_t retries;
    char lease_token[LB_LEASE_TOKEN_SIZE]; /* "": none */
    int64_t lease_until;
    int64_t claimed_at;   /* of the last claim */
    int64_t completed_at; /* 0: not yet */
    int64_t changed_at;
    struct lb_str detail; /* ptr NULL: none */
};

/* A lead that is known by a name. */
struct lb_lead_ref {
    uint32_t campaign;
    uint64_t lead;
};

#endif
