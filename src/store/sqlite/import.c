#include "store/sqlite/internal.h"

#define COLUMNS                                                                                    \
    "no, id, campaign, unblocks, key, started_at, touched_at, finished_at, undone_at, run, bytes," \
    " done, rest, duplicates, rows, bad, blank, column_no, column_name"

static void read_import(sqlite3_stmt *stmt, uint32_t workspace, struct lb_blocklist_import_row *out)
{
    *out = (struct lb_blocklist_import_row){
        .no = (uint64_t)sqlite3_column_int64(stmt, 0),
        .list = {.workspace = workspace, .campaign = (uint32_t)sqlite3_column_int64(stmt, 2)},
        .unblocks = sqlite3_column_int(stmt, 3) != 0,
        .actor = (uint32_t)sqlite3_column_int64(stmt, 4),
        .started_at = sqlite3_column_int64(stmt, 5),
        .touched_at = sqlite3_column_int64(stmt, 6),
        .finished_at = sqlite3_column_int64(stmt, 7),
        .undone_at = sqlite3_column_int64(stmt, 8),
        .run = (uint64_t)sqlite3_column_int64(stmt, 9),
        .bytes = (uint64_t)sqlite3_column_int64(stmt, 10),
        .done = (uint64_t)sqlite3_column_int64(stmt, 11),
        .rest = (uint64_t)sqlite3_column_int64(stmt, 12),
        .duplicates = (uint64_t)sqlite3_column_int64(stmt, 13),
        .rows = (uint64_t)sqlite3_column_int64(stmt, 14),
        .bad = (uint64_t)sqlite3_column_int64(stmt, 15),
        .blank = (uint64_t)sqlite3_column_int64(stmt, 16),
        .column = (uint64_t)sqlite3_column_int64(stmt, 17)};
    lb_str_copy(lb_sqlite_column_str(stmt, 1), out->id, sizeof out->id);
    lb_str_copy(lb_sqlite_column_str(stmt, 18), out->column_name, sizeof out->column_name);
}

/* Gives a new one its number, and leaves out the one that is too many. */
static lb_err number_import(struct lb_store *store, struct lb_blocklist_import_row *row)
{
    struct lb_store_reader *writer = &lb_sqlite_of(store)->writer;
    sqlite3_stmt *stmt = lb_sqlite_prepared(
        writer, STMT_IMPORT_NO,
        "SELECT coalesce(max(no), 0) + 1 FROM blocklist_import WHERE workspace = ?1");
    if (!stmt)
        return LB_ERR_STORAGE_UNAVAILABLE;
    sqlite3_bind_int64(stmt, 1, row->list.workspace);
    int code = sqlite3_step(stmt);
    if (code == SQLITE_ROW)
        row->no = (uint64_t)sqlite3_column_int64(stmt, 0);
    sqlite3_reset(stmt);
    if (code != SQLITE_ROW)
        return lb_sqlite_error(code);
    if (row->no <= LB_IMPORTS_KEPT)
        return LB_OK;
    stmt = lb_sqlite_prepared(writer, STMT_IMPORTS_DROP,
                              "DELETE FROM blocklist_import WHERE workspace = ?1 AND no <= ?2");
    if (!stmt)
        return LB_ERR_STORAGE_UNAVAILABLE;
    sqlite3_bind_int64(stmt, 1, row->list.workspace);
    sqlite3_bind_int64(stmt, 2, (int64_t)(row->no - LB_IMPORTS_KEPT));
    return lb_sqlite_run(stmt);
}

