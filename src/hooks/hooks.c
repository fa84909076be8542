#include "hooks/internal.h"

#include "base/clock.h"
#include "base/thread.h"

#include <sodium.h>
#include <stdlib.h>

#define POLL_EVERY_MS 5000 /* of a shared store: what other nodes have changed */
#define SLEEP_MAX_MS  1000
#define STOP_WAIT_MS  (LB_HOOK_TRY_MS + 5000)

/* What a workspace has for the thread. */
enum { SIGNAL_EVENTS = 1, SIGNAL_CHANGED = 2 };

/* --- Signals ---------------------------------------------------------------------------------- */

static void signal_workspace(struct lb_hooks *hooks, struct lb_workspace *workspace,
                             unsigned signal)
{
    if (atomic_fetch_or(&workspace->hook_signals, signal) == 0) {
        struct lb_workspace *head = atomic_load(&hooks->signals);
        do {
            workspace->next_signal = head;
        } while (!atomic_compare_exchange_weak(&hooks->signals, &head, workspace));
    }
    if (!atomic_exchange(&hooks->signalled, true))
        lb_mailbox_push(hooks->mailbox, &hooks->signal);
}

static void woken(struct lb_events_watch *watch, struct lb_workspace *workspace)
{
    struct lb_hooks *hooks = (struct lb_hooks *)((char *)watch - offsetof(struct lb_hooks, watch));
    if (atomic_load(&workspace->has_hooks))
        signal_workspace(hooks, workspace, SIGNAL_EVENTS);
}

void lb_hooks_changed(struct lb_hooks *hooks, struct lb_workspace *workspace)
{
    signal_workspace(hooks, workspace, SIGNAL_CHANGED);
}

static void wake_hooks(struct lb_hooks *hooks, const struct lb_workspace *workspace)
{
    for (struct lb_hook *hook = workspace->hooks; hook; hook = hook->next_of_workspace) {
        hook->woken = true;
        if (hook->phase == LB_HOOK_IDLE && hook->row.state == LB_HOOK_ACTIVE)
            lb_hook_ready(hooks, hook);
    }
}

static void take_signals(struct lb_task *task)
{
    struct lb_hooks *hooks = (struct lb_hooks *)((char *)task - offsetof(struct lb_hooks, signal));
    atomic_store(&hooks->signalled, false); /* first: what comes from now on pushes once more */
    struct lb_workspace *workspace = atomic_exchange(&hooks->signals, NULL);
    if (atomic_load(&hooks->stopping))
        return;
    while (workspace) {
        struct lb_workspace *next = workspace->next_signal;
        unsigned signals = atomic_exchange(&workspace->hook_signals, 0);
        if (signals & SIGNAL_CHANGED)
            lb_hook_table_read(hooks, workspace);
        if (signals & SIGNAL_EVENTS)
            wake_hooks(hooks, workspace);
        workspace = next;
    }
}

/* --- Jobs ------------------------------------------------------------------------------------- */

static void take_job(struct lb_task *task)
{
    struct lb_hook_job *job =
        (struct lb_hook_job *)((char *)task - offsetof(struct lb_hook_job, task));
    struct lb_hooks *hooks = job->hooks;
    struct lb_reason reason;
    lb_err err =
        lb_hook_url_read(&hooks->settings.guard, lb_str(job->hook.url), &job->url, &reason);
    if (err) {
        job->reason = reason;
        lb_hook_complete(job, err);
        return;
    }
    job->queued_ms = lb_clock_mono_ms();
    job->next = NULL;
    *hooks->job_last = job;
    hooks->job_last = &job->next;
}

lb_err lb_hooks_submit(struct lb_hooks *hooks, struct lb_hook_job *job)
{
    if (!hooks->started || atomic_load(&hooks->stopping))
        return LB_ERR_STORAGE_UNAVAILABLE;
    job->hooks = hooks;
    job->task.run = take_job;
    lb_mailbox_push(hooks->mailbox, &job->task);
    return LB_OK;
}

