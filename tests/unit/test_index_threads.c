/* Readers against the writer of the membership index. Run under ThreadSanitizer, which sees the
 * races that the checks here cannot; the checks see what no sanitizer can: answers that are wrong.
 * LB_TEST_SECONDS sets how long each test runs (2; 1 where the address sanitizer is). */
#include "base/clock.h"
#include "base/rcu.h"
#include "index/membership.h"
#include "index/list_order.h"
#include "support/random.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
/* After the above. */
#include <cmocka.h>

#ifdef __SANITIZE_ADDRESS__
#define SECONDS 1
#else
#define SECONDS 2
#endif
#define READERS   3
#define GROUP     24
#define WINDOW    3000 /* live entries in the churn test */
#define COUNT_MAX UINT64_C(400000)

static struct lb_fingerprint spread(uint64_t number)
{
    uint64_t z = (number + 1) * UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return (struct lb_fingerprint){(z ^ (z >> 31)) | 1, (uint32_t)(z >> 20) & 0xffffff};
}

static uint64_t deadline_ms(void)
{
    const char *seconds = getenv("LB_TEST_SECONDS");
    return lb_clock_mono_ms() + (seconds ? strtoull(seconds, NULL, 10) : SECONDS) * 1000;
}

/* Numbers from `removing` to below `inserted` are live, those below `removed` are gone. The writer
 * raises `removing` before it removes, and the others after it acted, as an acknowledgement would.
 */
struct shared {
    struct lb_index *index;
    struct lb_list_orders *orders;
    _Atomic uint64_t inserted;
    _Atomic uint64_t removing;
    _Atomic uint64_t removed;
    _Atomic uint64_t wrong;
    _Atomic uint64_t checked;
    _Atomic bool stop;
};

/* One group: numbers around the live range, with what was acknowledged before and begun after. */
static void check_group(struct shared *shared, uint64_t *state)
{
    uint64_t removed = atomic_load(&shared->removed);
    uint64_t inserted = atomic_load(&shared->inserted);
    uint64_t numbers[GROUP], found[GROUP];
    struct lb_fingerprint fingerprints[GROUP];
    uint64_t start = removed > 500 ? removed - 500 : 0;
    for (int i = 0; i < GROUP; i++) {
        uint64_t range = i % 2 ? inserted + 50 - start : 100;
        numbers[i] = (i % 2           ? start
                      : inserted > 80 ? inserted - 80
                                      : 0) +
                     random_next(state) % range;
        fingerprints[i] = spread(numbers[i]);
    }
    if (random_next(state) % 2)
        lb_index_find_many(shared->index, fingerprints, GROUP, found);
    else
        for (int i = 0; i < GROUP; i++)
            found[i] = lb_index_find(shared->index, fingerprints[i]);
    uint64_t removing = atomic_load(&shared->removing);
    for (int i = 0; i < GROUP; i++) {
        bool must = numbers[i] < inserted && numbers[i] >= removing;
        bool must_not = numbers[i] < removed;
        bool odd = found[i] && found[i] != numbers[i] + 1;
        if ((must && !found[i]) || (must_not && found[i]) || odd)
            atomic_fetch_add(&shared->wrong, 1);
    }
    atomic_fetch_add(&shared->checked, GROUP);
}

static void *run_reader(void *argument)
{
    struct shared *shared = argument;
    uint64_t state = (uint64_t)(uintptr_t)&state | 1;
    lb_rcu_thread_register();
    for (unsigned turn = 0; !atomic_load(&shared->stop); turn++) {
        check_group(shared, &state);
        if (turn % 64 == 63) {
            lb_rcu_offline();
            lb_rcu_online();
        } else {
            lb_rcu_quiescent();
        }
    }
    lb_rcu_thread_unregister();
    return NULL;
}

static void with_readers(struct shared *shared, void *(*reader)(void *),
                         void (*write)(struct shared *))
{
    pthread_t threads[READERS];
    for (int i = 0; i < READERS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, reader, shared), 0);
    write(shared);
    atomic_store(&shared->stop, true);
    lb_rcu_offline();
    for (int i = 0; i < READERS; i++)
        pthread_join(threads[i], NULL);
    lb_rcu_online();
    assert_true(atomic_load(&shared->checked) > 1000);
    assert_int_equal(atomic_load(&shared->wrong), 0);
}

static void start(struct shared *shared, uint32_t shards)
{
    struct lb_index_settings settings = {.shards = shards};
    *shared = (struct shared){0};
    shared->index = lb_index_create_with(&settings);
    assert_non_null(shared->index);
}

static void write_growth(struct shared *shared)
{
    uint64_t end = deadline_ms(), n = 0;
    struct lb_fingerprint batch[40];
    uint64_t ids[40];
    while (lb_clock_mono_ms() < end && n < COUNT_MAX) {
        for (uint64_t i = 0; i < 40; i++) {
            batch[i] = spread(n + i);
            ids[i] = n + i + 1;
        }
        assert_true(lb_index_insert_many(shared->index, batch, ids, 40));
        n += 40;
        atomic_store(&shared->inserted, n);
        lb_rcu_quiescent();
    }
}

