/* Leads in replies. */
#ifndef LB_API_OUTREACH_LEADS_H
#define LB_API_OUTREACH_LEADS_H

#include "api/call.h"
#include "domain/outreach/lead.h"

/* Where a lead of the call's workspace is blocked, by any of its names. For a thread that is
 * online. LB_ERR_STORAGE_UNAVAILABLE: one of them could not be read, which says nothing. */
lb_err lb_leads_scope(const struct lb_call *call, const struct lb_lead_row *lead,
                      enum lb_scope *out);

/* Appends `"publicIdentifier":...,"memberId":...`. */
void lb_leads_put_names(struct lb_buf *body, struct lb_str identifier, struct lb_str member_id);

/* Appends the fields that describe a person, from `"publicIdentifier"` to `"variables"`. */
void lb_leads_put_person(struct lb_buf *body, const struct lb_new_lead *lead);

/* Appends the fields of a lead, from `"id"` to where it is blocked. Fails as lb_leads_scope does.
 */
lb_err lb_leads_put(struct lb_call *call, struct lb_buf *body, const struct lb_lead_row *lead);

#endif
