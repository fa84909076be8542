#include "index/list_order.h"

#include "index/sorted_ids.h"

#include <pthread.h>
#include <stdlib.h>

#define TABLE_FIRST   16
#define SPARES_KEPT   64
#define RESERVE_PIECE 256 /* entries, or blocks, between two chances for readers */
/* Blocks that ids can need because they are too far from their neighbours: two for each stretch of
 * 2^32 ids, and a few. */
#define FAR_BLOCKS 520

struct list {
    uint64_t number;
    struct lb_sorted_ids ids;
    struct list *next_idle;
    bool idle; /* on the list of those that may be empty */
    /* What lb_list_orders_reserve has seen coming: */
    uint64_t reservation;
    struct list *next_touched;
    uint64_t last;      /* the largest id by then */
    uint64_t base;      /* of the last block by then */
    size_t fill;        /* ids in the last block by then */
    size_t tail;        /* ids that the present last block will hold */
    size_t new_blocks;  /* after it */
    size_t out_of_turn; /* ids that go elsewhere than the end */
};

struct lb_list_orders {
    pthread_mutex_t mutex; /* all of this; the writer alone changes anything */
    struct list **table;   /* open addressing by list number, at most half full */
    size_t table_size;     /* a power of two */
    size_t list_count;
    uint64_t entries;
    struct lb_sorted_ids_pool pool;
    uint64_t reservation;
    size_t promised; /* inserts */
    struct list *idle;
    struct list *recent; /* the last one asked for; NULL after any list was freed */
};

/* ---- the table of lists ---- */

static size_t home_of(const struct lb_list_orders *orders, uint64_t number)
{
    uint64_t hash = number * UINT64_C(0x9e3779b97f4a7c15);
    hash ^= hash >> 32;
    return (size_t)(hash * UINT64_C(0x9e3779b97f4a7c15) >> 32) & (orders->table_size - 1);
}

static struct list **list_place(const struct lb_list_orders *orders, uint64_t number)
{
    size_t at = home_of(orders, number);
    while (orders->table[at] && orders->table[at]->number != number)
        at = (at + 1) & (orders->table_size - 1);
    return &orders->table[at];
}

static bool table_grow(struct lb_list_orders *orders)
{
    struct list **old = orders->table;
    size_t old_size = orders->table_size;
    struct list **table =
        lb_sorted_ids_pool_alloc(&orders->pool, 2 * old_size * sizeof(struct list *));
    if (!table)
        return false;
    orders->table = table;
    orders->table_size = 2 * old_size;
    for (size_t i = 0; i < old_size; i++) {
        if (old[i])
            *list_place(orders, old[i]->number) = old[i];
    }
    lb_sorted_ids_pool_free(&orders->pool, old, old_size * sizeof(struct list *));
    return true;
}

static struct list *list_get(struct lb_list_orders *orders, uint64_t number)
{
    if (orders->recent && orders->recent->number == number)
        return orders->recent;
    struct list **place = list_place(orders, number);
    if (*place)
        return orders->recent = *place;
    if (2 * (orders->list_count + 1) > orders->table_size) {
        if (!table_grow(orders))
            return NULL;
        place = list_place(orders, number);
    }
    struct list *list = lb_sorted_ids_pool_alloc(&orders->pool, sizeof(*list));
    if (!list)
        return NULL;
    list->number = number;
    *place = list;
    orders->list_count++;
    return list;
}

/* Takes a list out of the table, and closes the gap that it leaves. */
static void list_unlink(struct lb_list_orders *orders, struct list *list)
{
    size_t mask = orders->table_size - 1;
    size_t hole = (size_t)(list_place(orders, list->number) - orders->table);
    for (size_t at = (hole + 1) & mask; orders->table[at]; at = (at + 1) & mask) {
        size_t home = home_of(orders, orders->table[at]->number);
        if (((at - home) & mask) >= ((at - hole) & mask)) {
            orders->table[hole] = orders->table[at];
            hole = at;
        }
    }
    orders->table[hole] = NULL;
    orders->recent = NULL;
    orders->list_count--;
    orders->entries -= list->ids.count;
}

static void list_free(struct lb_list_orders *orders, struct list *list)
{
    lb_sorted_ids_fini(&list->ids, &orders->pool);
    lb_sorted_ids_pool_free(&orders->pool, list, sizeof(*list));
}

/* Empty lists stay while a promise is out, and are looked at when it ends. */
static void list_set_idle(struct lb_list_orders *orders, struct list *list)
{
    if (list->idle)
        return;
    list->idle = true;
    list->next_idle = orders->idle;
    orders->idle = list;
}

