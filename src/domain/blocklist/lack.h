/* What memory lacks of some workspaces, as a lane of freshness.c found, and the requests that wait
 * for it. */
#ifndef LB_DOMAIN_BLOCKLIST_LACK_H
#define LB_DOMAIN_BLOCKLIST_LACK_H

#include "base/id_set.h"
#include "domain/blocklist/freshness.h"

struct lb_lack {
    struct lb_id_set workspaces;
    struct lb_id_set failed; /* of them, those that could not be read */
    struct lb_id_set rest;   /* and those that the time was too short for */
    lb_err err;              /* of all of them */
    struct lb_fresh *first;  /* who waits; NULL: nothing needs it now, and a stop ends it */
    struct lb_fresh **last;
};

/* On the writer's thread: reads it into memory, and sets `failed`, `rest` and `err`. As writes wait
 * meanwhile, it takes some milliseconds, first for those that requests wait for; more is the rest.
 * When one of several workspaces cannot be read, each is read alone, for a second: all others have
 * failed then. `*from` is of the same lane's calls: the next one begins with those. */
void lb_lack_read(struct lb_lack *lack, const struct lb_freshness_settings *settings,
                  const _Atomic bool *stopping, uint32_t *from);

#endif
