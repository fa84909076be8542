#include "store/postgres/internal.h"

#include "base/clock.h"
#include "base/log.h"
#include "store/migrations.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

/* What Citus spreads over its nodes, all rows of a workspace on one of them, and the migration
 * after which it does: the one that makes the table, or a later one for those that were forgotten.
 */
static const struct {
    const char *table;
    int64_t version;
} distributed[] = {{"workspace", 1},      {"api_key", 1},          {"campaign", 1},
                   {"blocklist_log", 1},  {"audit_log", 1},        {"step", 1},
                   {"lead", 1},           {"lead_name", 1},        {"activity", 1},
                   {"account", 2},        {"session", 2},          {"link", 2},
                   {"check_count", 2},    {"signing_key", 6},      {"blocklist_import", 7},
                   {"step_variant", 8},   {"event", 10},           {"hook", 11},
                   {"hook_delivery", 11}, {"erasure_key", 17},     {"erased_name", 17},
                   {"lead_pending", 21},  {"stopped_company", 21}, {"second_factor", 21}};

/* Of each table. A question about many workspaces goes to all of them: 10 ms with Citus's own 32.
 */
#define SHARDS "8"

/* Before this one the program gives the rows of the log their digests. */
#define CHAIN_SCHEMA 5

#define LOCK_PAUSE_MS   100
#define LOCK_TELL_TRIES 100 /* each so many */

lb_err lb_pg_fail(struct lb_reason *reason, lb_err err, const char *what, const char *message)
{
    char line[200];
    size_t len = 0;
    for (const char *at = message; *at && len < sizeof line - 1; at++) {
        bool space = *at == '\n' || *at == '\t' || *at == ' ';
        if (!space)
            line[len++] = *at;
        else if (len && line[len - 1] != ' ')
            line[len++] = ' ';
    }
    while (len && line[len - 1] == ' ')
        len--;
    line[len] = '\0';
    return lb_fail(reason, err, "%s: %s", what, line);
}

static lb_err fail(PGconn *conn, const char *what, const PGresult *result, struct lb_reason *reason)
{
    const char *message = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
    const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    if (state && strcmp(state, "42501") == 0)
        return lb_pg_fail(reason, LB_ERR_STORAGE_UNAVAILABLE,
                          "no permission; GRANT CREATE ON DATABASE to the user, or name another",
                          message ? message : "");
    return lb_pg_fail(reason, LB_ERR_STORAGE_UNAVAILABLE, what,
                      message ? message : PQerrorMessage(conn));
}

static lb_err execute(PGconn *conn, const char *sql, const char *what, struct lb_reason *reason)
{
    PGresult *result = PQexec(conn, sql);
    ExecStatusType status = PQresultStatus(result);
    lb_err err = LB_OK;
    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK && status != PGRES_EMPTY_QUERY)
        err = fail(conn, what, result, reason);
    PQclear(result);
    return err;
}

/* The first value of the first row, 0 when there is no row. */
static lb_err ask_number(PGconn *conn, const char *sql, int64_t *out, struct lb_reason *reason)
{
    PGresult *result = PQexec(conn, sql);
    lb_err err = LB_OK;
    *out = 0;
    if (PQresultStatus(result) != PGRES_TUPLES_OK)
        err = fail(conn, "cannot read the database", result, reason);
    else if (PQntuples(result) == 1)
        *out = strtoll(PQgetvalue(result, 0, 0), NULL, 10);
    PQclear(result);
    return err;
}

static lb_err read_version(PGconn *conn, int64_t *out, struct lb_reason *reason)
{
    int64_t exists;
    *out = 0;
    /* From the catalogue as this statement sees it; what a session has cached of it may be old. */
    lb_err err =
        ask_number(conn,
                   "SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
                   " WHERE n.nspname = 'leadblock' AND c.relname = 'schema_version'",
                   &exists, reason);
    if (err || !exists)
        return err;
    err = ask_number(conn, "SELECT version FROM leadblock.schema_version", out, reason);
    if (!err && *out > (int64_t)lb_postgres_migration_count)
        err = lb_fail(reason, LB_ERR_STORAGE_UNAVAILABLE,
                      "the data was written by a newer leadblock (schema %lld, this one knows"
                      " %zu); run that version",
                      (long long)*out, lb_postgres_migration_count);
    return err;
}

