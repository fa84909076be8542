/* How PostgreSQL goes about the statements of the backend: in which partitions it looks, and by
 * which index. Left out where LEADBLOCK_TEST_POSTGRES names no server. */
#include "store/postgres/statements.h"

#include "base/log.h"
#include "base/rcu.h"
#include "support/postgres.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
/* After the above. */
#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

static char database[POSTGRES_CONNINFO_SIZE];

/* With the tables. */
static int make_database(void **state)
{
    struct lb_store *store;
    if (!postgres_create(database) || postgres_open(database, &store))
        return -1;
    store->ops->close(store);
    return 0;
}

static int drop_database(void **state)
{
    return postgres_drop(database) ? 0 : -1;
}

static void run(const char *sql)
{
    assert_true(postgres_run(database, sql, NULL, 0));
}

/* Copies of the tables, each in four partitions by a hash of the workspace. */
static const char spread[] =
    "CREATE SCHEMA hashed;"
    "DO $$ DECLARE name text; BEGIN"
    " FOR name IN SELECT relname FROM pg_class WHERE relnamespace = 'leadblock'::regnamespace"
    "  AND relkind = 'r' AND relname <> 'schema_version' LOOP"
    "  EXECUTE format('CREATE TABLE hashed.%I (LIKE leadblock.%I INCLUDING ALL)"
    " PARTITION BY HASH (workspace_id)', name, name);"
    "  FOR part IN 0..3 LOOP"
    "   EXECUTE format('CREATE TABLE hashed.%I PARTITION OF hashed.%I"
    " FOR VALUES WITH (MODULUS 4, REMAINDER %s)', name || '_part' || part, name, part);"
    "  END LOOP;"
    " END LOOP;"
    " FOR name IN SELECT relname FROM pg_class WHERE relnamespace = 'leadblock'::regnamespace"
    "  AND relkind = 'S' LOOP"
    "  EXECUTE format('CREATE SEQUENCE hashed.%I', name);"
    " END LOOP;"
    " EXECUTE 'CREATE VIEW hashed.old_lead_name AS '"
    "  || replace(pg_get_viewdef('leadblock.old_lead_name'::regclass), 'leadblock.', 'hashed.');"
    " END $$;"
    /* The partitions in the plan of a statement, as bits; 16: the table itself, for inserts. */
    "CREATE FUNCTION public.parts_of(sql text) RETURNS bigint LANGUAGE plpgsql AS $$"
    " DECLARE line text; part text; bits bigint := 0; BEGIN"
    " FOR line IN EXECUTE 'EXPLAIN ' || sql LOOP"
    "  FOR part IN SELECT (regexp_matches(line, '(?:on|using \\S+ on) \\w+_part(\\d)', 'g'))[1] "
    "LOOP"
    "   bits := bits | (1 << part::int);"
    "  END LOOP;"
    "  IF line ~ 'Insert on' THEN bits := bits | 16; END IF;"
    " END LOOP; RETURN bits; END $$";

static const char *sample_of(char type, int number)
{
    switch (type) {
    case 'b':
        return "true";
    case 't':
        return "'x'";
    case 'y':
        return "'\\x00'";
    case 'N':
        return "'{1,2,3,4,5,6,7,8}'";
    case 'T':
        return "'{a,b}'";
    default: /* not all the same, or conditions would exclude each other */
        return &"1\0002\0003\0004\0005\0006\0007\0008\0009"[2 * (number < 8 ? number : 8)];
    }
}

static const char *type_of(char type, int number)
{
    switch (type) {
    case 'b':
        return "boolean";
    case 't':
        return "text";
    case 'y':
        return "bytea";
    case 'N':
        return "bigint[]";
    case 'T':
        return "text[]";
    default:
        return "bigint";
    }
}

/* "(bigint, text)" or "(1, 'x')". */
static void put_list(char *out, const char *types, const char *(*of)(char, int))
{
    strcpy(out, *types ? "(" : "");
    for (const char *type = types; *type; type++) {
        strcat(out, of(*type, (int)(type - types)));
        strcat(out, type[1] ? ", " : ")");
    }
}

