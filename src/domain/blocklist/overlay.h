/* What one batch of the writer is about to change: an overlay over the index, so that a request
 * sees what earlier requests of the same batch did before any reader may; and the list of events
 * that is published when the batch is durable. Threads: the writer's. */
#ifndef LB_DOMAIN_BLOCKLIST_OVERLAY_H
#define LB_DOMAIN_BLOCKLIST_OVERLAY_H

#include "domain/blocklist/blocklist.h"
#include "base/buf.h"
#include "domain/blocklist/item.h"
#include "index/list_order.h"

struct lb_event {
    struct lb_fingerprint fingerprint;
    uint64_t id;
    struct lb_list list;
    uint64_t order; /* that the entry is in: lb_order_number */
    struct lb_workspace *workspace;
    bool add;          /* else the entry is taken back */
    bool erases;       /* not add: its name is erased, and an entry of a tag stands in for it */
    uint64_t replaces; /* add: the entry that is taken back for it, so that no moment is without;
                          0: none */
    /* The batch's own. */
    uint32_t text_len;
    size_t text_at;
};

/* A row of the log: what the row_times of the index and the counts of the day will say about it. */
struct lb_overlay_row {
    struct lb_workspace *workspace;
    uint64_t first;
    uint64_t number; /* of that entry */
    bool has_reason;
    bool continues;
    uint32_t blocked; /* people whom it blocks, or frees */
    uint32_t unblocked;
};

struct lb_overlay_place;

struct lb_overlay {
    struct lb_overlay_place *slots; /* open addressing over events; a power of two */
    size_t slot_capacity;
    size_t slot_count;
    uint32_t generation; /* slots of other generations are empty; it may wrap */
    uint64_t begun;      /* batches, with this one */
    struct lb_buf texts; /* identifiers of the overlay */
    struct lb_event *events;
    size_t event_count;
    size_t event_capacity;
    struct lb_fingerprint *added;   /* by the events, for reserving memory */
    struct lb_list_entry *added_in; /* the same */
    size_t added_count;
    size_t added_capacity;
    size_t added_in_capacity;
    bool takes_back; /* one of the events, or it replaces an entry */
    struct lb_overlay_row *rows;
    size_t row_count;
    size_t row_capacity;
    uint64_t next_id;
    uint64_t end_id; /* ids from here on are not ours */
    int64_t now_ms;
};

/* Empties it for the next attempt, which may use the ids from `next_id` to before `end_id`. */
void lb_overlay_begin(struct lb_overlay *batch, uint64_t next_id, uint64_t end_id);

/* The batch was rolled back: nothing of it is left in the workspaces. */
void lb_overlay_drop(struct lb_overlay *batch);
void lb_overlay_fini(struct lb_overlay *batch);

/* Does the batch know about this identifier? Then `*out_id` is its entry, 0 when it is no longer
 * blocked. */
bool lb_overlay_find(const struct lb_overlay *batch, struct lb_list list,
                     struct lb_fingerprint fingerprint, struct lb_str identifier, uint64_t *out_id);

/* Records that the identifier is now blocked by entry `id` (add), or no longer (not add). The
 * identifier is copied. False when out of memory. */
bool lb_overlay_record(struct lb_overlay *batch, const struct lb_event *event,
                       struct lb_str identifier);

/* Records a row, in the order of the log. Its time is in the workspace's row times already, to be
 * published. False when out of memory. */
bool lb_overlay_record_row(struct lb_overlay *batch, struct lb_overlay_row row);

static inline uint64_t lb_list_number(struct lb_list list)
{
    return (uint64_t)list.workspace << 32 | list.campaign;
}

/* Each list has an order of its LinkedIn names and member ids, and one for each other type of
 * entries, so that pages of them find what they show. Workspaces' numbers stay below 2^28: memory
 * has a table of them. */
#define LB_ORDER_TYPE_SHIFT 60
static inline uint64_t lb_order_number(struct lb_list list, enum lb_name_type type)
{
    uint64_t number = lb_list_number(list);
    return type <= LB_NAME_MEMBER_ID ? number : number | (uint64_t)type << LB_ORDER_TYPE_SHIFT;
}

static inline uint64_t lb_order_of_key(struct lb_list list, struct lb_str key)
{
    return lb_key_is_linkedin(key) ? lb_list_number(list) : lb_order_number(list, lb_key_type(key));
}

static inline bool lb_order_is_typed(uint64_t order)
{
    return order >> LB_ORDER_TYPE_SHIFT != 0;
}

#endif
