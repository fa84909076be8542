#include "store/sqlite/internal.h"

#include <stdlib.h>

static const struct lb_store_ops sqlite_ops;

#define SMALL_CACHE "PRAGMA cache_size = -4096;"  /* KiB */
#define LARGE_CACHE "PRAGMA cache_size = -65536;" /* holds the names of a million leads */

lb_err lb_sqlite_error(int code)
{
    return (code & 0xff) == SQLITE_FULL ? LB_ERR_STORAGE_FULL : LB_ERR_STORAGE_UNAVAILABLE;
}

sqlite3_stmt *lb_sqlite_prepared(struct lb_store_reader *connection, enum lb_sqlite_statement which,
                                 const char *sql)
{
    sqlite3_stmt **slot = &connection->statements[which];
    if (!*slot)
        sqlite3_prepare_v3(connection->db, sql, -1, SQLITE_PREPARE_PERSISTENT, slot, NULL);
    return *slot;
}

void lb_sqlite_enlarge_cache(struct lb_store_reader *connection)
{
    if (!connection->large_cache)
        connection->large_cache =
            sqlite3_exec(connection->db, LARGE_CACHE, NULL, NULL, NULL) == SQLITE_OK;
}

lb_err lb_sqlite_run(sqlite3_stmt *stmt)
{
    if (!stmt)
        return LB_ERR_STORAGE_UNAVAILABLE;
    sqlite3_step(stmt);
    int code = sqlite3_reset(stmt);
    return code == SQLITE_OK ? LB_OK : lb_sqlite_error(code);
}

lb_err lb_sqlite_end_scan(sqlite3_stmt *stmt, lb_err err, int code)
{
    sqlite3_reset(stmt);
    return err || code == SQLITE_DONE ? err : lb_sqlite_error(code);
}

void lb_sqlite_bind_str(sqlite3_stmt *stmt, int index, struct lb_str text)
{
    sqlite3_bind_text(stmt, index, text.ptr, (int)text.len, SQLITE_STATIC);
}

void lb_sqlite_bind_number(sqlite3_stmt *stmt, int index, int64_t value)
{
    if (value)
        sqlite3_bind_int64(stmt, index, value);
    else
        sqlite3_bind_null(stmt, index);
}

struct lb_str lb_sqlite_column_str(sqlite3_stmt *stmt, int column)
{
    const char *text = (const char *)sqlite3_column_text(stmt, column);
    return (struct lb_str){text, text ? (size_t)sqlite3_column_bytes(stmt, column) : 0};
}

