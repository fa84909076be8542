/* What only the PostgreSQL backend does: its schema, its locks, lost connections, and what of the
 * contract is for stores that several nodes share. Left out where LEADBLOCK_TEST_POSTGRES names no
 * server. */
#include "support/caught_log.h"
#include "support/postgres.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/rcu.h"
#include "store/verify.h"
#include "store/migrations.h"
#include "store/postgres/postgres.h"

#include <libpq-fe.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
/* After the above. */
#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

static char database[POSTGRES_CONNINFO_SIZE];

static int make_database(void **state)
{
    return postgres_create(database) ? 0 : -1;
}

static int drop_database(void **state)
{
    return postgres_drop(database) ? 0 : -1;
}

static struct lb_store *open_within(unsigned timeout_ms)
{
    struct lb_postgres_settings settings = {.conninfo = database, .timeout_ms = timeout_ms};
    struct lb_store *store = NULL;
    struct lb_reason reason;
    assert_int_equal(lb_postgres_open(&settings, &store, &reason), LB_OK);
    return store;
}

static struct lb_store *open_store(void)
{
    return open_within(4000);
}

static void run(const char *sql)
{
    assert_true(postgres_run(database, sql, NULL, 0));
}

static long long ask(const char *sql)
{
    char text[32];
    assert_true(postgres_run(database, sql, text, sizeof text));
    return atoll(text);
}

static void begin(struct lb_store *store)
{
    assert_int_equal(store->ops->begin(store), LB_OK);
}

static void commit(struct lb_store *store)
{
    assert_int_equal(store->ops->commit(store), LB_OK);
}

static uint32_t add_workspace_of(struct lb_store *store, const char *id)
{
    struct lb_workspace_row row = {.name = "Test", .created_at = 5};
    lb_str_copy(lb_str(id), row.id, sizeof row.id);
    begin(store);
    assert_int_equal(store->ops->workspace_insert(store, &row), LB_OK);
    commit(store);
    return row.no;
}

static uint32_t add_workspace(struct lb_store *store)
{
    return add_workspace_of(store, "ws_1");
}

static lb_err append(struct lb_store *store, uint32_t workspace, uint64_t id)
{
    struct lb_log_row row = {
        .id = id, .number = id, .list = {workspace, 0}, .items = LB_STR("ada")};
    memcpy(row.digest, &id, sizeof id);
    return store->ops->log_append(store, &row);
}

static struct lb_workspace_version lock(struct lb_store *store, uint32_t workspace)
{
    struct lb_workspace_version latest;
    assert_int_equal(store->shared->lock(store, &workspace, 1, true, &latest, NULL), LB_OK);
    return latest;
}

/* --- The database's names and schema ---------------------------------------------------------- */

static lb_err open_with(const char *conninfo, struct lb_reason *reason)
{
    struct lb_postgres_settings settings = {.conninfo = conninfo, .timeout_ms = 4000};
    struct lb_store *store = NULL;
    lb_err err = lb_postgres_open(&settings, &store, reason);
    if (!err)
        store->ops->close(store);
    return err;
}

static void reasons_say_what_is_wrong_and_no_password(void **state)
{
    struct lb_reason reason;
    char conninfo[POSTGRES_CONNINFO_SIZE + 64];
    assert_int_equal(open_with("host=/nowhere password=hush hush", &reason),
                     LB_ERR_STORAGE_UNAVAILABLE);
    assert_null(strstr(reason.text, "hush"));
    assert_non_null(strstr(reason.text, "connection string"));
    assert_int_equal(open_with("host=/nowhere password=hush", &reason), LB_ERR_STORAGE_UNAVAILABLE);
    assert_null(strstr(reason.text, "hush"));
    assert_non_null(strstr(reason.text, "/nowhere"));
    snprintf(conninfo, sizeof conninfo, "%s_missing", database);
    assert_int_equal(open_with(conninfo, &reason), LB_ERR_STORAGE_UNAVAILABLE);
    assert_non_null(strstr(reason.text, "does not exist"));
    run("CREATE ROLE leadblock_test_no_rights LOGIN");
    snprintf(conninfo, sizeof conninfo, "%s user=leadblock_test_no_rights", database);
    lb_err err = open_with(conninfo, &reason);
    run("DROP ROLE leadblock_test_no_rights");
    assert_int_equal(err, LB_ERR_STORAGE_UNAVAILABLE);
    assert_non_null(strstr(reason.text, "GRANT CREATE ON DATABASE"));
}

static void *open_and_close(void *context)
{
    struct lb_store *store = NULL;
    *(lb_err *)context = postgres_open(database, &store);
    if (store)
        store->ops->close(store);
    return NULL;
}

static void several_may_make_the_schema_at_once_and_again(void **state)
{
    pthread_t threads[6];
    lb_err results[COUNT(threads)];
    for (int round = 0; round < 2; round++) {
        for (size_t i = 0; i < COUNT(threads); i++)
            assert_int_equal(pthread_create(&threads[i], NULL, open_and_close, &results[i]), 0);
        for (size_t i = 0; i < COUNT(threads); i++) {
            pthread_join(threads[i], NULL);
            assert_int_equal(results[i], LB_OK);
        }
        assert_int_equal(ask("SELECT count(*) FROM leadblock.schema_version"), 1);
    }
}

static void a_schema_from_the_future_is_refused(void **state)
{
    struct lb_reason reason;
    assert_int_equal(open_with(database, &reason), LB_OK);
    run("UPDATE leadblock.schema_version SET version = 99");
    assert_int_equal(open_with(database, &reason), LB_ERR_STORAGE_UNAVAILABLE);
    assert_non_null(strstr(reason.text, "newer leadblock"));
}

/* One of the first version, before anybody could sign in. */
static const char first_rows[] =
    "INSERT INTO leadblock.workspace VALUES (nextval('leadblock.workspace_no'), 'ws_1', 'Old',"
    " 'pro', 5, NULL, 1, 7, 70, false);"
    "INSERT INTO leadblock.api_key VALUES (1, nextval('leadblock.key_no'), 'k1', 'CRM', '\\x00',"
    " false, 0, 6, NULL, NULL, NULL, 1);"
    "INSERT INTO leadblock.blocklist_log VALUES (1, 5, 0, 0, false, 1, 8, NULL, 50, 'asked',"
    " 'ada,bob'), (1, 7, 0, 1, false, 0, 9, NULL, 70, NULL, '6');"
    "INSERT INTO leadblock.audit_log VALUES (1, nextval('leadblock.audit_id'), 1, 8, 'key.create',"
    " 'k1');"
    "GRANT SELECT ON leadblock.blocklist_live TO PUBLIC";

/* As a node of that version makes it. */
static void make_schema(size_t version)
{
    char text[80];
    run("CREATE SCHEMA leadblock; CREATE TABLE leadblock.schema_version (version bigint NOT NULL)");
    snprintf(text, sizeof text, "INSERT INTO leadblock.schema_version VALUES (%zu)", version);
    run(text);
    for (size_t i = 0; i < version; i++)
        run(lb_postgres_migrations[i].sql);
}

static void make_first_schema(void)
{
    make_schema(1);
    run(first_rows);
}

static lb_err expect_no_source(void *context, const struct lb_audit_row *row)
{
    ++*(int *)context;
    assert_true(row->actor == 1 && row->at == 8 && lb_str_equal(row->target, LB_STR("k1")));
    assert_null(row->source.ptr);
    return LB_OK;
}

static void an_older_schema_keeps_its_rows(void **state)
{
    struct lb_log_row row;
    struct lb_user_row user = {.id = "us_1", .email = "ada@example.com", .workspace = 1};
    int audited = 0;
    make_first_schema();
    struct lb_store *store = open_store();
    struct lb_store_reader *reader = store->ops->writer_reader(store);
    assert_int_equal(ask("SELECT version FROM leadblock.schema_version"),
                     lb_postgres_schema_version());
    assert_int_equal(store->ops->log_row_of(reader, 1, 6, &row), LB_OK);
    assert_true(row.id == 5 && row.number == 5 && row.actor == 1 && row.at == 8);
    assert_true(lb_str_equal(row.reason, LB_STR("asked")) && !row.source.ptr);
    assert_true(lb_str_equal(row.items, LB_STR("ada,bob")));
    assert_int_equal(store->ops->audit_page(reader, 1, 0, 9, &audited, expect_no_source), LB_OK);
    assert_int_equal(audited, 1);
    begin(store);
    assert_int_equal(store->ops->user_insert(store, &user), LB_OK);
    commit(store);
    assert_int_equal(user.no, LB_USER_NO_MIN);
    store->ops->close(store);
    assert_int_equal(ask("SELECT count(*) FROM leadblock.blocklist_live WHERE identifier = 'ada'"
                         " AND key_id = 'k1' AND account_email IS NULL AND source IS NULL"),
                     1);
    assert_int_equal(ask("SELECT count(*) FROM leadblock.blocklist_live"), 1);
    assert_int_equal(ask("SELECT count(*) FROM leadblock.blocklist_history"), 3);
    assert_int_equal(ask("SELECT has_table_privilege('pg_monitor', 'leadblock.blocklist_live',"
                         " 'SELECT')::int"),
                     1); /* what people were granted stays */
}

