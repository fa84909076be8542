/* By which names a lead is blocked: one of them in a list that counts for it is enough. The names
 * that its person has otherwise (domain/blocklist/persons.h) count as its own. Those that are no
 * LinkedIn names (lead_keys.h) are asked only where there are entries of their types
 * (lb_blocklist_asks_all). Threads: any; those of the look-up. */
#ifndef LB_DOMAIN_OUTREACH_EXCLUSION_H
#define LB_DOMAIN_OUTREACH_EXCLUSION_H

#include "domain/blocklist/blocklist.h"
#include "domain/blocklist/identifier.h"
#include "domain/blocklist/persons.h"

#define LB_EXCLUSION_NAMES_MAX 2

/* The names of a lead under the form of today (lb_identifier_held). */
struct lb_exclusion_names {
    size_t count;
    struct lb_str names[LB_EXCLUSION_NAMES_MAX]; /* in the lead, or in here */
    struct lb_identifier today;
};
void lb_exclusion_names(const struct lb_lead_row *lead, struct lb_exclusion_names *out);

/* Who asks, and what memory has of the workspace. */
struct lb_exclusion {
    const struct lb_blocklist *blocklist;
    const struct lb_workspace *workspace; /* NULL: it does not exist */
    bool in_batch;                        /* with what the open batch has changed */
};

/* The names that a lead has through its person, beside its own: `out` gets both. */
void lb_exclusion_add_others(const struct lb_exclusion *exclusion, struct lb_other_names *out);

/* The LinkedIn names of a lead, in `own`, and those that it has through its person: `*out` has
 * both, its own first. */
void lb_exclusion_all_names(const struct lb_exclusion *exclusion, const struct lb_lead_row *lead,
                            struct lb_exclusion_names *own, struct lb_other_names *out);

/* Calls `each` for the keys (item.h) of the lead's names until it fails: first its own LinkedIn
 * names, then other ones of its person, then those of other types. */
lb_err lb_exclusion_each(const struct lb_exclusion *exclusion, const struct lb_lead_row *lead,
                         void *context, lb_err (*each)(void *context, struct lb_str key));

/* The same for those alone that are no LinkedIn names. */
lb_err lb_exclusion_each_typed(const struct lb_lead_row *lead, void *context,
                               lb_err (*each)(void *context, struct lb_str key));

/* Where one name is blocked, in the list of a campaign, in its workspace's or the installation's.
 */
typedef lb_err lb_scope_look_up(void *context, struct lb_list list, struct lb_str key,
                                enum lb_scope *out);

/* Where the lead is blocked, by any of its names; the greatest scope wins. Fails as the look-up
 * does. */
lb_err lb_exclusion_scope(const struct lb_exclusion *exclusion, const struct lb_lead_row *lead,
                          lb_scope_look_up *look_up, void *context, enum lb_scope *out);

/* How many leads a key excludes, in the list of a campaign or in its workspace's: those that are
 * stored now, also by other names of a person. For a thread with a reader that is online. */
lb_err lb_exclusion_count(const struct lb_exclusion *exclusion,
                          const struct lb_directory *directory, struct lb_store *store,
                          struct lb_store_reader *reader, struct lb_list list, struct lb_str key,
                          uint64_t *out);

#endif
