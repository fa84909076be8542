#include "store/sqlite/internal.h"

#define COLUMNS                                                                                    \
    "id, url, type, campaign, campaign_id, secret, old_secret, old_secret_until, created_at, key," \
    " state, place, tries, failing_since, next_at, missed, lease, beat, workspace"

static struct lb_str text_or_null(const char *text)
{
    return text[0] ? lb_str(text) : (struct lb_str){0};
}

static void bind_state(sqlite3_stmt *stmt, const struct lb_hook_row *row)
{
    sqlite3_bind_int64(stmt, 1, row->workspace);
    lb_sqlite_bind_str(stmt, 2, lb_str(row->id));
    sqlite3_bind_blob(stmt, 3, row->secret, sizeof row->secret, SQLITE_STATIC);
    if (row->old_secret_until)
        sqlite3_bind_blob(stmt, 4, row->old_secret, sizeof row->old_secret, SQLITE_STATIC);
    lb_sqlite_bind_number(stmt, 5, row->old_secret_until);
    sqlite3_bind_int(stmt, 6, (int)row->state);
    lb_sqlite_bind_str(stmt, 7, lb_str(row->place));
    sqlite3_bind_int64(stmt, 8, row->tries);
    lb_sqlite_bind_number(stmt, 9, row->failing_since);
    sqlite3_bind_int64(stmt, 10, row->next_at);
    sqlite3_bind_int64(stmt, 11, (int64_t)row->missed);
}

lb_err lb_sqlite_hook_insert(struct lb_store *store, const struct lb_hook_row *row)
{
    sqlite3_stmt *stmt = lb_sqlite_prepared(
        &lb_sqlite_of(store)->writer, STMT_HOOK_INSERT,
        "INSERT INTO hook (workspace, id, secret, old_secret, old_secret_until, state, place, "
        "tries,"
        " failing_since, next_at, missed, url, type, campaign, campaign_id, created_at, key)"
        " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17)");
    if (!stmt)
        return LB_ERR_STORAGE_UNAVAILABLE;
    bind_state(stmt, row);
    lb_sqlite_bind_str(stmt, 12, lb_str(row->url));
    sqlite3_bind_int64(stmt, 13, row->type);
    sqlite3_bind_int64(stmt, 14, row->campaign);
    lb_sqlite_bind_str(stmt, 15, text_or_null(row->campaign_id));
    sqlite3_bind_int64(stmt, 16, row->created_at);
    sqlite3_bind_int64(stmt, 17, row->actor);
    return lb_sqlite_run(stmt);
}

/* Runs it; LB_ERR_NOT_FOUND when no row was changed. */
static lb_err run_one(struct lb_store *store, sqlite3_stmt *stmt)
{
    lb_err err = lb_sqlite_run(stmt);
    if (err)
        return err;
    return sqlite3_changes(lb_sqlite_of(store)->writer.db) ? LB_OK : LB_ERR_NOT_FOUND;
}

lb_err lb_sqlite_hook_update(struct lb_store *store, const struct lb_hook_row *row)
{
    sqlite3_stmt *stmt = lb_sqlite_prepared(
        &lb_sqlite_of(store)->writer, STMT_HOOK_UPDATE,
        "UPDATE hook SET secret = ?3, old_secret = ?4, old_secret_until = ?5, state = ?6,"
        " place = CASE WHEN ?7 = '' THEN place ELSE ?7 END, tries = ?8, failing_since = ?9,"
        " next_at = ?10, missed = CASE WHEN ?7 = '' THEN missed ELSE ?11 END"
        " WHERE workspace = ?1 AND id = ?2");
    if (!stmt)
        return LB_ERR_STORAGE_UNAVAILABLE;
    bind_state(stmt, row);
    return run_one(store, stmt);
}

lb_err lb_sqlite_hook_delete(struct lb_store *store, uint32_t workspace, struct lb_str id)
{
    static const enum lb_sqlite_statement which[] = {STMT_HOOK_DELETE, STMT_HOOK_DELIVERIES_DELETE};
    static const char *const sql[] = {"DELETE FROM hook WHERE workspace = ?1 AND id = ?2",
                                      "DELETE FROM hook_delivery WHERE workspace = ?1"
                                      " AND hook = ?2"};
    lb_err err = LB_OK;
    for (int i = 0; !err && i < 2; i++) {
        sqlite3_stmt *stmt = lb_sqlite_prepared(&lb_sqlite_of(store)->writer, which[i], sql[i]);
        if (!stmt)
            return LB_ERR_STORAGE_UNAVAILABLE;
        sqlite3_bind_int64(stmt, 1, workspace);
        lb_sqlite_bind_str(stmt, 2, id);
        err = lb_sqlite_run(stmt);
    }
    return err;
}

