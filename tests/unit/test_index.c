/* The membership index against a naive model. */
#include "base/rcu.h"
#include "index/membership.h"
#include "support/random.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
/* After the above. */
#include <cmocka.h>

static uint64_t random_state = RANDOM_SEED;

static uint64_t random_below(uint64_t bound)
{
    return random_next(&random_state) % bound;
}

/* Spread evenly, like real fingerprints. */
static struct lb_fingerprint spread(uint64_t number)
{
    uint64_t z = (number + 1) * UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return (struct lb_fingerprint){(z ^ (z >> 31)) | 1, (uint32_t)(z >> 20) & 0xffffff};
}

static struct lb_index *create(uint32_t shards, uint64_t expected, uint64_t max_bytes)
{
    struct lb_index_settings settings = {expected, shards, max_bytes};
    struct lb_index *index = lb_index_create_with(&settings);
    assert_non_null(index);
    return index;
}

#define PRINTS  60
#define PER     4
#define ENTRIES (PRINTS * PER)

/* entry e has fingerprint e / PER and id e + 1: PER ids share each. */
static struct lb_fingerprint crowded(unsigned entry)
{
    unsigned print = entry / PER;
    /* Threes share `high`, and a third of all start at the last bucket, so that probes wrap. */
    uint64_t high = UINT64_C(1) + print / 3;
    if (print % 2)
        high |= UINT64_C(0xffffff00);
    return (struct lb_fingerprint){high, print % 3};
}

static void check_all(const struct lb_index *index, const bool *present)
{
    for (unsigned e = 0; e < ENTRIES; e += PER) {
        uint64_t found = lb_index_find(index, crowded(e)), cursor = 0, id, seen = 0, many;
        struct lb_fingerprint fingerprint = crowded(e);
        lb_index_find_many(index, &fingerprint, 1, &many);
        unsigned expected = 0;
        for (unsigned i = 0; i < PER; i++)
            expected |= (unsigned)present[e + i] << i;
        assert_int_equal(found != 0, expected != 0);
        assert_int_equal(many, found);
        if (found)
            assert_true(found > e && found <= e + PER && present[found - 1]);
        while ((id = lb_index_find_next(index, crowded(e), &cursor))) {
            assert_true(id > e && id <= e + PER);
            assert_false(seen & UINT64_C(1) << (id - 1 - e));
            seen |= UINT64_C(1) << (id - 1 - e);
        }
        assert_int_equal(seen, expected);
    }
}

static void random_operations_agree_with_a_model(void **state)
{
    (void)state;
    struct lb_index *index = create(1, 0, 0);
    bool present[ENTRIES] = {false};
    uint64_t live = 0;
    for (int step = 0; step < 20000; step++) {
        unsigned entry = (unsigned)random_below(ENTRIES);
        if (random_below(1000) < (step / 2000 % 2 ? 300u : 700u)) {
            assert_true(lb_index_insert(index, crowded(entry), entry + 1));
            live += !present[entry];
            present[entry] = true;
        } else {
            assert_int_equal(lb_index_remove(index, crowded(entry), entry + 1), present[entry]);
            live -= present[entry];
            present[entry] = false;
        }
        if (step % 10 == 0)
            check_all(index, present);
        struct lb_index_stats stats = lb_index_stats(index);
        assert_int_equal(stats.entries, live);
        assert_true(stats.entries + stats.dead < stats.slots || stats.slots == 0);
        lb_rcu_quiescent();
    }
    lb_index_destroy(index);
}

static void two_identifiers_with_one_fingerprint_both_stay(void **state)
{
    (void)state;
    struct lb_index *index = create(0, 0, 0);
    struct lb_fingerprint same = spread(1);
    assert_true(lb_index_insert(index, same, 7));
    assert_true(lb_index_insert(index, same, 8));
    assert_true(lb_index_remove(index, same, 7));
    assert_int_equal(lb_index_find(index, same), 8);
    assert_false(lb_index_remove(index, same, 7));
    assert_true(lb_index_remove(index, same, 8));
    assert_int_equal(lb_index_find(index, same), 0);
    lb_index_destroy(index);
}

static void fingerprints_that_differ_in_low_bits_only_are_kept_apart(void **state)
{
    (void)state;
    struct lb_index *index = create(0, 0, 0);
    struct lb_fingerprint one = {UINT64_C(0x123456789abcdef0), 0xfffffe};
    struct lb_fingerprint other = {one.high, 0xffffff};
    assert_true(lb_index_insert(index, one, LB_INDEX_ID_MAX));
    assert_int_equal(lb_index_find(index, other), 0);
    assert_true(lb_index_insert(index, other, 1));
    assert_int_equal(lb_index_find(index, one), LB_INDEX_ID_MAX);
    assert_int_equal(lb_index_find(index, other), 1);
    lb_index_destroy(index);
}

