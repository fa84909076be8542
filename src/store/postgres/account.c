#include "store/postgres/internal.h"

#include "store/names.h"

static lb_err write_number(struct lb_store *store, enum lb_pg_statement statement, int64_t number)
{
    struct lb_pg_params params = {0};
    lb_pg_add_number(&params, number);
    return lb_pg_write(store, statement, &params);
}

static lb_err write_two(struct lb_store *store, enum lb_pg_statement statement, int64_t first,
                        int64_t second)
{
    struct lb_pg_params params = {0};
    lb_pg_add_number(&params, first);
    lb_pg_add_number(&params, second);
    return lb_pg_write(store, statement, &params);
}

/* Accounts, sessions and links belong to the installation, which is workspace 0. */

/* --- Users ------------------------------------------------------------------------------------ */

LB_PG_STATEMENT(USER_INSERT, ONE, "tttntnn",
                "INSERT INTO leadblock.account (workspace_id, no, id, email, role, workspace,"
                " password_hash, created_at, made_by) VALUES (0,"
                " nextval('leadblock.account_no'), $1, $2, $3, $4, $5, $6, nullif($7, -1)) ON "
                "CONFLICT DO NOTHING RETURNING no");

lb_err lb_pg_user_insert(struct lb_store *store, struct lb_user_row *row)
{
    struct lb_pg_params params = {0};
    PGresult *result;
    lb_pg_add_text(&params, lb_str(row->id));
    lb_pg_add_text(&params, lb_str(row->email));
    lb_pg_add_text(&params, lb_str(lb_role_name(row->role)));
    lb_pg_add_number(&params, row->workspace);
    lb_pg_add_text(&params,
                   row->password_hash[0] ? lb_str(row->password_hash) : (struct lb_str){0});
    lb_pg_add_number(&params, row->created_at);
    lb_pg_add_number(&params, row->has_maker ? (int64_t)row->made_by : -1);
    lb_err err = lb_pg_query(&lb_postgres_of(store)->writer, PG_USER_INSERT, &params, &result);
    if (!err && PQntuples(result) == 0)
        err = LB_ERR_ALREADY_EXISTS;
    if (!err)
        row->no = (uint32_t)lb_pg_number(result, 0, 0);
    PQclear(result);
    return err;
}

LB_PG_STATEMENT(
    USER_SET_PASSWORD, ONE, "nt",
    "UPDATE leadblock.account SET password_hash = $2 WHERE workspace_id = 0 AND no = $1");

lb_err lb_pg_user_set_password(struct lb_store *store, uint32_t no, struct lb_str hash)
{
    struct lb_pg_params params = {0};
    lb_pg_add_number(&params, no);
    lb_pg_add_text(&params, hash);
    return lb_pg_write(store, PG_USER_SET_PASSWORD, &params);
}

LB_PG_STATEMENT(USER_SIGNED_IN, ONE, "nn",
                "UPDATE leadblock.account SET signed_in_at = greatest(signed_in_at, $2)"
                " WHERE workspace_id = 0 AND no = $1");

lb_err lb_pg_user_signed_in(struct lb_store *store, uint32_t no, int64_t at)
{
    return write_two(store, PG_USER_SIGNED_IN, no, at);
}

LB_PG_STATEMENT(USER_DELETE, ONE, "nn",
                "UPDATE leadblock.account SET deleted_at = $2, password_hash = NULL"
                " WHERE workspace_id = 0 AND no = $1");
LB_PG_STATEMENT(LINKS_END, ONE, "n",
                "DELETE FROM leadblock.link WHERE workspace_id = 0 AND account = $1");

lb_err lb_pg_user_delete(struct lb_store *store, uint32_t no, int64_t at)
{
    lb_err err = write_two(store, PG_USER_DELETE, no, at);
    if (!err)
        err = lb_pg_sessions_end(store, no);
    return err ? err : lb_pg_links_end(store, no);
}

lb_err lb_pg_links_end(struct lb_store *store, uint32_t user)
{
    return write_number(store, PG_LINKS_END, user);
}

