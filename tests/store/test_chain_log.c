/* The log of an earlier version gets its digests at the first start: killed at any step it goes on
 * from there, nothing is copied twice, and the old log is there until the copy was found right. */
#include "base/log.h"
#include "store/chain.h"
#include "store/migrations.h"
#include "store/sqlite/internal.h"
#include "store/verify.h"
#include "support/caught_log.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
/* After the above. */
#include <cmocka.h>

#define SCHEMA           5    /* the last one without digests */
#define ROWS             6000 /* of 50 names: some steps */
#define WORKSPACES       3
#define CHECKPOINT_PAGES 256

static char folder[64];
static char path[96];
static struct lb_reason reason;
static bool (*keep_going)(void);

static lb_err try_open(struct lb_store **out)
{
    struct lb_sqlite_settings settings = {
        .path = path, .checkpoint_pages = CHECKPOINT_PAGES, .keep_going = keep_going};
    *out = NULL;
    return lb_sqlite_open(&settings, out, &reason);
}

static struct lb_store *open_store(void)
{
    struct lb_store *store;
    if (try_open(&store) != LB_OK)
        fail_msg("%s", reason.text);
    return store;
}

static sqlite3 *connect(void)
{
    sqlite3 *db = NULL;
    assert_int_equal(sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE,
                                     lb_pages_vfs(NULL)->zName),
                     SQLITE_OK);
    lb_pages_reserve(db);
    return db;
}

static void execute(sqlite3 *db, const char *sql)
{
    if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
        fail_msg("%s: %s", sql, sqlite3_errmsg(db));
}