/* What the version of the first schema says in every transaction, and to learn whether its memory
 * lacks something. */
static const struct {
    const char *prepare, *execute;
} of_earlier_nodes[] = {
    {"PREPARE lock (bigint) AS SELECT workspace_id, access_version, log_row, log_token, has_leads"
     " FROM leadblock.workspace WHERE workspace_id = $1 FOR UPDATE",
     "EXECUTE lock (1)"},
    {"PREPARE ask AS SELECT workspace_id, access_version, log_row, log_token, has_leads"
     " FROM leadblock.workspace",
     "EXECUTE ask"},
    {"PREPARE mark (bigint, bigint, bigint, bigint, bool) AS UPDATE leadblock.workspace"
     " SET access_version = coalesce($2, access_version), log_row = coalesce($3, log_row),"
     " log_token = coalesce($4, log_token), has_leads = has_leads OR $5 WHERE workspace_id = $1",
     "EXECUTE mark (1, NULL, 7, 70, false)"},
};

static void expect_state(PGconn *node, const char *sql, const char *state)
{
    PGresult *result = PQexec(node, sql);
    const char *code = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    assert_string_equal(code ? code : "", state);
    PQclear(result);
}

static void a_node_of_an_earlier_version_that_still_runs_fails(void **state)
{
    make_first_schema();
    PGconn *node = PQconnectdb(database);
    for (size_t i = 0; i < COUNT(of_earlier_nodes); i++) {
        expect_state(node, of_earlier_nodes[i].prepare, "");
        expect_state(node, of_earlier_nodes[i].execute, "");
    }
    struct lb_store *store = open_store();
    store->ops->close(store);
    for (size_t i = 0; i < COUNT(of_earlier_nodes); i++)
        expect_state(node, of_earlier_nodes[i].execute, "42703"); /* undefined_column */
    PQfinish(node);
}

#define SCHEMA_OF_0_16 23

/* Its tables have all that it knows; it knows too few legal forms. */
static void a_node_of_0_16_that_still_runs_fails(void **state)
{
    make_schema(SCHEMA_OF_0_16);
    PGconn *node = PQconnectdb(database);
    expect_state(node,
                 "PREPARE ask AS SELECT workspace_id, access_version, head_row, head_number,"
                 " head_digest, has_leads, batches FROM leadblock.workspace",
                 "");
    expect_state(node, "EXECUTE ask", "");
    struct lb_store *store = open_store();
    store->ops->close(store);
    expect_state(node, "EXECUTE ask", "42703"); /* undefined_column */
    PQfinish(node);
}

/* --- The log of an earlier version gets its digests ------------------------------------------- */

#define EARLIER_ROWS 2500 /* of each of three workspaces: some steps each */

static void make_earlier_log(void)
{
    run("CREATE SCHEMA leadblock; CREATE TABLE leadblock.schema_version (version bigint NOT NULL);"
        " INSERT INTO leadblock.schema_version VALUES (3)");
    for (size_t i = 0; i < 3; i++)
        run(lb_postgres_migrations[i].sql);
    run("INSERT INTO leadblock.workspace SELECT nextval('leadblock.workspace_no'), 'ws_' || w, "
        "'Old',"
        " 'pro', 5, NULL, 1, 0, 0, false FROM generate_series(1, 4) w;"
        " INSERT INTO leadblock.blocklist_log SELECT w, 7500 * w + 3 * n, 0, n % 3 / 2, false, 0, "
        "8,"
        " NULL, 50, 'asked', CASE WHEN n % 3 = 2 THEN (7500 * w + 3 * n - 3)::text"
        " ELSE 'person-' || n || ',other-' || n END FROM generate_series(1, 3) w,"
        " generate_series(0, 2499) n;"
        " UPDATE leadblock.workspace w SET last_row = l.id, last_token = 50 FROM"
        " (SELECT workspace_id, max(id) AS id FROM leadblock.blocklist_log GROUP BY 1) l"
        " WHERE l.workspace_id = w.workspace_id");
}

static void expect_chains(struct lb_store *store)
{
    struct lb_verify verify = {.store = store};
    struct lb_reason reason;
    if (lb_verify_log(&verify, &reason) != LB_OK)
        fail_msg("%s", reason.text);
    assert_int_equal(verify.rows, 3 * EARLIER_ROWS);
    assert_int_equal(verify.workspaces, 4);
}

static void an_attempt_that_was_broken_off_is_gone_on_with(void **state)
{
    struct lb_reason reason;
    make_earlier_log();
    run("CREATE FUNCTION public.stop_there() RETURNS trigger LANGUAGE plpgsql AS"
        " $$BEGIN RAISE 'stopped'; END$$; CREATE TRIGGER stop_there BEFORE UPDATE ON"
        " leadblock.blocklist_log FOR EACH ROW WHEN (OLD.workspace_id = 2 AND OLD.id > 19000)"
        " EXECUTE FUNCTION public.stop_there()");
    for (int attempt = 0; attempt < 2; attempt++) {
        assert_int_not_equal(open_with(database, &reason), LB_OK);
        assert_non_null(strstr(reason.text, "the next start goes on from here): ERROR: stopped"));
        assert_int_equal(ask("SELECT version FROM leadblock.schema_version"), 4);
        assert_int_equal(
            ask("SELECT count(*) FROM leadblock.blocklist_log WHERE digest IS NOT NULL"),
            EARLIER_ROWS + 1000);
    }
    run("CREATE TABLE public.before AS SELECT workspace_id, id, seed, digest"
        " FROM leadblock.blocklist_log WHERE digest IS NOT NULL;"
        " DROP TRIGGER stop_there ON leadblock.blocklist_log");
    struct lb_store *store = open_store();
    expect_chains(store);
    store->ops->close(store);
    assert_int_equal(ask("SELECT count(*) FROM public.before b JOIN leadblock.blocklist_log l"
                         " USING (workspace_id, id, seed, digest)"),
                     EARLIER_ROWS + 1000); /* done once */
    run("DROP TABLE public.before");
}

static void several_nodes_that_start_at_once_do_it_once(void **state)
{
    pthread_t threads[4];
    lb_err results[4];
    make_earlier_log();
    lb_log_set_level(LB_LOG_INFO);
    caught_log_begin();
    for (int i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, open_and_close, &results[i]), 0);
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    const char *log = caught_log_end();
    lb_log_set_level(LB_LOG_ERROR);
    for (int i = 0; i < 4; i++)
        assert_int_equal(results[i], LB_OK);
    assert_int_equal(caught_log_count(log, "the blocklist log has its digests: "), 1);
    assert_non_null(strstr(log, "3 workspaces, 7500 rows now"));
    struct lb_store *store = open_store();
    expect_chains(store);
    store->ops->close(store);
}

static void a_log_that_cannot_have_digests_is_left_as_it_is(void **state)
{
    struct lb_reason reason;
    make_earlier_log();
    run("UPDATE leadblock.blocklist_log SET items = 'ada' WHERE kind = 1 AND id ="
        " (SELECT max(id) FROM leadblock.blocklist_log WHERE kind = 1)");
    assert_int_not_equal(open_with(database, &reason), LB_OK);
    assert_non_null(strstr(reason.text, "items are not what its kind says"));
    assert_int_equal(ask("SELECT version FROM leadblock.schema_version"), 4);
}

/* Statements of the version before, which runs when this one starts. */
static void a_node_of_the_version_before_fails(void **state)
{
    make_earlier_log();
    PGconn *node = PQconnectdb(database);
    expect_state(node, "PREPARE ask AS SELECT last_row, last_token FROM leadblock.workspace", "");
    expect_state(node, "EXECUTE ask", "");
    struct lb_store *store = open_store();
    store->ops->close(store);
    expect_state(node, "EXECUTE ask", "42703");
    PQfinish(node);
}

static size_t count_migrations(const char **out_log)
{
    struct lb_reason reason;
    lb_log_set_level(LB_LOG_INFO);
    caught_log_begin();
    lb_err err = open_with(database, &reason);
    *out_log = caught_log_end();
    lb_log_set_level(LB_LOG_ERROR);
    assert_int_equal(err, LB_OK);
    return caught_log_count(*out_log, " info migration backend=postgresql ");
}

static void each_migration_that_ran_is_a_line_in_the_log(void **state)
{
    const char *log;
    char words[64];
    make_first_schema();
    assert_int_equal(count_migrations(&log), lb_postgres_migration_count - 1);
    snprintf(words, sizeof words, " schema=%u name=%s ms=", lb_postgres_schema_version(),
             lb_postgres_migrations[lb_postgres_migration_count - 1].name);
    assert_non_null(strstr(log, words));
    assert_int_equal(caught_log_count(log, " info created "), 0);
    assert_int_equal(count_migrations(&log), 0);
}

static void a_new_database_is_one_line_in_the_log(void **state)
{
    const char *log;
    char words[64];
    assert_int_equal(lb_postgres_schema_version(), lb_postgres_migration_count);
    assert_int_equal(count_migrations(&log), 0);
    snprintf(words, sizeof words,
             " info created backend=postgresql schema=%u ms=", lb_postgres_schema_version());
    assert_int_equal(caught_log_count(log, words), 1);
    assert_int_equal(count_migrations(&log), 0);
    assert_int_equal(caught_log_count(log, " info created "), 0);
}

