/* A mailbox: how other threads hand finished work back to an event loop.
 *
 * Threads: anybody pushes, only the owner drains. Pushing never blocks and never allocates. The
 * owner sleeps on `lb_mailbox_fd` (an eventfd); a chain of tasks costs one wake-up, and none when
 * the mailbox already held tasks, or when the owner says that it is awake.
 * Order: tasks of one push come out in their order; a task belongs to the mailbox from the push
 * until its `run` is called, and may be freed or pushed again by `run`. */
#ifndef LB_BASE_MAILBOX_H
#define LB_BASE_MAILBOX_H

#include <stdbool.h>
#include <stddef.h>

struct lb_task {
    struct lb_task *next;
    void (*run)(struct lb_task *task); /* called on the owner's thread */
};

struct lb_mailbox;

/* NULL when out of memory or file descriptors. */
struct lb_mailbox *lb_mailbox_create(void);

/* The mailbox must be empty. Waits for a push that has handed its tasks over but not returned yet.
 */
void lb_mailbox_destroy(struct lb_mailbox *mailbox);

void lb_mailbox_push(struct lb_mailbox *mailbox, struct lb_task *task);

/* Pushes tasks linked by `next` from `first` to `last`; `last->next` is ignored. */
void lb_mailbox_push_chain(struct lb_mailbox *mailbox, struct lb_task *first, struct lb_task *last);

/* Becomes readable when a task is pushed to an owner that sleeps. */
int lb_mailbox_fd(const struct lb_mailbox *mailbox);

/* For an owner that drains the mailbox again and again: it is awake from lb_mailbox_wake until
 * lb_mailbox_sleep, and pushes do not write the eventfd. Such an owner watches the eventfd
 * edge-triggered; it is never read. lb_mailbox_sleep is false when the mailbox holds tasks: then
 * the owner may not sleep. */
void lb_mailbox_wake(struct lb_mailbox *mailbox);
bool lb_mailbox_sleep(struct lb_mailbox *mailbox);

/* Sleeps until the mailbox holds tasks or the time is up (0: not at all; -1: no limit), for an
 * owner that has nothing else to wait for. It is awake from then on. */
void lb_mailbox_wait(struct lb_mailbox *mailbox, int timeout_ms);

/* Runs all tasks that are in the mailbox; returns how many. */
size_t lb_mailbox_drain(struct lb_mailbox *mailbox);

#endif
