#include "domain/blocklist/overlay.h"

#include "base/array.h"
#include "base/clock.h"

struct lb_overlay_place {
    uint32_t generation;
    uint32_t event; /* the last one of its identifier */
};

void lb_overlay_drop(struct lb_overlay *batch)
{
    for (size_t i = 0; i < batch->row_count; i++) {
        lb_row_times_forget(batch->rows[i].workspace->row_times);
        lb_epochs_forget(&batch->rows[i].workspace->epochs);
    }
    batch->row_count = 0;
}

void lb_overlay_begin(struct lb_overlay *batch, uint64_t next_id, uint64_t end_id)
{
    for (size_t i = 0; i < batch->event_count; i++)
        batch->events[i].workspace->batch_entries = 0;
    batch->begun++;
    batch->generation++;
    if (batch->generation == 0) { /* wrapped: old slots could look current */
        if (batch->slots)
            memset(batch->slots, 0, batch->slot_capacity * sizeof *batch->slots);
        batch->generation = 1;
    }
    batch->slot_count = 0;
    batch->event_count = 0;
    batch->added_count = 0;
    batch->takes_back = false;
    batch->row_count = 0;
    batch->texts.len = 0;
    batch->texts.failed = false;
    batch->next_id = next_id;
    batch->end_id = end_id;
    int64_t now = lb_clock_wall_ms();
    if (now > batch->now_ms) /* a clock that is set back must not reorder what people see */
        batch->now_ms = now;
}

void lb_overlay_fini(struct lb_overlay *batch)
{
    free(batch->slots);
    free(batch->events);
    free(batch->added);
    free(batch->added_in);
    free(batch->rows);
    lb_buf_fini(&batch->texts);
}

static struct lb_str text_of(const struct lb_overlay *batch, const struct lb_event *event)
{
    return (struct lb_str){batch->texts.ptr + event->text_at, event->text_len};
}

static bool same(const struct lb_overlay *batch, const struct lb_event *event, struct lb_list list,
                 struct lb_fingerprint fingerprint, struct lb_str identifier)
{
    return event->fingerprint.high == fingerprint.high &&
           event->fingerprint.low == fingerprint.low && event->list.workspace == list.workspace &&
           event->list.campaign == list.campaign && lb_str_equal(text_of(batch, event), identifier);
}

/* The slot of this identifier, or the empty one where it belongs. The table is never full. */
static struct lb_overlay_place *probe(const struct lb_overlay *batch, struct lb_list list,
                                      struct lb_fingerprint fingerprint, struct lb_str identifier)
{
    size_t at = fingerprint.high & (batch->slot_capacity - 1);
    for (;; at = (at + 1) & (batch->slot_capacity - 1)) {
        struct lb_overlay_place *slot = &batch->slots[at];
        if (slot->generation != batch->generation ||
            same(batch, &batch->events[slot->event], list, fingerprint, identifier))
            return slot;
    }
}

bool lb_overlay_find(const struct lb_overlay *batch, struct lb_list list,
                     struct lb_fingerprint fingerprint, struct lb_str identifier, uint64_t *out_id)
{
    if (batch->slot_count == 0)
        return false;
    const struct lb_overlay_place *slot = probe(batch, list, fingerprint, identifier);
    if (slot->generation != batch->generation)
        return false;
    const struct lb_event *event = &batch->events[slot->event];
    *out_id = event->add ? event->id : 0;
    return true;
}

static bool grow_slots(struct lb_overlay *batch)
{
    size_t capacity = batch->slot_capacity ? batch->slot_capacity * 2 : 256;
    struct lb_overlay_place *old = batch->slots;
    size_t old_capacity = batch->slot_capacity;
    struct lb_overlay_place *slots = calloc(capacity, sizeof *slots);
    if (!slots)
        return false;
    batch->slots = slots;
    batch->slot_capacity = capacity;
    for (size_t i = 0; i < old_capacity; i++) {
        if (old[i].generation != batch->generation)
            continue;
        size_t at = batch->events[old[i].event].fingerprint.high & (capacity - 1);
        while (slots[at].generation == batch->generation)
            at = (at + 1) & (capacity - 1);
        slots[at] = old[i];
    }
    free(old);
    return true;
}

static bool reserve_event(struct lb_overlay *batch, const struct lb_event *event)
{
    size_t added = batch->added_count + event->add;
    return lb_array_reserve(batch->events, batch->event_capacity, batch->event_count + 1) &&
           lb_array_reserve(batch->added, batch->added_capacity, added) &&
           lb_array_reserve(batch->added_in, batch->added_in_capacity, added);
}

static void append_event(struct lb_overlay *batch, const struct lb_event *event, size_t text_at,
                         size_t text_len)
{
    struct lb_event *recorded = &batch->events[batch->event_count++];
    *recorded = *event;
    recorded->text_at = text_at;
    recorded->text_len = (uint32_t)text_len;
    batch->takes_back |= !event->add || event->replaces;
    if (!event->add)
        return;
    batch->added[batch->added_count] = event->fingerprint;
    batch->added_in[batch->added_count++] = (struct lb_list_entry){event->order, event->id};
}

bool lb_overlay_record(struct lb_overlay *batch, const struct lb_event *event,
                       struct lb_str identifier)
{
    if (batch->slot_count * 2 >= batch->slot_capacity && !grow_slots(batch))
        return false;
    struct lb_overlay_place *slot = probe(batch, event->list, event->fingerprint, identifier);
    bool known = slot->generation == batch->generation;
    size_t text_at = known ? batch->events[slot->event].text_at : batch->texts.len;
    if (!known)
        lb_buf_append_str(&batch->texts, identifier);
    if (batch->texts.failed || !reserve_event(batch, event))
        return false;
    append_event(batch, event, text_at, identifier.len);
    slot->generation = batch->generation;
    slot->event = (uint32_t)(batch->event_count - 1);
    batch->slot_count += !known;
    event->workspace->batch_entries += !event->add ? -1 : event->replaces ? 0 : 1;
    return true;
}

bool lb_overlay_record_row(struct lb_overlay *batch, struct lb_overlay_row row)
{
    struct lb_row_time row_time = {batch->now_ms, row.has_reason, row.continues, row.number};
    if (!lb_array_reserve(batch->rows, batch->row_capacity, batch->row_count + 1))
        return false;
    batch->rows[batch->row_count++] = row;
    return lb_row_times_add(row.workspace->row_times, row.first, row_time);
}
