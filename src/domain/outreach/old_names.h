/* Names under which leads are stored, and which have another form today (lb_identifier_held): a
 * look-up by the form of today looks for them, too. There are never more than at the start: leads
 * are stored under the form of today.
 *
 * Threads: loaded before the threads start, those of one workspace also by the writer's; any reads
 * them. */
#ifndef LB_DOMAIN_OUTREACH_OLD_NAMES_H
#define LB_DOMAIN_OUTREACH_OLD_NAMES_H

#include "base/buf.h"
#include "store/store.h"

struct lb_old_name {
    uint32_t workspace;
    uint32_t today_len;
    uint32_t stored_len;
    size_t at; /* in `texts`: the form of today, then the stored one */
};

/* All zero: none. */
struct lb_old_names {
    struct lb_buf texts;
    struct lb_old_name *names; /* by workspace and the form of today */
    size_t count;
    size_t capacity;
    uint32_t only;                        /* of this workspace; 0: of all */
    _Atomic(struct lb_old_names *) other; /* those of one more workspace that were loaded alone */
};

/* Those of one workspace, which was away when the others were loaded; of a shared store. */
lb_err lb_old_names_load_one(struct lb_old_names *names, struct lb_store *store,
                             uint32_t workspace);

lb_err lb_old_names_load(struct lb_old_names *names, struct lb_store *store);
void lb_old_names_fini(struct lb_old_names *names);

/* Today's form of the one at `place`, below `count`. */
struct lb_str lb_old_names_today(const struct lb_old_names *names, size_t place);

/* The stored forms of a name, one per call: `*cursor` is 0 at the start. False after the last. */
bool lb_old_names_next(const struct lb_old_names *names, uint32_t workspace, struct lb_str today,
                       size_t *cursor, struct lb_str *out);

#endif
