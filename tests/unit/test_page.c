/* Pages of lists and searches, over a real database. */
#include "domain/blocklist/entry.h"
#include "domain/blocklist/page.h"
#include "support/engine.h"
#include "support/tsan.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
/* After the above. */
#include <cmocka.h>

#define LEADS     2500 /* more than are looked at in one go */
#define NAME_SIZE 48
#define CAMPAIGN  "c"
/* Among the others; they keep their case. */
#define MEMBER    "ACoAAB1cD2eF3gH4iJ5kL6mN7oP8qR9sT0uVwXyZ"
#define MEMBER_AT 1777

struct fixture {
    struct engine engine;
    struct lb_store_reader *reader;
    struct engine_place place;
    char names[LEADS][NAME_SIZE];
    uint64_t first; /* entry id of the first lead */
};

/* What a page gave. */
struct given {
    uint64_t ids[LEADS + 1];
    char names[LEADS + 1][NAME_SIZE];
    size_t count;
    size_t fail_at; /* 0: never */
    struct lb_page_progress *progress;
    size_t pause_each; /* so many entries the call pauses; 0: never */
};

static int setup(void **state)
{
    struct fixture *fixture = *state = calloc(1, sizeof *fixture);
    if (engine_begin(&fixture->engine, &fixture->place) ||
        engine_make_campaign(&fixture->engine, CAMPAIGN) ||
        engine_make_campaign(&fixture->engine, "other") ||
        fixture->engine.store->ops->reader_open(fixture->engine.store, &fixture->reader))
        return -1;
    const char *pointers[LEADS];
    for (unsigned i = 0; i < LEADS; i++) {
        pointers[i] = fixture->names[i];
        snprintf(fixture->names[i], NAME_SIZE, "lead-%04u%s", i, i % 100 == 7 ? "-find" : "");
    }
    strcpy(fixture->names[MEMBER_AT], MEMBER);
    struct outcome outcome;
    lb_err err = engine_block(&fixture->engine, CAMPAIGN, pointers, LEADS, "why", &outcome);
    fixture->first = outcome.change;
    return err;
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;
    fixture->engine.store->ops->reader_close(fixture->reader);
    int failed = engine_end(&fixture->engine, &fixture->place);
    free(fixture);
    return failed;
}

static lb_err take_entry(void *context, const struct lb_entry *entry)
{
    struct given *given = context;
    if (given->count + 1 == given->fail_at)
        return LB_ERR_INTERNAL;
    given->ids[given->count] = entry->id;
    assert_true(lb_str_copy(entry->key, given->names[given->count], NAME_SIZE));
    given->count++;
    if (given->pause_each)
        given->progress->pause = given->count % given->pause_each == 0;
    return LB_OK;
}

static struct lb_page_query query_of(const struct fixture *fixture, size_t take)
{
    return (struct lb_page_query){.list = engine_list(&fixture->engine, CAMPAIGN), .take = take};
}

static struct lb_page_result page(struct fixture *fixture, const struct lb_page_query *query,
                                  struct given *given)
{
    struct lb_page_result result;
    assert_int_equal(lb_blocklist_page(fixture->engine.blocklist, fixture->reader, query, given,
                                       take_entry, &result),
                     LB_OK);
    return result;
}

/* All pages of a query, one after the other; returns how many there were. */
static unsigned walk(struct fixture *fixture, struct lb_page_query query, struct given *given)
{
    unsigned pages = 0;
    given->count = 0;
    do {
        size_t before = given->count;
        struct lb_page_result result = page(fixture, &query, given);
        assert_true(given->count - before <= query.take);
        assert_true(!result.next || given->count - before == query.take);
        query.cursor = result.next;
        query.skip = 0;
        pages++;
    } while (query.cursor);
    return pages;
}

