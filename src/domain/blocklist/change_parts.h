/* What the kinds of changes have in common (change.c, undo.c): one entry is found, taken back or
 * put in another's place, in the open batch and in the row that is being packed. Threads: the
 * writer's, but for lb_change_prepare and lb_change_prepare_with. */
#ifndef LB_DOMAIN_BLOCKLIST_CHANGE_PARTS_H
#define LB_DOMAIN_BLOCKLIST_CHANGE_PARTS_H

#include "domain/blocklist/internal.h"
#include "domain/blocklist/packer.h"

static inline struct lb_change *lb_change_of(struct lb_write *write)
{
    return (struct lb_change *)write;
}

/* What all kinds need. Any thread. */
void lb_change_prepare(struct lb_change *change);
/* The commitment to where it came from is made with others, at their end. */
void lb_change_prepare_with(struct lb_change *change, struct lb_chain_commits *commits);

/* May the workspace hold so many more, with what the open batch has changed? */
bool lb_change_has_room(const struct lb_change *change, uint64_t extra);
lb_err lb_change_check_room(struct lb_change *change, uint64_t extra);

/* May it add to the history, after what its workspace has recorded within 24 hours? So that nobody
 * fills the disk of all by blocking and unblocking in turn. One change may go beyond. */
lb_err lb_change_check_daily(struct lb_change *change);

/* The entry id of a record that is named from outside, if its epoch is the right one; whether there
 * is such a record, its row tells. 0: there is none. Rows of the open batch count: a change of the
 * same batch may have taken the number. */
uint64_t lb_change_id_of(const struct lb_change *change, struct lb_public_id name);

/* An entry of the log by its id, with its key copied out of the reader's hands. */
struct lb_found_entry {
    struct lb_fingerprint fingerprint;
    struct lb_str key;
    int64_t ends_at;  /* 0: never */
    uint64_t current; /* what blocks the same now */
    bool erased;      /* not found, as its name was erased */
    char text[LB_KEY_SIZE];
};

/* Looks an entry up. LB_ERR_NOT_FOUND when it is no block of this list. */
lb_err lb_change_find_entry(struct lb_change *change, struct lb_list list, uint64_t number,
                            uint64_t id, struct lb_found_entry *out);

/* Is the entry one of those that block its person now? */
bool lb_change_names_person(const struct lb_change *change, const struct lb_found_entry *found,
                            uint64_t id);

/* Gives each item the key under which the workspace has its name: before anything is applied, and
 * again each time that it is, as a name may have been erased since the change was prepared. */
void lb_change_find_keys(struct lb_change *change);

/* An item as the log gets it; in `room` when it is made there. */
#define LB_ITEM_SIZE (LB_KEY_SIZE + 32)
struct lb_str lb_change_item_text(const struct lb_change_item *item, char room[LB_ITEM_SIZE]);

/* Readers will see the person blocked by entry `id`, or no longer. */
lb_err lb_change_record(struct lb_packer *packer, bool add, struct lb_fingerprint fingerprint,
                        uint64_t id, struct lb_str key);

/* Entry `by` takes the place of `id`, which blocks the person now: nothing changes for readers. */
lb_err lb_change_replace(struct lb_packer *packer, struct lb_fingerprint fingerprint, uint64_t id,
                         uint64_t by, struct lb_str key);

/* Entry `id`, which is to block, ends then; 0: it does not. */
lb_err lb_change_note_end(struct lb_packer *packer, int64_t end, struct lb_fingerprint fingerprint,
                          uint64_t id);

/* Takes back entry `id` alone, one of those that block its person: when it is the one that all see,
 * the next takes its place. `*out_stays`: what keeps the person blocked, or 0. */
lb_err lb_change_take_back_one(struct lb_packer *packer, uint64_t id,
                               const struct lb_found_entry *found, uint64_t *out_stays);

/* Adds the entry that the row takes back or restores. */
lb_err lb_change_pack_id(struct lb_packer *packer, uint64_t id);

/* Appends the last row, and one of the entries that count no more since there are too many. */
lb_err lb_change_flush(struct lb_packer *packer);

/* Unblock: others of the person may be blocked still, which the answer tells (change->freed). */
void lb_change_note_freed(struct lb_change *change, struct lb_str key);

/* Takes back all that blocks the key: `id`, and what waits after it (twins.h). */
lb_err lb_change_take_back_all(struct lb_packer *packer, uint64_t id,
                               struct lb_fingerprint fingerprint, struct lb_str key);

#endif