static void replace_schema(const char *sql, char *out)
{
    const char *at;
    for (*out = '\0'; (at = strstr(sql, "leadblock.")) != NULL; sql = at + 10) {
        strncat(out, sql, (size_t)(at - sql));
        strcat(out, "hashed.");
    }
    strcat(out, sql);
}

static long long parts_of(const struct lb_pg_statement_text *statement)
{
    static char sql[16384];
    static char hashed[8192];
    char types[2048];
    char samples[2048];
    put_list(types, statement->types, type_of);
    put_list(samples, statement->types, sample_of);
    replace_schema(statement->sql, hashed);
    snprintf(sql, sizeof sql,
             "SET plan_cache_mode = force_custom_plan; PREPARE it%s AS %s;"
             " SELECT public.parts_of($it$EXECUTE it%s$it$)",
             types, hashed, samples);
    char text[32];
    assert_true(postgres_run(database, sql, text, sizeof text));
    return atoll(text);
}

static void a_statement_of_one_workspace_goes_to_one_partition(void **state)
{
    size_t checked = 0;
    run(spread);
    for (size_t i = 0; i < PG_COUNT; i++) {
        const struct lb_pg_statement_text *statement = lb_pg_statements[i];
        if (statement->reach == LB_PG_NONE) {
            /* None has rows of ours; one asks the tables of Citus. */
            assert_true(i == PG_WORKSPACES_MOVING || !strstr(statement->sql, "WHERE"));
            continue;
        }
        long long parts = parts_of(statement);
        bool one = parts == 1 || parts == 2 || parts == 4 || parts == 8 || parts == 16;
        if (one != (statement->reach == LB_PG_ONE))
            fail_msg("%s goes to partitions 0x%llx", statement->name, (unsigned long long)parts);
        checked++;
    }
    assert_true(checked > 70);
}

/* Accounts, sessions and links can be joined, and an address be unique, because they are all in
 * the same place. */
static void all_people_are_in_one_partition(void **state)
{
    static const enum lb_pg_statement statements[] = {
        PG_USER_SET_PASSWORD, PG_USER_SIGNED_IN, PG_USER_DELETE,   PG_USER,
        PG_USER_BY_EMAIL,     PG_USER_BY_ID,     PG_USERS,         PG_SESSION,
        PG_SESSION_DELETE,    PG_SESSIONS_END,   PG_SESSIONS_TRIM, PG_SESSIONS_SWEEP,
        PG_LINK_TAKE,         PG_LINKS_END,      PG_LINKS_SWEEP,   PG_LINK,
        PG_SIGNING_KEY,       PG_USER_EVER};
    run(spread);
    long long where = parts_of(lb_pg_statements[PG_USER]);
    for (size_t i = 0; i < COUNT(statements); i++)
        assert_int_equal(parts_of(lb_pg_statements[statements[i]]), where);
}

static const char plan_of[] =
    "CREATE FUNCTION public.plan_of(sql text) RETURNS text LANGUAGE plpgsql AS $$"
    " DECLARE line text; plan text := ''; BEGIN"
    " FOR line IN EXECUTE 'EXPLAIN ' || sql LOOP plan := plan || line || ' / '; END LOOP;"
    " RETURN plan; END $$";

/* The plan that a prepared statement keeps, whatever its parameters; until the next call. */
static const char *generic_plan(enum lb_pg_statement statement, const char *settings)
{
    static char plan[8192];
    const struct lb_pg_statement_text *text = lb_pg_statements[statement];
    char types[256];
    char samples[256];
    char sql[4096];
    put_list(types, text->types, type_of);
    put_list(samples, text->types, sample_of);
    snprintf(sql, sizeof sql,
             "%s SET plan_cache_mode = force_generic_plan; PREPARE it%s AS %s;"
             " SELECT public.plan_of($it$EXECUTE it%s$it$)",
             settings, types, text->sql, samples);
    assert_true(postgres_run(database, sql, plan, sizeof plan));
    return plan;
}