static void pages_cover_a_list_once_in_either_direction(void **state)
{
    struct fixture *fixture = *state;
    struct given *given = calloc(1, sizeof *given);
    static const size_t takes[] = {7, 99, 100, 101, 1000, 1250, 2499, 2500, 2501};
    for (size_t i = 0; i < sizeof takes / sizeof *takes; i++) {
        for (int descending = 0; descending < 2; descending++) {
            struct lb_page_query query = query_of(fixture, takes[i]);
            query.descending = descending;
            unsigned pages = walk(fixture, query, given);
            assert_int_equal(pages, (LEADS + takes[i] - 1) / takes[i]); /* no empty last one */
            assert_int_equal(given->count, LEADS);
            for (unsigned k = 0; k < LEADS; k++) {
                unsigned at = descending ? LEADS - 1 - k : k;
                assert_int_equal(given->ids[k], fixture->first + at);
                assert_string_equal(given->names[k], fixture->names[at]);
            }
        }
    }
    free(given);
}

static void skip_leaves_out_the_first_ones(void **state)
{
    struct fixture *fixture = *state;
    struct given *given = calloc(1, sizeof *given);
    static const uint64_t skips[] = {0, 1, 99, 100, 2400, 2499};
    for (size_t i = 0; i < sizeof skips / sizeof *skips; i++) {
        struct lb_page_query query = query_of(fixture, 10);
        query.skip = skips[i];
        given->count = 0;
        struct lb_page_result result = page(fixture, &query, given);
        uint64_t left = LEADS - skips[i];
        assert_int_equal(given->count, left < 10 ? left : 10);
        assert_string_equal(given->names[0], fixture->names[skips[i]]);
        assert_int_equal(result.next, left > 10 ? given->ids[9] : 0);
        assert_int_equal(result.total, LEADS);
        assert_true(result.total_known);
    }
    static const uint64_t beyond[] = {LEADS, LEADS + 1, UINT64_C(1) << 53, UINT64_MAX};
    for (size_t i = 0; i < sizeof beyond / sizeof *beyond; i++) {
        struct lb_page_query query = query_of(fixture, 10);
        query.skip = beyond[i];
        given->count = 0;
        struct lb_page_result result = page(fixture, &query, given);
        assert_int_equal(given->count, 0);
        assert_int_equal(result.next, 0);
        query.term = LB_STR("lead");
        assert_int_equal(page(fixture, &query, given).next, 0);
        query.term = (struct lb_str){0};
        query.cursor = fixture->first;
        assert_int_equal(page(fixture, &query, given).next, 0);
        assert_int_equal(given->count, 0);
    }
    free(given);
}

static void skip_counts_from_the_cursor_when_there_is_one(void **state)
{
    struct fixture *fixture = *state;
    struct given *given = calloc(1, sizeof *given);
    struct lb_page_query query = query_of(fixture, 3);
    query.cursor = fixture->first + 100;
    query.skip = 1200;
    page(fixture, &query, given);
    assert_int_equal(given->count, 3);
    assert_int_equal(given->ids[0], fixture->first + 1301);
    query.descending = true;
    query.cursor = fixture->first + 2000;
    page(fixture, &query, given);
    assert_int_equal(given->ids[3], fixture->first + 799);
    free(given);
}

static void a_page_of_none_tells_the_total(void **state)
{
    struct fixture *fixture = *state;
    struct given *given = calloc(1, sizeof *given);
    struct lb_page_query query = query_of(fixture, 0);
    struct lb_page_result result = page(fixture, &query, given);
    assert_int_equal(given->count, 0);
    assert_int_equal(result.total, LEADS);
    free(given);
}

static void a_cursor_stays_good_when_the_list_changes(void **state)
{
    struct fixture *fixture = *state;
    struct given *given = calloc(1, sizeof *given);
    struct given *after = calloc(1, sizeof *after);
    for (int descending = 0; descending < 2; descending++) {
        struct lb_page_query query = query_of(fixture, 100);
        query.descending = descending;
        given->count = 0;
        after->count = 0;
        uint64_t cursor = page(fixture, &query, given).next;
        query.cursor = cursor;
        query.cursor = page(fixture, &query, given).next;
        page(fixture, &query, given);
        /* The cursor's own entry goes, one before it, and the next three. */
        const char *gone[] = {given->names[99], given->names[50], given->names[100],
                              given->names[101], given->names[102]};
        assert_int_equal(engine_unblock(&fixture->engine, CAMPAIGN, gone, 5, NULL), LB_OK);
        const char *new = descending ? "newer" : "new";
        assert_int_equal(engine_block(&fixture->engine, CAMPAIGN, &new, 1, NULL, NULL), LB_OK);
        query.cursor = cursor;
        page(fixture, &query, after);
        assert_int_equal(after->count, 100);
        for (unsigned i = 0; i < 100; i++)
            assert_string_equal(after->names[i], given->names[103 + i]);
    }
    free(after);
    free(given);
}