#define USER_COLUMNS                                                                               \
    "a.no, a.id, a.email, a.role, a.workspace, a.password_hash, a.created_at, a.deleted_at,"       \
    " a.signed_in_at, coalesce(a.made_by, -1)"
#define USER_COLUMN_COUNT 10

/* All but the workspace's id. */
static void read_user(const PGresult *result, int i, struct lb_user_row *row)
{
    int64_t made_by = lb_pg_number(result, i, 9);
    *row = (struct lb_user_row){.no = (uint32_t)lb_pg_number(result, i, 0),
                                .role = lb_role_stored(lb_pg_text(result, i, 3)),
                                .workspace = (uint32_t)lb_pg_number(result, i, 4),
                                .created_at = lb_pg_number(result, i, 6),
                                .deleted_at = lb_pg_number(result, i, 7),
                                .signed_in_at = lb_pg_number(result, i, 8),
                                .has_maker = made_by >= 0,
                                .made_by = made_by >= 0 ? (uint32_t)made_by : 0};
    lb_str_copy(lb_pg_text(result, i, 1), row->id, sizeof row->id);
    lb_str_copy(lb_pg_text(result, i, 2), row->email, sizeof row->email);
    lb_str_copy(lb_pg_text(result, i, 5), row->password_hash, sizeof row->password_hash);
}

/* A statement of its own: the workspace does not lie with the accounts. It is never removed. */
static lb_err add_workspace_id(struct lb_store_reader *reader, struct lb_user_row *row)
{
    struct lb_workspace_row workspace;
    if (!row->workspace)
        return LB_OK;
    lb_err err = lb_pg_workspace(reader, row->workspace, &workspace);
    if (!err)
        lb_str_copy(lb_str(workspace.id), row->workspace_id, sizeof row->workspace_id);
    return err == LB_ERR_NOT_FOUND ? LB_OK : err;
}

static lb_err fetch_user(struct lb_store_reader *reader, enum lb_pg_statement statement,
                         const struct lb_pg_params *params, struct lb_user_row *out)
{
    PGresult *result;
    lb_err err = lb_pg_query_one(reader, statement, params, &result);
    if (!err)
        read_user(result, 0, out);
    PQclear(result);
    return err ? err : add_workspace_id(reader, out);
}

LB_PG_STATEMENT(USER, ONE, "n",
                "SELECT " USER_COLUMNS " FROM leadblock.account a"
                " WHERE a.workspace_id = 0 AND a.no = $1");

lb_err lb_pg_user(struct lb_store_reader *reader, uint32_t no, struct lb_user_row *out)
{
    struct lb_pg_params params = {0};
    lb_pg_add_number(&params, no);
    return fetch_user(reader, PG_USER, &params, out);
}

LB_PG_STATEMENT(USER_BY_EMAIL, ONE, "t",
                "SELECT " USER_COLUMNS " FROM leadblock.account a"
                " WHERE a.workspace_id = 0 AND a.email = $1 AND a.deleted_at IS NULL");

lb_err lb_pg_user_by_email(struct lb_store_reader *reader, struct lb_str email,
                           struct lb_user_row *out)
{
    struct lb_pg_params params = {0};
    lb_pg_add_text(&params, email);
    return fetch_user(reader, PG_USER_BY_EMAIL, &params, out);
}

LB_PG_STATEMENT(USER_BY_ID, ONE, "t",
                "SELECT " USER_COLUMNS " FROM leadblock.account a"
                " WHERE a.workspace_id = 0 AND a.id = $1 AND a.deleted_at IS NULL");

lb_err lb_pg_user_by_id(struct lb_store_reader *reader, struct lb_str id, struct lb_user_row *out)
{
    struct lb_pg_params params = {0};
    lb_pg_add_text(&params, id);
    return fetch_user(reader, PG_USER_BY_ID, &params, out);
}

LB_PG_STATEMENT(WORKSPACE_IDS, ALL, "N",
                "SELECT workspace_id, id FROM leadblock.workspace"
                " WHERE workspace_id = ANY ($1) AND workspace_id > 0"
                " ORDER BY workspace_id");

