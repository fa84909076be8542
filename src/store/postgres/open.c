#include "store/postgres/internal.h"

#include <stdlib.h>

static const struct lb_store_ops postgres_ops;
static const struct lb_store_shared postgres_shared;

static lb_err open_reader(struct lb_store *store, struct lb_store_reader **out)
{
    struct lb_store_reader *reader = calloc(1, sizeof *reader);
    if (!reader)
        return LB_ERR_INTERNAL;
    reader->postgres = lb_postgres_of(store);
    *out = reader; /* it connects when it is asked something */
    return LB_OK;
}

static struct lb_store_reader *writer_reader(struct lb_store *store)
{
    return &lb_postgres_of(store)->writer;
}

static void close_reader(struct lb_store_reader *reader)
{
    if (!reader)
        return;
    lb_pg_reader_fini(reader);
    free(reader);
}

static void rest(struct lb_store_reader *reader)
{
    for (int i = 0; i < LB_PG_HELD_COUNT; i++) {
        PQclear(reader->held[i]);
        reader->held[i] = NULL;
    }
    lb_pg_cache_clear(reader);
}

static lb_err backup(struct lb_store_reader *reader, const char *path, uint64_t *out_bytes,
                     struct lb_reason *reason)
{
    return lb_fail(reason, LB_ERR_BAD_REQUEST,
                   "the data is in PostgreSQL: back it up with pg_dump --schema=leadblock, or with"
                   " pg_basebackup");
}

static void close_store(struct lb_store *store)
{
    struct lb_postgres *postgres = lb_postgres_of(store);
    if (!postgres)
        return;
    lb_pg_rollback(store);
    lb_pg_reader_fini(&postgres->writer);
    lb_buf_fini(&postgres->rows.texts);
    free(postgres->touched);
    free(postgres->conninfo);
    free(postgres);
}

/* libpq's own words about a string that it cannot read may repeat a part of it, such as half of a
 * password. */
static lb_err check_conninfo(const char *conninfo, struct lb_reason *reason)
{
    char *message = NULL;
    PQconninfoOption *options = PQconninfoParse(conninfo, &message);
    PQfreemem(message);
    PQconninfoFree(options);
    return options ? LB_OK
                   : lb_fail(reason, LB_ERR_STORAGE_UNAVAILABLE,
                             "the connection string cannot be read; it looks like"
                             " postgresql://user@host/database or host=... dbname=... user=...");
}

/* A connection of its own, which may wait for another process's migration. */
static lb_err prepare_database(const struct lb_postgres *postgres, struct lb_reason *reason)
{
    PGconn *conn = lb_pg_connect(postgres, reason);
    if (!conn)
        return LB_ERR_STORAGE_UNAVAILABLE;
    PQclear(PQexec(conn, "SET lock_timeout = 0"));
    lb_err err = lb_pg_check_server(conn, reason);
    if (!err)
        err = lb_pg_migrate(conn, reason);
    PQfinish(conn);
    return err;
}

lb_err lb_postgres_open(const struct lb_postgres_settings *settings, struct lb_store **out,
                        struct lb_reason *reason)
{
    struct lb_postgres *postgres = calloc(1, sizeof *postgres);
    if (!postgres)
        return lb_fail(reason, LB_ERR_INTERNAL, "out of memory");
    postgres->store = (struct lb_store){&postgres_ops, &postgres_shared, &lb_pg_copy};
    postgres->writer.postgres = postgres;
    postgres->timeout_ms = settings->timeout_ms;
    postgres->conninfo = strdup(settings->conninfo);
    lb_err err = postgres->conninfo ? check_conninfo(postgres->conninfo, reason)
                                    : lb_fail(reason, LB_ERR_INTERNAL, "out of memory");
    if (!err)
        err = prepare_database(postgres, reason);
    if (!err)
        err = lb_pg_ready(&postgres->writer) ? lb_fail(reason, LB_ERR_STORAGE_UNAVAILABLE,
                                                       "cannot connect to PostgreSQL again")
                                             : LB_OK;
    if (err) {
        close_store(&postgres->store);
        return err;
    }
    *out = &postgres->store;
    return LB_OK;
}

