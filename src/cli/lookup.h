/* Finds one identifier in the workspace's own list, which the API can only search. Threads: one. */
#ifndef LB_CLI_LOOKUP_H
#define LB_CLI_LOOKUP_H

#include "cli/client.h"
#include "domain/blocklist/identifier.h"

#define LB_LOOKUP_ID_SIZE 72

enum lb_lookup { LB_LOOKUP_FAILED, LB_LOOKUP_ABSENT, LB_LOOKUP_FOUND };

/* Looks for exactly this identifier, page by page, and gives the id of its record. A failure has
 * been explained. */
enum lb_lookup lb_lookup_record(struct lb_client *client, const struct lb_identifier *identifier,
                                char out_id[LB_LOOKUP_ID_SIZE]);

#endif