static void what_was_acknowledged_is_found_while_shards_grow(void **state)
{
    (void)state;
    struct shared shared;
    start(&shared, 2);
    with_readers(&shared, run_reader, write_growth);
    lb_index_destroy(shared.index);
}

static void write_churn(struct shared *shared)
{
    uint64_t end = deadline_ms();
    for (uint64_t n = 0; lb_clock_mono_ms() < end; n++) {
        assert_true(lb_index_insert(shared->index, spread(n), n + 1));
        atomic_store(&shared->inserted, n + 1);
        if (n >= WINDOW) {
            uint64_t oldest = n - WINDOW;
            atomic_store(&shared->removing, oldest + 1);
            assert_true(lb_index_remove(shared->index, spread(oldest), oldest + 1));
            atomic_store(&shared->removed, oldest + 1);
        }
        lb_rcu_quiescent();
    }
}

static void what_was_removed_is_not_found_while_others_come(void **state)
{
    (void)state;
    struct shared shared;
    start(&shared, 4);
    with_readers(&shared, run_reader, write_churn);
    lb_index_destroy(shared.index);
}

/* One fingerprint whose id is replaced for ever, the new one in before the old one goes. */
static void *run_watcher(void *argument)
{
    struct shared *shared = argument;
    lb_rcu_thread_register();
    while (!atomic_load(&shared->stop)) {
        for (int i = 0; i < 32; i++) {
            if (!lb_index_find(shared->index, spread(0)))
                atomic_fetch_add(&shared->wrong, 1);
        }
        atomic_fetch_add(&shared->checked, 32);
        lb_rcu_quiescent();
    }
    lb_rcu_thread_unregister();
    return NULL;
}

static void write_replacements(struct shared *shared)
{
    uint64_t end = deadline_ms();
    for (uint64_t n = 2; lb_clock_mono_ms() < end; n++) {
        assert_true(lb_index_insert(shared->index, spread(0), n));
        assert_true(lb_index_remove(shared->index, spread(0), n - 1));
        if (n % 64 == 0)
            lb_rcu_quiescent();
    }
}

static void a_fingerprint_is_found_while_its_id_is_replaced(void **state)
{
    (void)state;
    struct shared shared;
    start(&shared, 1);
    for (uint64_t i = 1; i < 30; i++)
        assert_true(lb_index_insert(shared.index, spread(i), 1000 + i));
    assert_true(lb_index_insert(shared.index, spread(0), 1));
    with_readers(&shared, run_watcher, write_replacements);
    lb_index_destroy(shared.index);
}

static void *run_pager(void *argument)
{
    struct shared *shared = argument;
    uint64_t ids[100], state = (uint64_t)(uintptr_t)&ids | 1;
    while (!atomic_load(&shared->stop)) {
        uint64_t inserted = atomic_load(&shared->inserted);
        uint64_t count = lb_list_orders_count(shared->orders, 1);
        bool descending = random_next(&state) & 1;
        size_t n = lb_list_orders_page(shared->orders, 1, descending,
                                       random_next(&state) % (count + 1), 100, ids);
        bool ok = count >= (inserted < WINDOW ? inserted : WINDOW) && count <= WINDOW + 1;
        for (size_t i = 1; i < n; i++)
            ok = ok && (descending ? ids[i] < ids[i - 1] : ids[i] > ids[i - 1]);
        if (!ok)
            atomic_fetch_add(&shared->wrong, 1);
        atomic_fetch_add(&shared->checked, n);
    }
    return NULL;
}

static void write_orders(struct shared *shared)
{
    uint64_t end = deadline_ms();
    for (uint64_t n = 1; lb_clock_mono_ms() < end; n++) {
        assert_true(lb_list_orders_insert(shared->orders, 1, n));
        atomic_store(&shared->inserted, n);
        if (n > WINDOW)
            assert_true(lb_list_orders_remove(shared->orders, 1, n - WINDOW));
    }
}

static void pages_are_in_order_while_ids_come_and_go(void **state)
{
    (void)state;
    struct shared shared = {0};
    shared.orders = lb_list_orders_create(0);
    assert_non_null(shared.orders);
    with_readers(&shared, run_pager, write_orders);
    lb_list_orders_destroy(shared.orders);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_acknowledged_is_found_while_shards_grow),
        cmocka_unit_test(what_was_removed_is_not_found_while_others_come),
        cmocka_unit_test(a_fingerprint_is_found_while_its_id_is_replaced),
        cmocka_unit_test(pages_are_in_order_while_ids_come_and_go),
    };
    lb_rcu_thread_register();
    int failed = cmocka_run_group_tests_name("index_threads", tests, NULL, NULL);
    lb_rcu_thread_unregister();
    return failed;
}
