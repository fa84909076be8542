#include "store/postgres/internal.h"

#define COLUMNS                                                                                    \
    "id, url, type::bigint, campaign, campaign_id, secret, old_secret, old_secret_until,"          \
    " created_at, key, state::bigint, place, tries, failing_since, next_at, missed, lease, beat,"  \
    " workspace_id"

static struct lb_str text_or_null(const char *text)
{
    return text[0] ? lb_str(text) : (struct lb_str){0};
}

static void add_state(struct lb_pg_params *params, const struct lb_hook_row *row)
{
    lb_pg_add_number(params, row->workspace);
    lb_pg_add_text(params, lb_str(row->id));
    lb_pg_add_bytes(params, row->secret, sizeof row->secret);
    lb_pg_add_bytes(params, row->old_secret_until ? row->old_secret : NULL,
                    row->old_secret_until ? sizeof row->old_secret : 0);
    lb_pg_add_number_or_null(params, row->old_secret_until);
    lb_pg_add_number(params, (int64_t)row->state);
    lb_pg_add_text(params, lb_str(row->place));
    lb_pg_add_number(params, row->tries);
    lb_pg_add_number_or_null(params, row->failing_since);
    lb_pg_add_number(params, row->next_at);
    lb_pg_add_number(params, (int64_t)row->missed);
}

LB_PG_STATEMENT(
    HOOK_INSERT, ONE, "ntyynntnnnntnntnn",
    "INSERT INTO leadblock.hook (workspace_id, id, secret, old_secret, old_secret_until, state,"
    " place, tries, failing_since, next_at, missed, url, type, campaign, campaign_id, created_at,"
    " key) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)");

lb_err lb_pg_hook_insert(struct lb_store *store, const struct lb_hook_row *row)
{
    struct lb_pg_params params = {0};
    add_state(&params, row);
    lb_pg_add_text(&params, lb_str(row->url));
    lb_pg_add_number(&params, row->type);
    lb_pg_add_number(&params, row->campaign);
    lb_pg_add_text(&params, text_or_null(row->campaign_id));
    lb_pg_add_number(&params, row->created_at);
    lb_pg_add_number(&params, row->actor);
    return lb_pg_write(store, PG_HOOK_INSERT, &params);
}

LB_PG_STATEMENT(HOOK_UPDATE, ONE, "ntyynntnnnn",
                "UPDATE leadblock.hook SET secret = $3, old_secret = $4, old_secret_until = $5,"
                " state = $6, place = CASE WHEN $7 = '' THEN place ELSE $7 END, tries = $8,"
                " failing_since = $9, next_at = $10,"
                " missed = CASE WHEN $7 = '' THEN missed ELSE $11 END WHERE workspace_id = $1 AND "
                "id = $2 RETURNING workspace_id");

lb_err lb_pg_hook_update(struct lb_store *store, const struct lb_hook_row *row)
{
    struct lb_pg_params params = {0};
    PGresult *result;
    add_state(&params, row);
    lb_err err = lb_pg_query_one(&lb_postgres_of(store)->writer, PG_HOOK_UPDATE, &params, &result);
    PQclear(result);
    return err;
}

LB_PG_STATEMENT(HOOK_DELETE, ONE, "nt",
                "DELETE FROM leadblock.hook WHERE workspace_id = $1 AND id = $2");
LB_PG_STATEMENT(HOOK_DELIVERIES_DELETE, ONE, "nt",
                "DELETE FROM leadblock.hook_delivery WHERE workspace_id = $1 AND hook = $2");

lb_err lb_pg_hook_delete(struct lb_store *store, uint32_t workspace, struct lb_str id)
{
    struct lb_pg_params params = {0};
    lb_pg_add_number(&params, workspace);
    lb_pg_add_text(&params, id);
    lb_err err = lb_pg_write(store, PG_HOOK_DELETE, &params);
    return err ? err : lb_pg_write(store, PG_HOOK_DELIVERIES_DELETE, &params);
}

