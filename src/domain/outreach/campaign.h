/* Changes of campaigns: created, deleted, activated, paused.
 * Threads: filled on any thread, submitted to the writer, applied there. */
#ifndef LB_DOMAIN_OUTREACH_CAMPAIGN_H
#define LB_DOMAIN_OUTREACH_CAMPAIGN_H

#include "base/buf.h"
#include "domain/blocklist/change.h"
#include "domain/outreach/outreach.h"
#include "domain/outreach/sequence.h"

#define LB_CAMPAIGN_ID_MAX 64 /* characters */
/* Blocklists of deleted campaigns that a workspace may keep: a look-up of a person asks each. */
#define LB_KEPT_LISTS_MAX 10000

/* A change of a campaign, embedded in its owner's struct. Fill `write` as for any write, and the
 * fields, then prepare it with the function of its kind and submit `write`. */
struct lb_campaign_change {
    struct lb_write write; /* first: the writer hands it back */
    struct lb_standing standing;
    struct lb_blocklist *blocklist; /* NULL when not loaded */
    struct lb_outreach *outreach;   /* the same */
    size_t max_campaigns;           /* create: of the workspace; 0: no bound */
    struct lb_step_row *steps;      /* create: checked, in order; the result: with their numbers */
    size_t step_count;
    struct lb_str variables;     /* create: packed (domain/outreach/variables.h); ptr NULL: none */
    char new_name[LB_NAME_SIZE]; /* change: "": as it was */
    bool sets_variables;         /* change: to `variables` */
    /* Create: its settings. Change: those that are set. */
    struct lb_campaign_settings settings;
    bool sets_block_on_reply, sets_skip_contacted, sets_stop_colleagues;
    struct lb_campaign_row row; /* create: id and name. Result: the campaign. */
    /* Activate, pause, change: the result, as committed with the change. */
    struct lb_campaign_state state;
    struct lb_sequence sequence; /* without texts */
    struct lb_buf texts;         /* of the state; released with lb_campaign_change_fini */
    /* Delete: its blocklist ends, too, or that of the deleted campaign with the id of the row. */
    bool drops_list;
    /* Create: the result. Was there a blocklist of an earlier campaign of the id, with how many
     * people? Delete: the blocklist is kept, with how many? */
    bool kept_list;
    uint64_t kept_people; /* 0 when blocklists are not loaded */
    /* Its own. */
    struct lb_campaign *made;  /* added to the directory after the commit */
    struct lb_campaign *spare; /* change: the record with the new name */
    struct lb_kept_list *kept; /* the same */
    bool list_ends;
    bool was_deleted;
    struct lb_change carried;
};

/* Releases what activate, pause and change have kept for the reply. */
void lb_campaign_change_fini(struct lb_campaign_change *change);

/* An own id: 1 to 64 of A-Za-z0-9_-. */
bool lb_campaign_id_valid(struct lb_str id);

/* Without an id in the row, one is made. LB_ERR_ALREADY_EXISTS when it is taken. A campaign with
 * the id of one that was deleted gets its number, and with that its blocklist. LB_ERR_OVERLOADED
 * while many leads of that one are still being deleted. */
void lb_campaign_create(struct lb_campaign_change *change);

/* LB_ERR_CAMPAIGN_NOT_FOUND when the campaign of the standing is gone. Its blocklist is kept. */
void lb_campaign_delete(struct lb_campaign_change *change);

/* Ends the blocklist of a campaign that is deleted: that of the row's id. */
void lb_campaign_drop_list(struct lb_campaign_change *change);

/* LB_ERR_CAMPAIGN_NOT_READY without steps or leads. A campaign in which no lead is left to contact
 * is completed at once; see row.status. */
void lb_campaign_activate(struct lb_campaign_change *change);

/* Sets its name, its variables, or some of its settings. */
void lb_campaign_change(struct lb_campaign_change *change);

/* A completed campaign stays completed. */
void lb_campaign_pause(struct lb_campaign_change *change);

#endif
