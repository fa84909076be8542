#include "hooks/internal.h"

#include "base/clock.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>

#define BACKOFF_MAX_MS  INT64_C(3600000)
#define BUSY_PAUSE_MS   1000  /* after a read that failed, or while another node delivers */
#define BELIEVED_MS     10000 /* by then memory has what another node had when it recorded */
#define NOTE_EVERY_MS   600000
#define JOB_WAIT_MAX_MS 10000
#define TURNS_MS        20         /* then the requests under way have a look again */
#define BODY_KEPT_MAX   (64 << 10) /* bytes of memory, of a message that was delivered */

/* --- The queue -------------------------------------------------------------------------------- */

static void enqueue(struct lb_hooks *hooks, struct lb_hook *hook)
{
    hook->phase = LB_HOOK_READY;
    hook->next_ready = NULL;
    *hooks->ready_last = hook;
    hooks->ready_last = &hook->next_ready;
    atomic_fetch_add(&hooks->ready_count, 1);
}

void lb_hook_ready(struct lb_hooks *hooks, struct lb_hook *hook)
{
    hooks->again = true;
    if (hook->phase != LB_HOOK_READY)
        enqueue(hooks, hook);
}

void lb_hook_wait_until(struct lb_hooks *hooks, struct lb_hook *hook, uint64_t at_ms)
{
    hook->phase = LB_HOOK_WAITING;
    hook->due_ms = at_ms;
    if (at_ms < hooks->due_ms)
        hooks->due_ms = at_ms;
}

void lb_hook_timers(struct lb_hooks *hooks, uint64_t now_ms)
{
    if (now_ms < hooks->due_ms)
        return;
    hooks->due_ms = UINT64_MAX;
    for (struct lb_hook *hook = hooks->all; hook; hook = hook->next) {
        if (hook->phase != LB_HOOK_WAITING)
            continue;
        if (hook->due_ms <= now_ms)
            lb_hook_ready(hooks, hook);
        else if (hook->due_ms < hooks->due_ms)
            hooks->due_ms = hook->due_ms;
    }
}

/* --- Reading what is to be sent --------------------------------------------------------------- */

static struct lb_hook_message *first_message(struct lb_hook *hook)
{
    return &hook->messages[hook->message_first];
}

void lb_hook_rewind(struct lb_hook *hook)
{
    lb_event_cursor_parse(lb_str(hook->row.place), &hook->cursor);
    hook->missed = 0;
    for (unsigned i = 0; hook->messages && i < LB_HOOK_MESSAGES_MAX; i++)
        lb_buf_fini(&hook->messages[i].body);
    free(hook->messages);
    hook->messages = NULL;
    hook->message_count = 0;
}

static lb_err make_message(struct lb_hooks *hooks, struct lb_hook *hook,
                           const struct lb_feed_event *event)
{
    struct lb_hook_message *message = &hook->messages[hook->message_count];
    message->body.len = 0;
    hooks->settings.put_event(hooks->settings.context, hooks->reader, hook->workspace, event,
                              &message->body);
    if (message->body.failed)
        return LB_ERR_OVERLOADED;
    lb_event_cursor_write(&hook->cursor, message->before);
    lb_event_cursor_write(&event->cursor, message->event);
    message->after = event->cursor;
    hook->cursor = event->cursor;
    hook->message_count++;
    return LB_OK;
}

static lb_err make_messages(struct lb_hooks *hooks, struct lb_hook *hook)
{
    const struct lb_events_page *page = &hooks->page;
    hook->message_first = 0;
    if (page->count && !hook->messages)
        hook->messages = calloc(LB_HOOK_MESSAGES_MAX, sizeof *hook->messages);
    lb_err err = page->count && !hook->messages ? LB_ERR_OVERLOADED : LB_OK;
    for (size_t i = 0; !err && i < page->count; i++)
        err = make_message(hooks, hook, &page->events[i]);
    hooks->settings.store->ops->reader_rest(hooks->reader);
    return err;
}

/* Nothing was found: so far all is delivered. It is recorded once in a while, so that a start does
 * not look through it again. */
