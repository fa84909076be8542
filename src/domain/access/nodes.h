/* Agreement between the nodes that share a store: the store alone tells what is true. A batch of
 * the writer locks the workspaces that it changes, and what other nodes have changed in them since
 * is read before anything is applied. This module is the one that knows whether a store is shared;
 * with one that is not, locking does nothing.
 *
 * Memory keeps for each workspace what it holds of it (struct lb_workspace: access_version, log).
 * Threads: the writer's, or before the threads start; the first two and lb_nodes_up_to: any. */
#ifndef LB_DOMAIN_ACCESS_NODES_H
#define LB_DOMAIN_ACCESS_NODES_H

#include "base/id_set.h"
#include "domain/access/directory.h"
#include "writer/writer.h"

/* May memory lag behind what another node has written? Then a refusal from memory alone may be
 * wrong: see domain/blocklist/freshness.h. */
bool lb_nodes_memory_may_lag(const struct lb_store *store);

/* Are the ids of entries their numbers in the workspace? Else this process gives them out itself,
 * over all workspaces. */
bool lb_nodes_ids_are_numbers(const struct lb_store *store);

/* The workspaces that a batch has locked. */
struct lb_locked {
    struct lb_workspace_version *versions; /* ascending */
    size_t count;
    /* Of the installation's list, which holds in all of them, as it is once they are locked; its
     * workspace is LB_WORKSPACE_NONE when none is locked. */
    struct lb_workspace_version installation;
    /* Its own. */
    struct lb_id_set workspaces;
    size_t capacity; /* of versions */
    uint64_t impatient_until_ms;
};

/* Locks the workspaces of the batch's writes, those that have not failed; nothing when the store is
 * not shared. LB_ERR_CONFLICT when a workspace was locked elsewhere for too long: the next call
 * then waits for none, and the writes of those that are locked get LB_ERR_OVERLOADED, so that one
 * stuck workspace does not hold up the others. */
lb_err lb_nodes_lock(struct lb_locked *locked, struct lb_store *store, struct lb_write *first);
void lb_locked_fini(struct lb_locked *locked);

/* Told of blocklists of campaigns that another node ended, before memory forgets them. Its failure
 * ends the reading, which tells it once more when it is done again. */
struct lb_nodes_listener {
    void *context;
    lb_err (*ended)(void *context, struct lb_list campaign);
};

/* Reads what changed of a workspace's license, keys and campaigns until `latest`; nothing when
 * memory holds that already. `listener`: NULL, or its `ended` is called. LB_ERR_INTERNAL when out
 * of memory. */
lb_err lb_nodes_refresh_access(struct lb_directory *directory, struct lb_store *store,
                               const struct lb_workspace_version *latest,
                               const struct lb_nodes_listener *listener);

/* Fills the tables at start. */
lb_err lb_nodes_load_access(struct lb_directory *directory, struct lb_store *store);

/* What follows needs a shared store. */

/* The same while a part of the store is away: the installation's row alone, without which nothing
 * can be answered. The workspaces follow, each with its list (lb_blocklist_load_each). */
lb_err lb_nodes_load_installation(struct lb_directory *directory, struct lb_store *store);

/* Does the store answer for the installation, and not for all workspaces? */
bool lb_nodes_part_is_away(struct lb_store *store);

/* A reader that waits for an answer no longer than a part of the store that is well needs: at least
 * so long, more where the installation's row takes long, as that of a store does that is far.
 * `out_patience_ms`: NULL, or set to how long. */
#define LB_NODES_HURRY_MS 100
lb_err lb_nodes_open_hurried(struct lb_store *store, struct lb_store_reader **out,
                             unsigned *out_patience_ms);

/* No workspace has a higher number. The reader's thread. */
lb_err lb_nodes_highest_workspace(struct lb_store *store, struct lb_store_reader *reader,
                                  uint32_t *out);

/* The latest versions of workspaces, in any order. All zero is an empty list. */
struct lb_workspace_versions {
    struct lb_workspace_version *array;
    size_t count;
    size_t capacity;
};

/* Replaces the list; `count` 0: all workspaces. The reader's thread. */
lb_err lb_nodes_versions(struct lb_store *store, struct lb_store_reader *reader,
                         const uint32_t *workspaces, size_t count,
                         struct lb_workspace_versions *out);
void lb_workspace_versions_fini(struct lb_workspace_versions *versions);

/* The same, one by one; stops at the first failure of `each`. */
lb_err lb_nodes_each_version(struct lb_store *store, struct lb_store_reader *reader,
                             const uint32_t *workspaces, size_t count, void *context,
                             lb_err (*each)(void *context,
                                            const struct lb_workspace_version *version));

/* The workspaces of keys by their ids, 0 for one that does not exist. The reader's thread. */
lb_err lb_nodes_workspaces_of_keys(struct lb_store *store, struct lb_store_reader *reader,
                                   const struct lb_str *key_ids, size_t count, uint32_t *out);

/* Does memory hold exactly this? Any thread. */
bool lb_nodes_up_to(const struct lb_workspace *workspace,
                    const struct lb_workspace_version *latest);

#endif
