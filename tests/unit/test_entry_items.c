/* Items of the log as names with kinds and ends (domain/blocklist/item.h), and what is due first
 * (ends.h). */
#include "domain/blocklist/ends.h"
#include "domain/blocklist/item.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

static void assert_str(struct lb_str found, const char *expected)
{
    assert_int_equal(found.len, strlen(expected));
    assert_memory_equal(found.ptr, expected, found.len);
}

static void an_item_says_what_was_put(void **state)
{
    static const struct {
        enum lb_name_type type;
        const char *value;
        enum lb_block_kind kind;
        int64_t end;
        const char *stored;
    } items[] = {{LB_NAME_LINKEDIN, "ada", LB_BLOCK_KIND_NONE, 0, "ada"},
                 {LB_NAME_LINKEDIN, "a", LB_BLOCK_KIND_NONE, 5, "a;;;;5"},
                 {LB_NAME_LINKEDIN, "ada", LB_BLOCK_CLIENT, 0, "ada;;;2"},
                 {LB_NAME_DOMAIN, "acme.com", LB_BLOCK_KIND_NONE, 0, "acme.com;4"},
                 {LB_NAME_PHONE, "+491701234567", LB_BLOCK_OPT_OUT, 0, "+491701234567;3;;1"},
                 {LB_NAME_COMPANY, "umbrella holding", LB_BLOCK_OTHER, 1800000000000,
                  "umbrella holding;6;;7;1800000000000"},
                 {LB_NAME_EMAIL, "a@b.org", LB_BLOCK_KIND_NONE, 7, "a@b.org;2;;;7"}};
    for (size_t i = 0; i < sizeof items / sizeof *items; i++) {
        char room[LB_KEY_SIZE];
        struct lb_item item;
        struct lb_buf stored = {0};
        struct lb_str key = lb_key_make(items[i].type, lb_str(items[i].value), room);
        lb_item_put(&stored, key, items[i].kind, items[i].end);
        assert_str(lb_buf_str(&stored), items[i].stored);
        assert_true(lb_item_read(lb_buf_str(&stored), &item));
        assert_int_equal(lb_key_type(item.key), items[i].type);
        assert_str(lb_key_value(item.key), items[i].value);
        assert_true(lb_str_equal(lb_item_stored_key(lb_buf_str(&stored)), key));
        assert_int_equal(item.kind, items[i].kind);
        assert_int_equal(item.end, items[i].end);
        lb_buf_fini(&stored);
    }
}

static void a_company_of_before_has_the_key_of_today(void **state)
{
    static const struct {
        const char *stored, *key;
    } items[] = {{"acme kommanditgesellschaft;6;;2;7", "acme;6"},
                 {"acme gmbh co kommanditgesellschaft;6", "acme;6"},
                 {"acme;6", "acme;6"},
                 {"kommanditgesellschaft;6", "kommanditgesellschaft;6"},
                 {"acme-kommanditgesellschaft;5", "acme-kommanditgesellschaft;5"}};
    for (size_t i = 0; i < sizeof items / sizeof *items; i++) {
        struct lb_item item;
        assert_true(lb_item_read(lb_str(items[i].stored), &item));
        assert_str(item.key, items[i].key);
        assert_int_equal(item.end, i == 0 ? 7 : 0);
        assert_true(lb_str_equal(lb_key_value(lb_item_stored_key(lb_str(items[i].stored))),
                                 (struct lb_str){items[i].stored, strcspn(items[i].stored, ";")}));
    }
}

static void what_no_version_writes_is_no_item(void **state)
{
    static const char *const wrong[] = {"ada;1",
                                        "ada;0",
                                        "ada;7",
                                        "ada;44",
                                        "ada;;;8",
                                        "ada;;;x",
                                        "ada;;why",
                                        "ada;4;;;-1",
                                        "ada;4;;;1;",
                                        "ada;4;;;1e3",
                                        "ada;4;;;9223372036854775808"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct lb_item item;
        assert_false(lb_item_read(lb_str(wrong[i]), &item));
    }
}

