/* What other nodes have changed is read into memory: the domain's nodes.h, and what the blocklists
 * do with it, over a store that is made up. */
#include "domain/blocklist/persons.h"
#include "support/remote.h"
#include "support/tsan.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>
/* After the above. */
#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

static int open_memory(void **state)
{
    *state = malloc(sizeof(struct memory));
    memory_open(*state);
    return 0;
}

static int close_memory(void **state)
{
    memory_close(*state);
    free(*state);
    return 0;
}

/* --- Reading ---------------------------------------------------------------------------------- */

static lb_err refresh(struct memory *memory, uint32_t no)
{
    return lb_blocklist_refresh(memory->blocklist, &memory->remote.versions[no - 1]);
}

static void memory_is_up_to_date_when_all_of_a_version_is_the_same(void **state)
{
    struct memory *memory = *state;
    remote_block(&memory->remote, 1, 5, "ada");
    struct lb_workspace_version latest = memory->remote.versions[0];
    assert_false(lb_nodes_up_to(memory_workspace(memory, 1), &latest));
    assert_int_equal(refresh(memory, 1), LB_OK);
    assert_true(lb_nodes_up_to(memory_workspace(memory, 1), &latest));
    struct lb_workspace_version others[] = {latest, latest, latest};
    others[0].access_version++;
    others[1].log.row++;
    others[2].log.digest[0]++;
    for (size_t i = 0; i < COUNT(others); i++)
        assert_false(lb_nodes_up_to(memory_workspace(memory, 1), &others[i]));
}

static void a_row_is_read_whole_or_counts_as_unread(void **state)
{
    struct memory *memory = *state;
    struct remote *remote = &memory->remote;
    remote_block(remote, 1, 1, "ada,bob,eve");
    remote_append(remote, (struct lb_list){1, 0}, LB_LOG_UNBLOCK, 4, "1,2");
    remote->fail_row_of = 2;
    assert_int_equal(refresh(memory, 1), LB_ERR_STORAGE_UNAVAILABLE);
    assert_true(memory_blocks(memory, 1, "ada") && memory_blocks(memory, 1, "bob") &&
                memory_blocks(memory, 1, "eve"));
    assert_int_equal(atomic_load(&memory_workspace(memory, 1)->log_row), 1);
    remote->fail_row_of = 0;
    for (int i = 0; i < 2; i++) { /* the second time there is nothing to do */
        assert_int_equal(refresh(memory, 1), LB_OK);
        assert_false(memory_blocks(memory, 1, "ada") || memory_blocks(memory, 1, "bob"));
        assert_true(memory_blocks(memory, 1, "eve"));
        assert_int_equal(atomic_load(&memory_workspace(memory, 1)->entries), 1);
    }
}

static void reading_that_stopped_half_way_goes_on_from_there(void **state)
{
    struct memory *memory = *state;
    struct remote *remote = &memory->remote;
    struct lb_blocklist_stats stats;
    static const char *const names[] = {"a,b", "c", "d,e,f", "g"};
    for (size_t i = 0; i < COUNT(names); i++)
        remote_block(remote, 1, 10 * i + 1, names[i]);
    for (size_t rows = 1; rows <= COUNT(names); rows++) {
        remote->fail_after = rows == 1 ? 1 : 2; /* the first of a scan is one that is known */
        assert_int_equal(refresh(memory, 1),
                         rows < COUNT(names) ? LB_ERR_STORAGE_UNAVAILABLE : LB_OK);
        assert_int_equal(atomic_load(&memory_workspace(memory, 1)->log_row), 10 * (rows - 1) + 1);
        assert_true(lb_nodes_up_to(memory_workspace(memory, 1), &remote->versions[0]) ==
                    (rows == COUNT(names)));
    }
    lb_blocklist_stats(memory->blocklist, &stats);
    assert_int_equal(stats.index.entries, 7);
    assert_int_equal(atomic_load(&memory_workspace(memory, 1)->entries), 7);
}

