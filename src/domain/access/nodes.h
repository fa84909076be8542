/* A store that several nodes share: nobody is believed but the store. A batch of the writer locks
 * the workspaces that it changes, and what other nodes have changed in them since is read before
 * anything is applied.
 *
 * Memory keeps for each workspace what it holds of it (struct lb_workspace: access_version, log).
 * Threads: the writer's, or before the threads start. */
#ifndef LB_DOMAIN_ACCESS_NODES_H
#define LB_DOMAIN_ACCESS_NODES_H

#include "base/id_set.h"
#include "domain/access/directory.h"
#include "writer/writer.h"

/* The workspaces that a batch has locked. */
struct lb_locked {
    struct lb_workspace_version *versions; /* ascending */
    size_t count;
    uint64_t first_id; /* the entry ids that are reserved: from this one */
    uint64_t end_id;   /* to before this one */
    /* Its own. */
    struct lb_id_set workspaces;
    size_t capacity; /* of versions */
    uint64_t impatient_until_ms;
};

/* Locks the workspaces of the batch's writes, those that have not failed, and reserves the entry
 * ids that they ask for. LB_ERR_CONFLICT when a workspace was locked elsewhere for too long: the
 * next call then waits for none, and the writes of those that are locked get LB_ERR_OVERLOADED, so
 * that one stuck workspace does not hold up the others. */
lb_err lb_nodes_lock(struct lb_locked *locked, struct lb_store *store, struct lb_write *first);
void lb_locked_fini(struct lb_locked *locked);

/* Told of campaigns that another node deleted, before memory forgets them. Its failure ends the
 * reading, which tells it once more when it is done again. */
struct lb_nodes_listener {
    void *context;
    lb_err (*ended)(void *context, struct lb_list campaign);
};

/* Reads what changed of a workspace's licence, keys and campaigns until `latest`; nothing when
 * memory holds that already. `listener`: NULL, or its `ended` is called. LB_ERR_INTERNAL when out
 * of memory. */
lb_err lb_nodes_refresh_access(struct lb_directory *directory, struct lb_store *store,
                               const struct lb_workspace_version *latest,
                               const struct lb_nodes_listener *listener);

/* Fills the tables at start. */
lb_err lb_nodes_load_access(struct lb_directory *directory, struct lb_store *store);

/* Where workspaces latest, in any order. All zero is an empty list. */
struct lb_workspace_versions {
    struct lb_workspace_version *array;
    size_t count;
    size_t capacity;
};

/* Replaces the list; `count` 0: all workspaces. */
lb_err lb_nodes_stands(struct lb_store *store, struct lb_store_reader *reader,
                       const uint32_t *workspaces, size_t count, struct lb_workspace_versions *out);
void lb_workspace_versions_fini(struct lb_workspace_versions *versions);

/* Does memory hold exactly this? Any thread. */
bool lb_nodes_up_to(const struct lb_workspace *workspace,
                    const struct lb_workspace_version *latest);

#endif
