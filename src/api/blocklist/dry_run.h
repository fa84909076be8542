/* What a change of a blocklist would do, without doing it. Threads: the call's. */
#ifndef LB_API_BLOCKLIST_DRY_RUN_H
#define LB_API_BLOCKLIST_DRY_RUN_H

#include "api/blocklist/changes.h"

/* Replies for a block of these identifiers, or an unblock. */
enum lb_progress lb_dry_run_reply(struct lb_call *call, const struct lb_identifiers *identifiers,
                                  bool block);

#endif