/* A key's number and a user's never meet: an actor is one of them. */
static void numbers_of_keys_stay_below_those_of_users(void **state)
{
    struct lb_store *store = open_store();
    uint32_t workspace = add_workspace(store);
    struct lb_key_row key = {.id = "k1", .workspace = workspace, .name = "CRM"};
    run("SELECT setval('leadblock.key_no', 2147483647)");
    begin(store);
    assert_int_not_equal(store->ops->key_insert(store, &key), LB_OK);
    store->ops->rollback(store);
    store->ops->close(store);
}

static void the_views_say_who_it_was_and_from_where(void **state)
{
    struct lb_store *store = open_store();
    uint32_t workspace = add_workspace(store);
    struct lb_user_row user = {.id = "us_1", .email = "ada@example.com", .workspace = workspace};
    begin(store);
    assert_int_equal(store->ops->user_insert(store, &user), LB_OK);
    struct lb_log_row row = {.id = 5,
                             .number = 5,
                             .list = {workspace, 0},
                             .actor = user.no,
                             .items = LB_STR("ada,bob"),
                             .source = LB_STR("2001:db8::1")};
    assert_int_equal(store->ops->log_append(store, &row), LB_OK);
    row = (struct lb_log_row){
        .id = 7, .number = 7, .list = {workspace, 0}, .kind = LB_LOG_UNBLOCK, .items = LB_STR("5")};
    assert_int_equal(store->ops->log_append(store, &row), LB_OK);
    assert_int_equal(store->ops->user_delete(store, user.no, 9), LB_OK);
    commit(store);
    store->ops->close(store);
    assert_int_equal(ask("SELECT count(*) FROM leadblock.blocklist_history WHERE event = 'block'"
                         " AND account_email = 'ada@example.com' AND source = '2001:db8::1'"
                         " AND key_id IS NULL"),
                     2);
    assert_int_equal(ask("SELECT entry FROM leadblock.blocklist_history WHERE event = 'unblock'"
                         " AND account_email IS NULL AND source IS NULL"),
                     7);
    assert_int_equal(ask("SELECT count(*) FROM leadblock.blocklist_live"), 1);
    assert_int_equal(ask("SELECT entry FROM leadblock.blocklist_live"
                         " WHERE account_email = 'ada@example.com' AND source = '2001:db8::1'"),
                     6);
}

/* --- Locks ------------------------------------------------------------------------------------ */

static void who_waits_too_long_for_a_workspace_has_a_conflict(void **state)
{
    struct lb_store *store = open_store();
    struct lb_store *other = open_within(400);
    struct lb_workspace_version latest;
    uint32_t workspace = add_workspace(store);
    begin(store);
    lock(store, workspace);
    begin(other);
    assert_int_equal(other->shared->lock(other, &workspace, 1, true, &latest, NULL),
                     LB_ERR_CONFLICT);
    assert_int_equal(append(other, workspace, 1), LB_ERR_CONFLICT); /* and so it stays */
    assert_int_equal(other->ops->commit(other), LB_ERR_CONFLICT);
    other->ops->rollback(other);
    commit(store);
    begin(other); /* now it is free */
    lock(other, workspace);
    commit(other);
    other->ops->close(other);
    store->ops->close(store);
}

/* --- Without locks: the commit compares ------------------------------------------------------- */

/* What another node does to the workspace that the transaction has locked, done by a trigger. */
static void meanwhile(const char *when, const char *body)
{
    char sql[512];
    snprintf(sql, sizeof sql,
             "CREATE OR REPLACE FUNCTION public.meanwhile() RETURNS trigger LANGUAGE plpgsql AS"
             " $$BEGIN %s END$$;"
             " CREATE TRIGGER meanwhile %s EXECUTE FUNCTION public.meanwhile()",
             body, when);
    run(sql);
}

static lb_err append_locked(struct lb_store *store, uint32_t workspace, uint64_t id)
{
    begin(store);
    lock(store, workspace);
    lb_err err = append(store, workspace, id);
    err = err ? err : store->ops->commit(store);
    store->ops->rollback(store);
    return err;
}

static void another_row_of_that_number_is_a_conflict(void **state)
{
    struct lb_store *store = open_store();
    uint32_t workspace = add_workspace(store);
    assert_int_equal(append_locked(store, workspace, 1), LB_OK);
    assert_int_equal(append_locked(store, workspace, 1), LB_ERR_CONFLICT);
    assert_int_equal(append_locked(store, workspace, 2), LB_OK);
    assert_int_equal(ask("SELECT count(*) FROM leadblock.blocklist_log"), 2);
    store->ops->close(store);
}

/* The log of the workspace ends elsewhere when it is written where it ends. */
static void another_end_of_the_log_is_a_conflict(void **state)
{
    static const char *const changes[] = {"head_row = 7", "head_number = 7",
                                          "head_digest = decode(repeat('07', 32), 'hex')"};
    struct lb_store *store = open_store();
    uint32_t workspace = add_workspace(store);
    assert_int_equal(append_locked(store, workspace, 1), LB_OK);
    for (size_t i = 0; i < COUNT(changes); i++) {
        char body[160];
        snprintf(body, sizeof body,
                 "UPDATE leadblock.workspace SET %s WHERE workspace_id = NEW.workspace_id;"
                 " RETURN NULL;",
                 changes[i]);
        meanwhile("AFTER INSERT ON leadblock.blocklist_log FOR EACH ROW", body);
        assert_int_equal(append_locked(store, workspace, 2), LB_ERR_CONFLICT);
        run("DROP TRIGGER meanwhile ON leadblock.blocklist_log");
    }
    assert_int_equal(ask("SELECT head_number FROM leadblock.workspace WHERE workspace_id > 0"), 1);
    assert_int_equal(append_locked(store, workspace, 2), LB_OK);
    assert_int_equal(ask("SELECT count(*) FROM leadblock.blocklist_log"), 2);
    store->ops->close(store);
}

static void another_version_of_keys_and_campaigns_is_a_conflict(void **state)
{
    struct lb_store *store = open_store();
    struct lb_key_row key = {.id = "k1", .name = "CRM", .workspace = add_workspace(store)};
    meanwhile("AFTER INSERT ON leadblock.api_key FOR EACH ROW",
              "UPDATE leadblock.workspace SET access_version = access_version + 1"
              " WHERE workspace_id = NEW.workspace_id; RETURN NULL;");
    begin(store);
    assert_int_equal(store->ops->key_insert(store, &key), LB_OK);
    assert_int_equal(store->ops->commit(store), LB_ERR_CONFLICT);
    store->ops->rollback(store);
    assert_int_equal(ask("SELECT count(*) FROM leadblock.api_key"), 0);
    assert_int_equal(ask("SELECT access_version FROM leadblock.workspace WHERE workspace_id > 0"),
                     1);
    store->ops->close(store);
}

/* What claims change is in no log, so two of them that have one lock are told apart by the batch.
 */
static void another_batch_is_a_conflict_also_when_neither_is_in_a_log(void **state)
{
    struct lb_store *store = open_store();
    uint32_t workspace = add_workspace(store);
    begin(store);
    lock(store, workspace);
    assert_int_equal(store->ops->key_touch(store, workspace, 1, 5), LB_OK);
    commit(store);
    assert_int_equal(ask("SELECT batch_count FROM leadblock.workspace WHERE workspace_id > 0"), 2);
    meanwhile("AFTER UPDATE ON leadblock.api_key FOR EACH ROW",
              "UPDATE leadblock.workspace SET batch_count = batch_count + 1"
              " WHERE workspace_id = NEW.workspace_id; RETURN NULL;");
    struct lb_key_row key = {.id = "k1", .name = "CRM", .workspace = workspace};
    begin(store);
    assert_int_equal(store->ops->key_insert(store, &key), LB_OK);
    commit(store);
    begin(store);
    lock(store, workspace);
    assert_int_equal(store->ops->key_touch(store, workspace, key.no, 5), LB_OK);
    assert_int_equal(store->ops->commit(store), LB_ERR_CONFLICT);
    store->ops->rollback(store);
    store->ops->close(store);
}

/* The workspace's row is where the statement does not find it. */
static void a_mark_that_changes_no_row_is_a_conflict(void **state)
{
    struct lb_store *store = open_store();
    uint32_t workspace = add_workspace(store);
    meanwhile("BEFORE UPDATE ON leadblock.workspace FOR EACH ROW"
              " WHEN (OLD.head_row <> NEW.head_row)",
              "RETURN NULL;");
    assert_int_equal(append_locked(store, workspace, 1), LB_ERR_CONFLICT);
    assert_int_equal(ask("SELECT count(*) FROM leadblock.blocklist_log"), 0);
    run("DROP TRIGGER meanwhile ON leadblock.workspace");
    assert_int_equal(append_locked(store, workspace, 1), LB_OK);
    store->ops->close(store);
}

