/* The epochs of a workspace's entries: which random bits the entries from which number on have
 * (struct lb_log_row), so that an id of an entry tells whether it was given out by this log or by
 * one that was lost.
 *
 * 10 bytes of memory an epoch. Threads: one writer at a time; readers on any thread without locks,
 * registered with base/rcu.h and online. */
#ifndef LB_INDEX_EPOCHS_H
#define LB_INDEX_EPOCHS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct lb_epoch_table;

/* All zero: none. */
struct lb_epochs {
    _Atomic(struct lb_epoch_table *) table;
    _Atomic size_t count; /* published after the table */
    size_t added;         /* the writer's: with those not published yet */
};

/* No other thread may use it any more. */
void lb_epochs_fini(struct lb_epochs *epochs);

/* Entries from `first` on, greater than all before, are of this epoch; readers see it once it is
 * published, which takes no memory. Nothing when that is the last one's epoch already. False when
 * out of memory, and then nothing changed. Writer. */
bool lb_epochs_add(struct lb_epochs *epochs, uint64_t first, uint64_t epoch);

/* Shows what was added, or takes back what was added and not published. Writer. */
void lb_epochs_publish(struct lb_epochs *epochs);
void lb_epochs_forget(struct lb_epochs *epochs);

/* The last one, also when it is not published; 0: none. Writer. */
uint64_t lb_epochs_last(const struct lb_epochs *epochs);

/* That of an entry; 0: from before there were epochs. */
uint64_t lb_epochs_of(const struct lb_epochs *epochs, uint64_t number);

/* The same with those that are not published yet. Writer. */
uint64_t lb_epochs_of_added(const struct lb_epochs *epochs, uint64_t number);

#endif