static void end_promise(struct lb_list_orders *orders)
{
    orders->promised = 0;
    orders->pool.promised = false;
    orders->reservation++;
    while (orders->idle) {
        struct list *list = orders->idle;
        orders->idle = list->next_idle;
        list->idle = false;
        if (list->ids.count == 0) {
            list_unlink(orders, list);
            list_free(orders, list);
        }
    }
    lb_sorted_ids_pool_trim(&orders->pool, SPARES_KEPT);
}

/* ---- life ---- */

struct lb_list_orders *lb_list_orders_create(uint64_t max_bytes)
{
    struct lb_list_orders *orders = calloc(1, sizeof(*orders));
    if (!orders)
        return NULL;
    orders->pool.max_bytes = max_bytes;
    orders->table_size = TABLE_FIRST;
    orders->table = lb_sorted_ids_pool_alloc(&orders->pool, TABLE_FIRST * sizeof(struct list *));
    if (!orders->table || pthread_mutex_init(&orders->mutex, NULL) != 0) {
        free(orders->table);
        free(orders);
        return NULL;
    }
    return orders;
}

void lb_list_orders_destroy(struct lb_list_orders *orders)
{
    if (!orders)
        return;
    for (size_t i = 0; i < orders->table_size; i++) {
        if (orders->table[i])
            list_free(orders, orders->table[i]);
    }
    lb_sorted_ids_pool_trim(&orders->pool, 0);
    free(orders->table);
    pthread_mutex_destroy(&orders->mutex);
    free(orders);
}

void lb_list_orders_set_max_bytes(struct lb_list_orders *orders, uint64_t max_bytes)
{
    pthread_mutex_lock(&orders->mutex);
    orders->pool.max_bytes = max_bytes;
    pthread_mutex_unlock(&orders->mutex);
}

/* ---- the writer ---- */

/* Lets readers in: only the writer, who is here, changes anything. */
static void let_readers_in(struct lb_list_orders *orders)
{
    pthread_mutex_unlock(&orders->mutex);
    pthread_mutex_lock(&orders->mutex);
}

static bool insert_locked(struct lb_list_orders *orders, uint64_t number, uint64_t id)
{
    struct list *list = list_get(orders, number);
    if (!list)
        return false;
    uint64_t before = list->ids.count;
    bool ok = lb_sorted_ids_insert(&list->ids, &orders->pool, id);
    orders->entries += list->ids.count - before;
    if (!ok && list->ids.count == 0)
        list_set_idle(orders, list);
    if (orders->promised)
        orders->promised--;
    if (orders->promised == 0 && (orders->pool.promised || orders->idle))
        end_promise(orders);
    return ok;
}

bool lb_list_orders_insert(struct lb_list_orders *orders, uint64_t list, uint64_t id)
{
    pthread_mutex_lock(&orders->mutex);
    bool ok = insert_locked(orders, list, id);
    pthread_mutex_unlock(&orders->mutex);
    return ok;
}

bool lb_list_orders_insert_many(struct lb_list_orders *orders, const struct lb_list_entry *entries,
                                size_t n)
{
    bool ok = true;
    pthread_mutex_lock(&orders->mutex);
    for (size_t i = 0; i < n; i++) {
        ok &= insert_locked(orders, entries[i].list, entries[i].id);
        if (i % RESERVE_PIECE == RESERVE_PIECE - 1)
            let_readers_in(orders);
    }
    pthread_mutex_unlock(&orders->mutex);
    return ok;
}

bool lb_list_orders_remove(struct lb_list_orders *orders, uint64_t list, uint64_t id)
{
    pthread_mutex_lock(&orders->mutex);
    struct list *found = *list_place(orders, list);
    bool ok = found && lb_sorted_ids_remove(&found->ids, &orders->pool, id);
    if (ok) {
        orders->entries--;
        if (found->ids.count == 0)
            list_set_idle(orders, found);
        if (!orders->promised && orders->idle)
            end_promise(orders);
    }
    pthread_mutex_unlock(&orders->mutex);
    return ok;
}

/* ---- reservations ----
 *
 * Ids that come in ascending order at the end of a list are played through, block by block. For
 * each of the others one spare block is enough, or, if that is less, what it takes to enlarge and
 * split each block there is, to split again whenever half a block's ids have come, and to fill the
 * gap before each block. Two more cover the last block when it is emptied in between: the block
 * before it may have to be enlarged, and may have less room than the last one had. */

