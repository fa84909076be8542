#include "store/postgres/internal.h"

#include "store/log_items.h"

#define REPLAYED_COLUMNS                                                                           \
    "id, workspace_id, campaign, kind, continues, key, at, undoes, token, reason, items"
#define LOG_COLUMNS REPLAYED_COLUMNS ", source"

#define SCAN_ROWS 1000 /* at a time: up to some megabytes */

static void add_row(struct lb_pg_params *params, const struct lb_pg_rows *waiting, size_t i)
{
    const struct lb_log_row *row = &waiting->rows[i];
    const char *texts = waiting->texts.ptr;
    struct lb_str reason = {row->reason.ptr ? texts + waiting->reason_at[i] : NULL,
                            row->reason.len};
    struct lb_str source = {row->source.ptr ? texts + waiting->source_at[i] : NULL,
                            row->source.len};
    lb_pg_add_number(params, (int64_t)row->id);
    lb_pg_add_number(params, row->list.workspace);
    lb_pg_add_number(params, row->list.campaign);
    lb_pg_add_number(params, (int64_t)row->kind);
    lb_pg_add_flag(params, row->continues);
    lb_pg_add_number(params, row->actor);
    lb_pg_add_number(params, row->at);
    lb_pg_add_number_or_null(params, (int64_t)row->undoes);
    lb_pg_add_number(params, (int64_t)row->token);
    lb_pg_add_text(params, reason);
    lb_pg_add_text(params, (struct lb_str){texts + waiting->items_at[i], row->items.len});
    lb_pg_add_text(params, source);
}

#define ROW_TYPES  "nnnnbnnnnttt"
#define ROWS_TYPES ROW_TYPES ROW_TYPES ROW_TYPES ROW_TYPES ROW_TYPES ROW_TYPES ROW_TYPES ROW_TYPES

LB_PG_STATEMENT(LOG_APPEND, ONE, ROW_TYPES,
                "INSERT INTO leadblock.blocklist_log (" LOG_COLUMNS ")"
                " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)");
/* LB_PG_ROWS_TOGETHER rows. */
LB_PG_STATEMENT(LOG_APPEND_MANY, ONE, ROWS_TYPES,
                "INSERT INTO leadblock.blocklist_log (" LOG_COLUMNS ") VALUES"
                " ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12),"
                " ($13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24),"
                " ($25, $26, $27, $28, $29, $30, $31, $32, $33, $34, $35, $36),"
                " ($37, $38, $39, $40, $41, $42, $43, $44, $45, $46, $47, $48),"
                " ($49, $50, $51, $52, $53, $54, $55, $56, $57, $58, $59, $60),"
                " ($61, $62, $63, $64, $65, $66, $67, $68, $69, $70, $71, $72),"
                " ($73, $74, $75, $76, $77, $78, $79, $80, $81, $82, $83, $84),"
                " ($85, $86, $87, $88, $89, $90, $91, $92, $93, $94, $95, $96)");

lb_err lb_pg_send_rows(struct lb_postgres *postgres)
{
    struct lb_pg_rows *waiting = &postgres->rows;
    size_t count = waiting->count;
    bool together = count == LB_PG_ROWS_TOGETHER;
    lb_err err = waiting->texts.failed ? LB_ERR_INTERNAL : LB_OK;
    waiting->count = 0; /* now, because sending looks for rows that wait */
    for (size_t i = 0; !err && i < count;) {
        struct lb_pg_params params = {0};
        do
            add_row(&params, waiting, i++);
        while (together && i < count);
        err = lb_pg_write(&postgres->store, together ? PG_LOG_APPEND_MANY : PG_LOG_APPEND, &params);
    }
    waiting->texts.len = 0;
    waiting->texts.failed = false;
    return err;
}

lb_err lb_pg_log_append(struct lb_store *store, const struct lb_log_row *row)
{
    struct lb_postgres *postgres = lb_postgres_of(store);
    if (postgres->writer.failed)
        return postgres->writer.failed;
    struct lb_pg_touched *touched = lb_pg_touch(postgres, row->list.workspace);
    if (!touched)
        return LB_ERR_INTERNAL;
    touched->log_changed = true;
    touched->log = (struct lb_log_mark){row->id, row->token};
    struct lb_pg_rows *waiting = &postgres->rows;
    waiting->rows[waiting->count] = *row;
    waiting->reason_at[waiting->count] = waiting->texts.len;
    lb_buf_append_str(&waiting->texts, row->reason);
    waiting->items_at[waiting->count] = waiting->texts.len;
    lb_buf_append_str(&waiting->texts, row->items);
    waiting->source_at[waiting->count] = waiting->texts.len;
    lb_buf_append_str(&waiting->texts, row->source);
    return ++waiting->count == LB_PG_ROWS_TOGETHER ? lb_pg_send_rows(postgres) : LB_OK;
}

LB_PG_STATEMENT(
    ENTRIES_NEXT, NONE, "",
    "SELECT last_value + CASE WHEN is_called THEN 1 ELSE 0 END FROM leadblock.entry_id");

uint64_t lb_pg_log_next_id(struct lb_store *store)
{
    PGresult *result;
    uint64_t next = 0;
    if (lb_pg_query(&lb_postgres_of(store)->writer, PG_ENTRIES_NEXT, NULL, &result) == LB_OK)
        next = (uint64_t)lb_pg_number(result, 0, 0);
    PQclear(result);
    return next;
}

