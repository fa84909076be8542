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
    struct lb_share taken;
    pthread_mutex_t lock; /* guards the queue and `stopping` */
    pthread_cond_t filled;
    struct lb_read *first;
    struct lb_read **last;
    bool stopping;
    struct worker workers[];
};

static void give_back(struct lb_readers *readers, struct lb_share *share)
{
    lb_share_give(&readers->taken, 1);
    if (share)
        lb_share_give(share, 1);
}

lb_err lb_readers_submit(struct lb_readers *readers, struct lb_read *read)
{
    const struct lb_readers_settings *settings = &readers->settings;
    if (!lb_share_take(&readers->taken, 1, settings->queue_reads))
        return LB_ERR_OVERLOADED;
    uint64_t limit = (uint64_t)settings->queue_reads * settings->share_percent / 100;
    if (read->share && !lb_share_take(read->share, 1, limit)) {
        lb_share_give(&readers->taken, 1);
        return LB_ERR_WORKSPACE_OVERLOADED;
    }
    struct lb_share *share = read->share;
    read->next = NULL;
    pthread_mutex_lock(&readers->lock);
    bool stopping = readers->stopping;
    if (!stopping) {
        *readers->last = read;
        readers->last = &read->next;
        pthread_cond_signal(&readers->filled);
    }
    pthread_mutex_unlock(&readers->lock);
    if (stopping)
        give_back(readers, share);
    return stopping ? LB_ERR_STORAGE_UNAVAILABLE : LB_OK;
}

/* The next read, or NULL when the pool stops and nothing is left. */
static struct lb_read *take(struct lb_readers *readers)
{
    lb_rcu_offline();
    pthread_mutex_lock(&readers->lock);
    while (!readers->first && !readers->stopping)
        pthread_cond_wait(&readers->filled, &readers->lock);
    struct lb_read *read = readers->first;
    if (read) {
        readers->first = read->next;
        if (!readers->first)
            readers->last = &readers->first;
    }
    pthread_mutex_unlock(&readers->lock);
    lb_rcu_online();
    return read;
}

static void *reader_thread(void *context)
{
    struct worker *worker = context;
    struct lb_readers *readers = worker->readers;
    struct lb_store *store = readers->settings.store;
    pthread_setname_np(pthread_self(), "lb-reader");
    lb_rcu_thread_register();
    struct lb_read *read;
    while ((read = take(readers)) != NULL) {
        struct lb_share *share = read->share;
        read->run(read, store, worker->reader);
        store->ops->reader_rest(worker->reader);
        give_back(readers, share);
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
    readers->last = &readers->first;
    pthread_mutex_init(&readers->lock, NULL);
    pthread_cond_init(&readers->filled, NULL);
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
    pthread_cond_broadcast(&readers->filled);
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
    pthread_cond_destroy(&readers->filled);
    pthread_mutex_destroy(&readers->lock);
    free(readers);
}