/* Number and id of the workspaces of those users, by number. */
static lb_err workspaces_of(struct lb_store_reader *reader, const PGresult *users, PGresult **out)
{
    struct lb_pg_params params = {0};
    struct lb_buf array = {0};
    lb_buf_append_lit(&array, "{0");
    for (int i = 0; i < PQntuples(users); i++)
        lb_buf_printf(&array, ",%u", (unsigned)lb_pg_number(users, i, 4));
    lb_buf_append(&array, "}", 2);
    lb_pg_add_array(&params, &array);
    lb_err err =
        array.failed ? LB_ERR_INTERNAL : lb_pg_query(reader, PG_WORKSPACE_IDS, &params, out);
    lb_buf_fini(&array);
    return err;
}

static struct lb_str id_among(const PGresult *workspaces, uint32_t no)
{
    int low = 0;
    int high = workspaces ? PQntuples(workspaces) : 0;
    while (low < high) {
        int middle = low + (high - low) / 2;
        int64_t found = lb_pg_number(workspaces, middle, 0);
        if (found == no)
            return lb_pg_text(workspaces, middle, 1);
        if (found < no)
            low = middle + 1;
        else
            high = middle;
    }
    return (struct lb_str){0};
}

LB_PG_STATEMENT(USERS, ONE, "",
                "SELECT " USER_COLUMNS ", l.expires_at, f.confirmed_at FROM leadblock.account a"
                " LEFT JOIN leadblock.link l ON l.workspace_id = 0 AND l.account = a.no"
                " LEFT JOIN leadblock.second_factor f ON f.workspace_id = 0 AND f.account = a.no"
                " WHERE a.workspace_id = 0 AND a.deleted_at IS NULL ORDER BY a.no");

lb_err lb_pg_users(struct lb_store_reader *reader, bool placed, void *context,
                   lb_err (*each)(void *, const struct lb_user_row *))
{
    PGresult *workspaces = NULL;
    PGresult *result;
    lb_err err = lb_pg_query(reader, PG_USERS, NULL, &result);
    if (!err && placed)
        err = workspaces_of(reader, result, &workspaces);
    for (int i = 0; !err && i < PQntuples(result); i++) {
        struct lb_user_row row;
        read_user(result, i, &row);
        row.link_expires_at = lb_pg_number(result, i, USER_COLUMN_COUNT);
        row.has_factor = lb_pg_number(result, i, USER_COLUMN_COUNT + 1) != 0;
        lb_str_copy(id_among(workspaces, row.workspace), row.workspace_id, sizeof row.workspace_id);
        err = each(context, &row);
    }
    PQclear(workspaces);
    PQclear(result);
    return err;
}

/* --- Sessions and links ----------------------------------------------------------------------- */

LB_PG_STATEMENT(
    SESSION_INSERT, ONE, "ynnnttb",
    "INSERT INTO leadblock.session (workspace_id, token_hash, account, created_at, expires_at,"
    " source, user_agent, enrols) VALUES (0, $1, $2, $3, $4, $5, $6, $7)");

lb_err lb_pg_session_insert(struct lb_store *store, const struct lb_session_row *row)
{
    struct lb_pg_params params = {0};
    lb_pg_add_bytes(&params, row->token_hash, sizeof row->token_hash);
    lb_pg_add_number(&params, row->user);
    lb_pg_add_number(&params, row->created_at);
    lb_pg_add_number(&params, row->expires_at);
    lb_pg_add_text(&params, lb_str(row->source));
    lb_pg_add_text(&params, lb_str(row->user_agent));
    lb_pg_add_flag(&params, row->enrols);
    return lb_pg_write(store, PG_SESSION_INSERT, &params);
}

LB_PG_STATEMENT(SESSION_DELETE, ONE, "y",
                "DELETE FROM leadblock.session WHERE workspace_id = 0 AND token_hash = $1");

