#include "domain/blocklist/own_rows.h"

/* So many rows of other workspaces are read over: to look for the next own one costs about as
 * much. */
#define STRANGE_ROWS_MAX 64

/* LB_ERR_NOT_FOUND only ends the scan. */
static lb_err take(void *context, const struct lb_log_row *row)
{
    struct lb_own_rows *rows = context;
    bool own = row->list.workspace == rows->workspace->row.no;
    rows->next = row->id + 1;
    rows->strange = own ? 0 : rows->strange + 1;
    if (own)
        rows->stopped = rows->each(rows->context, row);
    bool ends = rows->stopped || --rows->left == 0 || rows->strange >= STRANGE_ROWS_MAX;
    return ends ? LB_ERR_NOT_FOUND : LB_OK;
}

/* Finds where the next own row may be; false when all were read. */
static bool seek(struct lb_own_rows *rows)
{
    rows->strange = 0;
    if (lb_store_is_remote(rows->store) ||
        lb_row_times_next(rows->workspace->row_times, rows->next, &rows->next))
        return true;
    if (rows->open_from > rows->next)
        rows->next = rows->open_from;
    return rows->open_from != 0;
}

lb_err lb_own_rows_read(struct lb_own_rows *rows, struct lb_store_reader *reader, uint64_t end,
                        size_t max, bool *out_done)
{
    lb_err err = LB_ERR_NOT_FOUND;
    *out_done = false;
    rows->left = max;
    rows->stopped = LB_OK;
    while (err == LB_ERR_NOT_FOUND && !rows->stopped && rows->left) {
        *out_done = !seek(rows) || rows->next >= end;
        if (*out_done)
            return LB_OK;
        err = rows->store->ops->log_read(reader, rows->workspace->row.no, rows->next, end, rows,
                                         take);
    }
    *out_done = !err;
    if (rows->stopped && rows->stopped != LB_ERR_NOT_FOUND)
        return rows->stopped;
    return err == LB_ERR_NOT_FOUND ? LB_OK : err;
}
