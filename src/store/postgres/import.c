#include "store/postgres/internal.h"

#include "base/utf8.h"

#define COLUMNS                                                                                    \
    "no, id, campaign, unblocks, key, started_at, touched_at, finished_at, undone_at, run, bytes," \
    " done, rest, duplicates, rows, bad, blank, column_no, column_name"

static void read_import(const PGresult *result, int row, uint32_t workspace,
                        struct lb_blocklist_import_row *out)
{
    *out = (struct lb_blocklist_import_row){
        .no = (uint64_t)lb_pg_number(result, row, 0),
        .list = {.workspace = workspace, .campaign = (uint32_t)lb_pg_number(result, row, 2)},
        .unblocks = lb_pg_flag(result, row, 3),
        .actor = (uint32_t)lb_pg_number(result, row, 4),
        .started_at = lb_pg_number(result, row, 5),
        .touched_at = lb_pg_number(result, row, 6),
        .finished_at = lb_pg_number(result, row, 7),
        .undone_at = lb_pg_number(result, row, 8),
        .run = (uint64_t)lb_pg_number(result, row, 9),
        .bytes = (uint64_t)lb_pg_number(result, row, 10),
        .done = (uint64_t)lb_pg_number(result, row, 11),
        .rest = (uint64_t)lb_pg_number(result, row, 12),
        .duplicates = (uint64_t)lb_pg_number(result, row, 13),
        .rows = (uint64_t)lb_pg_number(result, row, 14),
        .bad = (uint64_t)lb_pg_number(result, row, 15),
        .blank = (uint64_t)lb_pg_number(result, row, 16),
        .column = (uint64_t)lb_pg_number(result, row, 17)};
    lb_str_copy(lb_pg_text(result, row, 1), out->id, sizeof out->id);
    lb_str_copy(lb_pg_text(result, row, 18), out->column_name, sizeof out->column_name);
}

/* The writer holds the workspace's lock: no other node takes the number. */
LB_PG_STATEMENT(IMPORT_NO, ONE, "n",
                "SELECT coalesce(max(no), 0) + 1 FROM leadblock.blocklist_import"
                " WHERE workspace_id = $1");
LB_PG_STATEMENT(IMPORTS_DROP, ONE, "nn",
                "DELETE FROM leadblock.blocklist_import WHERE workspace_id = $1 AND no <= $2");

/* Gives a new one its number, and leaves out the one that is too many. */
static lb_err number_import(struct lb_store *store, struct lb_blocklist_import_row *row)
{
    struct lb_pg_params params = {0};
    PGresult *result;
    lb_pg_add_number(&params, row->list.workspace);
    lb_err err = lb_pg_query(&lb_postgres_of(store)->writer, PG_IMPORT_NO, &params, &result);
    if (!err)
        row->no = (uint64_t)lb_pg_number(result, 0, 0);
    PQclear(result);
    if (err || row->no <= LB_IMPORTS_KEPT)
        return err;
    struct lb_pg_params drop = {0};
    lb_pg_add_number(&drop, row->list.workspace);
    lb_pg_add_number(&drop, (int64_t)(row->no - LB_IMPORTS_KEPT));
    return lb_pg_write(store, PG_IMPORTS_DROP, &drop);
}

LB_PG_STATEMENT(
    IMPORT_PUT, ONE, "nntnbnnnnnnnnnnnnnnt",
    "INSERT INTO leadblock.blocklist_import (workspace_id, " COLUMNS ") VALUES ($1, $2, $3, $4, $5,"
    " $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20)"
    " ON CONFLICT (workspace_id, no) DO UPDATE SET key = EXCLUDED.key,"
    " started_at = EXCLUDED.started_at, touched_at = EXCLUDED.touched_at,"
    " finished_at = EXCLUDED.finished_at, undone_at = EXCLUDED.undone_at, run = EXCLUDED.run,"
    " bytes = EXCLUDED.bytes, done = EXCLUDED.done, rest = EXCLUDED.rest,"
    " duplicates = EXCLUDED.duplicates, rows = EXCLUDED.rows, bad = EXCLUDED.bad,"
    " blank = EXCLUDED.blank, column_no = EXCLUDED.column_no,"
    " column_name = EXCLUDED.column_name");

