#include "store/sqlite/internal.h"

#include "store/names.h"

/* Runs a statement of the writer's that takes one or two numbers. */
static lb_err run_numbers(struct lb_store *store, enum lb_sqlite_statement which, const char *sql,
                          int64_t first, int64_t second)
{
    sqlite3_stmt *stmt = lb_sqlite_prepared(&lb_sqlite_of(store)->writer, which, sql);
    if (!stmt)
        return LB_ERR_STORAGE_UNAVAILABLE;
    sqlite3_bind_int64(stmt, 1, first);
    if (sqlite3_bind_parameter_count(stmt) > 1)
        sqlite3_bind_int64(stmt, 2, second);
    return lb_sqlite_run(stmt);
}

static void bind_hash(sqlite3_stmt *stmt, int index, const uint8_t *hash)
{
    sqlite3_bind_blob(stmt, index, hash, LB_SECRET_HASH_SIZE, SQLITE_STATIC);
}

/* --- Users --- */

lb_err lb_sqlite_user_insert(struct lb_store *store, struct lb_user_row *row)
{
    struct lb_store_reader *writer = &lb_sqlite_of(store)->writer;
    sqlite3_stmt *stmt = lb_sqlite_prepared(
        writer, STMT_USER_INSERT,
        "INSERT INTO account (id, email, role, workspace, password_hash, created_at, made_by)"
        " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT DO NOTHING");
    if (!stmt)
        return LB_ERR_STORAGE_UNAVAILABLE;
    lb_sqlite_bind_str(stmt, 1, lb_str(row->id));
    lb_sqlite_bind_str(stmt, 2, lb_str(row->email));
    lb_sqlite_bind_str(stmt, 3, lb_str(lb_role_name(row->role)));
    sqlite3_bind_int64(stmt, 4, row->workspace);
    lb_sqlite_bind_str(stmt, 5,
                       row->password_hash[0] ? lb_str(row->password_hash) : (struct lb_str){0});
    sqlite3_bind_int64(stmt, 6, row->created_at);
    if (row->has_maker)
        sqlite3_bind_int64(stmt, 7, row->made_by);
    else
        sqlite3_bind_null(stmt, 7);
    lb_err err = lb_sqlite_run(stmt);
    if (err)
        return err;
    row->no = (uint32_t)sqlite3_last_insert_rowid(writer->db);
    return sqlite3_changes(writer->db) ? LB_OK : LB_ERR_ALREADY_EXISTS;
}

lb_err lb_sqlite_user_set_password(struct lb_store *store, uint32_t no, struct lb_str hash)
{
    sqlite3_stmt *stmt = lb_sqlite_prepared(&lb_sqlite_of(store)->writer, STMT_USER_SET_PASSWORD,
                                            "UPDATE account SET password_hash = ?2 WHERE no = ?1");
    if (!stmt)
        return LB_ERR_STORAGE_UNAVAILABLE;
    sqlite3_bind_int64(stmt, 1, no);
    lb_sqlite_bind_str(stmt, 2, hash);
    return lb_sqlite_run(stmt);
}

lb_err lb_sqlite_user_signed_in(struct lb_store *store, uint32_t no, int64_t at)
{
    return run_numbers(store, STMT_USER_SIGNED_IN,
                       "UPDATE account SET signed_in_at = ?2 WHERE no = ?1", no, at);
}

lb_err lb_sqlite_links_end(struct lb_store *store, uint32_t user)
{
    return run_numbers(store, STMT_LINKS_END, "DELETE FROM link WHERE account = ?1", user, 0);
}

lb_err lb_sqlite_user_delete(struct lb_store *store, uint32_t no, int64_t at)
{
    lb_err err = run_numbers(
        store, STMT_USER_DELETE,
        "UPDATE account SET deleted_at = ?2, password_hash = NULL WHERE no = ?1", no, at);
    if (!err)
        err = lb_sqlite_sessions_end(store, no);
    return err ? err : lb_sqlite_links_end(store, no);
}

#define USER_COLUMNS                                                                               \
    "a.no, a.id, a.email, a.role, a.workspace, w.id, a.password_hash, a.created_at, a.deleted_at," \
    " a.signed_in_at, a.made_by"
#define USER_COLUMN_COUNT 11
#define USER_TABLES       " account a LEFT JOIN workspace w ON w.no = a.workspace AND w.no > 0"

