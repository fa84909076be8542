/* The ordered ids of lists against a naive model. */
#include "index/list_order.h"
#include "support/random.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
/* After the above. */
#include <cmocka.h>

#define ID_MAX ((UINT64_C(1) << 40) - 1)

static uint64_t random_state = RANDOM_SEED;

static uint64_t random_below(uint64_t bound)
{
    return random_next(&random_state) % bound;
}

static struct lb_list_orders *create(uint64_t max_bytes)
{
    struct lb_list_orders *orders = lb_list_orders_create(max_bytes);
    assert_non_null(orders);
    return orders;
}

/* One list as a plain sorted array. */
struct model {
    uint64_t ids[20000];
    size_t count;
};

static size_t model_rank(const struct model *model, uint64_t id)
{
    size_t low = 0, high = model->count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (model->ids[middle] < id)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool model_change(struct model *model, uint64_t id, bool present)
{
    size_t rank = model_rank(model, id);
    bool was = rank < model->count && model->ids[rank] == id;
    if (present && !was) {
        memmove(model->ids + rank + 1, model->ids + rank, (model->count - rank) * sizeof(id));
        model->ids[rank] = id;
        model->count++;
    } else if (!present && was) {
        model->count--;
        memmove(model->ids + rank, model->ids + rank + 1, (model->count - rank) * sizeof(id));
    }
    return was;
}

static void check_page(struct lb_list_orders *orders, uint64_t list, const struct model *model,
                       bool descending, uint64_t skip, size_t take)
{
    static uint64_t out[20000];
    size_t n = lb_list_orders_page(orders, list, descending, skip, take, out);
    size_t expected = skip < model->count ? model->count - skip : 0;
    assert_int_equal(n, expected < take ? expected : take);
    for (size_t i = 0; i < n; i++) {
        size_t rank = descending ? model->count - 1 - skip - i : skip + i;
        assert_int_equal(out[i], model->ids[rank]);
    }
}

static void check_after(struct lb_list_orders *orders, uint64_t list, const struct model *model,
                        bool descending, uint64_t cursor, size_t take)
{
    uint64_t out[64];
    size_t n = lb_list_orders_after(orders, list, descending, cursor, take, out);
    size_t below = model_rank(model, cursor);
    size_t above = model->count - below;
    if (above && model->ids[below] == cursor)
        above--;
    size_t expected = descending ? below : above;
    assert_int_equal(n, expected < take ? expected : take);
    for (size_t i = 0; i < n; i++) {
        size_t rank = descending ? below - 1 - i : model->count - above + i;
        assert_int_equal(out[i], model->ids[rank]);
    }
}

static void check(struct lb_list_orders *orders, uint64_t list, const struct model *model)
{
    assert_int_equal(lb_list_orders_count(orders, list), model->count);
    for (int i = 0; i < 8; i++) {
        bool descending = i & 1;
        check_page(orders, list, model, descending, random_below(model->count + 2), 50);
        uint64_t cursor = i & 2 || !model->count ? random_below(ID_MAX + 2)
                                                 : model->ids[random_below(model->count)];
        check_after(orders, list, model, descending, cursor, 64);
        check_after(orders, list, model, descending, cursor + random_below(3) - 1, 7);
    }
}

/* Ids from a range that is narrow, wider than a block's offsets, or all there is. */
static void against_model(uint64_t range, uint64_t first)
{
    static struct model models[2];
    memset(models, 0, sizeof(models));
    struct lb_list_orders *orders = create(0);
    for (int step = 0; step < 60000; step++) {
        int list = step & 1;
        struct model *model = &models[list];
        uint64_t id = first + random_below(range);
        bool add = random_below(100) < (step / 15000 % 2 ? 25u : 75u);
        if (!add && model->count && random_below(4))
            id = model->ids[random_below(model->count)];
        bool was = model_change(model, id, add);
        if (add)
            assert_true(lb_list_orders_insert(orders, (uint64_t)list << 32, id));
        else
            assert_int_equal(lb_list_orders_remove(orders, (uint64_t)list << 32, id), was);
        if (step % 50 == 0)
            check(orders, (uint64_t)list << 32, model);
    }
    for (int list = 0; list < 2; list++) {
        check_page(orders, (uint64_t)list << 32, &models[list], false, 0, 20000);
        check_page(orders, (uint64_t)list << 32, &models[list], true, 0, 20000);
    }
    assert_int_equal(lb_list_orders_stats(orders).entries, models[0].count + models[1].count);
    lb_list_orders_destroy(orders);
}

static void random_operations_agree_with_a_model_for_close_ids(void **state)
{
    (void)state;
    against_model(30000, 1);
}

static void random_operations_agree_with_a_model_for_ids_far_apart(void **state)
{
    (void)state;
    against_model(ID_MAX, 1);
    against_model(UINT64_C(3) << 32, ID_MAX - (UINT64_C(3) << 32));
}

static void appended_ids_page_at_any_depth(void **state)
{
    (void)state;
    enum { N = 300000 };
    struct lb_list_orders *orders = create(0);
    for (uint64_t id = 1; id <= N; id++)
        assert_true(lb_list_orders_insert(orders, 9, 3 * id));
    uint64_t out[3];
    for (uint64_t skip = 0; skip < N; skip += 997) {
        assert_int_equal(lb_list_orders_page(orders, 9, true, skip, 1, out), 1);
        assert_int_equal(out[0], 3 * (N - skip));
        assert_int_equal(lb_list_orders_page(orders, 9, false, skip, 1, out), 1);
        assert_int_equal(out[0], 3 * (skip + 1));
    }
    assert_int_equal(lb_list_orders_page(orders, 9, true, N, 1, out), 0);
    assert_true(lb_list_orders_stats(orders).bytes < 5 * N);
    lb_list_orders_destroy(orders);
}

static void ids_that_come_late_keep_ranks_right_in_a_long_list(void **state)
{
    (void)state;
    enum { N = 300000, LATE = 60000 };
    static uint64_t all[N + LATE];
    struct lb_list_orders *orders = create(0);
    for (uint64_t id = 1; id <= N; id++)
        assert_true(lb_list_orders_insert(orders, 9, 2 * id));
    for (uint64_t i = 0; i < LATE; i++)
        assert_true(lb_list_orders_insert(orders, 9, 2 * (i * 49999 % N) + 1));
    for (uint64_t i = 0; i < N; i += 4)
        assert_true(lb_list_orders_remove(orders, 9, 2 * (i + 1)));
    size_t count = N + LATE - N / 4;
    assert_int_equal(lb_list_orders_page(orders, 9, false, 0, N + LATE, all), count);
    for (size_t i = 1; i < count; i++)
        assert_true(all[i] > all[i - 1]);
    for (size_t skip = 0; skip < count; skip += 101) {
        uint64_t id;
        assert_int_equal(lb_list_orders_page(orders, 9, false, skip, 1, &id), 1);
        assert_int_equal(id, all[skip]);
        assert_int_equal(lb_list_orders_after(orders, 9, true, all[skip] + 1, 1, &id), 1);
        assert_int_equal(id, all[skip]);
    }
    lb_list_orders_destroy(orders);
}

static void a_cursor_stays_good_while_others_come_and_go(void **state)
{
    (void)state;
    struct lb_list_orders *orders = create(0);
    for (uint64_t id = 1; id <= 5000; id++)
        assert_true(lb_list_orders_insert(orders, 1, 2 * id));
    uint64_t out[10], cursor = ID_MAX + 1, seen = 0, previous = cursor, fresh = 10001;
    size_t n;
    while ((n = lb_list_orders_after(orders, 1, true, cursor, 10, out))) {
        for (size_t i = 0; i < n; i++) {
            assert_true(out[i] < previous);
            previous = out[i];
            seen++;
        }
        cursor = out[n - 1];
        assert_true(lb_list_orders_remove(orders, 1, cursor));
        assert_true(lb_list_orders_insert(orders, 1, fresh++));
    }
    assert_int_equal(seen, 5000);
    lb_list_orders_destroy(orders);
}

static void empty_lists_take_no_memory(void **state)
{
    (void)state;
    struct lb_list_orders *orders = create(0);
    for (uint64_t list = 0; list < 1000; list++) {
        for (uint64_t id = 1; id <= 20; id++)
            assert_true(lb_list_orders_insert(orders, list << 32 | list % 7, id));
    }
    assert_int_equal(lb_list_orders_stats(orders).lists, 1000);
    for (uint64_t list = 0; list < 1000; list++) {
        for (uint64_t id = 1; id <= 20; id++)
            assert_true(lb_list_orders_remove(orders, list << 32 | list % 7, id));
    }
    assert_int_equal(lb_list_orders_stats(orders).lists, 0);
    assert_int_equal(lb_list_orders_stats(orders).entries, 0);
    /* The table of lists stays, and nothing else. */
    assert_int_equal(lb_list_orders_stats(orders).bytes, 2048 * sizeof(void *));
    lb_list_orders_destroy(orders);
}

static void small_lists_are_small_and_thinned_lists_shrink(void **state)
{
    (void)state;
    struct lb_list_orders *orders = create(0);
    assert_true(lb_list_orders_insert(orders, 1, 1));
    assert_true(lb_list_orders_stats(orders).bytes < 500);
    for (uint64_t id = 1; id <= 100000; id++)
        assert_true(lb_list_orders_insert(orders, 1, id));
    for (uint64_t id = 1; id <= 100000; id++) {
        if (id % 20)
            assert_true(lb_list_orders_remove(orders, 1, id));
    }
    assert_int_equal(lb_list_orders_count(orders, 1), 5000);
    assert_true(lb_list_orders_stats(orders).bytes < 100000);
    lb_list_orders_destroy(orders);
}

#define BATCH 300

/* Kind 0: new ids; 1 and 2: some or most are old; 3: most are old, and new ones far apart. */
static void make_batch(struct lb_list_entry *batch, unsigned kind, uint64_t *next)
{
    for (int i = 0; i < BATCH; i++) {
        *next += kind == 3 && random_below(50) == 0 ? UINT64_C(1) << 33 : 1 + random_below(3);
        batch[i].list = random_below(3);
        batch[i].id = random_below(4) >= kind ? *next : 1 + random_below(*next);
    }
}

/* After each reservation nothing at all can be allocated, and ids go as others come. */
static void insert_all(struct lb_list_orders *orders, const struct lb_list_entry *entries, size_t n)
{
    for (size_t i = 0; i < n; i++)
        assert_true(lb_list_orders_insert(orders, entries[i].list, entries[i].id));
}

static void many_at_once_are_as_one_by_one(void **state)
{
    (void)state;
    struct lb_list_entry batch[BATCH];
    static uint64_t one[40 * BATCH], many[40 * BATCH];
    struct lb_list_orders *orders[] = {create(0), create(0)};
    uint64_t next = 0;
    for (unsigned i = 0; i < 40; i++) {
        make_batch(batch, i % 4, &next);
        insert_all(orders[0], batch, BATCH);
        assert_true(lb_list_orders_reserve(orders[1], batch, BATCH));
        lb_list_orders_set_max_bytes(orders[1], 1);
        assert_true(lb_list_orders_insert_many(orders[1], batch, BATCH));
        lb_list_orders_set_max_bytes(orders[1], 0);
    }
    for (uint64_t list = 0; list < 3; list++) {
        size_t n = lb_list_orders_page(orders[0], list, false, 0, 40 * BATCH, one);
        assert_int_equal(lb_list_orders_page(orders[1], list, false, 0, 40 * BATCH, many), n);
        assert_memory_equal(one, many, n * sizeof *one);
    }
    lb_list_orders_destroy(orders[0]);
    lb_list_orders_destroy(orders[1]);
}

static void reserved_inserts_never_fail(void **state)
{
    (void)state;
    struct lb_list_entry batch[BATCH];
    for (unsigned run = 0; run < 80; run++) {
        struct lb_list_orders *orders = create(0);
        uint64_t next = 0;
        for (int i = 0; i < 40; i++) {
            make_batch(batch, run % 4, &next);
            assert_true(lb_list_orders_reserve(orders, batch, BATCH));
            lb_list_orders_set_max_bytes(orders, 1);
            for (int j = 0; j < BATCH; j++) {
                assert_true(lb_list_orders_insert(orders, batch[j].list, batch[j].id));
                uint64_t found, removals = run % 3 ? random_below(3) : 0;
                for (; removals; removals--) {
                    if (lb_list_orders_page(orders, random_below(3), random_below(3) != 0,
                                            random_below(2), 1, &found))
                        lb_list_orders_remove(orders, batch[j].list, found);
                }
            }
            lb_list_orders_set_max_bytes(orders, 0);
        }
        lb_list_orders_destroy(orders);
    }
}

/* The last block goes, so that new ids go to the block before it: one that is neither full nor can
 * hold as many, as the upper half of a block that was split. */
static void reserved_inserts_do_not_need_the_last_block(void **state)
{
    enum { NEW = 200 };
    (void)state;
    struct lb_list_entry batch[NEW];
    struct lb_list_orders *orders = create(0);
    for (uint64_t id = 2; id <= 1044; id += 2)
        assert_true(lb_list_orders_insert(orders, 1, id));
    assert_true(lb_list_orders_insert(orders, 1, 3)); /* splits the first block */
    for (uint64_t id = 897; id < 1024; id += 2)
        assert_true(lb_list_orders_insert(orders, 1, id));
    for (uint64_t i = 0; i < NEW; i++)
        batch[i] = (struct lb_list_entry){1, 2000 + i};
    assert_true(lb_list_orders_reserve(orders, batch, NEW));
    lb_list_orders_set_max_bytes(orders, 1);
    for (uint64_t id = 1026; id <= 1044; id += 2)
        assert_true(lb_list_orders_remove(orders, 1, id));
    insert_all(orders, batch, NEW);
    lb_list_orders_destroy(orders);
}

static void reserved_ids_far_apart_and_backwards_never_fail(void **state)
{
    (void)state;
    struct lb_list_entry batch[BATCH];
    for (uint64_t i = 0; i < BATCH; i++)
        batch[i] = (struct lb_list_entry){4, ID_MAX - i * (UINT64_C(3) << 30)};
    struct lb_list_orders *orders = create(0);
    assert_true(lb_list_orders_reserve(orders, batch, BATCH));
    lb_list_orders_set_max_bytes(orders, 1);
    insert_all(orders, batch, BATCH);
    lb_list_orders_destroy(orders);
}

static void a_reservation_out_of_memory_promises_and_changes_nothing(void **state)
{
    (void)state;
    struct lb_list_entry batch[BATCH];
    unsigned refused = 0;
    for (uint64_t room = 0; refused == room / 100; room += 100) {
        struct lb_list_orders *orders = create(0);
        uint64_t next = 0;
        make_batch(batch, 0, &next);
        insert_all(orders, batch, BATCH / 2);
        uint64_t lists = lb_list_orders_stats(orders).lists;
        lb_list_orders_set_max_bytes(orders, lb_list_orders_stats(orders).bytes + room);
        if (!lb_list_orders_reserve(orders, batch + BATCH / 2, BATCH / 2)) {
            refused++;
            assert_int_equal(lb_list_orders_stats(orders).lists, lists);
        }
        assert_int_equal(lb_list_orders_stats(orders).entries, BATCH / 2);
        lb_list_orders_destroy(orders);
    }
    assert_true(refused > 10);
}

static void a_reservation_that_is_not_used_leaves_nothing(void **state)
{
    (void)state;
    struct lb_list_orders *orders = create(0);
    struct lb_list_entry entries[2] = {{1, 5}, {2, 6}};
    uint64_t before = lb_list_orders_stats(orders).bytes;
    assert_true(lb_list_orders_reserve(orders, entries, 2));
    assert_true(lb_list_orders_reserve(orders, NULL, 0));
    assert_int_equal(lb_list_orders_stats(orders).lists, 0);
    /* Some blocks are kept for next time. */
    assert_true(lb_list_orders_stats(orders).bytes <= before + 64 * 2048);
    lb_list_orders_destroy(orders);
}

static void an_insert_that_fails_changes_nothing(void **state)
{
    (void)state;
    struct lb_list_orders *orders = create(20000);
    static struct model model;
    model.count = 0;
    uint64_t id;
    do {
        id = 1 + random_below(1000000);
    } while (lb_list_orders_insert(orders, 1, id) && (model_change(&model, id, true), true));
    assert_true(model.count > 1000);
    check_page(orders, 1, &model, false, 0, 20000);
    struct lb_list_entry more = {2, 1};
    while (lb_list_orders_insert(orders, more.list, 1))
        more.list++;
    assert_int_equal(lb_list_orders_count(orders, more.list), 0);
    check_page(orders, 1, &model, true, 0, 20000);
    lb_list_orders_destroy(orders);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_operations_agree_with_a_model_for_close_ids),
        cmocka_unit_test(random_operations_agree_with_a_model_for_ids_far_apart),
        cmocka_unit_test(appended_ids_page_at_any_depth),
        cmocka_unit_test(ids_that_come_late_keep_ranks_right_in_a_long_list),
        cmocka_unit_test(a_cursor_stays_good_while_others_come_and_go),
        cmocka_unit_test(empty_lists_take_no_memory),
        cmocka_unit_test(small_lists_are_small_and_thinned_lists_shrink),
        cmocka_unit_test(many_at_once_are_as_one_by_one),
        cmocka_unit_test(reserved_inserts_never_fail),
        cmocka_unit_test(reserved_inserts_do_not_need_the_last_block),
        cmocka_unit_test(reserved_ids_far_apart_and_backwards_never_fail),
        cmocka_unit_test(a_reservation_out_of_memory_promises_and_changes_nothing),
        cmocka_unit_test(a_reservation_that_is_not_used_leaves_nothing),
        cmocka_unit_test(an_insert_that_fails_changes_nothing),
    };
    return cmocka_run_group_tests_name("order", tests, NULL, NULL);
}
