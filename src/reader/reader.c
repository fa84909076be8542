#include "reader/reader.h"

#include "base/rcu.h"

#include <pthread.h>
#include <stdlib.h>

struct worker {
    struct lb_readers *readers;
    struct lb_store_reader *reader;
    pthread_t thread;
    bool started;
};

struct lb_readers {
    struct lb_readers_settings settings;
    struct lb_quota taken;
    _Atomic uint64_t refused;
    struct lb_read_lane operators;
    pthread_mutex_t lock; /* guards what follows, and the lanes */
    pthread_cond_t listed;
    struct lb_read_lane *first, *last; /* lanes that a thread may serve now, in turn */
    bool stopping;
    struct worker workers[];
};

static struct lb_read_lane *lane_of(struct lb_readers *readers, const struct lb_read *read)
{
    return read->lane ? read->lane : &readers->operators;
}

static lb_err take_place(struct lb_readers *readers, struct lb_read_lane *lane)
{
    const struct lb_readers_settings *settings = &readers->settings;
    uint64_t limit = settings->queue_reads;
    if (!lb_quota_take(&readers->taken, 1, limit))
        return LB_ERR_OVERLOADED;
    if (lane != &readers->operators)
        limit = limit * settings->share_percent / 100;
    if (lb_quota_take(&lane->taken, 1, limit))
        return LB_OK;
    lb_quota_give(&readers->taken, 1);
    return LB_ERR_WORKSPACE_OVERLOADED;
}

static void give_place(struct lb_readers *readers, struct lb_read_lane *lane)
{
    lb_quota_give(&readers->taken, 1);
    lb_quota_give(&lane->taken, 1);
}

/* Lists the lane after the others if a turn of it may begin. Under the lock, as the next two. */
static void list_lane(struct lb_readers *readers, struct lb_read_lane *lane)
{
    unsigned threads = readers->settings.threads;
    unsigned most = threads > 1 ? threads - 1 : 1;
    if (lane->listed || !lane->first || lane->running >= most)
        return;
    lane->listed = true;
    lane->next = NULL;
    if (readers->first)
        readers->last->next = lane;
    else
        readers->first = lane;
    readers->last = lane;
    pthread_cond_signal(&readers->listed);
}

static void append(struct lb_readers *readers, struct lb_read_lane *lane, struct lb_read *read)
{
    read->next = NULL;
    if (lane->first)
        lane->last->next = read;
    else
        lane->first = read;
    lane->last = read;
    list_lane(readers, lane);
}

/* The first read of the lane whose turn it is; NULL when no read waits. */
static struct lb_read *next_read(struct lb_readers *readers)
{
    struct lb_read_lane *lane = readers->first;
    if (!lane)
        return NULL;
    readers->first = lane->next;
    lane->listed = false;
    struct lb_read *read = lane->first;
    lane->first = read->next;
    lane->running++;
    list_lane(readers, lane);
    return read;
}

lb_err lb_readers_submit(struct lb_readers *readers, struct lb_read *read)
{
    struct lb_read_lane *lane = lane_of(readers, read);
    lb_err err = take_place(readers, lane);
    if (err) {
        atomic_fetch_add_explicit(&readers->refused, 1, memory_order_relaxed);
        return err;
    }
    pthread_mutex_lock(&readers->lock);
    bool stopping = readers->stopping;
    if (!stopping)
        append(readers, lane, read);
    pthread_mutex_unlock(&readers->lock);
    if (!stopping)
        return LB_OK;
    give_place(readers, lane);
    return LB_ERR_STORAGE_UNAVAILABLE;
}

void lb_readers_stats(struct lb_readers *readers, struct lb_readers_stats *out)
{
    *out = (struct lb_readers_stats){
        .queued = atomic_load_explicit(&readers->taken.taken, memory_order_relaxed),
        .refused = atomic_load_explicit(&readers->refused, memory_order_relaxed)};
}

/* The next read, or NULL when the pool stops and nothing is left; `*out_cancel`: the pool stops. */
static struct lb_read *take(struct lb_readers *readers, bool *out_cancel)
{
    struct lb_read *read;
    lb_rcu_offline();
    pthread_mutex_lock(&readers->lock);
    while (!(read = next_read(readers)) && !readers->stopping)
        pthread_cond_wait(&readers->listed, &readers->lock);
    *out_cancel = readers->stopping;
    pthread_mutex_unlock(&readers->lock);
    lb_rcu_online();
    return read;
}

/* A turn of the lane is over; `unfinished`, if any, waits for another one. */
static void end_turn(struct lb_readers *readers, struct lb_read_lane *lane,
                     struct lb_read *unfinished)
{
    pthread_mutex_lock(&readers->lock);
    lane->running--;
    if (unfinished)
        append(readers, lane, unfinished);
    else
        list_lane(readers, lane);
    pthread_mutex_unlock(&readers->lock);
    if (!unfinished)
        give_place(readers, lane);
}

static void *reader_thread(void *context)
{
    struct worker *worker = context;
    struct lb_readers *readers = worker->readers;
    struct lb_store *store = readers->settings.store;
    pthread_setname_np(pthread_self(), readers->settings.name);
    lb_rcu_thread_register();
    struct lb_read *read;
    bool cancel;
    while ((read = take(readers, &cancel)) != NULL) {
        struct lb_read_lane *lane = lane_of(readers, read);
        enum lb_turn turn = LB_TURN_LAST;
        if (cancel) {
            read->cancel(read);
        } else {
            turn = read->run(read, store, worker->reader);
            store->ops->reader_rest(worker->reader);
        }
        end_turn(readers, lane, turn == LB_TURN_MORE ? read : NULL);
    }
    lb_rcu_thread_unregister();
    return NULL;
}

lb_err lb_readers_create(const struct lb_readers_settings *settings, struct lb_readers **out)
{
    struct lb_readers *readers =
        calloc(1, sizeof *readers + settings->threads * sizeof readers->workers[0]);
    if (!readers)
        return LB_ERR_INTERNAL;
    readers->settings = *settings;
    pthread_mutex_init(&readers->lock, NULL);
    pthread_cond_init(&readers->listed, NULL);
    lb_err err = LB_OK;
    for (unsigned i = 0; !err && i < settings->threads; i++) {
        struct worker *worker = &readers->workers[i];
        worker->readers = readers;
        err = settings->store->ops->reader_open(settings->store, &worker->reader);
        if (!err) {
            worker->started = pthread_create(&worker->thread, NULL, reader_thread, worker) == 0;
            err = worker->started ? LB_OK : LB_ERR_INTERNAL;
        }
    }
    if (err) {
        lb_readers_stop(readers);
        lb_readers_destroy(readers);
        return err;
    }
    *out = readers;
    return LB_OK;
}

void lb_readers_stop(struct lb_readers *readers)
{
    if (!readers)
        return;
    pthread_mutex_lock(&readers->lock);
    readers->stopping = true;
    pthread_cond_broadcast(&readers->listed);
    pthread_mutex_unlock(&readers->lock);
    for (unsigned i = 0; i < readers->settings.threads; i++) {
        struct worker *worker = &readers->workers[i];
        if (worker->started)
            pthread_join(worker->thread, NULL);
        worker->started = false;
        readers->settings.store->ops->reader_close(worker->reader);
        worker->reader = NULL;
    }
}

void lb_readers_destroy(struct lb_readers *readers)
{
    if (!readers)
        return;
    pthread_cond_destroy(&readers->listed);
    pthread_mutex_destroy(&readers->lock);
    free(readers);
}
