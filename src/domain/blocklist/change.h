/* Changes of a blocklist: blocking, unblocking, and taking a change back.
 *
 * Each request to block a person is an entry, also when the person is blocked already: a block
 * holds as long as one request for it does, and what is shown of it is the oldest. A request that
 * only repeats one is none: of the same actor for the same reason, kind and end within the last
 * hour, when neither is an import's; or of the same import. Undoing a change takes back its own
 * requests alone; an unblock ends all of them.
 *
 * Threads: filled and prepared on any thread, submitted, and applied on the writer thread. */
#ifndef LB_DOMAIN_BLOCKLIST_CHANGE_H
#define LB_DOMAIN_BLOCKLIST_CHANGE_H

#include "domain/access/standing.h"
#include "domain/blocklist/blocklist.h"
#include "domain/blocklist/undone.h"
#include "store/chain.h"

#define LB_REASON_CHARACTERS_MAX 500
#define LB_REPEATED_WITHIN_MS    (60 * 60 * 1000)
#define LB_STAYED_SHOWN          100
#define LB_UNKNOWN_CHANGE                                                                          \
    "No change with this id in this workspace. Change ids come in the header X-Change-Id."

struct lb_change_item {
    struct lb_str key;    /* whom: item.h */
    struct lb_str stored; /* block: as it stands in the log; ptr NULL: the key alone */
    struct lb_str reason; /* ptr NULL: none; without NUL, LB_REASON_CHARACTERS_MAX at most */
    /* The writer's: the name that was given, when `key` is the tag of it (erased.h). */
    struct lb_str name;
    /* Filled when a block is prepared, so that the writer need not hash names (chain.h). */
    uint8_t seed[LB_SEED_SIZE]; /* of the row that is probably to hold it */
    struct lb_commitment commitment;
};

static inline struct lb_str lb_change_item_stored(const struct lb_change_item *item)
{
    return item->stored.ptr ? item->stored : item->key;
}

/* The chain of undos that a change stands in (undone.h), as far as it was walked: on to its end,
 * and back to the change that was no undo. */
struct lb_undo_walk {
    uint64_t start; /* the change; 0: not begun */
    struct lb_undone chain;
    uint64_t first;  /* of the chain, as far as it was walked back */
    uint64_t before; /* what that one undoes; 0: nothing, it is the first */
    bool odd;        /* is the number of undos from there to the start */
};

/* A change of a blocklist, embedded in its owner's struct; what it points to lives as long. Fill
 * `write` (completion, home, share, size), `standing` and the fields of one kind, then prepare it
 * with the function of that kind and submit `write`. */
struct lb_change {
    struct lb_write write; /* first: the writer hands it back */
    struct lb_blocklist *blocklist;
    struct lb_standing standing;
    struct lb_change_item *items;        /* block, unblock by name */
    struct lb_fingerprint *fingerprints; /* room for `count`; filled when prepared */
    const struct lb_public_id *ids;      /* unblock by entries */
    struct lb_public_id undone;          /* undo: the change to take back */
    struct lb_undo_walk walk;            /* undo: what an earlier attempt left; zero at first */
    size_t count;
    bool has_ends;        /* block: some items are not plain, as they have a kind or an end */
    bool beyond_daily;    /* an opt-out or a restore: recorded whatever the day's limit says */
    struct lb_str import; /* the import that it belongs to; ptr NULL: none */
    /* When that began: what was recorded before is none of it, and is not read. 0: not known. */
    int64_t import_since;
    /* Its own: of its first row, and a commitment to where it came from. */
    uint8_t seed[LB_SEED_SIZE];
    struct lb_commitment source;
    /* Results. */
    struct lb_public_id id; /* names the change, for undoing it; 0: it changed nothing */
    uint64_t blocked;
    uint64_t unblocked;
    uint64_t asked_again; /* block: people who were blocked already, now by one more request */
    uint64_t asked_more;  /* unblock: people for whom there was more than one request */
    uint64_t gone;        /* undo: entries whose names are not kept any more */
    uint64_t stayed;      /* undo: people whom another request keeps blocked */
    /* Undo: what was taken back, the change itself or an undo of an undo of it; or the undo that
     * holds already, so that there was nothing to do. Number 0: not so. */
    struct lb_public_id taken;
    struct lb_public_id undone_by;
    /* Undo: the chain is longer than one write walks, and nothing was done. To be tried again with
     * walk = walked. */
    bool goes_on;
    struct lb_undo_walk walked;
    /* Links between names of people (links.h): made, said again, refused; undo: taken back. */
    uint64_t linked;
    uint64_t known;
    uint64_t conflicts;
    uint64_t unlinked;
    /* Undo: told these entries, on the writer thread, when it is applied; again when the batch is
     * tried again. NULL: nothing is told. */
    lb_err (*on_stayed)(struct lb_change *change, struct lb_store_reader *reader,
                        const uint64_t *ids, size_t count);
    void *on_stayed_context;
    /* Unblock: gets the names of people of several names who are freed by it, or were asked for
     * and not blocked by this name, the first LB_STAYED_SHOWN and more, each followed by a NUL.
     * NULL: not asked for. */
    struct lb_buf *freed;
};

void lb_change_block(struct lb_change *change);
/* May it block them: is there room in the workspace, and is who asks still allowed to? Writes
 * nothing. For a write that blocks people besides other things; in the open batch. */
lb_err lb_change_check_block(struct lb_change *change);
void lb_change_unblock(struct lb_change *change);
void lb_change_unblock_ids(struct lb_change *change);
/* Takes back exactly what another change of the workspace did, as far as that still holds; a
 * second time it does nothing, so that a retry is safe, unless the first undo was undone
 * (undone.h). Of a long chain of undos it walks a part, and `goes_on`. LB_ERR_NOT_FOUND when the
 * workspace has no such change. */
void lb_change_undo(struct lb_change *change);

#endif
