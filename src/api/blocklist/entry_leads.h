/* How many leads the entries of a request exclude, counted after the change was recorded, or in a
 * try: by indexes of the store, on a reader thread, some entries at a time. A change is never
 * refused for it: of what could not be counted the answer says null. */
#ifndef LB_API_BLOCKLIST_ENTRY_LEADS_H
#define LB_API_BLOCKLIST_ENTRY_LEADS_H

#include "api/blocklist/changes.h"

/* Counts the leads of the call's pending change (its state), then calls `reply`, which sets the
 * reply. Entries of the installation's list are not counted: they belong to no workspace. On an I/O
 * thread or a reader's. */
enum lb_progress lb_entry_leads_count(struct lb_call *call, void (*reply)(struct lb_call *call));

#endif
