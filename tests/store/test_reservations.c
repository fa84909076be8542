/* What publishing a change needs is taken before its commit: when memory is short, a change is
 * refused and nothing of it recorded, or it is acknowledged and seen; the program never ends. */
#include "base/log.h"
#include "base/rcu.h"
#include "domain/blocklist/internal.h"
#include "support/faulty_vfs.h"
#include "support/outreach.h"
#include "support/starve.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
/* After the above. */
#include <cmocka.h>

#define PATH  "leadblock.db"
#define ITEMS 130 /* of one block: several rows of the log, and more shards */

static struct engine engine;

/* --- Kinds of changes; `round` tells apart what each attempt is about --- */

static const char *const *names_of(unsigned round)
{
    static char texts[ITEMS][32];
    static const char *names[ITEMS];
    for (size_t i = 0; i < ITEMS; i++) {
        snprintf(texts[i], sizeof texts[i], "lead-%u-%zu", round, i);
        names[i] = texts[i];
    }
    return names;
}

static const char *campaign_of(unsigned round)
{
    static char name[32];
    snprintf(name, sizeof name, "campaign-%u", round);
    return name;
}

/* Are all of them blocked (1), none (0), or some (-1)? */
static int blocked(unsigned round, const char *campaign)
{
    const char *const *names = names_of(round);
    int count = 0;
    for (size_t i = 0; i < ITEMS; i++)
        count += engine_check(&engine, campaign, names[i]) != 0;
    return count == ITEMS ? 1 : count ? -1 : 0;
}

static lb_err nothing_before(unsigned round)
{
    return LB_OK;
}

static lb_err block(unsigned round)
{
    return engine_block(&engine, NULL, names_of(round), ITEMS, round % 2 ? "asked" : NULL, NULL);
}

static int is_blocked(unsigned round)
{
    return blocked(round, NULL);
}

static lb_err block_in_new_list(unsigned round)
{
    return engine_block(&engine, campaign_of(round), names_of(round), ITEMS, NULL, NULL);
}

static int is_blocked_in_it(unsigned round)
{
    return blocked(round, campaign_of(round));
}

static lb_err make_campaign(unsigned round)
{
    return engine_make_campaign(&engine, campaign_of(round));
}

static int campaign_exists(unsigned round)
{
    return engine_has_campaign(&engine, campaign_of(round));
}

static lb_err unblock(unsigned round)
{
    return engine_unblock(&engine, NULL, names_of(round), ITEMS, NULL);
}

static int is_unblocked(unsigned round)
{
    return 1 - blocked(round, NULL);
}

static struct outcome last;

static lb_err block_and_unblock(unsigned round)
{
    lb_err err = block(round);
    return err ? err : engine_unblock(&engine, NULL, names_of(round), ITEMS, &last);
}

/* Puts entries back in the midst of others. */
static lb_err undo(unsigned round)
{
    return engine_undo(&engine, last.change, NULL);
}

static struct lb_list filled;

static lb_err fill_campaign(unsigned round)
{
    struct lb_new_lead lead = {.identifier = LB_STR("somebody")};
    lb_err err = make_campaign(round);
    filled = engine_list(&engine, campaign_of(round));
    if (!err)
        err = block_in_new_list(round);
    return err ? err : outreach_add(&engine, campaign_of(round), &lead, 1, NULL);
}

static lb_err delete_campaign(unsigned round)
{
    return outreach_delete_campaign(&engine, campaign_of(round));
}

static int campaign_is_gone(unsigned round)
{
    return !campaign_exists(round);
}

static lb_err fill_and_delete(unsigned round)
{
    lb_err err = fill_campaign(round);
    return err ? err : delete_campaign(round);
}

static lb_err drop_list(unsigned round)
{
    return engine_drop_campaign(&engine, campaign_of(round));
}

static int list_is_gone(unsigned round)
{
    return engine_list(&engine, campaign_of(round)).campaign == UINT32_MAX;
}

static lb_err make_key(unsigned round)
{
    struct lb_admin_change change = {
        .directory = engine.directory, .workspace = engine.workspace, .key_row = {.name = "Test"}};
    lb_admin_create_key(&change);
    return engine_submit(&engine, &change.write);
}

static uint32_t keys_before;

static lb_err count_keys(unsigned round)
{
    keys_before = atomic_load(&engine.workspace->keys);
    return LB_OK;
}

static int has_key_more(unsigned round)
{
    return (int)(atomic_load(&engine.workspace->keys) - keys_before);
}

static lb_err make_workspace(unsigned round)
{
    struct lb_admin_change change = {.directory = engine.directory,
                                     .workspace_row = {.name = "Test", .plan = LB_PLAN_AGENCY}};
    lb_admin_create_workspace(&change);
    return engine_submit(&engine, &change.write);
}

static int workspace_count(void)
{
    int count = 0;
    struct lb_workspace *workspace = lb_directory_workspaces(engine.directory);
    for (; workspace; workspace = lb_rcu_load(&workspace->next))
        count++;
    return count;
}