#define REQUEST_EVERY_NS (1000000000u) /* on average */
#define REQUESTS_AT_ONCE 30

bool lb_hooks_take_request(struct lb_workspace *workspace, uint64_t now_ns)
{
    uint64_t free_ns = atomic_load(&workspace->hook_free_ns);
    uint64_t wanted;
    do {
        wanted = (free_ns > now_ns ? free_ns : now_ns) + REQUEST_EVERY_NS;
        if (wanted > now_ns + (uint64_t)REQUEST_EVERY_NS * REQUESTS_AT_ONCE)
            return false;
    } while (!atomic_compare_exchange_weak(&workspace->hook_free_ns, &free_ns, wanted));
    return true;
}

/* --- The thread ------------------------------------------------------------------------------- */

static int sleep_for(const struct lb_hooks *hooks, uint64_t now_ms)
{
    uint64_t until = hooks->due_ms;
    if (hooks->again && !atomic_load(&hooks->stopping))
        return 0;
    if (hooks->poll_ms < until)
        until = hooks->poll_ms;
    if (lb_hook_record_pending(hooks) && !hooks->record.busy && hooks->record.retry.at_ms < until)
        until = hooks->record.retry.at_ms;
    if (until <= now_ms)
        return 0;
    return until - now_ms < SLEEP_MAX_MS ? (int)(until - now_ms) : SLEEP_MAX_MS;
}

static void wait_for_something(struct lb_hooks *hooks, int timeout_ms)
{
    struct curl_waitfd waited = {.fd = lb_mailbox_fd(hooks->mailbox), .events = CURL_WAIT_POLLIN};
    lb_log_flush();
    lb_rcu_offline();
    curl_multi_poll(hooks->multi, &waited, 1, timeout_ms, NULL);
    lb_rcu_online();
}

static void poll_store(struct lb_hooks *hooks, uint64_t now_ms)
{
    if (now_ms < hooks->poll_ms)
        return;
    hooks->poll_ms = hooks->shared ? now_ms + POLL_EVERY_MS : UINT64_MAX;
    lb_hook_table_read(hooks, NULL);
}

static void turn(struct lb_hooks *hooks, bool stopping)
{
    uint64_t now_ms = lb_clock_mono_ms();
    lb_mailbox_drain(hooks->mailbox);
    if (!stopping) {
        poll_store(hooks, now_ms);
        lb_hook_timers(hooks, now_ms);
        lb_hook_jobs(hooks, now_ms);
        lb_hook_turns(hooks);
    }
    lb_hook_perform(hooks);
    lb_hook_record_flush(hooks, now_ms);
}

/* What was sent is waited for and recorded; nothing new is sent. */
static void wind_up(struct lb_hooks *hooks)
{
    uint64_t until_ms = lb_clock_mono_ms() + STOP_WAIT_MS;
    bool given_back = false;
    while (lb_clock_mono_ms() < until_ms) {
        bool sending = atomic_load(&hooks->sending_count) != 0;
        for (struct lb_hook *hook = hooks->all; hook && !sending && !given_back; hook = hook->next)
            if (hook->leased)
                lb_hook_mark(hooks, hook);
        given_back |= !sending;
        if (!sending && !lb_hook_record_pending(hooks))
            break;
        turn(hooks, true);
        if (atomic_load(&hooks->sending_count) || hooks->record.busy)
            wait_for_something(hooks, sleep_for(hooks, lb_clock_mono_ms()));
    }
}

static void complete_jobs(struct lb_hooks *hooks)
{
    while (hooks->job_first) {
        struct lb_hook_job *job = hooks->job_first;
        hooks->job_first = job->next;
        lb_hook_complete(job, LB_ERR_STORAGE_UNAVAILABLE);
    }
    hooks->job_last = &hooks->job_first;
}

