/* The country of national phone numbers: of a workspace, where a request names none.
 * Threads: any. */
#ifndef LB_DOMAIN_BLOCKLIST_COUNTRY_H
#define LB_DOMAIN_BLOCKLIST_COUNTRY_H

#include "domain/access/directory.h"

/* The letters of a country's number (store/names.h), in static storage. ptr NULL: none, or one
 * whose national numbers this version cannot read. */
struct lb_str lb_country_of(uint16_t number);

/* Those of the workspace as memory has them now; the installation's has none. */
struct lb_str lb_workspace_country(const struct lb_workspace *workspace);

#endif
