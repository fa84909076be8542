/* Packs what a change does into rows of the log, with their numbers, and chains them. Threads: the
 * writer's. */
#ifndef LB_DOMAIN_BLOCKLIST_PACKER_H
#define LB_DOMAIN_BLOCKLIST_PACKER_H

#include "domain/blocklist/change.h"

/* A row of the log under construction: items are added until it is full, or the reason
 * changes. */
struct lb_packer {
    struct lb_change *change;
    struct lb_store *store;
    struct lb_log_row row;
    size_t count;
    uint32_t people;  /* of the row: whom it blocks, or frees */
    uint64_t changed; /* items of the row that do so, a bit each */
    bool ids_are_numbers;
    uint64_t first_id; /* that the change may make */
    bool new_seeds;    /* those of the items may be those of rows that the change has made */
    /* The change's own. */
    uint8_t seed[LB_SEED_SIZE]; /* of rows whose items have none */
    bool counting;              /* nothing is done, only counted: see check_restore */
    uint64_t counted;           /* entries that would block again */
    struct lb_str
        name; /* of the person of a tag who is blocked or freed now; ptr NULL: not known */
};

/* May two items be in one row? No reason is not an empty one. */
static inline bool lb_same_reason(struct lb_str a, struct lb_str b)
{
    return a.ptr && b.ptr ? lb_str_equal(a, b) : a.ptr == b.ptr;
}

/* The batch of a change may be tried again, and find that there is nothing to do any more. */
void lb_packer_clear_results(struct lb_change *change);

/* For a change that begins: its results are zero. */
void lb_packer_begin(struct lb_packer *packer, struct lb_change *change, struct lb_store *store,
                     struct lb_list list, enum lb_log_kind kind);

/* Adds an item to the row; `*out_id` is its entry id. After a failure, here or below, the batch is
 * rolled back. */
lb_err lb_packer_add(struct lb_packer *packer, const struct lb_change_item *item, uint64_t *out_id);

/* Appends the row, if it has items, to the log. */
lb_err lb_packer_flush(struct lb_packer *packer);

/* The items that follow are of another kind: they begin a row, of the same change. */
lb_err lb_packer_turn_to(struct lb_packer *packer, enum lb_log_kind kind);

/* Is the entry one that this change has made? */
static inline bool lb_packer_made(const struct lb_packer *packer, uint64_t id)
{
    return id >= packer->first_id;
}

#endif