lb_err lb_pg_import_put(struct lb_store *store, struct lb_blocklist_import_row *row)
{
    struct lb_pg_params params = {0};
    lb_err err = row->no ? LB_OK : number_import(store, row);
    if (err)
        return err;
    lb_pg_add_number(&params, row->list.workspace);
    lb_pg_add_number(&params, (int64_t)row->no);
    lb_pg_add_text(&params, lb_str(row->id));
    lb_pg_add_number(&params, row->list.campaign);
    lb_pg_add_flag(&params, row->unblocks);
    lb_pg_add_number(&params, row->actor);
    lb_pg_add_number(&params, row->started_at);
    lb_pg_add_number(&params, row->touched_at);
    lb_pg_add_number_or_null(&params, row->finished_at);
    lb_pg_add_number_or_null(&params, row->undone_at);
    lb_pg_add_number_or_null(&params, (int64_t)row->run);
    lb_pg_add_number(&params, (int64_t)row->bytes);
    lb_pg_add_number(&params, (int64_t)row->done);
    lb_pg_add_number(&params, (int64_t)row->rest);
    lb_pg_add_number(&params, (int64_t)row->duplicates);
    lb_pg_add_number(&params, (int64_t)row->rows);
    lb_pg_add_number(&params, (int64_t)row->bad);
    lb_pg_add_number(&params, (int64_t)row->blank);
    lb_pg_add_number_or_null(&params, (int64_t)row->column);
    lb_pg_add_text(&params, row->column_name[0] ? lb_str(row->column_name) : (struct lb_str){0});
    return lb_pg_write(store, PG_IMPORT_PUT, &params);
}

LB_PG_STATEMENT(IMPORT, ONE, "nt",
                "SELECT " COLUMNS " FROM leadblock.blocklist_import"
                " WHERE workspace_id = $1 AND id = $2");

lb_err lb_pg_import(struct lb_store_reader *reader, uint32_t workspace, struct lb_str id,
                    struct lb_blocklist_import_row *out)
{
    struct lb_pg_params params = {0};
    PGresult *result;
    if (!lb_utf8_is_valid(id)) /* which PostgreSQL would refuse */
        return LB_ERR_NOT_FOUND;
    lb_pg_add_number(&params, workspace);
    lb_pg_add_text(&params, id);
    lb_err err = lb_pg_query_one(reader, PG_IMPORT, &params, &result);
    if (!err)
        read_import(result, 0, workspace, out);
    PQclear(result);
    return err;
}

LB_PG_STATEMENT(IMPORTS_PAGE, ONE, "nnn",
                "SELECT " COLUMNS " FROM leadblock.blocklist_import"
                " WHERE workspace_id = $1 AND no < $2 ORDER BY no DESC LIMIT $3");

lb_err lb_pg_imports_page(struct lb_store_reader *reader, uint32_t workspace, uint64_t below,
                          size_t take, void *context,
                          lb_err (*each)(void *, const struct lb_blocklist_import_row *))
{
    struct lb_pg_params params = {0};
    PGresult *result;
    lb_pg_add_number(&params, workspace);
    lb_pg_add_number(&params, below ? (int64_t)below : INT64_MAX);
    lb_pg_add_number(&params, (int64_t)take);
    lb_err err = lb_pg_query(reader, PG_IMPORTS_PAGE, &params, &result);
    for (int i = 0; !err && i < PQntuples(result); i++) {
        struct lb_blocklist_import_row row;
        read_import(result, i, workspace, &row);
        err = each(context, &row);
    }
    PQclear(result);
    return err;
}

LB_PG_STATEMENT(
    IMPORT_CHANGE, ONE, "ntn",
    "SELECT l.id FROM leadblock.blocklist_log l WHERE l.workspace_id = $1 AND l.import = $2"
    " AND NOT l.continues AND l.id < $3 AND NOT EXISTS (SELECT 1 FROM leadblock.blocklist_log u"
    " WHERE u.workspace_id = $1 AND u.undoes = l.id AND NOT u.continues"
    " AND NOT EXISTS (SELECT 1 FROM leadblock.blocklist_log a WHERE a.workspace_id = $1"
    " AND a.undoes = u.id)) ORDER BY l.id DESC LIMIT 1");

lb_err lb_pg_import_change(struct lb_store_reader *reader, uint32_t workspace, struct lb_str id,
                           uint64_t below, uint64_t *out)
{
    struct lb_pg_params params = {0};
    PGresult *result;
    lb_pg_add_number(&params, workspace);
    lb_pg_add_text(&params, id);
    lb_pg_add_number(&params, (int64_t)below);
    lb_err err = lb_pg_query_one(reader, PG_IMPORT_CHANGE, &params, &result);
    if (!err)
        *out = (uint64_t)lb_pg_number(result, 0, 0);
    PQclear(result);
    return err;
}
