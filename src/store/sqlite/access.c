#include "store/sqlite/internal.h"

#include "store/names.h"

static uint32_t last_no(struct lb_store *store)
{
    return (uint32_t)sqlite3_last_insert_rowid(lb_sqlite_of(store)->writer.db);
}

lb_err lb_sqlite_workspace_insert(struct lb_store *store, struct lb_workspace_row *row)
{
    sqlite3_stmt *stmt =
        lb_sqlite_prepared(&lb_sqlite_of(store)->writer, STMT_WORKSPACE_INSERT,
                           "INSERT INTO workspace (id, name, plan, created_at, expires_at)"
                           " VALUES (?1, ?2, ?3, ?4, ?5)");
    if (!stmt)
        return LB_ERR_STORAGE_UNAVAILABLE;
    lb_sqlite_bind_str(stmt, 1, lb_str(row->id));
    lb_sqlite_bind_str(stmt, 2, lb_str(row->name));
    lb_sqlite_bind_str(stmt, 3, lb_str(lb_plan_name(row->plan)));
    sqlite3_bind_int64(stmt, 4, row->created_at);
    lb_sqlite_bind_number(stmt, 5, row->expires_at);
    lb_err err = lb_sqlite_run(stmt);
    row->no = last_no(store);
    return err;
}

lb_err lb_sqlite_workspace_set_plan(struct lb_store *store, uint32_t no, enum lb_plan plan,
                                    int64_t expires_at)
{
    sqlite3_stmt *stmt =
        lb_sqlite_prepared(&lb_sqlite_of(store)->writer, STMT_WORKSPACE_SET_PLAN,
                           "UPDATE workspace SET plan = ?2, expires_at = ?3 WHERE no = ?1");
    if (!stmt)
        return LB_ERR_STORAGE_UNAVAILABLE;
    sqlite3_bind_int64(stmt, 1, no);
    lb_sqlite_bind_str(stmt, 2, lb_str(lb_plan_name(plan)));
    lb_sqlite_bind_number(stmt, 3, expires_at);
    return lb_sqlite_run(stmt);
}

lb_err lb_sqlite_workspace_set_country(struct lb_store *store, uint32_t no, uint16_t country)
{
    char room[3];
    sqlite3_stmt *stmt =
        lb_sqlite_prepared(&lb_sqlite_of(store)->writer, STMT_WORKSPACE_SET_COUNTRY,
                           "UPDATE workspace SET default_country = ?2 WHERE no = ?1");
    if (!stmt)
        return LB_ERR_STORAGE_UNAVAILABLE;
    sqlite3_bind_int64(stmt, 1, no);
    lb_sqlite_bind_str(stmt, 2, lb_country_letters(country, room));
    return lb_sqlite_run(stmt);
}

lb_err lb_sqlite_key_insert(struct lb_store *store, struct lb_key_row *row)
{
    sqlite3_stmt *stmt =
        lb_sqlite_prepared(&lb_sqlite_of(store)->writer, STMT_KEY_INSERT,
                           "INSERT INTO api_key (id, workspace, name, secret_hash, read_only,"
                           " rate_limit, created_at, expires_at)"
                           " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)");
    if (!stmt)
        return LB_ERR_STORAGE_UNAVAILABLE;
    lb_sqlite_bind_str(stmt, 1, lb_str(row->id));
    sqlite3_bind_int64(stmt, 2, row->workspace);
    lb_sqlite_bind_str(stmt, 3, lb_str(row->name));
    sqlite3_bind_blob(stmt, 4, row->secret_hash, sizeof row->secret_hash, SQLITE_STATIC);
    sqlite3_bind_int(stmt, 5, row->read_only);
    sqlite3_bind_int64(stmt, 6, row->rate_limit);
    sqlite3_bind_int64(stmt, 7, row->created_at);
    lb_sqlite_bind_number(stmt, 8, row->expires_at);
    lb_err err = lb_sqlite_run(stmt);
    row->no = last_no(store);
    return err;
}

lb_err lb_sqlite_key_revoke(struct lb_store *store, uint32_t workspace, uint32_t no, int64_t at)
{
    sqlite3_stmt *stmt = lb_sqlite_prepared(&lb_sqlite_of(store)->writer, STMT_KEY_REVOKE,
                                            "UPDATE api_key SET revoked_at = ?2 WHERE no = ?1");
    if (!stmt)
        return LB_ERR_STORAGE_UNAVAILABLE;
    sqlite3_bind_int64(stmt, 1, no);
    sqlite3_bind_int64(stmt, 2, at);
    return lb_sqlite_run(stmt);
}

