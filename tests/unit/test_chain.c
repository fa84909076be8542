/* The digests of the blocklist log. The vectors were made by tests/support/chain.py, which follows
 * docs/storage.md and shares no code with this program. */
#include "index/epochs.h"
#include "store/chain.h"
#include "store/log_items.h"

#include "base/rcu.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
/* After the above. */
#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

static void expect_hex(const uint8_t *bytes, size_t size, const char *hex)
{
    char text[2 * LB_DIGEST_SIZE + 1];
    for (size_t i = 0; i < size; i++)
        snprintf(text + 2 * i, 3, "%02x", bytes[i]);
    assert_string_equal(text, hex);
}

static struct lb_log_row block_row(void)
{
    struct lb_log_row row = {.id = 900,
                             .number = 7,
                             .list = {3, 12},
                             .actor = 5,
                             .at = 1790000000123,
                             .epoch = UINT64_C(0x12345678ab),
                             .reason = LB_STR("asked by mail"),
                             .items = LB_STR("ada-lovelace,zo\xc3\xab"),
                             .source = LB_STR("2001:db8::1")};
    for (size_t i = 0; i < sizeof row.seed; i++)
        row.seed[i] = (uint8_t)i;
    return row;
}

static struct lb_log_row unblock_row(void)
{
    struct lb_log_row row = {.id = 950,
                             .number = 9,
                             .list = {3, 12},
                             .kind = LB_LOG_UNBLOCK,
                             .continues = true,
                             .actor = LB_USER_NO_MIN + 1,
                             .at = 1790000000124,
                             .undoes = 7,
                             .items = LB_STR("7,8"),
                             .import = LB_STR("spring")};
    memset(row.seed, 0xf0, sizeof row.seed);
    return row;
}

static void digests_are_those_of_the_vectors(void **state)
{
    uint8_t digest[LB_DIGEST_SIZE];
    struct lb_log_row block = block_row();
    struct lb_log_row unblock = unblock_row();
    lb_chain_begin(LB_STR("ws_k3j9x"), digest);
    expect_hex(digest, sizeof digest,
               "c4b672222d4244591a8360e7942e37b572cc1bd496fcd7c946cc69657f92a4dd");
    assert_true(lb_chain_digest_row(digest, &block, digest));
    expect_hex(digest, sizeof digest,
               "765dd3923ed61d8b5de01ffe21d1f725edba475835927b233a04e5228e0478fa");
    assert_true(lb_chain_digest_row(digest, &unblock, digest));
    expect_hex(digest, sizeof digest,
               "ffd9ae8d494505cd28c087787ef4a2c43a8fdf7fcda8917c6706644d18a33f0b");
}

/* SipHash takes eight bytes at a time. */
static void commitments_are_those_of_the_vectors(void **state)
{
    static const struct {
        size_t len;
        const char *hex;
    } vectors[] = {{0, "70b2346e4bd88a7480a2030adec41cf23d4631e094d399a5"},
                   {7, "6fed39cfa3acd272ef8c6dffb57894c0a4b22688aa162081"},
                   {8, "c1022e6fe4b7d3696954c25ed300d0ec03bf25f8402bcdef"},
                   {63, "96bb19d78a6f7951f7fb055459250d230d3666d6b766821d"}};
    struct lb_log_row row = block_row();
    struct lb_commitment commitment;
    char text[64];
    for (size_t i = 0; i < sizeof text; i++)
        text[i] = (char)i;
    for (size_t i = 0; i < COUNT(vectors); i++) {
        struct lb_str item = {text, vectors[i].len};
        lb_chain_commit(row.seed, LB_COMMITMENT_ITEM, item, &commitment);
        expect_hex(commitment.bytes, sizeof commitment.bytes, vectors[i].hex);
    }
    lb_chain_commit(row.seed, LB_COMMITMENT_ITEM, LB_STR("ada-lovelace"), &commitment);
    expect_hex(commitment.bytes, sizeof commitment.bytes,
               "52bcfc479a7b48d17803fce00e154c16e70bb1bf672a6cb5");
}

