/* Events that are in no log, and what the log does not tell of its rows: written by the transaction
 * that makes them, in one order with the log (struct lb_event_row). A commit that makes none writes
 * nothing for them. Threads: the writer's, in the open transaction, which has locked the workspace.
 */
#ifndef LB_DOMAIN_BLOCKLIST_OUTBOX_H
#define LB_DOMAIN_BLOCKLIST_OUTBOX_H

#include "domain/blocklist/blocklist.h"

/* Records an event of the workspace: of `row` all but workspace, number, log, epoch and time are
 * the caller's. */
lb_err lb_outbox_record(struct lb_blocklist *blocklist, struct lb_workspace *workspace,
                        struct lb_event_row row);

/* Notes which items of a row of the log, that this batch has appended, changed nothing. */
lb_err lb_outbox_quiet(struct lb_blocklist *blocklist, struct lb_workspace *workspace,
                       uint64_t log_row, uint64_t items);

#endif
