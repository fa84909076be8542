#include "index/membership.h"

#include "base/rcu.h"

#include <assert.h>
#include <sodium.h>
#include <stdlib.h>
#include <sys/mman.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#ifndef LOAD_PERCENT
#define LOAD_PERCENT 80 /* a table this full grows */
#endif
#ifndef GROWTH
#define GROWTH 1.25
#endif
#define SHARDS_DEFAULT 4096
#define SHARDS_MAX     65536
#define CAPACITY_MIN   8.0
#define GROUP          16 /* lookups whose cache misses overlap */
#define SECRET_SIZE    192
#define SHORT_MAX      240 /* bytes of an identifier; see hash_long */
#define PAGE           4096
#define HEADER         128 /* a struct table, and aligning the slots after it */

/* Tables of two pages or more are mapped, not taken from the heap: growth frees thousands of tables
 * whose holes never fit the next, larger ones, and glibc keeps such holes for good. */
#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
#define MAP_FROM SIZE_MAX /* the sanitizers watch the heap */
#else
#ifndef MAP_FROM
#define MAP_FROM (2 * PAGE)
#endif
#endif

/* A slot is empty (high is 0), live, or dead (the id is 0). The fingerprint of a slot never changes
 * once written, so a reader cannot mix two; only the id does. A part of a slot that is not written
 * yet reads as empty or dead. */
struct slot {
    _Atomic uint64_t high; /* written last */
    _Atomic uint64_t low;  /* 24 bits of fingerprint, 40 bits of id */
};

/* In front of the slots. Only for freeing: readers never look at it. */
struct table {
    struct lb_rcu_head rcu;
    void *memory;
    size_t bytes;      /* of `memory` */
    uint32_t capacity; /* slots */
    struct slot *slots;
};

/* What readers load: where the slots are and how many, in one word, so that a lookup touches
 * nothing else. Slots are aligned to a cache line and addresses of a process end below 2^48, which
 * leaves 16 + 6 bits for the number of buckets. */
#define BUCKET      4 /* slots in a cache line */
#define LINE        64
#define BUCKETS_MAX ((UINT32_C(1) << 22) - 1)

/* The writer's side of a shard. */
struct shard {
    uint32_t live;
    uint32_t used; /* live and dead */
    uint32_t limit;
    uint32_t promised; /* by the reservation number below */
    uint64_t reservation;
    struct table *table; /* NULL at first */
};

struct lb_index {
    unsigned shift;
    uint32_t shard_count;
    uint64_t expected_per_shard;
    uint64_t max_bytes;
    uint64_t reservation;
    struct shard *shards;
    _Atomic uint64_t *tables; /* packed; apart from what the writer counts */
    _Atomic uint64_t entries; /* these four: written by the writer */
    _Atomic uint64_t used;
    _Atomic uint64_t slots;
    _Atomic uint64_t bytes;
    unsigned char secret[SECRET_SIZE];
};

static struct slot empty_bucket[BUCKET] __attribute__((aligned(LINE)));

struct view {
    struct slot *slots;
    uint32_t buckets;
};

static inline uint64_t view_pack(struct view view)
{
    return (uint64_t)(uintptr_t)view.slots | (view.buckets & 63) |
           (uint64_t)(view.buckets >> 6) << 48;
}

static inline struct view view_load(_Atomic uint64_t *word)
{
    uint64_t packed = lb_rcu_load(word);
    return (struct view){
        .slots = (struct slot *)(uintptr_t)(packed & (((UINT64_C(1) << 48) - 1) & ~UINT64_C(63))),
        .buckets = (uint32_t)(packed >> 48) << 6 | (uint32_t)(packed & 63),
    };
}

static void count_add(_Atomic uint64_t *counter, uint64_t difference)
{
    uint64_t value = atomic_load_explicit(counter, memory_order_relaxed);
    atomic_store_explicit(counter, value + difference, memory_order_relaxed);
}

static uint32_t shard_of(const struct lb_index *index, uint64_t high)
{
    return (uint32_t)((high >> 1) >> index->shift);
}

/* Maps the low half of `high` evenly onto the buckets, and in order: a rebuild that walks the old
 * table writes the new one from its start to its end. Slots are probed one after the other from the
 * start of that bucket, so a bucket whose last slot is empty ends the probe. */
static inline uint32_t home_bucket(uint64_t high, uint32_t buckets)
{
    return (uint32_t)(((high & UINT32_MAX) * buckets) >> 32);
}

