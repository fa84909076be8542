#include "store/sqlite/internal.h"

#include <stdlib.h>

/* A batch of small requests; more would leave the nearest cache. */
#define ROWS_MAX   64
#define TEXT_BYTES ((size_t)16 << 10)

/* `text` holds copies of the rows' strings, or nothing when the one row refers to its owner's. */
struct lb_sqlite_pending {
    struct lb_log_row rows[ROWS_MAX];
    size_t count;
    size_t text_len;
    bool not_plain; /* one of the rows */
    bool not_alike; /* the same, and the first row */
    bool failed;    /* an insert, so that rows are missing: only a rollback goes on from there */
    char text[TEXT_BYTES];
};

/* --- the rows as a table that SQL can select from --------------------------------------------- */

struct table {
    sqlite3_vtab base;
    const struct lb_sqlite_pending *pending;
};

struct cursor {
    sqlite3_vtab_cursor base;
    const struct lb_log_row *row;
    const struct lb_log_row *end;
};

static int connect_table(sqlite3 *db, void *pending, int argc, const char *const *argv,
                         sqlite3_vtab **out, char **message)
{
    struct table *table = calloc(1, sizeof *table);
    if (!table)
        return SQLITE_NOMEM;
    int code = sqlite3_declare_vtab(db, "CREATE TABLE lb_pending_rows (" LB_SQLITE_ROW_COLUMNS ")");
    if (code != SQLITE_OK) {
        free(table);
        return code;
    }
    table->pending = pending;
    *out = &table->base;
    return SQLITE_OK;
}

static int disconnect_table(sqlite3_vtab *table)
{
    free(table);
    return SQLITE_OK;
}

static int plan_scan(sqlite3_vtab *table, sqlite3_index_info *info)
{
    info->estimatedRows = ROWS_MAX;
    return SQLITE_OK;
}

static int open_scan(sqlite3_vtab *table, sqlite3_vtab_cursor **out)
{
    struct cursor *cursor = calloc(1, sizeof *cursor);
    if (!cursor)
        return SQLITE_NOMEM;
    *out = &cursor->base;
    return SQLITE_OK;
}

static int close_scan(sqlite3_vtab_cursor *cursor)
{
    free(cursor);
    return SQLITE_OK;
}

static int begin_scan(sqlite3_vtab_cursor *base, int index, const char *name, int argc,
                      sqlite3_value **argv)
{
    struct cursor *cursor = (struct cursor *)base;
    const struct lb_sqlite_pending *pending = ((struct table *)base->pVtab)->pending;
    cursor->row = pending->rows;
    cursor->end = pending->rows + pending->count;
    return SQLITE_OK;
}

static int next_row(sqlite3_vtab_cursor *cursor)
{
    ((struct cursor *)cursor)->row++;
    return SQLITE_OK;
}

static int scan_ended(sqlite3_vtab_cursor *cursor)
{
    return ((struct cursor *)cursor)->row == ((struct cursor *)cursor)->end;
}

/* A column without a result is NULL. */
static void put_str(sqlite3_context *context, struct lb_str text)
{
    if (text.ptr)
        sqlite3_result_text(context, text.ptr, (int)text.len, SQLITE_STATIC);
}

static void put_number(sqlite3_context *context, uint64_t number)
{
    if (number)
        sqlite3_result_int64(context, (int64_t)number);
}

static void put_rest(sqlite3_context *context, const struct lb_log_row *row, int number)
{
    switch (number) {
    case 8:
        put_number(context, row->undoes);
        break;
    case 9:
        put_number(context, row->epoch);
        break;
    case 10:
        put_str(context, row->reason);
        break;
    case 11:
        put_str(context, row->items);
        break;
    case 12:
        put_str(context, row->source);
        break;
    case 13:
        put_str(context, row->import);
        break;
    default:
        sqlite3_result_blob(context, row->seal, sizeof row->seal, SQLITE_STATIC);
        break;
    }
}

/* In the order of LB_SQLITE_ROW_COLUMNS. */
static int put_column(sqlite3_vtab_cursor *cursor, sqlite3_context *context, int number)
{
    const struct lb_log_row *row = ((struct cursor *)cursor)->row;
    switch (number) {
    case 0:
        sqlite3_result_int64(context, (int64_t)row->id);
        break;
    case 1:
        sqlite3_result_int64(context, row->list.workspace);
        break;
    case 2:
        sqlite3_result_int64(context, (int64_t)row->number);
        break;
    case 3:
        sqlite3_result_int64(context, row->list.campaign);
        break;
    case 4:
        sqlite3_result_int64(context, row->kind);
        break;
    case 5:
        sqlite3_result_int64(context, row->continues);
        break;
    case 6:
        sqlite3_result_int64(context, row->actor);
        break;
    case 7:
        sqlite3_result_int64(context, row->at);
        break;
    default:
        put_rest(context, row, number);
        break;
    }
    return SQLITE_OK;
}

static int row_id(sqlite3_vtab_cursor *cursor, sqlite3_int64 *out)
{
    *out = (int64_t)((struct cursor *)cursor)->row->id;
    return SQLITE_OK;
}

static const sqlite3_module module = {
    .xConnect = connect_table,
    .xBestIndex = plan_scan,
    .xDisconnect = disconnect_table,
    .xOpen = open_scan,
    .xClose = close_scan,
    .xFilter = begin_scan,
    .xNext = next_row,
    .xEof = scan_ended,
    .xColumn = put_column,
    .xRowid = row_id,
};

/* --- life ------------------------------------------------------------------------------------- */

