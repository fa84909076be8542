/* What the files of the outreach share: campaign.c, catch_up.c, claim.c, contacted.c, everywhere.c,
 * exclusion.c, lead.c, progress.c, purge.c, refresh.c, report.c, restraint.c, same_person.c,
 * sequence.c, set_right.c, teach_links.c and variant.c; see outreach.h. All for `apply` on the
 * writer thread, within the open transaction; failures are the store's. */
#ifndef LB_DOMAIN_OUTREACH_INTERNAL_H
#define LB_DOMAIN_OUTREACH_INTERNAL_H

#include "base/clock.h"
#include "domain/access/standing.h"
#include "domain/outreach/exclusion.h"
#include "domain/outreach/old_names.h"
#include "domain/outreach/outreach.h"

/* A campaign whose status the open batch has changed. */
struct lb_new_status {
    uint32_t campaign;
    enum lb_campaign_status status;
};

/* An event of a campaign that the open batch has made. It is recorded when the batch has done all
 * else, so that it comes after the blocks that made it, and never amid those of a change. */
struct lb_campaign_news {
    struct lb_list campaign;
    enum lb_event_type type;
    unsigned progress;
};

struct lb_outreach {
    struct lb_outreach_settings settings;
    struct lb_campaign_news *news;
    size_t news_count;
    size_t news_capacity;
    struct lb_new_status *statuses;
    size_t status_count;
    size_t status_capacity;
    size_t ending;    /* campaigns that the open batch deletes */
    size_t fruitless; /* leads that claims of the open batch looked at and did not hand out */
    size_t asked;     /* look-ups of who was contacted elsewhere that they made */
    /* What writes of the batch have added to the counts of one campaign, not written yet: many in a
     * row are about the same one. */
    struct lb_list counted; /* the campaign, 0: nothing is open */
    struct lb_counts count;
    struct lb_purge *remains; /* of deleted campaigns; see purge.c */
    struct lb_old_names old_names;
    struct lb_catch_up *catch_up;     /* of leads with blocks; see catch_up.c */
    struct lb_refresh *refresh;       /* see refresh.c */
    struct lb_everywhere *everywhere; /* see everywhere.c */
    struct lb_contacted *contacted;   /* see contacted.c */
    size_t looks;                     /* at leads, of changes of the open batch; see refresh.c */
    _Atomic unsigned times_set_back;  /* the clock, since the start */
    _Atomic int64_t steady_since_ms; /* the clock: the start, or when it was set back; boot clock */
};

static inline struct lb_store_reader *lb_outreach_reader(const struct lb_outreach *outreach)
{
    struct lb_store *store = outreach->settings.store;
    return store->ops->writer_reader(store);
}

/* The campaign that a lead is in. */
static inline struct lb_list lb_list_of_lead(const struct lb_lead_row *lead)
{
    return (struct lb_list){lead->workspace, lead->campaign};
}

/* lb_standing_check, and the campaign of the standing as it is in the open transaction. */
lb_err lb_outreach_campaign(struct lb_outreach *outreach, const struct lb_standing *standing,
                            struct lb_reason *reason, struct lb_campaign_state *out);

/* To ask with what the open batch has changed. */
struct lb_exclusion lb_outreach_exclusion(const struct lb_outreach *outreach, uint32_t workspace);

/* Where a lead is blocked (exclusion.h), with what the open batch has changed. */
lb_err lb_outreach_scope(struct lb_outreach *outreach, const struct lb_lead_row *lead,
                         enum lb_scope *out);

/* Adds to the counts of a campaign, and settles its status: an active one in which no lead is left
 * is completed, a completed one in which a lead is left again is paused. Done before any write
 * reads the campaign with lb_outreach_campaign, and before the commit. */
lb_err lb_outreach_count(struct lb_outreach *outreach, struct lb_list campaign,
                         const struct lb_counts *change);

/* Writes what lb_outreach_count has gathered. */
lb_err lb_outreach_write_count(struct lb_outreach *outreach);

/* Records the events of campaigns that the batch has made. Before the commit, after all else. */
lb_err lb_outreach_tell_news(struct lb_outreach *outreach);

