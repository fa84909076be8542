#include "hooks/internal.h"

#include "base/array.h"
#include "base/clock.h"

#include <stdlib.h>

void lb_hook_mark(struct lb_hooks *hooks, struct lb_hook *hook)
{
    if (hook->dirty)
        return;
    hook->dirty = true;
    hook->next_dirty = hooks->record.dirty;
    hooks->record.dirty = hook;
}

void lb_hook_complete(struct lb_hook_job *job, lb_err result)
{
    job->result = result;
    lb_mailbox_push(job->home, job->completion);
}

void lb_hook_record_add(struct lb_hooks *hooks, const struct lb_delivery_row *delivery,
                        struct lb_hook *hook, struct lb_hook_job *job)
{
    struct lb_hook_record *record = &hooks->record;
    if (lb_array_reserve(record->next, record->next_capacity, record->next_count + 1))
        record->next[record->next_count++] = (struct lb_hook_delivered){*delivery, hook};
    if (job) {
        job->next = record->next_jobs;
        record->next_jobs = job;
    }
    if (hook) {
        hook->unrecorded++;
        lb_hook_mark(hooks, hook);
    }
}

bool lb_hook_record_pending(const struct lb_hooks *hooks)
{
    const struct lb_hook_record *record = &hooks->record;
    return record->busy || record->dirty || record->next_count || record->next_jobs;
}

/* --- The write -------------------------------------------------------------------------------- */

/* Is the subscription there? Of those that deliver in order, the progress tells. */
static lb_err is_there(struct lb_hook_record *record, struct lb_store *store,
                       const struct lb_hook_delivered *delivered, bool *out)
{
    struct lb_hook_row row;
    *out = false;
    for (size_t i = 0; i < record->count; i++)
        if (record->of[i] == delivered->hook) {
            *out = !record->progress[i].lost;
            return LB_OK;
        }
    if (delivered->hook)
        return LB_OK;
    lb_err err = store->ops->hook(store->ops->writer_reader(store), delivered->row.workspace,
                                  lb_str(delivered->row.hook), &row);
    *out = !err;
    return err == LB_ERR_NOT_FOUND ? LB_OK : err;
}

static lb_err apply(struct lb_write *write, struct lb_store *store)
{
    struct lb_hook_record *record = (struct lb_hook_record *)write;
    write->touched = true;
    record->began_ms = lb_clock_mono_ms();
    lb_err err = LB_OK;
    if (record->count)
        err = store->ops->hooks_progress(store, record->progress, record->count);
    for (size_t i = 0; !err && i < record->delivery_count; i++) {
        bool there;
        err = is_there(record, store, &record->deliveries[i], &there);
        if (!err && there)
            err = store->ops->delivery_put(store, &record->deliveries[i].row);
    }
    return err;
}

/* --- Afterwards ------------------------------------------------------------------------------- */

/* Another node has the lease, or the subscription was removed. */
static void lost(struct lb_hooks *hooks, struct lb_hook *hook)
{
    hook->leased = false;
    if (hook->phase == LB_HOOK_SENDING || hook->gone)
        return; /* what comes of that is not recorded, either */
    lb_hook_rewind(hook);
    if (lb_hook_reload(hooks, hook))
        lb_hook_ready(hooks, hook);
    else if (hook->phase != LB_HOOK_READY) /* a reading of the table finds it, or that it is gone */
        hook->phase = LB_HOOK_IDLE;
}

static void recorded(struct lb_hooks *hooks, struct lb_hook *hook,
                     const struct lb_hook_progress *progress)
{
    hook->recording = false;
    hook->unrecorded -= hook->recorded;
    hook->recorded = 0;
    if (progress->lost) {
        lost(hooks, hook);
    } else {
        hook->noted_ms = hooks->record.submitted_ms;
        if (!progress->take)
            memcpy(hook->stored_place, progress->place, sizeof hook->stored_place);
        hook->leased = hooks->shared && progress->lease;
        hook->leased_ms = hooks->record.submitted_ms;
        if (hook->phase == LB_HOOK_TAKING || hook->phase == LB_HOOK_HELD)
            lb_hook_ready(hooks, hook);
    }
    lb_hook_settle(hooks, hook);
}

/* All of it is to be recorded once more, before what came since. */
static void keep_for_later(struct lb_hooks *hooks)
{
    struct lb_hook_record *record = &hooks->record;
    for (size_t i = 0; i < record->count; i++) {
        struct lb_hook *hook = record->of[i];
        hook->recording = false;
        hook->recorded = 0;
        hook->leased = hooks->shared && record->progress[i].held == hooks->node;
        lb_hook_mark(hooks, hook);
    }
    size_t count = record->delivery_count + record->next_count;
    if (record->delivery_count && lb_array_reserve(record->next, record->next_capacity, count)) {
        memmove(record->next + record->delivery_count, record->next,
                record->next_count * sizeof *record->next);
        memcpy(record->next, record->deliveries,
               record->delivery_count * sizeof *record->deliveries);
        record->next_count = count;
    }
    while (record->jobs) {
        struct lb_hook_job *job = record->jobs;
        record->jobs = job->next;
        job->next = record->next_jobs;
        record->next_jobs = job;
    }
}

