/* Changes of blocklists: blocking, unblocking, undoing, and what a change looks at once more. */
#include "domain/blocklist/entry.h"
#include "domain/blocklist/expiry.h"
#include "domain/blocklist/internal.h"
#include "base/clock.h"
#include "support/engine.h"
#include "support/tsan.h"

#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
/* After the above. */
#include <cmocka.h>

#define C         "c"
#define MANY      250 /* more items than two rows of the log hold */
#define NAME_SIZE 32

#define COUNT(array) (sizeof(array) / sizeof *(array))

struct fixture {
    struct engine engine;
    struct engine_place place;
    struct lb_store_ops ops; /* of the store, but for `commit` */
    unsigned full_commits;   /* so many commits to come find the disk full */
    bool unknown_commits;    /* of none is known whether it was recorded */
    bool slow_commits;       /* what is sent meanwhile makes one batch */
};

static struct fixture *of_ops; /* ops have no context of their own */
static lb_err (*real_commit)(struct lb_store *store);

static lb_err commit(struct lb_store *store)
{
    if (of_ops->unknown_commits)
        return LB_ERR_OUTCOME_UNKNOWN;
    if (of_ops->slow_commits)
        poll(NULL, 0, 50);
    if (of_ops->full_commits == 0)
        return real_commit(store);
    of_ops->full_commits--;
    return LB_ERR_STORAGE_FULL;
}

static int setup(void **state)
{
    struct fixture *fixture = *state = of_ops = calloc(1, sizeof *fixture);
    return engine_begin(&fixture->engine, &fixture->place) ||
           engine_make_campaign(&fixture->engine, C);
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;
    int failed = engine_end(&fixture->engine, &fixture->place);
    free(fixture);
    return failed;
}

static struct outcome block(struct engine *engine, const char *campaign, const char *name)
{
    struct outcome outcome = {0};
    assert_int_equal(engine_block(engine, campaign, &name, 1, NULL, &outcome), LB_OK);
    return outcome;
}

static struct outcome unblock(struct engine *engine, const char *campaign, const char *name)
{
    struct outcome outcome = {0};
    assert_int_equal(engine_unblock(engine, campaign, &name, 1, &outcome), LB_OK);
    return outcome;
}

static struct outcome undo(struct engine *engine, uint64_t change)
{
    struct outcome outcome = {0};
    assert_int_equal(engine_undo(engine, change, &outcome), LB_OK);
    return outcome;
}

static uint64_t entries(const struct engine *engine)
{
    return atomic_load(&engine->workspace->entries);
}

static void fill_names(char names[MANY][NAME_SIZE], const char **pointers)
{
    for (unsigned i = 0; i < MANY; i++) {
        snprintf(names[i], NAME_SIZE, "lead-%u", i);
        pointers[i] = names[i];
    }
}

static uint64_t count_blocked(const struct engine *engine, const char *const *names)
{
    uint64_t count = 0;
    for (unsigned i = 0; i < MANY; i++)
        count += engine_check(engine, C, names[i]) != 0;
    return count;
}

/* --- blocking --------------------------------------------------------------------------------- */

static void blocking_twice_is_blocking_once(void **state)
{
    struct engine *engine = engine_of(state);
    struct outcome first = block(engine, C, "john");
    assert_int_equal(first.blocked, 1);
    assert_int_not_equal(first.change, 0);
    uint64_t entry = engine_check(engine, C, "john");
    assert_int_equal(entry, first.change);
    struct outcome again = block(engine, C, "john");
    assert_int_equal(again.blocked, 0);
    assert_int_equal(again.change, 0); /* names no change */
    assert_int_equal(engine_check(engine, C, "john"), entry);
    assert_int_equal(entries(engine), 1);
}

static void a_lead_that_one_request_names_twice_is_one_entry(void **state)
{
    struct engine *engine = engine_of(state);
    const char *names[] = {"john", "jane", "john", "john"};
    struct outcome outcome;
    assert_int_equal(engine_block(engine, C, names, 4, NULL, &outcome), LB_OK);
    assert_int_equal(outcome.blocked, 2);
    assert_int_equal(entries(engine), 2);
    assert_int_equal(engine_unblock(engine, C, names, 4, &outcome), LB_OK);
    assert_int_equal(outcome.unblocked, 2);
    assert_int_equal(entries(engine), 0);
}

static void lists_are_apart_and_the_workspace_s_counts_everywhere(void **state)
{
    struct engine *engine = engine_of(state);
    assert_int_equal(engine_make_campaign(engine, "other"), LB_OK);
    block(engine, C, "john");
    assert_int_not_equal(engine_check(engine, C, "john"), 0);
    assert_int_equal(engine_check(engine, "other", "john"), 0);
    assert_int_equal(engine_check(engine, NULL, "john"), 0);
    struct lb_verdict verdict =
        lb_blocklist_check(engine->blocklist, engine_list(engine, C), LB_STR("john"));
    assert_int_equal(verdict.scope, LB_SCOPE_CAMPAIGN);
    block(engine, NULL, "john");
    assert_int_not_equal(engine_check(engine, "other", "john"), 0);
    verdict = lb_blocklist_check(engine->blocklist, engine_list(engine, C), LB_STR("john"));
    assert_int_equal(verdict.scope, LB_SCOPE_WORKSPACE);
    assert_int_equal(unblock(engine, NULL, "john").unblocked, 1);
    verdict = lb_blocklist_check(engine->blocklist, engine_list(engine, C), LB_STR("john"));
    assert_int_equal(verdict.scope, LB_SCOPE_CAMPAIGN);
    assert_int_equal(entries(engine), 1);
}

