/* What is the embedded backend's own: whose files it opens, and the views for people. */
#include "base/log.h"
#include "base/rcu.h"
#include "store/copy.h"
#include "store/migrations.h"
#include "store/sqlite/internal.h"
#include "support/actor.h"
#include "support/caught_log.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>
/* After the above. */
#include <cmocka.h>

struct place {
    char folder[64];
    char path[96];
};

static struct lb_reason reason; /* of the last try_open that failed */

static int make_folder(void **state)
{
    static struct place place;
    *state = &place;
    strcpy(place.folder, "/tmp/leadblock-sqlite-XXXXXX");
    if (!mkdtemp(place.folder))
        return -1;
    snprintf(place.path, sizeof place.path, "%s/leadblock.db", place.folder);
    return 0;
}

static int remove_folder(void **state)
{
    const struct place *place = *state;
    char command[128];
    snprintf(command, sizeof command, "rm -rf '%s'", place->folder);
    return system(command);
}

static lb_err try_open(const char *path, struct lb_store **out)
{
    struct lb_sqlite_settings settings = {.path = path, .checkpoint_pages = 16};
    return lb_sqlite_open(&settings, out, &reason);
}

static int64_t ask_by(const char *vfs, const char *path, const char *sql)
{
    sqlite3 *db = NULL;
    sqlite3_stmt *stmt = NULL;
    int64_t value = -1;
    assert_int_equal(sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, vfs),
                     SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &stmt, NULL), SQLITE_OK);
    if (sqlite3_step(stmt) == SQLITE_ROW)
        value = sqlite3_column_int64(stmt, 0);
    sqlite3_finalize(stmt);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    return value;
}

static int64_t ask(const char *path, const char *sql)
{
    return ask_by(NULL, path, sql);
}

static size_t contents(const char *path, char *out, size_t size)
{
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    size_t count = fread(out, 1, size, file);
    fclose(file);
    return count;
}

/* Refused with these words, and not a byte of it changed. */
static void expect_refused(const char *path, const char *words)
{
    static char before[1 << 16], after[1 << 16];
    struct lb_store *store = NULL;
    size_t size = contents(path, before, sizeof before);
    assert_int_equal(try_open(path, &store), LB_ERR_STORAGE_UNAVAILABLE);
    assert_null(store);
    assert_non_null(strstr(reason.text, words));
    assert_int_equal(contents(path, after, sizeof after), size);
    assert_memory_equal(before, after, size);
}

static void newer_data_is_refused_and_left_alone(void **state)
{
    struct place *place = *state;
    struct lb_store *store;
    char mark[128];
    assert_int_equal(try_open(place->path, &store), LB_OK);
    store->ops->close(store);
    ask_by(lb_pages_vfs(NULL)->zName, place->path, "PRAGMA user_version = 1000");
    ask_by(lb_pages_vfs(NULL)->zName, place->path, "PRAGMA journal_mode = DELETE");
    snprintf(mark, sizeof mark, "%s-mark", place->path); /* what is left is a backup */
    assert_int_equal(unlink(mark), 0);
    expect_refused(place->path, "newer leadblock (schema 1000");
}

static void other_peoples_databases_are_refused_and_left_alone(void **state)
{
    struct place *place = *state;
    char path[128];
    snprintf(path, sizeof path, "%s/other.db", place->folder);
    ask(path, "CREATE TABLE theirs (x)");
    expect_refused(path, "not leadblock's");
    ask(path, "DROP TABLE theirs");
    ask(path, "PRAGMA user_version = 1");
    expect_refused(path, "not leadblock's");
    snprintf(path, sizeof path, "%s/no.db", place->folder);
    FILE *file = fopen(path, "w");
    for (int i = 0; i < 1000; i++)
        fputs("this is no database ", file);
    fclose(file);
    expect_refused(path, "");
}

/* Rows of the first version, before anybody could sign in. */
static const char first_rows[] =
    "INSERT INTO workspace VALUES (1, 'ws_1', 'Old', 'pro', 5, NULL);"
    "INSERT INTO api_key VALUES (1, 'k1', 1, 'CRM', x'00', 0, 0, 6, NULL, NULL, NULL);"
    "INSERT INTO blocklist_log VALUES (5, 1, 0, 0, 0, 1, 8, 'asked', NULL, 'ada,bob'),"
    " (7, 1, 0, 1, 0, 0, 9, NULL, NULL, '6');"
    "INSERT INTO audit_log VALUES (3, 1, 1, 8, 'key.create', 'k1');"
    "PRAGMA application_id = 0x6c656164";

