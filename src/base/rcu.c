#include "base/rcu.h"

#include <semaphore.h>
#include <stdbool.h>
#include <stddef.h>

#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define THREAD_SANITIZER 1
#endif
#elif defined(__SANITIZE_THREAD__)
#define THREAD_SANITIZER 1
#endif

#ifdef THREAD_SANITIZER
#include <sanitizer/tsan_interface.h>
#define SAY_BEFORE(edge) __tsan_release(&(edge))
#define SAY_AFTER(edge)  __tsan_acquire(&(edge))
/* One object per direction, and readers never acquire any: nothing a reader does is ordered after
 * the writer by these, so a race in a data structure still shows. */
static char readers_quiescent, deferred;
#else
#define SAY_BEFORE(edge) ((void)0)
#define SAY_AFTER(edge)  ((void)0)
#endif

void lb_rcu_thread_register(void)
{
    /* The thread that lb_rcu_defer needs is started here, where the program may still fail to
     * start, and not when something is deferred for the first time. */
    urcu_qsbr_get_default_call_rcu_data();
    urcu_qsbr_register_thread();
}

void lb_rcu_thread_unregister(void)
{
    SAY_BEFORE(readers_quiescent);
    urcu_qsbr_unregister_thread();
}

void lb_rcu_offline(void)
{
    SAY_BEFORE(readers_quiescent);
    urcu_qsbr_thread_offline();
}

void lb_rcu_online(void)
{
    urcu_qsbr_thread_online();
}

void lb_rcu_quiescent(void)
{
    SAY_BEFORE(readers_quiescent);
    urcu_qsbr_quiescent_state();
}

static void run_deferred(struct rcu_head *head)
{
    struct lb_rcu_head *own =
        (struct lb_rcu_head *)((char *)head - offsetof(struct lb_rcu_head, head));
    SAY_AFTER(deferred);
    SAY_AFTER(readers_quiescent);
    own->run(own);
}

void lb_rcu_defer(struct lb_rcu_head *head, void (*run)(struct lb_rcu_head *head))
{
    head->run = run;
    SAY_BEFORE(deferred);
    urcu_qsbr_call_rcu(&head->head, run_deferred);
}

struct barrier {
    struct lb_rcu_head head;
    sem_t done;
};

static void pass_barrier(struct lb_rcu_head *head)
{
    sem_post(&((struct barrier *)head)->done);
}

/* liburcu's own barrier does the same, with memory of its own that ThreadSanitizer takes for a
 * race. All deferred functions run in order on one thread, so the last one comes last. */
void lb_rcu_barrier(void)
{
    struct barrier barrier;
    bool online = urcu_qsbr_read_ongoing();
    sem_init(&barrier.done, 0, 0);
    lb_rcu_defer(&barrier.head, pass_barrier);
    if (online)
        lb_rcu_offline();
    while (sem_wait(&barrier.done) != 0)
        continue;
    if (online)
        lb_rcu_online();
    sem_destroy(&barrier.done);
}