/* One who does not wait gets what is free, and has it locked. */
static void an_impatient_lock_is_a_lock_of_what_is_free(void **state)
{
    struct lb_store *store = open_store();
    struct lb_store *other = open_within(400);
    struct lb_workspace_version versions[2];
    uint32_t workspaces[2] = {add_workspace(store), add_workspace_of(store, "ws_2")};
    begin(store);
    lock(store, workspaces[0]);
    begin(other);
    assert_int_equal(other->shared->lock(other, workspaces, 2, false, versions, NULL), LB_OK);
    assert_true(versions[0].workspace == LB_WORKSPACE_NONE &&
                versions[1].workspace == workspaces[1]);
    assert_int_equal(append(other, workspaces[1], 1), LB_OK);
    commit(store);
    begin(store);
    assert_int_equal(store->shared->lock(store, workspaces, 2, false, versions, NULL), LB_OK);
    assert_true(versions[0].workspace == workspaces[0] &&
                versions[1].workspace == LB_WORKSPACE_NONE);
    store->ops->rollback(store);
    commit(other);
    other->ops->close(other);
    store->ops->close(store);
}

struct locking {
    struct lb_store *store;
    uint32_t workspace;
    lb_err result;
};

static void *lock_it(void *context)
{
    struct locking *locking = context;
    struct lb_workspace_version latest;
    struct lb_store *store = locking->store;
    locking->result = store->shared->lock(store, &locking->workspace, 1, true, &latest, NULL);
    if (locking->result)
        store->ops->rollback(store);
    return NULL;
}

static void a_deadlock_is_a_conflict_of_one(void **state)
{
    struct lb_store *stores[2] = {open_store(), open_store()};
    uint32_t workspaces[2];
    struct locking lockings[2];
    pthread_t threads[2];
    for (int i = 0; i < 2; i++)
        workspaces[i] = add_workspace(stores[i]);
    for (int i = 0; i < 2; i++) {
        begin(stores[i]);
        lock(stores[i], workspaces[i]);
        lockings[i] = (struct locking){.store = stores[i], .workspace = workspaces[1 - i]};
    }
    for (int i = 0; i < 2; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, lock_it, &lockings[i]), 0);
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    assert_true(lockings[0].result == LB_ERR_CONFLICT || lockings[1].result == LB_ERR_CONFLICT);
    assert_true(lockings[0].result == LB_OK || lockings[1].result == LB_OK);
    for (int i = 0; i < 2; i++)
        stores[i]->ops->close(stores[i]);
}

struct counting {
    struct lb_store *store;
    uint32_t workspace;
    lb_err result;
};

static lb_err count_check(struct lb_store *store, uint32_t workspace)
{
    struct lb_checks_row row = {.workspace = workspace, .day = 20000, .checks = 1};
    return store->ops->checks_add(store, &row);
}

static void *count_and_commit(void *context)
{
    struct counting *counting = context;
    struct lb_store *store = counting->store;
    counting->result = count_check(store, counting->workspace);
    if (!counting->result)
        counting->result = store->ops->commit(store);
    if (counting->result)
        store->ops->rollback(store);
    return NULL;
}

/* Nodes lock no workspaces for this, so two may wait for each other. */
static void counts_that_wait_for_each_other_are_a_conflict_of_one(void **state)
{
    struct counting countings[2];
    pthread_t threads[2];
    struct lb_user_row nobody;
    for (uint32_t i = 0; i < 2; i++) {
        struct lb_store *store = open_store();
        countings[i] = (struct counting){.store = store, .workspace = 2 - i};
        begin(store);
        assert_int_equal(count_check(store, i + 1), LB_OK);
        assert_int_equal(store->ops->user(store->ops->writer_reader(store), 1, &nobody),
                         LB_ERR_NOT_FOUND); /* so that it has arrived */
    }
    for (int i = 0; i < 2; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, count_and_commit, &countings[i]), 0);
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    assert_true(countings[0].result == LB_ERR_CONFLICT || countings[1].result == LB_ERR_CONFLICT);
    assert_true(countings[0].result == LB_OK || countings[1].result == LB_OK);
    assert_int_equal(ask("SELECT sum(checks) FROM leadblock.check_count"), 2);
    for (int i = 0; i < 2; i++)
        countings[i].store->ops->close(countings[i].store);
}

struct taking {
    struct lb_store *store;
    uint8_t hash[LB_SECRET_HASH_SIZE];
    lb_err result;
};

static void *take_and_commit(void *context)
{
    struct taking *taking = context;
    struct lb_store *store = taking->store;
    taking->result = store->ops->link_take(store, taking->hash);
    store->ops->commit(store);
    return NULL;
}

static void of_two_nodes_that_take_a_link_one_gets_it(void **state)
{
    struct taking taking = {.store = open_store()};
    struct lb_store *other = open_store();
    struct lb_link_row link = {.user = 3, .expires_at = 50, .token_hash = {7}};
    pthread_t thread;
    memcpy(taking.hash, link.token_hash, sizeof taking.hash);
    begin(other);
    assert_int_equal(other->ops->link_insert(other, &link), LB_OK);
    commit(other);
    begin(other);
    assert_int_equal(other->ops->link_take(other, link.token_hash), LB_OK);
    begin(taking.store);
    assert_int_equal(pthread_create(&thread, NULL, take_and_commit, &taking), 0);
    usleep(100000); /* it waits */
    commit(other);
    pthread_join(thread, NULL);
    assert_int_equal(taking.result, LB_ERR_NOT_FOUND);
    taking.store->ops->close(taking.store);
    other->ops->close(other);
}

static void *replace_link(void *context)
{
    struct taking *taking = context;
    struct lb_store *store = taking->store;
    struct lb_link_row link = {.user = 3, .expires_at = 60, .token_hash = {8}};
    taking->result = store->ops->link_insert(store, &link);
    if (!taking->result)
        taking->result = store->ops->commit(store);
    return NULL;
}

static void of_two_nodes_that_make_a_link_for_one_user_the_last_ones_is_good(void **state)
{
    struct taking making = {.store = open_store()};
    struct lb_store *other = open_store();
    struct lb_link_row link = {.user = 3, .expires_at = 50, .token_hash = {7}};
    pthread_t thread;
    begin(other);
    assert_int_equal(other->ops->link_insert(other, &link), LB_OK);
    assert_int_equal(other->ops->link(other->ops->writer_reader(other), link.token_hash, &link),
                     LB_OK); /* so that it has arrived */
    begin(making.store);
    assert_int_equal(pthread_create(&thread, NULL, replace_link, &making), 0);
    usleep(100000); /* it waits */
    commit(other);
    pthread_join(thread, NULL);
    assert_int_equal(making.result, LB_OK);
    assert_int_equal(ask("SELECT count(*) FROM leadblock.link"), 1);
    assert_int_equal(ask("SELECT expires_at FROM leadblock.link"), 60);
    making.store->ops->close(making.store);
    other->ops->close(other);
}

#define WRITERS 4
#define ROUNDS  40

struct appending {
    uint32_t workspaces[2];
    unsigned seed;
    unsigned wrong; /* ids that did not grow */
    lb_err err;
};

static lb_err append_once(struct appending *appending, struct lb_store *store, unsigned round)
{
    uint32_t workspace = appending->workspaces[(round + appending->seed) % 2];
    uint64_t ids = 1 + (round * 7 + appending->seed) % 5;
    struct lb_workspace_version latest;
    struct lb_log_row last;
    lb_err err = store->ops->begin(store);
    if (!err)
        err = store->shared->lock(store, &workspace, 1, true, &latest, NULL);
    uint64_t last_id = err ? 0 : latest.log.last;
    if (!err && (latest.workspace != workspace || latest.log.row != last_id ||
                 lb_log_mark_token(&latest.log) != last_id))
        appending->wrong++;
    for (uint64_t i = 0; !err && i < ids; i++)
        err = append(store, workspace, ++last_id);
    /* The node that committed first had smaller ids: there is nothing after ours. */
    if (!err)
        err = store->ops->log_row_of(store->ops->writer_reader(store), workspace, LB_ENTRY_ID_MAX,
                                     &last);
    if (!err && last.id != last_id)
        appending->wrong++;
    if (!err)
        err = round % 9 == 8 ? (store->ops->rollback(store), LB_OK) : store->ops->commit(store);
    return err;
}

static void *append_rounds(void *context)
{
    struct appending *appending = context;
    struct lb_store *store;
    appending->err = postgres_open(database, &store);
    if (appending->err)
        return NULL;
    for (unsigned round = 0; !appending->err && round < ROUNDS; round++)
        appending->err = append_once(appending, store, round);
    store->ops->close(store);
    return NULL;
}

/* Were an id given out twice, its row would not go in, or the log would not end where it should. */
static void ids_of_a_workspace_grow_from_commit_to_commit(void **state)
{
    struct lb_store *store = open_store();
    struct appending appendings[WRITERS] = {0};
    pthread_t threads[WRITERS];
    uint32_t workspaces[2] = {add_workspace(store), add_workspace(store)};
    for (unsigned i = 0; i < WRITERS; i++) {
        appendings[i].seed = i;
        memcpy(appendings[i].workspaces, workspaces, sizeof workspaces);
        assert_int_equal(pthread_create(&threads[i], NULL, append_rounds, &appendings[i]), 0);
    }
    for (unsigned i = 0; i < WRITERS; i++) {
        pthread_join(threads[i], NULL);
        assert_int_equal(appendings[i].err, LB_OK);
        assert_int_equal(appendings[i].wrong, 0);
    }
    /* What was rolled back leaves no gap, and none of them tells how many the other has. */
    assert_int_equal(ask("SELECT count(*) FROM (SELECT max(id) AS last, count(*) AS rows"
                         " FROM leadblock.blocklist_log GROUP BY workspace_id) w"
                         " WHERE last <> rows"),
                     0);
    assert_int_equal(ask("SELECT count(*) FROM leadblock.workspace w WHERE head_row <>"
                         " (SELECT max(id) FROM leadblock.blocklist_log l"
                         " WHERE l.workspace_id = w.workspace_id)"),
                     0);
    store->ops->close(store);
}

