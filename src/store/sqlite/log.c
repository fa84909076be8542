#include "store/sqlite/internal.h"

uint64_t lb_sqlite_log_next_id(struct lb_store *store)
{
    struct lb_store_reader *writer = &lb_sqlite_of(store)->writer;
    if (lb_sqlite_pending_insert(writer))
        return 0;
    sqlite3_stmt *stmt =
        lb_sqlite_prepared(writer, STMT_LOG_LAST,
                           "SELECT id, length(items) - length(replace(items, ',', '')) + 1"
                           " FROM blocklist_log ORDER BY id DESC LIMIT 1");
    uint64_t next = 0;
    int code = stmt ? sqlite3_step(stmt) : SQLITE_NOMEM;
    if (code == SQLITE_ROW)
        next = (uint64_t)(sqlite3_column_int64(stmt, 0) + sqlite3_column_int64(stmt, 1));
    else if (code == SQLITE_DONE)
        next = 1;
    sqlite3_reset(stmt);
    return next;
}

#define LOG_COLUMNS "id, workspace, campaign, kind, continues, key, at, undoes, reason, items"

/* All but the source. */
static void read_row(sqlite3_stmt *stmt, struct lb_log_row *out)
{
    *out = (struct lb_log_row){.id = (uint64_t)sqlite3_column_int64(stmt, 0),
                               .list = {.workspace = (uint32_t)sqlite3_column_int64(stmt, 1),
                                        .campaign = (uint32_t)sqlite3_column_int64(stmt, 2)},
                               .kind = (enum lb_log_kind)sqlite3_column_int(stmt, 3),
                               .continues = sqlite3_column_int(stmt, 4) != 0,
                               .actor = (uint32_t)sqlite3_column_int64(stmt, 5),
                               .at = sqlite3_column_int64(stmt, 6),
                               .undoes = (uint64_t)sqlite3_column_int64(stmt, 7),
                               .reason = lb_sqlite_column_str(stmt, 8),
                               .items = lb_sqlite_column_str(stmt, 9)};
}

lb_err lb_sqlite_log_row_of(struct lb_store_reader *reader, uint32_t workspace, uint64_t id,
                            struct lb_log_row *out)
{
    sqlite3_stmt *stmt =
        lb_sqlite_prepared(reader, STMT_LOG_ROW_OF,
                           "SELECT " LOG_COLUMNS
                           ", source FROM blocklist_log WHERE id <= ?1 ORDER BY id DESC LIMIT 1");
    if (!stmt)
        return LB_ERR_STORAGE_UNAVAILABLE;
    sqlite3_reset(stmt);
    lb_err err = lb_sqlite_pending_insert_before(reader, id + 1);
    if (err)
        return err;
    sqlite3_bind_int64(stmt, 1, (int64_t)id);
    int code = sqlite3_step(stmt);
    if (code == SQLITE_ROW) {
        read_row(stmt, out);
        out->source = lb_sqlite_column_str(stmt, 10);
        return out->items.ptr ? LB_OK : LB_ERR_STORAGE_UNAVAILABLE; /* NULL: out of memory */
    }
    sqlite3_reset(stmt);
    return code == SQLITE_DONE ? LB_ERR_NOT_FOUND : lb_sqlite_error(code);
}

lb_err lb_sqlite_log_undone(struct lb_store_reader *reader, uint32_t workspace, uint64_t change,
                            bool *out)
{
    sqlite3_stmt *stmt = lb_sqlite_prepared(
        reader, STMT_LOG_UNDONE, "SELECT 1 FROM blocklist_log WHERE undoes = ?1 LIMIT 1");
    if (!stmt)
        return LB_ERR_STORAGE_UNAVAILABLE;
    lb_err err = lb_sqlite_pending_insert(reader);
    if (err)
        return err;
    sqlite3_bind_int64(stmt, 1, (int64_t)change);
    int code = sqlite3_step(stmt);
    sqlite3_reset(stmt);
    *out = code == SQLITE_ROW;
    return code == SQLITE_ROW || code == SQLITE_DONE ? LB_OK : lb_sqlite_error(code);
}

lb_err lb_sqlite_log_scan(struct lb_store_reader *reader, uint32_t workspace, uint64_t first,
                          uint64_t end, void *context,
                          lb_err (*each)(void *, const struct lb_log_row *))
{
    sqlite3_stmt *stmt = lb_sqlite_prepared(reader, STMT_LOG_SCAN,
                                            "SELECT " LOG_COLUMNS " FROM blocklist_log"
                                            " WHERE id >= ?1 AND id < ?2 ORDER BY id");
    if (!stmt)
        return LB_ERR_STORAGE_UNAVAILABLE;
    lb_sqlite_reader_rest(reader); /* or the scan would see that row's snapshot */
    lb_err err = lb_sqlite_pending_insert_before(reader, end);
    if (err)
        return err;
    sqlite3_bind_int64(stmt, 1, (int64_t)first);
    sqlite3_bind_int64(stmt, 2, (int64_t)end);
    int code = SQLITE_ROW;
    while (!err && (code = sqlite3_step(stmt)) == SQLITE_ROW) {
        struct lb_log_row row;
        read_row(stmt, &row);
        err = each(context, &row);
    }
    return lb_sqlite_end_scan(stmt, err, code);
}
