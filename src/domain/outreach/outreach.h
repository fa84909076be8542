/* What campaigns that contact people have in common: the counts of their leads and their status,
 * and the exclusion of blocked leads.
 *
 * Who is excluded is what the blocklists say, always. A lead's set_aside is a cache of it that the
 * same transaction keeps which changes a blocklist (this module follows them), so that claims need
 * not wade through blocked leads and progress is known; a claim asks the blocklists all the same.
 *
 * Threads: created and loaded before the threads start; all else on the writer thread, unless it
 * says otherwise. */
#ifndef LB_DOMAIN_OUTREACH_OUTREACH_H
#define LB_DOMAIN_OUTREACH_OUTREACH_H

#include "domain/blocklist/blocklist.h"
#include "domain/events/events.h"

/* How long after a start, or after the clock was set back, its time is believed. */
#define LB_CLOCK_STEADY_MS (INT64_C(10) * 60 * 1000)

struct lb_outreach;

struct lb_outreach_settings {
    struct lb_directory *directory;
    struct lb_store *store;
    struct lb_blocklist *blocklist; /* which it follows from then on */
    struct lb_events *events;
    uint64_t max_campaign_leads;
    uint64_t max_workspace_leads; /* in all its campaigns; 0: any number */
    uint32_t retry_backoff_s;     /* until the first retry; doubled for each further one */
    uint32_t max_attempts;        /* retries of one activity until it has failed */
};

/* NULL when out of memory. */
struct lb_outreach *lb_outreach_create(const struct lb_outreach_settings *settings);
/* When the writer has stopped; NULL is fine. */
void lb_outreach_destroy(struct lb_outreach *outreach);

/* Reads the names that leads have had under earlier rules, and finds what deleted campaigns left
 * behind. `writer` will then delete that bit by bit, and bring leads in step with blocks that name
 * them otherwise than they are stored. After the blocklists are loaded, `partly` by
 * lb_blocklist_load_each, before the writer starts. */
lb_err lb_outreach_load(struct lb_outreach *outreach, struct lb_writer *writer, bool partly);

/* The number of the campaign's lead that has this name, as a reader sees it; 0: not found. Any
 * thread. */
lb_err lb_outreach_look_up_lead(const struct lb_outreach *outreach, struct lb_store_reader *reader,
                                struct lb_list list, struct lb_str name, uint64_t *out);

/* The clock was set back: leads that wait for times which the clock of before gave them are not
 * kept until then, once the clock has been steady for LB_CLOCK_STEADY_MS (set_right.c). Any thread.
 */
void lb_outreach_clock_set_back(struct lb_outreach *outreach);

/* Takes the memory that lb_outreach_end_campaign needs, before the open transaction is committed.
 * False when out of memory. */
bool lb_outreach_reserve_end(struct lb_outreach *outreach);

/* The campaign is gone, its deletion committed: its leads and steps are deleted bit by bit. */
void lb_outreach_end_campaign(struct lb_outreach *outreach, struct lb_list campaign);

#endif
