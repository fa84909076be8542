/* Changes of campaigns: created, deleted, activated, paused.
 * Threads: filled on any thread, submitted to the writer, applied there. */
#ifndef LB_DOMAIN_OUTREACH_CAMPAIGN_H
#define LB_DOMAIN_OUTREACH_CAMPAIGN_H

#include "base/buf.h"
#include "domain/access/standing.h"
#include "domain/outreach/outreach.h"
#include "domain/outreach/sequence.h"

#define LB_CAMPAIGN_ID_MAX 64 /* characters */

/* A change of a campaign, embedded in its owner's struct. Fill `write` as for any write, and the
 * fields, then prepare it with the function of its kind and submit `write`. */
struct lb_campaign_change {
    struct lb_write write; /* first: the writer hands it back */
    struct lb_standing standing;
    struct lb_blocklist *blocklist; /* whose list ends with the campaign; NULL when not loaded */
    struct lb_outreach *outreach;   /* whose leads do; NULL when not loaded */
    size_t max_campaigns;           /* create: of the workspace; 0: no bound */
    struct lb_step_row *steps;      /* create: checked, in order; the result: with their numbers */
    size_t step_count;
    struct lb_str variables;     /* create: packed (domain/outreach/variables.h); ptr NULL: none */
    char new_name[LB_NAME_SIZE]; /* change: "": as it was */
    bool sets_variables;         /* change: to `variables` */
    struct lb_campaign_row row;  /* create: id and name. Result: the campaign. */
    /* Activate, pause, change: the result, as committed with the change. */
    struct lb_campaign_state state;
    struct lb_sequence sequence;
    struct lb_buf texts;       /* of the state; released with lb_campaign_change_fini */
    struct lb_campaign *made;  /* its own: added to the directory after the commit */
    struct lb_campaign *spare; /* its own, change: the record with the new name */
};

/* Releases what activate, pause and change have kept for the reply. */
void lb_campaign_change_fini(struct lb_campaign_change *change);

/* An own id: 1 to 64 of A-Za-z0-9_-. */
bool lb_campaign_id_valid(struct lb_str id);

/* Without an id in the row, one is made. LB_ERR_ALREADY_EXISTS when it is taken. */
void lb_campaign_create(struct lb_campaign_change *change);

/* LB_ERR_CAMPAIGN_NOT_FOUND when the campaign of the standing is gone. */
void lb_campaign_delete(struct lb_campaign_change *change);

/* LB_ERR_CAMPAIGN_NOT_READY without steps or leads. A campaign in which no lead is left to contact
 * is completed at once; see row.status. */
void lb_campaign_activate(struct lb_campaign_change *change);

/* Sets its name, or its variables, or both. */
void lb_campaign_change(struct lb_campaign_change *change);

/* A completed campaign stays completed. */
void lb_campaign_pause(struct lb_campaign_change *change);

#endif