lb_err lb_pg_session_delete(struct lb_store *store, const uint8_t *token_hash)
{
    struct lb_pg_params params = {0};
    lb_pg_add_bytes(&params, token_hash, LB_SECRET_HASH_SIZE);
    return lb_pg_write(store, PG_SESSION_DELETE, &params);
}

LB_PG_STATEMENT(SESSION_TOUCH, ONE, "ynt",
                "UPDATE leadblock.session SET last_used_at = greatest(last_used_at, $2),"
                " source = coalesce(nullif($3, ''), source)"
                " WHERE workspace_id = 0 AND token_hash = $1");

lb_err lb_pg_session_touch(struct lb_store *store, const uint8_t *token_hash, int64_t at,
                           struct lb_str source)
{
    struct lb_pg_params params = {0};
    lb_pg_add_bytes(&params, token_hash, LB_SECRET_HASH_SIZE);
    lb_pg_add_number(&params, at);
    lb_pg_add_text(&params, source);
    return lb_pg_write(store, PG_SESSION_TOUCH, &params);
}

LB_PG_STATEMENT(SESSIONS, ONE, "n",
                "SELECT token_hash, created_at, expires_at, last_used_at, source, user_agent,"
                " enrols"
                " FROM leadblock.session WHERE workspace_id = 0 AND account = $1"
                " ORDER BY created_at DESC, token_hash");

static void read_session(const PGresult *result, int i, uint32_t user, struct lb_session_row *row)
{
    *row = (struct lb_session_row){.user = user,
                                   .created_at = lb_pg_number(result, i, 1),
                                   .expires_at = lb_pg_number(result, i, 2),
                                   .last_used_at = lb_pg_number(result, i, 3),
                                   .enrols = lb_pg_flag(result, i, 6)};
    if (PQgetlength(result, i, 0) == LB_SECRET_HASH_SIZE)
        memcpy(row->token_hash, PQgetvalue(result, i, 0), sizeof row->token_hash);
    lb_str_copy(lb_pg_text(result, i, 4), row->source, sizeof row->source);
    lb_str_copy(lb_pg_text(result, i, 5), row->user_agent, sizeof row->user_agent);
}

lb_err lb_pg_sessions(struct lb_store_reader *reader, uint32_t user, void *context,
                      lb_err (*each)(void *, const struct lb_session_row *))
{
    struct lb_pg_params params = {0};
    PGresult *result;
    lb_pg_add_number(&params, user);
    lb_err err = lb_pg_query(reader, PG_SESSIONS, &params, &result);
    for (int i = 0; !err && i < PQntuples(result); i++) {
        struct lb_session_row row;
        read_session(result, i, user, &row);
        err = each(context, &row);
    }
    PQclear(result);
    return err;
}

LB_PG_STATEMENT(SESSIONS_END, ONE, "n",
                "DELETE FROM leadblock.session WHERE workspace_id = 0 AND account = $1");

lb_err lb_pg_sessions_end(struct lb_store *store, uint32_t user)
{
    return write_number(store, PG_SESSIONS_END, user);
}

LB_PG_STATEMENT(SESSIONS_TRIM, ONE, "nn",
                "DELETE FROM leadblock.session WHERE workspace_id = 0 AND token_hash IN"
                " (SELECT token_hash FROM leadblock.session WHERE workspace_id = 0"
                " AND account = $1 ORDER BY created_at DESC, token_hash OFFSET $2)");

lb_err lb_pg_sessions_trim(struct lb_store *store, uint32_t user, uint32_t keep)
{
    return write_two(store, PG_SESSIONS_TRIM, user, keep);
}

LB_PG_STATEMENT(SESSION, ONE, "y",
                "SELECT " USER_COLUMNS ", s.created_at, s.expires_at, s.last_used_at, s.enrols"
                " FROM leadblock.session s"
                " JOIN leadblock.account a ON a.workspace_id = 0 AND a.no = s.account"
                " WHERE s.workspace_id = 0 AND s.token_hash = $1 AND a.deleted_at IS NULL");

