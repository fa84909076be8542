#include "domain/blocklist/freshness.h"

#include "base/clock.h"
#include "base/rcu.h"
#include "domain/access/nodes.h"

#include <pthread.h>
#include <stddef.h>
#include <stdlib.h>

/* Without requests memory is brought up to date all the same, so that the next request has little
 * to wait for. */
#define POLL_MS 500
/* Workspaces of one question. */
#define QUESTION_MAX 512 /* and the installation's list, which holds in all of them */

/* Workspaces whose memory lacks something, and who waits for it. */
struct lack {
    struct lb_id_set workspaces;
    struct lb_fresh *first;
    struct lb_fresh **last;
};

struct lb_freshness {
    struct lb_freshness_settings settings;
    struct lb_store_reader *reader;
    struct lb_mailbox *mailbox;
    pthread_t thread;
    _Atomic bool started;
    _Atomic bool stopping;
    _Atomic bool ready;
    _Atomic size_t under_way; /* requests that were taken and not completed */
    _Atomic uint64_t questions, requests, failures, refreshes;
    /* The thread's. */
    struct lb_fresh *first; /* to be asked for, oldest first */
    struct lb_fresh **last;
    uint64_t poll_at_ms;
    struct lb_workspace **by_no;
    size_t by_no_capacity;
    struct lb_workspace *newest; /* the last one in `by_no` */
    struct lack lacks[2]; /* one is gathered while the other is read on the writer's thread */
    struct lack *gathered, *read; /* `read` is the writer's while it is not NULL */
    lb_err result;                /* of the reading */
    struct lb_task there, back;
};

lb_err lb_freshness_create(const struct lb_freshness_settings *settings, struct lb_freshness **out)
{
    struct lb_freshness *freshness = calloc(1, sizeof *freshness);
    if (!freshness)
        return LB_ERR_INTERNAL;
    freshness->settings = *settings;
    freshness->last = &freshness->first;
    for (size_t i = 0; i < 2; i++)
        freshness->lacks[i].last = &freshness->lacks[i].first;
    freshness->gathered = &freshness->lacks[0];
    freshness->mailbox = lb_mailbox_create();
    lb_err err = freshness->mailbox ? LB_OK : LB_ERR_INTERNAL;
    if (!err)
        err = settings->store->ops->reader_open(settings->store, &freshness->reader);
    if (err) {
        lb_freshness_destroy(freshness);
        return err;
    }
    *out = freshness;
    return LB_OK;
}

void lb_freshness_destroy(struct lb_freshness *freshness)
{
    if (!freshness)
        return;
    if (freshness->reader)
        freshness->settings.store->ops->reader_close(freshness->reader);
    if (freshness->mailbox)
        lb_mailbox_destroy(freshness->mailbox);
    for (size_t i = 0; i < 2; i++)
        lb_id_set_fini(&freshness->lacks[i].workspaces);
    free(freshness->by_no);
    free(freshness);
}

bool lb_freshness_ready(const struct lb_freshness *freshness)
{
    return atomic_load(&freshness->ready);
}

void lb_freshness_stats(const struct lb_freshness *freshness, struct lb_freshness_stats *out)
{
    *out = (struct lb_freshness_stats){.questions = atomic_load(&freshness->questions),
                                       .requests = atomic_load(&freshness->requests),
                                       .failures = atomic_load(&freshness->failures),
                                       .refreshes = atomic_load(&freshness->refreshes)};
}

static void count(_Atomic uint64_t *counter, uint64_t amount)
{
    atomic_fetch_add_explicit(counter, amount, memory_order_relaxed);
}

static void append(struct lb_fresh ***last, struct lb_fresh *fresh)
{
    fresh->next = NULL;
    **last = fresh;
    *last = &fresh->next;
}

static void arrive(struct lb_task *task)
{
    struct lb_fresh *fresh = (struct lb_fresh *)((char *)task - offsetof(struct lb_fresh, task));
    append(&fresh->freshness->last, fresh);
}

lb_err lb_freshness_ask(struct lb_freshness *freshness, struct lb_fresh *fresh)
{
    /* Counted first, looked at second: a thread that stops waits until none is counted. */
    atomic_fetch_add(&freshness->under_way, 1);
    if (atomic_load(&freshness->stopping)) {
        atomic_fetch_sub(&freshness->under_way, 1);
        return LB_ERR_STORAGE_UNAVAILABLE;
    }
    fresh->freshness = freshness;
    fresh->asked_ns = lb_clock_mono_ns();
    fresh->no = fresh->workspace ? fresh->workspace->row.no : 0;
    fresh->task.run = arrive;
    lb_mailbox_push(freshness->mailbox, &fresh->task);
    return LB_OK;
}

