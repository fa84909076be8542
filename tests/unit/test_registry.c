#include "base/rcu.h"
#include "base/registry.h"
#include "support/tsan.h"

#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
/* After the above. */
#include <cmocka.h>

#define MANY 60000

struct record {
    struct lb_registry_node node;
    struct lb_rcu_head rcu;
    char key[32];
    unsigned number;
};

static unsigned freed;

static void free_record(struct lb_registry_node *node)
{
    freed++;
    free(node);
}

static void free_later(struct lb_rcu_head *head)
{
    free((char *)head - offsetof(struct record, rcu));
}

static struct record *add(struct lb_registry *registry, uint32_t scope, const char *key,
                          unsigned number)
{
    struct record *record = calloc(1, sizeof *record);
    snprintf(record->key, sizeof record->key, "%s%u", key, number);
    record->node.key = lb_str(record->key);
    record->node.scope = scope;
    record->number = number;
    lb_registry_add(registry, &record->node);
    return record;
}

static struct record *find(struct lb_registry *registry, uint32_t scope, const char *key)
{
    return (struct record *)lb_registry_find(registry, scope, lb_str(key));
}

static int setup(void **state)
{
    freed = 0;
    *state = lb_registry_create();
    return *state ? 0 : -1;
}

static void a_record_is_found_by_scope_and_key(void **state)
{
    struct lb_registry *registry = *state;
    struct record *one = add(registry, 1, "a", 1);
    struct record *other = add(registry, 2, "a", 1);
    assert_ptr_equal(find(registry, 1, "a1"), one);
    assert_ptr_equal(find(registry, 2, "a1"), other);
    assert_null(find(registry, 3, "a1"));
    assert_null(find(registry, 1, "a"));
    assert_null(find(registry, 1, "a11"));
    assert_null(find(registry, 1, "A1"));
    assert_null((void *)lb_registry_find(registry, 1, (struct lb_str){0}));
    lb_registry_destroy(registry, free_record);
    assert_int_equal(freed, 2);
}

static void a_removed_record_is_gone_and_its_key_free(void **state)
{
    struct lb_registry *registry = *state;
    struct record *record = add(registry, 1, "a", 1);
    lb_registry_remove(registry, &record->node);
    assert_null(find(registry, 1, "a1"));
    struct record *again = add(registry, 1, "a", 1);
    assert_ptr_equal(find(registry, 1, "a1"), again);
    lb_rcu_defer(&record->rcu, free_later);
    lb_registry_destroy(registry, free_record);
    assert_int_equal(freed, 1);
    lb_rcu_barrier();
}

static void many_records_are_found_while_the_table_grows(void **state)
{
    struct lb_registry *registry = *state;
    struct record **records = calloc(MANY, sizeof *records);
    for (unsigned i = 0; i < MANY; i++) {
        records[i] = add(registry, i % 3, "key", i);
        lb_rcu_quiescent();
    }
    for (unsigned i = 0; i < MANY; i++)
        assert_ptr_equal(find(registry, i % 3, records[i]->key), records[i]);
    for (unsigned i = 0; i < MANY; i++) {
        if (i % 100 == 0)
            continue;
        lb_registry_remove(registry, &records[i]->node);
        lb_rcu_defer(&records[i]->rcu, free_later);
        lb_rcu_quiescent();
    }
    char key[32];
    for (unsigned i = 0; i < MANY; i++) {
        snprintf(key, sizeof key, "key%u", i);
        assert_ptr_equal(find(registry, i % 3, key), i % 100 == 0 ? records[i] : NULL);
    }
    lb_registry_destroy(registry, free_record);
    assert_int_equal(freed, MANY / 100);
    free(records);
    lb_rcu_barrier();
}

/* The table may still be growing, in a thread of its own. */
static void a_large_registry_can_be_destroyed_at_once(void **state)
{
    struct lb_registry *registry = *state;
    for (unsigned i = 0; i < MANY; i++) {
        add(registry, 0, "key", i);
        lb_rcu_quiescent();
    }
    lb_registry_destroy(registry, free_record);
    assert_int_equal(freed, MANY);
}

