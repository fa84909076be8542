/* Links between the names of people, in answers to changes that made or ended some. Threads: the
 * call's. */
#ifndef LB_API_BLOCKLIST_LINKS_H
#define LB_API_BLOCKLIST_LINKS_H

#include "api/call.h"
#include "domain/blocklist/change.h"

/* Appends what an undo did to links, in words. */
void lb_links_put_undone(struct lb_buf *body, const struct lb_change *undo);

#endif