static uint64_t pack(struct lb_fingerprint fingerprint, uint64_t id)
{
    return (uint64_t)fingerprint.low << 40 | id;
}

/* ---- tables ---- */

static void table_free(struct table *table)
{
    if (!table)
        return;
    if (table->bytes < MAP_FROM)
        free(table->memory);
    else
        munmap(table->memory, table->bytes);
}

static void table_free_deferred(struct lb_rcu_head *head)
{
    table_free((struct table *)((char *)head - offsetof(struct table, rcu)));
}

/* The smallest size on the shard's own ladder of sizes that holds `need`, in bytes with the header;
 * 0 when there is none. */
static size_t size_for(const struct lb_index *index, uint32_t shard, uint64_t need)
{
    double capacity = CAPACITY_MIN * (1 + (GROWTH - 1) * shard / index->shard_count);
    double wanted = (double)need * 100 / LOAD_PERCENT + BUCKET;
    while (capacity < wanted)
        capacity *= GROWTH;
    if (capacity >= (double)BUCKETS_MAX * BUCKET)
        return 0;
    size_t bytes = (size_t)capacity * sizeof(struct slot) / LINE * LINE + HEADER;
    return bytes >= MAP_FROM ? (bytes + PAGE - 1) / PAGE * PAGE : bytes;
}

/* `bytes` from size_for. NULL when out of memory. */
static struct table *table_create(struct lb_index *index, size_t bytes)
{
    uint64_t total = atomic_load_explicit(&index->bytes, memory_order_relaxed);
    if (bytes == 0 || (index->max_bytes && total + bytes > index->max_bytes))
        return NULL;
    char *memory;
    if (bytes < MAP_FROM) {
        memory = calloc(1, bytes);
        if (!memory)
            return NULL;
    } else {
        memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (memory == MAP_FAILED)
            return NULL;
    }
    uintptr_t slots = ((uintptr_t)memory + sizeof(struct table) + LINE - 1) / LINE * LINE;
    assert(slots >> 48 == 0);
    size_t room = bytes - (slots - (uintptr_t)memory);
    struct table *table = (struct table *)(slots - sizeof(struct table));
    table->memory = memory;
    table->bytes = bytes;
    table->slots = (struct slot *)slots;
    table->capacity = (uint32_t)(room / LINE * BUCKET);
    return table;
}

/* For a table that no reader can see yet. */
static void table_fill(struct table *table, const struct table *from)
{
    for (uint32_t i = 0; i < from->capacity; i++) {
        uint64_t high = atomic_load_explicit(&from->slots[i].high, memory_order_relaxed);
        uint64_t low = atomic_load_explicit(&from->slots[i].low, memory_order_relaxed);
        if (high == 0 || (low & LB_INDEX_ID_MAX) == 0)
            continue;
        uint32_t at = home_bucket(high, table->capacity / BUCKET) * BUCKET;
        while (atomic_load_explicit(&table->slots[at].high, memory_order_relaxed))
            at = at + 1 == table->capacity ? 0 : at + 1;
        atomic_store_explicit(&table->slots[at].low, low, memory_order_relaxed);
        atomic_store_explicit(&table->slots[at].high, high, memory_order_relaxed);
    }
}

/* Gives the shard a table without dead slots and with room for `extra` more entries. */
static bool shard_rebuild(struct lb_index *index, uint32_t number, uint64_t extra)
{
    struct shard *shard = &index->shards[number];
    struct table *old = shard->table;
    /* An eighth of slack, or churn at the edge of a size would rebuild at every insert. */
    uint64_t need = shard->live + shard->live / 8 + extra;
    if (!old && need < index->expected_per_shard)
        need = index->expected_per_shard;
    struct table *table = table_create(index, size_for(index, number, need));
    if (!table)
        return false;
    if (old)
        table_fill(table, old);
    struct view view = {table->slots, table->capacity / BUCKET};
    lb_rcu_publish(&index->tables[number], view_pack(view));
    shard->table = table;
    shard->limit = (uint32_t)((uint64_t)table->capacity * LOAD_PERCENT / 100);
    count_add(&index->used, (uint64_t)shard->live - shard->used);
    shard->used = shard->live;
    count_add(&index->bytes, table->bytes - (old ? old->bytes : 0));
    count_add(&index->slots, (uint64_t)table->capacity - (old ? old->capacity : 0));
    if (old)
        lb_rcu_defer(&old->rcu, table_free_deferred);
    return true;
}

