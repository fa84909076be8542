#include "writer/writer.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/rcu.h"
#include "base/thread.h"
#include "writer/chains.h"
#include "writer/distance.h"
#include "writer/figures.h"
#include "writer/queue.h"
#include "writer/rest.h"
#include "writer/room.h"

#include <pthread.h>
#include <sodium.h>
#include <stddef.h>
#include <stdlib.h>
#include <time.h>

/* One batch at most: bounds how long the first of it waits for its commit. */
#define BATCH_WRITES_MAX 4096
#define BATCH_BYTES_MAX  (1u << 20)
/* How often a batch is applied again, without a write that failed or because another transaction
 * was in the way, before all of it fails. */
#define RETRIES_MAX 8
/* Before it is applied again because another transaction was in the way: for a random time below
 * this, twice as long for each attempt, or nodes that meet again and again would go on so. */
#define PAUSE_FIRST_US 500
/* A heavier write is heavy. */
#define LIGHT_BYTES ((size_t)16 << 10)
/* A batch of heavy ones, or one that others wait for, takes as many as this, and at least one. */
#define SMALL_BATCH_BYTES ((size_t)256 << 10)
/* A batch that others wait for has at most so long for what was fetched for all of it. */
#define FETCHED_MAX_NS (UINT64_C(50) * 1000000)
/* Between upkeep turns when nothing is queued. The first comes soon after the last write, so that a
 * store can use short pauses. */
#define PAUSE_MS     1
#define IDLE_WAIT_MS 1000
/* How long a remote store counts as full after it was. */
#define FULL_MS 2000
/* For a write that is being submitted while the writer stops. */
#define STOP_WAIT_MS 1

struct lb_writer {
    struct lb_writer_settings settings;
    struct lb_mailbox *inbox;
    pthread_t thread;
    _Atomic bool started;
    _Atomic bool stopping;
    _Atomic bool failed;
    _Atomic int refused_by_store; /* lb_err: why the last commit did not go through */
    struct lb_quota queued;       /* weight of all that is queued or under way */
    /* The writer thread's. */
    struct lb_write_queue light; /* taken from the inbox */
    struct lb_write_queue heavy;
    const struct lb_writer_share *heavy_share; /* whose the last heavy batch was */
    bool heavy_turn;                           /* the last batch was a light one */
    uint64_t full_until_ms;                    /* until then a remote store counts as full */
    struct lb_rest rest;                       /* from heavy ones */
    struct lb_distance distance;               /* of a remote store */
    struct lb_writer_figures figures;
};

/* A batch under way. */
struct batch {
    struct lb_write *first;
    size_t count;
    struct lb_write_queue *from;
    bool brief;          /* others wait for its end */
    bool repeated;       /* this is not its first attempt */
    bool failed;         /* a write failed in this attempt, which must be applied without it */
    uint64_t begun_ns;   /* this attempt */
    uint64_t times;      /* slower than a store that is near */
    uint64_t ends_ns;    /* when it is brief: after the write under way; 0: none was applied yet */
    uint64_t applied_ns; /* when the last of its writes was */
};

struct lb_writer *lb_writer_create(const struct lb_writer_settings *settings)
{
    struct lb_writer *writer = calloc(1, sizeof *writer);
    if (!writer)
        return NULL;
    writer->settings = *settings;
    lb_write_queue_empty(&writer->light);
    lb_write_queue_empty(&writer->heavy);
    writer->inbox = lb_mailbox_create();
    if (!writer->inbox) {
        free(writer);
        return NULL;
    }
    return writer;
}

void lb_writer_destroy(struct lb_writer *writer)
{
    if (!writer)
        return;
    lb_mailbox_destroy(writer->inbox);
    free(writer);
}

bool lb_writer_running(const struct lb_writer *writer)
{
    return writer->started;
}

lb_err lb_writer_refusal(const struct lb_writer *writer)
{
    return lb_writer_healthy(writer) ? (lb_err)atomic_load(&writer->refused_by_store)
                                     : LB_ERR_STORAGE_UNAVAILABLE;
}

bool lb_writer_ready(const struct lb_writer *writer)
{
    return lb_writer_refusal(writer) == LB_OK;
}

bool lb_writer_healthy(const struct lb_writer *writer)
{
    return atomic_load(&writer->started) && !atomic_load(&writer->failed) &&
           !atomic_load(&writer->stopping);
}

