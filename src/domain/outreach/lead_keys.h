/* The names of a lead that are no LinkedIn names, as keys of entries that would block it (item.h):
 * its e-mail address and phone number, its company by page and by name, and the domains over the
 * hosts of its e-mail address and website (or of the company's URL, where it is no page of
 * LinkedIn's and there is no website). The page may also stand in the place of the website or of
 * the company's name. What has no canonical form is no name. A phone number counts when it is
 * international. Threads: stateless. */
#ifndef LB_DOMAIN_OUTREACH_LEAD_KEYS_H
#define LB_DOMAIN_OUTREACH_LEAD_KEYS_H

#include "domain/blocklist/item.h"
#include "store/rows.h"

/* A host name has 253 bytes at most, so 126 domains over it; a lead has two. */
#define LB_LEAD_KEYS_MAX (4 + 2 * 126)

struct lb_lead_keys {
    size_t count;
    size_t len;      /* of `text` */
    bool incomplete; /* memory was short */
    bool page_elsewhere;
    /* The names without what makes keys of them; ptr NULL: none. */
    struct lb_str email, phone, page, company, mail_host, site_host;
    struct lb_str keys[LB_LEAD_KEYS_MAX]; /* in `text` */
    char text[3 * LB_KEY_SIZE + 32 + 2 * 256];
};

/* False when out of memory: hosts may be missing, and the address with its host; the phone number
 * and the company are not. */
bool lb_lead_keys(const struct lb_lead_row *lead, struct lb_lead_keys *out);

/* Is its company's page in another field than companyUrl? Versions before 0.17 did not find the
 * lead by it. */
bool lb_lead_has_page_elsewhere(const struct lb_lead_row *lead);

/* Of a lead that is added: a phone number that is national there becomes international, in `room`.
 * All others stay as they are. `country`: empty, or as in struct lb_name_rules. */
#define LB_LEAD_PHONE_SIZE 17
void lb_lead_read_phone(struct lb_lead_row *lead, struct lb_str country,
                        char room[LB_LEAD_PHONE_SIZE]);

/* Bytes of a host name in the form by which leads are found, or of the end of a range of them. */
#define LB_LEAD_HOST_SIZE 256

/* Fills in row->forms, from its fields; the strings are in `keys` and in `hosts`. False when out of
 * memory. */
bool lb_lead_fill_forms(struct lb_lead_row *row, struct lb_lead_keys *keys,
                        char hosts[2][LB_LEAD_HOST_SIZE]);

/* Which leads a key of an entry is about: those that are found by `form` from `first` to `last`,
 * and for a domain also by LB_LEAD_FORM_SITE_HOST. The strings are in the key and in `range`. */
struct lb_lead_range {
    enum lb_lead_form form;
    struct lb_str first, last;
    char text[2][LB_LEAD_HOST_SIZE];
};
void lb_lead_range_of(struct lb_str key, struct lb_lead_range *out);

#endif
