#include "index/epochs.h"

#include "base/rcu.h"

#include <stdlib.h>
#include <string.h>

#define CAPACITY_MIN 4

struct begin {
    uint64_t first : 40;
    uint64_t epoch : 40;
} __attribute__((packed));

/* Grown by making a larger one and publishing that. */
struct lb_epoch_table {
    struct lb_rcu_head rcu;
    size_t capacity;
    struct begin begins[];
};

static void free_table(struct lb_rcu_head *head)
{
    free((char *)head - offsetof(struct lb_epoch_table, rcu));
}

void lb_epochs_fini(struct lb_epochs *epochs)
{
    free(lb_rcu_load(&epochs->table));
    *epochs = (struct lb_epochs){0};
}

/* With room for one more; NULL when out of memory. */
static struct lb_epoch_table *reserve(struct lb_epochs *epochs)
{
    struct lb_epoch_table *old = lb_rcu_load(&epochs->table);
    if (old && epochs->added < old->capacity)
        return old;
    size_t capacity = old ? old->capacity * 2 : CAPACITY_MIN;
    struct lb_epoch_table *larger = malloc(sizeof *larger + capacity * sizeof larger->begins[0]);
    if (!larger)
        return NULL;
    larger->capacity = capacity;
    if (old)
        memcpy(larger->begins, old->begins, epochs->added * sizeof larger->begins[0]);
    lb_rcu_publish(&epochs->table, larger);
    if (old)
        lb_rcu_defer(&old->rcu, free_table);
    return larger;
}

uint64_t lb_epochs_last(const struct lb_epochs *epochs)
{
    return epochs->added ? lb_rcu_load(&epochs->table)->begins[epochs->added - 1].epoch : 0;
}

bool lb_epochs_add(struct lb_epochs *epochs, uint64_t first, uint64_t epoch)
{
    if (epoch == lb_epochs_last(epochs))
        return true;
    struct lb_epoch_table *table = reserve(epochs);
    if (!table)
        return false;
    table->begins[epochs->added++] = (struct begin){.first = first, .epoch = epoch};
    return true;
}

void lb_epochs_publish(struct lb_epochs *epochs)
{
    atomic_store_explicit(&epochs->count, epochs->added, memory_order_release);
}

void lb_epochs_forget(struct lb_epochs *epochs)
{
    epochs->added = atomic_load_explicit(&epochs->count, memory_order_relaxed);
}

/* Among the first `high`. The table is loaded after their count was: it has at least so many. */
static uint64_t find_epoch(const struct lb_epochs *epochs, size_t high, uint64_t number)
{
    size_t low = 0;
    const struct lb_epoch_table *table = lb_rcu_load(&epochs->table);
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (table->begins[middle].first <= number)
            low = middle + 1;
        else
            high = middle;
    }
    return low ? table->begins[low - 1].epoch : 0;
}

uint64_t lb_epochs_of(const struct lb_epochs *epochs, uint64_t number)
{
    return find_epoch(epochs, atomic_load_explicit(&epochs->count, memory_order_acquire), number);
}

uint64_t lb_epochs_of_added(const struct lb_epochs *epochs, uint64_t number)
{
    return find_epoch(epochs, epochs->added, number);
}
