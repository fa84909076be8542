#include "base/registry.h"

#include "base/rcu.h"

#include <pthread.h>
#include <signal.h>
#include <sodium.h>
#include <stdatomic.h>
#include <stdlib.h>

#if defined(__SANITIZE_THREAD__)
/* ThreadSanitizer does not see the order that the library's own barriers make. */
#include <sanitizer/tsan_interface.h>
#define PUBLISHED(node) __tsan_release((void *)(node))
#define FOUND(node)     __tsan_acquire((void *)(node))
#else
#define PUBLISHED(node) ((void)(node))
#define FOUND(node)     ((void)(node))
#endif

/* The table grows to four times its size when it has four records in a bucket on average. */
#define BUCKETS_FIRST 64
#define CHAIN_MAX     4
#define GROWTH        4

struct lb_registry {
    struct cds_lfht *records;
    size_t count;
    size_t buckets; /* that it has, or is growing to */
    _Atomic bool growing;
    bool has_grower; /* which is to be joined */
    pthread_t grower;
    unsigned char
        secret[crypto_shorthash_KEYBYTES]; /* so that a client cannot choose keys that collide */
};

struct wanted {
    struct lb_str key;
    uint32_t scope;
};

struct lb_registry *lb_registry_create(void)
{
    struct lb_registry *registry = calloc(1, sizeof *registry);
    if (!registry)
        return NULL;
    randombytes_buf(registry->secret, sizeof registry->secret);
    registry->buckets = BUCKETS_FIRST;
    registry->records =
        cds_lfht_new_flavor(BUCKETS_FIRST, BUCKETS_FIRST, 0, 0, &urcu_qsbr_flavor, NULL);
    if (!registry->records) {
        free(registry);
        return NULL;
    }
    return registry;
}

/* --- Growing ---
 *
 * CDS_LFHT_AUTO_RESIZE is not relied upon: liburcu (up to 0.13.2 at least) notes that its thread
 * resizes a table after it has woken that thread. When the thread is done first, which a loaded
 * machine makes likely, the note stays, and the table never grows again. */

static void *grow(void *context)
{
    struct lb_registry *registry = context;
    lb_rcu_thread_register();
    cds_lfht_resize(registry->records, registry->buckets);
    lb_rcu_thread_unregister();
    atomic_store(&registry->growing, false);
    return NULL;
}

static void join_grower(struct lb_registry *registry)
{
    if (registry->has_grower)
        pthread_join(registry->grower, NULL);
    registry->has_grower = false;
}

/* On a thread of its own, so that the writer does not wait. Without one the table stays as it is,
 * and the next record tries again. */
static void begin_to_grow(struct lb_registry *registry)
{
    sigset_t all, before;
    join_grower(registry);
    sigfillset(&all);
    registry->buckets *= GROWTH;
    atomic_store(&registry->growing, true);
    pthread_sigmask(SIG_SETMASK, &all,
                    &before); /* signals are for the threads that wait for them */
    registry->has_grower = pthread_create(&registry->grower, NULL, grow, registry) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (registry->has_grower)
        return;
    atomic_store(&registry->growing, false);
    registry->buckets /= GROWTH;
}

void lb_registry_destroy(struct lb_registry *registry, void (*each)(struct lb_registry_node *node))
{
    if (!registry)
        return;
    struct cds_lfht_iter iter;
    struct lb_registry_node *gone = NULL;
    cds_lfht_first(registry->records, &iter);
    for (struct cds_lfht_node *node; (node = cds_lfht_iter_get_node(&iter)) != NULL;) {
        struct lb_registry_node *record = (struct lb_registry_node *)node;
        cds_lfht_next(registry->records, &iter);
        cds_lfht_del(registry->records, node);
        record->next = gone;
        gone = record;
    }
    /* The growing thread may still walk over what was removed, and waits for threads that are
     * online. */
    lb_rcu_offline();
    join_grower(registry);
    cds_lfht_destroy(registry->records, NULL);
    lb_rcu_online();
    while (gone) {
        struct lb_registry_node *next = gone->next;
        each(gone);
        gone = next;
    }
    free(registry);
}

static unsigned long hash(const struct lb_registry *registry, uint32_t scope, struct lb_str key)
{
    union {
        unsigned char bytes[crypto_shorthash_BYTES];
        unsigned long value;
    } out;
    crypto_shorthash(out.bytes, (const unsigned char *)key.ptr, key.len, registry->secret);
    return out.value ^ ((unsigned long)scope * 0x9e3779b97f4a7c15u);
}

static int matches(struct cds_lfht_node *node, const void *key)
{
    const struct wanted *wanted = key;
    const struct lb_registry_node *record = (const struct lb_registry_node *)node;
    FOUND(record);
    return record->scope == wanted->scope && lb_str_equal(record->key, wanted->key);
}

struct lb_registry_node *lb_registry_find(const struct lb_registry *registry, uint32_t scope,
                                          struct lb_str key)
{
    struct cds_lfht_iter iter;
    struct wanted wanted = {.key = key, .scope = scope};
    cds_lfht_lookup(registry->records, hash(registry, scope, key), matches, &wanted, &iter);
    return (struct lb_registry_node *)cds_lfht_iter_get_node(&iter);
}

struct lb_registry_node *lb_registry_find_next(const struct lb_registry *registry,
                                               struct lb_registry_node *node)
{
    struct cds_lfht_iter iter = {.node = &node->node};
    struct wanted wanted = {.key = node->key, .scope = node->scope};
    iter.next = CMM_LOAD_SHARED(node->node.next);
    cds_lfht_next_duplicate(registry->records, matches, &wanted, &iter);
    return (struct lb_registry_node *)cds_lfht_iter_get_node(&iter);
}

void lb_registry_add(struct lb_registry *registry, struct lb_registry_node *node)
{
    PUBLISHED(node);
    cds_lfht_add(registry->records, hash(registry, node->scope, node->key), &node->node);
    registry->count++;
    if (registry->count > registry->buckets * CHAIN_MAX && !atomic_load(&registry->growing))
        begin_to_grow(registry);
}

void lb_registry_remove(struct lb_registry *registry, struct lb_registry_node *node)
{
    cds_lfht_del(registry->records, &node->node);
    registry->count--;
}

static struct lb_registry_node *node_at(struct cds_lfht_iter *iter)
{
    struct cds_lfht_node *node = cds_lfht_iter_get_node(iter);
    if (node)
        FOUND(node);
    return (struct lb_registry_node *)node;
}

struct lb_registry_node *lb_registry_first(const struct lb_registry *registry)
{
    struct cds_lfht_iter iter;
    cds_lfht_first(registry->records, &iter);
    return node_at(&iter);
}

struct lb_registry_node *lb_registry_after(const struct lb_registry *registry,
                                           struct lb_registry_node *node)
{
    struct cds_lfht_iter iter = {.node = &node->node};
    iter.next = CMM_LOAD_SHARED(node->node.next);
    cds_lfht_next(registry->records, &iter);
    return node_at(&iter);
}