static void make_schema(const char *path, size_t version)
{
    sqlite3 *db = NULL;
    char set[64];
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    for (size_t i = 0; i < version; i++) {
        assert_int_equal(sqlite3_exec(db, lb_sqlite_migrations[i].sql, NULL, NULL, NULL),
                         SQLITE_OK);
        if (i == 0)
            assert_int_equal(sqlite3_exec(db, first_rows, NULL, NULL, NULL), SQLITE_OK);
    }
    snprintf(set, sizeof set, "PRAGMA user_version = %zu", version);
    assert_int_equal(sqlite3_exec(db, set, NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static lb_err expect_no_source(void *context, const struct lb_audit_row *row)
{
    ++*(int *)context;
    assert_true(row->id == 3 && row->actor == 1 && row->at == 8);
    assert_true(lb_str_equal(row->target, LB_STR("k1")) && !row->source.ptr);
    return LB_OK;
}

static lb_err expect_no_country(void *context, const struct lb_workspace_row *row)
{
    *(int *)context += row->plan == LB_PLAN_PRO && row->default_country == 0;
    return LB_OK;
}

static void expect_first_rows(struct lb_store *store)
{
    struct lb_store_reader *reader = store->ops->writer_reader(store);
    struct lb_log_row row;
    int audited = 0, workspaces = 0;
    assert_int_equal(store->ops->load_workspaces(store, &workspaces, expect_no_country), LB_OK);
    assert_int_equal(workspaces, 1);
    assert_int_equal(store->ops->log_row_of(reader, 1, 6, &row), LB_OK);
    assert_true(row.id == 5 && row.actor == 1 && row.at == 8);
    assert_true(lb_str_equal(row.reason, LB_STR("asked")) && !row.source.ptr);
    assert_true(lb_str_equal(row.items, LB_STR("ada,bob")));
    assert_int_equal(store->ops->audit_page(reader, 1, 0, 9, &audited, expect_no_source), LB_OK);
    assert_int_equal(audited, 1);
    assert_int_equal(store->ops->log_next_id(store), 8);
}

static void an_older_schema_keeps_its_rows(void **state)
{
    struct place *place = *state;
    /* Those after "log" have been through code that copies rows: see test_chain_log.c. */
    for (size_t version = 1; strcmp(lb_sqlite_migrations[version - 1].name, "chain") != 0;
         version++) {
        char path[128];
        struct lb_store *store;
        snprintf(path, sizeof path, "%s/old-%zu.db", place->folder, version);
        make_schema(path, version);
        assert_int_equal(try_open(path, &store), LB_OK);
        expect_first_rows(store);
        store->ops->close(store);
        assert_int_equal(ask(path, "SELECT entry FROM blocklist_live WHERE identifier = 'ada'"
                                   " AND key_id = 'k1' AND account_email IS NULL"
                                   " AND source IS NULL"),
                         5);
        assert_int_equal(ask(path, "SELECT count(*) FROM blocklist_live"), 1);
        assert_int_equal(ask(path, "SELECT count(*) FROM blocklist_history"), 3);
    }
}

/* Opens and closes; the lines about migrations are in `*out_log`. */
static size_t count_migrations(const char *path, const char **out_log)
{
    struct lb_store *store;
    lb_log_set_level(LB_LOG_INFO);
    caught_log_begin();
    lb_err err = try_open(path, &store);
    *out_log = caught_log_end();
    lb_log_set_level(LB_LOG_ERROR);
    assert_int_equal(err, LB_OK);
    store->ops->close(store);
    return caught_log_count(*out_log, " info migration backend=sqlite ");
}

static void each_migration_that_ran_is_a_line_in_the_log(void **state)
{
    const struct place *place = *state;
    const char *log;
    char path[128], words[64];
    snprintf(path, sizeof path, "%s/old.db", place->folder);
    make_schema(path, lb_sqlite_migration_count - 2);
    assert_int_equal(count_migrations(path, &log), 2);
    for (size_t i = lb_sqlite_migration_count - 2; i < lb_sqlite_migration_count; i++) {
        snprintf(words, sizeof words, " schema=%zu name=%s ms=", i + 1,
                 lb_sqlite_migrations[i].name);
        assert_non_null(strstr(log, words));
    }
    assert_int_equal(caught_log_count(log, " info created "), 0);
    assert_int_equal(count_migrations(path, &log), 0);
}

static void a_new_database_is_one_line_in_the_log(void **state)
{
    const struct place *place = *state;
    const char *log;
    char words[64];
    assert_int_equal(lb_sqlite_schema_version(), lb_sqlite_migration_count);
    assert_int_equal(count_migrations(place->path, &log), 0);
    snprintf(words, sizeof words,
             " info created backend=sqlite schema=%u ms=", lb_sqlite_schema_version());
    assert_int_equal(caught_log_count(log, words), 1);
    assert_int_equal(count_migrations(place->path, &log), 0);
    assert_int_equal(caught_log_count(log, " info created "), 0);
}

static void the_views_say_who_it_was_and_from_where(void **state)
{
    struct place *place = *state;
    struct lb_store *store;
    struct lb_workspace_row workspace = {.id = "ws_1", .name = "Test"};
    struct lb_user_row user = {.id = "us_1", .email = "ada@example.com"};
    assert_int_equal(try_open(place->path, &store), LB_OK);
    assert_int_equal(store->ops->begin(store), LB_OK);
    assert_int_equal(store->ops->workspace_insert(store, &workspace), LB_OK);
    assert_int_equal(store->ops->user_insert(store, &user), LB_OK);
    struct lb_log_row row = {.id = 9,
                             .number = 5,
                             .list = {workspace.no, 0},
                             .actor = user.no,
                             .items = LB_STR("ada,bob"),
                             .source = LB_STR("2001:db8::1")};
    assert_int_equal(store->ops->log_append(store, &row), LB_OK);
    row = (struct lb_log_row){.id = 11,
                              .number = 7,
                              .list = {workspace.no, 0},
                              .kind = LB_LOG_UNBLOCK,
                              .items = LB_STR("5")};
    assert_int_equal(store->ops->log_append(store, &row), LB_OK);
    assert_int_equal(store->ops->user_delete(store, user.no, 9), LB_OK);
    assert_int_equal(store->ops->commit(store), LB_OK);
    store->ops->close(store);
    assert_int_equal(ask(place->path, "SELECT count(*) FROM blocklist_history"
                                      " WHERE event = 'block' AND source = '2001:db8::1'"
                                      " AND account_email = 'ada@example.com'"),
                     2);
    assert_int_equal(ask(place->path, "SELECT entry FROM blocklist_history WHERE event = 'unblock'"
                                      " AND account_email IS NULL AND source IS NULL"),
                     7);
    assert_int_equal(ask(place->path, "SELECT count(*) FROM blocklist_live"), 1);
    assert_int_equal(ask(place->path,
                         "SELECT entry FROM blocklist_live WHERE source = '2001:db8::1'"
                         " AND account_email = 'ada@example.com'"),
                     6);
}

static void the_audit_log_says_who_did_what(void **state)
{
    struct place *place = *state;
    struct lb_audit_row row = {.workspace = 3,
                               .actor = 4,
                               .at = 5,
                               .action = LB_STR("campaign.create"),
                               .target = LB_STR("spring")};
    struct lb_store *store;
    assert_int_equal(try_open(place->path, &store), LB_OK);
    assert_int_equal(store->ops->begin(store), LB_OK);
    assert_int_equal(store->ops->audit_append(store, &row), LB_OK);
    assert_int_equal(store->ops->commit(store), LB_OK);
    store->ops->close(store);
    assert_int_equal(ask(place->path,
                         "SELECT count(*) FROM audit_log WHERE workspace = 3 AND key = 4 AND at = 5"
                         " AND action = 'campaign.create' AND target = 'spring'"),
                     1);
}

/* Every event of the history, one after the other, must lead to what is live. */
static const char replayed_history[] =
    "WITH entries AS (SELECT block_entry, list_ended_at, sum(CASE event WHEN 'unblock' THEN -1"
    "                        WHEN 'left_out' THEN -1 WHEN 'restore' THEN 1 ELSE 0 END) AS stands"
    "                 FROM blocklist_history WHERE block_entry IS NOT NULL GROUP BY block_entry),"
    "     blocked AS (SELECT min(entries.block_entry) AS block_entry FROM entries"
    "                 JOIN blocklist_history h ON h.entry = entries.block_entry"
    "                 WHERE entries.stands = 0 AND entries.list_ended_at IS NULL"
    "                 GROUP BY h.campaign_id, h.identifier)"
    " SELECT (SELECT count(*) FROM (SELECT block_entry FROM blocked"
    "                               EXCEPT SELECT entry FROM blocklist_live))"
    "      + (SELECT count(*) FROM (SELECT entry FROM blocklist_live"
    "                               EXCEPT SELECT block_entry FROM blocked))";

static void views_agree_with_the_engine(void **state)
{
    struct place *place = *state;
    struct actor *actors = calloc(2, sizeof *actors);
    struct engine engine;
    assert_int_equal(engine_open(&engine, place->path, NULL), LB_OK);
    assert_int_equal(engine_make_workspace(&engine), LB_OK);
    for (unsigned i = 0; i < 2; i++)
        actor_init(&actors[i], &engine, i, 99);
    for (int round = 0; round < 6; round++) {
        for (int i = 0; i < 100; i++) {
            assert_int_equal(actor_step(&actors[i % 2]), LB_OK);
            assert_string_equal(actors[i % 2].failure, "");
        }
        if (!actors_verify(actors, 2, place->path, NULL))
            fail_msg("%s%s", actors[0].failure, actors[1].failure);
        if (round % 2) /* it takes long */
            assert_int_equal(ask(place->path, replayed_history), 0);
        if (round == 3) {
            engine_close(&engine);
            assert_int_equal(engine_open(&engine, place->path, NULL), LB_OK);
        }
    }
    assert_true(ask(place->path, "SELECT count(*) FROM blocklist_log WHERE kind = 3") > 0);
    assert_int_equal(ask(place->path, "SELECT count(*) - count(DISTINCT substr(seal, 33))"
                                      " FROM blocklist_log"),
                     0); /* no two rows have one seed */
    assert_true(ask(place->path, "SELECT count(*) FROM blocklist_live") > 100);
    assert_true(ask(place->path, "SELECT count(*) FROM blocklist_history"
                                 " WHERE event = 'restore'") > 0);
    assert_true(ask(place->path, "SELECT count(*) FROM campaign"
                                 " WHERE deleted_at IS NOT NULL") > 0);
    engine_close(&engine);
    free(actors);
}

/* More requests for a person than count: those that are left out do not come back, nor does the
 * view believe them, when all others were undone one by one. */
static void the_view_leaves_out_what_counts_no_more(void **state)
{
    struct place *place = *state;
    enum { REQUESTS = LB_TWINS_MAX + 4 };
    static const char *const name[] = {"ada"};
    struct outcome made[REQUESTS];
    struct engine engine;
    assert_int_equal(engine_open(&engine, place->path, NULL), LB_OK);
    assert_int_equal(engine_make_workspace(&engine), LB_OK);
    for (int i = 0; i < REQUESTS; i++) {
        char why[16];
        snprintf(why, sizeof why, "reason %d", i);
        assert_int_equal(engine_block(&engine, NULL, name, 1, why, &made[i]), LB_OK);
    }
    assert_int_equal(ask(place->path, "SELECT count(*) FROM blocklist_history"
                                      " WHERE event = 'left_out'"),
                     REQUESTS - LB_TWINS_MAX);
    for (int i = 0; i < REQUESTS; i++) {
        if (i >= 1 && i <= REQUESTS - LB_TWINS_MAX)
            continue;
        assert_int_equal(ask(place->path, "SELECT count(*) FROM blocklist_live"), 1);
        assert_int_equal(engine_undo(&engine, made[i].change, NULL), LB_OK);
    }
    assert_int_equal(engine_check(&engine, NULL, "ada"), 0);
    assert_int_equal(ask(place->path, "SELECT count(*) FROM blocklist_live"), 0);
    engine_close(&engine);
    assert_int_equal(engine_open(&engine, place->path, NULL), LB_OK);
    assert_int_equal(engine_check(&engine, NULL, "ada"), 0);
    engine_close(&engine);
}

/* --- How questions about campaigns are answered --- */

static lb_err no_lead(void *context, const struct lb_lead_row *row)
{
    return LB_OK;
}

static lb_err no_activity(void *context, const struct lb_activity_row *row)
{
    return LB_OK;
}

/* Asks each question once, so that its statement is there. */
static lb_err no_import(void *context, const struct lb_blocklist_import_row *row)
{
    return LB_OK;
}

static lb_err no_event(void *context, const struct lb_event_row *row)
{
    return LB_OK;
}

static lb_err no_hook(void *context, const struct lb_hook_row *row)
{
    return LB_OK;
}

static lb_err no_delivery(void *context, const struct lb_delivery_row *row)
{
    return LB_OK;
}

static void ask_about_hooks(const struct lb_store_ops *ops, struct lb_store_reader *reader)
{
    struct lb_hook_row hook;
    struct lb_delivery_row delivery;
    struct lb_str id = LB_STR("hk_a");
    assert_int_equal(ops->hook(reader, 1, id, &hook), LB_ERR_NOT_FOUND);
    assert_int_equal(ops->hooks(reader, 1, NULL, no_hook), LB_OK);
    assert_int_equal(ops->delivery(reader, 1, id, 1, &delivery), LB_ERR_NOT_FOUND);
    assert_int_equal(ops->deliveries_page(reader, 1, id, 0, 1, NULL, no_delivery), LB_OK);
}

static void ask_all(const struct lb_store_ops *ops, struct lb_store_reader *reader)
{
    struct lb_lead_ref refs[1];
    struct lb_blocklist_import_row import;
    struct lb_user_row user;
    uint64_t numbers[1];
    size_t count;
    assert_int_equal(ops->import(reader, 1, LB_STR("a"), &import), LB_ERR_NOT_FOUND);
    assert_int_equal(ops->imports_page(reader, 1, 0, 1, NULL, no_import), LB_OK);
    assert_int_equal(ops->import_change(reader, 1, LB_STR("a"), 9, numbers), LB_ERR_NOT_FOUND);
    assert_int_equal(ops->import_changes(reader, 1, LB_STR("a"), 9, 1, numbers, &count), LB_OK);
    assert_int_equal(ops->user_ever(reader, LB_STR("a"), &user), LB_ERR_NOT_FOUND);
    struct lb_event_row event;
    assert_int_equal(ops->event(reader, 1, 9, &event), LB_ERR_NOT_FOUND);
    assert_int_equal(ops->events_page(reader, 1, 0, 9, 1, NULL, no_event), LB_OK);
    ask_about_hooks(ops, reader);
    struct lb_list list = {1, 1};
    struct lb_str name = LB_STR("a");
    struct lb_contact contact;
    size_t left = 1;
    assert_int_equal(ops->contacts(reader, list, 0, &name, 1, &left, &contact, &count), LB_OK);
    assert_int_equal(count, 1);
    assert_int_equal(contact.at, 0);
    assert_int_equal(ops->stopped_companies(reader, list, &name, 1, numbers), LB_OK);
    struct lb_pending_row pending;
    assert_int_equal(ops->lead_pending_next(reader, 0, &pending), LB_ERR_NOT_FOUND);
    assert_int_equal(ops->leads_named(reader, 1, LB_STR("a"), 0, 1, refs, &count), LB_OK);
    assert_int_equal(ops->leads_due(reader, 1, 1, LB_QUEUE_RETRY, 1, 1, 1, numbers, &count), LB_OK);
    assert_int_equal(ops->leads_page(reader, 1, 1, -1, 0, 0, 1, NULL, no_lead), LB_OK);
    assert_int_equal(ops->leads_page(reader, 1, 1, 2, 0, 0, 1, NULL, no_lead), LB_OK);
    assert_int_equal(ops->leads_scheduled(reader, 1, 1, 0, 1, NULL, no_lead), LB_OK);
    assert_int_equal(ops->leads_set_aside(reader, 1, 1, true, 0, 1, NULL, no_lead), LB_OK);
    assert_int_equal(ops->activities_page(reader, 1, 1, 30, 0, 1, NULL, no_activity), LB_OK);
}

/* The table or index that each line of the plan goes through must be `index`, or the row that was
 * found there; nothing may be read whole or sorted. Returns how often `index` is used. */
static unsigned judge_plan(sqlite3 *db, const char *sql, const char *index)
{
    char explain[4096], part[64] = "";
    sqlite3_stmt *stmt = NULL;
    unsigned used = 0;
    snprintf(explain, sizeof explain, "EXPLAIN QUERY PLAN %s", sql);
    assert_int_equal(sqlite3_prepare_v2(db, explain, -1, &stmt, NULL), SQLITE_OK);
    while (sqlite3_step(stmt) == SQLITE_ROW) {
        const char *line = (const char *)sqlite3_column_text(stmt, 3);
        bool searched = strstr(line, "SEARCH") != NULL;
        bool by_index = searched && strstr(line, index);
        bool scanned = strstr(line, "SCAN") && !strstr(line, "SCAN (") && strcmp(line, part) != 0;
        used += by_index;
        if (strncmp(line, "CO-ROUTINE ", 11) == 0) /* a part of the question: what it finds */
            snprintf(part, sizeof part, "SCAN %s", line + 11);
        if (strstr(line, "TEMP B-TREE") || scanned ||
            (searched && !by_index && !strstr(line, "INTEGER PRIMARY KEY")))
            fail_msg("%s\n  %s", sql, line);
    }
    sqlite3_finalize(stmt);
    return used;
}

static void questions_about_campaigns_and_imports_are_answered_by_indexes(void **state)
{
    static const struct {
        enum lb_sqlite_statement which;
        const char *index;
        unsigned times;
    } wanted[] = {
        {STMT_LEADS_NAMED, "PRIMARY KEY (workspace=? AND name=? AND campaign>?)", 1},
        {STMT_LEADS_DUE, "lead_queue (campaign=? AND queue=? AND step=? AND since<?)", 1},
        {STMT_LEADS_PAGE, "lead_by_status (campaign=? AND status=? AND no<?)", 5},
        {STMT_LEADS_PAGE_BY_STATUS, "lead_by_status (campaign=? AND status=? AND no<?)", 1},
        {STMT_LEADS_SCHEDULED, "lead_queue (campaign=? AND queue=?)", 1},
        {STMT_LEADS_SET_ASIDE, "lead_set_aside (campaign=?)", 1},
        {STMT_CONTACT, "=?)", 5}, /* names, who gave way, activities, steps and campaigns */
        {STMT_PENDING_NEXT, "PRIMARY KEY (workspace>?)", 1},
        {STMT_STOPPED_COMPANY, "PRIMARY KEY (workspace=? AND campaign=? AND key=?)", 1},
        {STMT_IMPORT, "blocklist_import_by_id (workspace=? AND id=?)", 1},
        {STMT_IMPORTS_PAGE, "PRIMARY KEY (workspace=? AND no<?)", 1},
        {STMT_IMPORT_CHANGE, "blocklist_log_", 3}, /* _import, and _undoes twice */
        {STMT_IMPORT_CHANGES, "blocklist_log_import (workspace=? AND import=? AND number<?)", 1},
        {STMT_USER_EVER, "sqlite_autoindex_account_1 (id=?)", 1},
        {STMT_EVENT, "PRIMARY KEY (workspace=? AND number<?)", 1},
        {STMT_EVENTS_PAGE, "PRIMARY KEY (workspace=? AND number>?)", 1},
        {STMT_ACTIVITIES_PAGE, "activity_by_state (campaign=? AND state=?)", 5},
    };
    struct place *place = *state;
    struct lb_store *store;
    struct lb_store_reader *reader;
    assert_int_equal(try_open(place->path, &store), LB_OK);
    assert_int_equal(store->ops->reader_open(store, &reader), LB_OK);
    ask_all(store->ops, reader);
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
        const char *sql = sqlite3_sql(reader->statements[wanted[i].which]);
        assert_non_null(sql);
        unsigned used = judge_plan(reader->db, sql, wanted[i].index);
        if (used != wanted[i].times)
            fail_msg("%s\n  uses %s %u times", sql, wanted[i].index, used);
    }
    store->ops->reader_close(reader);
    store->ops->close(store);
}

static bool is_copied(const char *table, const char *column)
{
    if (strcmp(table, "blocklist_log") == 0 && strcmp(column, "id") == 0)
        return true; /* it is made up */
    if (strcmp(table, "blocklist_log") == 0 && strcmp(column, "seal") == 0)
        return is_copied(table, "substr(seal, 1, 32)") && is_copied(table, "substr(seal, 33)");
    for (size_t i = 0; i < LB_COPY_TABLE_COUNT; i++) {
        const struct lb_copy_table *copied = &lb_copy_tables[i];
        for (size_t k = 0; k < copied->column_count && strcmp(copied->name, table) == 0; k++) {
            if (strcmp(copied->columns[k].name, column) == 0)
                return true;
        }
    }
    return false;
}

/* --- Rows of the log that wait for their statement --- */

#define ROWS 200

static void append_row(struct lb_store *store, uint64_t id, struct lb_str items)
{
    struct lb_log_row row = {
        .id = id, .number = id, .list = {1, 2}, .at = 3, .undoes = id / 2, .items = items};
    assert_int_equal(store->ops->log_append(store, &row), LB_OK);
}

/* Short rows and one that is longer than all that waits may be. */
static void append_rows(struct lb_store *store)
{
    static char items[50000];
    char name[32];
    memset(items, 'x', sizeof items);
    for (uint64_t id = 1; id <= ROWS; id++) {
        snprintf(name, sizeof name, "name-%u", (unsigned)id);
        append_row(store, id, id == 150 ? (struct lb_str){items, sizeof items} : lb_str(name));
        memset(name, '?', sizeof name); /* the caller's again */
    }
}

static lb_err count_rows(void *context, const struct lb_log_row *row)
{
    assert_int_equal(row->id, ++*(uint64_t *)context);
    return LB_OK;
}

static void expect_all_rows(struct lb_store *store, struct lb_store_reader *reader)
{
    uint64_t count = 0;
    struct lb_log_row row;
    assert_int_equal(store->ops->log_row_of(reader, 1, ROWS, &row), LB_OK);
    assert_true(lb_str_equal(row.items, LB_STR("name-200")));
    assert_int_equal(row.undoes, ROWS / 2);
    assert_int_equal(store->ops->log_row_of(reader, 1, 150, &row), LB_OK);
    assert_int_equal(row.items.len, 50000);
    store->ops->reader_rest(reader);
    assert_int_equal(store->ops->log_scan(reader, 1, 0, ROWS + 1, &count, count_rows), LB_OK);
    assert_int_equal(count, ROWS);
}

static void rows_are_read_by_the_transaction_that_appended_them(void **state)
{
    struct lb_store *store;
    assert_int_equal(try_open(((struct place *)*state)->path, &store), LB_OK);
    const struct lb_store_ops *ops = store->ops;
    struct lb_store_reader *reader = ops->writer_reader(store);
    struct lb_log_row row;
    uint64_t count = 0;
    uint64_t undone;
    assert_int_equal(ops->begin(store), LB_OK);
    append_row(store, 1, LB_STR("ada"));
    assert_int_equal(ops->log_row_of(reader, 1, 1, &row), LB_OK);
    assert_true(row.id == 1 && lb_str_equal(row.items, LB_STR("ada")));
    append_row(store, 2, LB_STR("bob"));
    count = 1;
    assert_int_equal(ops->log_scan(reader, 1, 2, 3, &count, count_rows), LB_OK);
    assert_int_equal(count, 2);
    count = 0;
    append_row(store, 3, LB_STR("eve"));
    assert_int_equal(ops->log_scan(reader, 1, 0, 4, &count, count_rows), LB_OK);
    assert_int_equal(count, 3);
    append_row(store, 8, LB_STR("joe"));
    assert_int_equal(ops->log_undone(reader, 1, 4, &undone), LB_OK);
    assert_int_equal(undone, 8);
    append_row(store, 9, LB_STR("kim,lou"));
    assert_int_equal(ops->log_next_id(store), 11);
    ops->rollback(store);
    ops->close(store);
}

static void all_rows_of_a_batch_are_stored_or_none(void **state)
{
    struct lb_store *store;
    struct lb_store_reader *other;
    assert_int_equal(try_open(((struct place *)*state)->path, &store), LB_OK);
    const struct lb_store_ops *ops = store->ops;
    assert_int_equal(ops->reader_open(store, &other), LB_OK);
    assert_int_equal(ops->begin(store), LB_OK);
    append_rows(store);
    ops->rollback(store);
    assert_int_equal(ops->begin(store), LB_OK);
    assert_int_equal(ops->commit(store), LB_OK);
    assert_int_equal(ops->log_next_id(store), 1);
    assert_int_equal(ops->begin(store), LB_OK);
    append_rows(store);
    assert_int_equal(ops->commit(store), LB_OK);
    expect_all_rows(store, other);
    ops->reader_close(other);
    ops->close(store);
}

static lb_err append(struct lb_store *store, uint64_t id)
{
    struct lb_log_row row = {.id = id, .list = {1, 2}, .at = 3, .items = LB_STR("ada")};
    return store->ops->log_append(store, &row);
}

/* The rows before it are inserted already, those after it are not: no commit may go on from there,
 * whatever became of the error. */
static void no_commit_goes_on_after_a_row_that_failed(void **state)
{
    struct lb_store *store;
    assert_int_equal(try_open(((struct place *)*state)->path, &store), LB_OK);
    const struct lb_store_ops *ops = store->ops;
    static const uint64_t ids[] = {1, 2, 2, 3};
    assert_int_equal(ops->begin(store), LB_OK);
    for (size_t i = 0; i < sizeof ids / sizeof *ids; i++)
        assert_int_equal(append(store, ids[i]), LB_OK);
    assert_int_not_equal(ops->commit(store), LB_OK);
    ops->rollback(store);
    assert_int_equal(ops->begin(store), LB_OK);
    lb_err failure = append(store, 1);
    for (uint64_t id = 1; id < 200; id++) {
        lb_err err = append(store, id);
        failure = failure ? failure : err;
    }
    assert_int_not_equal(failure, LB_OK);
    assert_int_not_equal(ops->commit(store), LB_OK);
    ops->rollback(store);
    assert_int_equal(ops->begin(store), LB_OK);
    assert_int_equal(ops->commit(store), LB_OK);
    assert_int_equal(ops->log_next_id(store), 1);
    ops->close(store);
}

/* --- Checkpoints --- */

/* One page of the log. */
static void commit_row(struct lb_store *store, uint64_t id)
{
    assert_int_equal(store->ops->begin(store), LB_OK);
    assert_int_equal(append(store, id), LB_OK);
    assert_int_equal(store->ops->commit(store), LB_OK);
}

/* Does upkeep change the database file? Nothing but a checkpoint does. */
static bool writes_back(const struct place *place, struct lb_store *store, bool idle)
{
    static char before[1 << 18], after[1 << 18];
    size_t size = contents(place->path, before, sizeof before);
    store->ops->maintain(store, idle);
    return contents(place->path, after, sizeof after) != size || memcmp(before, after, size) != 0;
}

/* 16 pages are a full log here, and 2 are worth a checkpoint. */
static void the_log_is_written_back_in_pauses_or_when_it_is_full(void **state)
{
    struct place *place = *state;
    struct lb_store *store;
    uint64_t id = 1;
    assert_int_equal(try_open(place->path, &store), LB_OK);
    store->ops->maintain(store, true);
    commit_row(store, id++);
    assert_false(writes_back(place, store, true));
    commit_row(store, id++);
    assert_false(writes_back(place, store, false));
    assert_true(writes_back(place, store, true));
    assert_false(writes_back(place, store, true));
    for (int i = 0; i < 15; i++) {
        commit_row(store, id++);
        assert_false(writes_back(place, store, false));
    }
    commit_row(store, id++);
    assert_true(writes_back(place, store, false));
    store->ops->close(store);
}

/* What a reader keeps from being written back does not make each commit try. */
static void a_log_that_a_reader_keeps_is_not_tried_after_each_commit(void **state)
{
    struct place *place = *state;
    struct lb_store *store;
    struct lb_store_reader *reader;
    struct lb_log_row row;
    uint64_t id = 1;
    assert_int_equal(try_open(place->path, &store), LB_OK);
    assert_int_equal(store->ops->reader_open(store, &reader), LB_OK);
    while (id <= 8)
        commit_row(store, id++);
    assert_int_equal(store->ops->log_row_of(reader, 1, 1, &row), LB_OK); /* holds its snapshot */
    while (id <= 20)
        commit_row(store, id++);
    store->ops->maintain(store, false);
    store->ops->reader_rest(reader);
    commit_row(store, id++);
    assert_false(writes_back(place, store, false));
    commit_row(store, id++);
    assert_true(writes_back(place, store, false));
    store->ops->reader_close(reader);
    store->ops->close(store);
}

/* When nothing more comes, it is written back a second later. */
static void what_a_reader_kept_is_written_back_in_a_pause(void **state)
{
    struct place *place = *state;
    struct lb_store *store;
    struct lb_store_reader *reader;
    struct lb_log_row row;
    assert_int_equal(try_open(place->path, &store), LB_OK);
    assert_int_equal(store->ops->reader_open(store, &reader), LB_OK);
    commit_row(store, 1);
    assert_int_equal(store->ops->log_row_of(reader, 1, 1, &row), LB_OK); /* holds its snapshot */
    for (uint64_t id = 2; id <= 8; id++)
        commit_row(store, id);
    store->ops->maintain(store, true);
    store->ops->reader_rest(reader);
    assert_false(writes_back(place, store, true));
    nanosleep(&(struct timespec){1, 50000000}, NULL);
    assert_true(writes_back(place, store, true));
    store->ops->reader_close(reader);
    store->ops->close(store);
}

/* `leadblock copy` leaves out what store/copy.c does not list. The lease of a subscription belongs
 * to a node that runs, as the note that its files are to be overwritten: a copy begins without. */
static void every_column_but_those_of_sessions_and_links_is_copied(void **state)
{
    const struct place *place = *state;
    static const char columns[] =
        "SELECT t.name, c.name FROM sqlite_schema t, pragma_table_info(t.name) c"
        " WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite_%'"
        " AND t.name NOT IN ('session', 'link')"
        " AND NOT (t.name = 'hook' AND c.name IN ('lease', 'beat'))"
        " AND NOT (t.name = 'erasure_key' AND c.name = 'overwrite') ORDER BY 1, 2";
    sqlite3 *db = NULL;
    sqlite3_stmt *stmt = NULL;
    size_t count = 0;
    make_schema(place->path, lb_sqlite_schema_version());
    assert_int_equal(sqlite3_open(place->path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, columns, -1, &stmt, NULL), SQLITE_OK);
    for (; sqlite3_step(stmt) == SQLITE_ROW; count++) {
        const char *table = (const char *)sqlite3_column_text(stmt, 0);
        const char *column = (const char *)sqlite3_column_text(stmt, 1);
        if (!is_copied(table, column))
            fail_msg("store/copy.c does not list %s.%s", table, column);
    }
    assert_true(count > 50);
    sqlite3_finalize(stmt);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_folder, remove_folder)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(newer_data_is_refused_and_left_alone),
        TEST(other_peoples_databases_are_refused_and_left_alone),
        TEST(an_older_schema_keeps_its_rows),
        TEST(each_migration_that_ran_is_a_line_in_the_log),
        TEST(a_new_database_is_one_line_in_the_log),
        TEST(the_views_say_who_it_was_and_from_where),
        TEST(the_audit_log_says_who_did_what),
        TEST(views_agree_with_the_engine),
        TEST(the_view_leaves_out_what_counts_no_more),
        TEST(questions_about_campaigns_and_imports_are_answered_by_indexes),
        TEST(rows_are_read_by_the_transaction_that_appended_them),
        TEST(all_rows_of_a_batch_are_stored_or_none),
        TEST(no_commit_goes_on_after_a_row_that_failed),
        TEST(the_log_is_written_back_in_pauses_or_when_it_is_full),
        TEST(a_log_that_a_reader_keeps_is_not_tried_after_each_commit),
        TEST(what_a_reader_kept_is_written_back_in_a_pause),
        TEST(every_column_but_those_of_sessions_and_links_is_copied),
    };
    lb_log_set_level(LB_LOG_ERROR);
    lb_rcu_thread_register();
    int failed = cmocka_run_group_tests_name("sqlite", tests, NULL, NULL);
    lb_rcu_thread_unregister();
    return failed;
}
