/* What a look through the chains of a log finds: nothing after any kind of change, also those that
 * failed, and whatever was changed in the log since. */
#include "base/rcu.h"
#include "store/sqlite/internal.h"
#include "store/verify.h"
#include "support/caught_log.h"
#include "support/engine.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
/* After the above. */
#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define MANY         130

static struct engine engine;
static char folder[64];
static char path[96];
static struct lb_reason reason;

static lb_err verify(uint64_t *out_rows)
{
    struct lb_verify verifying = {.store = engine.store};
    lb_err err = lb_verify_log(&verifying, &reason);
    *out_rows = verifying.rows;
    return err;
}

static void expect_right(void)
{
    uint64_t rows;
    if (verify(&rows) != LB_OK)
        fail_msg("%s", reason.text);
    assert_true(rows > 0);
}

static uint64_t block(const char *campaign, const char *name, const char *why)
{
    struct outcome outcome;
    assert_int_equal(engine_block(&engine, campaign, &name, 1, why, &outcome), LB_OK);
    return outcome.change;
}

static uint64_t block_many(const char *stem)
{
    static char texts[MANY][32];
    const char *names[MANY];
    struct outcome outcome;
    for (size_t i = 0; i < MANY; i++) {
        snprintf(texts[i], sizeof texts[i], "%s-%zu", stem, i);
        names[i] = texts[i];
    }
    assert_int_equal(engine_block(&engine, NULL, names, MANY, NULL, &outcome), LB_OK);
    assert_int_equal(outcome.blocked, MANY);
    return outcome.change;
}

static void undo(uint64_t change)
{
    assert_int_equal(engine_undo(&engine, change, NULL), LB_OK);
}

static lb_err (*apply)(struct lb_write *write, struct lb_store *store);

static lb_err apply_and_fail(struct lb_write *write, struct lb_store *store)
{
    lb_err err = apply(write, store);
    return err ? err : LB_ERR_INTERNAL;
}

/* All its rows are written before it fails, and rolled back. */
static void fail_to_block(const char *name)
{
    struct lb_change_item item = {.key = lb_str(name)};
    struct lb_fingerprint fingerprint;
    struct lb_change change = {.blocklist = engine.blocklist,
                               .standing = engine_standing(&engine, NULL),
                               .items = &item,
                               .fingerprints = &fingerprint,
                               .count = 1};
    lb_change_block(&change);
    apply = change.write.apply;
    change.write.apply = apply_and_fail;
    assert_int_equal(engine_submit(&engine, &change.write), LB_ERR_INTERNAL);
}

/* Each reason has a row of its own. */
static void block_with_reasons(void)
{
    struct lb_change_item items[] = {{.key = LB_STR("r-1"), .reason = LB_STR("one")},
                                     {.key = LB_STR("r-2"), .reason = LB_STR("two")},
                                     {.key = LB_STR("r-3")},
                                     {.key = LB_STR("r-4"), .reason = LB_STR("one")},
                                     {.key = LB_STR("r-5"), .reason = LB_STR("one")}};
    struct lb_fingerprint fingerprints[COUNT(items)];
    struct lb_change change = {.blocklist = engine.blocklist,
                               .standing = engine_standing(&engine, NULL),
                               .items = items,
                               .fingerprints = fingerprints,
                               .count = COUNT(items)};
    change.standing.actor.source = LB_STR("192.0.2.1");
    lb_change_block(&change);
    assert_int_equal(engine_submit(&engine, &change.write), LB_OK);
}

/* Something of everything, in two lists. */
static void fill(void)
{
    static const char *const gone[] = {"many-3", "many-77", "ada"};
    assert_int_equal(engine_make_campaign(&engine, "spring"), LB_OK);
    block(NULL, "ada", "asked");
    uint64_t many = block_many("many");
    block("spring", "bob", NULL);
    fail_to_block("eve");
    struct outcome unblocked;
    assert_int_equal(engine_unblock(&engine, NULL, gone, COUNT(gone), &unblocked), LB_OK);
    block(NULL, "ada", "asked again");
    undo(unblocked.change);
    undo(many);
    undo(block(NULL, "joe", NULL));
    block_with_reasons();
}

