#include "store/postgres/internal.h"

#define SCAN_ROWS 1000 /* at a time: up to some megabytes */

lb_err lb_pg_log_append(struct lb_store *store, const struct lb_log_row *row)
{
    struct lb_pg_params params = {0};
    struct lb_pg_touched *touched = lb_pg_touch(lb_postgres_of(store), row->list.workspace);
    if (!touched)
        return LB_ERR_INTERNAL;
    touched->log_changed = true;
    touched->log = (struct lb_log_mark){row->id, row->token};
    lb_pg_add_number(&params, (int64_t)row->id);
    lb_pg_add_number(&params, row->list.workspace);
    lb_pg_add_number(&params, row->list.campaign);
    lb_pg_add_number(&params, (int64_t)row->kind);
    lb_pg_add_flag(&params, row->continues);
    lb_pg_add_number(&params, row->key);
    lb_pg_add_number(&params, row->at);
    lb_pg_add_number_or_null(&params, (int64_t)row->undoes);
    lb_pg_add_number(&params, (int64_t)row->token);
    lb_pg_add_text(&params, row->reason);
    lb_pg_add_text(&params, row->items);
    return lb_pg_write(store, PG_LOG_APPEND, &params);
}

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
                               .key = (uint32_t)lb_pg_number(result, row, 5),
                               .at = lb_pg_number(result, row, 6),
                               .undoes = (uint64_t)lb_pg_number(result, row, 7),
                               .token = (uint64_t)lb_pg_number(result, row, 8),
                               .reason = lb_pg_text(result, row, 9),
                               .items = lb_pg_text(result, row, 10)};
}

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

/* In pieces that hold no snapshot in between: what is behind the last one can only be added to. */
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