/* A standby that was not synchronous has become the primary: what was acknowledged is gone. */
static void the_process_ends_when_the_store_has_lost_what_it_said(void **state)
{
    struct memory *memory = *state;
    struct remote *remote = &memory->remote;
    remote_block(remote, 1, 1, "ada");
    remote_block(remote, 1, 2, "bob");
    assert_int_equal(refresh(memory, 1), LB_OK);
    for (int loss = 0; loss < 2; loss++) {
        pid_t child = fork();
        if (child == 0) {
            if (loss)
                remote->rows[1].digest[0] = 99; /* another change under the same id */
            else
                remote->rows[1].id = 3; /* the row is gone */
            remote_block(remote, 1, 4, "eve");
            refresh(memory, 1);
            _exit(0);
        }
        int status = 0;
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_true(WIFEXITED(status));
        assert_int_equal(WEXITSTATUS(status), 1);
    }
}

/* While an engine moves rows, a version and the rows that are read after it may be of two states.
 */
static void what_a_second_look_settles_does_not_end_the_process(void **state)
{
    struct memory *memory = *state;
    remote_block(&memory->remote, 1, 1, "ada");
    struct lb_workspace_version odd = memory->remote.versions[0];
    odd.log.digest[0] ^= 1;
    assert_int_equal(lb_blocklist_refresh(memory->blocklist, &odd), LB_OK);
    assert_true(memory_blocks(memory, 1, "ada"));
    assert_true(lb_nodes_up_to(memory_workspace(memory, 1), &memory->remote.versions[0]));
    odd.log.row = 2; /* the row is not there yet */
    assert_int_equal(lb_blocklist_refresh(memory->blocklist, &odd), LB_OK);
    assert_true(lb_nodes_up_to(memory_workspace(memory, 1), &memory->remote.versions[0]));
}

static bool campaign_blocks(struct lb_blocklist *blocklist, uint32_t no, const char *identifier)
{
    const struct lb_list list = {no, 8 + no};
    return lb_blocklist_check(blocklist, list, lb_str(identifier)).scope == LB_SCOPE_CAMPAIGN;
}

/* Another node makes them between the two readings of a start; all logs come by one question. */
static void a_start_has_the_campaigns_of_the_rows_that_it_reads(void **state)
{
    struct memory *memory = *state;
    struct remote *remote = &memory->remote;
    struct lb_directory *directory = lb_directory_create();
    struct lb_reason reason;
    assert_int_equal(lb_nodes_load_access(directory, &remote->store), LB_OK);
    for (uint32_t no = 1; no <= 2; no++) {
        remote->campaigns[no - 1] =
            (struct lb_campaign_row){.no = 8 + no, .workspace = no, .id = "own"};
        remote->versions[no - 1].access_version++;
        remote_append(remote, (struct lb_list){no, 8 + no}, LB_LOG_BLOCK, no, "ada");
    }
    const struct lb_blocklist_settings settings = {directory, &remote->store, 1000};
    struct lb_blocklist *blocklist = lb_blocklist_create(&settings);
    assert_int_equal(lb_blocklist_load(blocklist, NULL, NULL, &reason), LB_OK);
    for (uint32_t no = 1; no <= 2; no++) {
        const struct lb_workspace *workspace = lb_directory_workspace_no(directory, no);
        assert_true(lb_nodes_up_to(workspace, &remote->versions[no - 1]));
        assert_true(campaign_blocks(blocklist, no, "ada"));
    }
    lb_blocklist_destroy(blocklist);
    lb_directory_destroy(directory);
}