static lb_err take(struct lb_store *store, const struct lb_hook_progress *progress)
{
    sqlite3_stmt *stmt = lb_sqlite_prepared(
        &lb_sqlite_of(store)->writer, STMT_HOOK_TAKE,
        "UPDATE hook SET lease = ?5, beat = beat + 1 WHERE workspace = ?1 AND id = ?2"
        " AND lease = ?3 AND beat = ?4 AND state = 0");
    if (!stmt)
        return LB_ERR_STORAGE_UNAVAILABLE;
    sqlite3_bind_int64(stmt, 1, progress->workspace);
    lb_sqlite_bind_str(stmt, 2, lb_str(progress->id));
    sqlite3_bind_int64(stmt, 3, (int64_t)progress->held);
    sqlite3_bind_int64(stmt, 4, (int64_t)progress->beat);
    sqlite3_bind_int64(stmt, 5, (int64_t)progress->lease);
    return run_one(store, stmt);
}

/* A subscription that was paused meanwhile stays so. */
static lb_err progress_one(struct lb_store *store, const struct lb_hook_progress *progress)
{
    if (progress->take)
        return take(store, progress);
    sqlite3_stmt *stmt = lb_sqlite_prepared(
        &lb_sqlite_of(store)->writer, STMT_HOOK_PROGRESS,
        "UPDATE hook SET lease = ?4, beat = beat + 1, place = ?5, tries = ?6, failing_since = ?7,"
        " next_at = ?8, missed = ?9, state = CASE WHEN state = 0 THEN ?10 ELSE state END"
        " WHERE workspace = ?1 AND id = ?2 AND lease = ?3");
    if (!stmt)
        return LB_ERR_STORAGE_UNAVAILABLE;
    sqlite3_bind_int64(stmt, 1, progress->workspace);
    lb_sqlite_bind_str(stmt, 2, lb_str(progress->id));
    sqlite3_bind_int64(stmt, 3, (int64_t)progress->held);
    sqlite3_bind_int64(stmt, 4, (int64_t)progress->lease);
    lb_sqlite_bind_str(stmt, 5, lb_str(progress->place));
    sqlite3_bind_int64(stmt, 6, progress->tries);
    lb_sqlite_bind_number(stmt, 7, progress->failing_since);
    sqlite3_bind_int64(stmt, 8, progress->next_at);
    sqlite3_bind_int64(stmt, 9, (int64_t)progress->missed);
    sqlite3_bind_int(stmt, 10, (int)progress->state);
    return run_one(store, stmt);
}

lb_err lb_sqlite_hooks_progress(struct lb_store *store, struct lb_hook_progress *progress,
                                size_t count)
{
    for (size_t i = 0; i < count; i++) {
        lb_err err = progress_one(store, &progress[i]);
        progress[i].lost = err == LB_ERR_NOT_FOUND;
        if (err && err != LB_ERR_NOT_FOUND)
            return err;
    }
    return LB_OK;
}

static void read_bytes(sqlite3_stmt *stmt, int column, uint8_t out[LB_HOOK_SECRET_SIZE])
{
    if (sqlite3_column_bytes(stmt, column) == LB_HOOK_SECRET_SIZE)
        memcpy(out, sqlite3_column_blob(stmt, column), LB_HOOK_SECRET_SIZE);
}

static void read_hook(sqlite3_stmt *stmt, struct lb_hook_row *out)
{
    *out = (struct lb_hook_row){.workspace = (uint32_t)sqlite3_column_int64(stmt, 18),
                                .type = (uint32_t)sqlite3_column_int64(stmt, 2),
                                .campaign = (uint32_t)sqlite3_column_int64(stmt, 3),
                                .old_secret_until = sqlite3_column_int64(stmt, 7),
                                .created_at = sqlite3_column_int64(stmt, 8),
                                .actor = (uint32_t)sqlite3_column_int64(stmt, 9),
                                .state = (enum lb_hook_state)sqlite3_column_int(stmt, 10),
                                .tries = (uint32_t)sqlite3_column_int64(stmt, 12),
                                .failing_since = sqlite3_column_int64(stmt, 13),
                                .next_at = sqlite3_column_int64(stmt, 14),
                                .missed = (uint64_t)sqlite3_column_int64(stmt, 15),
                                .lease = (uint64_t)sqlite3_column_int64(stmt, 16),
                                .beat = (uint64_t)sqlite3_column_int64(stmt, 17)};
    lb_str_copy(lb_sqlite_column_str(stmt, 0), out->id, sizeof out->id);
    lb_str_copy(lb_sqlite_column_str(stmt, 1), out->url, sizeof out->url);
    lb_str_copy(lb_sqlite_column_str(stmt, 4), out->campaign_id, sizeof out->campaign_id);
    lb_str_copy(lb_sqlite_column_str(stmt, 11), out->place, sizeof out->place);
    read_bytes(stmt, 5, out->secret);
    read_bytes(stmt, 6, out->old_secret);
}