static void many_checks_agree_with_single_ones(void **state)
{
    struct engine *engine = engine_of(state);
    static char names[MANY][NAME_SIZE];
    const char *pointers[MANY];
    struct lb_str asked[MANY];
    struct lb_verdict verdicts[MANY];
    fill_names(names, pointers);
    for (unsigned i = 0; i < MANY; i++)
        asked[i] = lb_str(names[i]);
    assert_int_equal(engine_block(engine, C, pointers + 100, 50, NULL, NULL), LB_OK);
    assert_int_equal(engine_block(engine, NULL, pointers + 120, 60, NULL, NULL), LB_OK);
    const char *campaigns[] = {C, NULL};
    for (int n = 0; n < 2; n++) {
        struct lb_list list = engine_list(engine, campaigns[n]);
        lb_blocklist_check_many(engine->blocklist, list, asked, MANY, verdicts, NULL);
        for (unsigned i = 0; i < MANY; i++) {
            struct lb_verdict one = lb_blocklist_check(engine->blocklist, list, asked[i]);
            assert_int_equal(verdicts[i].scope, one.scope);
            assert_int_equal(verdicts[i].entry, one.entry);
            bool expected = (n == 0 && i >= 100 && i < 150) || (i >= 120 && i < 180);
            assert_int_equal(one.entry != 0, expected);
        }
    }
}

static lb_err block_with_reasons(struct engine *engine, struct lb_change_item *items, size_t count,
                                 struct lb_change *out)
{
    struct lb_fingerprint fingerprints[8];
    *out = (struct lb_change){.blocklist = engine->blocklist,
                              .standing = engine_standing(engine, C),
                              .items = items,
                              .fingerprints = fingerprints,
                              .count = count};
    lb_change_block(out);
    return engine_submit(engine, &out->write);
}

static void every_entry_keeps_its_own_reason(void **state)
{
    struct engine *engine = engine_of(state);
    struct lb_change_item items[] = {{.key = LB_STR("a"), .reason = LB_STR("one")},
                                     {.key = LB_STR("b")},
                                     {.key = LB_STR("c")},
                                     {.key = LB_STR("d"), .reason = LB_STR("")},
                                     {.key = LB_STR("e"), .reason = LB_STR("two")},
                                     {.key = LB_STR("f"), .reason = LB_STR("one")}};
    struct lb_change change;
    struct lb_store_reader *reader;
    assert_int_equal(block_with_reasons(engine, items, 6, &change), LB_OK);
    assert_int_equal(change.blocked, 6);
    assert_int_equal(engine->store->ops->reader_open(engine->store, &reader), LB_OK);
    for (unsigned i = 0; i < 6; i++) {
        struct lb_entry entry;
        assert_int_equal(lb_blocklist_entry(engine->store, reader, 1, change.id.number + i, &entry),
                         LB_OK);
        assert_true(lb_str_equal(entry.key, items[i].key));
        assert_true(lb_str_equal(entry.reason, items[i].reason));
        assert_int_equal(entry.reason.ptr == NULL, items[i].reason.ptr == NULL);
    }
    engine->store->ops->reader_close(reader);
    assert_int_equal(undo(engine, change.id.number).unblocked, 6); /* all its rows are one change */
}

static void unblocking_by_id_takes_that_entry_only(void **state)
{
    struct engine *engine = engine_of(state);
    block(engine, NULL, "john");
    uint64_t old = engine_check(engine, NULL, "john");
    unblock(engine, NULL, "john");
    block(engine, NULL, "john");
    block(engine, C, "jane");
    uint64_t new = engine_check(engine, NULL, "john");
    uint64_t elsewhere = engine_check(engine, C, "jane");
    uint64_t ids[] = {old, elsewhere, 0, LB_ENTRY_ID_MAX, UINT64_MAX};
    struct outcome outcome;
    assert_int_equal(engine_unblock_ids(engine, ids, 5, &outcome), LB_OK);
    assert_int_equal(outcome.unblocked, 0);
    assert_int_equal(outcome.change, 0);
    assert_int_equal(entries(engine), 2);
    uint64_t twice[] = {new, new};
    assert_int_equal(engine_unblock_ids(engine, twice, 2, &outcome), LB_OK);
    assert_int_equal(outcome.unblocked, 1);
    assert_int_equal(engine_check(engine, NULL, "john"), 0);
    assert_int_equal(entries(engine), 1);
}

/* --- undo ------------------------------------------------------------------------------------- */

static void undo_takes_a_block_back(void **state)
{
    struct engine *engine = engine_of(state);
    block(engine, C, "old");
    const char *names[] = {"old", "new"};
    struct outcome outcome;
    assert_int_equal(engine_block(engine, C, names, 2, NULL, &outcome), LB_OK);
    struct outcome undone = undo(engine, outcome.change);
    assert_int_equal(undone.unblocked, 1);
    assert_int_equal(undone.blocked, 0);
    assert_int_not_equal(engine_check(engine, C, "old"), 0); /* was blocked before */
    assert_int_equal(engine_check(engine, C, "new"), 0);
    assert_int_equal(entries(engine), 1);
}