LB_PG_STATEMENT(HOOK_TAKE, ONE, "ntnnn",
                "UPDATE leadblock.hook SET lease = $5, beat = beat + 1 WHERE workspace_id = $1"
                " AND id = $2 AND lease = $3 AND beat = $4 AND state = 0 RETURNING workspace_id");
/* A subscription that was paused meanwhile stays so. */
LB_PG_STATEMENT(HOOK_PROGRESS, ONE, "ntnntnnnnn",
                "UPDATE leadblock.hook SET lease = $4, beat = beat + 1, place = $5, tries = $6,"
                " failing_since = $7, next_at = $8, missed = $9,"
                " state = CASE WHEN state = 0 THEN $10 ELSE state END"
                " WHERE workspace_id = $1 AND id = $2 AND lease = $3 RETURNING workspace_id");

static lb_err send_progress(struct lb_store_reader *writer, const struct lb_hook_progress *progress)
{
    struct lb_pg_params params = {0};
    lb_pg_add_number(&params, progress->workspace);
    lb_pg_add_text(&params, lb_str(progress->id));
    lb_pg_add_number(&params, (int64_t)progress->held);
    if (progress->take) {
        lb_pg_add_number(&params, (int64_t)progress->beat);
        lb_pg_add_number(&params, (int64_t)progress->lease);
        return lb_pg_send(writer, PG_HOOK_TAKE, &params, true);
    }
    lb_pg_add_number(&params, (int64_t)progress->lease);
    lb_pg_add_text(&params, lb_str(progress->place));
    lb_pg_add_number(&params, progress->tries);
    lb_pg_add_number_or_null(&params, progress->failing_since);
    lb_pg_add_number(&params, progress->next_at);
    lb_pg_add_number(&params, (int64_t)progress->missed);
    lb_pg_add_number(&params, (int64_t)progress->state);
    return lb_pg_send(writer, PG_HOOK_PROGRESS, &params, true);
}

/* All of them in one round trip. */
lb_err lb_pg_hooks_progress(struct lb_store *store, struct lb_hook_progress *progress, size_t count)
{
    struct lb_store_reader *writer = &lb_postgres_of(store)->writer;
    lb_err err = lb_pg_ready(writer);
    for (size_t i = 0; !err && i < count; i++)
        err = send_progress(writer, &progress[i]);
    if (!err)
        err = lb_pg_settle(writer);
    if (!err && writer->kept_count != count)
        err = LB_ERR_INTERNAL;
    for (size_t i = 0; !err && i < count; i++)
        progress[i].lost = PQntuples(writer->kept[i]) == 0;
    lb_pg_release(writer);
    return err;
}

static void read_secret(const PGresult *result, int row, int column,
                        uint8_t out[LB_HOOK_SECRET_SIZE])
{
    struct lb_str bytes = lb_pg_text(result, row, column);
    if (bytes.len == LB_HOOK_SECRET_SIZE)
        memcpy(out, bytes.ptr, bytes.len);
}

static void read_hook(const PGresult *result, int row, struct lb_hook_row *out)
{
    *out = (struct lb_hook_row){.workspace = (uint32_t)lb_pg_number(result, row, 18),
                                .type = (uint32_t)lb_pg_number(result, row, 2),
                                .campaign = (uint32_t)lb_pg_number(result, row, 3),
                                .old_secret_until = lb_pg_number(result, row, 7),
                                .created_at = lb_pg_number(result, row, 8),
                                .actor = (uint32_t)lb_pg_number(result, row, 9),
                                .state = (enum lb_hook_state)lb_pg_number(result, row, 10),
                                .tries = (uint32_t)lb_pg_number(result, row, 12),
                                .failing_since = lb_pg_number(result, row, 13),
                                .next_at = lb_pg_number(result, row, 14),
                                .missed = (uint64_t)lb_pg_number(result, row, 15),
                                .lease = (uint64_t)lb_pg_number(result, row, 16),
                                .beat = (uint64_t)lb_pg_number(result, row, 17)};
    lb_str_copy(lb_pg_text(result, row, 0), out->id, sizeof out->id);
    lb_str_copy(lb_pg_text(result, row, 1), out->url, sizeof out->url);
    lb_str_copy(lb_pg_text(result, row, 4), out->campaign_id, sizeof out->campaign_id);
    lb_str_copy(lb_pg_text(result, row, 11), out->place, sizeof out->place);
    read_secret(result, row, 5, out->secret);
    read_secret(result, row, 6, out->old_secret);
}

