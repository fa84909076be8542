#include "store/copy.h"
#include "store/postgres/internal.h"

#include "base/clock.h"
#include "base/log.h"
#include "store/log_items.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

/* The statements are made from the columns in store/copy.c, so that no table has a second list of
 * them here. A connection of its own, without a pipeline: rows come through a cursor and go through
 * COPY in its binary form.
 * Source: https://www.postgresql.org/docs/15/sql-copy.html, File Formats, Binary Format */

#define FETCH_ROWS   "2000"
#define SEND_BYTES   (256u << 10) /* handed to libpq at once */
#define CLAIM_WAIT_S 5            /* the server needs a moment to notice that a client is gone */

struct lb_copy_side {
    struct lb_postgres *postgres;
    struct lb_reason *reason;
    PGconn *conn;
    const struct lb_copy_table *table;
    PGresult *rows; /* that were fetched, and the next of them */
    int row;
    bool fetching; /* there is a cursor */
    bool asked;    /* for the next rows, which the server looks for while we deal with these */
    bool adding;   /* COPY is under way */
    struct lb_buf out;
};

/* What only this backend has: a number that every row of the table gets. */
static const char *const made_up[LB_COPY_TABLE_COUNT] = {
    [LB_COPY_WORKSPACE] = "access_version",   [LB_COPY_API_KEY] = "version",
    [LB_COPY_ACCOUNT] = "workspace_id",       [LB_COPY_CAMPAIGN] = "version",
    [LB_COPY_SIGNING_KEY] = "workspace_id",   [LB_COPY_ERASURE_KEY] = "workspace_id",
    [LB_COPY_SECOND_FACTOR] = "workspace_id",
};

/* Where numbers come from that count in the whole installation. */
static const char *const sequences[LB_COPY_TABLE_COUNT] = {
    [LB_COPY_WORKSPACE] = "workspace_no",
    [LB_COPY_API_KEY] = "key_no",
    [LB_COPY_ACCOUNT] = "account_no",
    [LB_COPY_CAMPAIGN] = "campaign_no",
};

static lb_err fail(struct lb_copy_side *side, const char *what, const PGresult *result)
{
    char text[128];
    const char *message = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
    const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    bool full = state && strcmp(state, "53100") == 0; /* disk_full */
    snprintf(text, sizeof text, "%s%s%s", what, side->table ? " of the table " : "",
             side->table ? side->table->name : "");
    return lb_pg_fail(side->reason, full ? LB_ERR_STORAGE_FULL : LB_ERR_STORAGE_UNAVAILABLE, text,
                      message ? message : PQerrorMessage(side->conn));
}

/* Checks that a result is as expected; `*out`, which may be NULL, is then the caller's. */
static lb_err take(struct lb_copy_side *side, PGresult *result, ExecStatusType wanted,
                   const char *what, PGresult **out)
{
    lb_err err = PQresultStatus(result) == wanted ? LB_OK : fail(side, what, result);
    if (err || !out) {
        PQclear(result);
        result = NULL;
    }
    if (out)
        *out = result;
    return err;
}

static lb_err execute(struct lb_copy_side *side, const char *sql, const char *what)
{
    return take(side, PQexec(side->conn, sql), PGRES_COMMAND_OK, what, NULL);
}

/* In binary, with parameters or NULL. */
static lb_err ask(struct lb_copy_side *side, const char *sql, const struct lb_pg_params *params,
                  PGresult **out)
{
    PGresult *result = PQexecParams(side->conn, sql, params ? params->count : 0, NULL,
                                    params ? params->values : NULL, params ? params->lengths : NULL,
                                    params ? params->formats : NULL, 1);
    return take(side, result, PGRES_TUPLES_OK, "cannot read", out);
}

static lb_err ask_number(struct lb_copy_side *side, const char *sql, uint64_t *out)
{
    PGresult *result;
    *out = 0;
    lb_err err = ask(side, sql, NULL, &result);
    if (!err && PQntuples(result) == 1)
        *out = (uint64_t)lb_pg_number(result, 0, 0);
    PQclear(result);
    return err;
}

static lb_err open_side(struct lb_store *store, struct lb_reason *reason, struct lb_copy_side **out)
{
    struct lb_copy_side *side = calloc(1, sizeof *side);
    if (!side)
        return lb_fail(reason, LB_ERR_INTERNAL, "out of memory");
    side->postgres = lb_postgres_of(store);
    side->reason = reason;
    side->conn = lb_pg_connect(side->postgres, reason);
    lb_err err = side->conn ? LB_OK : LB_ERR_STORAGE_UNAVAILABLE;
    if (!err) /* it may have to wait for the other side in the middle of a transaction */
        err = execute(side,
                      "SET application_name = 'leadblock copy'; SET lock_timeout = 0;"
                      " SET idle_in_transaction_session_timeout = 0",
                      "cannot configure the connection");
    if (err) {
        PQfinish(side->conn);
        free(side);
        return err;
    }
    *out = side;
    return LB_OK;
}