/* Reads the columns of a user from `first` on. */
static void read_user(sqlite3_stmt *stmt, int first, struct lb_user_row *row)
{
    *row = (struct lb_user_row){.no = (uint32_t)sqlite3_column_int64(stmt, first),
                                .role = lb_role_stored(lb_sqlite_column_str(stmt, first + 3)),
                                .workspace = (uint32_t)sqlite3_column_int64(stmt, first + 4),
                                .created_at = sqlite3_column_int64(stmt, first + 7),
                                .deleted_at = sqlite3_column_int64(stmt, first + 8),
                                .signed_in_at = sqlite3_column_int64(stmt, first + 9),
                                .has_maker = sqlite3_column_type(stmt, first + 10) != SQLITE_NULL,
                                .made_by = (uint32_t)sqlite3_column_int64(stmt, first + 10)};
    lb_str_copy(lb_sqlite_column_str(stmt, first + 1), row->id, sizeof row->id);
    lb_str_copy(lb_sqlite_column_str(stmt, first + 2), row->email, sizeof row->email);
    lb_str_copy(lb_sqlite_column_str(stmt, first + 5), row->workspace_id, sizeof row->workspace_id);
    lb_str_copy(lb_sqlite_column_str(stmt, first + 6), row->password_hash,
                sizeof row->password_hash);
}

/* The one row of a bound statement. */
static lb_err fetch_user(sqlite3_stmt *stmt, struct lb_user_row *out)
{
    int code = sqlite3_step(stmt);
    if (code == SQLITE_ROW)
        read_user(stmt, 0, out);
    return lb_sqlite_end_row(stmt, code);
}

lb_err lb_sqlite_user(struct lb_store_reader *reader, uint32_t no, struct lb_user_row *out)
{
    sqlite3_stmt *stmt = lb_sqlite_prepared(
        reader, STMT_USER, "SELECT " USER_COLUMNS " FROM" USER_TABLES " WHERE a.no = ?1");
    if (!stmt)
        return LB_ERR_STORAGE_UNAVAILABLE;
    sqlite3_bind_int64(stmt, 1, no);
    return fetch_user(stmt, out);
}

lb_err lb_sqlite_user_by_email(struct lb_store_reader *reader, struct lb_str email,
                               struct lb_user_row *out)
{
    sqlite3_stmt *stmt = lb_sqlite_prepared(reader, STMT_USER_BY_EMAIL,
                                            "SELECT " USER_COLUMNS " FROM" USER_TABLES
                                            " WHERE a.email = ?1 AND a.deleted_at IS NULL");
    if (!stmt)
        return LB_ERR_STORAGE_UNAVAILABLE;
    lb_sqlite_bind_str(stmt, 1, email);
    return fetch_user(stmt, out);
}

lb_err lb_sqlite_user_by_id(struct lb_store_reader *reader, struct lb_str id,
                            struct lb_user_row *out)
{
    sqlite3_stmt *stmt = lb_sqlite_prepared(reader, STMT_USER_BY_ID,
                                            "SELECT " USER_COLUMNS " FROM" USER_TABLES
                                            " WHERE a.id = ?1 AND a.deleted_at IS NULL");
    if (!stmt)
        return LB_ERR_STORAGE_UNAVAILABLE;
    lb_sqlite_bind_str(stmt, 1, id);
    return fetch_user(stmt, out);
}

lb_err lb_sqlite_users(struct lb_store_reader *reader, bool placed, void *context,
                       lb_err (*each)(void *, const struct lb_user_row *))
{
    sqlite3_stmt *stmt =
        lb_sqlite_prepared(reader, STMT_USERS,
                           "SELECT " USER_COLUMNS ", l.expires_at, f.confirmed_at FROM" USER_TABLES
                           " LEFT JOIN link l ON l.account = a.no"
                           " LEFT JOIN second_factor f ON f.account = a.no"
                           " WHERE a.deleted_at IS NULL ORDER BY a.no");
    if (!stmt)
        return LB_ERR_STORAGE_UNAVAILABLE;
    lb_sqlite_reader_rest(reader);
    lb_err err = LB_OK;
    int code = SQLITE_ROW;
    while (!err && (code = sqlite3_step(stmt)) == SQLITE_ROW) {
        struct lb_user_row row;
        read_user(stmt, 0, &row);
        row.link_expires_at = sqlite3_column_int64(stmt, USER_COLUMN_COUNT);
        row.has_factor = sqlite3_column_int64(stmt, USER_COLUMN_COUNT + 1) != 0;
        err = each(context, &row);
    }
    return lb_sqlite_end_scan(stmt, err, code);
}

/* --- Sessions and links --- */

