#include "store/sqlite/internal.h"

#include "store/chain.h"
#include "store/log_items.h"

uint64_t lb_sqlite_log_next_id(struct lb_store *store)
{
    struct lb_store_reader *writer = &lb_sqlite_of(store)->writer;
    if (lb_sqlite_pending_insert(writer))
        return 0;
    sqlite3_stmt *stmt = lb_sqlite_prepared(
        writer, STMT_LOG_LAST, "SELECT id, items FROM blocklist_log ORDER BY id DESC LIMIT 1");
    uint64_t next = 0;
    int code = stmt ? sqlite3_step(stmt) : SQLITE_NOMEM;
    struct lb_str items = {0};
    if (code == SQLITE_ROW)
        items = lb_sqlite_column_str(stmt, 1);
    if (items.ptr)
        next = (uint64_t)sqlite3_column_int64(stmt, 0) + lb_log_items_count(items);
    else if (code == SQLITE_DONE)
        next = 1;
    sqlite3_reset(stmt);
    return next;
}

void lb_sqlite_bind_plain_row(sqlite3_stmt *stmt, const struct lb_log_row *row)
{
    sqlite3_bind_int64(stmt, 1, (int64_t)row->id);
    sqlite3_bind_int64(stmt, 2, row->list.workspace);
    sqlite3_bind_int64(stmt, 3, (int64_t)row->number);
    sqlite3_bind_int64(stmt, 4, row->list.campaign);
    sqlite3_bind_int64(stmt, 7, row->actor);
    sqlite3_bind_int64(stmt, 8, row->at);
    lb_sqlite_bind_str(stmt, 12, row->items);
    lb_sqlite_bind_str(stmt, 13, row->source);
    sqlite3_bind_blob(stmt, 15, row->seal, sizeof row->seal, SQLITE_STATIC);
}

void lb_sqlite_bind_row(sqlite3_stmt *stmt, const struct lb_log_row *row)
{
    lb_sqlite_bind_plain_row(stmt, row);
    sqlite3_bind_int(stmt, 5, (int)row->kind);
    sqlite3_bind_int(stmt, 6, row->continues);
    lb_sqlite_bind_number(stmt, 9, (int64_t)row->undoes);
    lb_sqlite_bind_number(stmt, 10, (int64_t)row->epoch);
    lb_sqlite_bind_str(stmt, 11, row->reason);
    lb_sqlite_bind_str(stmt, 14, row->import);
}

/* These come first in LB_SQLITE_ROW_COLUMNS, and the rest after them. */
#define REPLAYED_COLUMNS                                                                           \
    "id, workspace, number, campaign, kind, continues, key, at, undoes, epoch, reason, items"
#define REPLAYED_COUNT 12

static void read_seal(sqlite3_stmt *stmt, int column, struct lb_log_row *out)
{
    const void *seal = sqlite3_column_blob(stmt, column);
    struct lb_str bytes = {seal, (size_t)sqlite3_column_bytes(stmt, column)};
    out->unsealed = !seal || bytes.len <= LB_DIGEST_SIZE;
    if (out->unsealed)
        return;
    memcpy(out->digest, seal, sizeof out->digest);
    bytes.ptr += LB_DIGEST_SIZE;
    bytes.len -= LB_DIGEST_SIZE;
    out->unsealed = !lb_chain_read_seed(bytes, out);
}

static void read_replayed(sqlite3_stmt *stmt, struct lb_log_row *out)
{
    *out = (struct lb_log_row){.id = (uint64_t)sqlite3_column_int64(stmt, 0),
                               .list = {.workspace = (uint32_t)sqlite3_column_int64(stmt, 1),
                                        .campaign = (uint32_t)sqlite3_column_int64(stmt, 3)},
                               .number = (uint64_t)sqlite3_column_int64(stmt, 2),
                               .kind = (enum lb_log_kind)sqlite3_column_int(stmt, 4),
                               .continues = sqlite3_column_int(stmt, 5) != 0,
                               .actor = (uint32_t)sqlite3_column_int64(stmt, 6),
                               .at = sqlite3_column_int64(stmt, 7),
                               .undoes = (uint64_t)sqlite3_column_int64(stmt, 8),
                               .epoch = (uint64_t)sqlite3_column_int64(stmt, 9),
                               .reason = lb_sqlite_column_str(stmt, 10),
                               .items = lb_sqlite_column_str(stmt, 11)};
}