/* Lets the requests of a list go on; a chain for each run of those with the same home. */
static void complete(struct lb_freshness *freshness, struct lb_fresh *fresh, lb_err result)
{
    while (fresh) {
        struct lb_mailbox *home = fresh->home;
        struct lb_task *first = fresh->completion;
        struct lb_task *last = NULL;
        while (fresh && fresh->home == home) {
            /* Once pushed, it is its owner's again: read what is needed before. */
            struct lb_fresh *next = fresh->next;
            fresh->result = result;
            if (last)
                last->next = fresh->completion;
            last = fresh->completion;
            fresh = next;
            atomic_fetch_sub(&freshness->under_way, 1);
        }
        lb_mailbox_push_chain(home, first, last);
    }
}

/* --- What memory lacks is read on the writer's thread --- */

/* The versions are asked for once more: the answer that called for this may be older
 * than what this node has written since. */
static void read_lack(struct lb_task *task)
{
    struct lb_freshness *freshness =
        (struct lb_freshness *)((char *)task - offsetof(struct lb_freshness, there));
    struct lb_store *store = freshness->settings.store;
    struct lb_store_reader *reader = store->ops->writer_reader(store);
    const struct lack *lack = freshness->read;
    struct lb_workspace_versions versions = {0};
    lb_err err =
        lb_nodes_versions(store, reader, lack->workspaces.ids, lack->workspaces.count, &versions);
    for (size_t i = 0; !err && i < versions.count; i++) {
        err = atomic_load(&freshness->stopping) && !lack->first /* no request waits */
                  ? LB_ERR_STORAGE_UNAVAILABLE
                  : lb_blocklist_refresh(freshness->settings.blocklist, &versions.array[i]);
        lb_rcu_quiescent();
    }
    store->ops->reader_rest(reader);
    lb_workspace_versions_fini(&versions);
    freshness->result = err ? LB_ERR_STORAGE_UNAVAILABLE : LB_OK;
    lb_mailbox_push(freshness->mailbox, &freshness->back);
}

static void has_read(struct lb_task *task)
{
    struct lb_freshness *freshness =
        (struct lb_freshness *)((char *)task - offsetof(struct lb_freshness, back));
    struct lack *lack = freshness->read;
    complete(freshness, lack->first, freshness->result);
    lack->first = NULL;
    lack->last = &lack->first;
    lack->workspaces.count = 0;
    freshness->read = NULL;
}

static void start_reading(struct lb_freshness *freshness)
{
    freshness->read = freshness->gathered;
    freshness->gathered = &freshness->lacks[freshness->read == &freshness->lacks[0]];
    count(&freshness->refreshes, 1);
    freshness->there.run = read_lack;
    freshness->back.run = has_read;
    lb_writer_run(freshness->settings.writer, &freshness->there);
}

/* --- Asking --- */

/* The workspace of that number as memory has it, or NULL. The writer's own table is not ours to
 * read while it grows, but the list of all is. */
static struct lb_workspace *find_workspace(struct lb_freshness *freshness, uint32_t no)
{
    if (no == LB_INSTALLATION_NO)
        return lb_directory_installation(freshness->settings.directory);
    struct lb_workspace *next = freshness->newest
                                    ? lb_rcu_load(&freshness->newest->next)
                                    : lb_directory_workspaces(freshness->settings.directory);
    for (; next; next = lb_rcu_load(&next->next)) {
        if (!lb_array_grow(&freshness->by_no, &freshness->by_no_capacity, (size_t)next->row.no + 1,
                           sizeof(struct lb_workspace *)))
            return NULL;
        freshness->by_no[next->row.no] = next;
        freshness->newest = next;
    }
    return no < freshness->by_no_capacity ? freshness->by_no[no] : NULL;
}

static lb_err compare_version(void *context, const struct lb_workspace_version *latest)
{
    struct lb_freshness *freshness = context;
    const struct lb_workspace *workspace = find_workspace(freshness, latest->workspace);
    if (workspace && lb_nodes_up_to(workspace, latest))
        return LB_OK;
    return lb_id_set_add(&freshness->gathered->workspaces, latest->workspace)
               ? LB_OK
               : LB_ERR_STORAGE_UNAVAILABLE;
}

/* The workspaces that one question is about. */
struct question {
    uint32_t workspaces[QUESTION_MAX + 1];
    size_t count;
    bool everything;
    lb_err err; /* of finding keys */
};

/* Finds the workspaces of keys that memory does not know, all at once. One that the store does not
 * know either has none. */
static lb_err find_keys(struct lb_freshness *freshness)
{
    struct lb_str key_ids[QUESTION_MAX];
    uint32_t found[QUESTION_MAX];
    size_t count = 0;
    size_t looked = 0;
    struct lb_fresh *fresh;
    for (fresh = freshness->first; fresh && looked++ < QUESTION_MAX; fresh = fresh->next)
        if (fresh->key_id.ptr)
            key_ids[count++] = fresh->key_id;
    if (!count)
        return LB_OK;
    lb_err err = lb_nodes_workspaces_of_keys(freshness->settings.store, freshness->reader, key_ids,
                                             count, found);
    looked = count = 0;
    for (fresh = freshness->first; !err && fresh && looked++ < QUESTION_MAX; fresh = fresh->next)
        if (fresh->key_id.ptr)
            fresh->no = found[count++];
    return err;
}

