#include "domain/blocklist/expiry.h"

#include "base/clock.h"
#include "base/mailbox.h"
#include "domain/blocklist/change_parts.h"
#include "writer/retry.h"

#include <stddef.h>
#include <stdlib.h>

#define ENDS_AT_A_TIME  500
#define DROPS_AT_A_TIME 2000 /* that are not in force any more: less than a millisecond */
#define OTHERS_MAX      1000 /* due in other workspaces, that are passed by in a turn */
#define RESTS_MAX       64

/* A workspace whose last write failed: until it is tried again the others are seen to. */
struct rest {
    uint32_t workspace;
    struct lb_retry retry;
};

struct lb_ending {
    struct lb_change change; /* first: the writer hands it back */
    struct lb_blocklist *blocklist;
    struct lb_writer *writer;
    struct lb_mailbox *mailbox;
    struct lb_task done;
    bool under_way;
    uint64_t began_ms;
    uint64_t not_before_ms;
    struct rest rests[RESTS_MAX];
    struct lb_due_entry others[OTHERS_MAX]; /* until they are put back */
    size_t other_count;
};

bool lb_blocklist_begin_ending(struct lb_blocklist *blocklist, struct lb_writer *writer)
{
    struct lb_ending *ending = calloc(1, sizeof *ending);
    if (!ending)
        return false;
    ending->blocklist = blocklist;
    ending->writer = writer;
    ending->mailbox = lb_mailbox_create();
    blocklist->ends.taken = calloc(ENDS_AT_A_TIME, sizeof *blocklist->ends.taken);
    blocklist->ending_soon = ending;
    return ending->mailbox && blocklist->ends.taken;
}

void lb_ending_destroy(struct lb_ending *ending)
{
    if (!ending)
        return;
    if (ending->mailbox) {
        lb_mailbox_drain(ending->mailbox);
        lb_mailbox_destroy(ending->mailbox);
    }
    free(ending);
}

/* Has its part of the store given no answer lately, to requests, and have not all since? */
static bool was_refused(const struct lb_ending *ending, uint32_t no)
{
    struct lb_workspace *workspace = lb_directory_workspace_no(ending->blocklist->directory, no);
    uint64_t quiet_ms = workspace ? atomic_load(&workspace->quiet_ms) : 0;
    uint64_t answered_ms = atomic_load(&ending->blocklist->store->answered_ms);
    return quiet_ms > answered_ms && lb_clock_mono_ms() < quiet_ms + LB_RETRY_LATE_MS;
}

static struct rest *find_rest(struct lb_ending *ending, uint32_t workspace)
{
    for (size_t i = 0; i < RESTS_MAX; i++)
        if (ending->rests[i].retry.at_ms && ending->rests[i].workspace == workspace)
            return &ending->rests[i];
    return NULL;
}

static bool rests(struct lb_ending *ending, uint32_t workspace)
{
    struct rest *rest = find_rest(ending, workspace);
    return (rest && lb_retry_waits(&rest->retry, ending->blocklist->store)) ||
           was_refused(ending, workspace);
}

/* After a write; in the place of the one that ends first. */
static void note_rest(struct lb_ending *ending, uint32_t workspace, lb_err err)
{
    struct rest *rest = find_rest(ending, workspace);
    struct rest *first = ending->rests;
    for (size_t i = 1; i < RESTS_MAX; i++)
        if (ending->rests[i].retry.at_ms < first->retry.at_ms)
            first = &ending->rests[i];
    if (!rest && err) {
        rest = first;
        *rest = (struct rest){.workspace = workspace};
    }
    if (rest)
        lb_retry_note(&rest->retry, err, ending->began_ms);
}

/* --- One write -------------------------------------------------------------------------------- */

/* Ends an entry, if it is in force still, and said so itself. */
static lb_err end_entry(struct lb_packer *packer, const struct lb_due_entry *due)
{
    struct lb_change *change = packer->change;
    uint64_t number = lb_row_times_number_of(change->standing.workspace->row_times, due->id);
    struct lb_found_entry found;
    uint64_t stays;
    lb_err err = lb_change_find_entry(change, due->list, number, due->id, &found);
    if (err)
        return err == LB_ERR_NOT_FOUND ? LB_OK : err;
    bool ends = found.ends_at && found.ends_at <= packer->row.at &&
                lb_change_names_person(change, &found, due->id);
    return ends ? lb_change_take_back_one(packer, due->id, &found, &stays) : LB_OK;
}

/* Those of one list, which are one change. */
static lb_err end_list(struct lb_ending *ending, struct lb_store *store,
                       const struct lb_due_entry *due, size_t count)
{
    struct lb_change *change = &ending->change;
    struct lb_list list = due->list;
    struct lb_packer packer;
    lb_err err = LB_OK;
    if (list.campaign && !lb_directory_has_list(change->standing.directory, list.campaign))
        return LB_OK; /* it has ended as a whole */
    lb_chain_seed(change->seed);
    lb_packer_begin(&packer, change, store, list, LB_LOG_EXPIRED);
    for (size_t i = 0; !err && i < count; i++)
        err = end_entry(&packer, &due[i]);
    return err ? err : lb_change_flush(&packer);
}