/* --- Lost connections, and commits whose outcome is unknown ----------------------------------- */

#define OTHERS                                                                                     \
    " FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'leadblock'"

static void expect_works(struct lb_store *store, uint32_t workspace)
{
    struct lb_workspace_version latest;
    lb_err err = LB_ERR_STORAGE_UNAVAILABLE;
    for (int i = 0; err && i < 20; i++) { /* there is a pause between attempts to connect */
        err = store->ops->begin(store);
        if (err)
            usleep(100000);
    }
    assert_int_equal(err, LB_OK);
    assert_int_equal(store->shared->lock(store, &workspace, 1, true, &latest, NULL), LB_OK);
    assert_int_equal(append(store, workspace, latest.log.last + 1), LB_OK);
    commit(store);
    assert_int_equal(store->ops->probe(store), LB_OK);
}

static void what_was_lost_before_the_commit_was_not_recorded(void **state)
{
    struct lb_store *store = open_store();
    uint32_t workspace = add_workspace(store);
    for (int read = 0; read < 2; read++) {
        uint64_t undone;
        begin(store);
        uint64_t last = lock(store, workspace).log.last;
        assert_int_equal(append(store, workspace, last + 1), LB_OK);
        run("SELECT pg_terminate_backend(pid)" OTHERS);
        if (read)
            assert_int_equal(
                store->ops->log_undone(store->ops->writer_reader(store), workspace, 1, &undone),
                LB_ERR_STORAGE_UNAVAILABLE);
        assert_int_equal(store->ops->commit(store), LB_ERR_STORAGE_UNAVAILABLE);
        store->ops->rollback(store);
        assert_int_equal(ask("SELECT count(*) FROM leadblock.blocklist_log"), read);
        expect_works(store, workspace);
    }
    store->ops->close(store);
}

static void a_lost_idle_connection_is_made_anew(void **state)
{
    struct lb_store *store = open_store();
    struct lb_store_reader *reader;
    uint32_t workspace = add_workspace(store);
    struct lb_workspace_row row;
    assert_int_equal(store->ops->reader_open(store, &reader), LB_OK);
    assert_int_equal(store->shared->workspace(reader, workspace, &row), LB_OK);
    run("SELECT pg_terminate_backend(pid)" OTHERS);
    assert_int_equal(store->shared->workspace(reader, workspace, &row), LB_OK);
    while (ask("SELECT count(*)" OTHERS) > 1)
        usleep(10000);
    begin(store);
    commit(store);
    store->ops->reader_close(reader);
    store->ops->close(store);
}

/* Something that PostgreSQL does while it commits a new row of the log. */
static void at_commit(const char *body)
{
    char sql[512];
    snprintf(sql, sizeof sql,
             "CREATE OR REPLACE FUNCTION public.at_commit() RETURNS trigger LANGUAGE plpgsql AS"
             " $$BEGIN %s; RETURN NULL; END$$;"
             " DROP TRIGGER IF EXISTS at_commit ON leadblock.blocklist_log;"
             " CREATE CONSTRAINT TRIGGER at_commit AFTER INSERT ON leadblock.blocklist_log"
             " DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.at_commit()",
             body);
    run(sql);
}

static lb_err append_and_commit(struct lb_store *store, uint32_t workspace)
{
    begin(store);
    uint64_t last = lock(store, workspace).log.last;
    assert_int_equal(append(store, workspace, last + 1), LB_OK);
    lb_err err = store->ops->commit(store);
    store->ops->rollback(store);
    return err;
}

static void *terminate_soon(void *context)
{
    for (int i = 0; i < 100; i++) {
        usleep(20000);
        if (ask("SELECT count(pg_terminate_backend(pid))" OTHERS
                " AND wait_event = 'PgSleep' AND query = 'COMMIT'"))
            break;
    }
    return NULL;
}

/* Fails so, and the log says why. */
static void expect_unknown_outcome(struct lb_store *store, uint32_t workspace, const char *why)
{
    caught_log_begin();
    lb_err err = append_and_commit(store, workspace);
    const char *log = caught_log_end();
    assert_int_equal(err, LB_ERR_OUTCOME_UNKNOWN);
    assert_int_equal(caught_log_count(log, "commit outcome unknown: "), 1);
    assert_non_null(strstr(log, why));
}

static void a_commit_without_an_answer_has_an_unknown_outcome(void **state)
{
    struct lb_store *store = open_within(600);
    uint32_t workspace = add_workspace(store);
    pthread_t thread;
    at_commit("PERFORM pg_sleep(2.5)"); /* longer than the store waits */
    uint64_t before = lb_clock_mono_ms();
    expect_unknown_outcome(store, workspace, "connection lost before PostgreSQL answered");
    assert_true(lb_clock_mono_ms() - before < 2400);
    at_commit("PERFORM pg_sleep(0.1)");
    store->ops->close(store);
    store = open_store();
    at_commit("PERFORM pg_sleep(2)"); /* longer than its connection lives */
    assert_int_equal(pthread_create(&thread, NULL, terminate_soon, NULL), 0);
    expect_unknown_outcome(store, workspace, "connection lost before PostgreSQL answered");
    pthread_join(thread, NULL);
    at_commit("NULL");
    expect_works(store, workspace);
    store->ops->close(store);
}

/* Only the one about a standby says that a commit may be lost (tests/cluster/test_trouble.py). */
static void a_commit_with_a_warning_about_something_else_is_one(void **state)
{
    struct lb_store *store = open_store();
    uint32_t workspace = add_workspace(store);
    at_commit("RAISE WARNING 'not replicated'");
    expect_works(store, workspace);
    at_commit("RAISE NOTICE 'nothing to worry about'");
    expect_works(store, workspace);
    store->ops->close(store);
}

static void errors_of_the_server_have_their_codes(void **state)
{
    static const struct {
        const char *state;
        lb_err err;
    } errors[] = {{"40001", LB_ERR_CONFLICT},
                  {"40P01", LB_ERR_CONFLICT},
                  {"53100", LB_ERR_STORAGE_FULL},
                  {"23514", LB_ERR_STORAGE_UNAVAILABLE}};
    struct lb_store *store = open_store();
    uint32_t workspace = add_workspace(store);
    for (size_t i = 0; i < COUNT(errors); i++) {
        char body[64];
        snprintf(body, sizeof body, "RAISE SQLSTATE '%s'", errors[i].state);
        at_commit(body);
        assert_int_equal(append_and_commit(store, workspace), errors[i].err);
    }
    assert_int_equal(ask("SELECT count(*) FROM leadblock.blocklist_log"), 0);
    at_commit("NULL");
    expect_works(store, workspace);
    store->ops->close(store);
}

/* A row that PostgreSQL does not take: its string is not UTF-8. */
static lb_err append_wrong(struct lb_store *store, uint32_t workspace, uint64_t id)
{
    struct lb_log_row row = {
        .id = id, .number = id, .list = {workspace, 0}, .items = LB_STR("\xff")};
    return store->ops->log_append(store, &row);
}

static void a_failed_write_fails_the_transaction(void **state)
{
    struct lb_store *store = open_store();
    uint32_t workspace = add_workspace(store);
    uint64_t undone;
    begin(store);
    assert_int_equal(append(store, workspace, 7), LB_OK);
    assert_int_equal(append_wrong(store, workspace, 8), LB_OK); /* told later */
    assert_int_equal(
        store->ops->log_undone(store->ops->writer_reader(store), workspace, 1, &undone),
        LB_ERR_STORAGE_UNAVAILABLE);
    assert_int_equal(append(store, workspace, 8), LB_ERR_STORAGE_UNAVAILABLE);
    assert_int_equal(store->ops->commit(store), LB_ERR_STORAGE_UNAVAILABLE);
    store->ops->rollback(store);
    begin(store);
    assert_int_equal(append(store, workspace, 7), LB_OK);
    assert_int_equal(append_wrong(store, workspace, 8), LB_OK);
    assert_int_equal(store->ops->commit(store), LB_ERR_STORAGE_UNAVAILABLE);
    store->ops->rollback(store);
    long long process = ask("SELECT pid" OTHERS);
    begin(store);
    assert_int_equal(append(store, workspace, 7), LB_OK);
    assert_int_equal(append_wrong(store, workspace, 8), LB_OK);
    store->ops->rollback(store); /* of what no call has reported */
    assert_int_equal(ask("SELECT pid" OTHERS), process);
    assert_int_equal(ask("SELECT count(*) FROM leadblock.blocklist_log"), 0);
    expect_works(store, workspace);
    store->ops->close(store);
}