static void undo_restores_what_an_unblock_took_with_its_old_entry(void **state)
{
    struct engine *engine = engine_of(state);
    block(engine, C, "john");
    uint64_t entry = engine_check(engine, C, "john");
    struct outcome undone = undo(engine, unblock(engine, C, "john").change);
    assert_int_equal(undone.blocked, 1);
    assert_int_equal(engine_check(engine, C, "john"), entry);
    assert_int_equal(entries(engine), 1);
}

static void undo_can_be_undone(void **state)
{
    struct engine *engine = engine_of(state);
    uint64_t change = block(engine, C, "john").change;
    for (int i = 0; i < 4; i++) {
        struct outcome outcome = undo(engine, change);
        assert_int_equal(outcome.unblocked, i % 2 == 0);
        assert_int_equal(outcome.blocked, i % 2);
        assert_int_equal(engine_check(engine, C, "john") != 0, i % 2);
        change = outcome.change;
    }
}

static void a_second_undo_of_the_same_change_does_nothing(void **state)
{
    struct engine *engine = engine_of(state);
    uint64_t change = block(engine, C, "john").change;
    undo(engine, change);
    block(engine, C, "john");
    struct outcome again = undo(engine, change);
    assert_int_equal(again.unblocked + again.blocked, 0);
    assert_int_equal(again.change, 0);
    assert_int_not_equal(engine_check(engine, C, "john"), 0);
}

static void what_was_undone_stays_undone_when_an_unblock_is(void **state)
{
    struct engine *engine = engine_of(state);
    uint64_t first = block(engine, C, "john").change;
    uint64_t taken = unblock(engine, C, "john").change;
    struct outcome undone = undo(engine, first);
    assert_true(undone.unblocked == 0 && undone.change != 0); /* it is remembered */
    assert_int_equal(undo(engine, taken).blocked, 0);
    assert_int_equal(engine_check(engine, C, "john"), 0);
    assert_int_equal(undo(engine, undone.change).blocked, 1);
    assert_int_equal(engine_check(engine, C, "john"), first);
}

static void an_undone_unblock_stands_beside_what_was_blocked_anew(void **state)
{
    struct engine *engine = engine_of(state);
    uint64_t first = block(engine, C, "john").change;
    uint64_t taken = unblock(engine, C, "john").change;
    uint64_t second = block(engine, C, "john").change;
    assert_int_equal(undo(engine, taken).blocked, 0);         /* blocked already, by the second */
    assert_int_equal(engine_check(engine, C, "john"), first); /* the oldest is shown */
    assert_int_equal(undo(engine, second).unblocked, 0);
    assert_int_equal(engine_check(engine, C, "john"), first);
    assert_int_equal(entries(engine), 1);
}

static void undo_of_what_is_no_change_of_the_workspace_is_refused(void **state)
{
    struct engine *engine = engine_of(state);
    struct lb_workspace *own = engine->workspace;
    const char *names[] = {"john", "jane"};
    struct outcome outcome;
    assert_int_equal(engine_block(engine, C, names, 2, NULL, &outcome), LB_OK);
    const uint64_t none[] = {0, outcome.change + 1, outcome.change + 2, LB_ENTRY_ID_MAX,
                             UINT64_MAX / 2};
    for (size_t i = 0; i < sizeof none / sizeof *none; i++)
        assert_int_equal(engine_undo(engine, none[i], NULL), LB_ERR_NOT_FOUND);
    assert_int_equal(engine_make_workspace(engine), LB_OK); /* somebody else's */
    assert_int_equal(engine_undo(engine, outcome.change, NULL), LB_ERR_NOT_FOUND);
    engine->workspace = own;
    assert_int_not_equal(engine_check(engine, C, "john"), 0);
    assert_int_equal(undo(engine, outcome.change).unblocked, 2);
}

/* Rows hold a hundred items; a change may have many rows, and be the last of the log. */
static void a_change_of_many_rows_is_undone_whole(void **state)
{
    struct engine *engine = engine_of(state);
    static char names[MANY][NAME_SIZE];
    const char *pointers[MANY];
    struct outcome outcome;
    fill_names(names, pointers);
    assert_int_equal(engine_block(engine, C, pointers, MANY, "why", &outcome), LB_OK);
    uint64_t change = outcome.change;
    block(engine, C, "follows"); /* is not part of it */
    assert_int_equal(undo(engine, change).unblocked, MANY);
    assert_int_equal(count_blocked(engine, pointers), 0);
    assert_int_not_equal(engine_check(engine, C, "follows"), 0);
    assert_int_equal(engine_block(engine, C, pointers, MANY, NULL, NULL), LB_OK);
    assert_int_equal(engine_unblock(engine, C, pointers, MANY, &outcome), LB_OK);
    struct outcome restored = undo(engine, outcome.change); /* the last of the log */
    assert_int_equal(restored.blocked, MANY);
    assert_int_equal(count_blocked(engine, pointers), MANY);
    assert_int_equal(undo(engine, restored.change).unblocked, MANY);
    assert_int_equal(entries(engine), 1);
}

