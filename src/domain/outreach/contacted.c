/* Leads that were skipped because another campaign had contacted them come back when the days are
 * over, or the setting has been changed: in small writes of 200 at most. One that was contacted
 * again meanwhile stays aside until those days are over. All nodes look; whichever comes second
 * finds nothing to do. Threads: the writer's. */
#include "base/clock.h"
#include "base/mailbox.h"
#include "domain/outreach/internal.h"
#include "domain/outreach/restraint.h"

#include <stddef.h>
#include <stdlib.h>

#define LEADS_AT_A_TIME 200
#define LOOK_AGAIN_MS   2000
#define RETRY_AFTER_MS  1000

struct lb_contacted {
    struct lb_write write; /* first: the writer hands it back */
    struct lb_outreach *outreach;
    struct lb_writer *writer; /* NULL: before the start */
    struct lb_mailbox *mailbox;
    struct lb_task done;
    bool under_way;
    uint64_t look_at_ms;
    struct lb_list list;
    uint64_t leads[LEADS_AT_A_TIME];
    size_t count;
};

struct lb_contacted *lb_contacted_create(struct lb_outreach *outreach)
{
    struct lb_contacted *contacted = calloc(1, sizeof *contacted);
    if (!contacted)
        return NULL;
    contacted->outreach = outreach;
    contacted->mailbox = lb_mailbox_create();
    if (contacted->mailbox)
        return contacted;
    free(contacted);
    return NULL;
}

void lb_contacted_destroy(struct lb_contacted *contacted)
{
    if (!contacted)
        return;
    lb_mailbox_drain(contacted->mailbox);
    lb_mailbox_destroy(contacted->mailbox);
    free(contacted);
}

void lb_contacted_begin(struct lb_contacted *contacted, struct lb_writer *writer)
{
    contacted->writer = writer;
}

void lb_contacted_look(struct lb_contacted *contacted)
{
    contacted->look_at_ms = 0;
}

/* Is it still one whose days are over? Then it is put back, unless there is a later contact, or it
 * is blocked by now. */
static lb_err put_back(struct lb_outreach *outreach, const struct lb_restraint_question *question,
                       uint64_t no, const struct lb_contact *contact, struct lb_counts *counts)
{
    int64_t over = question->now - lb_skip_contacted_ms(&question->settings);
    struct lb_lead_row before, lead;
    enum lb_scope scope;
    lb_err err = outreach->settings.store->ops->lead(question->reader, question->list.workspace, no,
                                                     &before);
    if (err || !before.contacted_at || before.contacted_at > over)
        return err;
    lead = before;
    err = lb_outreach_scope(outreach, &lead, &scope);
    lead.contacted_at = scope == LB_SCOPE_NONE ? contact->at : 0;
    lead.set_aside = scope != LB_SCOPE_NONE || contact->at;
    return err ? err : lb_outreach_move(outreach, &before, &lead, counts);
}

static lb_err apply(struct lb_write *write, struct lb_store *store)
{
    struct lb_contacted *contacted = (struct lb_contacted *)write;
    struct lb_outreach *outreach = contacted->outreach;
    struct lb_restraint_question question = {
        .outreach = outreach,
        .reader = lb_outreach_reader(outreach),
        .list = contacted->list,
        .exclusion = lb_outreach_exclusion(outreach, contacted->list.workspace),
        .now = lb_clock_wall_ms()};
    struct lb_restraint restraints[LEADS_AT_A_TIME];
    struct lb_campaign_state state;
    struct lb_counts counts = {0};
    lb_err err = store->ops->campaign_state(question.reader, contacted->list.workspace,
                                            contacted->list.campaign, &state);
    if (err)
        return err == LB_ERR_NOT_FOUND ? LB_OK : err;
    write->touched = true;
    question.settings.skip_contacted_days = state.settings.skip_contacted_days;
    store->ops->prefetch_leads(question.reader, contacted->list.workspace, contacted->leads,
                               contacted->count, 0);
    err = lb_restraints_find(&question, contacted->leads, contacted->count, restraints);
    for (size_t i = 0; !err && i < contacted->count; i++)
        err = put_back(outreach, &question, contacted->leads[i], &restraints[i].contact, &counts);
    if (err == LB_ERR_NOT_FOUND) /* deleted meanwhile; the others are looked at again */
        err = LB_OK;
    return err ? err : lb_outreach_count(outreach, contacted->list, &counts);
}

static void finish(struct lb_task *task)
{
    struct lb_contacted *contacted =
        (struct lb_contacted *)((char *)task - offsetof(struct lb_contacted, done));
    contacted->under_way = false;
    contacted->look_at_ms = contacted->write.result ? lb_clock_mono_ms() + RETRY_AFTER_MS : 0;
}

void lb_contacted_upkeep(struct lb_contacted *contacted)
{
    uint64_t now = lb_clock_mono_ms();
    lb_mailbox_drain(contacted->mailbox);
    if (!contacted->writer || contacted->under_way || now < contacted->look_at_ms)
        return;
    struct lb_store *store = contacted->outreach->settings.store;
    lb_err err = store->ops->contacted_due(lb_outreach_reader(contacted->outreach),
                                           lb_clock_wall_ms(), LEADS_AT_A_TIME, &contacted->list,
                                           contacted->leads, &contacted->count);
    contacted->look_at_ms = now + LOOK_AGAIN_MS;
    if (err || !contacted->count)
        return;
    contacted->done.run = finish;
    contacted->write = (struct lb_write){.apply = apply,
                                         .completion = &contacted->done,
                                         .home = contacted->mailbox,
                                         .workspace = contacted->list.workspace};
    contacted->under_way = lb_writer_submit(contacted->writer, &contacted->write) == LB_OK;
}
