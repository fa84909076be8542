/* For tests: a store that several nodes share, made up in memory, and a node's memory over it. The
 * other nodes are the test, which changes what all have in common; answers can be held back and can
 * fail. Threads: any, where they hold the lock; without it while no other thread runs. */
#ifndef LB_TESTS_REMOTE_H
#define LB_TESTS_REMOTE_H

#include "domain/blocklist/blocklist.h"
#include "domain/access/nodes.h"

#include <pthread.h>
#include <semaphore.h>

#define REMOTE_ROWS_MAX       16
#define REMOTE_WORKSPACES_MAX 8

struct lb_store_reader {
    struct remote *remote;
    bool asks; /* it is the one of the questions */
};

/* What all nodes have in common. Numbers of workspaces are 1, 2, ...; each has one key and one
 * campaign at most. */
struct remote {
    struct lb_store store;
    struct lb_store_ops ops;
    struct lb_store_shared shared;
    struct lb_store_reader writer;
    struct lb_store_reader asking;
    pthread_mutex_t lock;
    struct lb_workspace_row workspaces[REMOTE_WORKSPACES_MAX];
    struct lb_workspace_version versions[REMOTE_WORKSPACES_MAX];
    struct lb_key_row keys[REMOTE_WORKSPACES_MAX];
    struct lb_campaign_row campaigns[REMOTE_WORKSPACES_MAX];
    size_t workspace_count;
    struct lb_log_row rows[REMOTE_ROWS_MAX]; /* of all workspaces, ascending */
    size_t row_count;
    /* What the test wants to go wrong. */
    lb_err fail_question, fail_key, fail_writer;
    uint32_t away;        /* this workspace cannot be asked for; 0: all can */
    uint64_t fail_row_of; /* this entry cannot be read */
    size_t fail_after;    /* rows of a scan; 0: never */
    unsigned scan_ms;     /* what each scan of a log takes */
    unsigned silent_ms;   /* a question that fails does so after this time */
    /* The next question that is about a request waits, with its answer in its hand. */
    bool hold;
    sem_t held, gate;
    /* What was seen. */
    unsigned questions; /* about some workspaces */
    size_t asked;       /* workspaces of the last one */
    bool unsorted;      /* one named them out of order */
    unsigned failed[2]; /* questions that failed, and those of the writer */
    uint32_t locked[REMOTE_WORKSPACES_MAX];
    size_t locked_count;
};

/* Returns the remote. */
struct remote *remote_lock(struct remote *remote);
void remote_unlock(struct remote *remote);

/* Another node makes a workspace; returns its number. */
uint32_t remote_add_workspace(struct remote *remote);

/* Another node commits a row, the strings of which live as long as the store. */
void remote_append(struct remote *remote, struct lb_list list, enum lb_log_kind kind, uint64_t id,
                   const char *items);
/* One that blocks these, separated by commas, in a whole workspace. */
void remote_block(struct remote *remote, uint32_t workspace, uint64_t id, const char *items);

/* A node's memory; no threads. */
struct memory {
    struct remote remote;
    struct lb_directory *directory;
    struct lb_blocklist *blocklist;
};

/* Fills it from a store of three workspaces without blocks. The calling thread is registered with
 * RCU until it is closed. */
void memory_open(struct memory *memory);
void memory_close(struct memory *memory);

struct lb_workspace *memory_workspace(const struct memory *memory, uint32_t no);

/* Does this workspace block that identifier? */
bool memory_blocks(const struct memory *memory, uint32_t no, const char *identifier);

#endif
