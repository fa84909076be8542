#include "store/postgres/internal.h"

/* The key belongs to the installation, which is workspace 0. */

LB_PG_STATEMENT(SIGNING_KEY_INSERT, ONE, "yn",
                "INSERT INTO leadblock.signing_key (workspace_id, no, seed, created_at)"
                " VALUES (0, 1, $1, $2) ON CONFLICT DO NOTHING RETURNING no");

lb_err lb_pg_signing_key_insert(struct lb_store *store, const struct lb_signing_key_row *row)
{
    struct lb_pg_params params = {0};
    PGresult *result;
    lb_pg_add_bytes(&params, row->seed, sizeof row->seed);
    lb_pg_add_number(&params, row->created_at);
    lb_err err =
        lb_pg_query(&lb_postgres_of(store)->writer, PG_SIGNING_KEY_INSERT, &params, &result);
    if (!err && PQntuples(result) == 0)
        err = LB_ERR_ALREADY_EXISTS;
    PQclear(result);
    return err;
}

LB_PG_STATEMENT(SIGNING_KEY, ONE, "",
                "SELECT seed, created_at FROM leadblock.signing_key"
                " WHERE workspace_id = 0 AND no = 1");

lb_err lb_pg_signing_key(struct lb_store_reader *reader, struct lb_signing_key_row *out)
{
    struct lb_pg_params params = {0};
    PGresult *result;
    lb_err err = lb_pg_query_one(reader, PG_SIGNING_KEY, &params, &result);
    struct lb_str seed = {0};
    if (!err)
        seed = lb_pg_text(result, 0, 0);
    if (!err && seed.len != sizeof out->seed)
        err = LB_ERR_STORAGE_UNAVAILABLE;
    if (!err) {
        memcpy(out->seed, seed.ptr, sizeof out->seed);
        out->created_at = lb_pg_number(result, 0, 1);
    }
    PQclear(result);
    return err;
}
