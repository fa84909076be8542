/* What the files of the directory share: directory.c, and directory_campaigns.c. Threads: see
 * directory.h. */
#ifndef LB_DOMAIN_ACCESS_DIRECTORY_INTERNAL_H
#define LB_DOMAIN_ACCESS_DIRECTORY_INTERNAL_H

#include "domain/access/directory.h"

#include <pthread.h>

/* Records that were made and not added yet, oldest first. */
struct lb_made {
    struct lb_registry_node *first;
    struct lb_registry_node **last;
};

struct lb_directory {
    struct lb_registry *workspaces;
    struct lb_registry *keys;
    struct lb_registry *keys_by_no;
    struct lb_registry *campaigns;
    struct lb_registry *kept;   /* lists of deleted campaigns */
    struct lb_key_cache *texts; /* of keys */
    pthread_mutex_t lock;       /* of the workspaces' lists of campaigns */
    pthread_mutex_t days; /* of what is counted by day; the writer takes it when it publishes */
    _Atomic bool partial;
    _Atomic(struct lb_workspace *) installation;
    _Atomic(struct lb_workspace *) first_workspace;
    struct lb_workspace *last_workspace;
    _Atomic(struct lb_key *) first_key;
    struct lb_key *last_key;
    /* The writer's. */
    struct lb_made made_workspaces;
    struct lb_made made_keys;
    struct lb_made made_campaigns;
    struct lb_made made_kept;
    uint64_t batch;              /* how many there were, with this one */
    struct lb_workspace **by_no; /* workspaces */
    size_t by_no_capacity;
    struct lb_campaign **campaigns_by_no;
    size_t campaigns_by_no_capacity;
};

static inline void lb_made_note(struct lb_made *made, struct lb_registry_node *node)
{
    node->next = NULL;
    *made->last = node;
    made->last = &node->next;
}

/* Most are added in the order in which they were made. */
static inline void lb_made_take(struct lb_made *made, struct lb_registry_node *node)
{
    struct lb_registry_node **at = &made->first;
    while (*at != node)
        at = &(*at)->next;
    *at = node->next;
    if (!*at)
        made->last = at;
}

#endif
