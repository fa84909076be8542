#include "domain/events/internal.h"

#include "domain/blocklist/outbox.h"

#include <stdio.h>
#include <stdlib.h>

/* --- Types ------------------------------------------------------------------------------------ */

static const char *const type_names[LB_EVENT_TYPE_COUNT] = {
    "lead_blocked",       "lead_unblocked",         "lead_opted_out",
    "campaign_completed", "campaign_without_leads", "connection_request_accepted",
    "message_received",
};

const char *lb_event_type_name(enum lb_event_type type)
{
    return type_names[type];
}

bool lb_event_type_parse(struct lb_str name, enum lb_event_type *out)
{
    for (int type = 0; type < LB_EVENT_TYPE_COUNT; type++) {
        if (!lb_str_equal(name, lb_str(type_names[type])))
            continue;
        *out = (enum lb_event_type)type;
        return true;
    }
    return false;
}

/* --- Cursors ---------------------------------------------------------------------------------- */

_Static_assert(sizeof "e-123456789a-123456789a-123456789a-123456789a" <= LB_EVENT_CURSOR_SIZE,
               "four numbers of 40 bits fit");

void lb_event_cursor_write(const struct lb_event_cursor *cursor, char out[LB_EVENT_CURSOR_SIZE])
{
    snprintf(out, LB_EVENT_CURSOR_SIZE, "e%llx-%llx-%llx-%llx", (unsigned long long)cursor->log,
             (unsigned long long)cursor->log_epoch, (unsigned long long)cursor->own,
             (unsigned long long)cursor->own_epoch);
}

/* Takes a number in hexadecimal off the front, as it is written: without zeros before it. */
static bool take_hex(struct lb_str *text, uint64_t *out)
{
    size_t digits = 0;
    *out = 0;
    for (; digits < text->len && text->ptr[digits] != '-'; digits++) {
        char c = text->ptr[digits];
        bool is_digit = c >= '0' && c <= '9';
        if (!is_digit && (c < 'a' || c > 'f'))
            return false;
        *out = *out << 4 | (uint64_t)(is_digit ? c - '0' : c - 'a' + 10);
        if (*out > LB_ENTRY_ID_MAX)
            return false;
    }
    if (digits == 0 || (digits > 1 && text->ptr[0] == '0'))
        return false;
    text->ptr += digits;
    text->len -= digits;
    return true;
}

bool lb_event_cursor_parse(struct lb_str text, struct lb_event_cursor *out)
{
    uint64_t *const numbers[] = {&out->log, &out->log_epoch, &out->own, &out->own_epoch};
    *out = (struct lb_event_cursor){0};
    for (size_t i = 0; i < 4; i++) {
        if (!text.len || text.ptr[0] != (i ? '-' : 'e'))
            return false;
        text.ptr++;
        text.len--;
        if (!take_hex(&text, numbers[i]))
            return false;
    }
    return text.len == 0;
}

/* --- Notifying -------------------------------------------------------------------------------- */

static struct lb_events_watch **bucket_of(struct lb_events *events,
                                          const struct lb_workspace *workspace)
{
    return &events->watches[workspace ? workspace->row.no % LB_EVENTS_BUCKETS : LB_EVENTS_BUCKETS];
}

static void wake(struct lb_events_watch *watch, struct lb_workspace *workspace)
{
    for (; watch; watch = watch->next)
        if (!watch->workspace || watch->workspace == workspace)
            watch->woken(watch, workspace);
}

/* On the writer's thread. */
static void recorded(void *context, struct lb_workspace *workspace)
{
    struct lb_events *events = context;
    if (atomic_load(&events->watch_count) == 0)
        return;
    pthread_mutex_lock(&events->lock);
    wake(*bucket_of(events, workspace), workspace);
    wake(*bucket_of(events, NULL), workspace);
    pthread_mutex_unlock(&events->lock);
}

void lb_events_watch(struct lb_events *events, struct lb_events_watch *watch)
{
    pthread_mutex_lock(&events->lock);
    watch->link = bucket_of(events, watch->workspace);
    watch->next = *watch->link;
    if (watch->next)
        watch->next->link = &watch->next;
    *watch->link = watch;
    atomic_fetch_add(&events->watch_count, 1);
    pthread_mutex_unlock(&events->lock);
}

void lb_events_unwatch(struct lb_events *events, struct lb_events_watch *watch)
{
    pthread_mutex_lock(&events->lock);
    *watch->link = watch->next;
    if (watch->next)
        watch->next->link = watch->link;
    atomic_fetch_sub(&events->watch_count, 1);
    pthread_mutex_unlock(&events->lock);
}

/* --- The rest --------------------------------------------------------------------------------- */

struct lb_events *lb_events_create(const struct lb_events_settings *settings)
{
    struct lb_events *events = calloc(1, sizeof *events);
    if (!events)
        return NULL;
    events->settings = *settings;
    pthread_mutex_init(&events->lock, NULL);
    struct lb_blocklist_listener listener = {events, recorded};
    lb_blocklist_listen(settings->blocklist, &listener);
    return events;
}

void lb_events_destroy(struct lb_events *events)
{
    if (!events)
        return;
    pthread_mutex_destroy(&events->lock);
    free(events);
}

lb_err lb_events_head(struct lb_events *events, struct lb_store_reader *reader,
                      const struct lb_workspace *workspace, struct lb_event_cursor *out)
{
    struct lb_event_row row = {0};
    uint64_t last = atomic_load_explicit(&workspace->log_last, memory_order_acquire);
    lb_err err =
        events->settings.store->ops->event(reader, workspace->row.no, LB_ENTRY_ID_MAX, &row);
    /* One that came with a commit that memory does not have yet: it, or others before it, may be
     * told again. */
    while (!err && row.log > last)
        err = row.number > 1 ? events->settings.store->ops->event(reader, workspace->row.no,
                                                                  row.number - 1, &row)
                             : LB_ERR_NOT_FOUND;
    if (err == LB_ERR_NOT_FOUND)
        row = (struct lb_event_row){0};
    *out = (struct lb_event_cursor){last, last ? lb_epochs_of(&workspace->epochs, last) : 0,
                                    row.number, row.epoch};
    return err == LB_ERR_NOT_FOUND ? LB_OK : err;
}

lb_err lb_events_record(struct lb_events *events, struct lb_workspace *workspace,
                        enum lb_event_type type, uint32_t campaign, uint64_t lead, uint32_t actor,
                        uint32_t progress)
{
    struct lb_event_row row = {.type = (uint32_t)type,
                               .campaign = campaign,
                               .lead = lead,
                               .actor = actor,
                               .detail = progress};
    return !events ? LB_OK : lb_outbox_record(events->settings.blocklist, workspace, row);
}