static int open_engine(void **state)
{
    lb_rcu_thread_register();
    snprintf(folder, sizeof folder, "/tmp/leadblock-verify-XXXXXX");
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/leadblock.db", folder);
    assert_int_equal(engine_open(&engine, path, NULL), LB_OK);
    assert_int_equal(engine_make_workspace(&engine), LB_OK);
    fill();
    engine_settle(&engine);
    return 0;
}

static int close_engine(void **state)
{
    char command[128];
    engine_close(&engine);
    lb_rcu_barrier();
    lb_rcu_thread_unregister();
    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    return system(command);
}

static void reopen(void)
{
    engine_close(&engine);
    assert_int_equal(engine_open(&engine, path, NULL), LB_OK);
    engine.workspace = lb_directory_workspaces(engine.directory);
}

static void all_kinds_of_changes_leave_a_chain_that_is_right(void **state)
{
    expect_right();
    reopen();
    block_many("later");
    fail_to_block("eve");
    block(NULL, "kim", "asked");
    expect_right();
}

static lb_err refuse_row(struct lb_store *store, const struct lb_log_row *row)
{
    return LB_ERR_STORAGE_UNAVAILABLE;
}

/* The row that would have begun it was not recorded: the next one begins it. */
static void an_epoch_whose_first_row_failed_begins_with_the_next(void **state)
{
    static const char *const name = "eve";
    reopen();
    const struct lb_store_ops *real = engine.store->ops;
    struct lb_store_ops failing = *real;
    failing.log_append = refuse_row;
    engine.store->ops = &failing;
    assert_int_equal(engine_block(&engine, NULL, &name, 1, NULL, NULL), LB_ERR_STORAGE_UNAVAILABLE);
    engine.store->ops = real;
    struct lb_public_id id = engine_id(&engine, block(NULL, "kim", NULL));
    assert_int_not_equal(id.epoch, 0);
    reopen();
    assert_int_equal(engine_id(&engine, id.number).epoch, id.epoch);
    assert_int_not_equal(engine_id(&engine, 1).epoch, id.epoch);
}

static void run(const char *sql)
{
    sqlite3 *db = lb_sqlite_of(engine.store)->writer.db;
    if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
        fail_msg("%s: %s", sql, sqlite3_errmsg(db));
    lb_sqlite_reader_rest(&lb_sqlite_of(engine.store)->writer);
}

static void what_was_changed_in_the_log_is_found(void **state)
{
    static const char *const changes[] = {
        "UPDATE blocklist_log SET items = 'adam' WHERE items = 'ada' AND id = 1",
        "UPDATE blocklist_log SET items = replace(items, 'many-60', 'many-600') WHERE id = 52",
        "UPDATE blocklist_log SET reason = 'asked nicely' WHERE reason = 'asked'",
        "UPDATE blocklist_log SET reason = NULL WHERE reason = 'asked'",
        "UPDATE blocklist_log SET campaign = 0 WHERE campaign > 0",
        "UPDATE blocklist_log SET kind = 0 WHERE id = (SELECT max(id) FROM blocklist_log WHERE "
        "kind = 1)",
        "UPDATE blocklist_log SET continues = 0 WHERE continues = 1",
        "UPDATE blocklist_log SET key = key + 1 WHERE id = 2",
        "UPDATE blocklist_log SET at = at - 1 WHERE id = 2",
        "UPDATE blocklist_log SET undoes = NULL WHERE undoes = 2",
        "UPDATE blocklist_log SET undoes = 1 WHERE undoes = 2",
        "UPDATE blocklist_log SET epoch = NULL WHERE epoch > 0",
        "UPDATE blocklist_log SET epoch = 7 WHERE id = 2",
        "UPDATE blocklist_log SET source = '192.0.2.1' WHERE id = 2",
        "UPDATE blocklist_log SET import = 'spring' WHERE id = 2",
        "UPDATE blocklist_log SET seal = substr(seal, 1, 32) || randomblob(16) WHERE id = 2",
        "UPDATE blocklist_log SET seal = randomblob(32) || substr(seal, 33) WHERE id = 2",
        "UPDATE blocklist_log SET number = number + 1000 WHERE id = (SELECT max(id) FROM "
        "blocklist_log)",
        "UPDATE blocklist_log SET items = '3' WHERE kind = 1 AND items LIKE '%,%'",
        "UPDATE blocklist_log SET id = 51 WHERE id = 52", /* an id that is the row's before */
        "DELETE FROM blocklist_log WHERE id = 1", "DELETE FROM blocklist_log WHERE id = 52",
        "DELETE FROM blocklist_log WHERE kind = 2",
        /* Two rows change places: of people, and in the log. */
        "UPDATE blocklist_log SET items = CASE id WHEN 2 THEN (SELECT items FROM blocklist_log "
        "WHERE"
        " id = 52) ELSE (SELECT items FROM blocklist_log WHERE id = 2) END WHERE id IN (2, 52)",
        "UPDATE blocklist_log SET id = 100000 + CASE id WHEN 2 THEN 52 ELSE 2 END WHERE id IN (2, "
        "52);"
        " UPDATE blocklist_log SET id = id - 100000 WHERE id > 100000",
        "UPDATE workspace SET id = 'ws_other' WHERE no > 0",
        "UPDATE blocklist_log SET workspace = 7 WHERE id = 2"};
    for (size_t i = 0; i < COUNT(changes); i++) {
        uint64_t rows;
        run("BEGIN");
        run(changes[i]);
        assert_true(sqlite3_changes(lb_sqlite_of(engine.store)->writer.db) > 0);
        if (verify(&rows) != LB_ERR_CONFLICT)
            fail_msg("not found: %s", changes[i]);
        run("ROLLBACK");
        expect_right();
    }
}

