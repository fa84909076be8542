#include "store/sqlite/internal.h"

#include "base/clock.h"
#include "store/migrations.h"

#include <stdio.h>

/* "lead" in ASCII: marks a file as leadblock's (file(1), PRAGMA application_id). */
#define APPLICATION_ID 0x6c656164

static int pragma_value(sqlite3 *db, const char *sql)
{
    sqlite3_stmt *stmt = NULL;
    int value = -1;
    if (sqlite3_prepare_v2(db, sql, -1, &stmt, NULL) == SQLITE_OK &&
        sqlite3_step(stmt) == SQLITE_ROW)
        value = sqlite3_column_int(stmt, 0);
    sqlite3_finalize(stmt);
    return value;
}

/* Before this one the program empties the old log. */
#define OLD_LOG_SCHEMA 8

/* The schema and its number change in one transaction, or neither does. */
static lb_err apply(sqlite3 *db, size_t number, bool quiet, struct lb_reason *reason)
{
    const struct lb_migration *migration = &lb_sqlite_migrations[number - 1];
    uint64_t start_ms = lb_clock_mono_ms();
    char end[128];
    snprintf(end, sizeof end, "PRAGMA application_id = %d; PRAGMA user_version = %zu; COMMIT;",
             APPLICATION_ID, number);
    if (sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL) == SQLITE_OK &&
        sqlite3_exec(db, migration->sql, NULL, NULL, NULL) == SQLITE_OK &&
        sqlite3_exec(db, end, NULL, NULL, NULL) == SQLITE_OK) {
        if (!quiet)
            lb_migration_log("sqlite", number, migration, lb_clock_mono_ms() - start_ms);
        return LB_OK;
    }
    lb_err err = lb_sqlite_error(sqlite3_errcode(db));
    lb_fail(reason, err, "migration %zu (%s) failed: %s", number, migration->name,
            sqlite3_errmsg(db));
    sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
    return err;
}

lb_err lb_sqlite_recognise(sqlite3 *db, struct lb_reason *reason)
{
    int version = pragma_value(db, "PRAGMA user_version");
    int application = pragma_value(db, "PRAGMA application_id");
    if (version < 0)
        return lb_fail(reason, LB_ERR_STORAGE_UNAVAILABLE, "cannot read the database: %s",
                       sqlite3_errmsg(db));
    if (application != APPLICATION_ID &&
        (version != 0 || pragma_value(db, "SELECT count(*) FROM sqlite_master") != 0))
        return lb_fail(reason, LB_ERR_STORAGE_UNAVAILABLE,
                       "the database is not leadblock's; choose another folder with --data");
    if (version > (int)lb_sqlite_migration_count)
        return lb_fail(reason, LB_ERR_STORAGE_UNAVAILABLE,
                       "the data was written by a newer leadblock (schema %d, this one knows %zu); "
                       "run that version",
                       version, lb_sqlite_migration_count);
    if (version && version < LB_SQLITE_SCHEMA_CHAIN &&
        pragma_value(db, "SELECT count(*) FROM sqlite_master WHERE name = 'copy_progress'") > 0)
        return lb_fail(reason, LB_ERR_CONFLICT,
                       "the database is a copy that an earlier version began and did not finish; "
                       "nothing was changed. Start the copy again with an empty folder, or finish "
                       "it with that version");
    return LB_OK;
}

bool lb_sqlite_has_chain(sqlite3 *db)
{
    int version = pragma_value(db, "PRAGMA user_version");
    return version == 0 || version >= LB_SQLITE_SCHEMA_CHAIN;
}

bool lb_sqlite_is_current(sqlite3 *db)
{
    return pragma_value(db, "PRAGMA user_version") == (int)lb_sqlite_migration_count;
}

lb_err lb_sqlite_migrate(sqlite3 *db, size_t schema, bool (*keep_going)(void),
                         struct lb_reason *reason)
{
    int version = pragma_value(db, "PRAGMA user_version");
    if (version < 0)
        return lb_fail(reason, LB_ERR_STORAGE_UNAVAILABLE, "cannot read the database: %s",
                       sqlite3_errmsg(db));
    lb_err err = LB_OK;
    uint64_t start_ms = lb_clock_mono_ms();
    bool is_new = version == 0;
    for (size_t i = (size_t)version; !err && i < lb_sqlite_migration_count && i < schema; i++) {
        if (i + 1 == LB_SQLITE_SCHEMA_CHAIN)
            err = lb_sqlite_chain_log(db, keep_going, reason);
        if (i + 1 == OLD_LOG_SCHEMA)
            err = lb_sqlite_empty_old_log(db, keep_going, reason);
        if (!err)
            err = apply(db, i + 1, is_new, reason);
    }
    if (!err && is_new)
        lb_migration_log_created("sqlite", (size_t)pragma_value(db, "PRAGMA user_version"),
                                 lb_clock_mono_ms() - start_ms);
    return err;
}

static bool drop_views(sqlite3 *db)
{
    sqlite3_stmt *stmt = NULL;
    bool dropped = sqlite3_prepare_v2(
                       db,
                       "SELECT coalesce(group_concat(printf('DROP VIEW \"%w\"', name), ';'), '')"
                       " FROM sqlite_master WHERE type = 'view'",
                       -1, &stmt, NULL) == SQLITE_OK &&
                   sqlite3_step(stmt) == SQLITE_ROW;
    char *sql = dropped ? sqlite3_mprintf("%s", sqlite3_column_text(stmt, 0)) : NULL;
    sqlite3_finalize(stmt);
    dropped = sql && sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK;
    sqlite3_free(sql);
    return dropped;
}

/* SQLite leaves out the pages that belong to nothing when the first table in the order of its hash
 * has no root page, as a view; so it is asked without views, which come back. Where nothing can be
 * written, it is asked with them. */
bool lb_sqlite_is_consistent(sqlite3 *db)
{
    sqlite3_stmt *stmt = NULL;
    bool begun = sqlite3_exec(db, "BEGIN", NULL, NULL, NULL) == SQLITE_OK;
    if (begun && !drop_views(db))
        sqlite3_exec(db, "ROLLBACK; BEGIN", NULL, NULL, NULL);
    bool consistent =
        sqlite3_prepare_v2(db, "PRAGMA integrity_check(1)", -1, &stmt, NULL) == SQLITE_OK &&
        sqlite3_step(stmt) == SQLITE_ROW &&
        lb_str_equal(lb_sqlite_column_str(stmt, 0), lb_str("ok"));
    sqlite3_finalize(stmt);
    if (begun)
        sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
    return consistent;
}

unsigned lb_sqlite_schema_version(void)
{
    return (unsigned)lb_sqlite_migration_count;
}