static const struct lb_store_ops postgres_ops = {
    .begin = lb_pg_begin,
    .commit = lb_pg_commit,
    .rollback = lb_pg_rollback,
    .workspace_insert = lb_pg_workspace_insert,
    .workspace_set_plan = lb_pg_workspace_set_plan,
    .key_insert = lb_pg_key_insert,
    .key_revoke = lb_pg_key_revoke,
    .key_touch = lb_pg_key_touch,
    .campaign_insert = lb_pg_campaign_insert,
    .campaign_set_status = lb_pg_campaign_set_status,
    .campaign_delete = lb_pg_campaign_delete,
    .campaign_activated = lb_pg_campaign_activated,
    .campaign_set_variables = lb_pg_campaign_set_variables,
    .campaign_count = lb_pg_campaign_count,
    .step_insert = lb_pg_step_insert,
    .step_update = lb_pg_step_update,
    .step_place = lb_pg_step_place,
    .steps_drop = lb_pg_steps_drop,
    .lead_insert = lb_pg_lead_insert,
    .lead_learn = lb_pg_lead_learn,
    .lead_forget = lb_pg_lead_forget,
    .lead_move = lb_pg_lead_move,
    .lead_delete = lb_pg_lead_delete,
    .activity_put = lb_pg_activity_put,
    .audit_append = lb_pg_audit_append,
    .checks_add = lb_pg_checks_add,
    .user_insert = lb_pg_user_insert,
    .user_set_password = lb_pg_user_set_password,
    .user_signed_in = lb_pg_user_signed_in,
    .user_delete = lb_pg_user_delete,
    .session_insert = lb_pg_session_insert,
    .session_delete = lb_pg_session_delete,
    .sessions_end = lb_pg_sessions_end,
    .link_insert = lb_pg_link_insert,
    .link_take = lb_pg_link_take,
    .accounts_sweep = lb_pg_accounts_sweep,
    .log_append = lb_pg_log_append,
    .log_next_id = lb_pg_log_next_id,
    .probe = lb_pg_probe,
    .maintain = lb_pg_maintain,
    .load_workspaces = lb_pg_load_workspaces,
    .load_keys = lb_pg_load_keys,
    .load_campaigns = lb_pg_load_campaigns,
    .load_deleted_campaigns = lb_pg_load_deleted_campaigns,
    .reader_open = open_reader,
    .writer_reader = writer_reader,
    .reader_close = close_reader,
    .reader_rest = rest,
    .log_row_of = lb_pg_log_row_of,
    .log_undone = lb_pg_log_undone,
    .log_scan = lb_pg_log_scan,
    .prefetch_entries = lb_pg_prefetch_entries,
    .prefetch_leads = lb_pg_prefetch_leads,
    .prefetch_names = lb_pg_prefetch_names,
    .campaign_state = lb_pg_campaign_state,
    .lead = lb_pg_lead,
    .activity = lb_pg_activity,
    .steps = lb_pg_steps,
    .leads_named = lb_pg_leads_named,
    .leads_due = lb_pg_leads_due,
    .leads_page = lb_pg_leads_page,
    .leads_scheduled = lb_pg_leads_scheduled,
    .leads_set_aside = lb_pg_leads_set_aside,
    .activities_page = lb_pg_activities_page,
    .user = lb_pg_user,
    .user_by_email = lb_pg_user_by_email,
    .user_by_id = lb_pg_user_by_id,
    .users = lb_pg_users,
    .session = lb_pg_session,
    .link = lb_pg_link,
    .checks = lb_pg_checks,
    .audit_page = lb_pg_audit_page,
    .backup = backup,
    .close = close_store,
};

static const struct lb_store_shared postgres_shared = {
    .lock = lb_pg_lock,
    .reserve = lb_pg_reserve,
    .versions = lb_pg_workspace_versions,
    .workspace = lb_pg_workspace,
    .workspaces_of_keys = lb_pg_workspaces_of_keys,
    .keys_since = lb_pg_keys_since,
    .campaigns_since = lb_pg_campaigns_since,
};