bool lb_sqlite_read_row(sqlite3_stmt *stmt, struct lb_log_row *out)
{
    read_replayed(stmt, out);
    out->source = lb_sqlite_column_str(stmt, 12);
    out->import = lb_sqlite_column_str(stmt, 13);
    read_seal(stmt, 14, out);
    return out->items.ptr != NULL;
}

lb_err lb_sqlite_log_row_of(struct lb_store_reader *reader, uint32_t workspace, uint64_t id,
                            struct lb_log_row *out)
{
    sqlite3_stmt *stmt =
        lb_sqlite_prepared(reader, STMT_LOG_ROW_OF,
                           "SELECT " REPLAYED_COLUMNS ", source, import"
                           " FROM blocklist_log WHERE id <= ?1 ORDER BY id DESC LIMIT 1");
    if (!stmt)
        return LB_ERR_STORAGE_UNAVAILABLE;
    sqlite3_reset(stmt);
    lb_err err = lb_sqlite_pending_insert_before(reader, id + 1);
    if (err)
        return err;
    sqlite3_bind_int64(stmt, 1, (int64_t)id);
    int code = sqlite3_step(stmt);
    if (code == SQLITE_ROW) {
        read_replayed(stmt, out);
        out->source = lb_sqlite_column_str(stmt, REPLAYED_COUNT);
        out->import = lb_sqlite_column_str(stmt, REPLAYED_COUNT + 1);
        return out->items.ptr ? LB_OK : LB_ERR_STORAGE_UNAVAILABLE;
    }
    return lb_sqlite_end_row(stmt, code);
}

lb_err lb_sqlite_log_undone(struct lb_store_reader *reader, uint32_t workspace, uint64_t change,
                            uint64_t *out)
{
    sqlite3_stmt *stmt =
        lb_sqlite_prepared(reader, STMT_LOG_UNDONE,
                           "SELECT number FROM blocklist_log WHERE workspace = ?1 AND undoes = ?2"
                           " ORDER BY id LIMIT 1");
    if (!stmt)
        return LB_ERR_STORAGE_UNAVAILABLE;
    lb_err err = lb_sqlite_pending_insert(reader);
    if (err)
        return err;
    sqlite3_bind_int64(stmt, 1, workspace);
    sqlite3_bind_int64(stmt, 2, (int64_t)change);
    int code = sqlite3_step(stmt);
    *out = code == SQLITE_ROW ? (uint64_t)sqlite3_column_int64(stmt, 0) : 0;
    sqlite3_reset(stmt);
    return code == SQLITE_ROW || code == SQLITE_DONE ? LB_OK : lb_sqlite_error(code);
}

/* A scan of rows by their ids. */
struct scan {
    enum lb_sqlite_statement statement;
    const char *sql;
    bool (*read)(sqlite3_stmt *stmt, struct lb_log_row *out);
};

static lb_err scan_rows(struct lb_store_reader *reader, const struct scan *scan, uint64_t first,
                        uint64_t end, void *context,
                        lb_err (*each)(void *, const struct lb_log_row *))
{
    sqlite3_stmt *stmt = lb_sqlite_prepared(reader, scan->statement, scan->sql);
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
        err = scan->read(stmt, &row) ? each(context, &row) : LB_ERR_STORAGE_UNAVAILABLE;
    }
    return lb_sqlite_end_scan(stmt, err, code);
}

static bool read_for_replay(sqlite3_stmt *stmt, struct lb_log_row *out)
{
    read_replayed(stmt, out);
    read_seal(stmt, REPLAYED_COUNT, out);
    return out->items.ptr != NULL;
}

lb_err lb_sqlite_log_scan(struct lb_store_reader *reader, uint32_t workspace, uint64_t first,
                          uint64_t end, void *context,
                          lb_err (*each)(void *, const struct lb_log_row *))
{
    static const struct scan scan = {STMT_LOG_SCAN,
                                     "SELECT " REPLAYED_COLUMNS ", seal FROM blocklist_log"
                                     " WHERE id >= ?1 AND id < ?2 ORDER BY id",
                                     read_for_replay};
    return scan_rows(reader, &scan, first, end, context, each);
}

lb_err lb_sqlite_log_read(struct lb_store_reader *reader, uint32_t workspace, uint64_t first,
                          uint64_t end, void *context,
                          lb_err (*each)(void *, const struct lb_log_row *))
{
    static const struct scan scan = {STMT_LOG_READ,
                                     "SELECT " LB_SQLITE_ROW_COLUMNS " FROM blocklist_log"
                                     " WHERE id >= ?1 AND id < ?2 ORDER BY id",
                                     lb_sqlite_read_row};
    return scan_rows(reader, &scan, first, end, context, each);
}