/* Has anything been handed out for the lead? */
bool lb_lead_was_begun(const struct lb_lead_row *lead);

/* Has the lead been begun, or has a person set it to something? */
bool lb_lead_has_history(const struct lb_lead_row *lead);

/* The number of the campaign's lead that has this name; 0: not found. */
lb_err lb_outreach_find_lead(struct lb_outreach *outreach, struct lb_list list, struct lb_str name,
                             uint64_t *out);

/* Adds the other names of the person whose names these are. In the batch. */
void lb_outreach_add_same(const struct lb_outreach *outreach, uint32_t workspace,
                          const struct lb_str *names, size_t count, struct lb_other_names *out);

/* What other leads of the campaign that are the same person mean for one. */
struct lb_same_person {
    bool gives_way;  /* one of them goes on in its place */
    uint64_t paused; /* this one gives way to it, and is paused, which holds for both; 0: none */
};

/* May read `lead` again. */
lb_err lb_outreach_same_person(struct lb_outreach *outreach, struct lb_lead_row *lead,
                               struct lb_same_person *out);

/* Completes a lead, with these marks added. */
lb_err lb_outreach_end_lead(struct lb_outreach *outreach, struct lb_list list, uint64_t no,
                            unsigned marks, struct lb_counts *counts);

/* A reply has ended the sequence of a lead that has these LinkedIn names: it ends for other leads
 * of the campaign that are the same person. */
lb_err lb_outreach_end_others(struct lb_outreach *outreach, struct lb_list list, uint64_t lead,
                              const struct lb_str *own, size_t count);

/* The blocklist's follower: the leads of this name are set aside, or no longer. */
lb_err lb_exclusion_changed(void *context, struct lb_list list, struct lb_str identifier);
/* The same for the leads of one name, in all campaigns. */
lb_err lb_exclusion_linked(void *context, uint32_t workspace, struct lb_str name);

/* teach_links.c: is the key one that a migration has noted, so that the campaign's leads teach
 * links? Then some of them do, and the note says where to go on, or is dropped: `*out_done`. */
#define LB_TEACH_LINKS "~links" /* no key of a name */
bool lb_teaches_links(const struct lb_pending_row *row);
lb_err lb_teach_links(struct lb_outreach *outreach, const struct lb_pending_row *row,
                      bool *out_done);

/* Is it aside because it is blocked, and not because another campaign has contacted the person? */
static inline bool lb_outreach_is_blocked(const struct lb_lead_row *lead)
{
    return lead->set_aside && !lead->contacted_at;
}

/* A lead that is blocked may be one that an earlier version stored without a name by which it is
 * found today (lb_lead_has_page_elsewhere): it gets that, so that the end of the block finds it. */
lb_err lb_exclusion_find_anew(struct lb_outreach *outreach, const struct lb_lead_row *lead);

/* Sets a lead aside that is blocked, or puts it back; whom another campaign has contacted stays
 * aside. Has that changed the lead? */
bool lb_outreach_mark_blocked(struct lb_lead_row *lead, bool blocked);

/* Ends the sequence for those of these leads of a campaign whose colleague has replied, when it
 * stops colleagues. */
#define LB_COLLEAGUES_MAX 50
lb_err lb_colleagues_end(struct lb_outreach *outreach, struct lb_list list, const uint64_t *leads,
                         size_t count);

/* Brings a lead's set_aside in step with the blocklists. */
lb_err lb_exclusion_refresh_lead(struct lb_outreach *outreach, uint32_t workspace, uint64_t no);

/* Writes a lead that was `before`, and adds the difference to `change`. */
lb_err lb_outreach_move(struct lb_outreach *outreach, const struct lb_lead_row *before,
                        const struct lb_lead_row *lead, struct lb_counts *change);

/* Sets the campaign's status in the store, and in memory when the batch is durable. */
lb_err lb_outreach_set_status(struct lb_outreach *outreach, struct lb_list campaign,
                              enum lb_campaign_status status);

/* set_right.c: times of a campaign's leads that lie further ahead than any can, which a clock that
 * was ahead has left, count from now on. At a claim. */