static void a_search_finds_parts_of_names_over_many_pages(void **state)
{
    struct fixture *fixture = *state;
    struct given *given = calloc(1, sizeof *given);
    for (int descending = 0; descending < 2; descending++) {
        struct lb_page_query query = query_of(fixture, 4);
        query.term = LB_STR("-find");
        query.descending = descending;
        assert_int_equal(walk(fixture, query, given), 7); /* 25 of them */
        assert_int_equal(given->count, 25);
        for (unsigned i = 0; i < 25; i++)
            assert_string_equal(given->names[i],
                                fixture->names[(descending ? 24 - i : i) * 100 + 7]);
        query.skip = 23;
        given->count = 0;
        struct lb_page_result result = page(fixture, &query, given);
        assert_int_equal(given->count, 2);
        assert_int_equal(result.next, 0);
        assert_false(result.total_known);
    }
    free(given);
}

/* What one call with `query` gives, in pieces of `look` entries; returns how many pieces. */
static unsigned page_in_pieces(struct fixture *fixture, struct lb_page_query query, size_t look,
                               struct given *given, struct lb_page_result *out)
{
    struct lb_page_progress progress = {.look = look};
    unsigned pieces = 0;
    query.progress = &progress;
    given->count = 0;
    do {
        size_t before = given->count;
        *out = page(fixture, &query, given);
        assert_true(given->count - before <= look);
        fixture->engine.store->ops->reader_rest(fixture->reader);
        pieces++;
    } while (out->unfinished);
    return pieces;
}

static void a_page_in_pieces_is_the_same_page(void **state)
{
    struct fixture *fixture = *state;
    struct given *whole = calloc(1, sizeof *whole);
    struct given *given = calloc(1, sizeof *given);
    static const size_t looks[] = {1, 7, 999, 1000, 1001, 2499, 2500, 2501};
    static const char *const terms[] = {"", "-find", "lead-2499", "lead", "nobody"};
    static const size_t takes[] = {0, 4, 24, 25, 1000};
    for (unsigned i = 0; i < 5 * 5 * 2 * 2 * 2; i++) {
        struct lb_page_query query = query_of(fixture, takes[i % 5]);
        query.term = lb_str(terms[i / 5 % 5]);
        query.descending = i / 25 % 2;
        query.skip = i / 50 % 2 ? 2 : 0;
        query.cursor = i / 100 % 2 ? fixture->first + 1200 : 0;
        whole->count = 0;
        struct lb_page_result result = page(fixture, &query, whole);
        assert_false(result.unfinished);
        for (size_t k = 0; k < sizeof looks / sizeof *looks; k++) {
            struct lb_page_result last;
            page_in_pieces(fixture, query, looks[k], given, &last);
            assert_int_equal(last.next, result.next);
            assert_int_equal(last.total_known, result.total_known);
            assert_int_equal(given->count, whole->count);
            assert_memory_equal(given->ids, whole->ids, whole->count * sizeof *whole->ids);
        }
    }
    free(given);
    free(whole);
}