lb_err lb_sqlite_pending_create(struct lb_store_reader *connection)
{
    connection->pending = calloc(1, sizeof *connection->pending);
    int code = connection->pending ? sqlite3_create_module(connection->db, "lb_pending_rows",
                                                           &module, connection->pending)
                                   : SQLITE_NOMEM;
    return code == SQLITE_OK ? LB_OK : LB_ERR_INTERNAL;
}

void lb_sqlite_pending_destroy(struct lb_store_reader *connection)
{
    free(connection->pending);
    connection->pending = NULL;
}

void lb_sqlite_pending_drop(struct lb_store_reader *connection)
{
    connection->pending->count = 0;
    connection->pending->text_len = 0;
    connection->pending->not_plain = false;
    connection->pending->not_alike = false;
    connection->pending->failed = false;
}

/* --- rows ------------------------------------------------------------------------------------- */

static void copy(struct lb_sqlite_pending *pending, struct lb_str *text)
{
    if (!text->ptr)
        return;
    char *to = pending->text + pending->text_len;
    memcpy(to, text->ptr, text->len);
    pending->text_len += text->len;
    text->ptr = to;
}

lb_err lb_sqlite_log_append(struct lb_store *store, const struct lb_log_row *row)
{
    struct lb_store_reader *connection = &lb_sqlite_of(store)->writer;
    struct lb_sqlite_pending *pending = connection->pending;
    size_t text_len = row->reason.len + row->items.len + row->source.len + row->import.len;
    bool fits = pending->count < ROWS_MAX && text_len <= TEXT_BYTES - pending->text_len;
    lb_err err = fits ? LB_OK : lb_sqlite_pending_insert(connection);
    if (err)
        return err;
    lb_log_extent_add(&lb_sqlite_of(store)->appended, row);
    struct lb_log_row *kept = &pending->rows[pending->count++];
    *kept = *row;
    pending->not_plain |= !lb_sqlite_is_plain(row);
    pending->not_alike |= !lb_sqlite_are_alike(row, pending->rows);
    if (text_len > TEXT_BYTES)
        return lb_sqlite_pending_insert(connection);
    copy(pending, &kept->reason);
    copy(pending, &kept->items);
    copy(pending, &kept->source);
    copy(pending, &kept->import);
    return LB_OK;
}

static lb_err insert_one(struct lb_store_reader *connection, const struct lb_log_row *row)
{
    bool plain = lb_sqlite_is_plain(row);
    sqlite3_stmt *stmt = plain ? lb_sqlite_prepared(connection, STMT_LOG_APPEND_PLAIN,
                                                    LB_SQLITE_INSERT_PLAIN_ROW("blocklist_log"))
                               : lb_sqlite_prepared(connection, STMT_LOG_APPEND,
                                                    LB_SQLITE_INSERT_ROW("blocklist_log"));
    if (!stmt)
        return LB_ERR_STORAGE_UNAVAILABLE;
    if (plain)
        lb_sqlite_bind_plain_row(stmt, row);
    else
        lb_sqlite_bind_row(stmt, row);
    return lb_sqlite_run(stmt);
}

/* OR FAIL: no journal of the statement is kept. What it has inserted before it failed is rolled
 * back: see `failed`. */
#define INSERT_MANY(values)                                                                        \
    "INSERT OR FAIL INTO blocklist_log (" LB_SQLITE_ROW_COLUMNS ") SELECT " values                 \
    " FROM lb_pending_rows"

static lb_err insert_alike(struct lb_store_reader *connection)
{
    const struct lb_log_row *first = connection->pending->rows;
    sqlite3_stmt *stmt = lb_sqlite_prepared(connection, STMT_LOG_APPEND_MANY_ALIKE,
                                            INSERT_MANY(LB_SQLITE_ALIKE_VALUES));
    if (!stmt)
        return LB_ERR_STORAGE_UNAVAILABLE;
    sqlite3_bind_int64(stmt, 1, first->list.workspace);
    sqlite3_bind_int64(stmt, 2, first->list.campaign);
    sqlite3_bind_int64(stmt, 3, first->actor);
    sqlite3_bind_int64(stmt, 4, first->at);
    lb_sqlite_bind_str(stmt, 5, first->source);
    return lb_sqlite_run(stmt);
}

static lb_err insert_many(struct lb_store_reader *connection)
{
    const struct lb_sqlite_pending *pending = connection->pending;
    if (pending->not_plain)
        return lb_sqlite_run(
            lb_sqlite_prepared(connection, STMT_LOG_APPEND_MANY, INSERT_MANY("*")));
    if (pending->not_alike)
        return lb_sqlite_run(lb_sqlite_prepared(connection, STMT_LOG_APPEND_MANY_PLAIN,
                                                INSERT_MANY(LB_SQLITE_PLAIN_VALUES)));
    return insert_alike(connection);
}

/* For one row alone, a table to select from costs more than it saves. */
lb_err lb_sqlite_pending_insert(struct lb_store_reader *connection)
{
    struct lb_sqlite_pending *pending = connection->pending;
    if (!pending || (pending->count == 0 && !pending->failed))
        return LB_OK;
    if (pending->failed)
        return LB_ERR_STORAGE_UNAVAILABLE;
    lb_err err =
        pending->count == 1 ? insert_one(connection, pending->rows) : insert_many(connection);
    lb_sqlite_pending_drop(connection);
    pending->failed = err != LB_OK;
    return err;
}

lb_err lb_sqlite_pending_insert_before(struct lb_store_reader *connection, uint64_t id)
{
    const struct lb_sqlite_pending *pending = connection->pending;
    return pending && pending->count && pending->rows[0].id < id
               ? lb_sqlite_pending_insert(connection)
               : LB_OK;
}