/* Deleted elsewhere, made again there with the same blocklist, and deleted with that. */
static void a_list_goes_on_until_others_end_it(void **state)
{
    struct memory *memory = *state;
    struct remote *remote = &memory->remote;
    struct lb_writer_hooks hooks = lb_blocklist_hooks(memory->blocklist);
    struct lb_blocklist_stats stats;
    remote->campaigns[0] = (struct lb_campaign_row){.no = 9, .workspace = 1, .id = "own"};
    remote->versions[0].access_version++;
    remote_append(remote, (struct lb_list){1, 9}, LB_LOG_BLOCK, 1, "ada,bob");
    remote_block(remote, 1, 3, "eve");
    assert_int_equal(refresh(memory, 1), LB_OK);
    assert_non_null(lb_directory_campaign(memory->directory, 1, LB_STR("own")));
    assert_int_equal(atomic_load(&memory_workspace(memory, 1)->entries), 3);
    remote->campaigns[0].deleted = true;
    remote->versions[0].access_version++;
    assert_int_equal(refresh(memory, 1), LB_OK);
    assert_null(lb_directory_campaign(memory->directory, 1, LB_STR("own")));
    assert_non_null(lb_directory_kept_no(memory->directory, 9));
    assert_false(hooks.upkeep(hooks.context));
    assert_int_equal(atomic_load(&memory_workspace(memory, 1)->entries), 3);
    remote_append(remote, (struct lb_list){1, 9}, LB_LOG_BLOCK, 4, "kim"); /* an undo's */
    remote->campaigns[0].deleted = false;
    remote->campaigns[0].created_at = 5;
    remote->versions[0].access_version++;
    assert_int_equal(refresh(memory, 1), LB_OK);
    const struct lb_campaign *again = lb_directory_campaign(memory->directory, 1, LB_STR("own"));
    assert_true(again && again->row.no == 9 && again->row.created_at == 5 && again->listed);
    assert_null(lb_directory_kept_no(memory->directory, 9));
    assert_int_equal(atomic_load(&memory_workspace(memory, 1)->entries), 4);
    remote->campaigns[0].created_at = 6; /* deleted and made again between two looks */
    remote->versions[0].access_version++;
    assert_int_equal(refresh(memory, 1), LB_OK);
    again = lb_directory_campaign(memory->directory, 1, LB_STR("own"));
    assert_true(again && again->row.created_at == 6 && again->listed);
    remote->campaigns[0].deleted = remote->campaigns[0].list_ended = true;
    remote->versions[0].access_version++;
    assert_int_equal(refresh(memory, 1), LB_OK);
    assert_null(lb_directory_campaign(memory->directory, 1, LB_STR("own")));
    assert_null(lb_directory_kept_no(memory->directory, 9));
    while (hooks.upkeep(hooks.context))
        continue;
    lb_blocklist_stats(memory->blocklist, &stats);
    assert_int_equal(stats.index.entries, 1);
    assert_int_equal(atomic_load(&memory_workspace(memory, 1)->entries), 1);
}

static void keys_end_and_licences_change_as_others_say(void **state)
{
    struct memory *memory = *state;
    struct remote *remote = &memory->remote;
    remote->keys[0] = (struct lb_key_row){.no = 7, .id = "key", .workspace = 1};
    remote->versions[0].access_version++;
    assert_int_equal(refresh(memory, 1), LB_OK);
    const struct lb_key *key = lb_directory_key(memory->directory, LB_STR("key"));
    assert_true(lb_key_valid(key, 5));
    assert_int_equal(lb_workspace_license(memory_workspace(memory, 1), 5), LB_OK);
    remote->keys[0].revoked_at = 5;
    remote->workspaces[0].expires_at = 4;
    remote->versions[0].access_version++;
    assert_int_equal(refresh(memory, 1), LB_OK);
    assert_ptr_equal(lb_directory_key(memory->directory, LB_STR("key")), key);
    assert_false(lb_key_valid(key, 5));
    assert_int_equal(lb_workspace_license(memory_workspace(memory, 1), 5), LB_ERR_LICENSE_EXPIRED);
}

/* --- Erased names --- */

#define MEMBER "ACoAA00000000000000000000000000000000001"
#define BARE   "=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