static void *run(void *context)
{
    struct lb_hooks *hooks = context;
    lb_rcu_thread_register();
    lb_thread_yields();
    while (!atomic_load(&hooks->stopping)) {
        turn(hooks, false);
        wait_for_something(hooks, sleep_for(hooks, lb_clock_mono_ms()));
    }
    wind_up(hooks);
    lb_rcu_thread_unregister();
    return NULL;
}

/* --- Life ------------------------------------------------------------------------------------- */

lb_err lb_hooks_create(const struct lb_hooks_settings *settings, struct lb_hooks **out)
{
    struct lb_hooks *hooks = calloc(1, sizeof *hooks);
    if (!hooks)
        return LB_ERR_INTERNAL;
    *out = hooks;
    hooks->settings = *settings;
    hooks->shared = settings->store->shared != NULL;
    /* Of an authority of one's own, as other programs on OpenSSL take it. */
    hooks->authorities = getenv("SSL_CERT_FILE");
    hooks->watch.woken = woken;
    hooks->signal.run = take_signals;
    hooks->ready_last = &hooks->ready_first;
    hooks->job_last = &hooks->job_first;
    hooks->due_ms = UINT64_MAX;
    while (hooks->node == 0) {
        randombytes_buf(&hooks->node, sizeof hooks->node);
        hooks->node &= INT64_MAX;
    }
    hooks->mailbox = lb_mailbox_create();
    if (!hooks->mailbox || curl_global_init(CURL_GLOBAL_DEFAULT))
        return LB_ERR_INTERNAL;
    hooks->multi = curl_multi_init();
    if (!hooks->multi)
        return LB_ERR_INTERNAL;
    curl_multi_setopt(hooks->multi, CURLMOPT_MAXCONNECTS, (long)LB_HOOK_SENDING_MAX);
    return settings->store->ops->reader_open(settings->store, &hooks->reader);
}

bool lb_hooks_start(struct lb_hooks *hooks)
{
    hooks->started = pthread_create(&hooks->thread, NULL, run, hooks) == 0;
    if (hooks->started)
        pthread_setname_np(hooks->thread, "lb-hooks");
    return hooks->started;
}

static void stop_now(struct lb_task *task)
{
}

void lb_hooks_stop(struct lb_hooks *hooks)
{
    struct lb_task wake = {.run = stop_now};
    if (!hooks || !hooks->started)
        return;
    atomic_store(&hooks->stopping, true);
    lb_mailbox_push(hooks->mailbox, &wake);
    pthread_join(hooks->thread, NULL);
    if (hooks->watching)
        lb_events_unwatch(hooks->settings.events, &hooks->watch);
    hooks->watching = false;
    hooks->started = false;
    lb_mailbox_drain(hooks->mailbox);
    lb_hook_send_abort(hooks);
    complete_jobs(hooks);
}

void lb_hooks_destroy(struct lb_hooks *hooks)
{
    if (!hooks)
        return;
    if (hooks->mailbox)
        lb_mailbox_drain(hooks->mailbox); /* what the writer has finished since */
    complete_jobs(hooks);
    lb_hook_send_abort(hooks);
    lb_hook_record_free(hooks);
    lb_hook_table_free(hooks);
    lb_events_page_fini(&hooks->page);
    if (hooks->multi)
        curl_multi_cleanup(hooks->multi);
    if (hooks->reader)
        hooks->settings.store->ops->reader_close(hooks->reader);
    lb_mailbox_destroy(hooks->mailbox);
    free(hooks);
}

const struct lb_guard *lb_hooks_guard(const struct lb_hooks *hooks)
{
    return &hooks->settings.guard;
}

void lb_hooks_stats(struct lb_hooks *hooks, struct lb_hooks_stats *out)
{
    for (int i = 0; i < LB_HOOK_STATE_COUNT; i++)
        out->by_state[i] = atomic_load(&hooks->by_state[i]);
    out->sending = atomic_load(&hooks->sending_count);
    out->waiting = atomic_load(&hooks->ready_count);
    out->delivered = atomic_load(&hooks->delivered);
    out->failed = atomic_load(&hooks->failed);
    out->refused = atomic_load(&hooks->refused);
}