static void growth_keeps_every_entry(void **state)
{
    (void)state;
    enum { N = 200000, BATCH = 777 };
    struct lb_index *index = create(16, 0, 0);
    struct lb_fingerprint batch[BATCH];
    uint64_t ids[BATCH], found[BATCH];
    for (uint64_t start = 0; start < N; start += BATCH) {
        for (uint64_t i = 0; i < BATCH; i++) {
            batch[i] = spread(start + i);
            ids[i] = start + i + 1;
        }
        assert_true(lb_index_insert_many(index, batch, ids, BATCH));
        lb_rcu_quiescent();
    }
    for (uint64_t start = 0; start < N; start += BATCH) {
        for (uint64_t i = 0; i < BATCH; i++)
            batch[i] = spread(start + i);
        lb_index_find_many(index, batch, BATCH, found);
        for (uint64_t i = 0; i < BATCH; i++)
            assert_int_equal(found[i], start + i + 1);
    }
    for (uint64_t i = 0; i < 10000; i++)
        assert_int_equal(lb_index_find(index, spread(10 * N + i)), 0);
    struct lb_index_stats stats = lb_index_stats(index);
    assert_true(stats.bytes <= 26 * stats.entries);
    lb_index_destroy(index);
}

static void dead_slots_do_not_pile_up(void **state)
{
    (void)state;
    struct lb_index *index = create(1, 0, 0);
    for (uint64_t i = 0; i < 1000; i++)
        assert_true(lb_index_insert(index, spread(i), i + 1));
    uint64_t slots = lb_index_stats(index).slots;
    for (uint64_t i = 1000; i < 100000; i++) {
        assert_true(lb_index_insert(index, spread(i), i + 1));
        assert_true(lb_index_remove(index, spread(i - 1000), i - 999));
        lb_rcu_quiescent();
    }
    assert_true(lb_index_stats(index).slots <= slots * 2);
    for (uint64_t i = 99000; i < 100000; i++)
        assert_true(lb_index_remove(index, spread(i), i + 1));
    assert_true(lb_index_stats(index).slots <= 64);
    lb_index_destroy(index);
}

static void blocking_and_unblocking_one_person_takes_no_room(void **state)
{
    (void)state;
    struct lb_index *index = create(1, 0, 0);
    for (uint64_t i = 0; i < 100; i++)
        assert_true(lb_index_insert(index, spread(i), i + 1));
    struct lb_index_stats before = lb_index_stats(index);
    for (uint64_t i = 0; i < 10000; i++) {
        assert_true(lb_index_remove(index, spread(5), i ? 1000 + i : 6));
        assert_true(lb_index_insert(index, spread(5), 1001 + i));
    }
    struct lb_index_stats after = lb_index_stats(index);
    assert_int_equal(after.slots, before.slots);
    assert_int_equal(after.dead, before.dead);
    lb_index_destroy(index);
}

static void reserved_inserts_never_fail(void **state)
{
    (void)state;
    enum { BATCH = 64 };
    unsigned refused = 0;
    for (uint64_t bound = 2000; bound < 120000; bound += 1500) {
        struct lb_index *index = create(4, 0, bound);
        uint64_t next = 0, gone = 0;
        struct lb_fingerprint batch[BATCH];
        for (;;) {
            for (uint64_t i = 0; i < BATCH; i++)
                batch[i] = spread(next + i);
            if (!lb_index_reserve(index, batch, BATCH))
                break;
            for (uint64_t i = 0; i < BATCH; i++) {
                assert_true(lb_index_insert(index, batch[i], next + i + 1));
                if (random_below(3) == 0 && gone < next) {
                    assert_true(lb_index_remove(index, spread(gone), gone + 1));
                    gone++;
                }
            }
            next += BATCH;
        }
        refused++;
        for (uint64_t i = 0; i < next; i++)
            assert_int_equal(lb_index_find(index, spread(i)), i < gone ? 0 : i + 1);
        assert_true(lb_index_stats(index).bytes <= bound);
        lb_index_destroy(index);
    }
    assert_int_equal(refused, 79);
}

static void removals_leave_the_room_that_was_reserved(void **state)
{
    (void)state;
    struct lb_index *index = create(1, 0, 0);
    struct lb_fingerprint batch[400];
    for (uint64_t i = 0; i < 1000; i++)
        assert_true(lb_index_insert(index, spread(i), i + 1));
    for (uint64_t i = 0; i < 400; i++)
        batch[i] = spread(1000 + i);
    assert_true(lb_index_reserve(index, batch, 400));
    for (uint64_t i = 0; i < 1000; i++)
        assert_true(lb_index_remove(index, spread(i), i + 1));
    uint64_t slots = lb_index_stats(index).slots;
    for (uint64_t i = 0; i < 400; i++)
        assert_true(lb_index_insert(index, batch[i], 1001 + i));
    assert_int_equal(lb_index_stats(index).slots, slots);
    lb_index_destroy(index);
}

