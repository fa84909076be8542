#include "store/sqlite/memory_index.h"

#include <stdlib.h>

/* Frames in a region; the first one has a header. Source: https://www.sqlite.org/walformat.html */
#define REGION_FRAMES 4096
#define HEADER_FRAMES 34

void lb_memory_index_init(struct lb_memory_index *index)
{
    pthread_mutex_init(&index->lock, NULL);
}

void lb_memory_index_expect(struct lb_memory_index *index, uint64_t frames)
{
    uint64_t regions = (frames + HEADER_FRAMES + REGION_FRAMES - 1) / REGION_FRAMES;
    index->regions_ahead =
        regions < LB_MEMORY_INDEX_REGIONS ? (int)regions : LB_MEMORY_INDEX_REGIONS;
}

static void drop_regions(struct lb_memory_index *index)
{
    for (int i = 0; i < LB_MEMORY_INDEX_REGIONS; i++) {
        free(index->regions[i]);
        index->regions[i] = NULL;
    }
}

void lb_memory_index_fini(struct lb_memory_index *index)
{
    drop_regions(index);
    pthread_mutex_destroy(&index->lock);
}

/* Regions stay where they are: connections point to them. */
int lb_memory_index_map(struct lb_memory_index *index, struct lb_memory_index_user *user,
                        int region, int size, int extend, void volatile **out)
{
    int code = SQLITE_OK;
    *out = NULL;
    if (region >= LB_MEMORY_INDEX_REGIONS)
        return SQLITE_IOERR_SHMSIZE;
    pthread_mutex_lock(&index->lock);
    index->users += !user->joined;
    user->joined = true;
    if (!index->regions[region] && extend) {
        index->regions[region] = calloc(1, (size_t)size);
        code = index->regions[region] ? SQLITE_OK : SQLITE_IOERR_NOMEM;
    }
    *out = index->regions[region];
    pthread_mutex_unlock(&index->lock);
    return code;
}

static void unlock(struct lb_memory_index *index, struct lb_memory_index_user *user, int slot)
{
    uint32_t bit = UINT32_C(1) << slot;
    if (user->shared & bit)
        index->shared[slot]--;
    if (user->exclusive & bit)
        index->exclusive[slot] = false;
    user->shared &= ~bit;
    user->exclusive &= ~bit;
}

/* Does no other connection hold what is in the way? */
static bool is_free(const struct lb_memory_index *index, const struct lb_memory_index_user *user,
                    int slot, bool exclusive)
{
    uint32_t bit = UINT32_C(1) << slot;
    unsigned others = index->shared[slot] - (user->shared & bit ? 1 : 0);
    bool taken = index->exclusive[slot] && !(user->exclusive & bit);
    return !taken && (!exclusive || others == 0);
}

static void take(struct lb_memory_index *index, struct lb_memory_index_user *user, int slot,
                 bool exclusive)
{
    uint32_t bit = UINT32_C(1) << slot;
    if (exclusive) {
        index->exclusive[slot] = true;
        user->exclusive |= bit;
    } else if (!(user->shared & bit)) {
        index->shared[slot]++;
        user->shared |= bit;
    }
}

int lb_memory_index_lock(struct lb_memory_index *index, struct lb_memory_index_user *user,
                         int first, int count, int flags)
{
    bool exclusive = flags & SQLITE_SHM_EXCLUSIVE;
    bool available = true;
    pthread_mutex_lock(&index->lock);
    for (int slot = first; slot < first + count; slot++) {
        if (flags & SQLITE_SHM_UNLOCK)
            unlock(index, user, slot);
        else
            available &= is_free(index, user, slot, exclusive);
    }
    for (int slot = first; !(flags & SQLITE_SHM_UNLOCK) && available && slot < first + count;
         slot++)
        take(index, user, slot, exclusive);
    pthread_mutex_unlock(&index->lock);
    return available ? SQLITE_OK : SQLITE_BUSY;
}

void lb_memory_index_barrier(struct lb_memory_index *index)
{
    atomic_thread_fence(memory_order_seq_cst);
    pthread_mutex_lock(&index->lock);
    pthread_mutex_unlock(&index->lock);
}

void lb_memory_index_leave(struct lb_memory_index *index, struct lb_memory_index_user *user)
{
    pthread_mutex_lock(&index->lock);
    for (int slot = 0; slot < SQLITE_SHM_NLOCK; slot++)
        unlock(index, user, slot);
    if (user->joined && --index->users == 0)
        drop_regions(index);
    user->joined = false;
    pthread_mutex_unlock(&index->lock);
}