static void pass_by(struct lb_hooks *hooks, struct lb_hook *hook, uint64_t now_ms)
{
    char place[LB_HOOK_PLACE_SIZE];
    lb_event_cursor_write(&hook->cursor, place);
    memcpy(hook->row.place, place, sizeof place);
    hook->row.missed += hook->missed;
    hook->missed = 0;
    if (now_ms - hook->noted_ms < NOTE_EVERY_MS || strcmp(place, hook->stored_place) == 0)
        return;
    if (hooks->shared && !hook->leased)
        hook->phase = LB_HOOK_TAKING;
    lb_hook_mark(hooks, hook);
}

/* The subscription names a campaign by its id: one that was deleted and made again goes on. */
static uint32_t campaign_of(const struct lb_hooks *hooks, const struct lb_hook *hook)
{
    const struct lb_campaign *campaign =
        hook->row.campaign_id[0]
            ? lb_directory_campaign(hooks->settings.directory, hook->workspace->row.no,
                                    lb_str(hook->row.campaign_id))
            : NULL;
    return campaign ? campaign->row.no : hook->row.campaign;
}

/* False when it has to wait, which is arranged. */
static bool look(struct lb_hooks *hooks, struct lb_hook *hook)
{
    uint64_t now_ms = lb_clock_mono_ms();
    struct lb_events_page *page = &hooks->page;
    hook->woken = false;
    hook->message_count = 0;
    page->workspace = hook->workspace;
    page->after = hook->cursor;
    page->types = 1u << hook->row.type;
    page->campaign = campaign_of(hooks, hook);
    page->max = LB_HOOK_MESSAGES_MAX;
    page->fresh = !hooks->shared || now_ms - hook->loaded_ms > BELIEVED_MS;
    page->skip_gone = true;
    lb_err err = lb_events_read(hooks->settings.events, hooks->reader, page);
    if (!err)
        err = make_messages(hooks, hook);
    if (err) {
        lb_hook_rewind(hook);
        lb_hook_wait_until(hooks, hook, now_ms + BUSY_PAUSE_MS);
        return false;
    }
    hook->missed += page->missed;
    hook->cursor = page->cursor;
    hook->more = page->more;
    if (page->count == 0)
        pass_by(hooks, hook, now_ms);
    return true;
}

/* --- The lease -------------------------------------------------------------------------------- */

static bool lease_is_good(const struct lb_hooks *hooks, const struct lb_hook *hook)
{
    return !hooks->shared ||
           (hook->leased && lb_clock_mono_ms() - hook->leased_ms < LB_HOOK_LEASE_MS / 3);
}

/* May it be taken? Else it waits. */
static bool lease_is_free(struct lb_hooks *hooks, struct lb_hook *hook)
{
    uint64_t now_ms = lb_clock_mono_ms();
    const struct lb_hook_row *row = &hook->row;
    if (row->lease == 0 || row->lease == hooks->node)
        return true;
    if (row->lease != hook->seen_lease || row->beat != hook->seen_beat) {
        hook->seen_lease = row->lease;
        hook->seen_beat = row->beat;
        hook->seen_ms = now_ms;
    }
    if (now_ms - hook->seen_ms >= LB_HOOK_LEASE_MS)
        return true;
    lb_hook_wait_until(hooks, hook, now_ms + BUSY_PAUSE_MS);
    return false;
}

/* Something is to be sent, and this node has no lease: it looks where the others are, and takes the
 * lease from there. */
static void take_lease(struct lb_hooks *hooks, struct lb_hook *hook)
{
    int64_t pause;
    if (hook->leased) { /* to be renewed */
        hook->phase = LB_HOOK_HELD;
        lb_hook_mark(hooks, hook);
        return;
    }
    if (!lb_hook_reload(hooks, hook)) {
        if (!hook->gone)
            lb_hook_wait_until(hooks, hook, lb_clock_mono_ms() + BUSY_PAUSE_MS);
        return;
    }
    pause = hook->row.next_at - lb_clock_wall_ms();
    if (hook->row.state != LB_HOOK_ACTIVE)
        return;
    if (pause > 0) {
        lb_hook_wait_until(hooks, hook, lb_clock_mono_ms() + (uint64_t)pause);
        return;
    }
    if (!lease_is_free(hooks, hook) || !look(hooks, hook))
        return;
    if (hook->message_count) {
        hook->phase = LB_HOOK_TAKING;
        lb_hook_mark(hooks, hook);
    } else if (hook->more && hook->phase != LB_HOOK_TAKING) {
        lb_hook_ready(hooks, hook);
    }
}