static void a_change_of_exactly_one_row_ends_there(void **state)
{
    struct engine *engine = engine_of(state);
    static char names[MANY][NAME_SIZE];
    const char *pointers[MANY];
    struct outcome first;
    struct outcome second;
    fill_names(names, pointers);
    assert_int_equal(engine_block(engine, C, pointers, 100, NULL, &first), LB_OK);
    assert_int_equal(engine_block(engine, C, pointers + 100, 100, NULL, &second), LB_OK);
    assert_int_equal(undo(engine, first.change).unblocked, 100);
    assert_int_equal(count_blocked(engine, pointers), 100);
    assert_int_equal(undo(engine, second.change).unblocked, 100);
}

static void changes_of_a_deleted_campaign_can_be_undone(void **state)
{
    struct engine *engine = engine_of(state);
    uint64_t blocked = block(engine, C, "john").change;
    uint64_t unblocked = unblock(engine, C, "john").change;
    assert_int_equal(engine_delete_campaign(engine, C), LB_OK);
    assert_int_equal(undo(engine, unblocked).blocked, 1);
    assert_int_not_equal(engine_check(engine, C, "john"), 0);
    assert_int_equal(engine_make_campaign(engine, C), LB_OK);
    assert_int_not_equal(engine_check(engine, C, "john"), 0);
    assert_int_equal(undo(engine, blocked).unblocked, 1);
    assert_int_equal(engine_check(engine, C, "john"), 0);
}

static void changes_of_a_list_that_has_ended_cannot_be_undone(void **state)
{
    struct engine *engine = engine_of(state);
    uint64_t blocked = block(engine, C, "john").change;
    uint64_t unblocked = unblock(engine, C, "john").change;
    assert_int_equal(engine_drop_campaign(engine, C), LB_OK);
    assert_int_equal(engine_undo(engine, blocked, NULL), LB_ERR_NOT_FOUND);
    assert_int_equal(engine_make_campaign(engine, C), LB_OK); /* another one by that name */
    assert_int_equal(engine_undo(engine, unblocked, NULL), LB_ERR_NOT_FOUND);
    assert_int_equal(engine_check(engine, C, "john"), 0);
}

/* --- campaigns -------------------------------------------------------------------------------- */

static void a_list_that_ends_leaves_memory(void **state)
{
    struct engine *engine = engine_of(state);
    static char names[MANY][NAME_SIZE];
    const char *pointers[MANY];
    struct lb_blocklist_stats stats;
    fill_names(names, pointers);
    block(engine, NULL, "stays");
    for (int i = 0; i < 5; i++) { /* more than one turn of upkeep takes */
        for (unsigned k = 0; k < MANY; k++)
            snprintf(names[k], NAME_SIZE, "lead-%u", (unsigned)i * MANY + k);
        assert_int_equal(engine_block(engine, C, pointers, MANY, NULL, NULL), LB_OK);
    }
    assert_int_equal(engine_delete_campaign(engine, C), LB_OK);
    assert_int_equal(entries(engine), 5 * MANY + 1);
    assert_int_equal(engine_drop_campaign(engine, C), LB_OK);
    uint64_t until = lb_clock_mono_ms() + 10000;
    lb_rcu_offline();
    while (entries(engine) > 1 && lb_clock_mono_ms() < until)
        poll(NULL, 0, 5);
    lb_rcu_online();
    assert_int_equal(entries(engine), 1);
    lb_blocklist_stats(engine->blocklist, &stats);
    assert_int_equal(stats.index.entries, 1);
    assert_int_equal(engine_make_campaign(engine, C), LB_OK);
    assert_int_equal(count_blocked(engine, pointers), 0);
    assert_int_not_equal(engine_check(engine, NULL, "stays"), 0);
}

/* --- what is looked at once more -------------------------------------------------------------- */

struct attempt {
    struct lb_change change;
    struct lb_change_item item;
    struct lb_fingerprint fingerprint;
};

static void prepare(struct engine *engine, struct attempt *attempt, const char *name)
{
    *attempt = (struct attempt){.item.key = lb_str(name)};
    attempt->change = (struct lb_change){.blocklist = engine->blocklist,
                                         .standing = engine_standing(engine, C),
                                         .items = &attempt->item,
                                         .fingerprints = &attempt->fingerprint,
                                         .count = 1};
    lb_change_block(&attempt->change);
}

static void a_key_that_was_revoked_meanwhile_changes_nothing(void **state)
{
    struct engine *engine = engine_of(state);
    struct lb_admin_change made = {
        .directory = engine->directory, .workspace = engine->workspace, .key_row = {.name = "key"}};
    lb_admin_create_key(&made);
    assert_int_equal(engine_submit(engine, &made.write), LB_OK);
    struct attempt attempt;
    prepare(engine, &attempt, "john");
    attempt.change.standing.key = made.key;
    struct lb_admin_change revoked = {.directory = engine->directory, .key = made.key};
    lb_admin_revoke_key(&revoked);
    assert_int_equal(engine_submit(engine, &revoked.write), LB_OK);
    assert_int_equal(engine_submit(engine, &attempt.change.write), LB_ERR_INVALID_API_KEY);
    assert_int_equal(engine_check(engine, C, "john"), 0);
}