/* --- Where workspaces latest -------------------------------------------------------------------
 */

static lb_err take_stand(void *context, const struct lb_workspace_version *latest)
{
    struct lb_workspace_version *versions = context;
    assert_true(latest->workspace < 8);
    versions[latest->workspace] = *latest;
    return LB_OK;
}

static struct lb_workspace_version stand_of(struct lb_store *store, uint32_t workspace)
{
    struct lb_workspace_version versions[8] = {0};
    assert_int_equal(store->shared->versions(store->ops->writer_reader(store), &workspace, 1,
                                             versions, take_stand),
                     LB_OK);
    return versions[workspace];
}

static void a_workspace_stands_where_its_last_change_left_it(void **state)
{
    struct lb_store *store = open_store();
    uint32_t workspace = add_workspace(store);
    uint32_t other = add_workspace(store);
    uint32_t asked[] = {other, 7, workspace};
    struct lb_workspace_version versions[8] = {0};
    struct lb_lead_row lead = {.workspace = workspace, .campaign = 1, .identifier = LB_STR("ada")};
    struct lb_workspace_version latest = stand_of(store, workspace);
    assert_true(latest.access_version == 1 && latest.log.row == 0 && !latest.has_leads);
    begin(store);
    latest = lock(store, workspace);
    assert_true(latest.workspace == workspace && latest.access_version == 1);
    assert_int_equal(append(store, workspace, 5), LB_OK);
    assert_int_equal(append(store, workspace, UINT64_C(1) << 39), LB_OK);
    assert_int_equal(store->ops->workspace_set_plan(store, workspace, LB_PLAN_PRO, 9), LB_OK);
    assert_int_equal(store->ops->workspace_set_plan(store, workspace, LB_PLAN_PRO, 9), LB_OK);
    assert_int_equal(store->ops->workspace_set_country(store, workspace, 0x4445), LB_OK);
    assert_int_equal(store->ops->lead_insert(store, &lead), LB_OK);
    assert_int_equal(store->ops->key_touch(store, other, 1, 1), LB_OK);
    commit(store);
    assert_int_equal(
        store->shared->versions(store->ops->writer_reader(store), asked, 3, versions, take_stand),
        LB_OK);
    latest = versions[workspace];
    assert_true(latest.access_version == 2 && latest.has_leads);
    assert_true(latest.log.row == UINT64_C(1) << 39 && latest.log.last == UINT64_C(1) << 39);
    assert_true(versions[other].access_version == 1 && versions[other].log.row == 0);
    assert_int_equal(versions[7].workspace, 0);
    memset(versions, 0, sizeof versions);
    assert_int_equal(
        store->shared->versions(store->ops->writer_reader(store), NULL, 0, versions, take_stand),
        LB_OK);
    assert_true(versions[workspace].workspace && versions[other].workspace);
    store->ops->close(store);
}

struct changes {
    size_t keys;
    size_t campaigns;
    size_t deleted;
    size_t ended;
    struct lb_key_row key;
};

static lb_err count_key(void *context, const struct lb_key_row *row)
{
    struct changes *changes = context;
    changes->keys++;
    changes->key = *row;
    return LB_OK;
}

static lb_err count_campaign(void *context, const struct lb_campaign_row *row)
{
    struct changes *changes = context;
    changes->campaigns++;
    changes->deleted += row->deleted;
    changes->ended += row->list_ended;
    return LB_OK;
}

static struct changes changes_since(struct lb_store *store, uint32_t workspace, uint64_t version)
{
    struct changes changes = {0};
    struct lb_store_reader *reader = store->ops->writer_reader(store);
    assert_int_equal(store->shared->keys_since(reader, workspace, version, &changes, count_key),
                     LB_OK);
    assert_int_equal(
        store->shared->campaigns_since(reader, workspace, version, &changes, count_campaign),
        LB_OK);
    return changes;
}

static void keys_and_campaigns_are_found_by_when_they_changed(void **state)
{
    struct lb_store *store = open_store();
    uint32_t workspace = add_workspace(store);
    struct lb_key_row key = {.id = "k1", .workspace = workspace, .name = "CRM"};
    struct lb_campaign_row campaign = {.id = "spring", .workspace = workspace, .name = "S"};
    uint32_t found[3];
    begin(store); /* version 2 */
    lock(store, workspace);
    assert_int_equal(store->ops->key_insert(store, &key), LB_OK);
    assert_int_equal(store->ops->campaign_insert(store, &campaign), LB_OK);
    commit(store);
    struct changes changes = changes_since(store, workspace, 1);
    assert_true(changes.keys == 1 && changes.campaigns == 1 && changes.deleted == 0);
    assert_string_equal(changes.key.id, "k1");
    changes = changes_since(store, workspace, 2);
    assert_true(changes.keys == 0 && changes.campaigns == 0);
    begin(store); /* version 3 */
    assert_int_equal(store->ops->campaign_delete(store, workspace, campaign.no, 9), LB_OK);
    assert_int_equal(store->ops->key_touch(store, workspace, key.no, 9), LB_OK);
    commit(store);
    changes = changes_since(store, workspace, 2);
    assert_true(changes.keys == 0 && changes.campaigns == 1 && changes.deleted == 1);
    begin(store); /* version 4 */
    assert_int_equal(store->ops->key_revoke(store, workspace, key.no, 9), LB_OK);
    commit(store);
    changes = changes_since(store, workspace, 3);
    assert_true(changes.keys == 1 && changes.key.revoked_at == 9 && changes.campaigns == 0);
    assert_int_equal(stand_of(store, workspace).access_version, 4);
    struct lb_store_reader *reader = store->ops->writer_reader(store);
    const struct lb_str key_ids[] = {LB_STR("k2"), LB_STR("k1"), LB_STR("k\"1\\")};
    assert_int_equal(store->shared->workspaces_of_keys(reader, key_ids, 3, found), LB_OK);
    assert_true(found[0] == 0 && found[1] == workspace && found[2] == 0);
    assert_int_equal(store->shared->highest_workspace(reader, &found[0]), LB_OK);
    assert_int_equal(found[0], workspace);
    store->ops->close(store);
}

/* --- What is asked for ahead ------------------------------------------------------------------ */

static size_t named(struct lb_store *store, struct lb_store_reader *reader, const char *name)
{
    struct lb_lead_ref refs[4];
    size_t count = 0;
    assert_int_equal(store->ops->leads_named(reader, 1, lb_str(name), 0, 4, refs, &count), LB_OK);
    return count;
}

static void what_a_write_changes_is_not_answered_from_memory(void **state)
{
    struct lb_store *store = open_store();
    struct lb_store_reader *reader = store->ops->writer_reader(store);
    const struct lb_str names[] = {LB_STR("ada"), LB_STR("a\"b\\c,{}"), LB_STR("bob")};
    struct lb_lead_row ada = {.workspace = 1, .campaign = 1, .identifier = names[0]};
    struct lb_lead_row found;
    struct lb_activity_row activity = {.workspace = 1, .step = 3, .attempts = 1};
    struct lb_activity_row read;
    add_workspace(store);
    begin(store);
    store->ops->prefetch_names(reader, 1, names, COUNT(names));
    assert_int_equal(named(store, reader, "ada"), 0);
    assert_int_equal(store->ops->lead_insert(store, &ada), LB_OK);
    assert_int_equal(named(store, reader, "ada"), 1);
    assert_int_equal(named(store, reader, "bob"), 0);
    store->ops->prefetch_leads(reader, 1, (uint64_t[]){ada.no, ada.no + 1}, 2, 3);
    assert_int_equal(store->ops->activity(reader, 1, ada.no, 3, &read), LB_ERR_NOT_FOUND);
    activity.lead = ada.no;
    assert_int_equal(store->ops->activity_put(store, &activity), LB_OK);
    assert_int_equal(store->ops->activity(reader, 1, ada.no, 3, &read), LB_OK);
    assert_int_equal(store->ops->lead(reader, 1, ada.no + 1, &found), LB_ERR_NOT_FOUND);
    assert_int_equal(store->ops->lead(reader, 1, ada.no, &found), LB_OK);
    struct lb_lead_row moved = found;
    moved.since = 77;
    assert_int_equal(store->ops->lead_move(store, &moved), LB_OK);
    assert_true(lb_str_equal(found.identifier, names[0])); /* the string stays */
    assert_int_equal(store->ops->lead(reader, 1, ada.no, &found), LB_OK);
    assert_int_equal(found.since, 77);
    store->ops->prefetch_names(reader, 1, names, COUNT(names));
    store->ops->prefetch_leads(reader, 1, &ada.no, 1, 3);
    moved.member_id = names[1];
    assert_int_equal(store->ops->lead_learn(store, &moved, names[1]), LB_OK);
    assert_int_equal(named(store, reader, "a\"b\\c,{}"), 1);
    assert_int_equal(store->ops->lead(reader, 1, ada.no, &found), LB_OK);
    assert_true(lb_str_equal(found.member_id, names[1]));
    assert_int_equal(store->ops->lead_give_way(store, &moved), LB_OK);
    assert_int_equal(named(store, reader, "ada"), 0);
    assert_int_equal(store->ops->lead(reader, 1, ada.no, &found), LB_OK);
    assert_true(found.gave_way);
    store->ops->prefetch_names(reader, 1, names, COUNT(names));
    store->ops->prefetch_leads(reader, 1, &ada.no, 1, 3);
    assert_int_equal(store->ops->lead_delete(store, &ada), LB_OK);
    assert_int_equal(named(store, reader, "ada"), 0);
    assert_int_equal(store->ops->lead(reader, 1, ada.no, &found), LB_ERR_NOT_FOUND);
    assert_int_equal(store->ops->activity(reader, 1, ada.no, 3, &read), LB_ERR_NOT_FOUND);
    commit(store);
    store->ops->close(store);
}