lb_err lb_pg_session(struct lb_store_reader *reader, const uint8_t *token_hash,
                     struct lb_session_row *out, struct lb_user_row *out_user)
{
    struct lb_pg_params params = {0};
    PGresult *result;
    lb_pg_add_bytes(&params, token_hash, LB_SECRET_HASH_SIZE);
    lb_err err = lb_pg_query_one(reader, PG_SESSION, &params, &result);
    if (!err) {
        read_user(result, 0, out_user);
        *out =
            (struct lb_session_row){.user = out_user->no,
                                    .created_at = lb_pg_number(result, 0, USER_COLUMN_COUNT),
                                    .expires_at = lb_pg_number(result, 0, USER_COLUMN_COUNT + 1),
                                    .last_used_at = lb_pg_number(result, 0, USER_COLUMN_COUNT + 2),
                                    .enrols = lb_pg_flag(result, 0, USER_COLUMN_COUNT + 3)};
        memcpy(out->token_hash, token_hash, sizeof out->token_hash);
    }
    PQclear(result);
    return err ? err : add_workspace_id(reader, out_user);
}

LB_PG_STATEMENT(LINK_INSERT, ONE, "nynn",
                "INSERT INTO leadblock.link (workspace_id, account, token_hash, expires_at,"
                " created_at) VALUES (0, $1, $2, $3, $4) ON CONFLICT (workspace_id, account) DO"
                " UPDATE SET token_hash = EXCLUDED.token_hash, expires_at = EXCLUDED.expires_at,"
                " created_at = EXCLUDED.created_at");

lb_err lb_pg_link_insert(struct lb_store *store, const struct lb_link_row *row)
{
    struct lb_pg_params params = {0};
    lb_pg_add_number(&params, row->user);
    lb_pg_add_bytes(&params, row->token_hash, sizeof row->token_hash);
    lb_pg_add_number(&params, row->expires_at);
    lb_pg_add_number(&params, row->created_at);
    return lb_pg_write(store, PG_LINK_INSERT, &params);
}

LB_PG_STATEMENT(
    LINK_TAKE, ONE, "y",
    "DELETE FROM leadblock.link WHERE workspace_id = 0 AND token_hash = $1 RETURNING account");

lb_err lb_pg_link_take(struct lb_store *store, const uint8_t *token_hash)
{
    struct lb_pg_params params = {0};
    PGresult *result;
    lb_pg_add_bytes(&params, token_hash, LB_SECRET_HASH_SIZE);
    lb_err err = lb_pg_query_one(&lb_postgres_of(store)->writer, PG_LINK_TAKE, &params, &result);
    PQclear(result);
    return err;
}

LB_PG_STATEMENT(LINK, ONE, "y",
                "SELECT account, expires_at, created_at FROM leadblock.link"
                " WHERE workspace_id = 0 AND token_hash = $1");

lb_err lb_pg_link(struct lb_store_reader *reader, const uint8_t *token_hash,
                  struct lb_link_row *out)
{
    struct lb_pg_params params = {0};
    PGresult *result;
    lb_pg_add_bytes(&params, token_hash, LB_SECRET_HASH_SIZE);
    lb_err err = lb_pg_query_one(reader, PG_LINK, &params, &result);
    if (!err) {
        *out = (struct lb_link_row){.user = (uint32_t)lb_pg_number(result, 0, 0),
                                    .expires_at = lb_pg_number(result, 0, 1),
                                    .created_at = lb_pg_number(result, 0, 2)};
        memcpy(out->token_hash, token_hash, sizeof out->token_hash);
    }
    PQclear(result);
    return err;
}

LB_PG_STATEMENT(SESSIONS_SWEEP, ONE, "n",
                "DELETE FROM leadblock.session WHERE workspace_id = 0 AND expires_at < $1");
LB_PG_STATEMENT(LINKS_SWEEP, ONE, "n",
                "DELETE FROM leadblock.link WHERE workspace_id = 0 AND expires_at < $1");

lb_err lb_pg_accounts_sweep(struct lb_store *store, int64_t before)
{
    lb_err err = write_number(store, PG_SESSIONS_SWEEP, before);
    return err ? err : write_number(store, PG_LINKS_SWEEP, before);
}