static size_t links_of(const struct memory *memory, const char *name)
{
    struct lb_other_names out;
    lb_persons_others(lb_blocklist_persons(memory->blocklist), 1, lb_str(name), LB_PERSON_ASKED,
                      &out);
    return out.count;
}

/* In one reading: a name is erased, and the pair that was erased is seen again, as is another. */
static void links_that_come_after_an_erasure_hold(void **state)
{
    struct memory *memory = *state;
    struct remote *remote = &memory->remote;
    const struct lb_list list = {1, 0};
    remote_append(remote, list, LB_LOG_LINK, 10, MEMBER ",anna," MEMBER ",anna-2");
    assert_int_equal(refresh(memory, 1), LB_OK);
    assert_int_equal(links_of(memory, MEMBER), 2);
    remote->rows[0].items = LB_STR(BARE "," BARE "," BARE "," BARE);
    remote_append(remote, list, LB_LOG_ERASED, 14, "10,11,12,13");
    remote_append(remote, list, LB_LOG_LINK, 18, MEMBER ",anna");
    remote_append(remote, list, LB_LOG_LINK, 20, MEMBER ",carla");
    assert_int_equal(refresh(memory, 1), LB_OK);
    assert_int_equal(links_of(memory, MEMBER), 2);
    assert_int_equal(links_of(memory, "carla"), 2);
    assert_int_equal(links_of(memory, "anna-2"), 0);
    assert_int_equal(memory_workspace(memory, 1)->links, 2);
    remote_append(remote, list, LB_LOG_LINK_END, 22, "18");
    assert_int_equal(refresh(memory, 1), LB_OK);
    assert_int_equal(links_of(memory, MEMBER), 1);
}

static void a_person_of_eight_names_has_room_after_the_erasure(void **state)
{
    struct memory *memory = *state;
    struct remote *remote = &memory->remote;
    const struct lb_list list = {1, 0};
#define PAIR(name) MEMBER "," name
    remote_append(remote, list, LB_LOG_LINK, 10,
                  PAIR("a1,") PAIR("a2,") PAIR("a3,") PAIR("a4,") PAIR("a5,") PAIR("a6,")
                      PAIR("a7"));
    assert_int_equal(refresh(memory, 1), LB_OK);
    assert_int_equal(links_of(memory, MEMBER), 7);
    remote->rows[0].items =
        LB_STR(BARE "," BARE "," BARE "," BARE "," BARE "," BARE "," BARE "," BARE "," BARE "," BARE
                    "," BARE "," BARE "," BARE "," BARE);
    remote_append(remote, list, LB_LOG_ERASED, 24, "10,11,12,13,14,15,16,17,18,19,20,21,22,23");
    remote_append(remote, list, LB_LOG_LINK, 38, PAIR("new"));
    assert_int_equal(refresh(memory, 1), LB_OK);
    assert_int_equal(links_of(memory, MEMBER), 1);
    assert_int_equal(links_of(memory, "new"), 1);
}

/* A row of which a reason was erased is named by its first entry. */
static void an_erasure_ends_the_links_that_lost_their_names_and_no_others(void **state)
{
    struct memory *memory = *state;
    struct remote *remote = &memory->remote;
    const struct lb_list list = {1, 0};
    remote_append(remote, list, LB_LOG_LINK, 10, PAIR("anna,") PAIR("bea,") PAIR("carla"));
    assert_int_equal(refresh(memory, 1), LB_OK);
    remote->rows[0].items = LB_STR(PAIR("anna,") MEMBER "," BARE "," PAIR("carla"));
    remote_append(remote, list, LB_LOG_ERASED, 16, "10,13");
    assert_int_equal(refresh(memory, 1), LB_OK);
    assert_int_equal(links_of(memory, "anna"), 2);
    assert_int_equal(links_of(memory, "bea"), 0);
}