/* --- Sending ---------------------------------------------------------------------------------- */

/* The body: the event, after how many were left out before it. */
static void put_body(struct lb_buf *out, const struct lb_hook_message *message, uint64_t missed)
{
    struct lb_str body = lb_buf_str(&message->body);
    out->len = 0;
    out->failed = false;
    if (missed) {
        lb_buf_printf(out, "{\"missed\":%llu,", (unsigned long long)missed);
        body.ptr++; /* its brace */
        body.len--;
    }
    lb_buf_append_str(out, body);
}

/* A URL that the guard refuses by now: the operator has changed hooks-allow. */
static void refuse(struct lb_hooks *hooks, struct lb_hook *hook)
{
    struct lb_hook_result result = {.refused = true};
    snprintf(result.error, sizeof result.error, "%.*s", (int)sizeof result.error - 1,
             hook->url_reason.text);
    hook->phase = LB_HOOK_SENDING;
    lb_hook_tried(hooks, hook, 0, &result);
}

static void send_first(struct lb_hooks *hooks, struct lb_hook *hook)
{
    const struct lb_hook_message *message = first_message(hook);
    if (hook->url_refused) {
        refuse(hooks, hook);
        return;
    }
    struct lb_hook_sending *place = lb_hook_place(hooks, &hook->url, hook->workspace);
    if (!place) {
        enqueue(hooks, hook);
        return;
    }
    put_body(&place->body, message, hook->row.missed + hook->missed);
    place->hook = hook;
    place->url = &hook->url;
    place->workspace = hook->workspace;
    place->probe = false;
    if (lb_hook_send(hooks, place, &hook->row, message->event)) {
        hook->phase = LB_HOOK_SENDING;
        return;
    }
    place->hook = NULL;
    lb_hook_wait_until(hooks, hook, lb_clock_mono_ms() + BUSY_PAUSE_MS);
}

static void take_turn(struct lb_hooks *hooks, struct lb_hook *hook)
{
    hook->phase = LB_HOOK_IDLE;
    if (hook->gone || hook->row.state != LB_HOOK_ACTIVE)
        return;
    if (hook->unrecorded >= LB_HOOK_UNRECORDED_MAX) {
        hook->phase = LB_HOOK_HELD;
        return;
    }
    /* Without a place for a request nothing is made for it. */
    if (!hook->message_count && !lb_hook_place(hooks, &hook->url, hook->workspace)) {
        enqueue(hooks, hook);
        return;
    }
    if (!hook->message_count && !look(hooks, hook))
        return;
    if (hook->message_count) {
        if (lease_is_good(hooks, hook))
            send_first(hooks, hook);
        else
            take_lease(hooks, hook);
    } else if (hook->phase == LB_HOOK_TAKING) {
        return;
    } else if (hook->more || hook->woken) {
        lb_hook_ready(hooks, hook);
    } else if (hook->leased) { /* given back */
        lb_hook_mark(hooks, hook);
    }
}

/* What had no turn comes first the next time. */
static void put_back(struct lb_hooks *hooks, struct lb_hook *rest)
{
    struct lb_hook *last = rest;
    uint64_t count = 1;
    for (; last->next_ready; last = last->next_ready)
        count++;
    last->next_ready = hooks->ready_first;
    if (!hooks->ready_first)
        hooks->ready_last = &last->next_ready;
    hooks->ready_first = rest;
    atomic_fetch_add(&hooks->ready_count, count);
    hooks->again = true;
}

