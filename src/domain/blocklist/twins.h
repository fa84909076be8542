/* People who are in a list more than once: they were asked for again while they were blocked, or
 * two names that were stored as two people's became one when the rules for names changed
 * (identifier.h). The oldest of their entries is in the index and in the order of its list, as for
 * everybody; the others wait here, and hold when that one is taken back by an undo.
 *
 * An entry can be taken back more than once: by an unblock, by an undo of the change that made it,
 * and by undos of undos as often as people unblock and undo in turn. All but the first of these are
 * counted here, so that undoing one of them brings nothing back that another ended.
 *
 * Threads: the writer's, or before the threads start. */
#ifndef LB_DOMAIN_BLOCKLIST_TWINS_H
#define LB_DOMAIN_BLOCKLIST_TWINS_H

#include "base/buf.h"
#include "domain/blocklist/ends.h"
#include "index/membership.h"
#include "store/rows.h"

/* A change that the open batch has made here. */
struct lb_twin_move {
    struct lb_fingerprint fingerprint; /* of list and name */
    uint64_t id;
    bool added;
    bool held; /* of those that are taken back more than once, else of those that wait */
};

/* An entry that counts no more, and how many changes there were before that. */
struct lb_twin_left_out {
    uint64_t id;
    size_t moves;
};

/* As many of a person's entries in a list count: the first, and of the others those that hold
 * longest: first one that has an end is left out, the next that is due, and then the oldest. */
#define LB_TWINS_MAX 16

/* All zero: none. */
struct lb_twins {
    const struct lb_ends *ends; /* when entries end; the owner's */
    struct lb_index *renamed;   /* people who are stored under an old form */
    struct lb_buf names;        /* of theirs: list and length, and the name */
    struct lb_index *waiting;   /* entries */
    struct lb_index *held;      /* entries that are taken back once more, and so on */
    struct lb_twin_left_out
        *left_out; /* since it was emptied by who reads it, or the last commit */
    size_t left_out_count;
    size_t left_out_capacity;
    struct lb_twin_move *moves;
    size_t move_count;
    size_t move_capacity;
};

void lb_twins_fini(struct lb_twins *twins);

/* Someone is stored in a list under an old form of `name`. False when out of memory. */
bool lb_twins_note(struct lb_twins *twins, struct lb_fingerprint fingerprint, struct lb_list list,
                   struct lb_str name);

/* The next one that was noted; `*cursor` is 0 at the start. False after the last. */
bool lb_twins_next_renamed(const struct lb_twins *twins, size_t *cursor, struct lb_list *out_list,
                           struct lb_str *out_name);

/* May more than one entry be this person's? Nearly always false. */
bool lb_twins_possible(const struct lb_twins *twins, struct lb_fingerprint fingerprint);

/* Lets an entry wait, or takes one out that waits. Of more than LB_TWINS_MAX one that waits
 * counts no more, and is left out. False when out of memory. */
bool lb_twins_add(struct lb_twins *twins, struct lb_fingerprint fingerprint, uint64_t id);
bool lb_twins_remove(struct lb_twins *twins, struct lb_fingerprint fingerprint, uint64_t id);

/* What waits for this person: the oldest entry (0: none does), whether this one does, how many; and
 * one after the other, in no order, until 0 (`*cursor` is 0 at the start). */
uint64_t lb_twins_oldest(const struct lb_twins *twins, struct lb_fingerprint fingerprint);
bool lb_twins_waits(const struct lb_twins *twins, struct lb_fingerprint fingerprint, uint64_t id);
size_t lb_twins_count(const struct lb_twins *twins, struct lb_fingerprint fingerprint);
uint64_t lb_twins_next(const struct lb_twins *twins, struct lb_fingerprint fingerprint,
                       uint64_t *cursor);

/* An entry that is taken back is so once more, or once less; is it more than once? False when out
 * of memory. */
bool lb_twins_hold(struct lb_twins *twins, struct lb_fingerprint fingerprint, uint64_t id);
bool lb_twins_let_go(struct lb_twins *twins, struct lb_fingerprint fingerprint, uint64_t id);
bool lb_twins_is_held(const struct lb_twins *twins, struct lb_fingerprint fingerprint, uint64_t id);

/* What was moved since the last commit is final, or what was moved after the first `moves` of it is
 * taken back. */
void lb_twins_commit(struct lb_twins *twins);
void lb_twins_roll_back(struct lb_twins *twins, size_t moves);

/* The person's list has ended. Between batches. */
void lb_twins_drop(struct lb_twins *twins, struct lb_fingerprint fingerprint);

#endif
