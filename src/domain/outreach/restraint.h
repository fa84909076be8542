/* What settings of a campaign keep from being handed out, beside what is blocked: leads whom
 * another campaign of the workspace has contacted lately (skipContacted), by any LinkedIn name of
 * the person, and colleagues of people who have replied (stopColleagues).
 *
 * Both are looked up when leads are claimed, in the transaction of the claim. The writer, and the
 * lock of the workspace where nodes share a store, order claims with each other and with reports:
 * of two that want the same person the second finds what the first has handed out. Who was
 * contacted is what the activities say, so that claims of campaigns without the setting write
 * nothing for it. A company that is stopped is a row of its own.
 *
 * Threads: any that has a reader. */
#ifndef LB_DOMAIN_OUTREACH_RESTRAINT_H
#define LB_DOMAIN_OUTREACH_RESTRAINT_H

#include "domain/blocklist/item.h"
#include "domain/outreach/exclusion.h"
#include "domain/outreach/outreach.h"

#define LB_SKIP_CONTACTED_DAYS_MAX 3650

/* How long a contact counts. */
static inline int64_t lb_skip_contacted_ms(const struct lb_campaign_settings *settings)
{
    return settings->skip_contacted_days * (INT64_C(24) * 3600 * 1000);
}

/* For one lead. */
struct lb_restraint {
    struct lb_contact contact; /* by another campaign, within the days; `at` is 0 without one */
    uint64_t colleague;        /* the lead whose reply has ended the sequence; 0: none */
};

struct lb_restraint_question {
    const struct lb_outreach *outreach;
    struct lb_store_reader *reader;
    struct lb_list list; /* the campaign's */
    struct lb_campaign_settings settings;
    struct lb_exclusion exclusion; /* who asks */
    int64_t now;
    size_t look_ups_max; /* of contacts (store/methods.h); the first lead's are made in any case */
    size_t *asked;       /* grows by them; NULL: not counted */
};

/* Is there anything to look up? */
static inline bool lb_restrains(const struct lb_campaign_settings *settings)
{
    return settings->skip_contacted_days || settings->stop_colleagues;
}

/* Fills `out` for leads of the campaign, up to `out_known`: one at least, and all when `settings`
 * ask for no contacts. Ends the strings of a lead that was read before. */
lb_err lb_restraints_find(const struct lb_restraint_question *question, const uint64_t *leads,
                          size_t count, struct lb_restraint *out, size_t *out_known);

/* The company of a lead who has replied: what is stopped by it, and whose leads are looked at. By
 * the company's page, where both leads have one, and else by the form of its name. */
struct lb_reply_company {
    size_t stop_count;
    struct lb_str stops[2]; /* of stopped_company */
    size_t key_count;
    struct lb_str keys[2]; /* item.h */
    char text[4][LB_KEY_SIZE + 1];
};
void lb_reply_company_of(const struct lb_lead_row *lead, struct lb_reply_company *out);

#endif