lb_err lb_sqlite_hook(struct lb_store_reader *reader, uint32_t workspace, struct lb_str id,
                      struct lb_hook_row *out)
{
    sqlite3_stmt *stmt = lb_sqlite_prepared(
        reader, STMT_HOOK, "SELECT " COLUMNS " FROM hook WHERE workspace = ?1 AND id = ?2");
    if (!stmt)
        return LB_ERR_STORAGE_UNAVAILABLE;
    sqlite3_bind_int64(stmt, 1, workspace);
    lb_sqlite_bind_str(stmt, 2, id);
    int code = sqlite3_step(stmt);
    if (code == SQLITE_ROW)
        read_hook(stmt, out);
    return lb_sqlite_end_row(stmt, code);
}

lb_err lb_sqlite_hooks(struct lb_store_reader *reader, uint32_t workspace, void *context,
                       lb_err (*each)(void *, const struct lb_hook_row *))
{
    sqlite3_stmt *stmt =
        workspace ? lb_sqlite_prepared(reader, STMT_HOOKS_OF,
                                       "SELECT " COLUMNS " FROM hook WHERE workspace = ?1"
                                       " ORDER BY created_at, id")
                  : lb_sqlite_prepared(reader, STMT_HOOKS,
                                       "SELECT " COLUMNS " FROM hook ORDER BY workspace, id");
    if (!stmt)
        return LB_ERR_STORAGE_UNAVAILABLE;
    lb_sqlite_reader_rest(reader);
    if (workspace)
        sqlite3_bind_int64(stmt, 1, workspace);
    lb_err err = LB_OK;
    int code = SQLITE_ROW;
    while (!err && (code = sqlite3_step(stmt)) == SQLITE_ROW) {
        struct lb_hook_row row;
        read_hook(stmt, &row);
        err = each(context, &row);
    }
    return lb_sqlite_end_scan(stmt, err, code);
}

/* --- Deliveries ------------------------------------------------------------------------------- */

#define DELIVERY_COLUMNS                                                                           \
    "no, kind, state, event, place, tries, first_at, last_at, status, duration_ms, bytes, error"

static lb_err drop_deliveries(struct lb_store *store, const struct lb_delivery_row *row)
{
    sqlite3_stmt *stmt = lb_sqlite_prepared(
        &lb_sqlite_of(store)->writer, STMT_DELIVERIES_DROP,
        "DELETE FROM hook_delivery WHERE workspace = ?1 AND hook = ?2 AND no <= (SELECT no"
        " FROM hook_delivery WHERE workspace = ?1 AND hook = ?2 ORDER BY no DESC LIMIT 1 OFFSET "
        "?3)");
    if (!stmt)
        return LB_ERR_STORAGE_UNAVAILABLE;
    sqlite3_bind_int64(stmt, 1, row->workspace);
    lb_sqlite_bind_str(stmt, 2, lb_str(row->hook));
    sqlite3_bind_int64(stmt, 3, LB_DELIVERIES_KEPT);
    return lb_sqlite_run(stmt);
}

