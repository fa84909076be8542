/* Creating and listing campaigns, for the API and for the command line's own routes. Threads: the
 * call's. */
#ifndef LB_API_OUTREACH_CAMPAIGNS_H
#define LB_API_OUTREACH_CAMPAIGNS_H

#include "api/call.h"
#include "domain/outreach/campaign.h"

/* Reads {"name","id","steps","customVariables","settings"} of the body and creates the campaign in
 * the call's workspace. */
enum lb_progress lb_campaigns_create(struct lb_call *call);

/* Replies with a page of the campaigns of the call's workspace. */
enum lb_progress lb_campaigns_reply_page(struct lb_call *call, size_t take_default,
                                         size_t take_max);

#endif