static int workspaces_before;

static lb_err count_workspaces(unsigned round)
{
    workspaces_before = workspace_count();
    return LB_OK;
}

static int has_workspace_more(unsigned round)
{
    return workspace_count() - workspaces_before;
}

static lb_err make_ready(unsigned round)
{
    struct lb_new_lead lead = {.identifier = LB_STR("somebody")};
    lb_err err = make_campaign(round);
    if (!err)
        err = outreach_add(&engine, campaign_of(round), &lead, 1, NULL);
    return err ? err
               : outreach_add_step(&engine, campaign_of(round),
                                   (struct lb_step_row){.type = LB_STEP_VISIT_PROFILE}, 0, NULL);
}

static lb_err activate(unsigned round)
{
    return outreach_activate(&engine, campaign_of(round));
}

static int is_active(unsigned round)
{
    const struct lb_campaign *campaign = lb_directory_campaign(
        engine.directory, engine.workspace->row.no, lb_str(campaign_of(round)));
    return campaign && atomic_load(&campaign->status) == LB_CAMPAIGN_ACTIVE;
}

static const struct kind {
    const char *name;
    lb_err (*before)(unsigned round);
    lb_err (*change)(unsigned round);
    int (*seen)(unsigned round); /* 1: wholly; 0: not at all */
} kinds[] = {
    {"block", nothing_before, block, is_blocked},
    {"block in a new list", make_campaign, block_in_new_list, is_blocked_in_it},
    {"unblock", block, unblock, is_unblocked},
    {"undo", block_and_unblock, undo, is_blocked},
    {"create a campaign", nothing_before, make_campaign, campaign_exists},
    {"delete a campaign", fill_campaign, delete_campaign, campaign_is_gone},
    {"create a campaign of its id", fill_and_delete, make_campaign, campaign_exists},
    {"drop the list of a campaign", fill_campaign, drop_list, list_is_gone},
    {"drop the list of a deleted campaign", fill_and_delete, drop_list, list_is_gone},
    {"activate a campaign", make_ready, activate, is_active},
    {"create a key", count_keys, make_key, has_key_more},
    {"create a workspace", count_workspaces, make_workspace, has_workspace_more},
};
#define KINDS (sizeof kinds / sizeof *kinds)

/* --- What memory holds --- */

static void mix(uint64_t *sum, uint64_t value)
{
    *sum = (*sum ^ value) * UINT64_C(0x100000001b3);
}

static void mix_list(uint64_t *sum, const struct lb_workspace *workspace, uint32_t campaign)
{
    enum { PAGE = 1000 };
    uint64_t ids[PAGE];
    uint64_t number = lb_list_number((struct lb_list){workspace->row.no, campaign});
    uint64_t cursor = 0;
    size_t count;
    mix(sum, lb_list_orders_count(engine.blocklist->orders, number));
    do {
        count = lb_list_orders_after(engine.blocklist->orders, number, false, cursor, PAGE, ids);
        for (size_t i = 0; i < count; i++) {
            struct lb_row_time row_time;
            assert_true(lb_row_times_find(workspace->row_times, ids[i], &row_time));
            mix(sum, ids[i]);
            mix(sum, (uint64_t)row_time.at << 1 | row_time.has_reason);
        }
        cursor = count ? ids[count - 1] : 0;
    } while (count == PAGE);
}

static void mix_workspace(uint64_t *sum, const struct lb_workspace *workspace)
{
    mix(sum, workspace->row.no);
    mix(sum, atomic_load(&workspace->entries));
    mix(sum, atomic_load(&workspace->keys));
    mix_list(sum, workspace, 0);
    for (size_t i = 0; i < workspace->campaign_count; i++) {
        mix(sum, workspace->campaigns[i]->row.no);
        mix(sum, (uint64_t)atomic_load(&workspace->campaigns[i]->status));
        mix_list(sum, workspace, workspace->campaigns[i]->row.no);
    }
    for (size_t i = 0; i < workspace->kept_count; i++) {
        mix(sum, workspace->kept[i]->no);
        mix_list(sum, workspace, workspace->kept[i]->no);
    }
    for (size_t i = 0; i < workspace->day_count; i++) {
        if (!workspace->days[i].blocked && !workspace->days[i].unblocked)
            continue; /* reserved by a change that was then refused */
        mix(sum, workspace->days[i].day);
        mix(sum, workspace->days[i].blocked);
        mix(sum, workspace->days[i].unblocked);
    }
    struct lb_row_times_change change;
    uint64_t below = UINT64_MAX;
    while (lb_row_times_change_below(workspace->row_times, below, &change)) {
        mix(sum, below = change.first_row);
        mix(sum, change.last_row);
    }
}