LB_PG_STATEMENT(HOOK, ONE, "nt",
                "SELECT " COLUMNS " FROM leadblock.hook WHERE workspace_id = $1 AND id = $2");

lb_err lb_pg_hook(struct lb_store_reader *reader, uint32_t workspace, struct lb_str id,
                  struct lb_hook_row *out)
{
    struct lb_pg_params params = {0};
    PGresult *result;
    lb_pg_add_number(&params, workspace);
    lb_pg_add_text(&params, id);
    lb_err err = lb_pg_query_one(reader, PG_HOOK, &params, &result);
    if (!err)
        read_hook(result, 0, out);
    PQclear(result);
    return err;
}

LB_PG_STATEMENT(HOOKS_OF, ONE, "n",
                "SELECT " COLUMNS " FROM leadblock.hook WHERE workspace_id = $1"
                " ORDER BY created_at, id");
LB_PG_STATEMENT(HOOKS, ALL, "", "SELECT " COLUMNS " FROM leadblock.hook ORDER BY workspace_id, id");

lb_err lb_pg_hooks(struct lb_store_reader *reader, uint32_t workspace, void *context,
                   lb_err (*each)(void *, const struct lb_hook_row *))
{
    struct lb_pg_params params = {0};
    PGresult *result;
    if (workspace)
        lb_pg_add_number(&params, workspace);
    lb_err err = lb_pg_query(reader, workspace ? PG_HOOKS_OF : PG_HOOKS, &params, &result);
    for (int i = 0; !err && i < PQntuples(result); i++) {
        struct lb_hook_row row;
        read_hook(result, i, &row);
        err = each(context, &row);
    }
    PQclear(result);
    return err;
}

/* --- Deliveries ------------------------------------------------------------------------------- */

LB_PG_STATEMENT(
    DELIVERY_PUT, ONE, "ntnnnttnnnnnnt",
    "INSERT INTO leadblock.hook_delivery (workspace_id, hook, no, kind, state, event, place, tries,"
    " first_at, last_at, status, duration_ms, bytes, error)"
    " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)"
    " ON CONFLICT (workspace_id, hook, no) DO UPDATE SET state = EXCLUDED.state,"
    " tries = EXCLUDED.tries, last_at = EXCLUDED.last_at, status = EXCLUDED.status,"
    " duration_ms = EXCLUDED.duration_ms, bytes = EXCLUDED.bytes, error = EXCLUDED.error");
LB_PG_STATEMENT(DELIVERIES_DROP, ONE, "ntn",
                "DELETE FROM leadblock.hook_delivery WHERE workspace_id = $1 AND hook = $2"
                " AND no <= (SELECT no FROM leadblock.hook_delivery WHERE workspace_id = $1"
                " AND hook = $2 ORDER BY no DESC LIMIT 1 OFFSET $3)");

lb_err lb_pg_delivery_put(struct lb_store *store, const struct lb_delivery_row *row)
{
    struct lb_pg_params params = {0};
    struct lb_pg_params drop = {0};
    lb_pg_add_number(&params, row->workspace);
    lb_pg_add_text(&params, lb_str(row->hook));
    lb_pg_add_number(&params, (int64_t)row->no);
    lb_pg_add_number(&params, (int64_t)row->kind);
    lb_pg_add_number(&params, (int64_t)row->state);
    lb_pg_add_text(&params, lb_str(row->event));
    lb_pg_add_text(&params, text_or_null(row->place));
    lb_pg_add_number(&params, row->tries);
    lb_pg_add_number(&params, row->first_at);
    lb_pg_add_number(&params, row->last_at);
    lb_pg_add_number(&params, row->status);
    lb_pg_add_number(&params, row->duration_ms);
    lb_pg_add_number(&params, (int64_t)row->bytes);
    lb_pg_add_text(&params, text_or_null(row->error));
    lb_pg_add_number(&drop, row->workspace);
    lb_pg_add_text(&drop, lb_str(row->hook));
    lb_pg_add_number(&drop, LB_DELIVERIES_KEPT);
    lb_err err = lb_pg_write(store, PG_DELIVERY_PUT, &params);
    return err ? err : lb_pg_write(store, PG_DELIVERIES_DROP, &drop);
}

