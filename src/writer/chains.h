/* Completions of a batch, gathered so that each mailbox is pushed to once. Threads: the writer's.
 */
#ifndef LB_WRITER_CHAINS_H
#define LB_WRITER_CHAINS_H

#include "base/mailbox.h"

/* Completions on their way to one mailbox. */
struct chain {
    struct lb_mailbox *home;
    struct lb_task *first;
    struct lb_task *last;
};

#define CHAINS_MAX 16 /* mailboxes at a time: one of each loop, as a rule */

static inline void push_all(struct chain *chains, size_t *count)
{
    for (size_t i = 0; i < *count; i++)
        lb_mailbox_push_chain(chains[i].home, chains[i].first, chains[i].last);
    *count = 0;
}

static inline struct chain *chain_for(struct chain *chains, size_t *count, struct lb_mailbox *home)
{
    for (size_t i = 0; i < *count; i++)
        if (chains[i].home == home)
            return &chains[i];
    if (*count == CHAINS_MAX)
        push_all(chains, count);
    chains[*count] = (struct chain){.home = home};
    return &chains[(*count)++];
}

#endif