static bool many_blocks(const struct memory *memory, const char *name)
{
    const struct lb_list list = {1, 0};
    const struct lb_str names[] = {lb_str(name)};
    struct lb_verdict verdicts[1];
    lb_blocklist_check_many(memory->blocklist, list, names, 1, verdicts, NULL);
    bool blocked = lb_blocklist_check(memory->blocklist, list, names[0]).scope != LB_SCOPE_NONE;
    assert_true(blocked == memory_blocks(memory, 1, name));
    assert_true(blocked == (verdicts[0].scope != LB_SCOPE_NONE));
    return blocked;
}

/* In one reading, after which nothing says under which name memory has the entry. */
static void who_is_unblocked_and_erased_is_blocked_no_more(void **state)
{
    struct memory *memory = *state;
    struct remote *remote = &memory->remote;
    const struct lb_list list = {1, 0};
    struct lb_writer_hooks hooks = lb_blocklist_hooks(memory->blocklist);
    struct lb_write write = {.workspace = 1};
    enum lb_scope scope;
    remote_block(remote, 1, 5, "ada,bob");
    assert_int_equal(refresh(memory, 1), LB_OK);
    remote->rows[0].items = LB_STR(BARE ",bob");
    remote_append(remote, list, LB_LOG_UNBLOCK, 7, "5");
    remote_append(remote, list, LB_LOG_ERASED, 8, "5");
    remote->fail_after = 2; /* who reads half of it does not know yet what stays blocked */
    assert_int_equal(refresh(memory, 1), LB_ERR_STORAGE_UNAVAILABLE);
    assert_true(many_blocks(memory, "ada"));
    remote->fail_after = 0;
    assert_int_equal(hooks.batch_begin(hooks.context, &write), LB_OK);
    assert_int_equal(lb_blocklist_check_in_batch(memory->blocklist, list, LB_STR("ada"), &scope),
                     LB_OK);
    assert_int_equal(scope, LB_SCOPE_NONE);
    assert_true(!many_blocks(memory, "ada") && many_blocks(memory, "bob"));
    assert_int_equal(memory_workspace(memory, 1)->entries, 1);
    for (uint64_t id = 9; id < 13; id += 2) { /* and can be blocked again */
        remote_block(remote, 1, id, "ada");
        assert_int_equal(refresh(memory, 1), LB_OK);
        assert_true(many_blocks(memory, "ada"));
        remote_append(remote, list, LB_LOG_UNBLOCK, id + 1, id == 9 ? "9" : "11");
        assert_int_equal(refresh(memory, 1), LB_OK);
        assert_false(many_blocks(memory, "ada"));
    }
}

static void who_is_put_back_and_erased_is_blocked_until_the_tag_is_known(void **state)
{
    struct memory *memory = *state;
    struct remote *remote = &memory->remote;
    const struct lb_list list = {1, 0};
    remote_block(remote, 1, 5, "ada,bob");
    assert_int_equal(refresh(memory, 1), LB_OK);
    remote->rows[0].items = LB_STR(BARE ",bob");
    remote_append(remote, list, LB_LOG_UNBLOCK, 7, "5");
    remote_append(remote, list, LB_LOG_UNBLOCK, 8, "5"); /* the undo of its change */
    remote_append(remote, list, LB_LOG_RESTORE, 9, "5");
    assert_int_equal(refresh(memory, 1), LB_OK);
    assert_false(many_blocks(memory, "ada"));
    remote_append(remote, list, LB_LOG_RESTORE, 10, "5");
    assert_int_equal(refresh(memory, 1), LB_OK);
    assert_true(many_blocks(memory, "ada"));
}

/* --- Batches ---------------------------------------------------------------------------------- */

