/* Leads: the people in a campaign. Adding one again never resets or unblocks it.
 * Threads: changes are filled on any thread, submitted to the writer, and applied there. */
#ifndef LB_DOMAIN_OUTREACH_LEAD_H
#define LB_DOMAIN_OUTREACH_LEAD_H

#include "domain/access/standing.h"
#include "domain/blocklist/change.h"
#include "domain/outreach/outreach.h"

#define LB_LEAD_NAME_CHARACTERS_MAX 200 /* of a name, an e-mail address or a phone number */
#define LB_LEAD_TEXT_CHARACTERS_MAX 500 /* of a headline or an address of the web */

/* Characters that a field may have. */
static inline size_t lb_lead_field_max(enum lb_lead_field field)
{
    bool is_text =
        field == LB_LEAD_HEADLINE || field == LB_LEAD_WEBSITE || field == LB_LEAD_COMPANY_URL;
    return is_text ? LB_LEAD_TEXT_CHARACTERS_MAX : LB_LEAD_NAME_CHARACTERS_MAX;
}

struct lb_new_lead {
    struct lb_str identifier; /* canonical */
    struct lb_str member_id;  /* ptr NULL: none, as for the fields below */
    struct lb_str fields[LB_LEAD_FIELD_COUNT];
    struct lb_str variables; /* packed: domain/outreach/variables.h */
    const char *doubt;       /* why it is refused unless the campaign has it; NULL: it is good */
    /* The caller's, of doubtful ones: where it stands in the request, and what it was there. */
    size_t place;
    struct lb_str sent;
};

/* A change of leads, embedded in its owner's struct; what it points to lives as long. Fill `write`
 * as for any write, `outreach`, `standing` and the fields of one kind, then prepare it with the
 * function of that kind and submit `write`. */
struct lb_lead_change {
    struct lb_write write; /* first: the writer hands it back */
    struct lb_outreach *outreach;
    struct lb_standing standing;
    const struct lb_new_lead *leads; /* add, with `count` */
    size_t count;
    const struct lb_new_lead **refused; /* add: room for the doubtful ones; NULL: there are none */
    bool lenient;                       /* add: leaves those out that are refused */
    uint64_t lead;              /* set status, delete: which, of the workspace of the standing */
    enum lb_lead_status wanted; /* set status: waiting and active mean "go on" */
    /* Results. */
    enum lb_lead_status status;
    size_t refused_count;
    uint64_t added;
    uint64_t duplicates;
    uint64_t blocked; /* of the added ones: excluded for now */
    /* Add: what is learnt of leads that have two names (domain/blocklist/links.h): its id names the
     * links, if there are new ones. */
    struct lb_change links;
};

/* Adds leads to the campaign of the standing. LB_ERR_WORKSPACE_OVERLOADED when it would hold too
 * many; LB_ERR_INVALID_IDENTIFIER when some are refused, unless it is lenient. */
void lb_lead_add(struct lb_lead_change *change);
/* LB_ERR_LEAD_NOT_FOUND, as below. */
void lb_lead_set_status(struct lb_lead_change *change);
/* With its activities. Blocks stay. */
void lb_lead_delete(struct lb_lead_change *change);

#endif