/* What is given in pauses is the same, too. */
static void a_call_pauses_when_it_is_told_to(void **state)
{
    struct fixture *fixture = *state;
    struct given *given = calloc(1, sizeof *given);
    for (unsigned i = 0; i < 4; i++) {
        struct lb_page_progress progress = {.look = 1000};
        struct lb_page_query query = query_of(fixture, SIZE_MAX);
        struct lb_page_result result;
        unsigned calls = 0;
        query.progress = &progress;
        query.descending = i % 2;
        query.term = i / 2 ? LB_STR("lead") : (struct lb_str){0};
        *given = (struct given){.progress = &progress, .pause_each = 7};
        do {
            size_t before = given->count;
            result = page(fixture, &query, given);
            assert_true(given->count - before <= 7);
            calls++;
        } while (result.unfinished);
        size_t wanted = query.term.len ? LEADS - 1 : LEADS; /* one has a member id */
        assert_int_equal(given->count, wanted);
        assert_true(calls > wanted / 7);
        for (size_t k = 1; k < given->count; k++)
            assert_true(query.descending ? given->ids[k] < given->ids[k - 1]
                                         : given->ids[k] > given->ids[k - 1]);
    }
    free(given);
}

/* Who comes while a list is walked is left out, in either direction. */
static void a_fixed_walk_ends_where_the_list_ended_when_it_began(void **state)
{
    struct fixture *fixture = *state;
    struct given *given = calloc(1, sizeof *given);
    const char *names[] = {"comes-first", "comes-second"};
    for (unsigned descending = 0; descending < 2; descending++) {
        struct lb_page_progress progress = {.look = 1000, .fixed = true};
        struct lb_page_query query = query_of(fixture, SIZE_MAX);
        struct lb_page_result result;
        query.progress = &progress;
        query.descending = descending;
        given->count = 0;
        result = page(fixture, &query, given);
        assert_true(result.unfinished);
        assert_int_equal(
            engine_block(&fixture->engine, CAMPAIGN, &names[descending], 1, NULL, NULL), LB_OK);
        while (result.unfinished)
            result = page(fixture, &query, given);
        assert_int_equal(given->count, LEADS + descending); /* the one of the round before */
        for (size_t i = 0; i < given->count; i++)
            assert_string_not_equal(given->names[i], names[descending]);
        assert_int_equal(result.next, 0);
    }
    for (unsigned i = 0; i < 2; i++)
        assert_int_equal(engine_unblock(&fixture->engine, CAMPAIGN, &names[i], 1, NULL), LB_OK);
    free(given);
}

static void no_piece_looks_at_more_than_it_may(void **state)
{
    struct fixture *fixture = *state;
    struct given *given = calloc(1, sizeof *given);
    struct lb_page_query query = query_of(fixture, 10);
    struct lb_page_result result;
    query.term = LB_STR("nobody");
    assert_int_equal(page_in_pieces(fixture, query, 100, given, &result), LEADS / 100 + 1);
    assert_int_equal(page_in_pieces(fixture, query, 1200, given, &result), 3);
    query.term = (struct lb_str){0}; /* to skip from a cursor takes as long as a search */
    query.cursor = fixture->first;
    query.skip = 1000;
    assert_int_equal(page_in_pieces(fixture, query, 100, given, &result), 11);
    assert_int_equal(given->ids[0], fixture->first + 1001);
    free(given);
}

static void a_search_may_find_nothing_or_the_very_last(void **state)
{
    struct fixture *fixture = *state;
    struct given *given = calloc(1, sizeof *given);
    struct lb_page_query query = query_of(fixture, 5);
    query.term = LB_STR("nobody");
    assert_int_equal(page(fixture, &query, given).next, 0);
    assert_int_equal(given->count, 0);
    query.term = LB_STR("lead-2499");
    assert_int_equal(page(fixture, &query, given).next, 0);
    assert_int_equal(given->count, 1);
    query.term = LB_STR("lead-24999");
    page(fixture, &query, given);
    assert_int_equal(given->count, 1);
    free(given);
}

/* Terms come folded; member ids keep their case. */
static void a_member_id_is_found_by_a_term_in_lower_case(void **state)
{
    struct fixture *fixture = *state;
    struct given *given = calloc(1, sizeof *given);
    static const char *const terms[] = {"acoaab1cd2ef3gh4ij5kl6mn7op8qr9st0uvwxyz", "vwxyz",
                                        "acoaab1cd"};
    struct lb_page_query query = query_of(fixture, 5);
    for (size_t i = 0; i < sizeof terms / sizeof *terms; i++) {
        given->count = 0;
        query.term = lb_str(terms[i]);
        page(fixture, &query, given);
        assert_int_equal(given->count, 1);
        assert_string_equal(given->names[0], MEMBER);
    }
    free(given);
}