static void foresee(struct lb_list_orders *orders, struct list *list, struct list **touched,
                    uint64_t id)
{
    if (list->reservation != orders->reservation) {
        const struct lb_sorted_ids *ids = &list->ids;
        bool empty = ids->block_count == 0;
        list->reservation = orders->reservation;
        list->next_touched = *touched;
        *touched = list;
        list->last = empty ? 0 : lb_sorted_ids_last(ids);
        list->base = empty ? 0 : ids->blocks[ids->block_count - 1].base;
        list->fill = empty ? LB_SORTED_IDS_BLOCK : ids->blocks[ids->block_count - 1].count;
        list->tail = list->fill;
        list->new_blocks = 0;
        list->out_of_turn = 0;
        if (empty)
            list_set_idle(orders, list);
    }
    bool end = id > list->last;
    list->out_of_turn += !end;
    if (list->fill == LB_SORTED_IDS_BLOCK || (end && id - list->base > UINT32_MAX)) {
        list->new_blocks++;
        list->fill = 0;
        list->base = end ? id : list->last;
    }
    list->fill++;
    if (list->new_blocks == 0)
        list->tail = list->fill;
    if (end)
        list->last = id;
}

static bool set_aside(struct lb_list_orders *orders, struct list *touched)
{
    size_t spares = 0;
    for (struct list *list = touched; list; list = list->next_touched) {
        size_t present = list->ids.block_count + list->new_blocks;
        size_t splits = 3 * present + list->out_of_turn / (LB_SORTED_IDS_BLOCK / 2) + FAR_BLOCKS;
        if (splits > list->out_of_turn)
            splits = list->out_of_turn;
        size_t blocks = list->new_blocks + splits;
        if (!lb_sorted_ids_reserve(&list->ids, &orders->pool, blocks + 1, list->tail))
            return false;
        spares += blocks + 2;
        if (spares % RESERVE_PIECE < blocks + 2)
            let_readers_in(orders);
    }
    for (size_t filled = RESERVE_PIECE; filled < spares; filled += RESERVE_PIECE) {
        if (!lb_sorted_ids_pool_fill(&orders->pool, filled))
            return false;
        let_readers_in(orders);
    }
    return lb_sorted_ids_pool_fill(&orders->pool, spares);
}

bool lb_list_orders_reserve(struct lb_list_orders *orders, const struct lb_list_entry *entries,
                            size_t n)
{
    pthread_mutex_lock(&orders->mutex);
    end_promise(orders);
    struct list *touched = NULL;
    bool ok = true;
    for (size_t i = 0; i < n && ok; i++) {
        struct list *list = list_get(orders, entries[i].list);
        ok = list != NULL;
        if (ok)
            foresee(orders, list, &touched, entries[i].id);
        if (i % RESERVE_PIECE == RESERVE_PIECE - 1)
            let_readers_in(orders);
    }
    ok = ok && set_aside(orders, touched);
    if (ok && n) {
        orders->promised = n;
        orders->pool.promised = true;
    } else {
        end_promise(orders);
    }
    pthread_mutex_unlock(&orders->mutex);
    return ok;
}

/* ---- readers ---- */

uint64_t lb_list_orders_count(struct lb_list_orders *orders, uint64_t list)
{
    pthread_mutex_lock(&orders->mutex);
    const struct list *found = *list_place(orders, list);
    uint64_t count = found ? found->ids.count : 0;
    pthread_mutex_unlock(&orders->mutex);
    return count;
}

size_t lb_list_orders_page(struct lb_list_orders *orders, uint64_t list, bool descending,
                           uint64_t skip, size_t take, uint64_t *out)
{
    pthread_mutex_lock(&orders->mutex);
    const struct list *found = *list_place(orders, list);
    size_t copied = 0;
    if (found && skip < found->ids.count && take) {
        uint64_t rank = descending ? found->ids.count - 1 - skip : skip;
        copied = lb_sorted_ids_copy(&found->ids, rank, descending, take, out);
    }
    pthread_mutex_unlock(&orders->mutex);
    return copied;
}

size_t lb_list_orders_after(struct lb_list_orders *orders, uint64_t list, bool descending,
                            uint64_t cursor, size_t take, uint64_t *out)
{
    pthread_mutex_lock(&orders->mutex);
    const struct list *found = *list_place(orders, list);
    size_t copied = 0;
    if (found && found->ids.count && take && (descending || cursor < UINT64_MAX)) {
        uint64_t rank = lb_sorted_ids_rank(&found->ids, descending ? cursor : cursor + 1);
        if (descending && rank)
            copied = lb_sorted_ids_copy(&found->ids, rank - 1, true, take, out);
        else if (!descending && rank < found->ids.count)
            copied = lb_sorted_ids_copy(&found->ids, rank, false, take, out);
    }
    pthread_mutex_unlock(&orders->mutex);
    return copied;
}

struct lb_list_orders_stats lb_list_orders_stats(struct lb_list_orders *orders)
{
    pthread_mutex_lock(&orders->mutex);
    struct lb_list_orders_stats stats = {orders->list_count, orders->entries, orders->pool.bytes};
    pthread_mutex_unlock(&orders->mutex);
    return stats;
}
