#include "store/postgres/internal.h"

#include "store/chain.h"
#include "store/log_items.h"

/* Of LB_PG_LOG_COLUMNS: what a replay needs, and what is needed of a row that is looked up. */
#define SAID_COLUMNS                                                                               \
    "id, workspace_id, campaign, kind, continues, key, at, undoes, epoch, reason, items"
#define REPLAYED_COLUMNS  SAID_COLUMNS ", digest"
#define LOOKED_UP_COLUMNS SAID_COLUMNS ", source, import"

#define SCAN_ROWS 1000 /* at a time: up to some megabytes */

static void add_row(struct lb_pg_params *params, const struct lb_pg_rows *waiting, size_t i)
{
    const struct lb_log_row *row = &waiting->rows[i];
    const char *texts = waiting->texts.ptr;
    struct lb_str reason = {row->reason.ptr ? texts + waiting->reason_at[i] : NULL,
                            row->reason.len};
    struct lb_str source = {row->source.ptr ? texts + waiting->source_at[i] : NULL,
                            row->source.len};
    struct lb_str import = {row->import.ptr ? texts + waiting->import_at[i] : NULL,
                            row->import.len};
    lb_pg_add_number(params, (int64_t)row->id);
    lb_pg_add_number(params, row->list.workspace);
    lb_pg_add_number(params, row->list.campaign);
    lb_pg_add_number(params, (int64_t)row->kind);
    lb_pg_add_flag(params, row->continues);
    lb_pg_add_number(params, row->actor);
    lb_pg_add_number(params, row->at);
    lb_pg_add_number_or_null(params, (int64_t)row->undoes);
    lb_pg_add_number_or_null(params, (int64_t)row->epoch);
    lb_pg_add_text(params, reason);
    lb_pg_add_text(params, (struct lb_str){texts + waiting->items_at[i], row->items.len});
    lb_pg_add_bytes(params, row->digest, sizeof row->digest);
    lb_pg_add_text(params, source);
    lb_pg_add_text(params, import);
    lb_pg_add_bytes(params, row->seed, sizeof row->seed);
}

#define ROW_TYPES  "nnnnbnnnnttytty"
#define ROWS_TYPES ROW_TYPES ROW_TYPES ROW_TYPES ROW_TYPES ROW_TYPES ROW_TYPES ROW_TYPES ROW_TYPES

LB_PG_STATEMENT(LOG_APPEND, ONE, ROW_TYPES,
                "INSERT INTO leadblock.blocklist_log (" LB_PG_LOG_COLUMNS ") VALUES"
                " ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)");
/* LB_PG_ROWS_TOGETHER rows. */
LB_PG_STATEMENT(LOG_APPEND_MANY, ONE, ROWS_TYPES,
                "INSERT INTO leadblock.blocklist_log (" LB_PG_LOG_COLUMNS ") VALUES"
                " ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15),"
                " ($16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28, $29,"
                " $30),"
                " ($31, $32, $33, $34, $35, $36, $37, $38, $39, $40, $41, $42, $43, $44,"
                " $45),"
                " ($46, $47, $48, $49, $50, $51, $52, $53, $54, $55, $56, $57, $58, $59,"
                " $60),"
                " ($61, $62, $63, $64, $65, $66, $67, $68, $69, $70, $71, $72, $73, $74,"
                " $75),"
                " ($76, $77, $78, $79, $80, $81, $82, $83, $84, $85, $86, $87, $88, $89,"
                " $90),"
                " ($91, $92, $93, $94, $95, $96, $97, $98, $99, $100, $101, $102, $103,"
                " $104, $105),"
                " ($106, $107, $108, $109, $110, $111, $112, $113, $114, $115, $116,"
                " $117, $118, $119, $120)");

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
    struct lb_pg_touched *touched;
    lb_err err = lb_pg_touch_locked(postgres, row->list.workspace, &touched);
    if (err)
        return err;
    touched->log_changed = true;
    touched->log = lb_log_mark_after(row, lb_log_items_count(row->items));
    struct lb_pg_rows *waiting = &postgres->rows;
    waiting->rows[waiting->count] = *row;
    waiting->reason_at[waiting->count] = waiting->texts.len;
    lb_buf_append_str(&waiting->texts, row->reason);
    waiting->items_at[waiting->count] = waiting->texts.len;
    lb_buf_append_str(&waiting->texts, row->items);
    waiting->source_at[waiting->count] = waiting->texts.len;
    lb_buf_append_str(&waiting->texts, row->source);
    waiting->import_at[waiting->count] = waiting->texts.len;
    lb_buf_append_str(&waiting->texts, row->import);
    return ++waiting->count == LB_PG_ROWS_TOGETHER ? lb_pg_send_rows(postgres) : LB_OK;
}

