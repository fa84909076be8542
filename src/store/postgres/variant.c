#include "store/postgres/internal.h"

LB_PG_STATEMENT(VARIANT_INSERT, ONE, "nnnnttbnnn",
                "INSERT INTO leadblock.step_variant (workspace_id, no, campaign, step, body, icp,"
                " disabled, done, accepted, replied) VALUES"
                " ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)");

lb_err lb_pg_variant_insert(struct lb_store *store, struct lb_variant_row *row)
{
    struct lb_pg_params params = {0};
    lb_err err = lb_pg_next_number(lb_postgres_of(store), row->workspace, &row->no);
    if (err)
        return err;
    lb_pg_add_number(&params, row->workspace);
    lb_pg_add_number(&params, (int64_t)row->no);
    lb_pg_add_number(&params, row->campaign);
    lb_pg_add_number(&params, (int64_t)row->step);
    lb_pg_add_text(&params, row->body);
    lb_pg_add_text(&params, row->icp);
    lb_pg_add_flag(&params, row->disabled);
    lb_pg_add_number(&params, row->counts.done);
    lb_pg_add_number(&params, row->counts.accepted);
    lb_pg_add_number(&params, row->counts.replied);
    return lb_pg_write(store, PG_VARIANT_INSERT, &params);
}

LB_PG_STATEMENT(VARIANT_UPDATE, ONE, "nnttb",
                "UPDATE leadblock.step_variant SET body = $3, icp = $4, disabled = $5"
                " WHERE workspace_id = $1 AND no = $2");

lb_err lb_pg_variant_update(struct lb_store *store, const struct lb_variant_row *row)
{
    struct lb_pg_params params = {0};
    lb_pg_add_number(&params, row->workspace);
    lb_pg_add_number(&params, (int64_t)row->no);
    lb_pg_add_text(&params, row->body);
    lb_pg_add_text(&params, row->icp);
    lb_pg_add_flag(&params, row->disabled);
    return lb_pg_write(store, PG_VARIANT_UPDATE, &params);
}

LB_PG_STATEMENT(VARIANT_DELETE, ONE, "nn",
                "DELETE FROM leadblock.step_variant WHERE workspace_id = $1 AND no = $2");

lb_err lb_pg_variant_delete(struct lb_store *store, uint32_t workspace, uint64_t no)
{
    struct lb_pg_params params = {0};
    lb_pg_add_number(&params, workspace);
    lb_pg_add_number(&params, (int64_t)no);
    return lb_pg_write(store, PG_VARIANT_DELETE, &params);
}

LB_PG_STATEMENT(VARIANT_COUNT, ONE, "nnnnn",
                "UPDATE leadblock.step_variant SET done = done + $3, accepted = accepted + $4,"
                " replied = replied + $5 WHERE workspace_id = $1 AND no = $2");

lb_err lb_pg_variant_count(struct lb_store *store, uint32_t workspace, uint64_t no,
                           const struct lb_variant_counts *more)
{
    struct lb_pg_params params = {0};
    lb_pg_add_number(&params, workspace);
    lb_pg_add_number(&params, (int64_t)no);
    lb_pg_add_number(&params, more->done);
    lb_pg_add_number(&params, more->accepted);
    lb_pg_add_number(&params, more->replied);
    return lb_pg_write(store, PG_VARIANT_COUNT, &params);
}

LB_PG_STATEMENT(VARIANTS_DROP, ONE, "nnn",
                "DELETE FROM leadblock.step_variant"
                " WHERE workspace_id = $1 AND campaign = $2 AND $3 IN (0, step)");

lb_err lb_pg_variants_drop(struct lb_store *store, uint32_t workspace, uint32_t campaign,
                           uint64_t step)
{
    struct lb_pg_params params = {0};
    lb_pg_add_number(&params, workspace);
    lb_pg_add_number(&params, campaign);
    lb_pg_add_number(&params, (int64_t)step);
    return lb_pg_write(store, PG_VARIANTS_DROP, &params);
}

LB_PG_STATEMENT(VARIANTS, ONE, "nnnn",
                "SELECT no, workspace_id, step, CASE WHEN $3 IN (step, $4) THEN body END,"
                " CASE WHEN $3 IN (step, $4) THEN icp END, disabled, done, accepted, replied"
                " FROM leadblock.step_variant WHERE workspace_id = $1 AND campaign = $2"
                " ORDER BY step, no");

lb_err lb_pg_variants(struct lb_store_reader *reader, uint32_t workspace, uint32_t campaign,
                      int64_t texts, void *context,
                      lb_err (*each)(void *, const struct lb_variant_row *))
{
    struct lb_pg_params params = {0};
    PGresult *result;
    lb_pg_add_number(&params, workspace);
    lb_pg_add_number(&params, campaign);
    lb_pg_add_number(&params, texts);
    lb_pg_add_number(&params, LB_TEXTS_ALL);
    lb_err err = lb_pg_query(reader, PG_VARIANTS, &params, &result);
    for (int i = 0; !err && i < PQntuples(result); i++) {
        struct lb_variant_row row = {.no = (uint64_t)lb_pg_number(result, i, 0),
                                     .workspace = (uint32_t)lb_pg_number(result, i, 1),
                                     .campaign = campaign,
                                     .step = (uint64_t)lb_pg_number(result, i, 2),
                                     .body = lb_pg_text(result, i, 3),
                                     .icp = lb_pg_text(result, i, 4),
                                     .disabled = lb_pg_flag(result, i, 5),
                                     .counts = {lb_pg_number(result, i, 6),
                                                lb_pg_number(result, i, 7),
                                                lb_pg_number(result, i, 8)}};
        err = each(context, &row);
    }
    PQclear(result);
    return err;
}