void lb_writer_fail(struct lb_writer *writer)
{
    atomic_store(&writer->failed, true);
}

static bool is_heavy(const struct lb_write *write)
{
    return write->heavy || write->size > LIGHT_BYTES;
}

static void enqueue(struct lb_task *task)
{
    struct lb_write *write = (struct lb_write *)((char *)task - offsetof(struct lb_write, task));
    struct lb_writer *writer = write->writer;
    lb_write_queue_append(is_heavy(write) ? &writer->heavy : &writer->light, write);
}

lb_err lb_writer_submit(struct lb_writer *writer, struct lb_write *write)
{
    write->next = NULL;
    /* Room first, health second: a writer that stops waits until no room is held, so a write
     * that finds it healthy here is waited for. */
    lb_err err = lb_writer_room_take(&writer->queued, &writer->settings, write);
    if (!err && !lb_writer_healthy(writer)) {
        lb_writer_room_give(&writer->queued, &writer->settings, write);
        err = LB_ERR_STORAGE_UNAVAILABLE;
    }
    if (err) {
        lb_writer_figures_refused(&writer->figures);
        return err;
    }
    write->writer = writer;
    write->task.run = enqueue;
    lb_mailbox_push(writer->inbox, &write->task);
    return LB_OK;
}

/* Moves light writes of workspaces that have had more than their time to the heavy ones: of those
 * that the next batch may take. */
static void set_busy_aside(struct lb_writer *writer)
{
    struct lb_write **at = &writer->light.first;
    const struct lb_writer_share *seen = NULL; /* the last that was looked at */
    bool busy = false;
    size_t left = 0;
    while (*at && left < BATCH_WRITES_MAX) {
        struct lb_write *write = *at;
        if (write->share != seen) {
            seen = write->share;
            busy = seen && lb_rest_is_busy(&writer->rest, seen);
        }
        if (busy) {
            *at = write->next;
            lb_write_queue_append(&writer->heavy, write);
        } else {
            at = &write->next;
            left++;
        }
    }
    if (!*at)
        writer->light.last = at;
}

bool lb_writer_has_others(const struct lb_writer *writer, const struct lb_writer_share *share)
{
    return lb_rest_has_others(&writer->rest, share);
}

static bool rests(const struct lb_writer *writer)
{
    return !atomic_load(&writer->stopping) && lb_rest_is_on(&writer->rest);
}

static bool may_take_heavy(const struct lb_writer *writer)
{
    const struct lb_write *first = writer->heavy.first;
    return first && (!rests(writer) || lb_rest_without_others(&writer->rest, first));
}

/* Is there a batch to take? */
static bool has_work(const struct lb_writer *writer)
{
    return writer->light.first || may_take_heavy(writer);
}

/* One that others wait for is small, and ends early. */
static struct batch take_first(const struct lb_writer *writer, struct lb_write_queue *queue)
{
    struct batch batch = {.from = queue};
    batch.brief = lb_rest_has_others(&writer->rest, queue->first->share);
    bool small = batch.brief || queue == &writer->heavy;
    batch.count = lb_write_queue_take(queue, BATCH_WRITES_MAX,
                                      small ? SMALL_BATCH_BYTES : BATCH_BYTES_MAX, &batch.first);
    return batch;
}

static struct batch take_heavy(struct lb_writer *writer)
{
    struct lb_write_queue *heavy = &writer->heavy;
    const struct lb_write *alone = NULL;
    if (rests(writer))
        alone = lb_rest_without_others(&writer->rest, heavy->first);
    if (alone) {
        struct batch batch = {.from = heavy};
        writer->heavy_share = alone->share;
        batch.count = lb_write_queue_take_of(heavy, alone->share, LB_REST_AMONG_MAX,
                                             SMALL_BATCH_BYTES, &batch.first);
        return batch;
    }
    lb_write_queue_let_another_first(heavy, writer->heavy_share);
    writer->heavy_share = heavy->first->share;
    return take_first(writer, heavy);
}

