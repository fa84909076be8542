/* The settings of a campaign, in bodies: {"blockOnReply":true,"skipContacted":{"days":90},
 * "stopColleagues":true}. Threads: the call's. */
#ifndef LB_API_OUTREACH_SETTINGS_H
#define LB_API_OUTREACH_SETTINGS_H

#include "api/call.h"
#include "domain/outreach/campaign.h"

/* Reads "settings" of the body; those that are missing stay as they are. False when the reply is
 * set. */
bool lb_settings_read(struct lb_call *call, struct lb_campaign_change *change);

/* Those that are on. */
void lb_settings_put(struct lb_buf *body, const struct lb_campaign_settings *settings);

#endif