/* A sum of all that memory says. */
static uint64_t memory(void)
{
    uint64_t sum = UINT64_C(0xcbf29ce484222325);
    const struct lb_workspace *workspace = lb_directory_workspaces(engine.directory);
    for (; workspace; workspace = lb_rcu_load(&workspace->next))
        mix_workspace(&sum, workspace);
    mix(&sum, lb_index_stats(engine.blocklist->index).entries);
    return sum;
}

/* Memory is what reading the store anew gives; entries of campaigns that were deleted leave it bit
 * by bit, so those that wait for that are waited for. */
static void assert_memory_is_the_store(void)
{
    lb_rcu_offline();
    lb_writer_stop(engine.writer);
    lb_rcu_online();
    struct lb_writer_hooks hooks = lb_blocklist_hooks(engine.blocklist);
    while (hooks.upkeep(hooks.context))
        continue;
    uint64_t before = memory();
    engine_close(&engine);
    assert_int_equal(engine_open(&engine, PATH, FAULTY_VFS), LB_OK);
    assert_true(memory() == before);
}

static int open_it(void **state)
{
    faulty_format(1);
    return engine_open(&engine, PATH, FAULTY_VFS) || engine_make_workspace(&engine);
}

static int close_it(void **state)
{
    faulty_watch(NULL, NULL);
    starve_end();
    engine_close(&engine);
    return 0;
}

/* --- Tests --- */

static void starve_on_sync(void *context, enum faulty_op op, const char *name)
{
    if (op == FAULTY_SYNC)
        starve_at(1, true);
}

static lb_err count_lead(void *context, const struct lb_lead_row *row)
{
    ++*(size_t *)context;
    return LB_OK;
}

/* The leads of the campaign that was deleted last go, without a restart. */
static void assert_leads_are_purged(void)
{
    const struct lb_store_ops *ops = engine.store->ops;
    struct lb_store_reader *reader;
    size_t count = 1;
    assert_int_equal(ops->reader_open(engine.store, &reader), LB_OK);
    for (int i = 0; count && i < 3000; i++) {
        struct timespec wait = {.tv_nsec = 1000000};
        count = 0;
        assert_int_equal(ops->leads_page(reader, filled.workspace, filled.campaign, -1, 0, 0, 1,
                                         &count, count_lead),
                         LB_OK);
        ops->reader_rest(reader);
        nanosleep(&wait, NULL);
    }
    ops->reader_close(reader);
    assert_int_equal(count, 0);
}

/* From the moment at which a commit reaches the disk, nothing more is given to the program. */
static void publishing_takes_no_memory(void **state)
{
    for (unsigned round = 0; round < 4 * KINDS; round++) {
        const struct kind *kind = &kinds[round % KINDS];
        assert_int_equal(kind->before(round), LB_OK);
        engine_settle(&engine);
        faulty_watch(starve_on_sync, NULL);
        lb_err err = kind->change(round);
        faulty_watch(NULL, NULL);
        starve_end();
        if (err || kind->seen(round) != 1)
            fail_msg("%s: %s, seen %d", kind->name, lb_err_code(err), kind->seen(round));
    }
    assert_leads_are_purged();
    assert_memory_is_the_store();
}

/* One attempt without the `nth` allocation; false when none failed. */
static bool attempt(const struct kind *kind, unsigned round, uint64_t nth, bool for_ever)
{
    assert_int_equal(kind->before(round), LB_OK);
    starve_at(nth, for_ever);
    lb_err err = kind->change(round);
    bool failed = starve_end();
    if ((err && err != LB_ERR_STORAGE_UNAVAILABLE) || (err && !failed))
        fail_msg("%s without allocation %u: %s", kind->name, (unsigned)nth, lb_err_code(err));
    if (kind->seen(round) != (err == LB_OK))
        fail_msg("%s without allocation %u: %s, but seen is %d", kind->name, (unsigned)nth,
                 lb_err_code(err), kind->seen(round));
    lb_err again = err ? kind->change(round) : LB_OK;
    if (again || kind->seen(round) != 1)
        fail_msg("%s without allocation %u, and then again: %s, seen %d", kind->name, (unsigned)nth,
                 lb_err_code(again), kind->seen(round));
    return failed;
}

static void fail_each(bool for_ever)
{
    unsigned round = 0;
    for (size_t i = 0; i < KINDS; i++) {
        bool failed = true;
        for (uint64_t nth = 1; failed; nth++)
            failed = attempt(&kinds[i], round++, nth, for_ever);
        assert_memory_is_the_store();
    }
}

static void without_an_allocation_a_change_is_refused_or_seen(void **state)
{
    fail_each(false);
}

static void without_all_later_allocations_too(void **state)
{
    fail_each(true);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_it, close_it)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(publishing_takes_no_memory),
        TEST(without_an_allocation_a_change_is_refused_or_seen),
        TEST(without_all_later_allocations_too),
    };
    starve_never_me();
    lb_log_set_level((enum lb_log_level) - 1);
    lb_rcu_thread_register();
    int failed = cmocka_run_group_tests_name("reservations", tests, NULL, NULL);
    lb_rcu_thread_unregister();
    return failed;
}