static lb_err make_schema(PGconn *conn, struct lb_reason *reason)
{
    int64_t exists;
    lb_err err = ask_number(conn, "SELECT count(*) FROM pg_namespace WHERE nspname = 'leadblock'",
                            &exists, reason);
    if (!err && !exists)
        err =
            execute(conn, "CREATE SCHEMA leadblock", "cannot create the schema leadblock", reason);
    if (!err)
        err = execute(conn,
                      "CREATE TABLE leadblock.schema_version (version bigint NOT NULL);"
                      " INSERT INTO leadblock.schema_version VALUES (0)",
                      "cannot create a table in the schema leadblock", reason);
    return err;
}

/* With its semicolon; comments and strings may have others. */
static size_t statement_len(const char *sql)
{
    size_t len = 0;
    bool quoted = false;
    while (sql[len] && (quoted || sql[len] != ';')) {
        if (!quoted && sql[len] == '-' && sql[len + 1] == '-')
            len += strcspn(sql + len, "\n");
        else
            quoted ^= sql[len++] == '\'';
    }
    return sql[len] ? len + 1 : len;
}

/* One after the other: Citus hands a change of a table to its workers as the whole string that it
 * came in, and they take no other statements with it. */
static lb_err execute_each(PGconn *conn, const char *sql, const char *what,
                           struct lb_reason *reason)
{
    lb_err err = LB_OK;
    while (!err && *sql) {
        size_t len = statement_len(sql);
        char *statement = strndup(sql, len);
        err = statement ? execute(conn, statement, what, reason)
                        : lb_fail(reason, LB_ERR_INTERNAL, "out of memory");
        free(statement);
        sql += len;
    }
    return err;
}

static lb_err apply(PGconn *conn, size_t index, struct lb_reason *reason)
{
    char what[64];
    char number[96];
    snprintf(what, sizeof what, "migration %zu (%s) failed", index + 1,
             lb_postgres_migrations[index].name);
    snprintf(number, sizeof number, "UPDATE leadblock.schema_version SET version = %zu", index + 1);
    lb_err err = execute_each(conn, lb_postgres_migrations[index].sql, what, reason);
    return err ? err : execute(conn, number, what, reason);
}

/* The tables that were made since one version, up to another. */
static lb_err distribute(PGconn *conn, int64_t since, int64_t latest, struct lb_reason *reason)
{
    int64_t citus;
    lb_err err = ask_number(conn, "SELECT count(*) FROM pg_extension WHERE extname = 'citus'",
                            &citus, reason);
    if (!err && citus && !since)
        lb_log(LB_LOG_INFO, "migration", "Citus: tables are distributed, in " SHARDS " shards");
    for (size_t i = 0; !err && citus && i < sizeof distributed / sizeof *distributed; i++) {
        char sql[320];
        if (distributed[i].version <= since || distributed[i].version > latest)
            continue;
        snprintf(sql, sizeof sql,
                 "SELECT create_distributed_table('leadblock.%s', 'workspace_id', %s)"
                 " WHERE NOT EXISTS (SELECT 1 FROM pg_dist_partition"
                 " WHERE logicalrelid = 'leadblock.%s'::regclass)",
                 distributed[i].table,
                 i ? "colocate_with => 'leadblock.workspace'"
                   : "colocate_with => 'none', shard_count => " SHARDS,
                 distributed[i].table);
        err = execute(conn, sql, "cannot distribute the tables", reason);
    }
    return err;
}

/* Applies what is missing above `version` up to `latest`, and notes how long each took, by its
 * index. */
static lb_err apply_missing(PGconn *conn, size_t version, size_t latest, uint64_t *took_ms,
                            struct lb_reason *reason)
{
    lb_err err = execute(conn, "BEGIN", "cannot change the schema", reason);
    if (!err && !version)
        err = make_schema(conn, reason);
    for (size_t i = version; !err && i < latest; i++) {
        uint64_t start_ms = lb_clock_mono_ms();
        err = apply(conn, i, reason);
        took_ms[i] = lb_clock_mono_ms() - start_ms;
    }
    if (!err)
        err = distribute(conn, (int64_t)version, (int64_t)latest, reason);
    return err ? err : execute(conn, "COMMIT", "cannot commit the schema", reason);
}

/* In one transaction. The lines in the log are about what was committed; of a new database there is
 * one at the end. */