lb_err lb_sqlite_key_touch(struct lb_store *store, uint32_t workspace, uint32_t no,
                           int64_t last_used_at)
{
    sqlite3_stmt *stmt = lb_sqlite_prepared(&lb_sqlite_of(store)->writer, STMT_KEY_TOUCH,
                                            "UPDATE api_key SET last_used_at = ?2 WHERE no = ?1");
    if (!stmt)
        return LB_ERR_STORAGE_UNAVAILABLE;
    sqlite3_bind_int64(stmt, 1, no);
    sqlite3_bind_int64(stmt, 2, last_used_at);
    return lb_sqlite_run(stmt);
}

lb_err lb_sqlite_load_workspaces(struct lb_store *store, void *context,
                                 lb_err (*each)(void *, const struct lb_workspace_row *))
{
    sqlite3_stmt *stmt = NULL;
    int code = sqlite3_prepare_v2(lb_sqlite_of(store)->writer.db,
                                  "SELECT no, id, name, plan, created_at, expires_at,"
                                  " default_country FROM workspace ORDER BY no",
                                  -1, &stmt, NULL);
    lb_err err = LB_OK;
    while (code == SQLITE_OK && !err && (code = sqlite3_step(stmt)) == SQLITE_ROW) {
        struct lb_workspace_row row = {.no = (uint32_t)sqlite3_column_int64(stmt, 0),
                                       .plan = lb_plan_stored(lb_sqlite_column_str(stmt, 3)),
                                       .created_at = sqlite3_column_int64(stmt, 4),
                                       .expires_at = sqlite3_column_int64(stmt, 5),
                                       .default_country =
                                           lb_country_number(lb_sqlite_column_str(stmt, 6))};
        lb_str_copy(lb_sqlite_column_str(stmt, 1), row.id, sizeof row.id);
        lb_str_copy(lb_sqlite_column_str(stmt, 2), row.name, sizeof row.name);
        err = each(context, &row);
        code = SQLITE_OK;
    }
    sqlite3_finalize(stmt);
    return err || code == SQLITE_OK || code == SQLITE_DONE ? err : lb_sqlite_error(code);
}

static void read_key(sqlite3_stmt *stmt, struct lb_key_row *row)
{
    *row = (struct lb_key_row){.no = (uint32_t)sqlite3_column_int64(stmt, 0),
                               .workspace = (uint32_t)sqlite3_column_int64(stmt, 2),
                               .read_only = sqlite3_column_int(stmt, 5) != 0,
                               .rate_limit = (uint32_t)sqlite3_column_int64(stmt, 6),
                               .created_at = sqlite3_column_int64(stmt, 7),
                               .expires_at = sqlite3_column_int64(stmt, 8),
                               .revoked_at = sqlite3_column_int64(stmt, 9),
                               .last_used_at = sqlite3_column_int64(stmt, 10),
                               .made_by = (uint32_t)sqlite3_column_int64(stmt, 11)};
    lb_str_copy(lb_sqlite_column_str(stmt, 1), row->id, sizeof row->id);
    lb_str_copy(lb_sqlite_column_str(stmt, 3), row->name, sizeof row->name);
    const void *hash = sqlite3_column_blob(stmt, 4);
    if (hash && sqlite3_column_bytes(stmt, 4) == LB_SECRET_HASH_SIZE)
        memcpy(row->secret_hash, hash, LB_SECRET_HASH_SIZE);
    else
        row->revoked_at = row->revoked_at ? row->revoked_at : row->created_at;
}

lb_err lb_sqlite_load_keys(struct lb_store *store, void *context,
                           lb_err (*each)(void *, const struct lb_key_row *))
{
    sqlite3_stmt *stmt = NULL;
    int code = sqlite3_prepare_v2(lb_sqlite_of(store)->writer.db,
                                  "SELECT k.no, k.id, k.workspace, name, secret_hash, read_only,"
                                  " rate_limit, created_at, expires_at, revoked_at, last_used_at,"
                                  " made.key FROM api_key k LEFT JOIN"
                                  " (SELECT workspace, target, key, min(id) FROM audit_log"
                                  " WHERE action = 'key.create' GROUP BY workspace, target) made"
                                  " ON made.workspace = k.workspace AND made.target = k.id"
                                  " ORDER BY k.no",
                                  -1, &stmt, NULL);
    lb_err err = LB_OK;
    while (code == SQLITE_OK && !err && (code = sqlite3_step(stmt)) == SQLITE_ROW) {
        struct lb_key_row row;
        read_key(stmt, &row);
        err = each(context, &row);
        code = SQLITE_OK;
    }
    sqlite3_finalize(stmt);
    return err || code == SQLITE_OK || code == SQLITE_DONE ? err : lb_sqlite_error(code);
}
