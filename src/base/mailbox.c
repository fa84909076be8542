#include "base/mailbox.h"

#include <poll.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct lb_mailbox {
    _Atomic(struct lb_task *) head; /* newest first */
    _Atomic unsigned pushing;       /* threads that have not left push yet */
    _Atomic bool awake;             /* the owner will look into it before it sleeps */
    bool attentive;                 /* the owner says when it is awake; its own */
    int fd;
};

struct lb_mailbox *lb_mailbox_create(void)
{
    struct lb_mailbox *mailbox = calloc(1, sizeof *mailbox);
    if (!mailbox)
        return NULL;
    mailbox->fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (mailbox->fd < 0) {
        free(mailbox);
        return NULL;
    }
    return mailbox;
}

void lb_mailbox_destroy(struct lb_mailbox *mailbox)
{
    if (!mailbox)
        return;
    /* Who pushed the last task may still be about to wake us. */
    while (atomic_load(&mailbox->pushing))
        sched_yield();
    close(mailbox->fd);
    free(mailbox);
}

void lb_mailbox_push(struct lb_mailbox *mailbox, struct lb_task *task)
{
    lb_mailbox_push_chain(mailbox, task, task);
}

void lb_mailbox_push_chain(struct lb_mailbox *mailbox, struct lb_task *first, struct lb_task *last)
{
    atomic_fetch_add(&mailbox->pushing, 1);
    /* The stack holds the newest first, so the chain goes in reversed; draining turns it back. */
    struct lb_task *reversed = NULL;
    for (struct lb_task *task = first;;) {
        struct lb_task *next = task->next;
        bool end = task == last;
        task->next = reversed;
        reversed = task;
        if (end)
            break;
        task = next;
    }
    struct lb_task *head = atomic_load_explicit(&mailbox->head, memory_order_relaxed);
    do {
        first->next = head;
    } while (!atomic_compare_exchange_weak_explicit(&mailbox->head, &head, reversed,
                                                    memory_order_seq_cst, memory_order_relaxed));
    /* Either we see that the owner is about to sleep, or it sees our task: see lb_mailbox_sleep. */
    if (!head && !atomic_load(&mailbox->awake)) {
        uint64_t one = 1;
        ssize_t written = write(mailbox->fd, &one, sizeof one);
        (void)written; /* EAGAIN means that it is readable already */
    }
    atomic_fetch_sub(&mailbox->pushing, 1);
}

int lb_mailbox_fd(const struct lb_mailbox *mailbox)
{
    return mailbox->fd;
}

void lb_mailbox_wake(struct lb_mailbox *mailbox)
{
    mailbox->attentive = true;
    atomic_store_explicit(&mailbox->awake, true, memory_order_relaxed);
}

bool lb_mailbox_sleep(struct lb_mailbox *mailbox)
{
    atomic_store(&mailbox->awake, false);
    return !atomic_load(&mailbox->head);
}

static void clear_eventfd(const struct lb_mailbox *mailbox)
{
    uint64_t count;
    ssize_t got = read(mailbox->fd, &count, sizeof count);
    (void)got;
}

size_t lb_mailbox_drain(struct lb_mailbox *mailbox)
{
    /* Clear the eventfd before taking the list: a push after the exchange writes it again. Also
     * when the list looks empty: its tasks may have been taken before their push wrote the eventfd,
     * which would stay readable and keep its owner awake. */
    if (!mailbox->attentive)
        clear_eventfd(mailbox);
    else if (!atomic_load_explicit(&mailbox->head, memory_order_relaxed))
        return 0;
    struct lb_task *task = atomic_exchange_explicit(&mailbox->head, NULL, memory_order_acquire);
    struct lb_task *oldest = NULL;
    while (task) {
        struct lb_task *next = task->next;
        task->next = oldest;
        oldest = task;
        task = next;
    }
    size_t ran = 0;
    while (oldest) {
        struct lb_task *next = oldest->next;
        oldest->run(oldest);
        oldest = next;
        ran++;
    }
    return ran;
}

void lb_mailbox_wait(struct lb_mailbox *mailbox, int timeout_ms)
{
    struct pollfd waited = {.fd = mailbox->fd, .events = POLLIN};
    bool woken = timeout_ms != 0;
    while (woken && lb_mailbox_sleep(mailbox)) {
        woken = poll(&waited, 1, timeout_ms) > 0;
        if (woken)
            clear_eventfd(mailbox); /* perhaps that of a push whose tasks were taken before */
    }
    lb_mailbox_wake(mailbox);
}