void lb_hook_turns(struct lb_hooks *hooks)
{
    uint64_t until_ms = lb_clock_mono_ms() + TURNS_MS;
    struct lb_hook *hook = hooks->ready_first;
    hooks->ready_first = NULL;
    hooks->ready_last = &hooks->ready_first;
    hooks->again = false;
    atomic_store(&hooks->ready_count, 0);
    while (hook) {
        struct lb_hook *next = hook->next_ready;
        take_turn(hooks, hook);
        lb_hook_settle(hooks, hook);
        hook = next;
        if (hook && lb_clock_mono_ms() >= until_ms) {
            put_back(hooks, hook);
            return;
        }
    }
}

/* --- Afterwards ------------------------------------------------------------------------------- */

static uint64_t next_number(struct lb_hooks *hooks)
{
    uint64_t number = (uint64_t)lb_clock_wall_ms() << 10 | randombytes_uniform(1 << 10);
    hooks->number = number > hooks->number ? number : hooks->number + 1;
    return hooks->number;
}

/* When the next try is made: a tenth sooner or later, so that not all come at once. */
static int64_t next_try(const struct lb_hooks *hooks, uint32_t tries)
{
    int64_t pause = (int64_t)hooks->settings.backoff_s * 1000;
    for (uint32_t i = 1; i < tries && pause < BACKOFF_MAX_MS; i++)
        pause *= 2;
    if (pause > BACKOFF_MAX_MS)
        pause = BACKOFF_MAX_MS;
    uint32_t tenth = (uint32_t)(pause / 10);
    return lb_clock_wall_ms() + pause - tenth + randombytes_uniform(2 * tenth + 1);
}

static void fill(struct lb_delivery_row *row, size_t bytes, const struct lb_hook_result *result)
{
    row->last_at = lb_clock_wall_ms();
    if (!row->first_at)
        row->first_at = row->last_at - result->duration_ms;
    row->status = result->status;
    row->duration_ms = result->duration_ms;
    row->bytes = bytes;
    memcpy(row->error, result->error, sizeof row->error);
}

static bool is_delivered(const struct lb_hook_result *result)
{
    return result->status >= 200 && result->status <= 299;
}

static void count(struct lb_hooks *hooks, const struct lb_hook_result *result)
{
    _Atomic uint64_t *counter = is_delivered(result) ? &hooks->delivered
                                : result->refused    ? &hooks->refused
                                                     : &hooks->failed;
    atomic_fetch_add(counter, 1);
}

static void failed(struct lb_hooks *hooks, struct lb_hook *hook,
                   const struct lb_hook_result *result)
{
    struct lb_hook_row *row = &hook->row;
    int64_t now = lb_clock_wall_ms();
    hook->delivery.state = LB_DELIVERY_FAILED;
    row->tries++;
    if (!row->failing_since)
        row->failing_since = now;
    row->next_at = next_try(hooks, row->tries);
    if (result->status == 410)
        row->state = LB_HOOK_GONE;
    else if (row->next_at - row->failing_since > (int64_t)hooks->settings.give_up_s * 1000)
        row->state = LB_HOOK_FAILING;
    if (row->state == LB_HOOK_ACTIVE)
        return;
    hook->delivery.state = LB_DELIVERY_GIVEN_UP;
    lb_log(LB_LOG_WARN, "hook", "subscription %s of workspace %s %s", row->id,
           hook->workspace->row.id,
           row->state == LB_HOOK_GONE ? "ended: the receiver answered 410"
                                      : "is failing: nothing was delivered for too long");
}

static void delivered(struct lb_hook *hook)
{
    struct lb_hook_row *row = &hook->row;
    lb_event_cursor_write(&first_message(hook)->after, row->place);
    row->tries = 0;
    row->failing_since = 0;
    row->next_at = 0;
    row->missed = 0;
    hook->missed = 0;
    hook->delivery.state = LB_DELIVERY_DONE;
    if (first_message(hook)->body.capacity > BODY_KEPT_MAX)
        lb_buf_fini(&first_message(hook)->body);
    hook->message_first++;
    hook->message_count--;
}