lb_err lb_sqlite_connect(const char *path, const char *vfs, bool read_only,
                         struct lb_store_reader *out)
{
    *out = (struct lb_store_reader){0};
    int flags = SQLITE_OPEN_NOMUTEX |
                (read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
    int code = sqlite3_open_v2(path, &out->db, flags, vfs);
    if (code != SQLITE_OK)
        return lb_sqlite_error(code);
    sqlite3_extended_result_codes(out->db, 1);
    sqlite3_busy_timeout(out->db, 5000);
    code = sqlite3_exec(out->db,
                        "PRAGMA wal_autocheckpoint = 0; PRAGMA temp_store = MEMORY;" SMALL_CACHE
                        " PRAGMA trusted_schema = OFF;",
                        NULL, NULL, NULL);
    return code == SQLITE_OK ? LB_OK : lb_sqlite_error(code);
}

void lb_sqlite_disconnect(struct lb_store_reader *connection)
{
    for (int i = 0; i < STMT_COUNT; i++)
        sqlite3_finalize(connection->statements[i]);
    sqlite3_close(connection->db);
    *connection = (struct lb_store_reader){0};
}

static int remember_wal_pages(void *context, sqlite3 *db, const char *name, int pages)
{
    (void)db;
    (void)name;
    ((struct lb_sqlite *)context)->wal_pages = pages;
    return SQLITE_OK;
}

static lb_err configure(struct lb_sqlite *sqlite, struct lb_reason *reason)
{
    sqlite3 *db = sqlite->writer.db;
    char *message = NULL;
    lb_err err = lb_sqlite_recognise(db, reason); /* before anything is changed */
    if (err)
        return err;
    if (sqlite3_exec(db, "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;", NULL, NULL,
                     &message) != SQLITE_OK) {
        err = lb_fail(reason, LB_ERR_STORAGE_UNAVAILABLE, "cannot open %s: %s", sqlite->path,
                      message ? message : sqlite3_errmsg(db));
        sqlite3_free(message);
        return err;
    }
    sqlite3_wal_hook(db, remember_wal_pages, sqlite);
    err = lb_sqlite_migrate(db, reason);
    if (!err)
        lb_sqlite_preallocate_wal(sqlite);
    return err;
}

static void close_store(struct lb_store *store)
{
    struct lb_sqlite *sqlite = lb_sqlite_of(store);
    if (!sqlite)
        return;
    lb_sqlite_disconnect(&sqlite->writer);
    free(sqlite->path);
    free(sqlite->vfs);
    free(sqlite);
}

lb_err lb_sqlite_open(const struct lb_sqlite_settings *settings, struct lb_store **out,
                      struct lb_reason *reason)
{
    /* Statistics that nobody reads cost a lock for every malloc. Refused, harmlessly, when SQLite
     * is in use already. */
    sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
    struct lb_sqlite *sqlite = calloc(1, sizeof *sqlite);
    if (!sqlite)
        return lb_fail(reason, LB_ERR_INTERNAL, "out of memory");
    sqlite->store.ops = &sqlite_ops;
    sqlite->store.copy = &lb_sqlite_copy;
    sqlite->checkpoint_pages = settings->checkpoint_pages;
    sqlite->path = strdup(settings->path);
    sqlite->vfs = settings->vfs ? strdup(settings->vfs) : NULL;
    lb_err err = sqlite->path
                     ? lb_sqlite_connect(settings->path, settings->vfs, false, &sqlite->writer)
                     : LB_ERR_INTERNAL;
    if (err)
        lb_fail(reason, err, "cannot open %s: %s", settings->path,
                sqlite->writer.db ? sqlite3_errmsg(sqlite->writer.db) : "out of memory");
    else
        err = configure(sqlite, reason);
    if (err) {
        close_store(&sqlite->store);
        return err;
    }
    *out = &sqlite->store;
    return LB_OK;
}

static const struct lb_store_ops sqlite_ops = {
    .begin = lb_sqlite_begin,
    .commit = lb_sqlite_commit,
    .rollback = lb_sqlite_rollback,
    .workspace_insert = lb_sqlite_workspace_insert,
    .workspace_set_plan = lb_sqlite_workspace_set_plan,
    .key_insert = lb_sqlite_key_insert,
    .key_revoke = lb_sqlite_key_revoke,
    .key_touch = lb_sqlite_key_touch,
    .campaign_insert = lb_sqlite_campaign_insert,
    .campaign_set_status = lb_sqlite_campaign_set_status,
    .campaign_delete = lb_sqlite_campaign_delete,
    .campaign_activated = lb_sqlite_campaign_activated,
    .campaign_set_variables = lb_sqlite_campaign_set_variables,
    .campaign_count = lb_sqlite_campaign_count,
    .step_insert = lb_sqlite_step_insert,
    .step_update = lb_sqlite_step_update,
    .step_place = lb_sqlite_step_place,
    .steps_drop = lb_sqlite_steps_drop,
    .lead_insert = lb_sqlite_lead_insert,
    .lead_learn = lb_sqlite_lead_learn,
    .lead_forget = lb_sqlite_lead_forget,
    .lead_move = lb_sqlite_lead_move,
    .lead_delete = lb_sqlite_lead_delete,
    .activity_put = lb_sqlite_activity_put,
    .audit_append = lb_sqlite_audit_append,
    .checks_add = lb_sqlite_checks_add,
    .user_insert = lb_sqlite_user_insert,
    .user_set_password = lb_sqlite_user_set_password,
    .user_signed_in = lb_sqlite_user_signed_in,
    .user_delete = lb_sqlite_user_delete,
    .session_insert = lb_sqlite_session_insert,
    .session_delete = lb_sqlite_session_delete,
    .sessions_end = lb_sqlite_sessions_end,
    .link_insert = lb_sqlite_link_insert,
    .link_take = lb_sqlite_link_take,
    .accounts_sweep = lb_sqlite_accounts_sweep,
    .log_append = lb_sqlite_log_append,
    .log_next_id = lb_sqlite_log_next_id,
    .probe = lb_sqlite_probe,
    .maintain = lb_sqlite_maintain,
    .load_workspaces = lb_sqlite_load_workspaces,
    .load_keys = lb_sqlite_load_keys,
    .load_campaigns = lb_sqlite_load_campaigns,
    .load_deleted_campaigns = lb_sqlite_load_deleted_campaigns,
    .reader_open = lb_sqlite_reader_open,
    .writer_reader = lb_sqlite_writer_reader,
    .reader_close = lb_sqlite_reader_close,
    .reader_rest = lb_sqlite_reader_rest,
    .log_row_of = lb_sqlite_log_row_of,
    .log_undone = lb_sqlite_log_undone,
    .log_scan = lb_sqlite_log_scan,
    .prefetch_entries = lb_sqlite_expect_entries,
    .prefetch_leads = lb_sqlite_expect_leads,
    .prefetch_names = lb_sqlite_expect_names,
    .campaign_state = lb_sqlite_campaign_state,
    .lead = lb_sqlite_lead,
    .activity = lb_sqlite_activity,
    .steps = lb_sqlite_steps,
    .leads_named = lb_sqlite_leads_named,
    .leads_due = lb_sqlite_leads_due,
    .leads_page = lb_sqlite_leads_page,
    .leads_scheduled = lb_sqlite_leads_scheduled,
    .leads_set_aside = lb_sqlite_leads_set_aside,
    .activities_page = lb_sqlite_activities_page,
    .user = lb_sqlite_user,
    .user_by_email = lb_sqlite_user_by_email,
    .user_by_id = lb_sqlite_user_by_id,
    .users = lb_sqlite_users,
    .session = lb_sqlite_session,
    .link = lb_sqlite_link,
    .checks = lb_sqlite_checks,
    .audit_page = lb_sqlite_audit_page,
    .backup = lb_sqlite_backup,
    .close = close_store,
};