/* What is asked with each request, or of a table that grows; with nothing in it a table would be
 * read whole. */
static void questions_about_people_are_answered_by_indexes(void **state)
{
    static const struct {
        enum lb_pg_statement statement;
        const char *index;
    } questions[] = {{PG_USER, "account_pkey"},
                     {PG_USER_BY_EMAIL, "account_by_email"},
                     {PG_USER_BY_ID, "account_by_id"},
                     {PG_SESSION, "session_pkey"},
                     {PG_SESSION, "account_pkey"},
                     {PG_SESSIONS_END, "session_by_account"},
                     {PG_LINK, "link_by_token"},
                     {PG_LINK_TAKE, "link_by_token"},
                     {PG_LINKS_END, "link_pkey"},
                     {PG_AUDIT_PAGE, "audit_log_pkey"},
                     {PG_CHECKS, "check_count_pkey"},
                     {PG_IMPORT, "blocklist_import_by_id"},
                     {PG_IMPORT_CHANGE, "blocklist_log_import"},
                     {PG_IMPORT_CHANGES, "blocklist_log_import"},
                     {PG_USER_EVER, "account_by_id"},
                     {PG_EVENT, "event_pkey"},
                     {PG_EVENTS_PAGE, "event_pkey"},
                     {PG_HOOK, "hook_pkey"},
                     {PG_HOOKS_OF, "hook_pkey"},
                     {PG_DELIVERY, "hook_delivery_pkey"},
                     {PG_DELIVERIES_PAGE, "hook_delivery_pkey"},
                     {PG_LOG_UNDONE, "blocklist_log_undoes"}};
    run("INSERT INTO leadblock.account SELECT 0, n, 'us_' || n, n || '@example.com', 'member', 1,"
        " NULL, 1 FROM generate_series(1, 2000) AS n;"
        "INSERT INTO leadblock.session SELECT 0, decode(md5(n::text), 'hex'), n, 1, 1"
        " FROM generate_series(1, 2000) AS n;"
        "INSERT INTO leadblock.link SELECT 0, n, decode(md5(n::text), 'hex'), 1"
        " FROM generate_series(1, 2000) AS n;"
        "INSERT INTO leadblock.audit_log SELECT n % 9, n, 1, 1, 'a', 'b'"
        " FROM generate_series(1, 20000) AS n;"
        "INSERT INTO leadblock.check_count SELECT n % 90, n, 1, 1"
        " FROM generate_series(1, 20000) AS n;"
        "INSERT INTO leadblock.blocklist_import SELECT n % 9, n, 'im_' || n, 0, false, 1, 1, 1, 1,"
        " NULL, NULL, 1, 1, 1, 1, 1, 1, 1, 1, NULL FROM generate_series(1, 9000) AS n;"
        "INSERT INTO leadblock.hook SELECT n % 9, 'hk_' || n, 'https://example.com/', 0, 0, NULL,"
        " '\\x00', NULL, NULL, 1, 1, 0, '0', 0, NULL, 0, 0 FROM generate_series(1, 9000) AS n;"
        "INSERT INTO leadblock.hook_delivery SELECT n % 9, 'hk_' || n % 90, n, 0, 0, 'e', NULL, 1,"
        " 1, 1, 200, 1, 1, NULL FROM generate_series(1, 9000) AS n;"
        "INSERT INTO leadblock.event SELECT n % 9, n, n, 1, 1, 6, 1, 1, 1, 0"
        " FROM generate_series(1, 20000) AS n;"
        "INSERT INTO leadblock.blocklist_log (workspace_id, id, campaign, kind, continues, key, at,"
        " undoes, items, import, digest) SELECT n % 9, n, 0, 0, n % 200 > 0, 1, 1,"
        " CASE WHEN n % 7 = 0 THEN n END, 'a', CASE WHEN n % 2 = 0 THEN 'im_1' END, '\\x00'"
        " FROM generate_series(1, 20000) AS n;"
        "ANALYZE");
    run(plan_of);
    for (size_t i = 0; i < COUNT(questions); i++) {
        const char *plan = generic_plan(questions[i].statement, "");
        if (!strstr(plan, questions[i].index) || strstr(plan, "Seq Scan") ||
            (questions[i].statement == PG_AUDIT_PAGE && strstr(plan, "Sort")))
            fail_msg("%s: %s", lb_pg_statements[questions[i].statement]->name, plan);
    }
}

