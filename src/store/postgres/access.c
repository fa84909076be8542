#include "store/postgres/internal.h"

#include "store/names.h"

LB_PG_STATEMENT(WORKSPACE_NUMBER, NONE, "", "SELECT nextval('leadblock.workspace_no')");
LB_PG_STATEMENT(
    WORKSPACE_INSERT, ONE, "ntttnn",
    "INSERT INTO leadblock.workspace (workspace_id, id, name, plan, created_at, expires_at,"
    " access_version) VALUES ($1, $2, $3, $4, $5, $6, 0)"); /* the mark makes it 1 */

lb_err lb_pg_workspace_insert(struct lb_store *store, struct lb_workspace_row *row)
{
    struct lb_postgres *postgres = lb_postgres_of(store);
    PGresult *number;
    lb_err err = lb_pg_query(&postgres->writer, PG_WORKSPACE_NUMBER, NULL, &number);
    if (err)
        return err;
    row->no = (uint32_t)lb_pg_number(number, 0, 0);
    PQclear(number);
    struct lb_pg_params params = {0};
    lb_pg_add_number(&params, row->no);
    lb_pg_add_text(&params, lb_str(row->id));
    lb_pg_add_text(&params, lb_str(row->name));
    lb_pg_add_text(&params, lb_str(lb_plan_name(row->plan)));
    lb_pg_add_number(&params, row->created_at);
    lb_pg_add_number_or_null(&params, row->expires_at);
    struct lb_pg_touched *touched = lb_pg_touch(postgres, row->no);
    if (!touched)
        return LB_ERR_INTERNAL;
    touched->known = true; /* no other node can see it yet */
    touched->access_changed = true;
    return lb_pg_write(store, PG_WORKSPACE_INSERT, &params);
}

LB_PG_STATEMENT(
    WORKSPACE_SET_PLAN, ONE, "ntn",
    "UPDATE leadblock.workspace SET plan = $2, expires_at = $3 WHERE workspace_id = $1");

lb_err lb_pg_workspace_set_plan(struct lb_store *store, uint32_t no, enum lb_plan plan,
                                int64_t expires_at)
{
    struct lb_pg_params params = {0};
    uint64_t version;
    lb_err err = lb_pg_touch_access(lb_postgres_of(store), no, &version);
    lb_pg_add_number(&params, no);
    lb_pg_add_text(&params, lb_str(lb_plan_name(plan)));
    lb_pg_add_number_or_null(&params, expires_at);
    return err ? err : lb_pg_write(store, PG_WORKSPACE_SET_PLAN, &params);
}

LB_PG_STATEMENT(WORKSPACE_SET_COUNTRY, ONE, "nt",
                "UPDATE leadblock.workspace SET default_country = $2 WHERE workspace_id = $1");

lb_err lb_pg_workspace_set_country(struct lb_store *store, uint32_t no, uint16_t country)
{
    struct lb_pg_params params = {0};
    char room[3];
    uint64_t version;
    lb_err err = lb_pg_touch_access(lb_postgres_of(store), no, &version);
    lb_pg_add_number(&params, no);
    lb_pg_add_text(&params, lb_country_letters(country, room));
    return err ? err : lb_pg_write(store, PG_WORKSPACE_SET_COUNTRY, &params);
}

LB_PG_STATEMENT(
    KEY_INSERT, ONE, "nttybnnnn",
    "INSERT INTO leadblock.api_key (workspace_id, no, id, name, secret_hash, read_only,"
    " rate_limit, created_at, expires_at, version)"
    " VALUES ($1, nextval('leadblock.key_no'), $2, $3, $4, $5, $6, $7, $8, $9) RETURNING no");

lb_err lb_pg_key_insert(struct lb_store *store, struct lb_key_row *row)
{
    struct lb_pg_params params = {0};
    uint64_t version;
    PGresult *result;
    lb_err err = lb_pg_touch_access(lb_postgres_of(store), row->workspace, &version);
    if (err)
        return err;
    lb_pg_add_number(&params, row->workspace);
    lb_pg_add_text(&params, lb_str(row->id));
    lb_pg_add_text(&params, lb_str(row->name));
    lb_pg_add_bytes(&params, row->secret_hash, sizeof row->secret_hash);
    lb_pg_add_flag(&params, row->read_only);
    lb_pg_add_number(&params, row->rate_limit);
    lb_pg_add_number(&params, row->created_at);
    lb_pg_add_number_or_null(&params, row->expires_at);
    lb_pg_add_number(&params, (int64_t)version);
    err = lb_pg_query(&lb_postgres_of(store)->writer, PG_KEY_INSERT, &params, &result);
    if (!err)
        row->no = (uint32_t)lb_pg_number(result, 0, 0);
    PQclear(result);
    return err;
}