static void finish(struct lb_hooks *hooks, lb_err err)
{
    struct lb_hook_record *record = &hooks->record;
    record->busy = false;
    lb_retry_note(&record->retry, err, record->began_ms);
    if (err) {
        keep_for_later(hooks);
        return;
    }
    for (size_t i = 0; i < record->count; i++)
        recorded(hooks, record->of[i], &record->progress[i]);
    while (record->jobs) {
        struct lb_hook_job *job = record->jobs;
        record->jobs = job->next;
        lb_hook_complete(job, LB_OK);
    }
}

static void done(struct lb_task *task)
{
    struct lb_hook_record *record =
        (struct lb_hook_record *)((char *)task - offsetof(struct lb_hook_record, done));
    finish(record->hooks, record->write.result);
}

/* --- Gathering -------------------------------------------------------------------------------- */

/* A node that works on keeps its lease, one that rests or waits gives it back. */
static bool keeps_lease(const struct lb_hook *hook, bool stopping)
{
    return hook->leased && (hook->phase == LB_HOOK_SENDING ||
                            (!stopping && hook->row.state == LB_HOOK_ACTIVE && !hook->gone &&
                             (hook->phase == LB_HOOK_READY || hook->phase == LB_HOOK_HELD)));
}

/* Of a lease that no node has: nothing is recorded without one. */
#define NO_LEASE UINT64_MAX

static uint64_t held_lease(const struct lb_hooks *hooks, const struct lb_hook *hook)
{
    if (!hooks->shared)
        return 0;
    if (hook->phase == LB_HOOK_TAKING)
        return hook->row.lease;
    return hook->leased ? hooks->node : NO_LEASE;
}

static void gather(struct lb_hooks *hooks, struct lb_hook *hook, bool stopping)
{
    struct lb_hook_record *record = &hooks->record;
    struct lb_hook_progress *progress = &record->progress[record->count];
    const struct lb_hook_row *row = &hook->row;
    bool take = hook->phase == LB_HOOK_TAKING;
    *progress = (struct lb_hook_progress){.workspace = row->workspace,
                                          .take = take,
                                          .held = held_lease(hooks, hook),
                                          .beat = row->beat,
                                          .state = row->state == LB_HOOK_PAUSED ? LB_HOOK_ACTIVE
                                                                                : row->state,
                                          .tries = row->tries,
                                          .failing_since = row->failing_since,
                                          .next_at = row->next_at,
                                          .missed = row->missed};
    if (hooks->shared && (take || keeps_lease(hook, stopping)))
        progress->lease = hooks->node;
    memcpy(progress->id, row->id, sizeof progress->id);
    memcpy(progress->place, row->place, sizeof progress->place);
    if (!progress->lease)
        hook->leased = false; /* nothing more is sent without taking it again */
    hook->dirty = false;
    hook->recording = true;
    hook->recorded = hook->unrecorded;
    record->of[record->count++] = hook;
}

static bool gather_all(struct lb_hooks *hooks)
{
    struct lb_hook_record *record = &hooks->record;
    size_t count = 0;
    for (const struct lb_hook *hook = record->dirty; hook; hook = hook->next_dirty)
        count++;
    if (!lb_array_reserve(record->of, record->of_capacity, count) ||
        !lb_array_reserve(record->progress, record->progress_capacity, count))
        return false;
    record->count = 0;
    while (record->dirty) {
        struct lb_hook *hook = record->dirty;
        record->dirty = hook->next_dirty;
        gather(hooks, hook, atomic_load(&hooks->stopping));
    }
    struct lb_hook_delivered *emptied = record->deliveries;
    size_t capacity = record->delivery_capacity;
    record->deliveries = record->next;
    record->delivery_count = record->next_count;
    record->delivery_capacity = record->next_capacity;
    record->next = emptied;
    record->next_capacity = capacity;
    record->next_count = 0;
    record->jobs = record->next_jobs;
    record->next_jobs = NULL;
    return true;
}

void lb_hook_record_flush(struct lb_hooks *hooks, uint64_t now_ms)
{
    struct lb_hook_record *record = &hooks->record;
    if (record->busy || !lb_hook_record_pending(hooks) ||
        lb_retry_waits(&record->retry, hooks->settings.store))
        return;
    if (!gather_all(hooks)) {
        record->retry = (struct lb_retry){.at_ms = now_ms + LB_RETRY_SOON_MS};
        return;
    }
    record->hooks = hooks;
    record->done.run = done;
    record->submitted_ms = record->began_ms = now_ms;
    record->busy = true;
    record->write = (struct lb_write){.apply = apply,
                                      .completion = &record->done,
                                      .home = hooks->mailbox,
                                      .size = record->delivery_count * sizeof *record->deliveries};
    lb_err err = lb_writer_submit(hooks->settings.writer, &record->write);
    if (err)
        finish(hooks, err);
}

void lb_hook_record_free(struct lb_hooks *hooks)
{
    struct lb_hook_record *record = &hooks->record;
    while (record->next_jobs) {
        struct lb_hook_job *job = record->next_jobs;
        record->next_jobs = job->next;
        lb_hook_complete(job, LB_ERR_STORAGE_UNAVAILABLE);
    }
    free(record->of);
    free(record->progress);
    free(record->deliveries);
    free(record->next);
}