/* Adds what a request asks about. */
static void add_request(struct question *question, const struct lb_fresh *fresh)
{
    if (fresh->no) {
        lb_ids_add(question->workspaces, &question->count, LB_INSTALLATION_NO);
        lb_ids_add(question->workspaces, &question->count, fresh->no);
    } else if (!fresh->key_id.ptr) {
        question->everything = true;
    }
}

/* Does memory lack something of what the request is about? */
static bool lacks(const struct lack *lack, const struct lb_fresh *fresh)
{
    if (!fresh->no)
        return !fresh->key_id.ptr && lack->workspaces.count;
    return lb_id_set_holds(&lack->workspaces, fresh->no) ||
           lb_id_set_holds(&lack->workspaces, LB_INSTALLATION_NO);
}

/* Takes the requests that one question can serve off the list. */
static struct lb_fresh *take(struct lb_freshness *freshness, struct question *question)
{
    struct lb_fresh *taken = freshness->first;
    struct lb_fresh **end = &freshness->first;
    question->err = find_keys(freshness);
    for (size_t taken_count = 0; *end && taken_count < QUESTION_MAX; end = &(*end)->next) {
        add_request(question, *end);
        taken_count++;
        count(&freshness->requests, 1);
    }
    freshness->first = *end;
    *end = NULL;
    if (!freshness->first)
        freshness->last = &freshness->first;
    return taken;
}

static lb_err pose(struct lb_freshness *freshness, const struct question *question)
{
    if (question->err || (!question->count && !question->everything))
        return question->err;
    return lb_nodes_each_version(freshness->settings.store, freshness->reader, question->workspaces,
                                 question->everything ? 0 : question->count, freshness,
                                 compare_version);
}

/* Some may go on, the others wait until memory has what it lacks. */
static void divide(struct lb_freshness *freshness, struct lb_fresh *fresh)
{
    struct lack *lack = freshness->gathered;
    struct lb_fresh *good = NULL;
    struct lb_fresh **good_last = &good;
    while (fresh) {
        struct lb_fresh *next = fresh->next;
        append(lacks(lack, fresh) ? &lack->last : &good_last, fresh);
        fresh = next;
    }
    complete(freshness, good, LB_OK);
}

static void ask(struct lb_freshness *freshness, bool everything)
{
    struct question question = {.everything = everything};
    struct lb_fresh *taken = take(freshness, &question);
    lb_err err = pose(freshness, &question);
    freshness->settings.store->ops->reader_rest(freshness->reader);
    atomic_store(&freshness->ready, err == LB_OK);
    count(&freshness->questions, 1);
    count(&freshness->failures, err != LB_OK);
    if (err)
        complete(freshness, taken, LB_ERR_STORAGE_UNAVAILABLE);
    else
        divide(freshness, taken);
}

static void turn(struct lb_freshness *freshness)
{
    uint64_t now = lb_clock_mono_ms();
    if (freshness->first)
        ask(freshness, false);
    if (now >= freshness->poll_at_ms) {
        ask(freshness, true);
        /* Where there is much to look at, it is looked at less often. */
        uint64_t took_ms = lb_clock_mono_ms() - now;
        freshness->poll_at_ms = now + (took_ms * 20 > POLL_MS ? took_ms * 20 : POLL_MS);
    }
    if (!freshness->read && freshness->gathered->workspaces.count)
        start_reading(freshness);
}

static void *freshness_thread(void *context)
{
    struct lb_freshness *freshness = context;
    pthread_setname_np(pthread_self(), "lb-freshness");
    lb_rcu_thread_register();
    while (!atomic_load(&freshness->stopping) || atomic_load(&freshness->under_way) ||
           freshness->read) {
        lb_rcu_offline();
        lb_mailbox_wait(freshness->mailbox, freshness->first                    ? 0
                                            : atomic_load(&freshness->stopping) ? 1
                                                                                : POLL_MS);
        lb_rcu_online();
        lb_mailbox_drain(freshness->mailbox);
        turn(freshness);
    }
    lb_rcu_thread_unregister();
    return NULL;
}

bool lb_freshness_start(struct lb_freshness *freshness)
{
    atomic_store(&freshness->ready, true);
    bool started = pthread_create(&freshness->thread, NULL, freshness_thread, freshness) == 0;
    atomic_store(&freshness->started, started);
    return started;
}

static void nothing(struct lb_task *task)
{
}

void lb_freshness_stop(struct lb_freshness *freshness)
{
    if (!freshness || !freshness->started)
        return;
    struct lb_task wake = {.run = nothing};
    atomic_store(&freshness->stopping, true);
    lb_mailbox_push(freshness->mailbox, &wake);
    pthread_join(freshness->thread, NULL);
    lb_mailbox_drain(freshness->mailbox);
    freshness->started = false;
}