/* As many as there are lanes and more, of lengths up to more than a block and far apart, each with
 * a seed and a use of its own: all are what libsodium makes of them alone. */
static void commitments_made_together_are_those_made_alone(void **state)
{
    enum { TOGETHER_MAX = 2 * LB_LANES + 1, LONGEST = LB_LANE_BYTES + 12 };
    char text[LONGEST];
    uint8_t seeds[TOGETHER_MAX][LB_SEED_SIZE];
    for (size_t i = 0; i < sizeof text; i++)
        text[i] = (char)(i * 37 + 200);
    for (size_t i = 0; i < TOGETHER_MAX; i++)
        lb_chain_seed(seeds[i]);
    for (size_t count = 0; count <= TOGETHER_MAX; count++)
        for (size_t len = 0; len <= LONGEST; len++) {
            struct lb_chain_commits commits = {.count = 0};
            struct lb_commitment together[TOGETHER_MAX + 1], alone;
            memset(together, 0xa5, sizeof together);
            alone = together[0];
            for (size_t i = 0; i < count; i++)
                lb_chain_commits_add(
                    &commits, seeds[i], LB_COMMITMENT_ITEM + i % LB_COMMITMENT_IMPORT,
                    (struct lb_str){text, (len + i * 29) % (LONGEST + 1)}, &together[i]);
            lb_chain_commits_end(&commits);
            assert_memory_equal(&together[count], &alone, sizeof alone);
            for (size_t i = 0; i < count; i++) {
                lb_chain_commit(seeds[i], LB_COMMITMENT_ITEM + i % LB_COMMITMENT_IMPORT,
                                (struct lb_str){text, (len + i * 29) % (LONGEST + 1)}, &alone);
                assert_memory_equal(&together[i], &alone, sizeof alone);
            }
        }
}

/* Numbers are hashed in as few bytes as they need: none may be cut to fit. */
static void what_cannot_be_in_a_row_has_no_digest(void **state)
{
    uint8_t digest[LB_DIGEST_SIZE] = {0};
    struct lb_log_row rows[6];
    for (size_t i = 0; i < COUNT(rows); i++)
        rows[i] = block_row();
    rows[1].number = LB_ENTRY_ID_MAX + 1;
    rows[2].undoes = LB_ENTRY_ID_MAX + 1;
    rows[3].epoch = LB_EPOCH_MAX + 1;
    rows[4].at = INT64_C(1) << 48;
    rows[5].at = -1;
    for (size_t i = 0; i < COUNT(rows); i++)
        assert_int_equal(lb_chain_digest_row(digest, &rows[i], digest), i == 0);
    rows[0].kind = (enum lb_log_kind)(LB_LOG_LINK_REFUSED + 1);
    rows[0].items = LB_STR("7");
    assert_false(lb_chain_digest_row(digest, &rows[0], digest));
}

/* Where it has no texts, nothing else would look at it. */
static void a_seed_or_digest_of_another_length_is_seen(void **state)
{
    struct lb_chain_check check;
    struct lb_log_row row = unblock_row();
    row.import = (struct lb_str){0};
    lb_chain_check_begin(&check, LB_STR("ws_1"));
    assert_true(lb_chain_digest_row(check.digest, &row, row.digest));
    row.unsealed = true;
    assert_non_null(strstr(lb_chain_check_row(&check, &row), "length"));
    row.unsealed = false;
    assert_null(lb_chain_check_row(&check, &row));
}

