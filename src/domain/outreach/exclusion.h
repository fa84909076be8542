/* By which names a lead is blocked: one of them in a list that counts for it is enough.
 * Threads: any; those of the look-up. */
#ifndef LB_DOMAIN_OUTREACH_EXCLUSION_H
#define LB_DOMAIN_OUTREACH_EXCLUSION_H

#include "domain/blocklist/blocklist.h"

#define LB_EXCLUSION_NAMES_MAX 2

/* Returns how many names there are. They point into the lead. */
size_t lb_exclusion_names(const struct lb_lead_row *lead,
                          struct lb_str out[LB_EXCLUSION_NAMES_MAX]);

/* Where one name is blocked, in the list of a campaign or in its workspace's. */
typedef lb_err lb_scope_look_up(void *context, struct lb_list list, struct lb_str name,
                                enum lb_scope *out);

/* Where the lead is blocked, by any of its names; the workspace wins. Fails as the look-up does. */
lb_err lb_exclusion_scope(const struct lb_lead_row *lead, lb_scope_look_up *look_up, void *context,
                          enum lb_scope *out);

#endif