lb_err lb_sqlite_delivery_put(struct lb_store *store, const struct lb_delivery_row *row)
{
    sqlite3_stmt *stmt = lb_sqlite_prepared(
        &lb_sqlite_of(store)->writer, STMT_DELIVERY_PUT,
        "INSERT OR REPLACE INTO hook_delivery (workspace, hook, " DELIVERY_COLUMNS ")"
        " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)");
    if (!stmt)
        return LB_ERR_STORAGE_UNAVAILABLE;
    sqlite3_bind_int64(stmt, 1, row->workspace);
    lb_sqlite_bind_str(stmt, 2, lb_str(row->hook));
    sqlite3_bind_int64(stmt, 3, (int64_t)row->no);
    sqlite3_bind_int(stmt, 4, (int)row->kind);
    sqlite3_bind_int(stmt, 5, (int)row->state);
    lb_sqlite_bind_str(stmt, 6, lb_str(row->event));
    lb_sqlite_bind_str(stmt, 7, text_or_null(row->place));
    sqlite3_bind_int64(stmt, 8, row->tries);
    sqlite3_bind_int64(stmt, 9, row->first_at);
    sqlite3_bind_int64(stmt, 10, row->last_at);
    sqlite3_bind_int64(stmt, 11, row->status);
    sqlite3_bind_int64(stmt, 12, row->duration_ms);
    sqlite3_bind_int64(stmt, 13, (int64_t)row->bytes);
    lb_sqlite_bind_str(stmt, 14, text_or_null(row->error));
    lb_err err = lb_sqlite_run(stmt);
    return err ? err : drop_deliveries(store, row);
}

static void read_delivery(sqlite3_stmt *stmt, uint32_t workspace, struct lb_str hook,
                          struct lb_delivery_row *out)
{
    *out = (struct lb_delivery_row){.workspace = workspace,
                                    .no = (uint64_t)sqlite3_column_int64(stmt, 0),
                                    .kind = (enum lb_delivery_kind)sqlite3_column_int(stmt, 1),
                                    .state = (enum lb_delivery_state)sqlite3_column_int(stmt, 2),
                                    .tries = (uint32_t)sqlite3_column_int64(stmt, 5),
                                    .first_at = sqlite3_column_int64(stmt, 6),
                                    .last_at = sqlite3_column_int64(stmt, 7),
                                    .status = (uint32_t)sqlite3_column_int64(stmt, 8),
                                    .duration_ms = (uint32_t)sqlite3_column_int64(stmt, 9),
                                    .bytes = (uint64_t)sqlite3_column_int64(stmt, 10)};
    lb_str_copy(hook, out->hook, sizeof out->hook);
    lb_str_copy(lb_sqlite_column_str(stmt, 3), out->event, sizeof out->event);
    lb_str_copy(lb_sqlite_column_str(stmt, 4), out->place, sizeof out->place);
    lb_str_copy(lb_sqlite_column_str(stmt, 11), out->error, sizeof out->error);
}

lb_err lb_sqlite_delivery(struct lb_store_reader *reader, uint32_t workspace, struct lb_str hook,
                          uint64_t no, struct lb_delivery_row *out)
{
    sqlite3_stmt *stmt = lb_sqlite_prepared(reader, STMT_DELIVERY,
                                            "SELECT " DELIVERY_COLUMNS " FROM hook_delivery"
                                            " WHERE workspace = ?1 AND hook = ?2 AND no = ?3");
    if (!stmt)
        return LB_ERR_STORAGE_UNAVAILABLE;
    sqlite3_bind_int64(stmt, 1, workspace);
    lb_sqlite_bind_str(stmt, 2, hook);
    sqlite3_bind_int64(stmt, 3, (int64_t)no);
    int code = sqlite3_step(stmt);
    if (code == SQLITE_ROW)
        read_delivery(stmt, workspace, hook, out);
    return lb_sqlite_end_row(stmt, code);
}

lb_err lb_sqlite_deliveries_page(struct lb_store_reader *reader, uint32_t workspace,
                                 struct lb_str hook, uint64_t below, size_t take_count,
                                 void *context,
                                 lb_err (*each)(void *, const struct lb_delivery_row *))
{
    sqlite3_stmt *stmt = lb_sqlite_prepared(reader, STMT_DELIVERIES_PAGE,
                                            "SELECT " DELIVERY_COLUMNS
                                            " FROM hook_delivery WHERE workspace = ?1 AND hook = ?2"
                                            " AND no < ?3 ORDER BY no DESC LIMIT ?4");
    if (!stmt)
        return LB_ERR_STORAGE_UNAVAILABLE;
    lb_sqlite_reader_rest(reader);
    sqlite3_bind_int64(stmt, 1, workspace);
    lb_sqlite_bind_str(stmt, 2, hook);
    sqlite3_bind_int64(stmt, 3, below ? (int64_t)below : INT64_MAX);
    sqlite3_bind_int64(stmt, 4, (int64_t)take_count);
    lb_err err = LB_OK;
    int code = SQLITE_ROW;
    while (!err && (code = sqlite3_step(stmt)) == SQLITE_ROW) {
        struct lb_delivery_row row;
        read_delivery(stmt, workspace, hook, &row);
        err = each(context, &row);
    }
    return lb_sqlite_end_scan(stmt, err, code);
}