/* So what is removed from one row concerns no other. */
static void expect_seeds_differ(void)
{
    sqlite3_stmt *stmt = NULL;
    assert_int_equal(
        sqlite3_prepare_v2(lb_sqlite_of(engine.store)->writer.db,
                           "SELECT count(*), count(DISTINCT substr(seal, 33)) FROM blocklist_log",
                           -1, &stmt, NULL),
        SQLITE_OK);
    assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
    assert_int_equal(sqlite3_column_int(stmt, 1), sqlite3_column_int(stmt, 0));
    sqlite3_finalize(stmt);
}

/* Also where nothing of the row is hashed with it. */
static void a_seed_of_another_length_is_named(void **state)
{
    uint64_t rows;
    run("BEGIN");
    run("UPDATE blocklist_log SET seal = CAST(seal || zeroblob(7) AS BLOB) WHERE id ="
        " (SELECT min(id) FROM blocklist_log WHERE kind = 1)");
    assert_int_equal(verify(&rows), LB_ERR_CONFLICT);
    run("ROLLBACK");
    assert_non_null(strstr(reason.text, "its seed or digest has another length"));
}

static void expect_start_refuses(const char *change, const char *row)
{
    char other[112];
    run(change);
    engine_close(&engine);
    caught_log_begin();
    lb_err err = engine_open(&engine, path, NULL);
    const char *log = caught_log_end();
    if (!err || !strstr(log, " of the blocklist log is wrong: ") || !strstr(log, row))
        fail_msg("%s: %s", change, log);
    snprintf(other, sizeof other, "%s/other.db", folder);
    assert_int_equal(engine_open(&engine, other, NULL), LB_OK); /* to be closed */
}

static void a_start_names_a_row_whose_ids_are_others(void **state)
{
    expect_start_refuses("UPDATE blocklist_log SET id = 51 WHERE id = 52", "row 51 (number 52)");
}

static void a_start_names_a_row_whose_number_is_too_low(void **state)
{
    expect_start_refuses("UPDATE blocklist_log SET number = 50 WHERE id = 52",
                         "row 52 (number 50)");
}

static void a_start_names_a_row_whose_digest_is_too_short(void **state)
{
    expect_start_refuses("UPDATE blocklist_log SET seal = zeroblob(47) WHERE id = 52",
                         "row 52 (number 52)");
}

/* Names of a list of which nearly all are blocked already share rows, though each was prepared for
 * another one. */