static void a_list_holds_its_own_entries_only(void **state)
{
    struct fixture *fixture = *state;
    struct given *given = calloc(1, sizeof *given);
    struct lb_page_query query = query_of(fixture, 10);
    query.list = engine_list(&fixture->engine, "other");
    assert_int_equal(page(fixture, &query, given).total, 0);
    query.list = engine_list(&fixture->engine, NULL);
    assert_int_equal(page(fixture, &query, given).total, 0);
    query.term = LB_STR("lead");
    page(fixture, &query, given);
    assert_int_equal(given->count, 0);
    free(given);
}

static void a_page_stops_where_its_taker_fails(void **state)
{
    struct fixture *fixture = *state;
    struct given *given = calloc(1, sizeof *given);
    struct lb_page_query query = query_of(fixture, 10);
    struct lb_page_result result;
    given->fail_at = 4;
    assert_int_equal(lb_blocklist_page(fixture->engine.blocklist, fixture->reader, &query, given,
                                       take_entry, &result),
                     LB_ERR_INTERNAL);
    assert_int_equal(given->count, 3);
    free(given);
}

static void an_entry_is_read_by_its_id(void **state)
{
    struct fixture *fixture = *state;
    struct lb_store *store = fixture->engine.store;
    struct lb_entry entry;
    static const unsigned numbers[] = {0, 99, 100, 199, 2499};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        uint64_t id = fixture->first + numbers[i];
        assert_int_equal(lb_blocklist_entry(store, fixture->reader, 1, id, &entry), LB_OK);
        assert_int_equal(entry.id, id);
        assert_true(lb_str_equal(entry.key, lb_str(fixture->names[numbers[i]])));
        assert_true(lb_str_equal(entry.reason, LB_STR("why")));
        assert_true(entry.at > INT64_C(1700000000000));
    }
    const char *name = fixture->names[0];
    struct outcome outcome;
    assert_int_equal(engine_unblock(&fixture->engine, CAMPAIGN, &name, 1, &outcome), LB_OK);
    static const uint64_t none[] = {0, LB_ENTRY_ID_MAX, UINT64_MAX / 2};
    for (size_t i = 0; i < sizeof none / sizeof *none; i++)
        assert_int_equal(lb_blocklist_entry(store, fixture->reader, 1, none[i], &entry),
                         LB_ERR_NOT_FOUND);
    /* Unblocking has an id too, but is no entry. */
    assert_int_equal(lb_blocklist_entry(store, fixture->reader, 1, outcome.change, &entry),
                     LB_ERR_NOT_FOUND);
    engine_block(&fixture->engine, CAMPAIGN, &name, 1, NULL, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pages_cover_a_list_once_in_either_direction),
        cmocka_unit_test(skip_leaves_out_the_first_ones),
        cmocka_unit_test(skip_counts_from_the_cursor_when_there_is_one),
        cmocka_unit_test(a_page_of_none_tells_the_total),
        cmocka_unit_test(a_search_finds_parts_of_names_over_many_pages),
        cmocka_unit_test(a_page_in_pieces_is_the_same_page),
        cmocka_unit_test(a_call_pauses_when_it_is_told_to),
        cmocka_unit_test(a_fixed_walk_ends_where_the_list_ended_when_it_began),
        cmocka_unit_test(no_piece_looks_at_more_than_it_may),
        cmocka_unit_test(a_search_may_find_nothing_or_the_very_last),
        cmocka_unit_test(a_member_id_is_found_by_a_term_in_lower_case),
        cmocka_unit_test(a_list_holds_its_own_entries_only),
        cmocka_unit_test(a_page_stops_where_its_taker_fails),
        /* These change the list. */
        cmocka_unit_test(a_cursor_stays_good_when_the_list_changes),
        cmocka_unit_test(an_entry_is_read_by_its_id),
    };
    return cmocka_run_group_tests_name("page", tests, setup, teardown);
}