static void chains_of_workspaces_are_told_apart(void **state)
{
    struct lb_chains chains = {0};
    struct lb_log_row rows[2] = {block_row(), block_row()};
    uint8_t first[LB_DIGEST_SIZE];
    assert_true(lb_chains_begin(&chains, 3, LB_STR("ws_3")));
    assert_true(lb_chains_begin(&chains, 200, LB_STR("ws_200")));
    rows[1].list.workspace = 200;
    for (size_t i = 0; i < 2; i++) {
        lb_chain_begin(i ? LB_STR("ws_200") : LB_STR("ws_3"), first);
        assert_true(lb_chain_digest_row(first, &rows[i], rows[i].digest));
        assert_null(lb_chains_check_row(&chains, &rows[i]));
    }
    struct lb_log_row other = rows[1];
    other.number += 2;
    assert_non_null(lb_chains_check_row(&chains, &other));
    other.list.workspace = 7;
    assert_string_equal(lb_chains_check_row(&chains, &other), "its workspace does not exist");
    other.list.workspace = 100000;
    assert_string_equal(lb_chains_check_row(&chains, &other), "its workspace does not exist");
    struct lb_log_mark end = lb_log_mark_after(&rows[0], 2);
    const struct lb_chain_check *check = lb_chains_of(&chains, 3);
    assert_int_equal(end.last + 1, check->next);
    assert_int_equal(end.row, check->row);
    assert_memory_equal(end.digest, check->digest, sizeof end.digest);
    assert_string_equal(check->id, "ws_3");
    lb_chains_fini(&chains);
}

/* Each makes another row of the one that it is given. */
static void other_number(struct lb_log_row *row)
{
    row->number++;
}
static void other_campaign(struct lb_log_row *row)
{
    row->list.campaign = 0;
}
static void other_kind(struct lb_log_row *row)
{
    row->kind = LB_LOG_LINK;
}
static void other_change(struct lb_log_row *row)
{
    row->continues = true;
}
static void other_actor(struct lb_log_row *row)
{
    row->actor = 0;
}
static void other_time(struct lb_log_row *row)
{
    row->at--;
}
static void other_undone(struct lb_log_row *row)
{
    row->undoes = 1;
}
static void other_epoch(struct lb_log_row *row)
{
    row->epoch = 0;
}
static void other_reason(struct lb_log_row *row)
{
    row->reason = LB_STR("asked by post");
}
static void no_reason(struct lb_log_row *row)
{
    row->reason = (struct lb_str){0};
}
static void empty_reason(struct lb_log_row *row)
{
    row->reason = LB_STR("");
}
static void other_item(struct lb_log_row *row)
{
    row->items = LB_STR("ada-lovelace,zoe");
}
static void swapped_items(struct lb_log_row *row)
{
    row->items = LB_STR("zo\xc3\xab,ada-lovelace");
}
static void one_item(struct lb_log_row *row)
{
    row->items = LB_STR("ada-lovelace");
}
static void joined_items(struct lb_log_row *row)
{
    row->items = LB_STR("ada-lovelace\\,zo\xc3\xab");
}
static void other_source(struct lb_log_row *row)
{
    row->source = LB_STR("2001:db8::2");
}
static void moved_source(struct lb_log_row *row)
{
    row->import = row->source;
    row->source = (struct lb_str){0};
}
static void other_import(struct lb_log_row *row)
{
    row->import = LB_STR("x");
}
static void other_seed(struct lb_log_row *row)
{
    row->seed[15] ^= 1;
}
static void other_digest(struct lb_log_row *row)
{
    row->digest[31] ^= 1;
}

static void any_part_of_a_row_that_changes_is_seen(void **state)
{
    static void (*const changes[])(struct lb_log_row *) = {
        other_number, other_campaign, other_kind,    other_change, other_actor,
        other_time,   other_undone,   other_epoch,   other_reason, no_reason,
        empty_reason, other_item,     swapped_items, one_item,     joined_items,
        other_source, moved_source,   other_import,  other_seed,   other_digest};
    struct lb_chain_check check;
    struct lb_log_row row = block_row();
    lb_chain_check_begin(&check, LB_STR("ws_1"));
    assert_true(lb_chain_digest_row(check.digest, &row, row.digest));
    for (size_t i = 0; i < COUNT(changes); i++) {
        struct lb_log_row changed = row;
        struct lb_chain_check at_first = check;
        changes[i](&changed);
        if (!lb_chain_check_row(&at_first, &changed))
            fail_msg("change %zu was not seen", i);
    }
    assert_null(lb_chain_check_row(&check, &row));
}