/* Reads the next result of what was sent; false when that was all. */
static bool drop_result(struct lb_copy_side *side)
{
    PGresult *result = PQgetResult(side->conn);
    PQclear(result);
    return result != NULL;
}

static void read_end(struct lb_copy_side *side)
{
    PQclear(side->rows);
    side->rows = NULL;
    side->table = NULL;
    while (side->asked)
        side->asked = drop_result(side);
    if (side->fetching)
        PQclear(PQexec(side->conn, "CLOSE leadblock_copy"));
    side->fetching = false;
}

static void batch_rollback(struct lb_copy_side *side)
{
    if (side->adding && PQputCopyEnd(side->conn, "rolled back") == 1)
        while (drop_result(side))
            continue;
    side->adding = false;
    side->out.len = 0;
    if (PQtransactionStatus(side->conn) != PQTRANS_IDLE)
        PQclear(PQexec(side->conn, "ROLLBACK"));
    side->table = NULL;
}

static void close_side(struct lb_copy_side *side)
{
    if (!side)
        return;
    PQclear(side->rows);
    PQfinish(side->conn); /* which rolls back */
    lb_buf_fini(&side->out);
    free(side);
}

/* --- Does another process use it? ------------------------------------------------------------- */

/* Our own connections that were closed a moment ago may still be listed, hence the wait. */
static lb_err wait_until_alone(struct lb_copy_side *side, const char *others, const char *who)
{
    uint64_t until = lb_clock_mono_ms() + CLAIM_WAIT_S * 1000;
    for (;;) {
        uint64_t count;
        lb_err err = ask_number(side, others, &count);
        if (err || count == 0)
            return err;
        if (lb_clock_mono_ms() > until)
            return lb_fail(side->reason, LB_ERR_CONFLICT, "%s", who);
        nanosleep(&(struct timespec){.tv_nsec = 50000000}, NULL);
    }
}

static lb_err claim(struct lb_copy_side *side, bool target)
{
    char lock[96];
    lb_pg_drop(&side->postgres->writer); /* it looks like a server's */
    lb_err err = wait_until_alone(
        side,
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
        " AND application_name = 'leadblock' AND pid <> pg_backend_pid()",
        "a leadblock server is connected to the PostgreSQL database; stop all of them and try"
        " again");
    if (err || !target)
        return err;
    snprintf(lock, sizeof lock,
             "SELECT CASE WHEN pg_try_advisory_lock(%lld) THEN 0 ELSE 1 END::bigint",
             (long long)LB_PG_COPY_KEY);
    return wait_until_alone(side, lock, "another copy into this PostgreSQL database is under way");
}

/* The table is there from the start of a copy to its end, and is the marker itself. */
static lb_err ask_bytes(struct lb_copy_side *side, const char *item, struct lb_buf *out)
{
    struct lb_pg_params params = {0};
    PGresult *result;
    lb_pg_add_text(&params, lb_str(item));
    lb_err err =
        ask(side, "SELECT value FROM leadblock.copy_progress WHERE item = $1", &params, &result);
    if (!err && PQntuples(result) == 1)
        lb_buf_append_str(out, lb_pg_text(result, 0, 0));
    PQclear(result);
    return !err && out->failed ? lb_fail(side->reason, LB_ERR_INTERNAL, "out of memory") : err;
}

static lb_err marker(struct lb_copy_side *side, struct lb_buf *out)
{
    uint64_t exists;
    lb_err err = ask_number(
        side, "SELECT count(*) FROM pg_class WHERE oid = to_regclass('leadblock.copy_progress')",
        &exists);
    return err || !exists ? err : ask_bytes(side, "source", out);
}

/* --- Reading ---------------------------------------------------------------------------------- */

