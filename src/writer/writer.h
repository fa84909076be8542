/* The writer: the one thread that changes anything.
 *
 * It takes all writes that are queued, applies them in one transaction, commits, publishes them to
 * the memory that readers see, and only then completes them (group commit). Knows the store's
 * begin, commit, rollback and upkeep; what a write does is its owner's.
 *
 * Light writes go before heavy ones, which change many rows: they have batches of their own, in
 * turn. While light writes of others come, the writer rests from heavy ones after each batch of
 * them, so that 95 in 100 of the others find it free, or wait for some milliseconds, but goes on
 * with those of a workspace that is the only one with light ones; batches end
 * after as many, and what waits in them comes later; and writes of a workspace whose light ones
 * have taken much time lately are heavy, too.
 *
 * A write that fails leaves its neighbours alone: when it failed before it wrote anything it is
 * just completed with its error; otherwise the transaction is rolled back and the batch is applied
 * again without it, or each workspace on its own when that has not helped. It is also applied again
 * when the store says LB_ERR_CONFLICT; when it says LB_ERR_LOCKED, each workspace on its own, once.
 * `apply` may therefore run more than once.
 *
 * Threads: submit from any thread; apply and the hooks run on the writer thread, which is
 * registered with RCU and online while they run.
 * Order: create, start, stop (finishes what is queued), destroy. */
#ifndef LB_WRITER_WRITER_H
#define LB_WRITER_WRITER_H

#include "base/err.h"
#include "base/mailbox.h"
#include "base/quota.h"
#include "store/store.h"

struct lb_writer;

/* What a workspace has of the writer. All zero: nothing yet. */
struct lb_writer_share {
    struct lb_quota queued; /* weight of its writes that wait or are under way */
    /* The writer thread's: for how long it has applied light ones of it lately (rest.h), and how
     * many are in the batch under way. */
    uint64_t used_ns;
    uint64_t used_at_ns;
    size_t in_batch;
};

/* A queued write; embedded in its owner's struct, which must live until the completion ran. */
struct lb_write {
    /* Set by the owner before submitting. */
    lb_err (*apply)(struct lb_write *write, struct lb_store *store);
    /* NULL, or called for each write of a batch before any is applied: may begin to load what apply
     * will read, from memory or from a remote store (its prefetch_ methods). */
    void (*look_ahead)(struct lb_write *write, struct lb_store *store);
    void (*publish)(struct lb_write *write); /* after the commit, in order; NULL: nothing to do */
    struct lb_task *completion;              /* pushed to `home` when the result is known */
    struct lb_mailbox *home;
    struct lb_writer_share *share; /* of the workspace; NULL: operators', who are never refused */
    size_t size;                   /* bytes of memory that it holds, for the queue's bound */
    uint32_t workspace;            /* that it changes, 0: none in particular */
    bool installation;             /* `workspace` 0 is the installation's list, which it changes */
    /* Bytes that it adds to what is kept, beside the blocklist's log, about; 0: they are not
     * counted. `apply` may set what it has come to. */
    size_t records;
    bool never_refused; /* `records` are counted, and it is not refused for them: it protects people
                         */
    bool heavy;         /* takes long whatever its size says: light ones go first */
    /* Set by apply before it changes the store or the hooks' state. */
    bool touched;
    /* Set when the completion runs. An `apply` that refuses may fill the reason. */
    lb_err result;
    struct lb_reason reason;
    unsigned retry_after_s; /* of a refusal: when it makes sense to try again; 0: not known */
    /* The writer's own. */
    struct lb_writer *writer;
    struct lb_task task;
    struct lb_write *next;
};

/* Does it change this workspace, or the installation's list (0)? */
static inline bool lb_write_changes(const struct lb_write *write, uint32_t workspace)
{
    return write->workspace == workspace && (workspace || write->installation);
}

/* What the domain does around a batch. All run on the writer thread. */
struct lb_writer_hooks {
    void *context;
    /* In the open transaction, with the batch's writes (by `next`; those that have a result have
     * failed already, and it may fail some more). Also before a batch is applied again. Its failure
     * fails the batch. */
    lb_err (*batch_begin)(void *context, struct lb_write *first);
    lb_err (*batch_prepare)(void *context); /* before the commit; its failure fails the batch */
    void (*batch_publish)(void *context);   /* after the commit, before the writes' own publish */
    bool (*upkeep)(void *context);          /* between batches; true when there is more to do */
    /* NULL, or called after a rollback: what was prepared for publishing is given back. */
    void (*batch_rollback)(void *context);
    /* NULL, or called after that, when the batch may have been recorded all the same. */
    void (*outcome_unknown)(void *context);
};

struct lb_writer_settings {
    struct lb_store *store;
    struct lb_writer_hooks hooks;
    unsigned queue_writes;  /* writes waiting at most: more are refused as overloaded */
    size_t queue_bytes;     /* the same for their memory */
    unsigned share_percent; /* of the queue, for one workspace */
    /* Called on the writer thread when a commit's outcome is unknown, unless the store is shared:
     * no write is accepted from then on; the process should end. */
    void (*failed)(void *context);
    void *failed_context;
};

struct lb_writer_stats {
    uint64_t batches;
    uint64_t writes;
    uint64_t commit_ns; /* time in commits, in all */
    uint64_t commit_max_ns;
    uint64_t queued; /* now */
    uint64_t refused;
    uint64_t batch_buckets[8];  /* batches of up to 1, 4, 16, 64, 256, 1024, 4096, more writes */
    uint64_t commit_buckets[8]; /* commits of up to 0.1, 0.5, 1, 2, 5, 20, 100 ms, more */
};

/* NULL when out of memory. */
struct lb_writer *lb_writer_create(const struct lb_writer_settings *settings);
bool lb_writer_start(struct lb_writer *writer);
void lb_writer_stop(struct lb_writer *writer);
void lb_writer_destroy(struct lb_writer *writer);

/* The store is damaged: nothing more is committed, and what is queued is refused. Any thread. */
void lb_writer_fail(struct lb_writer *writer);

/* Queues a write. LB_OK: its completion will be pushed, also when it fails. LB_ERR_OVERLOADED:
 * the queue is full. LB_ERR_WORKSPACE_OVERLOADED: the workspace's share is.
 * LB_ERR_STORAGE_UNAVAILABLE: the writer has failed or stopped. */
lb_err lb_writer_submit(struct lb_writer *writer, struct lb_write *write);

/* Did light writes of a workspace other than this one come lately, which would wait for heavy ones?
 * Then who writes much in pieces makes them small. Any thread. */
bool lb_writer_has_others(const struct lb_writer *writer, const struct lb_writer_share *share);

/* Has `task` run on the writer thread, between two batches, when no transaction is open. Any
 * thread, while the writer runs. */
void lb_writer_run(struct lb_writer *writer, struct lb_task *task);

/* Is the thread running? For the owner, which starts and stops it. */
bool lb_writer_running(const struct lb_writer *writer);

/* Does the store take writes, as far as the last commit tells? For /readyz. */
bool lb_writer_ready(const struct lb_writer *writer);

/* Why it does not; LB_OK when it does. */
lb_err lb_writer_refusal(const struct lb_writer *writer);

/* May writes be submitted? */
bool lb_writer_healthy(const struct lb_writer *writer);

/* Any thread. */
void lb_writer_stats(struct lb_writer *writer, struct lb_writer_stats *out);

#endif