/* Rows of one name each, numbered from 1. */
static void make_chain(const char *workspace, struct lb_log_row *rows, size_t count)
{
    static const struct lb_str names[] = {LB_STR("ada"), LB_STR("bob"), LB_STR("eve")};
    uint8_t digest[LB_DIGEST_SIZE];
    lb_chain_begin(lb_str(workspace), digest);
    for (size_t i = 0; i < count; i++) {
        rows[i] = (struct lb_log_row){.number = i + 1, .list = {1, 0}, .items = names[i % 3]};
        lb_chain_seed(rows[i].seed);
        assert_true(lb_chain_digest_row(digest, &rows[i], rows[i].digest));
        memcpy(digest, rows[i].digest, sizeof digest);
    }
}

/* The place of the first row that is wrong; `count` when none is. */
static size_t first_wrong(const char *workspace, const struct lb_log_row *rows, size_t count)
{
    struct lb_chain_check check;
    size_t i = 0;
    lb_chain_check_begin(&check, lb_str(workspace));
    while (i < count && !lb_chain_check_row(&check, &rows[i]))
        i++;
    return i;
}

static void rows_that_are_removed_swapped_or_repeated_are_seen(void **state)
{
    struct lb_log_row rows[6], changed[7];
    make_chain("ws_1", rows, 6);
    assert_int_equal(first_wrong("ws_1", rows, 6), 6);
    assert_int_equal(first_wrong("ws_2", rows, 6), 0); /* it is another workspace's */
    memcpy(changed, rows, sizeof rows);
    memmove(changed + 2, changed + 3, 3 * sizeof *changed);
    assert_int_equal(first_wrong("ws_1", changed, 5), 2);
    memcpy(changed, rows, sizeof rows);
    changed[3] = rows[4];
    changed[4] = rows[3];
    assert_int_equal(first_wrong("ws_1", changed, 6), 3);
    memcpy(changed, rows, sizeof rows);
    changed[6] = rows[5];
    assert_int_equal(first_wrong("ws_1", changed, 7), 6);
    assert_int_equal(first_wrong("ws_1", rows + 1, 5), 0); /* the first is gone */
}

static void items_that_are_not_what_the_kind_says_have_no_digest(void **state)
{
    static char many[3 * (LB_ROW_ITEMS_MAX + 1)];
    struct lb_log_row row = unblock_row();
    uint8_t digest[LB_DIGEST_SIZE] = {0};
    static const char *const bad[] = {"7,ada", "7,", "-7", "1099511627776"};
    for (size_t i = 0; i < COUNT(bad); i++) {
        row.items = lb_str(bad[i]);
        assert_false(lb_chain_digest_row(digest, &row, digest));
    }
    for (size_t i = 0; i <= LB_ROW_ITEMS_MAX; i++)
        memcpy(many + 2 * i, "7,", 2);
    for (int kind = 0; kind < 2; kind++) {
        row.kind = (enum lb_log_kind)kind;
        row.items = (struct lb_str){many, 2 * LB_ROW_ITEMS_MAX - 1};
        assert_true(lb_chain_digest_row(digest, &row, digest));
        row.items = (struct lb_str){many, 2 * LB_ROW_ITEMS_MAX + 1};
        assert_false(lb_chain_digest_row(digest, &row, digest));
    }
}

static void seeds_differ(void **state)
{
    enum { SEEDS = 1000 };
    static uint8_t seeds[SEEDS][LB_SEED_SIZE];
    static const uint8_t zero[LB_SEED_SIZE];
    for (size_t i = 0; i < SEEDS; i++) {
        lb_chain_seed(seeds[i]);
        assert_memory_not_equal(seeds[i], zero, sizeof zero);
        for (size_t k = 0; k < i; k++)
            assert_memory_not_equal(seeds[i], seeds[k], sizeof zero);
    }
}

/* --- Items ------------------------------------------------------------------------------------ */

static void items_are_split_where_no_backslash_stands(void **state)
{
    struct lb_str rest = LB_STR("a|b,c\\,d\\\\,,e\\;f;domain");
    static const char *const want[] = {"a|b", "c\\,d\\\\", "", "e\\;f;domain"};
    struct lb_str item;
    assert_int_equal(lb_log_items_count(rest), COUNT(want));
    assert_true(lb_log_items_nth(rest, 3, &item));
    assert_true(lb_str_equal(item, lb_str(want[3])));
    for (size_t i = 0; i < COUNT(want); i++) {
        assert_true(lb_log_items_next(&rest, &item));
        assert_true(lb_str_equal(item, lb_str(want[i])));
    }
    assert_false(lb_log_items_next(&rest, &item));
    assert_int_equal(lb_log_items_count((struct lb_str){0}), 0);
    assert_int_equal(lb_log_items_count(LB_STR("ada,bob,eve")), 3);
}

