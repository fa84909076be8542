#include "store/postgres/internal.h"

void lb_pg_read_workspace_version(const PGresult *result, int row, struct lb_workspace_version *out)
{
    *out = (struct lb_workspace_version){.workspace = (uint32_t)lb_pg_number(result, row, 0),
                                         .access_version = (uint64_t)lb_pg_number(result, row, 1),
                                         .log = {.row = (uint64_t)lb_pg_number(result, row, 2),
                                                 .last = (uint64_t)lb_pg_number(result, row, 3)},
                                         .has_leads = lb_pg_flag(result, row, 5),
                                         .batch = (uint64_t)lb_pg_number(result, row, 6)};
    struct lb_str digest = lb_pg_text(result, row, 4);
    if (digest.len == sizeof out->log.digest)
        memcpy(out->log.digest, digest.ptr, digest.len);
}

LB_PG_STATEMENT(WORKSPACE_VERSIONS, ALL, "N",
                "SELECT " LB_PG_VERSION_COLUMNS
                " FROM leadblock.workspace WHERE workspace_id = ANY ($1)");

static lb_err query_many(struct lb_store_reader *reader, const uint32_t *workspaces, size_t count,
                         PGresult **out)
{
    struct lb_pg_params params = {0};
    struct lb_buf array = {0};
    lb_buf_append_lit(&array, "{");
    for (size_t i = 0; i < count; i++)
        lb_buf_printf(&array, i ? ",%u" : "%u", workspaces[i]);
    lb_buf_append(&array, "}", 2);
    lb_pg_add_array(&params, &array);
    lb_err err =
        array.failed ? LB_ERR_INTERNAL : lb_pg_query(reader, PG_WORKSPACE_VERSIONS, &params, out);
    lb_buf_fini(&array);
    return err;
}

LB_PG_STATEMENT(WORKSPACE_VERSION, ONE, "n",
                "SELECT " LB_PG_VERSION_COLUMNS
                " FROM leadblock.workspace WHERE workspace_id = $1");
LB_PG_STATEMENT(WORKSPACE_VERSIONS_ALL, ALL, "",
                "SELECT " LB_PG_VERSION_COLUMNS " FROM leadblock.workspace");

lb_err lb_pg_versions(struct lb_store_reader *reader, const uint32_t *workspaces, size_t count,
                      void *context, lb_err (*each)(void *, const struct lb_workspace_version *))
{
    struct lb_pg_params params = {0};
    PGresult *result = NULL;
    lb_err err;
    if (count == 0) {
        err = lb_pg_query(reader, PG_WORKSPACE_VERSIONS_ALL, NULL, &result);
    } else if (count == 1) {
        lb_pg_add_number(&params, workspaces[0]);
        err = lb_pg_query(reader, PG_WORKSPACE_VERSION, &params, &result);
    } else {
        err = query_many(reader, workspaces, count, &result);
    }
    for (int i = 0; !err && i < PQntuples(result); i++) {
        struct lb_workspace_version latest;
        lb_pg_read_workspace_version(result, i, &latest);
        err = each(context, &latest);
    }
    PQclear(result);
    return err;
}