struct reading {
    struct lb_registry *registry;
    _Atomic bool stop;
    _Atomic unsigned wrong;
    _Atomic unsigned found;
};

static void *read_all(void *context)
{
    struct reading *reading = context;
    char key[32];
    lb_rcu_thread_register();
    while (!atomic_load(&reading->stop)) {
        for (unsigned i = 0; i < 64; i++) {
            snprintf(key, sizeof key, "key%u", i);
            const struct record *record = find(reading->registry, 0, key);
            if (record && (record->number != i || record->node.scope != 0))
                atomic_fetch_add(&reading->wrong, 1);
            atomic_fetch_add_explicit(&reading->found, record != NULL, memory_order_relaxed);
            if (i < 8 && !record) /* these are never removed */
                atomic_fetch_add(&reading->wrong, 1);
        }
        lb_rcu_quiescent();
    }
    lb_rcu_thread_unregister();
    return NULL;
}

static void readers_find_whole_records_while_the_writer_replaces_them(void **state)
{
    struct reading reading = {.registry = *state};
    struct record *records[64];
    pthread_t threads[2];
    for (unsigned i = 0; i < 64; i++)
        records[i] = add(reading.registry, 0, "key", i);
    for (int i = 0; i < 2; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, read_all, &reading), 0);
    while (!atomic_load(&reading.found)) { /* else all may be over before they begin */
        lb_rcu_quiescent();
        sched_yield();
    }
    for (unsigned round = 0; round < 20000; round++) {
        unsigned i = 8 + round % 56;
        lb_registry_remove(reading.registry, &records[i]->node);
        lb_rcu_defer(&records[i]->rcu, free_later);
        records[i] = add(reading.registry, 0, "key", i);
        lb_rcu_quiescent();
    }
    atomic_store(&reading.stop, true);
    lb_rcu_offline();
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    lb_rcu_online();
    assert_int_equal(reading.wrong, 0);
    assert_true(reading.found > 0);
    lb_registry_destroy(reading.registry, free_record);
    lb_rcu_barrier();
}

static int group_setup(void **state)
{
    lb_rcu_thread_register();
    return 0;
}

static int group_teardown(void **state)
{
    lb_rcu_thread_unregister();
    return 0;
}

static double seconds_of_finds(struct lb_registry *registry, unsigned records)
{
    struct timespec begin, end;
    char key[32];
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &begin);
    for (unsigned i = 0; i < 20000; i++) {
        snprintf(key, sizeof key, "k%u", i * 7919 % records);
        assert_non_null(find(registry, 1, key));
    }
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &end);
    return (double)(end.tv_sec - begin.tv_sec) + (double)(end.tv_nsec - begin.tv_nsec) / 1e9;
}

/* Without growth a find would go through a thousand records and more. */
static void finds_in_a_large_registry_take_about_as_long_as_in_a_small_one(void **state)
{
    struct lb_registry *large = *state, *small = lb_registry_create();
    for (unsigned i = 0; i < 1000; i++)
        add(small, 1, "k", i);
    for (unsigned i = 0; i < 2 * MANY; i++)
        add(large, 1, "k", i);
    double few = seconds_of_finds(small, 1000);
    assert_true(seconds_of_finds(large, 2 * MANY) < 30 * few);
    lb_registry_destroy(small, free_record);
    lb_registry_destroy(large, free_record);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, setup)
    const struct CMUnitTest tests[] = {
        TEST(a_record_is_found_by_scope_and_key),
        TEST(a_removed_record_is_gone_and_its_key_free),
        TEST(many_records_are_found_while_the_table_grows),
        TEST(a_large_registry_can_be_destroyed_at_once),
        TEST(finds_in_a_large_registry_take_about_as_long_as_in_a_small_one),
        TEST(readers_find_whole_records_while_the_writer_replaces_them),
    };
    return cmocka_run_group_tests_name("registry", tests, group_setup, group_teardown);
}