static lb_err snapshot_begin(struct lb_copy_side *side)
{
    uint64_t seen;
    lb_err err = execute(side, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", "cannot read");
    /* It begins with the first read. */
    return err ? err : ask_number(side, "SELECT version FROM leadblock.schema_version", &seen);
}

static void snapshot_end(struct lb_copy_side *side)
{
    batch_rollback(side);
}

static lb_err count(struct lb_copy_side *side, const struct lb_copy_table *table, uint64_t *out)
{
    char sql[64];
    snprintf(sql, sizeof sql, "SELECT count(*) FROM leadblock.%s", table->name);
    return ask_number(side, sql, out);
}

static void append_condition(struct lb_buf *sql, const struct lb_copy_table *table,
                             const struct lb_copy_value *after, struct lb_pg_params *params)
{
    lb_buf_append_lit(sql, " WHERE (");
    lb_copy_append_key(sql, table, true);
    for (size_t i = 0; i < table->key_count; i++) {
        lb_buf_printf(sql, "%s$%zu", i ? ", " : ") > (", i + 1);
        if (table->columns[table->key[i]].type == LB_COPY_TEXT)
            lb_pg_add_text(params, after[i].text);
        else
            lb_pg_add_number(params, after[i].number);
    }
    lb_buf_append_lit(sql, ")");
}

static lb_err read_begin(struct lb_copy_side *side, const struct lb_copy_table *table,
                         const struct lb_copy_value *after)
{
    struct lb_buf sql = {0};
    struct lb_pg_params params = {0};
    read_end(side);
    side->table = table;
    lb_buf_append_lit(&sql, "DECLARE leadblock_copy NO SCROLL CURSOR FOR SELECT ");
    lb_copy_append_columns(&sql, table, true);
    lb_buf_printf(&sql, " FROM leadblock.%s", table->name);
    if (after)
        append_condition(&sql, table, after, &params);
    lb_buf_append_lit(&sql, " ORDER BY ");
    lb_copy_append_key(&sql, table, true);
    lb_buf_append(&sql, "", 1);
    lb_err err = sql.failed ? lb_fail(side->reason, LB_ERR_INTERNAL, "out of memory") : LB_OK;
    if (!err)
        err = take(side,
                   PQexecParams(side->conn, sql.ptr, params.count, NULL, params.values,
                                params.lengths, params.formats, 1),
                   PGRES_COMMAND_OK, "cannot read the rows", NULL);
    side->fetching = !err;
    side->row = 0;
    lb_buf_fini(&sql);
    return err;
}

static lb_err ask_for_rows(struct lb_copy_side *side)
{
    static const char sql[] = "FETCH " FETCH_ROWS " FROM leadblock_copy";
    side->asked = PQsendQueryParams(side->conn, sql, 0, NULL, NULL, NULL, NULL, 1) == 1;
    return side->asked ? LB_OK : fail(side, "cannot read the rows", NULL);
}

static lb_err fetch(struct lb_copy_side *side)
{
    PQclear(side->rows);
    side->rows = NULL;
    side->row = 0;
    lb_err err = side->asked ? LB_OK : ask_for_rows(side);
    if (err)
        return err;
    err = take(side, PQgetResult(side->conn), PGRES_TUPLES_OK, "cannot read the rows", &side->rows);
    while (side->asked)
        side->asked = drop_result(side);
    return err || PQntuples(side->rows) == 0 ? err : ask_for_rows(side);
}

static lb_err read_next(struct lb_copy_side *side, struct lb_copy_row *out)
{
    lb_err err = side->rows && side->row < PQntuples(side->rows) ? LB_OK : fetch(side);
    if (err || PQntuples(side->rows) == 0)
        return err ? err : LB_ERR_NOT_FOUND;
    for (int i = 0; i < (int)side->table->column_count; i++) {
        struct lb_copy_value *value = &out->values[i];
        *value = (struct lb_copy_value){.null = PQgetisnull(side->rows, side->row, i)};
        switch (side->table->columns[i].type) {
        case LB_COPY_TEXT:
        case LB_COPY_BYTES:
            value->text = lb_pg_text(side->rows, side->row, i);
            break;
        case LB_COPY_FLAG:
            value->number = lb_pg_flag(side->rows, side->row, i);
            break;
        default:
            value->number = lb_pg_number(side->rows, side->row, i);
        }
    }
    side->row++;
    return LB_OK;
}

static lb_err last_number(struct lb_copy_side *side, const struct lb_copy_table *table,
                          uint64_t *out)
{
    char sql[128];
    *out = 0;
    if (!sequences[table->id])
        return LB_OK;
    snprintf(sql, sizeof sql,
             "SELECT CASE WHEN is_called THEN last_value ELSE last_value - 1 END"
             " FROM leadblock.%s",
             sequences[table->id]);
    return ask_number(side, sql, out);
}

/* --- Writing ---------------------------------------------------------------------------------- */

static lb_err put_progress(struct lb_copy_side *side, const char *item, struct lb_str value)
{
    struct lb_pg_params params = {0};
    lb_pg_add_text(&params, lb_str(item));
    lb_pg_add_bytes(&params, value.ptr, value.len);
    PGresult *result =
        PQexecParams(side->conn,
                     "INSERT INTO leadblock.copy_progress VALUES ($1, $2)"
                     " ON CONFLICT (item) DO UPDATE SET value = EXCLUDED.value",
                     params.count, NULL, params.values, params.lengths, params.formats, 1);
    return take(side, result, PGRES_COMMAND_OK, "cannot write the progress of the copy", NULL);
}

static lb_err start(struct lb_copy_side *side, struct lb_str text)
{
    lb_err err = execute(side,
                         "BEGIN; CREATE TABLE leadblock.copy_progress (item text COLLATE \"C\""
                         " PRIMARY KEY, value bytea NOT NULL)",
                         "cannot begin the copy");
    if (!err)
        err = put_progress(side, "source", text);
    return err ? err : execute(side, "COMMIT", "cannot commit");
}

static lb_err position(struct lb_copy_side *side, const struct lb_copy_table *table,
                       struct lb_buf *out)
{
    return ask_bytes(side, table->name, out);
}

static lb_err batch_begin(struct lb_copy_side *side, const struct lb_copy_table *table)
{
    static const char header[] = "PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0"; /* and the literal's own NUL */
    struct lb_buf sql = {0};
    lb_err err = execute(side, "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE", "cannot write");
    if (err)
        return err;
    side->table = table;
    lb_buf_printf(&sql, "COPY leadblock.%s (", table->name);
    lb_copy_append_columns(&sql, table, true);
    if (made_up[table->id])
        lb_buf_printf(&sql, ", %s", made_up[table->id]);
    lb_buf_append_lit(&sql, ") FROM STDIN (FORMAT binary)");
    lb_buf_append(&sql, "", 1);
    if (sql.failed)
        err = lb_fail(side->reason, LB_ERR_INTERNAL, "out of memory");
    else
        err = take(side, PQexec(side->conn, sql.ptr), PGRES_COPY_IN, "cannot add rows", NULL);
    lb_buf_fini(&sql);
    side->adding = !err;
    side->out.len = 0;
    lb_buf_append(&side->out, header, sizeof header);
    return err;
}

static void put_bytes(struct lb_buf *out, const void *bytes, size_t len)
{
    uint32_t head = htobe32((uint32_t)len);
    lb_buf_append(out, &head, sizeof head);
    lb_buf_append(out, bytes, len);
}

static void put_number(struct lb_buf *out, int64_t number)
{
    uint64_t wide = htobe64((uint64_t)number);
    put_bytes(out, &wide, sizeof wide);
}

static void put_value(struct lb_buf *out, enum lb_copy_type type, const struct lb_copy_value *value)
{
    static const uint32_t null = UINT32_MAX;
    uint16_t small = htobe16((uint16_t)value->number);
    unsigned char flag = value->number != 0;
    if (value->null)
        lb_buf_append(out, &null, sizeof null);
    else if (type == LB_COPY_TEXT || type == LB_COPY_BYTES)
        put_bytes(out, value->text.ptr, value->text.len);
    else if (type == LB_COPY_SMALL)
        put_bytes(out, &small, sizeof small);
    else if (type == LB_COPY_FLAG)
        put_bytes(out, &flag, sizeof flag);
    else
        put_number(out, value->number);
}

static lb_err send_rows(struct lb_copy_side *side)
{
    if (side->out.failed)
        return lb_fail(side->reason, LB_ERR_INTERNAL, "out of memory");
    if (PQputCopyData(side->conn, side->out.ptr, (int)side->out.len) != 1)
        return fail(side, "cannot add rows", NULL);
    side->out.len = 0;
    return LB_OK;
}

static int64_t made_up_value(const struct lb_copy_side *side)
{
    switch (side->table->id) {
    case LB_COPY_ACCOUNT:
    case LB_COPY_SIGNING_KEY:
    case LB_COPY_ERASURE_KEY:
    case LB_COPY_SECOND_FACTOR:
        return 0; /* the installation */
    default:
        return 1;
    }
}

static lb_err batch_add(struct lb_copy_side *side, const struct lb_copy_row *row)
{
    const struct lb_copy_table *table = side->table;
    bool extra = made_up[table->id] != NULL;
    uint16_t fields = htobe16((uint16_t)(table->column_count + extra));
    lb_buf_append(&side->out, &fields, sizeof fields);
    for (size_t i = 0; i < table->column_count; i++)
        put_value(&side->out, table->columns[i].type, &row->values[i]);
    if (extra)
        put_number(&side->out, made_up_value(side));
    return side->out.len < SEND_BYTES && !side->out.failed ? LB_OK : send_rows(side);
}

static lb_err end_rows(struct lb_copy_side *side)
{
    static const uint16_t trailer = UINT16_MAX;
    lb_buf_append(&side->out, &trailer, sizeof trailer);
    lb_err err = send_rows(side);
    if (err)
        return err;
    side->adding = false;
    if (PQputCopyEnd(side->conn, NULL) != 1)
        return fail(side, "cannot add rows", NULL);
    for (PGresult *result; (result = PQgetResult(side->conn)) != NULL; PQclear(result))
        if (!err && PQresultStatus(result) != PGRES_COMMAND_OK)
            err = fail(side, "cannot add rows", result);
    return err;
}

static lb_err batch_commit(struct lb_copy_side *side, struct lb_str after)
{
    lb_err err = end_rows(side);
    if (!err)
        err = put_progress(side, side->table->name, after);
    if (!err)
        err = execute(side, "COMMIT", "cannot commit");
    if (!err)
        side->table = NULL;
    return err;
}

/* Sequences are not rolled back with the transaction. That is harmless: it may leave numbers out,
 * but never gives one out again. */
static lb_err set_sequence(struct lb_copy_side *side, const char *name, uint64_t last)
{
    char sql[96];
    uint64_t next;
    snprintf(sql, sizeof sql, "SELECT setval('leadblock.%s', %llu, false)", name,
             (unsigned long long)last + 1);
    return ask_number(side, sql, &next);
}

/* A node compares the version of each workspace with what it has in memory. */
static const char set_versions[] =
    "UPDATE leadblock.workspace AS w SET"
    " head_row = coalesce((SELECT l.id FROM leadblock.blocklist_log l"
    " WHERE l.workspace_id = w.workspace_id ORDER BY l.id DESC LIMIT 1), 0),"
    " head_number = 0,"
    " head_digest = (SELECT l.digest FROM leadblock.blocklist_log l"
    " WHERE l.workspace_id = w.workspace_id ORDER BY l.id DESC LIMIT 1),"
    " has_leads = EXISTS (SELECT 1 FROM leadblock.lead l WHERE l.workspace_id = w.workspace_id)";

/* How many items the last row has, only the program can tell. */
static lb_err set_heads(struct lb_copy_side *side)
{
    char sql[128];
    PGresult *rows =
        PQexec(side->conn, "SELECT w.workspace_id, l.id, l.items FROM leadblock.workspace w"
                           " JOIN leadblock.blocklist_log l ON l.workspace_id = w.workspace_id"
                           " AND l.id = w.head_row");
    lb_err err = PQresultStatus(rows) == PGRES_TUPLES_OK
                     ? LB_OK
                     : fail(side, "cannot read where the logs end", rows);
    for (int i = 0; !err && i < PQntuples(rows); i++) {
        uint64_t items = lb_log_items_count(lb_pg_text(rows, i, 2));
        uint64_t last = strtoull(PQgetvalue(rows, i, 1), NULL, 10) + items - 1;
        snprintf(sql, sizeof sql,
                 "UPDATE leadblock.workspace SET head_number = %llu WHERE workspace_id = %s",
                 (unsigned long long)last, PQgetvalue(rows, i, 0));
        err = execute(side, sql, "cannot write where the logs end");
    }
    PQclear(rows);
    return err;
}

static lb_err finish(struct lb_copy_side *side, const uint64_t last[LB_COPY_TABLE_COUNT])
{
    lb_err err = execute(side, "BEGIN", "cannot write");
    if (!err)
        err = execute(side, set_versions, "cannot write the versions of the workspaces");
    if (!err)
        err = set_heads(side);
    for (size_t i = 0; !err && i < LB_COPY_TABLE_COUNT; i++)
        if (sequences[i])
            err = set_sequence(side, sequences[i], last[i]);
    if (!err)
        err = execute(side,
                      "DELETE FROM leadblock.session; DELETE FROM leadblock.link;"
                      " DROP TABLE leadblock.copy_progress",
                      "cannot finish the copy");
    if (!err)
        err = execute(side, "COMMIT", "cannot commit");
    if (err) {
        batch_rollback(side);
        return err;
    }
    /* Or PostgreSQL would plan for empty tables. */
    for (size_t i = 0; i < LB_COPY_TABLE_COUNT; i++) {
        char sql[64];
        snprintf(sql, sizeof sql, "ANALYZE leadblock.%s", lb_copy_tables[i].name);
        PQclear(PQexec(side->conn, sql));
    }
    return LB_OK;
}

const struct lb_store_copy lb_pg_copy = {
    .kind = "postgresql",
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
