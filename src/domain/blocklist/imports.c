#include "domain/blocklist/imports.h"

#include "domain/blocklist/internal.h"
#include "domain/blocklist/packer.h"

#include <sodium.h>

void lb_imports_begin(struct lb_imports_run *run, struct lb_workspace *workspace)
{
    do {
        randombytes_buf(&run->row.run, sizeof run->row.run);
        run->row.run &= INT64_MAX;
    } while (run->row.run == 0); /* which means none */
    atomic_store_explicit(&workspace->import_run, run->row.run, memory_order_relaxed);
}

void lb_imports_end(struct lb_workspace *workspace)
{
    atomic_store_explicit(&workspace->import_run, 0, memory_order_relaxed);
}

static int64_t now_of(const struct lb_change *change)
{
    return change->blocklist->batch.now_ms;
}

/* --- Recording -------------------------------------------------------------------------------- */

/* The same import, sent again: what it did counts on, unless that was undone. */
static void go_on(struct lb_blocklist_import_row *row,
                  const struct lb_blocklist_import_row *sending)
{
    uint64_t done = row->undone_at ? 0 : row->done;
    uint64_t no = row->no;
    int64_t started_at = row->started_at;
    *row = *sending;
    row->no = no;
    row->started_at = started_at;
    row->done = done;
}

/* What the store has of the import, for this sending. */
static lb_err take_over(struct lb_imports_step *step, struct lb_store *store)
{
    struct lb_blocklist_import_row *next = &step->next;
    const struct lb_blocklist_import_row *sending = &step->run->row;
    struct lb_reason *reason = &step->change.write.reason;
    lb_err err = store->ops->import(store->ops->writer_reader(store), sending->list.workspace,
                                    lb_str(sending->id), next);
    if (err == LB_ERR_NOT_FOUND && !step->run->begun) {
        *next = *sending;
        next->started_at = now_of(&step->change);
        return LB_OK;
    }
    if (err && err != LB_ERR_NOT_FOUND)
        return err;
    if (step->run->begun && (err || next->run != sending->run))
        return lb_fail(reason, LB_ERR_ALREADY_EXISTS,
                       "The import was undone, or its file was sent again, meanwhile.");
    if (next->list.campaign != sending->list.campaign || next->unblocks != sending->unblocks)
        return lb_fail(reason, LB_ERR_ALREADY_EXISTS,
                       "The import '%s' exists, and is one into another list or with another "
                       "action. Send the file with another importId.",
                       sending->id);
    if (!step->run->begun)
        go_on(next, sending);
    return LB_OK;
}

static void end_row(struct lb_imports_step *step)
{
    struct lb_blocklist_import_row *next = &step->next;
    const struct lb_blocklist_import_row *counts = &step->counts;
    next->rest = counts->rest;
    next->duplicates = counts->duplicates;
    next->rows = counts->rows;
    next->bad = counts->bad;
    next->blank = counts->blank;
    next->finished_at = step->finished ? now_of(&step->change) : 0;
    next->run = 0;
}

static lb_err apply_step(struct lb_write *write, struct lb_store *store)
{
    struct lb_imports_step *step = (struct lb_imports_step *)write;
    lb_err err = take_over(step, store);
    step->change.import_since = step->next.started_at;
    if (!err && step->apply)
        err = step->apply(write, store);
    if (err)
        return err;
    step->next.done += step->change.blocked + step->change.unblocked;
    step->next.touched_at = now_of(&step->change);
    if (step->last)
        end_row(step);
    write->touched = true;
    return store->ops->import_put(store, &step->next);
}

void lb_imports_prepare(struct lb_imports_step *step)
{
    step->apply = step->change.count ? step->change.write.apply : NULL;
    step->change.write.records = step->run->begun ? 0 : LB_RECORD_BYTES; /* of its row */
    step->change.write.never_refused = true; /* as all blocks and unblocks */
    step->change.write.apply = apply_step;
}

