/* The names of a lead that are no LinkedIn names, as keys of entries that would block it (item.h):
 * its e-mail address and phone number, its company by page and by name, and the domains over the
 * hosts of its e-mail address and website (or of the company's URL, where it is no page of
 * LinkedIn's and there is no website). What has no canonical form is no name. A phone number counts
 * when it is international. Threads: stateless. */
#ifndef LB_DOMAIN_OUTREACH_LEAD_KEYS_H
#define LB_DOMAIN_OUTREACH_LEAD_KEYS_H

#include "domain/blocklist/item.h"
#include "store/rows.h"

/* A host name has 253 bytes at most, so 126 domains over it; a lead has two. */
#define LB_LEAD_KEYS_MAX (4 + 2 * 126)

struct lb_lead_keys {
    size_t count;
    size_t len; /* of `text` */
    /* The names without what makes keys of them; ptr NULL: none. */
    struct lb_str email, phone, page, company, mail_host, site_host;
    struct lb_str keys[LB_LEAD_KEYS_MAX]; /* in `text` */
    char text[3 * LB_KEY_SIZE + 32 + 2 * 256];
};

void lb_lead_keys(const struct lb_lead_row *lead, struct lb_lead_keys *out);

#endif