static void what_was_prefetched_is_read_at_once_and_kept_until_the_rest(void **state)
{
    struct lb_store *store = open_store();
    struct lb_store_reader *reader;
    uint64_t leads[300];
    uint64_t ids[] = {4, 5, 6, 9, 200};
    static const uint64_t rows[] = {0, 5, 5, 9, 9};
    struct lb_lead_row found;
    struct lb_log_row row;
    add_workspace(store);
    add_workspace_of(store, "ws_2");
    begin(store);
    for (size_t i = 0; i < COUNT(leads); i++) {
        char name[16];
        snprintf(name, sizeof name, "l%zu", i);
        struct lb_lead_row lead = {.workspace = 1, .campaign = 1, .identifier = lb_str(name)};
        assert_int_equal(store->ops->lead_insert(store, &lead), LB_OK);
        leads[i] = lead.no;
    }
    assert_int_equal(append(store, 1, 5), LB_OK);
    assert_int_equal(append(store, 1, 9), LB_OK);
    assert_int_equal(append(store, 2, 6), LB_OK);
    commit(store);
    assert_int_equal(store->ops->reader_open(store, &reader), LB_OK);
    store->ops->prefetch_leads(reader, 1, leads, COUNT(leads), 0);
    store->ops->prefetch_names(reader, 1, &LB_STR("l7"), 1);
    store->ops->prefetch_entries(reader, 1, ids, COUNT(ids));
    assert_int_equal(store->ops->lead(reader, 1, leads[0], &found), LB_OK); /* brings them all */
    run("UPDATE leadblock.lead SET since = 5; DELETE FROM leadblock.lead_name;"
        " DELETE FROM leadblock.blocklist_log");
    for (size_t i = 0; i < COUNT(leads); i++) {
        assert_int_equal(store->ops->lead(reader, 1, leads[i], &found), LB_OK);
        assert_true(found.no == leads[i] && found.since == 0);
    }
    assert_int_equal(named(store, reader, "l7"), 1);
    assert_int_equal(named(store, reader, "l8"), 0);
    for (size_t i = 0; i < COUNT(ids); i++) {
        lb_err err = store->ops->log_row_of(reader, 1, ids[i], &row);
        assert_int_equal(err, rows[i] ? LB_OK : LB_ERR_NOT_FOUND);
        if (rows[i])
            assert_int_equal(row.id, rows[i]);
    }
    store->ops->reader_rest(reader);
    assert_int_equal(store->ops->lead(reader, 1, leads[7], &found), LB_OK);
    assert_int_equal(found.since, 5);
    assert_int_equal(named(store, reader, "l7"), 0);
    store->ops->reader_close(reader);
    store->ops->close(store);
}

static size_t in_retry(struct lb_store *store, struct lb_store_reader *reader, bool ahead)
{
    uint64_t found[4];
    size_t count = 0;
    lb_err err = (ahead ? store->ops->leads_ahead : store->ops->leads_due)(
        reader, 1, 1, LB_QUEUE_RETRY, 5, 100, 4, found, &count);
    assert_int_equal(err, LB_OK);
    return count;
}

static void where_no_lead_waits_is_asked_once_for_all_queues_of_a_campaign(void **state)
{
    struct lb_store *store = open_store();
    struct lb_store_reader *reader;
    struct lb_lead_row lead = {
        .workspace = 1, .campaign = 1, .identifier = LB_STR("ada"), .step = 5, .since = 50};
    uint64_t found[4];
    size_t count = 0;
    add_workspace(store);
    begin(store);
    assert_int_equal(store->ops->lead_insert(store, &lead), LB_OK);
    commit(store);
    assert_int_equal(store->ops->reader_open(store, &reader), LB_OK);
    for (enum lb_lead_queue queue = 0; queue < LB_QUEUE_COUNT; queue++)
        for (uint64_t step = 0; step < 250; step++) {
            store->ops->prefetch_due(reader, 1, 1, queue, step, 100);
            store->ops->prefetch_ahead(reader, 1, 1, queue, step, 100);
        }
    assert_int_equal(in_retry(store, reader, false), 0); /* brings them all */
    assert_int_equal(in_retry(store, reader, true), 0);
    run("UPDATE leadblock.lead SET queue = 2");
    assert_int_equal(in_retry(store, reader, false), 0);
    run("UPDATE leadblock.lead SET since = 200");
    assert_int_equal(in_retry(store, reader, true), 0);
    run("UPDATE leadblock.lead SET queue = 0");
    lb_err err = store->ops->leads_due(reader, 1, 1, LB_QUEUE_SCHEDULED, 5, 200, 4, found, &count);
    assert_true(!err && count == 1); /* where one waited is asked again */
    store->ops->reader_rest(reader);
    run("UPDATE leadblock.lead SET queue = 2");
    assert_int_equal(in_retry(store, reader, false), 0);
    assert_int_equal(in_retry(store, reader, true), 1);
    store->ops->reader_close(reader);
    store->ops->close(store);
}

/* One of many statements fails before all are sent, unless the answer comes late: often enough. */
static void what_was_to_be_prefetched_and_failed_takes_nothing_with_it(void **state)
{
    struct lb_store *store = open_store();
    struct lb_store_reader *reader;
    struct lb_lead_row lead;
    uint64_t no = 1;
    assert_int_equal(store->ops->reader_open(store, &reader), LB_OK);
    assert_int_equal(store->ops->lead(reader, 1, no, &lead), LB_ERR_NOT_FOUND);
    for (int times = 0; times < 20; times++) {
        run("ALTER TABLE leadblock.lead RENAME TO gone");
        for (uint32_t workspace = 1; workspace <= 900; workspace++)
            store->ops->prefetch_leads(reader, workspace, &no, 1, 0);
        assert_int_equal(store->ops->lead(reader, 1, no, &lead), LB_ERR_STORAGE_UNAVAILABLE);
        run("ALTER TABLE leadblock.gone RENAME TO lead");
        store->ops->reader_rest(reader);
        assert_int_equal(store->ops->lead(reader, 1, no, &lead), LB_ERR_NOT_FOUND);
    }
    store->ops->reader_close(reader);
    store->ops->close(store);
}

static void entries_that_lie_close_together_are_read_at_once(void **state)
{
    struct lb_store *store = open_store();
    struct lb_store_reader *reader;
    struct lb_log_row row;
    uint64_t ids[40];
    uint32_t workspace = add_workspace(store);
    assert_int_equal(add_workspace_of(store, "ws_2"), workspace + 1);
    begin(store);
    assert_int_equal(append(store, workspace, 5), LB_OK);
    assert_int_equal(append(store, workspace + 1, 6), LB_OK);
    assert_int_equal(append(store, workspace, 9), LB_OK);
    commit(store);
    assert_int_equal(store->ops->reader_open(store, &reader), LB_OK);
    for (uint64_t i = 0; i < COUNT(ids); i++)
        ids[i] = i + 1;
    store->ops->prefetch_entries(reader, workspace, ids, COUNT(ids));
    assert_int_equal(store->ops->log_row_of(reader, workspace, 5, &row), LB_OK);
    run("DELETE FROM leadblock.blocklist_log");
    for (size_t i = 0; i < COUNT(ids); i++) {
        uint64_t wanted = ids[i] < 5 ? 0 : ids[i] < 9 ? 5 : 9;
        lb_err err = store->ops->log_row_of(reader, workspace, ids[i], &row);
        assert_int_equal(err, wanted ? LB_OK : LB_ERR_NOT_FOUND);
        assert_true(!wanted || row.id == wanted);
    }
    store->ops->reader_close(reader);
    store->ops->close(store);
}

/* --- Much at once ----------------------------------------------------------------------------- */

static lb_err count_row(void *context, const struct lb_log_row *row)
{
    uint64_t *last = context;
    assert_int_equal(row->id, *last + 1);
    *last = row->id;
    return LB_OK;
}

