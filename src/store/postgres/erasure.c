#include "store/postgres/internal.h"

/* The key belongs to the installation, which is workspace 0. */

LB_PG_STATEMENT(ERASURE_KEY_INSERT, ONE, "yn",
                "INSERT INTO leadblock.erasure_key (workspace_id, no, key, created_at)"
                " VALUES (0, 1, $1, $2) ON CONFLICT DO NOTHING RETURNING no");

lb_err lb_pg_erasure_key_insert(struct lb_store *store, const struct lb_erasure_key_row *row)
{
    struct lb_pg_params params = {0};
    PGresult *result;
    lb_pg_add_bytes(&params, row->key, sizeof row->key);
    lb_pg_add_number(&params, row->created_at);
    lb_err err =
        lb_pg_query(&lb_postgres_of(store)->writer, PG_ERASURE_KEY_INSERT, &params, &result);
    if (!err && PQntuples(result) == 0)
        err = LB_ERR_ALREADY_EXISTS;
    PQclear(result);
    return err;
}

LB_PG_STATEMENT(ERASURE_KEY, ONE, "",
                "SELECT key, created_at FROM leadblock.erasure_key"
                " WHERE workspace_id = 0 AND no = 1");

lb_err lb_pg_erasure_key(struct lb_store_reader *reader, struct lb_erasure_key_row *out)
{
    PGresult *result;
    lb_err err = lb_pg_query_one(reader, PG_ERASURE_KEY, NULL, &result);
    struct lb_str key = {0};
    if (!err)
        key = lb_pg_text(result, 0, 0);
    if (!err && key.len != sizeof out->key)
        err = LB_ERR_STORAGE_UNAVAILABLE;
    if (!err) {
        memcpy(out->key, key.ptr, sizeof out->key);
        out->created_at = lb_pg_number(result, 0, 1);
    }
    PQclear(result);
    return err;
}

LB_PG_STATEMENT(ERASED_NAME_PUT, ONE, "nyn",
                "INSERT INTO leadblock.erased_name (workspace_id, tag, at)"
                " VALUES ($1, $2, $3) ON CONFLICT DO NOTHING");

lb_err lb_pg_erased_name_put(struct lb_store *store, const struct lb_erased_name_row *row)
{
    struct lb_pg_params params = {0};
    lb_pg_add_number(&params, row->workspace);
    lb_pg_add_bytes(&params, row->tag, sizeof row->tag);
    lb_pg_add_number(&params, row->at);
    return lb_pg_write(store, PG_ERASED_NAME_PUT, &params);
}

LB_PG_STATEMENT(ERASED_NAMES, ONE, "n",
                "SELECT tag, at FROM leadblock.erased_name WHERE workspace_id = $1 ORDER BY tag");

lb_err lb_pg_erased_names(struct lb_store_reader *reader, uint32_t workspace, void *context,
                          lb_err (*each)(void *, const struct lb_erased_name_row *))
{
    struct lb_pg_params params = {0};
    PGresult *result;
    lb_pg_add_number(&params, workspace);
    lb_err err = lb_pg_query(reader, PG_ERASED_NAMES, &params, &result);
    for (int i = 0; !err && i < PQntuples(result); i++) {
        struct lb_erased_name_row row = {.workspace = workspace, .at = lb_pg_number(result, i, 1)};
        struct lb_str tag = lb_pg_text(result, i, 0);
        if (tag.len != sizeof row.tag)
            err = LB_ERR_STORAGE_UNAVAILABLE;
        else
            memcpy(row.tag, tag.ptr, tag.len);
        if (!err)
            err = each(context, &row);
    }
    PQclear(result);
    return err;
}

LB_PG_STATEMENT(LOG_REWRITE, ONE, "nnttttyy",
                "UPDATE leadblock.blocklist_log SET reason = $3, items = $4, source = $5,"
                " import = $6, seed = $7 WHERE workspace_id = $1 AND id = $2 AND digest = $8");

/* What was prefetched of the log is asked for again. */
lb_err lb_pg_log_rewrite(struct lb_store *store, const struct lb_log_row *row)
{
    struct lb_pg_params params = {0};
    lb_pg_forget_all(&lb_postgres_of(store)->writer);
    lb_pg_add_number(&params, row->list.workspace);
    lb_pg_add_number(&params, (int64_t)row->id);
    lb_pg_add_text(&params, row->reason);
    lb_pg_add_text(&params, row->items);
    lb_pg_add_text(&params, row->source);
    lb_pg_add_text(&params, row->import);
    lb_pg_add_bytes(&params, row->salts.ptr, row->salts.len);
    lb_pg_add_bytes(&params, row->digest, sizeof row->digest);
    return lb_pg_write(store, PG_LOG_REWRITE, &params);
}

LB_PG_STATEMENT(PENDING_FORGET, ONE, "nt",
                "DELETE FROM leadblock.lead_pending WHERE workspace_id = $1 AND key = $2");
LB_PG_STATEMENT(
    IMPORTS_FORGET, ONE, "ntn",
    "UPDATE leadblock.blocklist_import SET"
    " id = CASE WHEN $3 = 1 AND lower(id) = $2 THEN 'erased-' || no ELSE id END,"
    " column_name = CASE WHEN lower(column_name) = $2"
    " OR strpos(lower(column_name), '/in/' || $2) > 0 THEN NULL ELSE column_name END"
    " WHERE workspace_id = $1 AND (($3 = 1 AND lower(id) = $2) OR lower(column_name) = $2"
    " OR strpos(lower(column_name), '/in/' || $2) > 0)");

lb_err lb_pg_name_forget(struct lb_store *store, uint32_t workspace, struct lb_str key,
                         struct lb_str value, bool ids)
{
    struct lb_pg_params params = {0};
    struct lb_pg_params imports = {0};
    lb_pg_add_number(&params, workspace);
    lb_pg_add_text(&params, key);
    lb_err err = lb_pg_write(store, PG_PENDING_FORGET, &params);
    lb_pg_add_number(&imports, workspace);
    lb_pg_add_text(&imports, value);
    lb_pg_add_number(&imports, ids);
    return err ? err : lb_pg_write(store, PG_IMPORTS_FORGET, &imports);
}

lb_err lb_pg_erasure_note(struct lb_store *store)
{
    return LB_OK;
}

/* Its files are the server's: VACUUM, archives and standbys are the operator's. */
lb_err lb_pg_overwrite(struct lb_store *store)
{
    return LB_OK;
}

LB_PG_STATEMENT(RETENTION_LOCK, NONE, "n", "SELECT pg_try_advisory_lock($1)");

/* A session may take it again. */
lb_err lb_pg_retention_lock(struct lb_store *store)
{
    struct lb_pg_params params = {0};
    PGresult *result;
    lb_pg_add_number(&params, LB_PG_RETENTION_KEY);
    lb_err err = lb_pg_query(&lb_postgres_of(store)->writer, PG_RETENTION_LOCK, &params, &result);
    if (!err && !(PQntuples(result) == 1 && lb_pg_flag(result, 0, 0)))
        err = LB_ERR_OVERLOADED;
    PQclear(result);
    return err;
}
