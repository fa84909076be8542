/* Record ids of the workspace's blocklist, as clients see them. */
#ifndef LB_API_BLOCKLIST_WORKSPACE_LIST_H
#define LB_API_BLOCKLIST_WORKSPACE_LIST_H

#include "base/buf.h"

#include <stdint.h>

/* Appends "bl_42". */
void lb_workspace_leads_put_id(struct lb_buf *body, uint64_t entry);

#endif
