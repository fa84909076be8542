/* Finding leads by a part of a name, company or e-mail address; case does not matter.
 * Threads: one at a time. */
#ifndef LB_DOMAIN_OUTREACH_LEAD_SEARCH_H
#define LB_DOMAIN_OUTREACH_LEAD_SEARCH_H

#include "base/buf.h"
#include "store/rows.h"

/* All zero at first; released with lb_lead_search_fini. */
struct lb_lead_search {
    struct lb_buf name;   /* the term as LinkedIn names are folded; of an address, the name in it */
    struct lb_buf text;   /* and as text is */
    struct lb_buf folded; /* what is looked at */
};

/* False when the term is too long or not valid UTF-8, or when out of memory (then a buffer has
 * failed). */
bool lb_lead_search_begin(struct lb_lead_search *search, struct lb_str term);

bool lb_lead_search_matches(struct lb_lead_search *search, const struct lb_lead_row *lead);

void lb_lead_search_fini(struct lb_lead_search *search);

#endif