static void new_names_among_blocked_ones_share_rows(void **state)
{
    enum { NAMES = 2500, EVERY = 50, NEW = NAMES / EVERY };
    static char texts[NAMES][32];
    static const char *names[NAMES], *old[NAMES];
    struct outcome outcome;
    size_t count = 0;
    for (size_t i = 0; i < NAMES; i++) {
        snprintf(texts[i], sizeof texts[i], "listed-%zu", i);
        names[i] = texts[i];
        if (i % EVERY != 7)
            old[count++] = texts[i];
    }
    assert_int_equal(engine_block(&engine, NULL, old, count, NULL, NULL), LB_OK);
    uint64_t before, rows;
    assert_int_equal(verify(&before), LB_OK);
    assert_int_equal(engine_block(&engine, NULL, names, NAMES, NULL, &outcome), LB_OK);
    assert_int_equal(outcome.blocked, NEW);
    expect_right();
    assert_int_equal(verify(&rows), LB_OK);
    assert_int_equal(rows - before, 1);
    expect_seeds_differ();
}

static void the_first_row_that_is_wrong_is_named(void **state)
{
    uint64_t rows;
    run("BEGIN");
    run("UPDATE blocklist_log SET at = at + 1 WHERE id IN (52, 102)");
    assert_int_equal(verify(&rows), LB_ERR_CONFLICT);
    run("ROLLBACK");
    assert_non_null(strstr(reason.text, "row 52 (number 52)"));
    assert_non_null(strstr(reason.text, engine.workspace->row.id));
    assert_int_equal(rows, 2);
}

/* A reader who has kept the head of the chain would notice that. */
static void a_log_that_ends_early_is_a_chain_still(void **state)
{
    run("BEGIN");
    run("DELETE FROM blocklist_log WHERE id = (SELECT max(id) FROM blocklist_log)");
    expect_right();
    run("ROLLBACK");
}

static void no_two_rows_have_the_same_seed(void **state)
{
    sqlite3_stmt *stmt = NULL;
    expect_seeds_differ();
    assert_int_equal(sqlite3_prepare_v2(lb_sqlite_of(engine.store)->writer.db,
                                        "SELECT sum(continues) FROM blocklist_log", -1, &stmt,
                                        NULL),
                     SQLITE_OK);
    assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
    assert_true(sqlite3_column_int(stmt, 0) >= 7); /* of a block, its undo, and several reasons */
    sqlite3_finalize(stmt);
}

/* 2^40 - 1 is the greatest; what would need a greater one is refused, and nothing of it recorded.
 */
static void no_number_is_above_the_greatest(void **state)
{
    static const char *const names[] = {"kim", "lou"};
    char sql[256];
    snprintf(
        sql, sizeof sql,
        "UPDATE blocklist_log SET number = %llu WHERE id = (SELECT max(id) FROM blocklist_log)",
        (unsigned long long)LB_ENTRY_ID_MAX - 2); /* it has two items */
    run(sql);
    reopen();
    assert_int_equal(engine_block(&engine, NULL, names, 2, NULL, NULL), LB_ERR_STORAGE_FULL);
    assert_int_equal(engine_check(&engine, NULL, "kim"), 0);
    assert_true(block(NULL, "kim", NULL) == LB_ENTRY_ID_MAX);
    assert_int_equal(engine_block(&engine, NULL, &names[1], 1, NULL, NULL), LB_ERR_STORAGE_FULL);
    reopen();
    assert_int_not_equal(engine_check(&engine, NULL, "kim"), 0);
    assert_int_equal(engine_check(&engine, NULL, "lou"), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_engine, close_engine)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(all_kinds_of_changes_leave_a_chain_that_is_right),
        TEST(an_epoch_whose_first_row_failed_begins_with_the_next),
        TEST(what_was_changed_in_the_log_is_found),
        TEST(the_first_row_that_is_wrong_is_named),
        TEST(a_seed_of_another_length_is_named),
        TEST(a_start_names_a_row_whose_ids_are_others),
        TEST(a_start_names_a_row_whose_number_is_too_low),
        TEST(a_start_names_a_row_whose_digest_is_too_short),
        TEST(new_names_among_blocked_ones_share_rows),
        TEST(no_two_rows_have_the_same_seed),
        TEST(no_number_is_above_the_greatest),
        TEST(a_log_that_ends_early_is_a_chain_still),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