struct lb_righting {
    struct lb_outreach *outreach;
    struct lb_list list; /* the campaign's */
    struct lb_counts *counts;
    int64_t now;
    size_t found; /* set: how many there were */
};
struct lb_sequence;
lb_err lb_outreach_set_right(struct lb_righting *righting, const struct lb_sequence *sequence,
                             struct lb_campaign_state *state);

/* lead_room.c: takes room for `count` more leads of the workspace; what is not used of it is found
 * again later. LB_ERR_WORKSPACE_OVERLOADED when there is not so much. */
lb_err lb_outreach_take_room(struct lb_outreach *outreach, struct lb_workspace *workspace,
                             uint64_t count, struct lb_reason *reason);

/* purge.c: deletes in bounded pieces, through the writer, what deleted campaigns left. */
struct lb_purge *lb_purge_create(struct lb_store *store);
void lb_purge_destroy(struct lb_purge *remains);
/* `partly`: a part of the store is away, and they are looked for later. */
lb_err lb_purge_load(struct lb_purge *remains, struct lb_writer *writer, bool partly);
/* Room for `count` more campaigns: adding them cannot fail. False when out of memory. */
bool lb_purge_reserve(struct lb_purge *remains, size_t count);
void lb_purge_add(struct lb_purge *remains, struct lb_list campaign);
/* Deletes in the open transaction what the campaign left, unless that is much. */
#define LB_PURGE_NOW_MAX 1000 /* leads */
lb_err lb_purge_now(struct lb_store *store, struct lb_list campaign, bool *out_emptied);
/* `partly`: as above, still. */
void lb_purge_upkeep(struct lb_purge *remains, bool partly);

/* refresh.c: leads are set aside, or put back, by names that are no LinkedIn names, or by one that
 * many leads have. */
struct lb_refresh *lb_refresh_create(struct lb_outreach *outreach);
void lb_refresh_destroy(struct lb_refresh *refresh);
void lb_refresh_begin(struct lb_refresh *refresh, struct lb_writer *writer);
void lb_refresh_upkeep(struct lb_refresh *refresh);
/* The name of this key is blocked now, or no longer, in the open transaction. */
lb_err lb_refresh_changed(struct lb_outreach *outreach, struct lb_list list, struct lb_str key);
/* May the open batch look at one more lead, of those that all its changes may look at together?
 * Else the LinkedIn name that the lead is stored under is noted, and its leads follow. */
bool lb_refresh_may_look(struct lb_outreach *outreach);
lb_err lb_refresh_note(struct lb_outreach *outreach, struct lb_list list, struct lb_str stored);

/* everywhere.c: the same for the installation's list, in every workspace. */
struct lb_everywhere *lb_everywhere_create(struct lb_outreach *outreach);
void lb_everywhere_destroy(struct lb_everywhere *everywhere);
void lb_everywhere_begin(struct lb_everywhere *everywhere, struct lb_writer *writer);
void lb_everywhere_upkeep(struct lb_everywhere *everywhere);
/* The name of this key is in the list now, or no longer, in the open transaction. */
lb_err lb_everywhere_changed(struct lb_outreach *outreach, struct lb_str key);

/* contacted.c: leads that were skipped come back. */
struct lb_contacted *lb_contacted_create(struct lb_outreach *outreach);
void lb_contacted_destroy(struct lb_contacted *contacted);
void lb_contacted_begin(struct lb_contacted *contacted, struct lb_writer *writer);
/* The setting of a campaign has changed: some may come back now. */
void lb_contacted_look(struct lb_contacted *contacted);
void lb_contacted_upkeep(struct lb_contacted *contacted);

/* catch_up.c: begins when all is loaded. */
struct lb_catch_up *lb_catch_up_create(struct lb_outreach *outreach);
void lb_catch_up_destroy(struct lb_catch_up *catch_up);
void lb_catch_up_begin(struct lb_catch_up *catch_up, struct lb_writer *writer);
void lb_catch_up_upkeep(struct lb_catch_up *catch_up);

#endif