static void kinds_have_words(void **state)
{
    enum lb_block_kind kind;
    for (int i = LB_BLOCK_OPT_OUT; i <= LB_BLOCK_OTHER; i++) {
        assert_true(lb_block_kind_parse(lb_str(lb_block_kind_name((enum lb_block_kind)i)), &kind));
        assert_int_equal(kind, i);
    }
    assert_null(lb_block_kind_name(LB_BLOCK_KIND_NONE));
    assert_null(lb_block_kind_name((enum lb_block_kind)99));
    assert_false(lb_block_kind_parse(LB_STR("enemy"), &kind));
}

static const struct lb_fingerprint NOBODY;

static void what_is_due_first_comes_first(void **state)
{
    static const int64_t due[] = {50, 10, 40, 10, 30, 60, 20};
    struct lb_ends ends = {0};
    for (size_t i = 0; i < sizeof due / sizeof *due; i++)
        assert_true(lb_ends_add(&ends, &(struct lb_due_entry){.end = due[i], .id = i + 1}));
    assert_null(lb_ends_first(&ends));
    assert_int_equal(lb_ends_of(&ends, NOBODY, 3), 40);
    lb_ends_commit(&ends);
    assert_true(lb_ends_add(&ends, &(struct lb_due_entry){.end = 1, .id = 9}));
    lb_ends_roll_back(&ends);
    assert_int_equal(lb_ends_of(&ends, NOBODY, 9), 0);
    int64_t before = 0;
    size_t count = 0;
    for (const struct lb_due_entry *first; (first = lb_ends_first(&ends)) != NULL; count++) {
        assert_true(first->end >= before);
        before = first->end;
        lb_ends_drop_first(&ends);
    }
    assert_int_equal(count, sizeof due / sizeof *due);
    lb_ends_fini(&ends);
}

/* Against a plain list: entries of some people, which are due at times of their own, some of them
 * more than once, in batches that are committed or not. */
#define MODEL_IDS    3000
#define MODEL_PEOPLE 3

static struct lb_due_entry due_of(uint64_t number)
{
    uint64_t id = number / MODEL_PEOPLE + 1; /* of several workspaces */
    return (struct lb_due_entry){.end = (int64_t)(id * 7919 % 1000 + number % MODEL_PEOPLE + 1),
                                 .id = id,
                                 .fingerprint = {.high = number % MODEL_PEOPLE + 1}};
}

static void assert_ends(const struct lb_ends *ends, const unsigned *times)
{
    for (uint64_t number = 0; number < MODEL_IDS; number++) {
        struct lb_due_entry due = due_of(number);
        assert_int_equal(lb_ends_of(ends, due.fingerprint, due.id), times[number] ? due.end : 0);
    }
}

static void drop_first(struct lb_ends *ends, unsigned *times)
{
    const struct lb_due_entry *first = lb_ends_first(ends);
    if (!first)
        return;
    times[(first->id - 1) * MODEL_PEOPLE + first->fingerprint.high - 1]--;
    lb_ends_drop_first(ends);
}

static void each_entry_is_known_to_end_for_as_long_as_it_is_due(void **state)
{
    static unsigned committed[MODEL_IDS], times[MODEL_IDS];
    struct lb_ends ends = {0};
    (void)state;
    srand(7);
    for (int batch = 0; batch < 300; batch++) {
        memcpy(times, committed, sizeof times);
        for (int i = rand() % 60; i > 0; i--) {
            uint64_t number = (uint64_t)rand() % MODEL_IDS;
            struct lb_due_entry due = due_of(number);
            assert_true(lb_ends_add(&ends, &due));
            times[number]++;
        }
        assert_ends(&ends, times);
        if (rand() % 3) {
            lb_ends_commit(&ends);
            memcpy(committed, times, sizeof committed);
        } else {
            lb_ends_roll_back(&ends);
        }
        for (int i = rand() % 40; i > 0; i--)
            drop_first(&ends, committed);
        assert_ends(&ends, committed);
    }
    while (lb_ends_first(&ends))
        drop_first(&ends, committed);
    assert_ends(&ends, committed);
    lb_ends_fini(&ends);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_item_says_what_was_put),
        cmocka_unit_test(a_company_of_before_has_the_key_of_today),
        cmocka_unit_test(what_no_version_writes_is_no_item),
        cmocka_unit_test(kinds_have_words),
        cmocka_unit_test(what_is_due_first_comes_first),
        cmocka_unit_test(each_entry_is_known_to_end_for_as_long_as_it_is_due),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