static lb_err apply(struct lb_write *write, struct lb_store *store)
{
    struct lb_ending *ending = (struct lb_ending *)write;
    const struct lb_ends *ends = &ending->blocklist->ends;
    uint64_t ids[ENDS_AT_A_TIME];
    lb_err err = LB_OK;
    ending->began_ms = lb_clock_mono_ms();
    for (size_t i = 0; i < ends->taken_count; i++)
        ids[i] = ends->taken[i].id;
    store->ops->prefetch_entries(store->ops->writer_reader(store), write->workspace, ids,
                                 ends->taken_count);
    for (size_t begin = 0, end; !err && begin < ends->taken_count; begin = end) {
        for (end = begin + 1; end < ends->taken_count &&
                              ends->taken[end].list.campaign == ends->taken[begin].list.campaign;)
            end++;
        err = end_list(ending, store, &ends->taken[begin], end - begin);
    }
    return err;
}

static void finish(struct lb_task *task)
{
    struct lb_ending *ending =
        (struct lb_ending *)((char *)task - offsetof(struct lb_ending, done));
    struct lb_ends *ends = &ending->blocklist->ends;
    lb_err err = ending->change.write.result;
    ending->under_way = false;
    note_rest(ending, ending->change.standing.workspace->row.no, err);
    if (!err) {
        ends->taken_count = 0;
        return;
    }
    while (ends->taken_count && lb_ends_add(ends, &ends->taken[ends->taken_count - 1]))
        ends->taken_count--;
    lb_ends_commit(ends);
    ending->not_before_ms = lb_clock_mono_ms() + LB_RETRY_SOON_MS;
}

/* --- What is due ------------------------------------------------------------------------------ */

static int compare(const void *a, const void *b)
{
    const struct lb_due_entry *x = a;
    const struct lb_due_entry *y = b;
    if (x->list.campaign != y->list.campaign)
        return x->list.campaign < y->list.campaign ? -1 : 1;
    return (x->id > y->id) - (x->id < y->id);
}

static bool is_next(struct lb_ending *ending, const struct lb_due_entry *due)
{
    const struct lb_ends *ends = &ending->blocklist->ends;
    return ends->taken_count ? ends->taken[0].list.workspace == due->list.workspace
                             : !rests(ending, due->list.workspace);
}

/* Takes what is due in the workspace of the first that is, with others put back. True: it has
 * dropped as many as it may in one turn. */
static bool take(struct lb_ending *ending, int64_t now)
{
    struct lb_ends *ends = &ending->blocklist->ends;
    size_t drops = 0;
    const struct lb_due_entry *first;
    while (drops < DROPS_AT_A_TIME && (first = lb_ends_first(ends)) != NULL) {
        if (first->end > now || ends->taken_count == ENDS_AT_A_TIME ||
            ending->other_count == OTHERS_MAX)
            break;
        bool in_force = lb_blocklist_is_in_force(ending->blocklist, first->fingerprint, first->id);
        if (!in_force)
            drops++;
        else if (is_next(ending, first))
            ends->taken[ends->taken_count++] = *first;
        else
            ending->others[ending->other_count++] = *first;
        lb_ends_drop_first(ends);
    }
    bool passed_by = ending->other_count > 0;
    while (ending->other_count && lb_ends_add(ends, &ending->others[ending->other_count - 1]))
        ending->other_count--; /* where they were; if there is no room, at the next try */
    lb_ends_commit(ends);
    if (passed_by && !ends->taken_count)
        ending->not_before_ms = lb_clock_mono_ms() + LB_RETRY_SOON_MS;
    if (ends->taken_count)
        qsort(ends->taken, ends->taken_count, sizeof *ends->taken, compare);
    return drops == DROPS_AT_A_TIME;
}

static void submit(struct lb_ending *ending)
{
    struct lb_blocklist *blocklist = ending->blocklist;
    uint32_t no = blocklist->ends.taken[0].list.workspace;
    struct lb_workspace *workspace = lb_directory_workspace_no(blocklist->directory, no);
    ending->done.run = finish;
    ending->began_ms = lb_clock_mono_ms();
    ending->change = (struct lb_change){.blocklist = blocklist,
                                        .standing = {.directory = blocklist->directory,
                                                     .actor = {.no = LB_SERVER_NO},
                                                     .workspace = workspace,
                                                     .list = {.workspace = no}},
                                        .write = {.apply = apply,
                                                  .completion = &ending->done,
                                                  .home = ending->mailbox,
                                                  .workspace = no,
                                                  .installation = no == LB_INSTALLATION_NO}};
    ending->under_way =
        workspace && lb_writer_submit(ending->writer, &ending->change.write) == LB_OK;
    if (!ending->under_way)
        ending->not_before_ms = lb_clock_mono_ms() + LB_RETRY_SOON_MS;
}

bool lb_ending_upkeep(struct lb_ending *ending)
{
    bool more = false;
    if (!ending)
        return false;
    lb_mailbox_drain(ending->mailbox);
    if (ending->under_way || lb_clock_mono_ms() < ending->not_before_ms)
        return false;
    struct lb_ends *ends = &ending->blocklist->ends;
    /* Of the last try, if that failed, are those that had no room among what is due. */
    bool again = ends->taken_count > 0;
    if (!again)
        more = take(ending, lb_clock_wall_ms());
    if (ends->taken_count && !(again && rests(ending, ends->taken[0].list.workspace)))
        submit(ending);
    return more && !ending->under_way;
}