static void a_licence_that_ended_meanwhile_stops_what_needs_one(void **state)
{
    struct engine *engine = engine_of(state);
    struct attempt needs;
    struct attempt needs_none;
    prepare(engine, &needs, "john");
    needs.change.standing.needs_license = true;
    prepare(engine, &needs_none, "jane");
    atomic_store(&engine->workspace->plan, LB_PLAN_STARTER);
    assert_int_equal(engine_submit(engine, &needs.change.write), LB_ERR_LICENSE_REQUIRED);
    assert_int_equal(engine_submit(engine, &needs_none.change.write), LB_OK);
    atomic_store(&engine->workspace->plan, LB_PLAN_PRO);
    atomic_store(&engine->workspace->expires_at, 1);
    assert_int_equal(engine_submit(engine, &needs.change.write), LB_ERR_LICENSE_EXPIRED);
    assert_int_equal(engine_check(engine, C, "john"), 0);
}

static void a_campaign_that_was_deleted_or_replaced_meanwhile_is_not_found(void **state)
{
    struct engine *engine = engine_of(state);
    struct attempt attempt;
    prepare(engine, &attempt, "john");
    assert_int_equal(engine_delete_campaign(engine, C), LB_OK);
    assert_int_equal(engine_submit(engine, &attempt.change.write), LB_ERR_CAMPAIGN_NOT_FOUND);
    assert_int_equal(engine_make_campaign(engine, C), LB_OK);
    assert_int_equal(engine_submit(engine, &attempt.change.write), LB_ERR_CAMPAIGN_NOT_FOUND);
    assert_int_equal(engine_check(engine, C, "john"), 0);
    assert_int_equal(entries(engine), 0);
}

/* --- the limit of a workspace ----------------------------------------------------------------- */

static void a_workspace_may_be_filled_to_its_limit_and_no_further(void **state)
{
    struct engine *engine = engine_of(state);
    engine->blocklist->max_workspace_entries = 3;
    const char *three[] = {"a", "b", "c"};
    const char *same[] = {"a", "d", "d", "b"}; /* one that is new */
    const char *more[] = {"a", "e"};
    struct outcome outcome;
    assert_int_equal(engine_block(engine, C, three, 2, NULL, NULL), LB_OK);
    assert_int_equal(engine_block(engine, C, same, 4, NULL, &outcome), LB_OK);
    assert_int_equal(outcome.blocked, 1);
    assert_int_equal(engine_block(engine, C, more, 2, NULL, NULL), LB_ERR_WORKSPACE_OVERLOADED);
    assert_int_equal(engine_check(engine, C, "e"), 0);
    assert_int_equal(engine_block(engine, C, three, 2, NULL, &outcome), LB_OK); /* nothing new */
    assert_int_equal(outcome.blocked, 0);
    unblock(engine, C, "b");
    assert_int_equal(block(engine, NULL, "e").blocked, 1);
    assert_int_equal(entries(engine), 3);
    engine->blocklist->max_workspace_entries = 2; /* lowered under what is there */
    assert_int_equal(engine_block(engine, C, &more[1], 1, NULL, NULL), LB_ERR_WORKSPACE_OVERLOADED);
    assert_int_equal(unblock(engine, C, "a").unblocked, 1);
}

static void undo_does_not_exceed_the_limit_either(void **state)
{
    struct engine *engine = engine_of(state);
    static char names[MANY][NAME_SIZE];
    const char *pointers[MANY];
    struct outcome unblocked;
    fill_names(names, pointers);
    assert_int_equal(engine_block(engine, C, pointers, MANY, NULL, NULL), LB_OK);
    assert_int_equal(engine_unblock(engine, C, pointers, MANY, &unblocked), LB_OK);
    engine->blocklist->max_workspace_entries = MANY;
    uint64_t other = block(engine, NULL, "other").change;
    assert_int_equal(engine_undo(engine, unblocked.change, NULL), LB_ERR_WORKSPACE_OVERLOADED);
    assert_int_equal(count_blocked(engine, pointers), 0);
    block(engine, C, pointers[7]); /* one less to restore: it fits */
    undo(engine, other);
    assert_int_equal(undo(engine, unblocked.change).blocked, MANY - 1);
    assert_int_equal(entries(engine), MANY);
}

static void arrived(struct lb_task *task)
{
}

/* Everything in one batch: a workspace that is full sends many requests, and another sends one. */
static void a_full_workspace_s_requests_do_no_harm_to_their_neighbours(void **state)
{
    struct engine *engine = engine_of(state);
    struct lb_workspace *full = engine->workspace;
    static struct attempt attempts[100];
    struct lb_task tasks[100];
    struct lb_mailbox *mailbox = lb_mailbox_create();
    engine->blocklist->max_workspace_entries = 1;
    block(engine, C, "one");
    for (int i = 0; i < 100; i++) {
        if (i == 99) { /* the neighbour */
            assert_int_equal(engine_make_workspace(engine), LB_OK);
            assert_int_equal(engine_make_campaign(engine, C), LB_OK);
        }
        prepare(engine, &attempts[i], "another");
        tasks[i].run = arrived;
        attempts[i].change.write.completion = &tasks[i];
        attempts[i].change.write.home = mailbox;
    }
    for (int i = 0; i < 100; i++)
        assert_int_equal(lb_writer_submit(engine->writer, &attempts[i].change.write), LB_OK);
    struct pollfd waited = {.fd = lb_mailbox_fd(mailbox), .events = POLLIN};
    lb_rcu_offline();
    for (size_t done = 0; done < 100; done += lb_mailbox_drain(mailbox))
        poll(&waited, 1, -1);
    lb_rcu_online();
    for (int i = 0; i < 99; i++)
        assert_int_equal(attempts[i].change.write.result, LB_ERR_WORKSPACE_OVERLOADED);
    assert_int_equal(attempts[99].change.write.result, LB_OK);
    assert_int_equal(atomic_load(&full->entries), 1);
    lb_mailbox_destroy(mailbox);
}