#define DELIVERY_COLUMNS                                                                           \
    "no, kind::bigint, state::bigint, event, place, tries, first_at, last_at, status,"             \
    " duration_ms, bytes, error"

static void read_delivery(const PGresult *result, int row, uint32_t workspace, struct lb_str hook,
                          struct lb_delivery_row *out)
{
    *out = (struct lb_delivery_row){.workspace = workspace,
                                    .no = (uint64_t)lb_pg_number(result, row, 0),
                                    .kind = (enum lb_delivery_kind)lb_pg_number(result, row, 1),
                                    .state = (enum lb_delivery_state)lb_pg_number(result, row, 2),
                                    .tries = (uint32_t)lb_pg_number(result, row, 5),
                                    .first_at = lb_pg_number(result, row, 6),
                                    .last_at = lb_pg_number(result, row, 7),
                                    .status = (uint32_t)lb_pg_number(result, row, 8),
                                    .duration_ms = (uint32_t)lb_pg_number(result, row, 9),
                                    .bytes = (uint64_t)lb_pg_number(result, row, 10)};
    lb_str_copy(hook, out->hook, sizeof out->hook);
    lb_str_copy(lb_pg_text(result, row, 3), out->event, sizeof out->event);
    lb_str_copy(lb_pg_text(result, row, 4), out->place, sizeof out->place);
    lb_str_copy(lb_pg_text(result, row, 11), out->error, sizeof out->error);
}

LB_PG_STATEMENT(DELIVERY, ONE, "ntn",
                "SELECT " DELIVERY_COLUMNS " FROM leadblock.hook_delivery"
                " WHERE workspace_id = $1 AND hook = $2 AND no = $3");

lb_err lb_pg_delivery(struct lb_store_reader *reader, uint32_t workspace, struct lb_str hook,
                      uint64_t no, struct lb_delivery_row *out)
{
    struct lb_pg_params params = {0};
    PGresult *result;
    lb_pg_add_number(&params, workspace);
    lb_pg_add_text(&params, hook);
    lb_pg_add_number(&params, (int64_t)no);
    lb_err err = lb_pg_query_one(reader, PG_DELIVERY, &params, &result);
    if (!err)
        read_delivery(result, 0, workspace, hook, out);
    PQclear(result);
    return err;
}

LB_PG_STATEMENT(DELIVERIES_PAGE, ONE, "ntnn",
                "SELECT " DELIVERY_COLUMNS " FROM leadblock.hook_delivery"
                " WHERE workspace_id = $1 AND hook = $2 AND no < $3 ORDER BY no DESC LIMIT $4");

lb_err lb_pg_deliveries_page(struct lb_store_reader *reader, uint32_t workspace, struct lb_str hook,
                             uint64_t below, size_t take, void *context,
                             lb_err (*each)(void *, const struct lb_delivery_row *))
{
    struct lb_pg_params params = {0};
    PGresult *result;
    lb_pg_add_number(&params, workspace);
    lb_pg_add_text(&params, hook);
    lb_pg_add_number(&params, below ? (int64_t)below : INT64_MAX);
    lb_pg_add_number(&params, (int64_t)take);
    lb_err err = lb_pg_query(reader, PG_DELIVERIES_PAGE, &params, &result);
    for (int i = 0; !err && i < PQntuples(result); i++) {
        struct lb_delivery_row row;
        read_delivery(result, i, workspace, hook, &row);
        err = each(context, &row);
    }
    PQclear(result);
    return err;
}