/* Any SQLite can read it, and leaves all as it is. */
static long long ask(const char *sql)
{
    sqlite3 *db = NULL;
    sqlite3_stmt *stmt = NULL;
    assert_int_equal(sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &stmt, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
    long long found = sqlite3_column_int64(stmt, 0);
    sqlite3_finalize(stmt);
    sqlite3_close(db);
    return found;
}

/* Every third row is an unblock of the one before it. */
static void insert_rows(sqlite3 *db)
{
    static char names[8192];
    sqlite3_stmt *stmt = NULL;
    assert_int_equal(sqlite3_prepare_v2(db,
                                        "INSERT INTO blocklist_log (id, workspace, campaign, kind,"
                                        " continues, key, at, undoes, reason, items, source) VALUES"
                                        " (?, ?, 0, ?, 0, 0, 8, NULL, 'asked', ?, '192.0.2.1')",
                                        -1, &stmt, NULL),
                     SQLITE_OK);
    for (int row = 0; row < ROWS; row++) {
        int id = 1 + 50 * row;
        size_t len = 0;
        for (int i = 0; i < 50; i++)
            len += (size_t)sprintf(names + len, row % 3 == 2 ? "%s%d" : "%sperson-number-%d",
                                   i ? "," : "", row % 3 == 2 ? id - 50 + i : id + i);
        sqlite3_bind_int(stmt, 1, id);
        sqlite3_bind_int(stmt, 2, 1 + row / 3 % WORKSPACES);
        sqlite3_bind_int(stmt, 3, row % 3 == 2);
        sqlite3_bind_text(stmt, 4, names, -1, SQLITE_STATIC);
        assert_int_equal(sqlite3_step(stmt), SQLITE_DONE);
        sqlite3_reset(stmt);
    }
    sqlite3_finalize(stmt);
}

static int make_old(void **state)
{
    char sql[96];
    snprintf(folder, sizeof folder, "/tmp/leadblock-chain-XXXXXX");
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/leadblock.db", folder);
    keep_going = NULL;
    sqlite3 *db = connect();
    execute(db, "PRAGMA synchronous = OFF; BEGIN");
    for (size_t i = 0; i < SCHEMA; i++)
        execute(db, lb_sqlite_migrations[i].sql);
    for (int i = 1; i <= WORKSPACES; i++) {
        snprintf(sql, sizeof sql,
                 "INSERT INTO workspace VALUES (%d, 'ws_%d', 'Old', 'pro', 5, NULL)", i, i);
        execute(db, sql);
    }
    insert_rows(db);
    execute(db, "PRAGMA application_id = 0x6c656164; PRAGMA user_version = 5; COMMIT");
    sqlite3_close(db);
    return 0;
}

static int remove_folder(void **state)
{
    char command[128];
    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    return system(command);
}

static void expect_all(struct lb_store *store)
{
    struct lb_verify verify = {.store = store};
    struct lb_log_row row;
    if (lb_verify_log(&verify, &reason) != LB_OK)
        fail_msg("%s", reason.text);
    assert_int_equal(verify.rows, ROWS);
    assert_int_equal(verify.entries, 50 * ROWS);
    assert_int_equal(verify.workspaces, WORKSPACES);
    assert_int_equal(store->ops->log_row_of(store->ops->writer_reader(store), 1, 175, &row), LB_OK);
    assert_true(row.id == 151 && row.number == 151 && row.epoch == 0 && row.at == 8);
    assert_true(lb_str_equal(row.reason, LB_STR("asked")));
    assert_true(lb_str_equal(row.source, LB_STR("192.0.2.1")));
    assert_memory_equal(row.items.ptr, "person-number-151,", 18);
}

static unsigned asked, kill_at;

static bool die_some_time(void)
{
    if (++asked == kill_at)
        kill(getpid(), SIGKILL);
    return true;
}

/* Killed at the `at`th time that it asks whether to go on. False when it was done before. */
static bool start_and_kill(unsigned at)
{
    int status = 0;
    pid_t child = fork();
    if (child == 0) {
        struct lb_store *store;
        asked = 0;
        kill_at = at;
        keep_going = die_some_time;
        _exit(try_open(&store) == LB_OK ? 0 : 1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) || WEXITSTATUS(status) == 0);
    return WIFSIGNALED(status);
}

static long long copied(void)
{
    return ask("SELECT EXISTS (SELECT 1 FROM sqlite_master WHERE name = 'blocklist_log_next')")
               ? ask("SELECT count(*) FROM blocklist_log_next")
               : -1;
}

/* How many rows the last start says that it has copied; -1: nothing. */
static long long rows_copied_by(const char *log)
{
    long long all, now;
    const char *line = strstr(log, "the blocklist log has its digests: ");
    return line && sscanf(line, "the blocklist log has its digests: %lld rows, %lld of them", &all,
                          &now) == 2
               ? now
               : -1;
}

/* A step takes some MiB of SQLite's own log, not the size of all that is copied and removed. */
static void expect_small_log(void)
{
    char name[128];
    struct stat info;
    snprintf(name, sizeof name, "%s-wal", path);
    assert_int_equal(stat(name, &info), 0);
    assert_in_range(info.st_size, 1, 3 << 20);
}

static void a_log_of_an_earlier_version_gets_its_digests(void **state)
{
    struct lb_store *store = open_store();
    expect_all(store);
    store->ops->close(store);
    assert_int_equal(copied(), -1);
    assert_int_equal(ask("SELECT count(*) FROM blocklist_history"), 50 * ROWS);
    assert_int_equal(ask("SELECT count(*) FROM sqlite_master WHERE type = 'table'"
                         " AND name LIKE 'blocklist_log%'"),
                     1);
    expect_small_log();
    store = open_store(); /* and that once */
    expect_all(store);
    store->ops->close(store);
}

/* In the middle of a step, between steps, and while it looks at what it has done. */
static void killed_at_any_point_it_goes_on_from_there(void **state)
{
    static const unsigned points[] = {1, 2, 3, 4, 2, 1, 5, 2, 4, 6};
    unsigned killed = 0, part_way = 0;
    long long last = 0;
    for (size_t i = 0; i < sizeof points / sizeof *points; i++) {
        killed += start_and_kill(points[i]);
        long long now = copied();
        assert_true(now >= last); /* what was copied stays */
        assert_int_equal(ask("SELECT count(*) FROM blocklist_log"), ROWS);
        part_way += now > 0 && now < ROWS;
        last = now;
    }
    print_message("killed %u times, %u of them with a part copied\n", killed, part_way);
    assert_true(killed == sizeof points / sizeof *points && part_way >= 4);
    lb_log_set_level(LB_LOG_INFO);
    caught_log_begin();
    struct lb_store *store = open_store();
    long long now = rows_copied_by(caught_log_end());
    lb_log_set_level(LB_LOG_ERROR);
    assert_int_equal(now, ROWS - last);
    expect_all(store);
    store->ops->close(store);
}

/* The copy has taken the place of the log already. */
static void killed_while_the_old_log_is_removed_it_goes_on(void **state)
{
    unsigned at = 1;
    while (!ask("SELECT EXISTS (SELECT 1 FROM sqlite_master WHERE name = 'blocklist_log_old')"))
        assert_true(start_and_kill(at++));
    long long left = ask("SELECT count(*) FROM blocklist_log_old");
    for (int i = 0; i < 3; i++) {
        assert_true(start_and_kill(1));
        long long now = ask("SELECT count(*) FROM blocklist_log_old");
        assert_true(now < left);
        left = now;
    }
    assert_true(left > 0);
    struct lb_store *store = open_store();
    expect_all(store);
    store->ops->close(store);
    assert_int_equal(ask("SELECT count(*) FROM sqlite_master WHERE type = 'table'"
                         " AND name LIKE 'blocklist_log%'"),
                     1);
    expect_small_log();
}

/* --- What is wrong with the copy --- */

enum wrong { NOTHING, CHANGED_ITEM, MISSING_ROW, WRONG_DIGEST, WRONG_COUNT };
#define COPIED 100

/* What an earlier attempt would have left that copied the first rows, but for one of them. */
static void leave_copy(enum wrong wrong)
{
    uint8_t heads[WORKSPACES + 1][LB_DIGEST_SIZE];
    sqlite3_stmt *select = NULL, *insert = NULL;
    sqlite3 *db = connect();
    execute(db, "BEGIN");
    execute(db, lb_sqlite_migrations[SCHEMA].sql);
    for (int i = 1; i <= WORKSPACES; i++) {
        char id[16];
        snprintf(id, sizeof id, "ws_%d", i);
        lb_chain_begin(lb_str(id), heads[i]);
    }
    sqlite3_prepare_v2(db, "SELECT id, workspace, kind, items FROM blocklist_log ORDER BY id", -1,
                       &select, NULL);
    sqlite3_prepare_v2(db, LB_SQLITE_INSERT_ROW("blocklist_log_next"), -1, &insert, NULL);
    for (int i = 0; i < COPIED && sqlite3_step(select) == SQLITE_ROW; i++) {
        uint32_t workspace = (uint32_t)sqlite3_column_int(select, 1);
        uint64_t id = (uint64_t)sqlite3_column_int64(select, 0);
        struct lb_log_row row = {.id = id,
                                 .number = id,
                                 .list = {workspace, 0},
                                 .kind = (enum lb_log_kind)sqlite3_column_int(select, 2),
                                 .at = 8,
                                 .reason = LB_STR("asked"),
                                 .items = lb_sqlite_column_str(select, 3),
                                 .source = LB_STR("192.0.2.1")};
        bool here = i == COPIED / 2;
        if (here && wrong == MISSING_ROW)
            continue;
        if (here && wrong == CHANGED_ITEM)
            row.items = LB_STR("1");
        lb_chain_seed(row.seed);
        assert_true(lb_chain_digest_row(heads[workspace], &row, row.digest));
        row.digest[5] ^= here && wrong == WRONG_DIGEST;
        memcpy(heads[workspace], row.digest, LB_DIGEST_SIZE);
        lb_sqlite_bind_row(insert, &row);
        assert_int_equal(lb_sqlite_run(insert), LB_OK);
    }
    sqlite3_finalize(select);
    sqlite3_finalize(insert);
    if (wrong == WRONG_COUNT)
        execute(db, "DELETE FROM blocklist_log WHERE id = 1");
    execute(db, "PRAGMA user_version = 6; COMMIT");
    sqlite3_close(db);
}

static void a_copy_that_is_not_right_never_takes_the_place_of_the_log(void **state)
{
    for (enum wrong wrong = NOTHING; wrong <= WRONG_COUNT; wrong++) {
        struct lb_store *store;
        leave_copy(wrong);
        lb_err err = try_open(&store);
        if (wrong == NOTHING) {
            assert_int_equal(err, LB_OK);
            expect_all(store);
            store->ops->close(store);
        } else {
            if (err == LB_OK)
                fail_msg("taken with %d", wrong);
            assert_int_equal(ask("SELECT count(*) FROM blocklist_log"),
                             ROWS - (wrong == WRONG_COUNT));
        }
        remove_folder(state);
        make_old(state);
    }
}

/* Its rows would get digests while the others come with the source's. */
static void half_a_copy_of_an_earlier_version_is_left_as_it_is(void **state)
{
    struct lb_store *store;
    sqlite3 *db = connect();
    execute(db, "CREATE TABLE copy_progress (item TEXT PRIMARY KEY, value BLOB NOT NULL)");
    sqlite3_close(db);
    assert_int_equal(try_open(&store), LB_ERR_CONFLICT);
    assert_non_null(strstr(reason.text, "Start the copy again with an empty folder"));
    assert_int_equal(ask("PRAGMA user_version"), SCHEMA);
    assert_int_equal(copied(), -1);
}

static bool stop_it(void)
{
    return ++asked < 4;
}

static void it_can_be_stopped(void **state)
{
    struct lb_store *store;
    asked = 0;
    keep_going = stop_it;
    assert_int_not_equal(try_open(&store), LB_OK);
    assert_non_null(
        strstr(reason.text, "told to stop. Nothing of it is lost; the next start goes on"));
    assert_true(copied() > 0);
    keep_going = NULL;
    store = open_store();
    expect_all(store);
    store->ops->close(store);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_old, remove_folder)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_log_of_an_earlier_version_gets_its_digests),
        TEST(killed_at_any_point_it_goes_on_from_there),
        TEST(killed_while_the_old_log_is_removed_it_goes_on),
        TEST(a_copy_that_is_not_right_never_takes_the_place_of_the_log),
        TEST(half_a_copy_of_an_earlier_version_is_left_as_it_is),
        TEST(it_can_be_stopped),
    };
    lb_log_set_level(LB_LOG_ERROR);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