/* --- after a rollback ------------------------------------------------------------------------- */

static void writer_failed(void *context)
{
}

static void fail_commits(struct fixture *fixture, unsigned count)
{
    lb_rcu_offline();
    lb_writer_stop(fixture->engine.writer); /* nobody else looks at the ops */
    lb_rcu_online();
    lb_writer_destroy(fixture->engine.writer);
    fixture->ops = *fixture->engine.store->ops;
    real_commit = fixture->ops.commit;
    fixture->ops.commit = commit;
    fixture->full_commits = count;
    fixture->engine.store->ops = &fixture->ops;
    struct lb_writer_settings settings = {.store = fixture->engine.store,
                                          .hooks = lb_blocklist_hooks(fixture->engine.blocklist),
                                          .queue_writes = 100,
                                          .queue_bytes = 1 << 20,
                                          .share_percent = 100,
                                          .failed = writer_failed};
    fixture->engine.writer = lb_writer_create(&settings);
    assert_true(lb_writer_start(fixture->engine.writer));
}

/* Submits all of them, and waits for them. */
static void submit_together(struct engine *engine, struct lb_write *const *writes, size_t count)
{
    struct lb_task tasks[8];
    struct lb_mailbox *mailbox = lb_mailbox_create();
    struct pollfd waited = {.fd = lb_mailbox_fd(mailbox), .events = POLLIN};
    for (size_t i = 0; i < count; i++) {
        tasks[i].run = arrived;
        writes[i]->completion = &tasks[i];
        writes[i]->home = mailbox;
        assert_int_equal(lb_writer_submit(engine->writer, writes[i]), LB_OK);
        if (i == 0)
            poll(NULL, 0, 10); /* it has a commit to itself, while which the others come */
    }
    lb_rcu_offline();
    for (size_t done = 0; done < count; done += lb_mailbox_drain(mailbox))
        poll(&waited, 1, -1);
    lb_rcu_online();
    lb_mailbox_destroy(mailbox);
}

/* An id that was given out before a restore, by an earlier epoch or none, in the very batch that
 * takes its number. */
static void an_old_id_is_unknown_beside_the_block_that_takes_its_number(void **state)
{
    static const char *const names[] = {"john", "jane"};
    struct fixture *fixture = *state;
    struct engine *engine = &fixture->engine;
    fail_commits(fixture, 0);
    fixture->slow_commits = true;
    for (unsigned i = 0; i < COUNT(names); i++) {
        struct lb_public_id old = {i + 1, i ? engine_id(engine, i).epoch : 0};
        struct lb_standing standing = engine_standing(engine, NULL);
        struct lb_admin_change first = {.directory = engine->directory,
                                        .workspace = engine->workspace,
                                        .key_row = {.name = "key"}};
        struct lb_change_item item = {.key = lb_str(names[i])};
        struct lb_fingerprint fingerprint;
        struct lb_change change = {.blocklist = engine->blocklist,
                                   .standing = standing,
                                   .items = &item,
                                   .fingerprints = &fingerprint,
                                   .count = 1};
        struct lb_change undo = {
            .blocklist = engine->blocklist, .standing = standing, .undone = old};
        struct lb_change unblock = {
            .blocklist = engine->blocklist, .standing = standing, .ids = &old, .count = 1};
        engine->blocklist->epoch_seed[0] ^= i; /* that of another start */
        engine->blocklist->last_epoch.epoch = 0;
        lb_admin_create_key(&first);
        lb_change_block(&change);
        lb_change_undo(&undo);
        lb_change_unblock_ids(&unblock);
        struct lb_write *const writes[] = {&first.write, &change.write, &undo.write,
                                           &unblock.write};
        submit_together(engine, writes, COUNT(writes));
        assert_int_equal(change.write.result, LB_OK);
        assert_int_equal(change.id.number, old.number);
        assert_int_equal(undo.write.result, LB_ERR_NOT_FOUND);
        assert_int_equal(unblock.write.result, LB_OK);
        assert_int_equal(unblock.unblocked, 0);
        assert_int_not_equal(engine_check(engine, NULL, names[i]), 0);
    }
}

/* Two requests that came at the same time, as from a client that sent its own twice. */
static void a_request_in_the_batch_of_the_one_that_it_repeats_is_none(void **state)
{
    struct fixture *fixture = *state;
    struct engine *engine = &fixture->engine;
    fail_commits(fixture, 0);
    fixture->slow_commits = true;
    struct lb_admin_change first = {
        .directory = engine->directory, .workspace = engine->workspace, .key_row = {.name = "key"}};
    struct lb_change_item item = {.key = LB_STR("john")};
    struct lb_fingerprint fingerprints[2];
    struct lb_change changes[2];
    lb_admin_create_key(&first);
    for (unsigned i = 0; i < COUNT(changes); i++) {
        changes[i] = (struct lb_change){.blocklist = engine->blocklist,
                                        .standing = engine_standing(engine, NULL),
                                        .items = &item,
                                        .fingerprints = &fingerprints[i],
                                        .count = 1};
        lb_change_block(&changes[i]);
    }
    struct lb_write *const writes[] = {&first.write, &changes[0].write, &changes[1].write};
    submit_together(engine, writes, COUNT(writes));
    assert_int_equal(changes[0].blocked, 1);
    assert_int_equal(changes[1].write.result, LB_OK);
    assert_int_equal(changes[1].id.number, 0);
    assert_int_equal(engine_waiting(engine, NULL, "john"), 0);
}