lb_err lb_sqlite_import_put(struct lb_store *store, struct lb_blocklist_import_row *row)
{
    lb_err err = row->no ? LB_OK : number_import(store, row);
    sqlite3_stmt *stmt =
        err ? NULL
            : lb_sqlite_prepared(&lb_sqlite_of(store)->writer, STMT_IMPORT_PUT,
                                 "INSERT OR REPLACE INTO blocklist_import (workspace, " COLUMNS
                                 ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12,"
                                 " ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20)");
    if (err || !stmt)
        return err ? err : LB_ERR_STORAGE_UNAVAILABLE;
    sqlite3_bind_int64(stmt, 1, row->list.workspace);
    sqlite3_bind_int64(stmt, 2, (int64_t)row->no);
    lb_sqlite_bind_str(stmt, 3, lb_str(row->id));
    sqlite3_bind_int64(stmt, 4, row->list.campaign);
    sqlite3_bind_int(stmt, 5, row->unblocks);
    sqlite3_bind_int64(stmt, 6, row->actor);
    sqlite3_bind_int64(stmt, 7, row->started_at);
    sqlite3_bind_int64(stmt, 8, row->touched_at);
    lb_sqlite_bind_number(stmt, 9, row->finished_at);
    lb_sqlite_bind_number(stmt, 10, row->undone_at);
    lb_sqlite_bind_number(stmt, 11, (int64_t)row->run);
    sqlite3_bind_int64(stmt, 12, (int64_t)row->bytes);
    sqlite3_bind_int64(stmt, 13, (int64_t)row->done);
    sqlite3_bind_int64(stmt, 14, (int64_t)row->rest);
    sqlite3_bind_int64(stmt, 15, (int64_t)row->duplicates);
    sqlite3_bind_int64(stmt, 16, (int64_t)row->rows);
    sqlite3_bind_int64(stmt, 17, (int64_t)row->bad);
    sqlite3_bind_int64(stmt, 18, (int64_t)row->blank);
    lb_sqlite_bind_number(stmt, 19, (int64_t)row->column);
    lb_sqlite_bind_str(stmt, 20,
                       row->column_name[0] ? lb_str(row->column_name) : (struct lb_str){0});
    return lb_sqlite_run(stmt);
}

lb_err lb_sqlite_import(struct lb_store_reader *reader, uint32_t workspace, struct lb_str id,
                        struct lb_blocklist_import_row *out)
{
    sqlite3_stmt *stmt = lb_sqlite_prepared(
        reader, STMT_IMPORT,
        "SELECT " COLUMNS " FROM blocklist_import WHERE workspace = ?1 AND id = ?2");
    if (!stmt)
        return LB_ERR_STORAGE_UNAVAILABLE;
    sqlite3_bind_int64(stmt, 1, workspace);
    lb_sqlite_bind_str(stmt, 2, id);
    int code = sqlite3_step(stmt);
    if (code == SQLITE_ROW)
        read_import(stmt, workspace, out);
    return lb_sqlite_end_row(stmt, code);
}

lb_err lb_sqlite_imports_page(struct lb_store_reader *reader, uint32_t workspace, uint64_t below,
                              size_t take, void *context,
                              lb_err (*each)(void *, const struct lb_blocklist_import_row *))
{
    sqlite3_stmt *stmt =
        lb_sqlite_prepared(reader, STMT_IMPORTS_PAGE,
                           "SELECT " COLUMNS " FROM blocklist_import"
                           " WHERE workspace = ?1 AND no < ?2 ORDER BY no DESC LIMIT ?3");
    if (!stmt)
        return LB_ERR_STORAGE_UNAVAILABLE;
    lb_sqlite_reader_rest(reader);
    sqlite3_bind_int64(stmt, 1, workspace);
    sqlite3_bind_int64(stmt, 2, below ? (int64_t)below : INT64_MAX);
    sqlite3_bind_int64(stmt, 3, (int64_t)take);
    lb_err err = LB_OK;
    int code = SQLITE_ROW;
    while (!err && (code = sqlite3_step(stmt)) == SQLITE_ROW) {
        struct lb_blocklist_import_row row;
        read_import(stmt, workspace, &row);
        err = each(context, &row);
    }
    return lb_sqlite_end_scan(stmt, err, code);
}

lb_err lb_sqlite_import_change(struct lb_store_reader *reader, uint32_t workspace, struct lb_str id,
                               uint64_t below, uint64_t *out)
{
    sqlite3_stmt *stmt = lb_sqlite_prepared(
        reader, STMT_IMPORT_CHANGE,
        "SELECT l.number FROM blocklist_log l WHERE l.workspace = ?1 AND l.import = ?2"
        " AND l.continues = 0 AND l.number < ?3 AND NOT EXISTS (SELECT 1 FROM blocklist_log u"
        " WHERE u.workspace = ?1 AND u.undoes = l.number AND u.continues = 0"
        " AND NOT EXISTS (SELECT 1 FROM blocklist_log a WHERE a.workspace = ?1"
        " AND a.undoes = u.number)) ORDER BY l.number DESC LIMIT 1");
    if (!stmt)
        return LB_ERR_STORAGE_UNAVAILABLE;
    lb_err err = lb_sqlite_pending_insert(reader);
    if (err)
        return err;
    sqlite3_bind_int64(stmt, 1, workspace);
    lb_sqlite_bind_str(stmt, 2, id);
    sqlite3_bind_int64(stmt, 3, (int64_t)below);
    int code = sqlite3_step(stmt);
    if (code == SQLITE_ROW)
        *out = (uint64_t)sqlite3_column_int64(stmt, 0);
    return lb_sqlite_end_row(stmt, code);
}