lb_err lb_sqlite_session_insert(struct lb_store *store, const struct lb_session_row *row)
{
    sqlite3_stmt *stmt = lb_sqlite_prepared(
        &lb_sqlite_of(store)->writer, STMT_SESSION_INSERT,
        "INSERT INTO session (token_hash, account, created_at, expires_at, source,"
        " user_agent, enrols) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)");
    if (!stmt)
        return LB_ERR_STORAGE_UNAVAILABLE;
    bind_hash(stmt, 1, row->token_hash);
    sqlite3_bind_int64(stmt, 2, row->user);
    sqlite3_bind_int64(stmt, 3, row->created_at);
    sqlite3_bind_int64(stmt, 4, row->expires_at);
    lb_sqlite_bind_str(stmt, 5, lb_str(row->source));
    lb_sqlite_bind_str(stmt, 6, lb_str(row->user_agent));
    sqlite3_bind_int(stmt, 7, row->enrols);
    return lb_sqlite_run(stmt);
}

lb_err lb_sqlite_session_delete(struct lb_store *store, const uint8_t *token_hash)
{
    sqlite3_stmt *stmt = lb_sqlite_prepared(&lb_sqlite_of(store)->writer, STMT_SESSION_DELETE,
                                            "DELETE FROM session WHERE token_hash = ?1");
    if (!stmt)
        return LB_ERR_STORAGE_UNAVAILABLE;
    bind_hash(stmt, 1, token_hash);
    return lb_sqlite_run(stmt);
}

lb_err lb_sqlite_session_touch(struct lb_store *store, const uint8_t *token_hash, int64_t at,
                               struct lb_str source)
{
    sqlite3_stmt *stmt = lb_sqlite_prepared(
        &lb_sqlite_of(store)->writer, STMT_SESSION_TOUCH,
        "UPDATE session SET last_used_at = max(coalesce(last_used_at, 0), ?2),"
        " source = CASE ?3 WHEN '' THEN source ELSE ?3 END WHERE token_hash = ?1");
    if (!stmt)
        return LB_ERR_STORAGE_UNAVAILABLE;
    bind_hash(stmt, 1, token_hash);
    sqlite3_bind_int64(stmt, 2, at);
    lb_sqlite_bind_str(stmt, 3, source);
    return lb_sqlite_run(stmt);
}

lb_err lb_sqlite_sessions_end(struct lb_store *store, uint32_t user)
{
    return run_numbers(store, STMT_SESSIONS_END, "DELETE FROM session WHERE account = ?1", user, 0);
}

lb_err lb_sqlite_sessions_trim(struct lb_store *store, uint32_t user, uint32_t keep)
{
    return run_numbers(store, STMT_SESSIONS_TRIM,
                       "DELETE FROM session WHERE token_hash IN (SELECT token_hash FROM session"
                       " WHERE account = ?1 ORDER BY created_at DESC, token_hash"
                       " LIMIT -1 OFFSET ?2)",
                       user, keep);
}

lb_err lb_sqlite_session(struct lb_store_reader *reader, const uint8_t *token_hash,
                         struct lb_session_row *out, struct lb_user_row *out_user)
{
    sqlite3_stmt *stmt = lb_sqlite_prepared(
        reader, STMT_SESSION,
        "SELECT s.created_at, s.expires_at, s.last_used_at, s.enrols, " USER_COLUMNS
        " FROM session s JOIN account a ON a.no = s.account"
        " LEFT JOIN workspace w ON w.no = a.workspace AND w.no > 0 WHERE "
        "s.token_hash = ?1 AND a.deleted_at IS NULL");
    if (!stmt)
        return LB_ERR_STORAGE_UNAVAILABLE;
    bind_hash(stmt, 1, token_hash);
    int code = sqlite3_step(stmt);
    if (code == SQLITE_ROW) {
        read_user(stmt, 4, out_user);
        *out = (struct lb_session_row){.user = out_user->no,
                                       .created_at = sqlite3_column_int64(stmt, 0),
                                       .expires_at = sqlite3_column_int64(stmt, 1),
                                       .last_used_at = sqlite3_column_int64(stmt, 2),
                                       .enrols = sqlite3_column_int(stmt, 3) != 0};
        memcpy(out->token_hash, token_hash, sizeof out->token_hash);
    }
    return lb_sqlite_end_row(stmt, code);
}