/* Takes the next batch from what was drained: light and heavy ones in turn. */
static struct batch take_batch(struct lb_writer *writer)
{
    struct batch batch;
    bool heavy = writer->heavy.first && (writer->heavy_turn || !writer->light.first) &&
                 (!writer->light.first || may_take_heavy(writer));
    writer->heavy_turn = !heavy;
    if (heavy) {
        batch = take_heavy(writer);
    } else {
        batch = take_first(writer, &writer->light);
        lb_rest_note(&writer->rest, batch.first);
    }
    return batch;
}

/* Hands the writes of a batch back, with one push for each mailbox. */
static void complete(struct lb_writer *writer, struct lb_write *write)
{
    struct chain chains[CHAINS_MAX];
    size_t count = 0;
    lb_writer_room_give(&writer->queued, &writer->settings, write);
    while (write) {
        struct lb_write *next = write->next; /* once pushed, the write is its owner's again */
        struct chain *chain = chain_for(chains, &count, write->home);
        *(chain->last ? &chain->last->next : &chain->first) = write->completion;
        chain->last = write->completion;
        write = next;
    }
    push_all(chains, &count);
}

static bool is_storage_error(lb_err err)
{
    return err == LB_ERR_STORAGE_FULL || err == LB_ERR_STORAGE_UNAVAILABLE;
}

/* What it was refused for before says nothing of this result. */
static void set_result(struct lb_write *write, lb_err err)
{
    write->result = err;
    write->reason.text[0] = '\0';
    write->retry_after_s = 0;
}

static void fail_all(struct batch *batch, lb_err err)
{
    for (struct lb_write *write = batch->first; write; write = write->next)
        if (!write->result)
            set_result(write, err);
}

static void look_ahead(struct lb_store *store, struct batch *batch)
{
    for (struct lb_write *write = batch->first; write; write = write->next)
        if (!write->result && write->look_ahead)
            write->look_ahead(write, store);
}

/* Another transaction that was in the way is no refusal. */
static void note_refusal(struct lb_writer *writer, lb_err err)
{
    bool in_the_way = err == LB_ERR_CONFLICT || err == LB_ERR_LOCKED;
    atomic_store(&writer->refused_by_store, in_the_way ? LB_OK : (int)err);
}

/* When a batch that others wait for ends, told when its first write was applied. In a remote store
 * that one has waited for what is fetched for all of them: so that this is not done for one write
 * each, they have as long again, up to a limit. */
static uint64_t end_of(const struct lb_writer *writer, const struct batch *batch,
                       const struct lb_write *first, uint64_t now)
{
    const uint64_t brief = LB_REST_BRIEF_NS / 2; /* as much is left for the rest of the batch */
    if (!lb_store_is_remote(writer->settings.store) || is_heavy(first))
        return batch->applied_ns + brief;
    uint64_t took = now - batch->applied_ns;
    if (took > FETCHED_MAX_NS)
        took = FETCHED_MAX_NS;
    return now + (took > brief ? took : brief);
}

/* What it took counts to what its workspace has of the writer. What the first waits for in a remote
 * store is not its own, nor one's that is alone, nor is what a failure of others costs. */
static void note_applied(struct lb_writer *writer, struct batch *batch, struct lb_write *write)
{
    uint64_t now = lb_clock_mono_ns();
    bool waits = !batch->ends_ns || (write->share && write->share->in_batch < 2);
    bool free = batch->repeated || (waits && lb_store_is_remote(writer->settings.store));
    if (batch->from == &writer->light && write->share && !free)
        lb_rest_charge(&writer->rest, write->share, (now - batch->applied_ns) / batch->times);
    if (!batch->ends_ns)
        batch->ends_ns = end_of(writer, batch, write, now);
    batch->applied_ns = now;
    if (batch->brief && now > batch->ends_ns)
        batch->count -= lb_write_queue_put_back(batch->from, write);
}

/* The store has answered if it was asked for locks. It may have waited for them, and for what other
 * nodes had changed: that is not how far it is away. */
static void note_begun(struct lb_writer *writer, struct batch *batch)
{
    lb_rest_batch_begins(&writer->rest);
    batch->applied_ns = lb_clock_mono_ns();
    batch->ends_ns = 0;
    batch->times = 1;
    if (!lb_store_is_remote(writer->settings.store))
        return;
    if (lb_write_queue_locks(batch->first))
        lb_distance_note(&writer->distance, batch->applied_ns - batch->begun_ns);
    batch->times = lb_distance_times(&writer->distance);
}