static lb_err migrate_to(PGconn *conn, size_t version, size_t latest, bool is_new,
                         struct lb_reason *reason)
{
    uint64_t *took_ms = calloc(lb_postgres_migration_count, sizeof *took_ms);
    if (!took_ms)
        return lb_fail(reason, LB_ERR_INTERNAL, "out of memory");
    lb_err err = version < latest ? apply_missing(conn, version, latest, took_ms, reason) : LB_OK;
    for (size_t i = version; !err && !is_new && i < latest; i++)
        lb_migration_log("postgresql", i + 1, &lb_postgres_migrations[i], took_ms[i]);
    free(took_ms);
    return err;
}

/* Its rows would get digests while the others come with the source's. */
static lb_err refuse_half_copy(PGconn *conn, struct lb_reason *reason)
{
    int64_t exists;
    lb_err err = ask_number(
        conn, "SELECT count(*) FROM pg_class WHERE oid = to_regclass('leadblock.copy_progress')",
        &exists, reason);
    return err || !exists
               ? err
               : lb_fail(reason, LB_ERR_CONFLICT,
                         "the database is a copy that an earlier version began and did not finish;"
                         " nothing was changed. Start the copy again with an empty database, or"
                         " finish it with that version");
}

static lb_err migrate_locked(PGconn *conn, bool (*keep_going)(void), struct lb_reason *reason)
{
    uint64_t start_ms = lb_clock_mono_ms();
    int64_t found = 0;
    /* Again: another process may have been quicker. */
    lb_err err = read_version(conn, &found, reason);
    size_t version = (size_t)found;
    bool is_new = version == 0;
    if (!err && version && version < CHAIN_SCHEMA)
        err = refuse_half_copy(conn, reason);
    if (!err && version < CHAIN_SCHEMA) {
        err = migrate_to(conn, version, CHAIN_SCHEMA - 1, is_new, reason);
        if (!err)
            err = lb_pg_chain_log(conn, keep_going, reason);
        version = CHAIN_SCHEMA - 1;
    }
    if (!err)
        err = migrate_to(conn, version, lb_postgres_migration_count, is_new, reason);
    if (!err && is_new)
        lb_migration_log_created("postgresql", lb_postgres_migration_count,
                                 lb_clock_mono_ms() - start_ms);
    return err;
}

/* Another process may need hours for a long log. */
static lb_err take_lock(PGconn *conn, bool (*keep_going)(void), struct lb_reason *reason)
{
    static const struct timespec pause = {.tv_nsec = LOCK_PAUSE_MS * 1000000L};
    char lock[96];
    int64_t taken = 0;
    snprintf(lock, sizeof lock, "SELECT pg_try_advisory_lock(%lld)::int",
             (long long)LB_PG_SCHEMA_KEY);
    for (unsigned tries = 0;; tries++) {
        lb_err err = ask_number(conn, lock, &taken, reason);
        if (err || taken)
            return err;
        if (keep_going && !keep_going())
            return lb_fail(reason, LB_ERR_STORAGE_UNAVAILABLE,
                           "told to stop while another process is changing the schema");
        if (tries % LOCK_TELL_TRIES == 0)
            lb_log(LB_LOG_INFO, "migration",
                   "waiting for another process, which is changing the schema");
        nanosleep(&pause, NULL);
    }
}

lb_err lb_pg_migrate(PGconn *conn, bool (*keep_going)(void), struct lb_reason *reason)
{
    int64_t version;
    char unlock[96];
    lb_err err = read_version(conn, &version, reason);
    if (err || version == (int64_t)lb_postgres_migration_count)
        return err;
    snprintf(unlock, sizeof unlock, "SELECT pg_advisory_unlock(%lld)", (long long)LB_PG_SCHEMA_KEY);
    err = take_lock(conn, keep_going, reason);
    if (!err)
        err = migrate_locked(conn, keep_going, reason);
    /* After a failure, closing the connection rolls back and unlocks. */
    return err ? err : execute(conn, unlock, "cannot end the change of the schema", reason);
}

lb_err lb_pg_check_schema(PGconn *conn, struct lb_reason *reason)
{
    int64_t version;
    lb_err err = read_version(conn, &version, reason);
    if (err || version == (int64_t)lb_postgres_migration_count)
        return err;
    return lb_fail(reason, LB_ERR_CONFLICT,
                   "the database is of an earlier version; start a server of this version on it "
                   "first, when all earlier ones are stopped");
}

unsigned lb_postgres_schema_version(void)
{
    return (unsigned)lb_postgres_migration_count;
}