void lb_hook_tried(struct lb_hooks *hooks, struct lb_hook *hook, size_t bytes,
                   const struct lb_hook_result *result)
{
    const struct lb_hook_message *message = first_message(hook);
    struct lb_delivery_row *delivery = &hook->delivery;
    hook->phase = LB_HOOK_IDLE;
    if (hook->gone) {
        lb_hook_settle(hooks, hook);
        return;
    }
    if (hooks->shared && !hook->leased) { /* lost meanwhile: another node sends it, or has */
        lb_hook_rewind(hook);
        lb_hook_ready(hooks, hook);
        return;
    }
    if (!delivery->no || strcmp(delivery->event, message->event) != 0) {
        *delivery =
            (struct lb_delivery_row){.workspace = hook->row.workspace, .no = next_number(hooks)};
        memcpy(delivery->hook, hook->row.id, sizeof delivery->hook);
        memcpy(delivery->event, message->event, sizeof delivery->event);
        memcpy(delivery->place, message->before, sizeof delivery->place);
    }
    bool paused = hook->row.state != LB_HOOK_ACTIVE;
    delivery->tries = hook->row.tries + 1;
    fill(delivery, bytes, result);
    count(hooks, result);
    if (is_delivered(result))
        delivered(hook);
    else if (paused)
        delivery->state = LB_DELIVERY_FAILED;
    else
        failed(hooks, hook, result);
    lb_hook_record_add(hooks, delivery, hook, NULL);
    if (is_delivered(result)) {
        delivery->no = 0;
        lb_hook_ready(hooks, hook);
        return;
    }
    lb_hook_rewind(hook);
    if (hook->row.state == LB_HOOK_ACTIVE) {
        int64_t pause = hook->row.next_at - lb_clock_wall_ms();
        lb_hook_wait_until(hooks, hook, lb_clock_mono_ms() + (uint64_t)(pause > 0 ? pause : 0));
    }
}

/* --- Jobs ------------------------------------------------------------------------------------- */

void lb_hook_job_tried(struct lb_hooks *hooks, struct lb_hook_job *job, size_t bytes,
                       const struct lb_hook_result *result)
{
    if (job->kind == LB_HOOK_JOB_PROBE) {
        lb_err err = LB_OK;
        if (result->refused)
            err = lb_fail(&job->reason, LB_ERR_INVALID_BODY,
                          "The URL's host %s has an address that is not allowed: %s. Use a public "
                          "https address; the operator can allow others with hooks-allow.",
                          job->url.host, result->error);
        lb_hook_complete(job, err);
        return;
    }
    struct lb_delivery_row *delivery = &job->delivery;
    delivery->workspace = job->hook.workspace;
    delivery->no = next_number(hooks);
    memcpy(delivery->hook, job->hook.id, sizeof delivery->hook);
    delivery->tries = 1;
    delivery->state = is_delivered(result) ? LB_DELIVERY_DONE : LB_DELIVERY_GIVEN_UP;
    fill(delivery, bytes, result);
    count(hooks, result);
    lb_hook_record_add(hooks, delivery, NULL, job);
}

/* False: it waits for a place. */
static bool begin_job(struct lb_hooks *hooks, struct lb_hook_job *job, uint64_t now_ms)
{
    struct lb_hook_sending *place = lb_hook_place(hooks, &job->url, job->workspace);
    if (!place && now_ms - job->queued_ms < JOB_WAIT_MAX_MS)
        return false;
    if (!place) {
        lb_hook_complete(job, LB_ERR_WORKSPACE_OVERLOADED);
        return true;
    }
    place->body.len = 0;
    place->body.failed = false;
    lb_buf_append_str(&place->body, job->body);
    place->job = job;
    place->url = &job->url;
    place->workspace = job->workspace;
    place->probe = job->kind == LB_HOOK_JOB_PROBE;
    if (!lb_hook_send(hooks, place, &job->hook, job->delivery.event)) {
        place->job = NULL;
        lb_hook_complete(job, LB_ERR_OVERLOADED);
    }
    return true;
}

void lb_hook_jobs(struct lb_hooks *hooks, uint64_t now_ms)
{
    struct lb_hook_job *job = hooks->job_first;
    hooks->job_first = NULL;
    hooks->job_last = &hooks->job_first;
    while (job) {
        struct lb_hook_job *next = job->next;
        job->next = NULL;
        if (!begin_job(hooks, job, now_ms)) {
            *hooks->job_last = job;
            hooks->job_last = &job->next;
        }
        job = next;
    }
}