static uint64_t shard_promised(const struct lb_index *index, const struct shard *shard)
{
    return shard->reservation == index->reservation ? shard->promised : 0;
}

/* ---- life ---- */

struct lb_index *lb_index_create(uint64_t expected_entries)
{
    struct lb_index_settings settings = {.expected_entries = expected_entries};
    return lb_index_create_with(&settings);
}

struct lb_index *lb_index_create_with(const struct lb_index_settings *settings)
{
    uint32_t count = settings->shards ? settings->shards : SHARDS_DEFAULT;
    if (count > SHARDS_MAX || (count & (count - 1)) || sodium_init() < 0)
        return NULL;
    struct lb_index *index = calloc(1, sizeof(*index));
    if (!index)
        return NULL;
    index->shard_count = count;
    index->shift = 63 - (unsigned)__builtin_ctz(count);
    index->max_bytes = settings->max_bytes;
    index->reservation = 1;
    uint64_t share = settings->expected_entries / count;
    /* Some shards get more than their share: the spread is about its square root. */
    uint64_t spread = 1;
    while (spread * spread < share)
        spread *= 2;
    index->expected_per_shard = share ? share + spread : 0;
    index->shards = calloc(count, sizeof(*index->shards));
    index->tables = calloc(count, sizeof(*index->tables));
    if (!index->shards || !index->tables) {
        free(index->shards);
        free(index->tables);
        free(index);
        return NULL;
    }
    for (uint32_t i = 0; i < count; i++)
        atomic_init(&index->tables[i], view_pack((struct view){empty_bucket, 1}));
    randombytes_buf(index->secret, sizeof(index->secret));
    return index;
}

void lb_index_destroy(struct lb_index *index)
{
    if (!index)
        return;
    lb_rcu_barrier();
    for (uint32_t i = 0; i < index->shard_count; i++)
        table_free(index->shards[i].table);
    sodium_memzero(index->secret, sizeof(index->secret));
    free(index->tables);
    free(index->shards);
    free(index);
}

/* ---- readers ---- */

/* Beyond 240 bytes XXH3 adds up products of 32-bit halves, and an attacker who tries names finds
 * some that share the whole hash; SipHash has no such names. */
static struct lb_index_hash hash_long(const struct lb_index *index, struct lb_str identifier)
{
    _Static_assert(SECRET_SIZE >= crypto_shorthash_siphashx24_KEYBYTES, "the secret holds a key");
    unsigned char out[crypto_shorthash_siphashx24_BYTES];
    crypto_shorthash_siphashx24(out, (const unsigned char *)identifier.ptr, identifier.len,
                                index->secret);
    struct lb_index_hash hash;
    memcpy(&hash.low, out, sizeof hash.low);
    memcpy(&hash.high, out + sizeof hash.low, sizeof hash.high);
    hash.high |= 1;
    return hash;
}

struct lb_index_hash lb_index_hash(const struct lb_index *index, struct lb_str identifier)
{
    if (identifier.len > SHORT_MAX)
        return hash_long(index, identifier);
    XXH128_hash_t hash = XXH3_128bits_withSecret(identifier.ptr ? identifier.ptr : "",
                                                 identifier.len, index->secret, SECRET_SIZE);
    return (struct lb_index_hash){.low = hash.low64, .high = hash.high64 | 1};
}

struct lb_fingerprint lb_index_fingerprint(const struct lb_index *index, uint64_t list,
                                           struct lb_str identifier)
{
    return lb_index_fingerprint_in(lb_index_hash(index, identifier), list);
}

/* Looks at the slots of one bucket from `from` on, in order, which matters: see find_place. The id
 * of a live entry, and its place in `*at`, or 0. */
static uint64_t bucket_match(const struct slot *bucket, struct lb_fingerprint fingerprint,
                             unsigned from, unsigned *at)
{
    for (unsigned i = from; i < BUCKET; i++) {
        uint64_t high = atomic_load_explicit(&bucket[i].high, memory_order_acquire);
        if (high != fingerprint.high)
            continue;
        uint64_t low = atomic_load_explicit(&bucket[i].low, memory_order_acquire);
        if (low >> 40 == fingerprint.low && (low & LB_INDEX_ID_MAX)) {
            *at = i;
            return low & LB_INDEX_ID_MAX;
        }
    }
    return 0;
}