static void a_large_transaction_goes_through_and_is_read_in_pieces(void **state)
{
    struct lb_store *store = open_store();
    struct lb_store_reader *reader = store->ops->writer_reader(store);
    static char text[20000];
    uint64_t last = 0;
    memset(text, 'x', sizeof text - 1);
    add_workspace(store);
    begin(store);
    for (uint64_t id = 1; id <= 2500; id++) {
        struct lb_log_row row = {
            .id = id, .number = id, .list = {1, 0}, .items = {text, id % 50 ? 30 : 19000}};
        struct lb_lead_row lead = {.workspace = 1, .campaign = 1, .variables = lb_str(text)};
        char name[16];
        snprintf(name, sizeof name, "l%u", (unsigned)id);
        lead.identifier = lb_str(name);
        assert_int_equal(store->ops->log_append(store, &row), LB_OK);
        assert_int_equal(store->ops->lead_insert(store, &lead), LB_OK);
    }
    assert_int_equal(store->ops->log_scan(reader, 1, 0, LB_ENTRY_ID_MAX, &last, count_row), LB_OK);
    assert_int_equal(last, 2500);
    commit(store);
    last = 0;
    assert_int_equal(store->ops->log_scan(reader, 1, 0, LB_ENTRY_ID_MAX, &last, count_row), LB_OK);
    assert_int_equal(last, 2500);
    assert_int_equal(ask("SELECT count(*) FROM leadblock.lead"), 2500);
    store->ops->close(store);
}

/* --- Citus ------------------------------------------------------------------------------------ */

/* What the store asks of Citus, answered by functions of the test. */
static void imitate_citus(void)
{
    run("SET allow_system_table_mods = on; INSERT INTO pg_extension (oid, extname, extowner,"
        " extnamespace, extrelocatable, extversion)"
        " VALUES (99999, 'citus', 10, 2200, false, '12.1');"
        " CREATE TABLE public.pg_dist_local_group (groupid integer);"
        " INSERT INTO public.pg_dist_local_group VALUES (1);"
        " CREATE TABLE public.made (name text, colocated text, shards integer);"
        " CREATE VIEW public.pg_dist_partition AS"
        " SELECT name::regclass AS logicalrelid FROM public.made;");
    run("CREATE FUNCTION public.create_distributed_table(regclass, text,"
        " colocate_with text DEFAULT 'default', shard_count integer DEFAULT 32) RETURNS void"
        " LANGUAGE sql AS 'INSERT INTO public.made VALUES ($1::text, $3, $4)';"
        " CREATE FUNCTION public.run_command_on_workers(text) RETURNS TABLE (result text)"
        " LANGUAGE sql AS $$SELECT unnest(ARRAY['0', '1500ms'])$$");
    /* What changes a distributed table reaches the workers as the string that it came in. */
    run("CREATE FUNCTION public.take_one_statement() RETURNS event_trigger LANGUAGE plpgsql AS $$"
        " BEGIN IF EXISTS (SELECT 1 FROM public.made)"
        " AND regexp_replace(regexp_replace(current_query(), '--[^\n]*', '', 'g'),"
        " '''[^'']*''', '', 'g') ~ ';\\s*\\w'"
        " THEN RAISE 'cannot insert multiple commands into a prepared statement'; END IF; END $$;"
        " CREATE EVENT TRIGGER take_one_statement ON ddl_command_start"
        " EXECUTE FUNCTION public.take_one_statement()");
}

/* Every table is distributed, once. */
static void expect_all_distributed(void)
{
    int64_t tables = ask("SELECT count(*) FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid"
                         " WHERE a.attname = 'workspace_id' AND c.relkind = 'r'"
                         " AND c.relnamespace = 'leadblock'::regnamespace");
    assert_int_equal(ask("SELECT count(*) FROM public.made"), tables);
    assert_int_equal(ask("SELECT count(DISTINCT name) FROM public.made"), tables);
}

static void a_worker_is_refused_and_a_coordinator_makes_few_shards(void **state)
{
    struct lb_reason reason;
    imitate_citus();
    assert_int_equal(open_with(database, &reason), LB_ERR_STORAGE_UNAVAILABLE);
    assert_non_null(strstr(reason.text, "connect to the coordinator"));
    run("UPDATE public.pg_dist_local_group SET groupid = 0");
    struct lb_store *store = open_store();
    caught_log_begin();
    lb_log_set_level(LB_LOG_WARN);
    lb_err err = open_with(database, &reason);
    lb_log_set_level(LB_LOG_ERROR);
    assert_int_equal(caught_log_count(caught_log_end(), "1 workers of Citus have no lock_timeout"),
                     1);
    assert_int_equal(err, LB_OK);
    assert_int_equal(ask("SELECT shards FROM public.made WHERE name = 'leadblock.workspace'"), 8);
    assert_int_equal(ask("SELECT count(*) FROM public.made WHERE colocated ="
                         " 'leadblock.workspace'"),
                     ask("SELECT count(*) - 1 FROM public.made"));
    expect_works(store, add_workspace(store));
    store->ops->close(store);
    expect_all_distributed();
}

/* Two were forgotten; an operator has distributed one of them. Version 21 made another table. */
static void an_upgrade_distributes_what_earlier_versions_did_not(void **state)
{
    imitate_citus();
    run("UPDATE public.pg_dist_local_group SET groupid = 0");
    make_schema(20);
    run("INSERT INTO public.made SELECT c.oid::regclass::text, 'leadblock.workspace', 8"
        " FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid"
        " WHERE a.attname = 'workspace_id' AND c.relkind = 'r'"
        " AND c.relnamespace = 'leadblock'::regnamespace AND c.relname <> 'stopped_company'");
    struct lb_store *store = open_store();
    store->ops->close(store);
    expect_all_distributed();
}

/* Only where the server has loaded it: a database is not of a cluster because it is installed. */
static void tables_are_distributed_by_workspace_where_citus_is(void **state)
{
    if (ask("SELECT count(*) FROM pg_settings WHERE name = 'shared_preload_libraries'"
            " AND setting LIKE '%citus%'") == 0)
        skip();
    run("CREATE EXTENSION IF NOT EXISTS citus");
    struct lb_store *store = open_store();
    assert_int_equal(ask("SELECT count(*) FROM pg_class WHERE relkind = 'r'"
                         " AND relnamespace = 'leadblock'::regnamespace"
                         " AND relname <> 'schema_version'"),
                     ask("SELECT count(*) FROM citus_tables WHERE table_name::text LIKE"
                         " 'leadblock.%' AND distribution_column = 'workspace_id'"));
    expect_works(store, add_workspace(store));
    store->ops->close(store);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_database, drop_database)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(reasons_say_what_is_wrong_and_no_password),
        TEST(several_may_make_the_schema_at_once_and_again),
        TEST(an_attempt_that_was_broken_off_is_gone_on_with),
        TEST(several_nodes_that_start_at_once_do_it_once),
        TEST(a_log_that_cannot_have_digests_is_left_as_it_is),
        TEST(a_node_of_the_version_before_fails),
        TEST(a_schema_from_the_future_is_refused),
        TEST(an_older_schema_keeps_its_rows),
        TEST(a_node_of_an_earlier_version_that_still_runs_fails),
        TEST(a_node_of_0_16_that_still_runs_fails),
        TEST(each_migration_that_ran_is_a_line_in_the_log),
        TEST(a_new_database_is_one_line_in_the_log),
        TEST(numbers_of_keys_stay_below_those_of_users),
        TEST(the_views_say_who_it_was_and_from_where),
        TEST(who_waits_too_long_for_a_workspace_has_a_conflict),
        TEST(another_row_of_that_number_is_a_conflict),
        TEST(another_end_of_the_log_is_a_conflict),
        TEST(another_version_of_keys_and_campaigns_is_a_conflict),
        TEST(another_batch_is_a_conflict_also_when_neither_is_in_a_log),
        TEST(a_mark_that_changes_no_row_is_a_conflict),
        TEST(an_impatient_lock_is_a_lock_of_what_is_free),
        TEST(a_deadlock_is_a_conflict_of_one),
        TEST(counts_that_wait_for_each_other_are_a_conflict_of_one),
        TEST(of_two_nodes_that_take_a_link_one_gets_it),
        TEST(of_two_nodes_that_make_a_link_for_one_user_the_last_ones_is_good),
        TEST(ids_of_a_workspace_grow_from_commit_to_commit),
        TEST(what_was_lost_before_the_commit_was_not_recorded),
        TEST(a_lost_idle_connection_is_made_anew),
        TEST(a_commit_without_an_answer_has_an_unknown_outcome),
        TEST(a_commit_with_a_warning_about_something_else_is_one),
        TEST(errors_of_the_server_have_their_codes),
        TEST(a_failed_write_fails_the_transaction),
        TEST(a_workspace_stands_where_its_last_change_left_it),
        TEST(keys_and_campaigns_are_found_by_when_they_changed),
        TEST(what_a_write_changes_is_not_answered_from_memory),
        TEST(what_was_prefetched_is_read_at_once_and_kept_until_the_rest),
        TEST(where_no_lead_waits_is_asked_once_for_all_queues_of_a_campaign),
        TEST(what_was_to_be_prefetched_and_failed_takes_nothing_with_it),
        TEST(entries_that_lie_close_together_are_read_at_once),
        TEST(a_large_transaction_goes_through_and_is_read_in_pieces),
        TEST(a_worker_is_refused_and_a_coordinator_makes_few_shards),
        TEST(an_upgrade_distributes_what_earlier_versions_did_not),
        TEST(tables_are_distributed_by_workspace_where_citus_is),
    };
    if (!postgres_is_there())
        return 77; /* skipped, for meson */
    lb_log_set_level(LB_LOG_ERROR);
    lb_rcu_thread_register();
    int failed = cmocka_run_group_tests_name("postgres", tests, NULL, NULL);
    lb_rcu_thread_unregister();
    return failed;
}