LB_PG_STATEMENT(ENTRIES_NEXT, ALL, "",
                "SELECT coalesce(sum(head_number), 0)::bigint + 1 FROM leadblock.workspace");

/* Ids are numbers in their workspace, so the sum only tells how much there is. While a part of the
 * database is away it cannot be known. */
uint64_t lb_pg_log_next_id(struct lb_store *store)
{
    PGresult *result;
    uint64_t next = 1;
    if (lb_pg_query(&lb_postgres_of(store)->writer, PG_ENTRIES_NEXT, NULL, &result) == LB_OK)
        next = (uint64_t)lb_pg_number(result, 0, 0);
    PQclear(result);
    return next;
}

static void read_bytes(const PGresult *result, int row, int column, struct lb_log_row *log,
                       void *out, size_t size)
{
    struct lb_str bytes = lb_pg_text(result, row, column);
    if (bytes.len == size)
        memcpy(out, bytes.ptr, size);
    else
        log->unsealed = true;
}

static void read_said(const PGresult *result, int row, struct lb_log_row *out)
{
    uint64_t id = (uint64_t)lb_pg_number(result, row, 0);
    *out = (struct lb_log_row){.id = id,
                               .number = id,
                               .list = {.workspace = (uint32_t)lb_pg_number(result, row, 1),
                                        .campaign = (uint32_t)lb_pg_number(result, row, 2)},
                               .kind = (enum lb_log_kind)lb_pg_number(result, row, 3),
                               .continues = lb_pg_flag(result, row, 4),
                               .actor = (uint32_t)lb_pg_number(result, row, 5),
                               .at = lb_pg_number(result, row, 6),
                               .undoes = (uint64_t)lb_pg_number(result, row, 7),
                               .epoch = (uint64_t)lb_pg_number(result, row, 8),
                               .reason = lb_pg_text(result, row, 9),
                               .items = lb_pg_text(result, row, 10)};
}

static void read_replayed(const PGresult *result, int row, struct lb_log_row *out)
{
    read_said(result, row, out);
    read_bytes(result, row, 11, out, out->digest, sizeof out->digest);
}

static void read_looked_up(const PGresult *result, int row, struct lb_log_row *out)
{
    read_said(result, row, out);
    out->source = lb_pg_text(result, row, 11);
    out->import = lb_pg_text(result, row, 12);
}

void lb_pg_read_log_row(const PGresult *result, int row, struct lb_log_row *out)
{
    read_replayed(result, row, out);
    out->source = lb_pg_text(result, row, 12);
    out->import = lb_pg_text(result, row, 13);
    out->unsealed |= !lb_chain_read_seed(lb_pg_text(result, row, 14), out);
}

/* These two are sent by prefetch.c. */
/* Each row once. Looked up as in LEADS_OF_NUMBERS (lead.c). */
LB_PG_STATEMENT(ENTRIES_PREFETCH, ONE, "nN",
                "SELECT found.* FROM (SELECT DISTINCT"
                " (SELECT id FROM leadblock.blocklist_log WHERE workspace_id = $1 AND id <= e.entry"
                " ORDER BY id DESC LIMIT 1) FROM unnest($2::bigint[]) AS e (entry)) AS wanted (id)"
                " CROSS JOIN LATERAL (SELECT " LOOKED_UP_COLUMNS " FROM leadblock.blocklist_log"
                " WHERE workspace_id = $1 AND id = wanted.id OFFSET 0) AS found ORDER BY found.id");
LB_PG_STATEMENT(ENTRIES_BETWEEN, ONE, "nnn",
                "SELECT " LOOKED_UP_COLUMNS " FROM leadblock.blocklist_log"
                " WHERE workspace_id = $1 AND id >= $2 AND id <= $3 ORDER BY id");

LB_PG_STATEMENT(LOG_ROW_OF, ONE, "nn",
                "SELECT " LOOKED_UP_COLUMNS " FROM leadblock.blocklist_log"
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
            read_looked_up(cached, row, out);
        return cached ? LB_OK : LB_ERR_NOT_FOUND;
    }
    lb_pg_add_number(&params, workspace);
    lb_pg_add_number(&params, (int64_t)id);
    lb_err err = lb_pg_query_row(reader, PG_LOG_ROW_OF, &params, LB_PG_HELD_LOG_ROW, &result);
    if (!err)
        read_looked_up(result, 0, out);
    return err;
}

/* With the count, so that it is not looked for among all rows in the order of their ids. */
LB_PG_STATEMENT(LOG_UNDONE, ONE, "nn",
                "SELECT coalesce(min(id), 0), count(*) FROM leadblock.blocklist_log"
                " WHERE workspace_id = $1 AND undoes = $2");