static inline uint64_t probe(struct view view, struct lb_fingerprint fingerprint)
{
    uint32_t at = home_bucket(fingerprint.high, view.buckets);
    for (;;) {
        const struct slot *bucket = view.slots + (size_t)at * BUCKET;
        uint64_t last = 0;
        unsigned matches = 0; /* a bit a slot, without branches: they could not be predicted */
        for (unsigned i = 0; i < BUCKET; i++) {
            last = atomic_load_explicit(&bucket[i].high, memory_order_acquire);
            matches |= (unsigned)(last == fingerprint.high) << i;
        }
        if (matches) {
            const struct slot *slot = &bucket[__builtin_ctz(matches)];
            uint64_t low = atomic_load_explicit(&slot->low, memory_order_acquire);
            if (low >> 40 == fingerprint.low && (low & LB_INDEX_ID_MAX))
                return low & LB_INDEX_ID_MAX;
            unsigned place;
            uint64_t id = bucket_match(bucket, fingerprint, 0, &place);
            if (id)
                return id;
            last = atomic_load_explicit(&bucket[BUCKET - 1].high, memory_order_acquire);
        }
        if (last == 0)
            return 0;
        at = at + 1 == view.buckets ? 0 : at + 1;
    }
}

uint64_t lb_index_find(const struct lb_index *index, struct lb_fingerprint fingerprint)
{
    return probe(view_load(&index->tables[shard_of(index, fingerprint.high)]), fingerprint);
}

uint64_t lb_index_find_next(const struct lb_index *index, struct lb_fingerprint fingerprint,
                            uint64_t *cursor)
{
    struct view view = view_load(&index->tables[shard_of(index, fingerprint.high)]);
    uint64_t passed = *cursor / BUCKET; /* buckets from the first */
    uint64_t at = home_bucket(fingerprint.high, view.buckets) + passed;
    if (at >= view.buckets)
        at -= view.buckets;
    for (unsigned from = *cursor % BUCKET;; from = 0) {
        const struct slot *bucket = view.slots + at * BUCKET;
        unsigned place;
        uint64_t id = bucket_match(bucket, fingerprint, from, &place);
        if (id) {
            *cursor = passed * BUCKET + place + 1;
            return id;
        }
        if (atomic_load_explicit(&bucket[BUCKET - 1].high, memory_order_relaxed) == 0)
            return 0;
        at = at + 1 == view.buckets ? 0 : at + 1;
        passed++;
    }
}

static struct view load(const struct lb_index *index, struct lb_fingerprint fingerprint)
{
    struct view view = view_load(&index->tables[shard_of(index, fingerprint.high)]);
    __builtin_prefetch(view.slots + (size_t)home_bucket(fingerprint.high, view.buckets) * BUCKET);
    return view;
}

void lb_index_load(const struct lb_index *index, const struct lb_fingerprint *fingerprints,
                   size_t n, size_t at)
{
    size_t end = n - at < GROUP ? n : at + GROUP;
    for (size_t i = at; at % GROUP == 0 && i < end; i++)
        load(index, fingerprints[i]);
}

static void find_group(const struct lb_index *index, const struct lb_fingerprint *fingerprints,
                       size_t n, uint64_t *out)
{
    struct view views[GROUP];
    for (size_t i = 0; i < n; i++)
        views[i] = load(index, fingerprints[i]);
    for (size_t i = 0; i < n; i++)
        out[i] = probe(views[i], fingerprints[i]);
}

void lb_index_find_many(const struct lb_index *index, const struct lb_fingerprint *fingerprints,
                        size_t n, uint64_t *out)
{
    for (size_t i = 0; i < n; i += GROUP)
        find_group(index, fingerprints + i, n - i < GROUP ? n - i : GROUP, out + i);
}

/* ---- the writer ---- */

bool lb_index_reserve(struct lb_index *index, const struct lb_fingerprint *fingerprints, size_t n)
{
    index->reservation++;
    for (size_t i = 0; i < n; i++) {
        struct shard *shard = &index->shards[shard_of(index, fingerprints[i].high)];
        if (shard->reservation != index->reservation) {
            shard->reservation = index->reservation;
            shard->promised = 0;
        }
        if (shard->promised < UINT32_MAX)
            shard->promised++;
    }
    for (size_t i = 0; i < n; i++) {
        uint32_t number = shard_of(index, fingerprints[i].high);
        struct shard *shard = &index->shards[number];
        if ((uint64_t)shard->used + shard->promised > shard->limit &&
            !shard_rebuild(index, number, shard->promised)) {
            index->reservation++;
            return false;
        }
    }
    return true;
}