void lb_pg_read_log_row(const PGresult *result, int row, struct lb_log_row *out)
{
    *out = (struct lb_log_row){.id = (uint64_t)lb_pg_number(result, row, 0),
                               .list = {.workspace = (uint32_t)lb_pg_number(result, row, 1),
                                        .campaign = (uint32_t)lb_pg_number(result, row, 2)},
                               .kind = (enum lb_log_kind)lb_pg_number(result, row, 3),
                               .continues = lb_pg_flag(result, row, 4),
                               .actor = (uint32_t)lb_pg_number(result, row, 5),
                               .at = lb_pg_number(result, row, 6),
                               .undoes = (uint64_t)lb_pg_number(result, row, 7),
                               .token = (uint64_t)lb_pg_number(result, row, 8),
                               .reason = lb_pg_text(result, row, 9),
                               .items = lb_pg_text(result, row, 10)};
    if (PQnfields(result) > 11)
        out->source = lb_pg_text(result, row, 11);
}

/* These two are sent by prefetch.c. */
LB_PG_STATEMENT(ENTRIES_PREFETCH, ONE, "nN",
                "SELECT " LOG_COLUMNS " FROM leadblock.blocklist_log"
                " WHERE workspace_id = $1 AND id IN (SELECT"
                " (SELECT id FROM leadblock.blocklist_log WHERE workspace_id = $1 AND id <= e.entry"
                " ORDER BY id DESC LIMIT 1) FROM unnest($2) AS e (entry)) ORDER BY id");
LB_PG_STATEMENT(ENTRIES_BETWEEN, ONE, "nnn",
                "SELECT " LOG_COLUMNS " FROM leadblock.blocklist_log"
                " WHERE workspace_id = $1 AND id >= $2 AND id <= $3 ORDER BY id");

LB_PG_STATEMENT(LOG_ROW_OF, ONE, "nn",
                "SELECT " LOG_COLUMNS " FROM leadblock.blocklist_log"
                " WHERE workspace_id = $1 AND id <= $2 ORDER BY id DESC LIMIT 1");

lb_err lb_pg_log_row_of(struct lb_store_reader *reader, uint32_t workspace, uint64_t id,
                        struct lb_log_row *out)
{
    struct lb_pg_params params = {0};
    const PGresult *cached;
    PGresult *result;
    int row;
    if (lb_pg_cached_entry(reader, workspace, id, &cached, &row)) {
        if (cached)
            lb_pg_read_log_row(cached, row, out);
        return cached ? LB_OK : LB_ERR_NOT_FOUND;
    }
    lb_pg_add_number(&params, workspace);
    lb_pg_add_number(&params, (int64_t)id);
    lb_err err = lb_pg_query_row(reader, PG_LOG_ROW_OF, &params, LB_PG_HELD_LOG_ROW, &result);
    if (!err)
        lb_pg_read_log_row(result, 0, out);
    return err;
}

LB_PG_STATEMENT(
    LOG_UNDONE, ONE, "nn",
    "SELECT 1 FROM leadblock.blocklist_log WHERE workspace_id = $1 AND undoes = $2 LIMIT 1");

lb_err lb_pg_log_undone(struct lb_store_reader *reader, uint32_t workspace, uint64_t change,
                        bool *out)
{
    struct lb_pg_params params = {0};
    PGresult *result;
    *out = false;
    lb_pg_add_number(&params, workspace);
    lb_pg_add_number(&params, (int64_t)change);
    lb_err err = lb_pg_query(reader, PG_LOG_UNDONE, &params, &result);
    if (!err)
        *out = PQntuples(result) > 0;
    PQclear(result);
    return err;
}

LB_PG_STATEMENT(LOG_SCAN, ONE, "nnnn",
                "SELECT " REPLAYED_COLUMNS " FROM leadblock.blocklist_log"
                " WHERE workspace_id = $1 AND id >= $2 AND id < $3 ORDER BY id LIMIT $4");

static lb_err scan_some(struct lb_store_reader *reader, uint32_t workspace, uint64_t first,
                        uint64_t end, PGresult **out)
{
    struct lb_pg_params params = {0};
    lb_pg_add_number(&params, workspace);
    lb_pg_add_number(&params, (int64_t)first);
    lb_pg_add_number(&params, (int64_t)end);
    lb_pg_add_number(&params, SCAN_ROWS);
    return lb_pg_query(reader, PG_LOG_SCAN, &params, out);
}

/* A reader of a row that unblocks looks at what it takes back next. */
static void prefetch_references(struct lb_store_reader *reader, const PGresult *result, int count)
{
    lb_pg_cache_clear(reader); /* of the piece before */
    for (int i = 0; i < count; i++) {
        struct lb_log_row row;
        struct lb_str item;
        uint64_t id;
        lb_pg_read_log_row(result, i, &row);
        while (row.kind != LB_LOG_BLOCK && lb_log_items_next(&row.items, &item))
            if (lb_str_to_u64(item, LB_ENTRY_ID_MAX, &id))
                lb_pg_prefetch_entries(reader, row.list.workspace, &id, 1);
    }
}

/* In pieces, without a snapshot between two of them: rows after the last one can only be added. */
lb_err lb_pg_log_scan(struct lb_store_reader *reader, uint32_t workspace, uint64_t first,
                      uint64_t end, void *context,
                      lb_err (*each)(void *, const struct lb_log_row *))
{
    lb_err err = LB_OK;
    bool more = first < end;
    while (!err && more) {
        PGresult *result;
        err = scan_some(reader, workspace, first, end, &result);
        int count = err ? 0 : PQntuples(result);
        prefetch_references(reader, result, count);
        for (int i = 0; !err && i < count; i++) {
            struct lb_log_row row;
            lb_pg_read_log_row(result, i, &row);
            first = row.id + 1;
            err = each(context, &row);
        }
        more = count == SCAN_ROWS && first < end;
        PQclear(result);
    }
    return err;
}