static void read_session(sqlite3_stmt *stmt, uint32_t user, struct lb_session_row *row)
{
    *row = (struct lb_session_row){.user = user,
                                   .created_at = sqlite3_column_int64(stmt, 1),
                                   .expires_at = sqlite3_column_int64(stmt, 2),
                                   .last_used_at = sqlite3_column_int64(stmt, 3),
                                   .enrols = sqlite3_column_int(stmt, 6) != 0};
    if (sqlite3_column_bytes(stmt, 0) == LB_SECRET_HASH_SIZE)
        memcpy(row->token_hash, sqlite3_column_blob(stmt, 0), sizeof row->token_hash);
    lb_str_copy(lb_sqlite_column_str(stmt, 4), row->source, sizeof row->source);
    lb_str_copy(lb_sqlite_column_str(stmt, 5), row->user_agent, sizeof row->user_agent);
}

lb_err lb_sqlite_sessions(struct lb_store_reader *reader, uint32_t user, void *context,
                          lb_err (*each)(void *, const struct lb_session_row *))
{
    sqlite3_stmt *stmt =
        lb_sqlite_prepared(reader, STMT_SESSIONS,
                           "SELECT token_hash, created_at, expires_at, last_used_at, source,"
                           " user_agent, enrols FROM session WHERE account = ?1"
                           " ORDER BY created_at DESC, token_hash");
    if (!stmt)
        return LB_ERR_STORAGE_UNAVAILABLE;
    lb_sqlite_reader_rest(reader);
    sqlite3_bind_int64(stmt, 1, user);
    lb_err err = LB_OK;
    int code = SQLITE_ROW;
    while (!err && (code = sqlite3_step(stmt)) == SQLITE_ROW) {
        struct lb_session_row row;
        read_session(stmt, user, &row);
        err = each(context, &row);
    }
    return lb_sqlite_end_scan(stmt, err, code);
}

lb_err lb_sqlite_link_insert(struct lb_store *store, const struct lb_link_row *row)
{
    lb_err err = lb_sqlite_links_end(store, row->user);
    sqlite3_stmt *stmt =
        lb_sqlite_prepared(&lb_sqlite_of(store)->writer, STMT_LINK_INSERT,
                           "INSERT INTO link (token_hash, account, expires_at, created_at)"
                           " VALUES (?1, ?2, ?3, ?4)");
    if (err || !stmt)
        return err ? err : LB_ERR_STORAGE_UNAVAILABLE;
    bind_hash(stmt, 1, row->token_hash);
    sqlite3_bind_int64(stmt, 2, row->user);
    sqlite3_bind_int64(stmt, 3, row->expires_at);
    sqlite3_bind_int64(stmt, 4, row->created_at);
    return lb_sqlite_run(stmt);
}

lb_err lb_sqlite_link_take(struct lb_store *store, const uint8_t *token_hash)
{
    struct lb_store_reader *writer = &lb_sqlite_of(store)->writer;
    sqlite3_stmt *stmt =
        lb_sqlite_prepared(writer, STMT_LINK_TAKE, "DELETE FROM link WHERE token_hash = ?1");
    if (!stmt)
        return LB_ERR_STORAGE_UNAVAILABLE;
    bind_hash(stmt, 1, token_hash);
    lb_err err = lb_sqlite_run(stmt);
    if (err)
        return err;
    return sqlite3_changes(writer->db) ? LB_OK : LB_ERR_NOT_FOUND;
}

lb_err lb_sqlite_link(struct lb_store_reader *reader, const uint8_t *token_hash,
                      struct lb_link_row *out)
{
    sqlite3_stmt *stmt = lb_sqlite_prepared(
        reader, STMT_LINK,
        "SELECT account, expires_at, created_at FROM link WHERE token_hash = ?1");
    if (!stmt)
        return LB_ERR_STORAGE_UNAVAILABLE;
    bind_hash(stmt, 1, token_hash);
    int code = sqlite3_step(stmt);
    if (code == SQLITE_ROW) {
        *out = (struct lb_link_row){.user = (uint32_t)sqlite3_column_int64(stmt, 0),
                                    .expires_at = sqlite3_column_int64(stmt, 1),
                                    .created_at = sqlite3_column_int64(stmt, 2)};
        memcpy(out->token_hash, token_hash, sizeof out->token_hash);
    }
    return lb_sqlite_end_row(stmt, code);
}

lb_err lb_sqlite_accounts_sweep(struct lb_store *store, int64_t before)
{
    lb_err err = run_numbers(store, STMT_SESSIONS_SWEEP,
                             "DELETE FROM session WHERE expires_at < ?1", before, 0);
    return err ? err
               : run_numbers(store, STMT_LINKS_SWEEP, "DELETE FROM link WHERE expires_at < ?1",
                             before, 0);
}