static void an_item_says_as_much_as_it_has_parts(void **state)
{
    struct lb_log_item item;
    assert_true(lb_log_item_read(LB_STR("ada|x"), &item));
    assert_true(lb_str_equal(item.value, LB_STR("ada|x")) && !item.type.ptr && !item.end.ptr);
    assert_true(lb_log_item_read(LB_STR("example.com;domain;;client"), &item));
    assert_true(lb_str_equal(item.value, LB_STR("example.com")));
    assert_true(lb_str_equal(item.type, LB_STR("domain")));
    assert_true(lb_str_equal(item.kind, LB_STR("client")));
    assert_true(!item.reason.ptr && !item.end.ptr);
    assert_true(lb_log_item_read(LB_STR("a;b;c\\;d;e;1790000000000"), &item));
    assert_true(lb_str_equal(item.reason, LB_STR("c\\;d")));
    assert_true(lb_str_equal(item.end, LB_STR("1790000000000")));
    assert_false(lb_log_item_read(LB_STR("a;b;c;d;e;f"), &item));
}

static void what_a_backslash_stands_before_ends_nothing(void **state)
{
    static const struct lb_str stored = LB_STR("said\\; \"no\\\\never\"\\, twice\\,\\,\\;\\;\\\\");
    assert_null(lb_log_items_find(stored, ','));
    assert_null(lb_log_items_find(stored, ';'));
}

/* --- Epochs ----------------------------------------------------------------------------------- */

static void an_entry_has_the_epoch_that_began_before_it(void **state)
{
    struct lb_epochs epochs = {.added = 0};
    assert_int_equal(lb_epochs_of(&epochs, 5), 0);
    for (uint64_t i = 1; i <= 100; i++) {
        assert_true(lb_epochs_add(&epochs, 10 * i, LB_EPOCH_MAX - i));
        assert_true(lb_epochs_add(&epochs, 10 * i + 1, LB_EPOCH_MAX - i)); /* the same goes on */
        lb_epochs_publish(&epochs);
    }
    assert_int_equal(epochs.added, 100);
    assert_int_equal(lb_epochs_of(&epochs, 9), 0);
    for (uint64_t i = 1; i <= 100; i++) {
        assert_int_equal(lb_epochs_of(&epochs, 10 * i), LB_EPOCH_MAX - i);
        assert_int_equal(lb_epochs_of(&epochs, 10 * i + 9), LB_EPOCH_MAX - i);
    }
    assert_int_equal(lb_epochs_of(&epochs, LB_ENTRY_ID_MAX), LB_EPOCH_MAX - 100);
    lb_epochs_fini(&epochs);
}

static void an_epoch_is_seen_when_published_and_not_when_forgotten(void **state)
{
    struct lb_epochs epochs = {.added = 0};
    assert_true(lb_epochs_add(&epochs, 1, 7));
    assert_int_equal(lb_epochs_of(&epochs, 1), 0);
    assert_int_equal(lb_epochs_last(&epochs), 7);
    lb_epochs_forget(&epochs);
    assert_int_equal(lb_epochs_last(&epochs), 0);
    assert_true(lb_epochs_add(&epochs, 2, 8));
    lb_epochs_publish(&epochs);
    assert_int_equal(lb_epochs_of(&epochs, 1), 0);
    assert_int_equal(lb_epochs_of(&epochs, 2), 8);
    lb_epochs_fini(&epochs);
}