/* Applies every write that has not failed yet. LB_OK: ready to commit. Anything else: the
 * transaction must be rolled back, and the write that failed holds the error; none does when the
 * transaction as a whole failed. */
static lb_err apply_all(struct lb_writer *writer, struct batch *batch)
{
    struct lb_store *store = writer->settings.store;
    const struct lb_writer_hooks *hooks = &writer->settings.hooks;
    batch->failed = false;
    batch->begun_ns = lb_clock_mono_ns();
    lb_err err = store->ops->begin(store);
    if (!err)
        err = hooks->batch_begin(hooks->context, batch->first);
    if (err) {
        note_refusal(writer, err);
        return err;
    }
    note_begun(writer, batch);
    look_ahead(store, batch);
    for (struct lb_write *write = batch->first; write; write = write->next) {
        if (write->result)
            continue;
        set_result(write, LB_OK);
        write->touched = false;
        err = write->apply(write, store);
        note_applied(writer, batch, write);
        if (err == LB_ERR_CONFLICT || err == LB_ERR_LOCKED)
            return err;
        write->result = err;
        batch->failed = err && (write->touched || is_storage_error(err));
        if (batch->failed)
            return err;
    }
    return LB_OK;
}

static bool any_left(const struct batch *batch)
{
    return lb_write_queue_failed(batch->first) < batch->count;
}

static lb_err commit(struct lb_writer *writer, struct batch *batch)
{
    struct lb_store *store = writer->settings.store;
    const struct lb_writer_hooks *hooks = &writer->settings.hooks;
    lb_err err = hooks->batch_prepare(hooks->context);
    if (err)
        return err;
    uint64_t begun = lb_clock_mono_ns();
    err = store->ops->commit(store);
    uint64_t took = lb_clock_mono_ns() - begun;
    lb_writer_figures_commit(&writer->figures, took);
    note_refusal(writer, err);
    if (err)
        return err;
    lb_distance_note(&writer->distance, took);
    hooks->batch_publish(hooks->context);
    for (struct lb_write *write = batch->first; write; write = write->next)
        if (!write->result && write->publish)
            write->publish(write);
    return LB_OK;
}

/* Applies and commits. LB_OK: done, or no write is left. Otherwise it was rolled back. */
static lb_err attempt(struct lb_writer *writer, struct batch *batch)
{
    struct lb_store *store = writer->settings.store;
    lb_err err = apply_all(writer, batch);
    bool left = any_left(batch);
    if (!err && left)
        err = commit(writer, batch);
    if (err || !left) {
        store->ops->rollback(store);
        if (writer->settings.hooks.batch_rollback)
            writer->settings.hooks.batch_rollback(writer->settings.hooks.context);
    }
    if (err == LB_ERR_OUTCOME_UNKNOWN && !lb_store_tells_outcomes(store)) {
        atomic_store(&writer->failed, true);
        writer->settings.failed(writer->settings.failed_context);
    }
    return err;
}

/* May a batch that was rolled back succeed when it is applied again? Only without the write that
 * failed, when that one is known, or when another transaction was in the way. */
static bool worth_another(lb_err err, const struct batch *batch)
{
    return err == LB_ERR_CONFLICT || (err != LB_ERR_OUTCOME_UNKNOWN && batch->failed);
}

static void let_pass(int attempts)
{
    unsigned us = (unsigned)PAUSE_FIRST_US << attempts;
    struct timespec pause = {.tv_nsec = (long)randombytes_uniform(us) * 1000};
    nanosleep(&pause, NULL);
}

static lb_err try_batch(struct lb_writer *writer, struct batch *batch)
{
    lb_err err = LB_OK;
    int attempts = 0;
    bool again;
    do {
        if (attempts > 1 &&
            err == LB_ERR_CONFLICT) /* the first time, what was in the way is done */
            let_pass(attempts);
        err = attempt(writer, batch);
        batch->repeated = true;
        again = err && ++attempts <= RETRIES_MAX && worth_another(err, batch);
    } while (again);
    return err;
}