lb_err lb_pg_log_undone(struct lb_store_reader *reader, uint32_t workspace, uint64_t change,
                        uint64_t *out)
{
    struct lb_pg_params params = {0};
    PGresult *result;
    *out = 0;
    lb_pg_add_number(&params, workspace);
    lb_pg_add_number(&params, (int64_t)change);
    lb_err err = lb_pg_query(reader, PG_LOG_UNDONE, &params, &result);
    if (!err)
        *out = (uint64_t)lb_pg_number(result, 0, 0);
    PQclear(result);
    return err;
}

LB_PG_STATEMENT(LOG_SCAN, ONE, "nnnn",
                "SELECT " REPLAYED_COLUMNS " FROM leadblock.blocklist_log"
                " WHERE workspace_id = $1 AND id >= $2 AND id < $3 ORDER BY id LIMIT $4");

LB_PG_STATEMENT(LOG_READ, ONE, "nnnn",
                "SELECT " LB_PG_LOG_COLUMNS " FROM leadblock.blocklist_log"
                " WHERE workspace_id = $1 AND id >= $2 AND id < $3 ORDER BY id LIMIT $4");

/* What a scan reads. */
struct span {
    enum lb_pg_statement statement;
    void (*read)(const PGresult *result, int row, struct lb_log_row *out);
    uint32_t workspace;
    uint64_t first, end;
};

static lb_err scan_some(struct lb_store_reader *reader, const struct span *span, PGresult **out)
{
    struct lb_pg_params params = {0};
    lb_pg_add_number(&params, span->workspace);
    lb_pg_add_number(&params, (int64_t)span->first);
    lb_pg_add_number(&params, (int64_t)span->end);
    lb_pg_add_number(&params, SCAN_ROWS);
    return lb_pg_query(reader, span->statement, &params, out);
}

/* A reader of a row that unblocks looks at what it takes back next. */
static void prefetch_references(struct lb_store_reader *reader, const PGresult *result, int count)
{
    lb_pg_cache_clear(reader); /* of the piece before */
    for (int i = 0; i < count; i++) {
        struct lb_log_row row;
        struct lb_str item;
        uint64_t id;
        read_said(result, i, &row);
        while (!lb_log_kind_blocks(row.kind) && lb_log_items_next(&row.items, &item))
            if (lb_str_to_u64(item, LB_ENTRY_ID_MAX, &id))
                lb_pg_prefetch_entries(reader, row.list.workspace, &id, 1);
    }
}

/* In pieces, without a snapshot between two of them: rows after the last one can only be added. */
static lb_err scan_rows(struct lb_store_reader *reader, struct span span, void *context,
                        lb_err (*each)(void *, const struct lb_log_row *))
{
    lb_err err = LB_OK;
    bool more = span.first < span.end;
    while (!err && more) {
        PGresult *result;
        err = scan_some(reader, &span, &result);
        int count = err ? 0 : PQntuples(result);
        if (span.statement == PG_LOG_SCAN)
            prefetch_references(reader, result, count);
        for (int i = 0; !err && i < count; i++) {
            struct lb_log_row row;
            span.read(result, i, &row);
            span.first = row.id + 1;
            err = each(context, &row);
        }
        more = count == SCAN_ROWS && span.first < span.end;
        PQclear(result);
    }
    return err;
}

lb_err lb_pg_log_scan(struct lb_store_reader *reader, uint32_t workspace, uint64_t first,
                      uint64_t end, void *context,
                      lb_err (*each)(void *, const struct lb_log_row *))
{
    struct span span = {PG_LOG_SCAN, read_replayed, workspace, first, end};
    return scan_rows(reader, span, context, each);
}

lb_err lb_pg_log_read(struct lb_store_reader *reader, uint32_t workspace, uint64_t first,
                      uint64_t end, void *context,
                      lb_err (*each)(void *, const struct lb_log_row *))
{
    struct span span = {PG_LOG_READ, lb_pg_read_log_row, workspace, first, end};
    return scan_rows(reader, span, context, each);
}

LB_PG_STATEMENT(LOGS_SCAN, ALL, "nn",
                "SELECT " REPLAYED_COLUMNS " FROM leadblock.blocklist_log"
                " WHERE workspace_id BETWEEN $1 AND $2 ORDER BY workspace_id, id");

lb_err lb_pg_logs_scan(struct lb_store_reader *reader, uint32_t first, uint32_t last, void *context,
                       lb_err (*each)(void *, const struct lb_log_row *))
{
    struct lb_pg_params params = {0};
    PGresult *result;
    lb_pg_add_number(&params, first);
    lb_pg_add_number(&params, last);
    lb_err err = lb_pg_query(reader, PG_LOGS_SCAN, &params, &result);
    int count = err ? 0 : PQntuples(result);
    prefetch_references(reader, result, count);
    for (int i = 0; !err && i < count; i++) {
        struct lb_log_row row;
        read_replayed(result, i, &row);
        err = each(context, &row);
    }
    PQclear(result);
    return err;
}