/* A batch that failed was applied before, and another node may have undone the change meanwhile. */
static void an_undo_that_finds_nothing_to_do_tells_nothing_of_its_first_attempt(void **state)
{
    struct engine *engine = &((struct fixture *)*state)->engine;
    struct outcome taken;
    assert_int_equal(engine_block(engine, NULL, (const char *[]){"john"}, 1, NULL, &taken), LB_OK);
    assert_int_equal(engine_undo(engine, taken.change, NULL), LB_OK);
    struct lb_change undo = {.blocklist = engine->blocklist,
                             .standing = engine_standing(engine, NULL),
                             .undone = engine_id(engine, taken.change),
                             .id = {9, 9},
                             .unblocked = 1,
                             .stayed = 1};
    lb_change_undo(&undo);
    assert_int_equal(engine_submit(engine, &undo.write), LB_OK);
    assert_int_equal(undo.id.number, 0);
    assert_int_equal(undo.unblocked, 0);
    assert_int_equal(undo.stayed, 0);
}

/* Other nodes may know the ids that it had. */
static void after_an_unknown_outcome_ids_are_of_another_epoch(void **state)
{
    static const char *const name = "john";
    struct fixture *fixture = *state;
    uint32_t workspace = fixture->engine.workspace->row.no;
    uint64_t before = lb_blocklist_epoch(fixture->engine.blocklist, workspace);
    fail_commits(fixture, 0);
    fixture->unknown_commits = true;
    assert_int_equal(engine_block(&fixture->engine, C, &name, 1, NULL, NULL),
                     LB_ERR_OUTCOME_UNKNOWN);
    uint64_t after = lb_blocklist_epoch(fixture->engine.blocklist, workspace);
    assert_true(after && after != before);
}

static void a_full_disk_leaves_nothing_of_a_block_behind(void **state)
{
    struct fixture *fixture = *state;
    struct engine *engine = &fixture->engine;
    const char *name = "john";
    struct outcome outcome;
    block(engine, C, "jane");
    fail_commits(fixture, 2);
    assert_int_equal(engine_block(engine, C, &name, 1, NULL, NULL), LB_ERR_STORAGE_FULL);
    assert_int_equal(engine_check(engine, C, name), 0);
    assert_int_equal(entries(engine), 1);
    name = "jane";
    assert_int_equal(engine_unblock(engine, C, &name, 1, NULL), LB_ERR_STORAGE_FULL);
    assert_int_not_equal(engine_check(engine, C, name), 0);
    name = "john";
    assert_int_equal(engine_block(engine, C, &name, 1, NULL, &outcome), LB_OK);
    assert_int_equal(outcome.blocked, 1); /* the failed attempt is forgotten */
    assert_int_equal(entries(engine), 2);
}

static void the_last_use_of_a_key_is_written_down_when_a_commit_works(void **state)
{
    struct fixture *fixture = *state;
    struct engine *engine = &fixture->engine;
    struct lb_admin_change made = {
        .directory = engine->directory, .workspace = engine->workspace, .key_row = {.name = "key"}};
    lb_admin_create_key(&made);
    assert_int_equal(engine_submit(engine, &made.write), LB_OK);
    atomic_store(&made.key->last_used_at, 12345);
    fail_commits(fixture, 1);
    struct lb_admin_change touch = {.directory = engine->directory};
    lb_admin_note(&touch);
    assert_int_equal(engine_submit(engine, &touch.write), LB_ERR_STORAGE_FULL);
    assert_int_equal(engine_submit(engine, &touch.write), LB_OK);
    char id[LB_ID_SIZE];
    strcpy(id, made.key->row.id);
    engine_restart(engine, &fixture->place);
    struct lb_key *key = lb_directory_key(engine->directory, lb_str(id));
    assert_int_equal(atomic_load(&key->last_used_at), 12345);
}

static lb_err add_checks(void *context, const struct lb_checks_row *row)
{
    struct lb_checks_row *sum = context;
    sum->checks += row->checks;
    sum->blocked += row->blocked;
    return LB_OK;
}

static void assert_stored_checks(const struct engine *engine, uint64_t checks, uint64_t blocked)
{
    struct lb_store *store = engine->store;
    struct lb_store_reader *reader;
    struct lb_checks_row sum = {.checks = 0};
    assert_int_equal(store->ops->reader_open(store, &reader), LB_OK);
    assert_int_equal(store->ops->checks(reader, engine->workspace->row.no, 0, &sum, add_checks),
                     LB_OK);
    store->ops->reader_close(reader);
    assert_int_equal(sum.checks, checks);
    assert_int_equal(sum.blocked, blocked);
    assert_int_equal(atomic_load(&engine->workspace->stored_checks), checks);
    assert_int_equal(atomic_load(&engine->workspace->stored_checks_blocked), blocked);
}

