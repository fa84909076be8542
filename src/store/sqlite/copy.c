#include "store/copy.h"
#include "store/log_items.h"
#include "store/sqlite/internal.h"

#include <stdio.h>
#include <stdlib.h>

/* The statements are made from the columns in store/copy.c, so that no table has a second list of
 * them here. Everything goes through the writer's connection. */

struct lb_copy_side {
    struct lb_sqlite *sqlite;
    struct lb_reason *reason;
    const struct lb_copy_table *table;
    sqlite3_stmt *reading;
    sqlite3_stmt *adding;
    uint64_t next_id;   /* of a row of the log that is added */
    struct lb_buf seal; /* the same */
};

static sqlite3 *db_of(struct lb_copy_side *side)
{
    return side->sqlite->writer.db;
}

static lb_err fail(struct lb_copy_side *side, const char *what)
{
    int code = sqlite3_extended_errcode(db_of(side));
    return lb_fail(side->reason, lb_sqlite_error(code), "%s%s%s in %s: %s", what,
                   side->table ? " of the table " : "", side->table ? side->table->name : "",
                   side->sqlite->path, sqlite3_errmsg(db_of(side)));
}

static lb_err execute(struct lb_copy_side *side, const char *sql, const char *what)
{
    return sqlite3_exec(db_of(side), sql, NULL, NULL, NULL) == SQLITE_OK ? LB_OK : fail(side, what);
}

/* NULL after a failure, which has its reason. */
static sqlite3_stmt *prepare(struct lb_copy_side *side, struct lb_buf *sql)
{
    sqlite3_stmt *stmt = NULL;
    lb_buf_append(sql, "", 1);
    if (sql->failed)
        lb_fail(side->reason, LB_ERR_INTERNAL, "out of memory");
    else if (sqlite3_prepare_v2(db_of(side), sql->ptr, -1, &stmt, NULL) != SQLITE_OK)
        fail(side, "cannot prepare a statement");
    lb_buf_fini(sql);
    return stmt;
}

static lb_err open_side(struct lb_store *store, struct lb_reason *reason, struct lb_copy_side **out)
{
    struct lb_copy_side *side = calloc(1, sizeof *side);
    if (!side)
        return lb_fail(reason, LB_ERR_INTERNAL, "out of memory");
    side->sqlite = lb_sqlite_of(store);
    side->reason = reason;
    *out = side;
    return LB_OK;
}

static void read_end(struct lb_copy_side *side)
{
    sqlite3_finalize(side->reading);
    side->reading = NULL;
    side->table = NULL;
}

static void batch_rollback(struct lb_copy_side *side)
{
    sqlite3_finalize(side->adding);
    side->adding = NULL;
    if (!sqlite3_get_autocommit(db_of(side)))
        sqlite3_exec(db_of(side), "ROLLBACK", NULL, NULL, NULL);
    side->table = NULL;
}

static void close_side(struct lb_copy_side *side)
{
    if (!side)
        return;
    read_end(side);
    batch_rollback(side);
    lb_buf_fini(&side->seal);
    free(side);
}

/* The first value of the only row, as bytes at the end of `out`; nothing when there is no row. */
static lb_err ask_bytes(struct lb_copy_side *side, const char *sql, const char *parameter,
                        struct lb_buf *out)
{
    sqlite3_stmt *stmt = NULL;
    int code = sqlite3_prepare_v2(db_of(side), sql, -1, &stmt, NULL);
    if (code == SQLITE_OK && parameter)
        sqlite3_bind_text(stmt, 1, parameter, -1, SQLITE_STATIC);
    if (code == SQLITE_OK)
        code = sqlite3_step(stmt);
    if (code == SQLITE_ROW)
        lb_buf_append(out, sqlite3_column_blob(stmt, 0), (size_t)sqlite3_column_bytes(stmt, 0));
    lb_err err = LB_OK;
    if (code != SQLITE_ROW && code != SQLITE_DONE)
        err = fail(side, "cannot read the progress of the copy");
    else if (out->failed)
        err = lb_fail(side->reason, LB_ERR_INTERNAL, "out of memory");
    sqlite3_finalize(stmt);
    return err;
}