LB_PG_STATEMENT(KEY_REVOKE, ONE, "nnnn",
                "UPDATE leadblock.api_key SET revoked_at = $3, version = $4"
                " WHERE workspace_id = $1 AND no = $2");

lb_err lb_pg_key_revoke(struct lb_store *store, uint32_t workspace, uint32_t no, int64_t at)
{
    return lb_pg_write_access_time(store, PG_KEY_REVOKE, workspace, no, at);
}

LB_PG_STATEMENT(KEY_TOUCH, ONE, "nnn",
                "UPDATE leadblock.api_key SET last_used_at = greatest(last_used_at, $3)"
                " WHERE workspace_id = $1 AND no = $2");

lb_err lb_pg_key_touch(struct lb_store *store, uint32_t workspace, uint32_t no,
                       int64_t last_used_at)
{
    struct lb_pg_params params = {0};
    lb_pg_add_number(&params, workspace);
    lb_pg_add_number(&params, no);
    lb_pg_add_number(&params, last_used_at);
    return lb_pg_write(store, PG_KEY_TOUCH, &params);
}

/* The sequence is the coordinator's own on Citus: no other server has to answer. */
LB_PG_STATEMENT(WORKSPACE_HIGHEST, NONE, "", "SELECT last_value FROM leadblock.workspace_no");

lb_err lb_pg_highest_workspace(struct lb_store_reader *reader, uint32_t *out)
{
    PGresult *result;
    lb_err err = lb_pg_query(reader, PG_WORKSPACE_HIGHEST, NULL, &result);
    *out = err ? 0 : (uint32_t)lb_pg_number(result, 0, 0);
    PQclear(result);
    return err;
}

#define WORKSPACE_COLUMNS "workspace_id, id, name, plan, created_at, expires_at, default_country"

static void read_workspace(const PGresult *result, int i, struct lb_workspace_row *row)
{
    *row =
        (struct lb_workspace_row){.no = (uint32_t)lb_pg_number(result, i, 0),
                                  .plan = lb_plan_stored(lb_pg_text(result, i, 3)),
                                  .created_at = lb_pg_number(result, i, 4),
                                  .expires_at = lb_pg_number(result, i, 5),
                                  .default_country = lb_country_number(lb_pg_text(result, i, 6))};
    lb_str_copy(lb_pg_text(result, i, 1), row->id, sizeof row->id);
    lb_str_copy(lb_pg_text(result, i, 2), row->name, sizeof row->name);
}

LB_PG_STATEMENT(WORKSPACES, ALL, "",
                "SELECT " WORKSPACE_COLUMNS " FROM leadblock.workspace ORDER BY workspace_id");

lb_err lb_pg_load_workspaces(struct lb_store *store, void *context,
                             lb_err (*each)(void *, const struct lb_workspace_row *))
{
    PGresult *result;
    lb_err err = lb_pg_query(&lb_postgres_of(store)->writer, PG_WORKSPACES, NULL, &result);
    for (int i = 0; !err && i < PQntuples(result); i++) {
        struct lb_workspace_row row;
        read_workspace(result, i, &row);
        err = each(context, &row);
    }
    PQclear(result);
    return err;
}

LB_PG_STATEMENT(WORKSPACE, ONE, "n",
                "SELECT " WORKSPACE_COLUMNS " FROM leadblock.workspace WHERE workspace_id = $1");

lb_err lb_pg_workspace(struct lb_store_reader *reader, uint32_t no, struct lb_workspace_row *out)
{
    struct lb_pg_params params = {0};
    PGresult *result;
    lb_pg_add_number(&params, no);
    lb_err err = lb_pg_query(reader, PG_WORKSPACE, &params, &result);
    if (!err && PQntuples(result) == 0)
        err = LB_ERR_NOT_FOUND;
    if (!err)
        read_workspace(result, 0, out);
    PQclear(result);
    return err;
}

static void take_workspace(const struct lb_str *key_ids, size_t count, struct lb_str key_id,
                           uint32_t workspace, uint32_t *out)
{
    for (size_t i = 0; i < count; i++)
        if (lb_str_equal(key_ids[i], key_id))
            out[i] = workspace;
}

LB_PG_STATEMENT(WORKSPACES_OF_KEYS, ALL, "T",
                "SELECT id, workspace_id FROM leadblock.api_key WHERE id = ANY ($1)");

