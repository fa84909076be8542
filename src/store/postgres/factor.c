#include "store/postgres/internal.h"

/* Second factors belong to the installation, which is workspace 0. */

#define COLUMNS "account, sealed, created_at, confirmed_at, last_step, wrong, wrong_at, recovery"

static bool read_factor(const PGresult *result, struct lb_factor_row *out)
{
    struct lb_str sealed = lb_pg_text(result, 0, 1);
    struct lb_str recovery = lb_pg_text(result, 0, 7);
    *out = (struct lb_factor_row){
        .user = (uint32_t)lb_pg_number(result, 0, 0),
        .created_at = lb_pg_number(result, 0, 2),
        .confirmed_at = lb_pg_number(result, 0, 3),
        .last_step = lb_pg_number(result, 0, 4),
        .wrong = (uint32_t)lb_pg_number(result, 0, 5),
        .wrong_at = lb_pg_number(result, 0, 6),
        .recovery_count = (uint32_t)(recovery.len / LB_SECRET_HASH_SIZE),
    };
    if (sealed.len != sizeof out->sealed || recovery.len % LB_SECRET_HASH_SIZE != 0 ||
        recovery.len > sizeof out->recovery)
        return false;
    memcpy(out->sealed, sealed.ptr, sizeof out->sealed);
    if (recovery.len)
        memcpy(out->recovery, recovery.ptr, recovery.len);
    return true;
}

static lb_err fetch(struct lb_store_reader *reader, enum lb_pg_statement statement, uint32_t user,
                    struct lb_factor_row *out)
{
    struct lb_pg_params params = {0};
    PGresult *result;
    lb_pg_add_number(&params, user);
    lb_err err = lb_pg_query_one(reader, statement, &params, &result);
    if (!err && !read_factor(result, out))
        err = LB_ERR_STORAGE_UNAVAILABLE;
    PQclear(result);
    return err;
}

/* A write, as with the lock of a workspace (transaction.c). */
LB_PG_STATEMENT(FACTOR_LOCK, ONE, "n",
                "UPDATE leadblock.second_factor SET wrong = wrong"
                " WHERE workspace_id = 0 AND account = $1 RETURNING " COLUMNS);

lb_err lb_pg_factor_lock(struct lb_store *store, uint32_t user, struct lb_factor_row *out)
{
    return fetch(&lb_postgres_of(store)->writer, PG_FACTOR_LOCK, user, out);
}

LB_PG_STATEMENT(FACTOR_PUT, ONE, "nynnnnny",
                "INSERT INTO leadblock.second_factor (workspace_id, " COLUMNS ")"
                " VALUES (0, $1, $2, $3, nullif($4, 0), $5, $6, nullif($7, 0), $8)"
                " ON CONFLICT (workspace_id, account) DO UPDATE SET sealed = EXCLUDED.sealed,"
                " created_at = EXCLUDED.created_at, confirmed_at = EXCLUDED.confirmed_at,"
                " last_step = EXCLUDED.last_step, wrong = EXCLUDED.wrong,"
                " wrong_at = EXCLUDED.wrong_at, recovery = EXCLUDED.recovery");

lb_err lb_pg_factor_put(struct lb_store *store, const struct lb_factor_row *row)
{
    struct lb_pg_params params = {0};
    lb_pg_add_number(&params, row->user);
    lb_pg_add_bytes(&params, row->sealed, sizeof row->sealed);
    lb_pg_add_number(&params, row->created_at);
    lb_pg_add_number(&params, row->confirmed_at);
    lb_pg_add_number(&params, row->last_step);
    lb_pg_add_number(&params, row->wrong);
    lb_pg_add_number(&params, row->wrong_at);
    lb_pg_add_bytes(&params, row->recovery, (size_t)row->recovery_count * LB_SECRET_HASH_SIZE);
    return lb_pg_write(store, PG_FACTOR_PUT, &params);
}

LB_PG_STATEMENT(FACTOR_DELETE, ONE, "n",
                "DELETE FROM leadblock.second_factor WHERE workspace_id = 0 AND account = $1");

lb_err lb_pg_factor_delete(struct lb_store *store, uint32_t user)
{
    struct lb_pg_params params = {0};
    lb_pg_add_number(&params, user);
    return lb_pg_write(store, PG_FACTOR_DELETE, &params);
}

LB_PG_STATEMENT(FACTOR, ONE, "n",
                "SELECT " COLUMNS " FROM leadblock.second_factor"
                " WHERE workspace_id = 0 AND account = $1");

lb_err lb_pg_factor(struct lb_store_reader *reader, uint32_t user, struct lb_factor_row *out)
{
    return fetch(reader, PG_FACTOR, user, out);
}
