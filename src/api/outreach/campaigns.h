/* Creating and listing campaigns, for the API and for the command line's own routes. */
#ifndef LB_API_OUTREACH_CAMPAIGNS_H
#define LB_API_OUTREACH_CAMPAIGNS_H

#include "api/call.h"
#include "domain/outreach/campaign.h"

/* Reads {"name","id","steps","customVariables"} of the body and creates the campaign in the call's
 * workspace. */
enum lb_progress lb_campaigns_create(struct lb_call *call);

/* Replies with a page of the campaigns of the call's workspace. */
enum lb_progress lb_campaigns_reply_page(struct lb_call *call, size_t take_default,
                                         size_t take_max);

/* A text of the body with 1 to 100 characters and no control characters; false when the reply is
 * set. `out`: LB_NAME_SIZE bytes. */
bool lb_campaigns_read_name(struct lb_call *call, char *out);

#endif
