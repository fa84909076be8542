/* After a start, leads that blocks find under other forms of their names than when they were stored
 * are set aside, or no longer: their counts are right before a claim looks at them. In small writes
 * of its own, as purge.c; all of it is done again after the next start, and finds nothing to do.
 * Threads: the writer's. */
#include "domain/outreach/internal.h"

#include "writer/own_write.h"

/* Names that one write looks at. */
#define NAMES_AT_A_TIME 50

/* How far it is: among the blocked names, and then among those of leads. */
struct place {
    size_t blocked;
    size_t lead;
};

struct lb_catch_up {
    struct lb_own_write own; /* first: `apply` and `finish` get it */
    struct lb_outreach *outreach;
    struct place at;
    struct place reached; /* by the write under way */
};

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
    catch_up->reached = at;
    for (int i = 0; !err && i < NAMES_AT_A_TIME && next(catch_up, &at, &list, &name) &&
                    list.workspace == write->workspace;
         i++) {
        err = lb_exclusion_changed(catch_up->outreach, list, name);
        catch_up->reached = at;
    }
    return err;
}

static void finish(struct lb_write *write)
{
    struct lb_catch_up *catch_up = (struct lb_catch_up *)write;
    if (!write->result)
        catch_up->at = catch_up->reached;
}

void lb_catch_up_upkeep(struct lb_catch_up *catch_up)
{
    struct lb_list list;
    struct lb_str name;
    if (!lb_own_write_is_idle(&catch_up->own) ||
        lb_retry_waits(&catch_up->own.retry, catch_up->outreach->settings.store))
        return;
    struct place at = catch_up->at;
    if (!next(catch_up, &at, &list, &name)) {
        catch_up->own.writer = NULL; /* that was all */
        return;
    }
    struct lb_write write = {.apply = apply, .workspace = list.workspace};
    lb_own_write_submit(&catch_up->own, &write); /* if not, by the next upkeep */
}

/* --- Begin and end --- */

struct lb_catch_up *lb_catch_up_create(struct lb_outreach *outreach)
{
    struct lb_catch_up *catch_up = lb_own_write_create(sizeof *catch_up, finish);
    if (catch_up)
        catch_up->outreach = outreach;
    return catch_up;
}

void lb_catch_up_destroy(struct lb_catch_up *catch_up)
{
    lb_own_write_destroy(catch_up);
}

void lb_catch_up_begin(struct lb_catch_up *catch_up, struct lb_writer *writer)
{
    catch_up->own.writer = writer;
}