/* Takes the writes of one workspace out of the batch. */
static struct batch take_workspace(struct batch *batch)
{
    struct batch taken = {.from = batch->from, .brief = batch->brief, .repeated = true};
    struct lb_write **last = &taken.first;
    const struct lb_write like = *batch->first;
    struct lb_write **at = &batch->first;
    while (*at) {
        struct lb_write *write = *at;
        if (write->workspace != like.workspace || write->installation != like.installation) {
            at = &write->next;
            continue;
        }
        *at = write->next;
        write->next = NULL;
        *last = write;
        last = &write->next;
        taken.count++;
    }
    batch->count -= taken.count;
    return taken;
}

/* A refusal is the business of the one that it refused. */
static void fail_batch(struct batch *batch, lb_err err)
{
    fail_all(batch,
             is_storage_error(err) || err == LB_ERR_OUTCOME_UNKNOWN ? err : LB_ERR_OVERLOADED);
}

static void note_unknown(struct lb_writer *writer, lb_err err)
{
    if (err == LB_ERR_OUTCOME_UNKNOWN && writer->settings.hooks.outcome_unknown)
        writer->settings.hooks.outcome_unknown(writer->settings.hooks.context);
}

/* Each workspace on its own, so that those of others are recorded: a store of several servers may
 * answer for one workspace and not for another, and one may have more refusals than a batch is
 * applied again for. The chain is put together again for who completes the writes. */
static void run_each_workspace(struct lb_writer *writer, struct batch *batch)
{
    struct lb_write *done = NULL;
    struct lb_write **last = &done;
    for (struct lb_write *write = batch->first; write; write = write->next)
        if (is_storage_error(write->result)) /* maybe for another one's */
            set_result(write, LB_OK);
    while (batch->first) {
        struct batch one = take_workspace(batch);
        lb_err err =
            atomic_load(&writer->failed) ? LB_ERR_STORAGE_UNAVAILABLE : try_batch(writer, &one);
        note_unknown(writer, err);
        if (err)
            fail_batch(&one, err);
        *last = one.first;
        while (*last)
            last = &(*last)->next;
    }
    batch->first = done;
}

/* A store that refused the last commit is asked again while there are no writes, so that a load
 * balancer, which then sends nothing, learns when it takes writes again. */
static void probe(struct lb_writer *writer)
{
    struct lb_store *store = writer->settings.store;
    if (lb_clock_mono_ms() < writer->full_until_ms)
        return;
    if (atomic_load(&writer->refused_by_store) && store->ops->probe(store) == LB_OK)
        atomic_store(&writer->refused_by_store, LB_OK);
}

/* Would other workspaces fare better when each workspace is on its own? */
static bool is_of_one_workspace(const struct lb_writer *writer, lb_err err)
{
    if (is_storage_error(err) || err == LB_ERR_CONFLICT) /* one of its servers may be full */
        return lb_store_is_remote(writer->settings.store);
    return err && err != LB_ERR_OUTCOME_UNKNOWN;
}

/* A store of several servers is asked by a question that writes nothing, so what a full disk
 * refused stands for a while, unless a write of the same batch was recorded. */
static void look_at_refusal(struct lb_writer *writer, const struct batch *batch)
{
    bool recorded = false, full = false;
    for (const struct lb_write *write = batch->first; write; write = write->next) {
        recorded |= !write->result;
        full |= write->result == LB_ERR_STORAGE_FULL;
    }
    writer->full_until_ms = full && !recorded ? lb_clock_mono_ms() + FULL_MS : 0;
    if (writer->full_until_ms)
        note_refusal(writer, LB_ERR_STORAGE_FULL);
    probe(writer);
}

/* They may have been in a batch before, and put back. */
static void begin_anew(const struct batch *batch)
{
    for (struct lb_write *write = batch->first; write; write = write->next) {
        set_result(write, LB_OK);
        if (write->share)
            write->share->in_batch = 0;
    }
    for (struct lb_write *write = batch->first; write; write = write->next)
        if (write->share)
            write->share->in_batch++;
}

static void run_batch(struct lb_writer *writer, struct batch *batch)
{
    begin_anew(batch);
    lb_err err = try_batch(writer, batch);
    if (is_of_one_workspace(writer, err) && lb_write_queue_of_several(batch->first)) {
        run_each_workspace(writer, batch);
    } else {
        note_unknown(writer, err);
        if (err)
            fail_batch(batch, err);
    }
    lb_writer_figures_batch(&writer->figures, lb_write_queue_count(batch->first));
    /* That one was refused says nothing of others. */
    if (lb_store_is_remote(writer->settings.store))
        look_at_refusal(writer, batch);
}