enum place { PLACE_NEW, PLACE_DEAD, PLACE_PRESENT };

/* Where an entry goes: a dead slot of its own fingerprint, but only one after all the live ones,
 * else the first empty slot. A reader on its way along the slots may have passed the dead slot; if
 * the live entry in front of it were then removed, the reader would miss both. */
static enum place find_place(struct view view, struct lb_fingerprint fingerprint, uint64_t id,
                             struct slot **out)
{
    struct slot *dead = NULL;
    uint32_t capacity = view.buckets * BUCKET;
    uint32_t at = home_bucket(fingerprint.high, view.buckets) * BUCKET;
    for (;;) {
        struct slot *slot = &view.slots[at];
        uint64_t high = atomic_load_explicit(&slot->high, memory_order_relaxed);
        if (high == 0) {
            *out = dead ? dead : slot;
            return dead ? PLACE_DEAD : PLACE_NEW;
        }
        uint64_t low = atomic_load_explicit(&slot->low, memory_order_relaxed);
        if (high == fingerprint.high && low >> 40 == fingerprint.low) {
            if ((low & LB_INDEX_ID_MAX) == id) {
                *out = slot;
                return PLACE_PRESENT;
            }
            if (low & LB_INDEX_ID_MAX)
                dead = NULL;
            else if (!dead)
                dead = slot;
        }
        at = at + 1 == capacity ? 0 : at + 1;
    }
}

bool lb_index_insert(struct lb_index *index, struct lb_fingerprint fingerprint, uint64_t id)
{
    assert(id > 0 && id <= LB_INDEX_ID_MAX && fingerprint.high && fingerprint.low <= 0xffffff);
    uint32_t number = shard_of(index, fingerprint.high);
    struct shard *shard = &index->shards[number];
    uint64_t promised = shard_promised(index, shard);
    struct slot *slot;
    enum place place = find_place(view_load(&index->tables[number]), fingerprint, id, &slot);
    if (place == PLACE_NEW && shard->used >= shard->limit) {
        if (!shard_rebuild(index, number, promised + 1))
            return false;
        place = find_place(view_load(&index->tables[number]), fingerprint, id, &slot);
    }
    if (promised)
        shard->promised--;
    if (place == PLACE_PRESENT)
        return true;
    atomic_store_explicit(&slot->low, pack(fingerprint, id), memory_order_release);
    if (place == PLACE_NEW) {
        atomic_store_explicit(&slot->high, fingerprint.high, memory_order_release);
        shard->used++;
        count_add(&index->used, 1);
    }
    shard->live++;
    count_add(&index->entries, 1);
    return true;
}

bool lb_index_insert_many(struct lb_index *index, const struct lb_fingerprint *fingerprints,
                          const uint64_t *ids, size_t n)
{
    if (!lb_index_reserve(index, fingerprints, n))
        return false;
    for (size_t i = 0; i < n; i++) {
        lb_index_load(index, fingerprints, n, i);
        lb_index_insert(index, fingerprints[i], ids[i]);
    }
    return true;
}

bool lb_index_remove(struct lb_index *index, struct lb_fingerprint fingerprint, uint64_t id)
{
    uint32_t number = shard_of(index, fingerprint.high);
    struct shard *shard = &index->shards[number];
    struct slot *slot;
    if (id == 0 || id > LB_INDEX_ID_MAX ||
        find_place(view_load(&index->tables[number]), fingerprint, id, &slot) != PLACE_PRESENT)
        return false;
    atomic_store_explicit(&slot->low, pack(fingerprint, 0), memory_order_release);
    shard->live--;
    count_add(&index->entries, (uint64_t)-1);
    /* Failing to tidy up is no failure: the table stays as it is. */
    if (shard->used - shard->live > shard->table->capacity / 4)
        shard_rebuild(index, number, shard_promised(index, shard));
    return true;
}

struct lb_index_stats lb_index_stats(const struct lb_index *index)
{
    struct lb_index_stats stats = {
        .entries = atomic_load_explicit(&index->entries, memory_order_relaxed),
        .slots = atomic_load_explicit(&index->slots, memory_order_relaxed),
        .bytes = atomic_load_explicit(&index->bytes, memory_order_relaxed),
    };
    uint64_t used = atomic_load_explicit(&index->used, memory_order_relaxed);
    stats.dead = used > stats.entries ? used - stats.entries : 0;
    return stats;
}
