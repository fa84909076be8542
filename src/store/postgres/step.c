#include "store/postgres/internal.h"

#include "store/names.h"

/* What insert and update have in common. */
static void add_step(struct lb_pg_params *params, const struct lb_step_row *row)
{
    lb_pg_add_number(params, row->workspace);
    lb_pg_add_number(params, row->position);
    lb_pg_add_text(params, lb_str(lb_step_type_name(row->type)));
    lb_pg_add_number(params, row->delay_hours);
    lb_pg_add_flag(params, row->stop_on_reply);
    lb_pg_add_text(params, row->body);
    lb_pg_add_number_or_null(params, row->deleted_at);
}

LB_PG_STATEMENT(
    STEP_INSERT, ONE, "nntnbtnnn",
    "INSERT INTO leadblock.step (workspace_id, position, type, delay_hours, stop_on_reply, body,"
    " deleted_at, no, campaign) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)");

lb_err lb_pg_step_insert(struct lb_store *store, struct lb_step_row *row)
{
    struct lb_pg_params params = {0};
    lb_err err = lb_pg_next_number(lb_postgres_of(store), row->workspace, &row->no);
    if (err)
        return err;
    add_step(&params, row);
    lb_pg_add_number(&params, (int64_t)row->no);
    lb_pg_add_number(&params, row->campaign);
    return lb_pg_write(store, PG_STEP_INSERT, &params);
}

LB_PG_STATEMENT(
    STEP_UPDATE, ONE, "nntnbtnn",
    "UPDATE leadblock.step SET position = $2, type = $3, delay_hours = $4, stop_on_reply = $5,"
    " body = $6, deleted_at = $7 WHERE workspace_id = $1 AND no = $8");

lb_err lb_pg_step_update(struct lb_store *store, const struct lb_step_row *row)
{
    struct lb_pg_params params = {0};
    add_step(&params, row);
    lb_pg_add_number(&params, (int64_t)row->no);
    return lb_pg_write(store, PG_STEP_UPDATE, &params);
}

LB_PG_STATEMENT(STEP_PLACE, ONE, "nnn",
                "UPDATE leadblock.step SET position = $3 WHERE workspace_id = $1 AND no = $2");

lb_err lb_pg_step_place(struct lb_store *store, uint32_t workspace, uint64_t no, uint32_t position)
{
    struct lb_pg_params params = {0};
    lb_pg_add_number(&params, workspace);
    lb_pg_add_number(&params, (int64_t)no);
    lb_pg_add_number(&params, position);
    return lb_pg_write(store, PG_STEP_PLACE, &params);
}

LB_PG_STATEMENT(STEPS_DROP, ONE, "nn",
                "DELETE FROM leadblock.step WHERE workspace_id = $1 AND campaign = $2");

lb_err lb_pg_steps_drop(struct lb_store *store, uint32_t workspace, uint32_t campaign)
{
    struct lb_pg_params params = {0};
    lb_pg_add_number(&params, workspace);
    lb_pg_add_number(&params, campaign);
    return lb_pg_write(store, PG_STEPS_DROP, &params);
}

LB_PG_STATEMENT(STEPS, ONE, "nnnn",
                "SELECT no, workspace_id, position, type, delay_hours, stop_on_reply,"
                " CASE WHEN $3 IN (no, $4) THEN body END, deleted_at FROM leadblock.step"
                " WHERE workspace_id = $1 AND campaign = $2 ORDER BY position, no");

lb_err lb_pg_steps(struct lb_store_reader *reader, uint32_t workspace, uint32_t campaign,
                   int64_t texts, void *context, lb_err (*each)(void *, const struct lb_step_row *))
{
    struct lb_pg_params params = {0};
    PGresult *result;
    lb_pg_add_number(&params, workspace);
    lb_pg_add_number(&params, campaign);
    lb_pg_add_number(&params, texts);
    lb_pg_add_number(&params, LB_TEXTS_ALL);
    lb_err err = lb_pg_query(reader, PG_STEPS, &params, &result);
    for (int i = 0; !err && i < PQntuples(result); i++) {
        struct lb_step_row row = {.no = (uint64_t)lb_pg_number(result, i, 0),
                                  .workspace = (uint32_t)lb_pg_number(result, i, 1),
                                  .campaign = campaign,
                                  .position = (uint32_t)lb_pg_number(result, i, 2),
                                  .type = lb_step_type_stored(lb_pg_text(result, i, 3)),
                                  .delay_hours = (uint32_t)lb_pg_number(result, i, 4),
                                  .stop_on_reply = lb_pg_flag(result, i, 5),
                                  .body = lb_pg_text(result, i, 6),
                                  .deleted_at = lb_pg_number(result, i, 7)};
        err = each(context, &row);
    }
    PQclear(result);
    return err;
}