static void every_check_is_written_down_once(void **state)
{
    struct fixture *fixture = *state;
    struct engine *engine = &fixture->engine;
    struct lb_admin_change note = {.directory = engine->directory};
    lb_admin_note(&note);
    lb_workspace_count_checks(engine->workspace, 5, 2);
    fail_commits(fixture, 1);
    assert_int_equal(engine_submit(engine, &note.write), LB_ERR_STORAGE_FULL);
    assert_stored_checks(engine, 0, 0);
    lb_workspace_count_checks(engine->workspace, 1, 0);
    assert_int_equal(engine_submit(engine, &note.write), LB_OK);
    assert_stored_checks(engine, 6, 2);
    assert_int_equal(engine_submit(engine, &note.write), LB_OK);
    assert_stored_checks(engine, 6, 2);
    lb_workspace_count_checks(engine->workspace, 10, 10);
    assert_int_equal(engine_submit(engine, &note.write), LB_OK);
    assert_stored_checks(engine, 16, 12);
}

/* Both numbers of a check are not counted in the same moment. */
static void a_check_that_was_half_counted_is_not_forgotten(void **state)
{
    struct engine *engine = &((struct fixture *)*state)->engine;
    struct lb_admin_change note = {.directory = engine->directory};
    lb_admin_note(&note);
    atomic_fetch_add(&engine->workspace->checks, 1);
    assert_int_equal(engine_submit(engine, &note.write), LB_OK);
    assert_stored_checks(engine, 1, 0);
    atomic_fetch_add(&engine->workspace->checks_blocked, 1);
    assert_int_equal(engine_submit(engine, &note.write), LB_OK);
    assert_stored_checks(engine, 1, 1);
}

/* Blocks that ended before they were due leave memory in pieces, without pauses: others write
 * between them, and what is due after them has to end in time. */
static void ends_that_are_due_no_more_are_dropped_in_pieces(void **state)
{
    enum { STALE = 5000, MOST = 2500 };
    struct engine *engine = engine_of(state);
    engine_settle(engine);
    const struct lb_blocklist_settings settings = {.directory = engine->directory,
                                                   .store = engine->store};
    struct lb_blocklist *other = lb_blocklist_create(&settings);
    assert_non_null(other);
    assert_true(lb_blocklist_begin_ending(other, NULL));
    struct lb_writer_hooks hooks = lb_blocklist_hooks(other);
    for (uint64_t id = 1; id <= STALE; id++) {
        const struct lb_due_entry due = {.end = 1, .id = id, .fingerprint = {.high = id}};
        assert_true(lb_ends_add(&other->ends, &due));
    }
    lb_ends_commit(&other->ends);
    bool more = true;
    while (more) {
        size_t before = other->ends.count;
        more = hooks.upkeep(hooks.context);
        assert_in_range(before - other->ends.count, 1, MOST);
    }
    assert_int_equal(other->ends.count, 0);
    lb_blocklist_destroy(other);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(blocking_twice_is_blocking_once),
        TEST(a_lead_that_one_request_names_twice_is_one_entry),
        TEST(lists_are_apart_and_the_workspace_s_counts_everywhere),
        TEST(many_checks_agree_with_single_ones),
        TEST(every_entry_keeps_its_own_reason),
        TEST(unblocking_by_id_takes_that_entry_only),
        TEST(undo_takes_a_block_back),
        TEST(undo_restores_what_an_unblock_took_with_its_old_entry),
        TEST(undo_can_be_undone),
        TEST(a_second_undo_of_the_same_change_does_nothing),
        TEST(what_was_undone_stays_undone_when_an_unblock_is),
        TEST(an_undone_unblock_stands_beside_what_was_blocked_anew),
        TEST(undo_of_what_is_no_change_of_the_workspace_is_refused),
        TEST(a_change_of_many_rows_is_undone_whole),
        TEST(a_change_of_exactly_one_row_ends_there),
        TEST(changes_of_a_deleted_campaign_can_be_undone),
        TEST(changes_of_a_list_that_has_ended_cannot_be_undone),
        TEST(a_list_that_ends_leaves_memory),
        TEST(a_key_that_was_revoked_meanwhile_changes_nothing),
        TEST(a_licence_that_ended_meanwhile_stops_what_needs_one),
        TEST(a_campaign_that_was_deleted_or_replaced_meanwhile_is_not_found),
        TEST(a_workspace_may_be_filled_to_its_limit_and_no_further),
        TEST(undo_does_not_exceed_the_limit_either),
        TEST(a_full_workspace_s_requests_do_no_harm_to_their_neighbours),
        TEST(an_old_id_is_unknown_beside_the_block_that_takes_its_number),
        TEST(an_undo_that_finds_nothing_to_do_tells_nothing_of_its_first_attempt),
        TEST(a_request_in_the_batch_of_the_one_that_it_repeats_is_none),
        TEST(after_an_unknown_outcome_ids_are_of_another_epoch),
        TEST(a_full_disk_leaves_nothing_of_a_block_behind),
        TEST(ends_that_are_due_no_more_are_dropped_in_pieces),
        TEST(the_last_use_of_a_key_is_written_down_when_a_commit_works),
        TEST(every_check_is_written_down_once),
        TEST(a_check_that_was_half_counted_is_not_forgotten),
    };
    return cmocka_run_group_tests_name("blocklist", tests, NULL, NULL);
}
