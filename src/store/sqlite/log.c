#include "store/sqlite/internal.h"

#include <stdlib.h>

lb_err lb_sqlite_reader_open(struct lb_store *store, struct lb_store_reader **out)
{
    struct lb_sqlite *sqlite = lb_sqlite_of(store);
    struct lb_store_reader *reader = malloc(sizeof *reader);
    if (!reader)
        return LB_ERR_INTERNAL;
    lb_err err = lb_sqlite_connect(sqlite->path, sqlite->vfs, true, reader);
    if (err) {
        lb_sqlite_reader_close(reader);
        return err;
    }
    *out = reader;
    return LB_OK;
}

struct lb_store_reader *lb_sqlite_writer_reader(struct lb_store *store)
{
    return &lb_sqlite_of(store)->writer;
}

void lb_sqlite_reader_close(struct lb_store_reader *reader)
{
    if (!reader)
        return;
    lb_sqlite_disconnect(reader);
    free(reader);
}

void lb_sqlite_reader_rest(struct lb_store_reader *reader)
{
    /* Those that stay at their row, so that its strings live. */
    static const enum lb_sqlite_statement held[] = {STMT_LOG_ROW_OF, STMT_CAMPAIGN_STATE, STMT_LEAD,
                                                    STMT_ACTIVITY};
    for (size_t i = 0; i < sizeof held / sizeof *held; i++)
        if (reader->statements[held[i]])
            sqlite3_reset(reader->statements[held[i]]);
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
    sqlite3_bind_int64(stmt, 1, (int64_t)first);
    sqlite3_bind_int64(stmt, 2, (int64_t)end);
    lb_err err = LB_OK;
    int code = SQLITE_ROW;
    while (!err && (code = sqlite3_step(stmt)) == SQLITE_ROW) {
        struct lb_log_row row;
        read_row(stmt, &row);
        err = each(context, &row);
    }
    return lb_sqlite_end_scan(stmt, err, code);
}

/* The disk is near: nothing is fetched ahead. */
void lb_sqlite_prefetch_entries(struct lb_store_reader *reader, uint32_t workspace,
                                const uint64_t *ids, size_t count)
{
}

void lb_sqlite_prefetch_leads(struct lb_store_reader *reader, uint32_t workspace,
                              const uint64_t *leads, size_t count, uint32_t step)
{
}

void lb_sqlite_prefetch_names(struct lb_store_reader *reader, uint32_t workspace,
                              const struct lb_str *names, size_t count)
{
}