static void a_batch_locks_its_workspaces_in_order_and_reads_what_others_changed(void **state)
{
    struct memory *memory = *state;
    struct remote *remote = &memory->remote;
    struct lb_writer_hooks hooks = lb_blocklist_hooks(memory->blocklist);
    struct lb_write writes[] = {{.workspace = 3},
                                {.workspace = 1},
                                {.workspace = 0}, /* none in particular */
                                {.workspace = 2, .result = LB_ERR_NOT_FOUND},
                                {.workspace = 3}};
    for (size_t i = 0; i + 1 < COUNT(writes); i++)
        writes[i].next = &writes[i + 1];
    remote_block(remote, 1, 1, "ada");
    remote_block(remote, 3, 2, "bob");
    assert_int_equal(hooks.batch_begin(hooks.context, writes), LB_OK);
    assert_int_equal(remote->locked_count, 2);
    assert_int_equal(remote->locked[0], 1);
    assert_int_equal(remote->locked[1], 3);
    assert_true(memory_blocks(memory, 1, "ada") && memory_blocks(memory, 3, "bob"));
    assert_true(lb_nodes_up_to(memory_workspace(memory, 1), &remote->versions[0]));
}

static void a_batch_that_cannot_read_what_others_changed_does_not_begin(void **state)
{
    struct memory *memory = *state;
    struct lb_writer_hooks hooks = lb_blocklist_hooks(memory->blocklist);
    struct lb_write write = {.workspace = 1};
    remote_block(&memory->remote, 1, 1, "ada");
    remote_block(&memory->remote, 1, 2, "bob");
    memory->remote.fail_after = 1;
    assert_int_equal(hooks.batch_begin(hooks.context, &write), LB_ERR_STORAGE_UNAVAILABLE);
    memory->remote.fail_after = 0;
    assert_int_equal(hooks.batch_begin(hooks.context, &write), LB_OK);
    assert_true(memory_blocks(memory, 1, "ada") && memory_blocks(memory, 1, "bob"));
}

static void a_store_of_one_process_needs_no_locks_and_gives_ids_out_itself(void **state)
{
    struct memory *memory = *state;
    assert_true(lb_nodes_memory_may_lag(&memory->remote.store));
    assert_true(lb_nodes_ids_are_numbers(&memory->remote.store));
    struct lb_store own = {.ops = &memory->remote.ops};
    assert_false(lb_nodes_memory_may_lag(&own));
    assert_false(lb_nodes_ids_are_numbers(&own));
    struct lb_locked locked = {0};
    struct lb_write write = {.workspace = 1};
    assert_int_equal(lb_nodes_lock(&locked, &own, &write), LB_OK);
    assert_int_equal(locked.count, 0);
    assert_int_equal(write.result, LB_OK);
    assert_int_equal(memory->remote.locked_count, 0);
    lb_locked_fini(&locked);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, open_memory, close_memory)
    const struct CMUnitTest tests[] = {
        TEST(memory_is_up_to_date_when_all_of_a_version_is_the_same),
        TEST(a_row_is_read_whole_or_counts_as_unread),
        TEST(reading_that_stopped_half_way_goes_on_from_there),
        TEST(the_process_ends_when_the_store_has_lost_what_it_said),
        TEST(what_a_second_look_settles_does_not_end_the_process),
        TEST(a_start_has_the_campaigns_of_the_rows_that_it_reads),
        TEST(a_list_goes_on_until_others_end_it),
        TEST(keys_end_and_licences_change_as_others_say),
        TEST(links_that_come_after_an_erasure_hold),
        TEST(a_person_of_eight_names_has_room_after_the_erasure),
        TEST(an_erasure_ends_the_links_that_lost_their_names_and_no_others),
        TEST(who_is_unblocked_and_erased_is_blocked_no_more),
        TEST(who_is_put_back_and_erased_is_blocked_until_the_tag_is_known),
        TEST(a_batch_locks_its_workspaces_in_order_and_reads_what_others_changed),
        TEST(a_batch_that_cannot_read_what_others_changed_does_not_begin),
        TEST(a_store_of_one_process_needs_no_locks_and_gives_ids_out_itself),
    };
    return cmocka_run_group_tests_name("nodes", tests, NULL, NULL);
}