static void an_insert_that_fails_changes_nothing(void **state)
{
    (void)state;
    struct lb_index *index = create(1, 0, 3000);
    uint64_t n = 0;
    while (lb_index_insert(index, spread(n), n + 1))
        n++;
    assert_true(n > 40);
    struct lb_fingerprint more[50];
    uint64_t ids[50];
    for (uint64_t i = 0; i < 50; i++) {
        more[i] = spread(1000 + i);
        ids[i] = 1001 + i;
    }
    assert_false(lb_index_insert_many(index, more, ids, 50));
    assert_int_equal(lb_index_stats(index).entries, n);
    for (uint64_t i = 0; i < n; i++)
        assert_int_equal(lb_index_find(index, spread(i)), i + 1);
    assert_int_equal(lb_index_find(index, spread(1000)), 0);
    lb_index_destroy(index);
}

static long resident_bytes(void)
{
    long size = 0, resident = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    assert_non_null(file);
    assert_int_equal(fscanf(file, "%ld %ld", &size, &resident), 2);
    fclose(file);
    return resident * 4096;
}

static void a_huge_estimate_touches_no_memory(void **state)
{
    (void)state;
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    skip();
#endif
    long before = resident_bytes();
    struct lb_index *index = create(0, UINT64_C(500) * 1000 * 1000, 0);
    for (uint64_t i = 0; i < 20; i++)
        assert_true(lb_index_insert(index, spread(i), i + 1));
    assert_true(resident_bytes() - before < 4 << 20);
    assert_int_equal(lb_index_find(index, spread(19)), 20);
    lb_index_destroy(index);
}

static void an_index_made_for_its_size_does_not_grow(void **state)
{
    (void)state;
    enum { N = 400000 };
    struct lb_index *index = create(64, N, 0);
    uint64_t slots = 0;
    for (uint64_t i = 0; i < N; i++) {
        assert_true(lb_index_insert(index, spread(i), i + 1));
        if (i == N / 2)
            slots = lb_index_stats(index).slots;
    }
    assert_int_equal(lb_index_stats(index).slots, slots);
    assert_true(lb_index_stats(index).bytes <= UINT64_C(26) * N);
    lb_index_destroy(index);
}

static void fingerprints_depend_on_list_identifier_and_index(void **state)
{
    (void)state;
    struct lb_index *one = create(1, 0, 0), *other = create(1, 0, 0);
    char text[700];
    memset(text, 'a', sizeof(text));
    for (size_t len = 0; len <= sizeof(text); len++) {
        struct lb_str id = {text, len};
        struct lb_fingerprint a = lb_index_fingerprint(one, 5, id);
        struct lb_fingerprint again = lb_index_fingerprint(one, 5, id);
        assert_true(a.high != 0 && a.low <= 0xffffff);
        assert_true(a.high == again.high && a.low == again.low);
        assert_true(a.high != lb_index_fingerprint(one, 6, id).high);
        assert_true(a.high != lb_index_fingerprint(other, 5, id).high);
        if (len) {
            text[len - 1] = 'b';
            assert_true(a.high != lb_index_fingerprint(one, 5, id).high);
            text[len - 1] = 'a';
            id.len--;
            assert_true(a.high != lb_index_fingerprint(one, 5, id).high);
        }
    }
    lb_index_destroy(one);
    lb_index_destroy(other);
}

static void a_shard_count_that_is_no_power_of_two_is_refused(void **state)
{
    (void)state;
    struct lb_index_settings settings = {.shards = 3};
    assert_null(lb_index_create_with(&settings));
    settings.shards = 1 << 17;
    assert_null(lb_index_create_with(&settings));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_operations_agree_with_a_model),
        cmocka_unit_test(two_identifiers_with_one_fingerprint_both_stay),
        cmocka_unit_test(fingerprints_that_differ_in_low_bits_only_are_kept_apart),
        cmocka_unit_test(growth_keeps_every_entry),
        cmocka_unit_test(dead_slots_do_not_pile_up),
        cmocka_unit_test(blocking_and_unblocking_one_person_takes_no_room),
        cmocka_unit_test(reserved_inserts_never_fail),
        cmocka_unit_test(removals_leave_the_room_that_was_reserved),
        cmocka_unit_test(an_insert_that_fails_changes_nothing),
        cmocka_unit_test(a_huge_estimate_touches_no_memory),
        cmocka_unit_test(an_index_made_for_its_size_does_not_grow),
        cmocka_unit_test(fingerprints_depend_on_list_identifier_and_index),
        cmocka_unit_test(a_shard_count_that_is_no_power_of_two_is_refused),
    };
    lb_rcu_thread_register();
    int failed = cmocka_run_group_tests_name("index", tests, NULL, NULL);
    lb_rcu_thread_unregister();
    return failed;
}