/* After a failed commit nothing more may be tried: the next start finds out what is on disk. */
static void refuse_rest(struct lb_writer *writer)
{
    struct lb_write_queue *queues[] = {&writer->light, &writer->heavy};
    for (size_t i = 0; i < sizeof queues / sizeof *queues; i++) {
        struct lb_write *first = queues[i]->first;
        lb_write_queue_empty(queues[i]);
        for (struct lb_write *write = first; write; write = write->next)
            set_result(write, LB_ERR_STORAGE_UNAVAILABLE);
        complete(writer, first);
    }
}

/* `worked`: writes came since the last wait. `more`: upkeep has more to do. */
static void wait_for_work(struct lb_writer *writer, bool worked, bool more)
{
    int wait_ms = worked ? PAUSE_MS : IDLE_WAIT_MS;
    if (atomic_load(&writer->stopping))
        wait_ms = STOP_WAIT_MS;
    if (writer->heavy.first) /* it rests */
        wait_ms = PAUSE_MS;
    lb_rcu_offline();
    lb_mailbox_wait(writer->inbox, more ? 0 : wait_ms);
    lb_rcu_online();
    lb_mailbox_drain(writer->inbox);
}

/* What has to be done for the store after a batch, such as a checkpoint, counts to what it took. */
static void turn(struct lb_writer *writer)
{
    struct lb_store *store = writer->settings.store;
    if (atomic_load(&writer->failed)) {
        refuse_rest(writer);
        return;
    }
    struct batch batch = take_batch(writer);
    uint64_t begun_ns = lb_clock_mono_ns();
    run_batch(writer, &batch);
    complete(writer, batch.first);
    if (!atomic_load(&writer->failed))
        store->ops->maintain(store, false);
    if (batch.from == &writer->heavy)
        lb_rest_begin(&writer->rest, writer->heavy_share, begun_ns);
}

static void *writer_thread(void *context)
{
    struct lb_writer *writer = context;
    struct lb_store *store = writer->settings.store;
    const struct lb_writer_hooks *hooks = &writer->settings.hooks;
    pthread_setname_np(pthread_self(), "lb-writer");
    lb_thread_yields();
    lb_rcu_thread_register();
    bool idle = true, more = false;
    while (!atomic_load(&writer->stopping) || atomic_load(&writer->queued.taken)) {
        if (has_work(writer))
            lb_mailbox_drain(writer->inbox);
        else
            wait_for_work(writer, !idle, more);
        idle = !writer->light.first && !writer->heavy.first;
        set_busy_aside(writer);
        bool works = has_work(writer);
        if (works)
            turn(writer);
        more = false;
        if (!atomic_load(&writer->failed)) {
            if (!works)
                store->ops->maintain(store, idle);
            if (idle)
                probe(writer);
            more = hooks->upkeep(hooks->context);
        }
        lb_rcu_quiescent();
    }
    lb_rcu_thread_unregister();
    return NULL;
}

void lb_writer_run(struct lb_writer *writer, struct lb_task *task)
{
    lb_mailbox_push(writer->inbox, task);
}

bool lb_writer_start(struct lb_writer *writer)
{
    atomic_store(&writer->refused_by_store, (int)writer->settings.store->refusal);
    bool started = pthread_create(&writer->thread, NULL, writer_thread, writer) == 0;
    atomic_store(&writer->started, started);
    return started;
}

static void nothing(struct lb_task *task)
{
}

void lb_writer_stop(struct lb_writer *writer)
{
    if (!writer || !writer->started)
        return;
    struct lb_task wake = {.run = nothing};
    atomic_store(&writer->stopping, true);
    lb_mailbox_push(writer->inbox, &wake);
    pthread_join(writer->thread, NULL);
    lb_mailbox_drain(writer->inbox);
    writer->started = false;
}

void lb_writer_stats(struct lb_writer *writer, struct lb_writer_stats *out)
{
    uint64_t taken = atomic_load_explicit(&writer->queued.taken, memory_order_relaxed);
    lb_writer_figures_read(&writer->figures, out);
    out->queued = taken * writer->settings.queue_writes / writer->settings.queue_bytes;
}
