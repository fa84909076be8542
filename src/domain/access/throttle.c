#include "domain/access/throttle.h"

#include <pthread.h>
#include <sodium.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define FAILURES_MAX 10
#define WINDOW_MS    60000
#define SETS         4096
#define WAYS         4

struct entry {
    uint8_t mark[LB_THROTTLE_MARK_SIZE];
    uint64_t window_ms; /* when the count began; 0: the place is free */
    uint64_t last_ms;
    uint64_t wait_until_ms;
    unsigned count;
};

struct lb_throttle {
    pthread_mutex_t lock;
    unsigned char secret[crypto_shorthash_KEYBYTES]; /* so that sets cannot be aimed at */
    struct entry entries[SETS][WAYS];
};

struct lb_throttle *lb_throttle_create(void)
{
    struct lb_throttle *failures = calloc(1, sizeof *failures);
    if (!failures)
        return NULL;
    randombytes_buf(failures->secret, sizeof failures->secret);
    pthread_mutex_init(&failures->lock, NULL);
    return failures;
}

void lb_throttle_destroy(struct lb_throttle *failures)
{
    if (!failures)
        return;
    pthread_mutex_destroy(&failures->lock);
    free(failures);
}

void lb_throttle_network(const struct in6_addr *address, uint8_t out[LB_THROTTLE_MARK_SIZE])
{
    memcpy(out, address, LB_THROTTLE_MARK_SIZE);
    if (!IN6_IS_ADDR_V4MAPPED(address))
        memset(out + 8, 0, 8);
}

static struct entry *set_of(struct lb_throttle *failures, const uint8_t mark[LB_THROTTLE_MARK_SIZE])
{
    union {
        unsigned char bytes[crypto_shorthash_BYTES];
        uint64_t value;
    } hash;
    crypto_shorthash(hash.bytes, mark, LB_THROTTLE_MARK_SIZE, failures->secret);
    return failures->entries[hash.value % SETS];
}

/* The entry of that mark, or NULL. */
static struct entry *find_entry(struct entry *set, const uint8_t mark[LB_THROTTLE_MARK_SIZE])
{
    for (int i = 0; i < WAYS; i++)
        if (set[i].window_ms && memcmp(set[i].mark, mark, LB_THROTTLE_MARK_SIZE) == 0)
            return &set[i];
    return NULL;
}

/* Is `a` the better one to forget? One that must wait is kept before all others, whatever the
 * number of those that fail once or twice; then the one that failed more often. */
static bool rather(const struct entry *a, const struct entry *b, uint64_t now_ms)
{
    bool a_waits = now_ms < a->wait_until_ms;
    bool b_waits = now_ms < b->wait_until_ms;
    if (a_waits || b_waits)
        return a_waits == b_waits ? a->wait_until_ms < b->wait_until_ms : b_waits;
    unsigned a_count = now_ms < a->window_ms + WINDOW_MS ? a->count : 0;
    unsigned b_count = now_ms < b->window_ms + WINDOW_MS ? b->count : 0;
    return a_count == b_count ? a->last_ms < b->last_ms : a_count < b_count;
}

/* The entry of that mark, which takes another one's place if it is new. */
static struct entry *find_or_take(struct entry *set, const uint8_t mark[LB_THROTTLE_MARK_SIZE],
                                  uint64_t now_ms)
{
    struct entry *entry = find_entry(set, mark);
    if (entry)
        return entry;
    entry = &set[0];
    for (int i = 1; i < WAYS; i++)
        if (rather(&set[i], entry, now_ms))
            entry = &set[i];
    *entry = (struct entry){0};
    memcpy(entry->mark, mark, LB_THROTTLE_MARK_SIZE);
    return entry;
}

static unsigned wait_of(const struct entry *entry, uint64_t now_ms)
{
    return now_ms < entry->wait_until_ms ? (unsigned)((entry->wait_until_ms - now_ms + 999) / 1000)
                                         : 0;
}

static unsigned add(struct entry *entry, uint64_t now_ms)
{
    entry->last_ms = now_ms;
    if (now_ms < entry->wait_until_ms)
        return wait_of(entry, now_ms);
    /* Threads read the clock before they take the lock: `now_ms` may be a little before the window.
     */
    if (!entry->window_ms || now_ms >= entry->window_ms + WINDOW_MS) {
        entry->window_ms = now_ms;
        entry->count = 0;
    }
    if (++entry->count == FAILURES_MAX) {
        entry->wait_until_ms = now_ms + WINDOW_MS;
        entry->window_ms = now_ms + WINDOW_MS; /* the next count begins after the wait */
        entry->count = 0;
    }
    return 0;
}

unsigned lb_throttle_add_mark(struct lb_throttle *failures,
                              const uint8_t mark[LB_THROTTLE_MARK_SIZE], uint64_t now_ms)
{
    pthread_mutex_lock(&failures->lock);
    unsigned wait_s = add(find_or_take(set_of(failures, mark), mark, now_ms), now_ms);
    pthread_mutex_unlock(&failures->lock);
    return wait_s;
}

unsigned lb_throttle_wait_mark(struct lb_throttle *failures,
                               const uint8_t mark[LB_THROTTLE_MARK_SIZE], uint64_t now_ms)
{
    pthread_mutex_lock(&failures->lock);
    const struct entry *entry = find_entry(set_of(failures, mark), mark);
    unsigned wait_s = entry ? wait_of(entry, now_ms) : 0;
    pthread_mutex_unlock(&failures->lock);
    return wait_s;
}

unsigned lb_throttle_add(struct lb_throttle *failures, const struct in6_addr *address,
                         uint64_t now_ms)
{
    uint8_t network[LB_THROTTLE_MARK_SIZE];
    lb_throttle_network(address, network);
    return lb_throttle_add_mark(failures, network, now_ms);
}

unsigned lb_throttle_wait(struct lb_throttle *failures, const struct in6_addr *address,
                          uint64_t now_ms)
{
    uint8_t network[LB_THROTTLE_MARK_SIZE];
    lb_throttle_network(address, network);
    return lb_throttle_wait_mark(failures, network, now_ms);
}
