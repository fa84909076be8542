/* The membership index: is this person on this list? In memory, for every list of every workspace.
 *
 * An entry is an 88-bit fingerprint of (list, identifier) and the 40-bit id of the row that blocks.
 * Two identifiers may share a fingerprint (never seen in practice): both entries stay, and who
 * must know which one it is confirms against the stored row.
 *
 * Threads: one writer at a time; readers on any thread, without locks. Readers and writer are
 * registered with base/rcu.h and online. The writer says lb_rcu_quiescent between batches, or the
 * tables that growth replaced pile up.
 * Order: an insert or removal that has returned is seen by every find that starts later (given that
 * the caller learnt of it in the usual ways). A fingerprint that has a live entry at every moment
 * of a find is found, also while its shard is rebuilt and while one id takes the place of another.
 *
 * Memory: 16 bytes a slot, tables between 0.64 and 0.80 full, grown one shard and a quarter at a
 * time. Shards are at different points between two sizes, so that neither the memory nor the
 * work of growing comes in waves. */
#ifndef LB_INDEX_MEMBERSHIP_H
#define LB_INDEX_MEMBERSHIP_H

#include "base/str.h"

#define LB_INDEX_ID_MAX ((UINT64_C(1) << 40) - 1) /* ids are 1 to this */

struct lb_index;

struct lb_fingerprint {
    uint64_t high; /* never 0 */
    uint32_t low;  /* 24 bits */
};

/* Of an identifier, whatever the list. */
struct lb_index_hash {
    uint64_t low;
    uint64_t high; /* odd */
};

struct lb_index_settings {
    uint64_t expected_entries; /* tables start with room for these; memory is touched when used */
    uint32_t shards;           /* a power of two up to 65536; 0 means 4096 */
    uint64_t max_bytes;        /* more than this is treated as out of memory; 0 means no bound */
};

struct lb_index_stats {
    uint64_t entries; /* live */
    uint64_t dead;    /* slots of removed entries, gone when their shard is rebuilt */
    uint64_t slots;
    uint64_t bytes; /* address space of the tables in use */
};

/* NULL when out of memory, or when `shards` is none of the above. */
struct lb_index *lb_index_create(uint64_t expected_entries);
struct lb_index *lb_index_create_with(const struct lb_index_settings *settings);

/* No other thread may use the index any more. Called by a registered thread or, when no thread is
 * registered, by any; waits for deferred frees. NULL is fine. */
void lb_index_destroy(struct lb_index *index);

/* 128 bits under a random secret of this index, so hashes and fingerprints mean nothing outside of
 * it: XXH3, and SipHash for identifiers over 240 bytes. Any thread. */
struct lb_index_hash lb_index_hash(const struct lb_index *index, struct lb_str identifier);

/* The fingerprint in a list: workspace number << 32 | campaign number. One identifier in two lists
 * takes one hash. Both halves of the product are folded, as wyhash does
 * (https://github.com/wangyi-fudan/wyhash). */
static inline struct lb_fingerprint lb_index_fingerprint_in(struct lb_index_hash hash,
                                                            uint64_t list)
{
    uint64_t spread = list * UINT64_C(0x9e3779b97f4a7c15); /* odd: lists stay apart */
    unsigned __int128 product = (unsigned __int128)(hash.low ^ spread) * hash.high;
    uint64_t high = (uint64_t)(product >> 64) ^ (uint64_t)product;
    return (struct lb_fingerprint){.high = high ? high : 1,
                                   .low = (uint32_t)((hash.high + spread) >> 40)};
}

struct lb_fingerprint lb_index_fingerprint(const struct lb_index *index, uint64_t list,
                                           struct lb_str identifier);

/* The id of a live entry with this fingerprint, or 0. Readers. */
uint64_t lb_index_find(const struct lb_index *index, struct lb_fingerprint fingerprint);

/* The same for many at once: out[i] is the id for fingerprints[i], or 0. Overlaps the cache misses;
 * several times faster than one by one on a large index. Readers. */
void lb_index_find_many(const struct lb_index *index, const struct lb_fingerprint *fingerprints,
                        size_t n, uint64_t *out);

/* Before the look-up or insert of the `at`th of n that are made one by one: begins to load what
 * those from there on will read, a group at a time, so that their cache misses overlap. Readers. */
void lb_index_load(const struct lb_index *index, const struct lb_fingerprint *fingerprints,
                   size_t n, size_t at);

/* All live entries with one fingerprint, one per call, 0 after the last. `*cursor` is 0 at the
 * start. Writer only, and without inserts or removals in between. */
uint64_t lb_index_find_next(const struct lb_index *index, struct lb_fingerprint fingerprint,
                            uint64_t *cursor);

/* Makes room for these entries, so that inserting them (in any order, mixed with removals) cannot
 * fail. Replaces what an earlier call promised. False when out of memory; nothing is then promised.
 * Writer only. */
bool lb_index_reserve(struct lb_index *index, const struct lb_fingerprint *fingerprints, size_t n);

/* Adds an entry; one that is there already (same fingerprint, same id) stays as it is. False when
 * out of memory, and then nothing changed. Writer only. */
bool lb_index_insert(struct lb_index *index, struct lb_fingerprint fingerprint, uint64_t id);

/* The same for many at once: all, or nothing and false. Overlaps the cache misses. Writer only. */
bool lb_index_insert_many(struct lb_index *index, const struct lb_fingerprint *fingerprints,
                          const uint64_t *ids, size_t n);

/* False when there is no such entry. Writer only. */
bool lb_index_remove(struct lb_index *index, struct lb_fingerprint fingerprint, uint64_t id);

/* Any thread; the figures are of about the same moment. */
struct lb_index_stats lb_index_stats(const struct lb_index *index);

#endif