lb_err lb_pg_workspaces_of_keys(struct lb_store_reader *reader, const struct lb_str *key_ids,
                                size_t count, uint32_t *out)
{
    struct lb_pg_params params = {0};
    struct lb_buf array = {0};
    PGresult *result = NULL;
    memset(out, 0, count * sizeof *out);
    lb_pg_array_of_texts(&array, key_ids, count);
    lb_pg_add_array(&params, &array);
    lb_err err = array.failed ? LB_ERR_INTERNAL
                              : lb_pg_query(reader, PG_WORKSPACES_OF_KEYS, &params, &result);
    for (int i = 0; !err && i < PQntuples(result); i++)
        take_workspace(key_ids, count, lb_pg_text(result, i, 0),
                       (uint32_t)lb_pg_number(result, i, 1), out);
    PQclear(result);
    lb_buf_fini(&array);
    return err;
}

#define KEY_COLUMNS                                                                                \
    "k.no, k.id, k.workspace_id, name, secret_hash, read_only, rate_limit, created_at,"            \
    " expires_at, revoked_at, last_used_at, made.key FROM leadblock.api_key k LEFT JOIN"

static void read_key(const PGresult *result, int i, struct lb_key_row *row)
{
    *row = (struct lb_key_row){.no = (uint32_t)lb_pg_number(result, i, 0),
                               .workspace = (uint32_t)lb_pg_number(result, i, 2),
                               .read_only = lb_pg_flag(result, i, 5),
                               .rate_limit = (uint32_t)lb_pg_number(result, i, 6),
                               .created_at = lb_pg_number(result, i, 7),
                               .expires_at = lb_pg_number(result, i, 8),
                               .revoked_at = lb_pg_number(result, i, 9),
                               .last_used_at = lb_pg_number(result, i, 10),
                               .made_by = (uint32_t)lb_pg_number(result, i, 11)};
    lb_str_copy(lb_pg_text(result, i, 1), row->id, sizeof row->id);
    lb_str_copy(lb_pg_text(result, i, 3), row->name, sizeof row->name);
    struct lb_str hash = lb_pg_text(result, i, 4);
    if (hash.len == LB_SECRET_HASH_SIZE)
        memcpy(row->secret_hash, hash.ptr, LB_SECRET_HASH_SIZE);
    else
        row->revoked_at = row->revoked_at ? row->revoked_at : row->created_at;
}

static lb_err each_key(PGresult *result, void *context,
                       lb_err (*each)(void *, const struct lb_key_row *))
{
    lb_err err = LB_OK;
    for (int i = 0; !err && i < PQntuples(result); i++) {
        struct lb_key_row row;
        read_key(result, i, &row);
        err = each(context, &row);
    }
    PQclear(result);
    return err;
}

LB_PG_STATEMENT(KEYS, ALL, "",
                "SELECT " KEY_COLUMNS " (SELECT DISTINCT ON (workspace_id, target) workspace_id,"
                " target, key FROM leadblock.audit_log WHERE action = 'key.create'"
                " ORDER BY workspace_id, target, id) made"
                " ON made.workspace_id = k.workspace_id AND made.target = k.id ORDER BY k.no");

lb_err lb_pg_load_keys(struct lb_store *store, void *context,
                       lb_err (*each)(void *, const struct lb_key_row *))
{
    PGresult *result;
    lb_err err = lb_pg_query(&lb_postgres_of(store)->writer, PG_KEYS, NULL, &result);
    return err ? err : each_key(result, context, each);
}

LB_PG_STATEMENT(KEYS_SINCE, ONE, "nn",
                "SELECT " KEY_COLUMNS " LATERAL (SELECT a.key FROM leadblock.audit_log a"
                " WHERE a.workspace_id = $1 AND a.action = 'key.create'"
                " AND a.target = k.id ORDER BY a.id DESC LIMIT 1) made ON true"
                " WHERE k.workspace_id = $1 AND k.version > $2 ORDER BY k.no");

lb_err lb_pg_keys_since(struct lb_store_reader *reader, uint32_t workspace, uint64_t version,
                        void *context, lb_err (*each)(void *, const struct lb_key_row *))
{
    struct lb_pg_params params = {0};
    PGresult *result;
    lb_pg_add_number(&params, workspace);
    lb_pg_add_number(&params, (int64_t)version);
    lb_err err = lb_pg_query(reader, PG_KEYS_SINCE, &params, &result);
    return err ? err : each_key(result, context, each);
}