/* Erased one after the other, each text leaves the digest as it is, and the others provable. */
static void a_row_without_some_of_its_texts_has_the_same_digest(void **state)
{
    static const struct lb_chain_erasure steps[] = {
        {.items = 1}, {.reason = true}, {.source = true, .items = 2}};
    uint8_t before[LB_DIGEST_SIZE] = {7}, wanted[LB_DIGEST_SIZE], now[LB_DIGEST_SIZE];
    struct lb_log_row row = block_row();
    struct lb_buf texts[3] = {{0}};
    lb_chain_seed(row.seed);
    assert_true(lb_chain_digest_row(before, &row, wanted));
    for (size_t i = 0; i < 3; i++) {
        struct lb_log_row erased;
        assert_true(lb_chain_erase(&row, &steps[i], &texts[i], &erased));
        assert_true(lb_chain_digest_row(before, &erased, now));
        assert_memory_equal(now, wanted, sizeof now);
        row = erased;
    }
    struct lb_str first = {0};
    assert_true(lb_log_items_nth(row.items, 0, &first));
    assert_true(lb_chain_is_bare(first) && lb_chain_is_bare(row.reason));
    char *salts = (char *)row.salts.ptr;
    for (size_t i = 0; i < row.salts.len; i++) { /* a salt that is another is seen */
        salts[i]++;
        bool same = lb_chain_digest_row(before, &row, now) && !memcmp(now, wanted, sizeof now);
        salts[i]--;
        assert_false(same);
    }
    for (size_t i = 0; i < 3; i++)
        lb_buf_fini(&texts[i]);
}

static void a_commitment_needs_a_later_row_that_says_so(void **state)
{
    struct lb_chain_check check;
    struct lb_buf texts = {0};
    struct lb_log_row row = block_row(), erased;
    uint64_t number = 0;
    lb_chain_check_begin(&check, LB_STR("ws_1"));
    lb_chain_seed(row.seed);
    assert_true(lb_chain_digest_row(check.digest, &row, row.digest));
    assert_true(lb_chain_erase(&row, &(struct lb_chain_erasure){.items = 1}, &texts, &erased));
    assert_null(lb_chain_check_row(&check, &erased));
    assert_non_null(lb_chain_check_end(&check, &number));
    assert_int_equal(number, row.number);
    char said[32];
    snprintf(said, sizeof said, "%llu", (unsigned long long)row.number);
    struct lb_log_row later = {.id = row.id + 100,
                               .number = row.number + 100,
                               .list = row.list,
                               .kind = LB_LOG_ERASED,
                               .at = row.at,
                               .items = lb_str(said)};
    lb_chain_seed(later.seed);
    assert_true(lb_chain_digest_row(check.digest, &later, later.digest));
    assert_null(lb_chain_check_row(&check, &later));
    assert_null(lb_chain_check_end(&check, &number));
    lb_chain_check_fini(&check);
    lb_buf_fini(&texts);
}

static int set_up(void **state)
{
    lb_rcu_thread_register();
    return 0;
}

static int tear_down(void **state)
{
    lb_rcu_barrier();
    lb_rcu_thread_unregister();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(digests_are_those_of_the_vectors),
        cmocka_unit_test(commitments_are_those_of_the_vectors),
        cmocka_unit_test(commitments_made_together_are_those_made_alone),
        cmocka_unit_test(what_cannot_be_in_a_row_has_no_digest),
        cmocka_unit_test(a_seed_or_digest_of_another_length_is_seen),
        cmocka_unit_test(chains_of_workspaces_are_told_apart),
        cmocka_unit_test(any_part_of_a_row_that_changes_is_seen),
        cmocka_unit_test(rows_that_are_removed_swapped_or_repeated_are_seen),
        cmocka_unit_test(items_that_are_not_what_the_kind_says_have_no_digest),
        cmocka_unit_test(a_row_without_some_of_its_texts_has_the_same_digest),
        cmocka_unit_test(a_commitment_needs_a_later_row_that_says_so),
        cmocka_unit_test(seeds_differ),
        cmocka_unit_test(items_are_split_where_no_backslash_stands),
        cmocka_unit_test(an_item_says_as_much_as_it_has_parts),
        cmocka_unit_test(what_a_backslash_stands_before_ends_nothing),
        cmocka_unit_test(an_entry_has_the_epoch_that_began_before_it),
        cmocka_unit_test(an_epoch_is_seen_when_published_and_not_when_forgotten),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