/* As lb_pg_query_in_order has it planned. */
#define IN_ORDER "SET enable_sort = off;"

/* After an import PostgreSQL knows nothing of a table until autovacuum has looked at it, and takes
 * an index by the workspace alone for as good as one by the row. */
static void rows_are_looked_up_one_by_one_before_there_are_statistics(void **state)
{
    static const struct {
        enum lb_pg_statement statement;
        const char *condition;
        bool in_order;
    } questions[] = {
        {PG_LEADS_PREFETCH, "((workspace_id = $1) AND (no = (unnest($2))))"},
        {PG_LEADS_PAGE, "((workspace_id = $1) AND (no = lead.no))"},
        {PG_NAMES_PREFETCH, "((workspace_id = $1) AND (name = (unnest($2))))"},
        {PG_ACTIVITIES_PREFETCH,
         "((workspace_id = $1) AND (lead = wanted.number) AND (step = $3))"},
        {PG_LEADS_DUE, "(queue = $3) AND (step = $4) AND (since <= $5)", true},
        {PG_LEADS_AHEAD, "(queue = $3) AND (step = $4) AND (since > $5)", true},
        {PG_QUEUES_DUE,
         "(queue = ($3)[place.at]) AND (step = ($3)[(place.at + 1)]) AND (since <=", true},
        {PG_QUEUES_AHEAD, "(queue = ($3)[place.at]) AND (step = ($3)[(place.at + 1)]) AND (since >",
         true},
        {PG_ENTRIES_PREFETCH, "((workspace_id = $1) AND (id = (("},
    };
    run("ALTER TABLE leadblock.lead SET (autovacuum_enabled = off);"
        "ALTER TABLE leadblock.lead_name SET (autovacuum_enabled = off);"
        "ALTER TABLE leadblock.blocklist_log SET (autovacuum_enabled = off);"
        "INSERT INTO leadblock.lead (workspace_id, no, campaign, identifier, added_at, status,"
        " set_aside, queue, step, since, marks)"
        " SELECT 1, n, 1, n, 1, 0, false, 0, 0, 0, 0 FROM generate_series(1, 20000) AS n;"
        "INSERT INTO leadblock.lead_name SELECT 1, n, 1, n FROM generate_series(1, 20000) AS n;"
        "INSERT INTO leadblock.blocklist_log (workspace_id, id, campaign, kind, continues, key, at,"
        " items, digest) SELECT 1, n, 0, 0, false, 1, 1, 'a', '\\x00'"
        " FROM generate_series(1, 20000) AS n");
    run(plan_of);
    for (size_t i = 0; i < COUNT(questions); i++) {
        const char *plan =
            generic_plan(questions[i].statement, questions[i].in_order ? IN_ORDER : "");
        if (!strstr(plan, questions[i].condition))
            fail_msg("%s: %s", lb_pg_statements[questions[i].statement]->name, plan);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_database, drop_database)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(a_statement_of_one_workspace_goes_to_one_partition),
        TEST(all_people_are_in_one_partition),
        TEST(questions_about_people_are_answered_by_indexes),
        TEST(rows_are_looked_up_one_by_one_before_there_are_statistics),
    };
    if (!postgres_is_there())
        return 77; /* skipped, for meson */
    lb_log_set_level(LB_LOG_ERROR);
    lb_rcu_thread_register();
    int failed = cmocka_run_group_tests_name("postgres_statements", tests, NULL, NULL);
    lb_rcu_thread_unregister();
    return failed;
}