static lb_err ask_number(struct lb_copy_side *side, const char *sql, uint64_t *out)
{
    sqlite3_stmt *stmt = NULL;
    int code = sqlite3_prepare_v2(db_of(side), sql, -1, &stmt, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_step(stmt);
    *out = code == SQLITE_ROW ? (uint64_t)sqlite3_column_int64(stmt, 0) : 0;
    lb_err err = code == SQLITE_ROW || code == SQLITE_DONE ? LB_OK : fail(side, "cannot read");
    sqlite3_finalize(stmt);
    return err;
}

/* The table is there from the start of a copy to its end, and is the marker itself. */
static lb_err marker(struct lb_copy_side *side, struct lb_buf *out)
{
    uint64_t exists;
    lb_err err = ask_number(side, "SELECT count(*) FROM sqlite_master WHERE name = 'copy_progress'",
                            &exists);
    if (err || !exists)
        return err;
    return ask_bytes(side, "SELECT value FROM copy_progress WHERE item = 'source'", NULL, out);
}

/* The lock of the folder keeps servers and other copies out. */
static lb_err claim(struct lb_copy_side *side, bool target)
{
    if (!target)
        return LB_OK;
    lb_sqlite_enlarge_cache(&side->sqlite->writer);
    return side->sqlite->log_begun ? LB_OK : lb_sqlite_compare_rows(side->sqlite, side->reason);
}

/* --- Reading ---------------------------------------------------------------------------------- */

static lb_err snapshot_begin(struct lb_copy_side *side)
{
    uint64_t seen;
    lb_err err = execute(side, "BEGIN", "cannot read");
    /* It begins with the first read. */
    return err ? err : ask_number(side, "SELECT count(*) FROM sqlite_master", &seen);
}

static void snapshot_end(struct lb_copy_side *side)
{
    batch_rollback(side);
}

static lb_err count(struct lb_copy_side *side, const struct lb_copy_table *table, uint64_t *out)
{
    char sql[64];
    snprintf(sql, sizeof sql, "SELECT count(*) FROM %s", table->name);
    return ask_number(side, sql, out);
}

static void bind_value(sqlite3_stmt *stmt, int index, enum lb_copy_type type,
                       const struct lb_copy_value *value)
{
    if (value->null)
        sqlite3_bind_null(stmt, index);
    else if (type == LB_COPY_TEXT)
        sqlite3_bind_text(stmt, index, value->text.len ? value->text.ptr : "", (int)value->text.len,
                          SQLITE_STATIC);
    else if (type == LB_COPY_BYTES)
        sqlite3_bind_blob(stmt, index, value->text.len ? value->text.ptr : "", (int)value->text.len,
                          SQLITE_STATIC);
    else
        sqlite3_bind_int64(stmt, index, value->number);
}

static void read_value(sqlite3_stmt *stmt, int column, enum lb_copy_type type,
                       struct lb_copy_value *out)
{
    *out = (struct lb_copy_value){.null = sqlite3_column_type(stmt, column) == SQLITE_NULL};
    if (out->null)
        return;
    if (type == LB_COPY_TEXT)
        out->text.ptr = (const char *)sqlite3_column_text(stmt, column);
    else if (type == LB_COPY_BYTES)
        out->text.ptr = sqlite3_column_blob(stmt, column);
    else
        out->number = sqlite3_column_int64(stmt, column);
    if (type == LB_COPY_TEXT || type == LB_COPY_BYTES)
        out->text.len = (size_t)sqlite3_column_bytes(stmt, column);
}

static lb_err read_begin(struct lb_copy_side *side, const struct lb_copy_table *table,
                         const struct lb_copy_value *after)
{
    struct lb_buf sql = {0};
    size_t first = table->key_without_workspace ? 1 : 0;
    read_end(side);
    side->table = table;
    lb_buf_append_lit(&sql, "SELECT ");
    lb_copy_append_columns(&sql, table, false);
    lb_buf_printf(&sql, " FROM %s", table->name);
    if (after && table->id == LB_COPY_BLOCKLIST_LOG) {
        /* No index finds it: one pass through the table for each attempt. */
        first = 0;
        lb_buf_append_lit(&sql, " WHERE id > (SELECT id FROM blocklist_log"
                                " WHERE workspace = ? AND number = ?)");
    } else if (after) {
        lb_buf_append_lit(&sql, " WHERE (");
        lb_copy_append_key(&sql, table, false);
        lb_buf_append_lit(&sql, ") > (?");
        for (size_t i = first + 1; i < table->key_count; i++)
            lb_buf_append_lit(&sql, ", ?");
        lb_buf_append_lit(&sql, ")");
    }
    lb_buf_append_lit(&sql, " ORDER BY ");
    if (table->id == LB_COPY_BLOCKLIST_LOG)
        lb_buf_append_lit(&sql, "id");
    else
        lb_copy_append_key(&sql, table, false);
    side->reading = prepare(side, &sql);
    if (!side->reading)
        return LB_ERR_STORAGE_UNAVAILABLE;
    for (size_t i = first; after && i < table->key_count; i++)
        bind_value(side->reading, (int)(i - first) + 1, table->columns[table->key[i]].type,
                   &after[i]);
    return LB_OK;
}

static lb_err read_next(struct lb_copy_side *side, struct lb_copy_row *out)
{
    int code = sqlite3_step(side->reading);
    if (code != SQLITE_ROW)
        return code == SQLITE_DONE ? LB_ERR_NOT_FOUND : fail(side, "cannot read the rows");
    for (size_t i = 0; i < side->table->column_count; i++)
        read_value(side->reading, (int)i, side->table->columns[i].type, &out->values[i]);
    return LB_OK;
}

/* The tables with AUTOINCREMENT have their greatest number in a table of SQLite's own, also when
 * the row that had it is gone: https://www.sqlite.org/autoinc.html */
static lb_err last_number(struct lb_copy_side *side, const struct lb_copy_table *table,
                          uint64_t *out)
{
    char sql[96];
    *out = 0;
    if (table->id == LB_COPY_BLOCKLIST_LOG) {
        uint64_t next = lb_sqlite_log_next_id(&side->sqlite->store);
        *out = next ? next - 1 : 0;
        return next ? LB_OK : fail(side, "cannot read the log");
    }
    snprintf(sql, sizeof sql, "SELECT seq FROM sqlite_sequence WHERE name = '%s'", table->name);
    return ask_number(side, sql, out);
}

/* --- Writing ---------------------------------------------------------------------------------- */

static lb_err put_progress(struct lb_copy_side *side, const char *item, struct lb_str value)
{
    sqlite3_stmt *stmt = NULL;
    int code = sqlite3_prepare_v2(db_of(side), "INSERT OR REPLACE INTO copy_progress VALUES (?, ?)",
                                  -1, &stmt, NULL);
    if (code == SQLITE_OK) {
        sqlite3_bind_text(stmt, 1, item, -1, SQLITE_STATIC);
        sqlite3_bind_blob(stmt, 2, value.ptr, (int)value.len, SQLITE_STATIC);
        code = sqlite3_step(stmt);
    }
    lb_err err = code == SQLITE_DONE ? LB_OK : fail(side, "cannot write the progress of the copy");
    sqlite3_finalize(stmt);
    return err;
}

static lb_err commit(struct lb_copy_side *side)
{
    lb_err err = execute(side, "COMMIT", "cannot commit");
    if (err)
        batch_rollback(side);
    else
        lb_sqlite_maintain(&side->sqlite->store, false);
    return err;
}

static lb_err start(struct lb_copy_side *side, struct lb_str text)
{
    lb_err err = execute(side,
                         "BEGIN IMMEDIATE;"
                         " CREATE TABLE copy_progress (item TEXT PRIMARY KEY, value BLOB NOT NULL)",
                         "cannot begin the copy");
    if (!err)
        err = put_progress(side, "source", text);
    return err ? err : commit(side);
}

static lb_err position(struct lb_copy_side *side, const struct lb_copy_table *table,
                       struct lb_buf *out)
{
    return ask_bytes(side, "SELECT value FROM copy_progress WHERE item = ?", table->name, out);
}

/* The last two columns of a row of the log are one of the table, which has its id in place of the
 * other. */
#define LOG_SEAL LB_COPY_LOG_SEED
#define LOG_ID   LB_COPY_LOG_DIGEST
_Static_assert(LOG_ID == LOG_SEAL + 1, "the last columns");

static void append_log_columns(struct lb_buf *sql, const struct lb_copy_table *table)
{
    for (size_t i = 0; i < LOG_SEAL; i++)
        lb_buf_printf(sql, "%s, ", table->columns[i].name);
    lb_buf_append_lit(sql, "seal, id");
}

static void bind_seal_and_id(struct lb_copy_side *side, const struct lb_copy_row *row)
{
    side->seal.len = 0;
    lb_buf_append_str(&side->seal, row->values[LB_COPY_LOG_DIGEST].text);
    lb_buf_append_str(&side->seal, row->values[LB_COPY_LOG_SEED].text);
    sqlite3_bind_blob(side->adding, LOG_SEAL + 1, side->seal.ptr, (int)side->seal.len,
                      SQLITE_STATIC);
    sqlite3_bind_int64(side->adding, LOG_ID + 1, (int64_t)side->next_id);
    side->next_id += lb_log_items_count(row->values[LB_COPY_LOG_ITEMS].text);
}

static lb_err batch_begin(struct lb_copy_side *side, const struct lb_copy_table *table)
{
    struct lb_buf sql = {0};
    lb_err err = execute(side, "BEGIN IMMEDIATE", "cannot write");
    if (err)
        return err;
    side->table = table;
    bool log = table->id == LB_COPY_BLOCKLIST_LOG;
    lb_buf_printf(&sql, "INSERT INTO %s (", table->name);
    if (log)
        append_log_columns(&sql, table);
    else
        lb_copy_append_columns(&sql, table, false);
    lb_buf_append_lit(&sql, ") VALUES (?");
    for (size_t i = 1; i < table->column_count; i++)
        lb_buf_append_lit(&sql, ", ?");
    lb_buf_append_lit(&sql, ")");
    side->adding = prepare(side, &sql);
    if (side->adding && log)
        side->next_id = lb_sqlite_log_next_id(&side->sqlite->store);
    return side->adding && (!log || side->next_id) ? LB_OK : LB_ERR_STORAGE_UNAVAILABLE;
}

static lb_err batch_add(struct lb_copy_side *side, const struct lb_copy_row *row)
{
    bool log = side->table->id == LB_COPY_BLOCKLIST_LOG;
    size_t count = log ? LOG_SEAL : side->table->column_count;
    for (size_t i = 0; i < count; i++)
        bind_value(side->adding, (int)i + 1, side->table->columns[i].type, &row->values[i]);
    if (log)
        bind_seal_and_id(side, row);
    sqlite3_step(side->adding);
    return sqlite3_reset(side->adding) == SQLITE_OK ? LB_OK : fail(side, "cannot add a row");
}

static lb_err batch_commit(struct lb_copy_side *side, struct lb_str after)
{
    lb_err err = put_progress(side, side->table->name, after);
    sqlite3_finalize(side->adding);
    side->adding = NULL;
    side->table = NULL;
    return err ? err : commit(side);
}

/* Rows that were added have raised their table's number already; one that is gone has not. */
static lb_err raise_number(struct lb_copy_side *side, const char *table, uint64_t last)
{
    char sql[256];
    if (last == 0) /* it never had one */
        return LB_OK;
    snprintf(sql, sizeof sql,
             "INSERT INTO sqlite_sequence (name, seq) SELECT '%s', 0 WHERE NOT EXISTS"
             " (SELECT 1 FROM sqlite_sequence WHERE name = '%s');"
             " UPDATE sqlite_sequence SET seq = max(seq, %llu) WHERE name = '%s'",
             table, table, (unsigned long long)last, table);
    return execute(side, sql, "cannot set the next number");
}

static lb_err finish(struct lb_copy_side *side, const uint64_t last[LB_COPY_TABLE_COUNT])
{
    static const enum lb_copy_table_id numbered[] = {LB_COPY_WORKSPACE, LB_COPY_API_KEY,
                                                     LB_COPY_ACCOUNT, LB_COPY_CAMPAIGN};
    lb_err err = execute(side, "BEGIN IMMEDIATE", "cannot write");
    for (size_t i = 0; !err && i < sizeof numbered / sizeof *numbered; i++)
        err = raise_number(side, lb_copy_tables[numbered[i]].name, last[numbered[i]]);
    if (!err)
        err = execute(side, "DELETE FROM session; DELETE FROM link; DROP TABLE copy_progress",
                      "cannot finish the copy");
    if (!err)
        return commit(side);
    batch_rollback(side);
    return err;
}

const struct lb_store_copy lb_sqlite_copy = {
    .kind = "sqlite",
    .open = open_side,
    .close = close_side,
    .marker = marker,
    .claim = claim,
    .snapshot_begin = snapshot_begin,
    .snapshot_end = snapshot_end,
    .count = count,
    .read_begin = read_begin,
    .read_next = read_next,
    .read_end = read_end,
    .last_number = last_number,
    .start = start,
    .position = position,
    .batch_begin = batch_begin,
    .batch_add = batch_add,
    .batch_commit = batch_commit,
    .batch_rollback = batch_rollback,
    .finish = finish,
};