void lb_imports_recorded(struct lb_imports_step *step)
{
    step->run->row = step->next;
    step->run->begun = true;
}

/* --- How it stands ---------------------------------------------------------------------------- */

enum lb_imports_state lb_imports_state(const struct lb_blocklist_import_row *row,
                                       const struct lb_workspace *workspace,
                                       const struct lb_store *store, int64_t now_ms)
{
    if (row->undone_at)
        return LB_IMPORT_UNDONE;
    if (row->finished_at)
        return LB_IMPORT_DONE;
    bool here = row->run == atomic_load_explicit(&workspace->import_run, memory_order_relaxed);
    bool elsewhere =
        lb_nodes_memory_may_lag(store) && now_ms - row->touched_at < LB_IMPORTS_SILENT_MS;
    return row->run && (here || elsewhere) ? LB_IMPORT_RUNNING : LB_IMPORT_BROKEN_OFF;
}

/* --- Taking it back --------------------------------------------------------------------------- */

static lb_err find_import(struct lb_imports_undo *undo, struct lb_store *store,
                          struct lb_blocklist_import_row *out)
{
    struct lb_change *change = &undo->change;
    const struct lb_standing *standing = &change->standing;
    lb_err err = lb_standing_check(standing, store, &change->write.reason);
    if (err)
        return err;
    err = store->ops->import(store->ops->writer_reader(store), standing->list.workspace, undo->id,
                             out);
    if (err == LB_ERR_NOT_FOUND)
        return lb_fail(&change->write.reason, err, "%s", LB_UNKNOWN_IMPORT);
    if (err)
        return err;
    if (out->list.campaign && !lb_directory_has_list(standing->directory, out->list.campaign))
        return lb_fail(&change->write.reason, LB_ERR_CAMPAIGN_NOT_FOUND,
                       "The campaign of this import was deleted, and its blocklist has ended.");
    if (lb_imports_state(out, standing->workspace, store, now_of(change)) == LB_IMPORT_RUNNING)
        return lb_fail(&change->write.reason, LB_ERR_WORKSPACE_OVERLOADED,
                       "This import is running. Undo it when it has ended.");
    return LB_OK;
}

/* There is nothing more to take back. */
static lb_err finish(struct lb_imports_undo *undo, struct lb_store *store,
                     struct lb_blocklist_import_row *row)
{
    undo->done = true;
    if (row->undone_at)
        return LB_OK;
    row->undone_at = row->touched_at = now_of(&undo->change);
    row->run = 0;
    undo->change.write.touched = true;
    return store->ops->import_put(store, row);
}

static lb_err apply_undo(struct lb_write *write, struct lb_store *store)
{
    struct lb_imports_undo *undo = (struct lb_imports_undo *)write;
    struct lb_change *change = &undo->change;
    struct lb_store_reader *reader = store->ops->writer_reader(store);
    uint32_t workspace = change->standing.list.workspace;
    struct lb_blocklist_import_row row;
    uint64_t next;
    undo->done = false;
    lb_packer_clear_results(change);
    lb_err err = find_import(undo, store, &row);
    if (err)
        return err;
    err = store->ops->import_change(reader, workspace, undo->id, undo->below, &undo->number);
    if (err)
        return err == LB_ERR_NOT_FOUND ? finish(undo, store, &row) : err;
    uint64_t epoch = lb_epochs_of_added(&change->standing.workspace->epochs, undo->number);
    change->undone = (struct lb_public_id){undo->number, epoch};
    err = undo->apply(write, store);
    if (err || change->goes_on)
        return err;
    err = store->ops->import_change(reader, workspace, undo->id, undo->number, &next);
    return err == LB_ERR_NOT_FOUND ? finish(undo, store, &row) : err;
}

void lb_imports_undo(struct lb_imports_undo *undo)
{
    lb_change_undo(&undo->change);
    undo->apply = undo->change.write.apply;
    undo->change.write.apply = apply_undo;
}
