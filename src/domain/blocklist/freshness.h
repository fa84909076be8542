/* May memory be believed now? When several nodes share the store, each request first asks it where
 * its workspace versions; what memory lacks is read before the request goes on. Requests that
 * arrive together are asked for together, so that one small question serves many of them.
 *
 * The question is sent after the request has come: all that any node acknowledged before that is
 * seen. When a part of the store does not answer, only the requests about that part fail: the
 * question is asked again workspace by workspace, by a second thread, until all answer.
 * Threads: ask from any thread; the asking is two threads, each with its own connection; memory is
 * brought up to date on the writer's thread. Order: create, start (the writer runs), stop
 * (answers what was asked; the writer still runs), destroy. */
#ifndef LB_DOMAIN_BLOCKLIST_FRESHNESS_H
#define LB_DOMAIN_BLOCKLIST_FRESHNESS_H

#include "domain/blocklist/blocklist.h"

struct lb_freshness;
struct lane; /* a thread of it */

struct lb_freshness_settings {
    struct lb_directory *directory;
    struct lb_blocklist *blocklist;
    struct lb_store *store; /* lb_nodes_memory_may_lag */
    struct lb_writer *writer;
};

/* A request that wants to go on; embedded in its owner's struct, which lives until the completion
 * ran. */
struct lb_fresh {
    /* Set by the owner. */
    struct lb_workspace *workspace; /* NULL: all of them */
    struct lb_str key_id; /* of a key that memory does not know: its workspace is looked for */
    struct lb_task *completion;
    struct lb_mailbox *home;
    /* Set when the completion runs: LB_OK, or LB_ERR_STORAGE_UNAVAILABLE. */
    lb_err result;
    /* Its own. */
    struct lb_freshness *freshness;
    struct lane *lane;
    uint64_t asked_ns; /* monotonic */
    uint32_t no;       /* of the workspace */
    struct lb_task task;
    struct lb_fresh *next;
};

lb_err lb_freshness_create(const struct lb_freshness_settings *settings, struct lb_freshness **out);
/* Before the start, when not all could be read: these are looked for until memory has them. False
 * when out of memory. */
bool lb_freshness_expect(struct lb_freshness *freshness, const struct lb_unread *unread);
bool lb_freshness_start(struct lb_freshness *freshness);
void lb_freshness_stop(struct lb_freshness *freshness);
void lb_freshness_destroy(struct lb_freshness *freshness);

/* LB_OK: its completion will be pushed. LB_ERR_STORAGE_UNAVAILABLE: the asking has stopped. */
lb_err lb_freshness_ask(struct lb_freshness *freshness, struct lb_fresh *fresh);

struct lb_freshness_stats {
    uint64_t questions; /* to the store */
    uint64_t requests;  /* that they were for */
    uint64_t failures;  /* questions that the store did not answer */
    uint64_t refreshes; /* times that memory had lacked something */
};
void lb_freshness_stats(const struct lb_freshness *freshness, struct lb_freshness_stats *out);

/* Does the store answer questions, at least about some workspaces? For /readyz. */
bool lb_freshness_ready(const struct lb_freshness *freshness);

#endif
