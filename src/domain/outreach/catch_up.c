/* After a start, leads that blocks find under other forms of their names than when they were stored
 * are set aside, or no longer: their counts are right before a claim looks at them. In small writes
 * of its own, as purge.c; all of it is done again after the next start, and finds nothing to do.
 * Threads: the writer's. */
#include "domain/outreach/internal.h"

#include "base/clock.h"
#include "base/mailbox.h"
#include "writer/retry.h"

#include <stddef.h>
#include <stdlib.h>

/* Names that one write looks at. */
#define NAMES_AT_A_TIME 50

/* How far it is: among the blocked names, and then among those of leads. */
struct place {
    size_t blocked;
    size_t lead;
};

struct lb_catch_up {
    struct lb_write write; /* first: the writer hands it back */
    struct lb_outreach *outreach;
    struct lb_writer *writer; /* NULL: before the start */
    struct lb_mailbox *mailbox;
    struct lb_task done;
    bool under_way;
    uint64_t began_ms;
    struct lb_retry retry;
    struct place at;
    struct place reached; /* by the write under way */
};

struct lb_catch_up *lb_catch_up_create(struct lb_outreach *outreach)
{
    struct lb_catch_up *catch_up = calloc(1, sizeof *catch_up);
    if (!catch_up)
        return NULL;
    catch_up->outreach = outreach;
    catch_up->mailbox = lb_mailbox_create();
    if (catch_up->mailbox)
        return catch_up;
    free(catch_up);
    return NULL;
}

void lb_catch_up_destroy(struct lb_catch_up *catch_up)
{
    if (!catch_up)
        return;
    lb_mailbox_drain(catch_up->mailbox);
    lb_mailbox_destroy(catch_up->mailbox);
    free(catch_up);
}

void lb_catch_up_begin(struct lb_catch_up *catch_up, struct lb_writer *writer)
{
    catch_up->writer = writer;
}

/* The name after `at`, and the lists whose leads it may concern; false after the last. */
static bool next(const struct lb_catch_up *catch_up, struct place *at, struct lb_list *out_list,
                 struct lb_str *out_name)
{
    const struct lb_outreach *outreach = catch_up->outreach;
    const struct lb_old_names *names = &outreach->old_names;
    if (lb_blocklist_next_renamed(outreach->settings.blocklist, &at->blocked, out_list, out_name))
        return true;
    if (at->lead == names->count)
        return false;
    *out_list = (struct lb_list){.workspace = names->names[at->lead].workspace};
    *out_name = lb_old_names_today(names, at->lead++);
    return true;
}

/* Of one workspace, which is what a write may change. */
static lb_err apply(struct lb_write *write, struct lb_store *store)
{
    (void)store;
    struct lb_catch_up *catch_up = (struct lb_catch_up *)write;
    struct place at = catch_up->at;
    struct lb_list list;
    struct lb_str name;
    lb_err err = LB_OK;
    write->touched = true;
    catch_up->began_ms = lb_clock_mono_ms();
    catch_up->reached = at;
    for (int i = 0; !err && i < NAMES_AT_A_TIME && next(catch_up, &at, &list, &name) &&
                    list.workspace == write->workspace;
         i++) {
        err = lb_exclusion_changed(catch_up->outreach, list, name);
        catch_up->reached = at;
    }
    return err;
}

static void finish(struct lb_task *task)
{
    struct lb_catch_up *catch_up =
        (struct lb_catch_up *)((char *)task - offsetof(struct lb_catch_up, done));
    catch_up->under_way = false;
    lb_retry_note(&catch_up->retry, catch_up->write.result, catch_up->began_ms);
    if (!catch_up->write.result)
        catch_up->at = catch_up->reached;
}

void lb_catch_up_upkeep(struct lb_catch_up *catch_up)
{
    struct lb_list list;
    struct lb_str name;
    lb_mailbox_drain(catch_up->mailbox);
    if (!catch_up->writer || catch_up->under_way ||
        lb_retry_waits(&catch_up->retry, catch_up->outreach->settings.store))
        return;
    struct place at = catch_up->at;
    if (!next(catch_up, &at, &list, &name)) {
        catch_up->writer = NULL; /* that was all */
        return;
    }
    catch_up->done.run = finish;
    catch_up->began_ms = lb_clock_mono_ms();
    catch_up->write = (struct lb_write){.apply = apply,
                                        .completion = &catch_up->done,
                                        .home = catch_up->mailbox,
                                        .workspace = list.workspace};
    catch_up->under_way = lb_writer_submit(catch_up->writer, &catch_up->write) == LB_OK;
}
