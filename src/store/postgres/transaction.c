#include "store/postgres/internal.h"

#include "base/array.h"
#include "base/clock.h"
#include "base/log.h"
#include "store/row_number.h"

#include <stdlib.h>

LB_PG_STATEMENT(BEGIN, NONE, "", "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE");
/* The coordinator of Citus itself has locks on shards alone: those of rows are the workers'. */
LB_PG_STATEMENT(HURRY, NONE, "", "SET LOCAL lock_timeout = 100");

static bool may_move(const struct lb_postgres *postgres)
{
    return postgres->on_citus && lb_clock_mono_ms() < postgres->may_move_until_ms;
}

lb_err lb_pg_begin(struct lb_store *store)
{
    struct lb_postgres *postgres = lb_postgres_of(store);
    struct lb_store_reader *writer = &postgres->writer;
    if (writer->in_transaction)
        lb_pg_rollback(store);
    lb_err err = lb_pg_ready(writer);
    if (err)
        return err;
    lb_pg_cache_clear(writer);
    postgres->touched_count = 0;
    writer->in_transaction = true;
    writer->wrote = false;
    writer->commit = LB_PG_COMMIT_NONE;
    writer->warned = false;
    err = lb_pg_send(writer, PG_BEGIN, NULL, false);
    return !err && may_move(postgres) ? lb_pg_send(writer, PG_HURRY, NULL, false) : err;
}

static void end_transaction(struct lb_postgres *postgres)
{
    struct lb_store_reader *writer = &postgres->writer;
    lb_pg_forget_all(writer);
    lb_pg_release(writer);
    postgres->rows.count = 0;
    postgres->rows.texts.len = 0;
    writer->in_transaction = false;
    writer->failed = LB_OK;
    postgres->touched_count = 0;
}

LB_PG_STATEMENT(ROLLBACK, NONE, "", "ROLLBACK");

/* A failure left the server waiting for the end of a part of the pipeline, hence the first sync. */
void lb_pg_rollback(struct lb_store *store)
{
    struct lb_postgres *postgres = lb_postgres_of(store);
    struct lb_store_reader *writer = &postgres->writer;
    if (!writer->in_transaction)
        return;
    postgres->rows.count = 0; /* they need not be sent any more */
    bool sent = writer->conn && lb_pg_sync(writer) == LB_OK;
    if (sent)
        lb_pg_wait(writer, writer->sent);
    writer->failed = LB_OK;
    bool open = writer->conn && PQtransactionStatus(writer->conn) != PQTRANS_IDLE;
    if (open && (lb_pg_send(writer, PG_ROLLBACK, NULL, false) || lb_pg_settle(writer)))
        lb_pg_drop(writer);
    end_transaction(postgres);
}

/* After a failure every later call of the transaction fails too. */
static lb_err fail_transaction(struct lb_store_reader *writer, lb_err err)
{
    if (!writer->failed)
        writer->failed = err;
    lb_pg_release(writer);
    return writer->failed;
}

static struct lb_pg_touched *find_touched(struct lb_postgres *postgres, uint32_t workspace)
{
    size_t count = postgres->touched_count;
    for (size_t i = 0; i < count; i++) {
        size_t at = (postgres->touched_last + i) % count; /* mostly the same one or the next */
        if (postgres->touched[at].workspace != workspace)
            continue;
        postgres->touched_last = at;
        return &postgres->touched[at];
    }
    return NULL;
}

struct lb_pg_touched *lb_pg_touch(struct lb_postgres *postgres, uint32_t workspace)
{
    struct lb_pg_touched *touched = find_touched(postgres, workspace);
    if (touched)
        return touched;
    if (!lb_array_reserve(postgres->touched, postgres->touched_capacity,
                          postgres->touched_count + 1))
        return NULL;
    postgres->touched_last = postgres->touched_count;
    touched = &postgres->touched[postgres->touched_count++];
    *touched = (struct lb_pg_touched){.workspace = workspace};
    return touched;
}

lb_err lb_pg_touch_locked(struct lb_postgres *postgres, uint32_t workspace,
                          struct lb_pg_touched **out)
{
    *out = lb_pg_touch(postgres, workspace);
    if (*out && !(*out)->known) {
        struct lb_workspace_version latest;
        lb_err err = lb_pg_lock(&postgres->store, &workspace, 1, true, &latest, NULL);
        if (!err && postgres->left_out) /* its shard moves */
            err = fail_transaction(&postgres->writer, LB_ERR_LOCKED);
        if (err)
            return err;
        *out = lb_pg_touch(postgres, workspace);
    }
    return *out ? LB_OK : LB_ERR_INTERNAL;
}

lb_err lb_pg_next_number(struct lb_postgres *postgres, uint32_t workspace, uint64_t *out)
{
    struct lb_pg_touched *touched;
    lb_err err = lb_pg_touch_locked(postgres, workspace, &touched);
    if (err)
        return err;
    *out = lb_row_number_next(&touched->numbers);
    return *out ? LB_OK : LB_ERR_LIMIT_REACHED;
}

lb_err lb_pg_touch_access(struct lb_postgres *postgres, uint32_t workspace, uint64_t *out_version)
{
    struct lb_pg_touched *touched;
    lb_err err = lb_pg_touch_locked(postgres, workspace, &touched);
    if (err)
        return err;
    touched->access_changed = true;
    *out_version = touched->version + 1;
    return LB_OK;
}

lb_err lb_pg_write_access_time(struct lb_store *store, enum lb_pg_statement statement,
                               uint32_t workspace, uint32_t no, int64_t at)
{
    struct lb_pg_params params = {0};
    uint64_t version = 0;
    lb_err err = lb_pg_touch_access(lb_postgres_of(store), workspace, &version);
    lb_pg_add_number(&params, workspace);
    lb_pg_add_number(&params, no);
    lb_pg_add_number(&params, at);
    lb_pg_add_number(&params, (int64_t)version);
    return err ? err : lb_pg_write(store, statement, &params);
}

lb_err lb_pg_write(struct lb_store *store, enum lb_pg_statement statement,
                   const struct lb_pg_params *params)
{
    return lb_pg_send(&lb_postgres_of(store)->writer, statement, params, false);
}

/* --- Locking ---------------------------------------------------------------------------------- */

#define LOCK_COLUMN_NUMBERS 7 /* behind LB_PG_VERSION_COLUMNS */

static lb_err note_version(struct lb_postgres *postgres, uint32_t workspace, const PGresult *result,
                           struct lb_workspace_version *out)
{
    *out = (struct lb_workspace_version){.workspace = LB_WORKSPACE_NONE};
    if (PQntuples(result) != 1)
        return LB_OK;
    lb_pg_read_workspace_version(result, 0, out);
    struct lb_pg_touched *touched = lb_pg_touch(postgres, workspace);
    if (!touched)
        return LB_ERR_INTERNAL;
    if (!touched->known) /* or some of them were given out since */
        touched->numbers = (uint64_t)lb_pg_number(result, 0, LOCK_COLUMN_NUMBERS);
    touched->known = true;
    touched->version = out->access_version;
    touched->from = out->log;
    touched->batch = out->batch;
    touched->has_leads |= out->has_leads;
    return LB_OK;
}

/* A write, because a lock of a SELECT does not move with its shard on Citus: two nodes would have
 * it at once while one moves. It changes no indexed column, so PostgreSQL reuses the room in the
 * page. The row that comes back is the one that the writer before has committed. */
LB_PG_STATEMENT(WORKSPACE_LOCK, ONE, "n",
                "UPDATE leadblock.workspace SET access_version = access_version"
                " WHERE workspace_id = $1 RETURNING " LB_PG_VERSION_COLUMNS ", numbers");
/* Only says who need not be waited for; the lock is the statement above, after it. */
LB_PG_STATEMENT(WORKSPACE_FREE, ONE, "n",
                "SELECT workspace_id FROM leadblock.workspace WHERE workspace_id = $1"
                " FOR UPDATE SKIP LOCKED");

/* While a shard of Citus moves, or is about to, the coordinator has writes to it wait, and
 * WORKSPACE_FREE, a SELECT, does not tell. These are the workspaces of such shards. The lock
 * is one of a place among the shards and of the tables that have them in common; 8 is its class. */
LB_PG_STATEMENT(WORKSPACES_MOVING, NONE, "N",
                "SELECT asked FROM unnest($1) AS asked JOIN (SELECT shardid,"
                " row_number() OVER (ORDER BY shardminvalue::bigint) - 1 AS place"
                " FROM pg_dist_shard WHERE logicalrelid = 'leadblock.workspace'::regclass) shard"
                " ON shardid = get_shard_id_for_distribution_column('leadblock.workspace', asked)"
                " WHERE place IN (SELECT classid::bigint FROM pg_locks JOIN pg_dist_partition"
                " ON objid::bigint = colocationid WHERE locktype = 'advisory' AND objsubid = 8"
                " AND mode = 'ExclusiveLock' AND logicalrelid = 'leadblock.workspace'::regclass"
                " AND database ="
                " (SELECT oid FROM pg_database WHERE datname = current_database()))");

/* One statement for each workspace that is not left out; how many. */
static lb_err send_each(struct lb_store_reader *writer, enum lb_pg_statement statement,
                        const uint32_t *workspaces, size_t count, size_t *out_sent)
{
    lb_err err = LB_OK;
    *out_sent = 0;
    for (size_t i = 0; !err && i < count; i++) {
        struct lb_pg_params params = {0};
        if (workspaces[i] == LB_WORKSPACE_NONE)
            continue;
        lb_pg_add_number(&params, workspaces[i]);
        err = lb_pg_send(writer, statement, &params, true);
        ++*out_sent;
        if (!err)
            PQsendFlushRequest(
                writer->conn); /* each may be waited for, and must count as progress */
    }
    return err;
}

/* All answers, which are so many, in `writer->kept`. */
static lb_err settle_each(struct lb_store_reader *writer, size_t count)
{
    lb_err err = lb_pg_settle(writer);
    return !err && writer->kept_count != count ? LB_ERR_INTERNAL : err;
}

static void leave_out(struct lb_postgres *postgres, uint32_t *workspace)
{
    *workspace = LB_WORKSPACE_NONE;
    postgres->left_out++;
}

/* Leaves those out that another transaction has locked. */
static lb_err find_free(struct lb_postgres *postgres, uint32_t *workspaces, size_t count)
{
    struct lb_store_reader *writer = &postgres->writer;
    size_t sent, at = 0;
    lb_err err = send_each(writer, PG_WORKSPACE_FREE, workspaces, count, &sent);
    if (!err)
        err = settle_each(writer, sent);
    for (size_t i = 0; !err && i < count; i++)
        if (workspaces[i] != LB_WORKSPACE_NONE && PQntuples(writer->kept[at++]) == 0)
            leave_out(postgres, &workspaces[i]);
    lb_pg_release(writer);
    return err;
}

static lb_err ask_who_moves(struct lb_store_reader *writer, const uint32_t *workspaces,
                            size_t count)
{
    struct lb_pg_params params = {0};
    struct lb_buf array = {0};
    lb_buf_append_lit(&array, "{");
    for (size_t i = 0; i < count; i++)
        lb_buf_printf(&array, i ? ",%u" : "%u", workspaces[i]);
    lb_buf_append(&array, "}", 2);
    lb_pg_add_array(&params, &array);
    lb_err err =
        array.failed ? LB_ERR_INTERNAL : lb_pg_send(writer, PG_WORKSPACES_MOVING, &params, true);
    lb_buf_fini(&array);
    return err ? err : settle_each(writer, 1);
}

/* Leaves those out whose shard moves. They are looked for while one does. */
static lb_err leave_moving_out(struct lb_postgres *postgres, uint32_t *workspaces, size_t count)
{
    struct lb_store_reader *writer = &postgres->writer;
    if (!may_move(postgres))
        return LB_OK;
    lb_err err = ask_who_moves(writer, workspaces, count);
    for (int row = 0; !err && row < PQntuples(writer->kept[0]); row++)
        for (size_t i = 0; i < count; i++)
            if (workspaces[i] == (uint32_t)lb_pg_number(writer->kept[0], row, 0))
                leave_out(postgres, &workspaces[i]);
    if (!err && postgres->left_out)
        postgres->may_move_until_ms = lb_clock_mono_ms() + LB_PG_MAY_MOVE_MS;
    lb_pg_release(writer);
    return err;
}

/* The installation's version is asked for after the locks, in the same round trip: a statement sees
 * what was committed before it began. */
static lb_err lock_all(struct lb_postgres *postgres, const uint32_t *workspaces, size_t count,
                       struct lb_workspace_version *out,
                       struct lb_workspace_version *out_installation)
{
    static const uint32_t installation = LB_INSTALLATION_NO;
    struct lb_store_reader *writer = &postgres->writer;
    size_t sent, more = 0, at = 0;
    lb_err err = send_each(writer, PG_WORKSPACE_LOCK, workspaces, count, &sent);
    if (!err && out_installation)
        err = send_each(writer, PG_WORKSPACE_VERSION, &installation, 1, &more);
    if (!err)
        err = settle_each(writer, sent + more);
    if (!err && more && PQntuples(writer->kept[sent]) == 1)
        lb_pg_read_workspace_version(writer->kept[sent], 0, out_installation);
    for (size_t i = 0; !err && i < count; i++) {
        out[i] = (struct lb_workspace_version){.workspace = LB_WORKSPACE_NONE};
        if (workspaces[i] != LB_WORKSPACE_NONE)
            err = note_version(postgres, workspaces[i], writer->kept[at++], &out[i]);
    }
    lb_pg_release(writer);
    return err;
}

static lb_err lock_available(struct lb_postgres *postgres, uint32_t *workspaces, size_t count,
                             bool patient, struct lb_workspace_version *out,
                             struct lb_workspace_version *out_installation)
{
    lb_err err = leave_moving_out(postgres, workspaces, count);
    if (!err && !patient)
        err = find_free(postgres, workspaces, count);
    return err ? err : lock_all(postgres, workspaces, count, out, out_installation);
}

lb_err lb_pg_lock(struct lb_store *store, const uint32_t *workspaces, size_t count, bool patient,
                  struct lb_workspace_version *out, struct lb_workspace_version *out_installation)
{
    struct lb_postgres *postgres = lb_postgres_of(store);
    if (out_installation)
        *out_installation = (struct lb_workspace_version){.workspace = LB_WORKSPACE_NONE};
    postgres->left_out = 0;
    uint32_t *available = malloc(count * sizeof *available);
    if (!available)
        return fail_transaction(&postgres->writer, LB_ERR_STORAGE_UNAVAILABLE);
    memcpy(available, workspaces, count * sizeof *available);
    lb_err err = lock_available(postgres, available, count, patient, out, out_installation);
    free(available);
    return err ? fail_transaction(&postgres->writer, err) : LB_OK;
}

/* --- Committing ------------------------------------------------------------------------------- */

/* Only where the workspace still is what the transaction has locked. */
LB_PG_STATEMENT(WORKSPACE_MARK, ONE, "nnnnybnnnynn",
                "UPDATE leadblock.workspace SET access_version = coalesce($2, access_version),"
                " head_row = coalesce($3, head_row), head_number = coalesce($4, head_number),"
                " head_digest = coalesce($5, head_digest), has_leads = has_leads OR $6,"
                " batch_count = batch_count + 1, numbers = $12"
                " WHERE workspace_id = $1 AND access_version = $7 AND head_row = $8"
                " AND head_number = $9 AND head_digest IS NOT DISTINCT FROM $10"
                " AND batch_count = $11");

/* Which of its workspaces a batch has written to is not noted; mostly all. */
static bool is_marked(const struct lb_postgres *postgres, const struct lb_pg_touched *touched)
{
    return touched->known && (postgres->writer.wrote || postgres->rows.count);
}

static lb_err mark_workspace(struct lb_store_reader *writer, const struct lb_pg_touched *touched)
{
    struct lb_pg_params params = {0};
    const struct lb_log_mark *from = &touched->from;
    const struct lb_log_mark *log = &touched->log;
    lb_pg_add_number(&params, touched->workspace);
    lb_pg_add_number_or_null(&params, touched->access_changed ? (int64_t)touched->version + 1 : 0);
    lb_pg_add_number_or_null(&params, (int64_t)log->row);
    lb_pg_add_number_or_null(&params, (int64_t)log->last);
    lb_pg_add_bytes(&params, touched->log_changed ? log->digest : NULL, sizeof log->digest);
    lb_pg_add_flag(&params, touched->leads_added);
    lb_pg_add_number(&params, (int64_t)touched->version);
    lb_pg_add_number(&params, (int64_t)from->row);
    lb_pg_add_number(&params, (int64_t)from->last);
    lb_pg_add_bytes(&params, from->row ? from->digest : NULL, sizeof from->digest);
    lb_pg_add_number(&params, (int64_t)touched->batch);
    lb_pg_add_number(&params, (int64_t)touched->numbers);
    return lb_pg_send(writer, PG_WORKSPACE_MARK, &params, true);
}

/* Writes the new version of each workspace into its row, and looks whether that was done. A round
 * trip of its own: a COMMIT that was sent with it would not wait for the look. */
static lb_err mark_workspaces(struct lb_postgres *postgres)
{
    struct lb_store_reader *writer = &postgres->writer;
    size_t count = 0;
    lb_err err = LB_OK;
    for (size_t i = 0; !err && i < postgres->touched_count; i++) {
        if (!is_marked(postgres, &postgres->touched[i]))
            continue;
        err = mark_workspace(writer, &postgres->touched[i]);
        count++;
    }
    if (!err && count)
        err = lb_pg_settle(writer);
    if (!err && writer->kept_count != count)
        err = LB_ERR_INTERNAL;
    for (size_t i = 0; !err && i < count; i++)
        if (strcmp(PQcmdTuples(writer->kept[i]), "1") != 0)
            err = LB_ERR_CONFLICT;
    if (err == LB_ERR_CONFLICT && !writer->failed)
        lb_log(LB_LOG_INFO, "store",
               "WORKSPACE_MARK failed: another transaction has changed a workspace that this one"
               " had locked");
    lb_pg_release(writer);
    return err;
}

LB_PG_STATEMENT(COMMIT, NONE, "", "COMMIT");

static lb_err send_commit(struct lb_postgres *postgres)
{
    lb_err err = mark_workspaces(postgres);
    return err ? err : lb_pg_send(&postgres->writer, PG_COMMIT, NULL, false);
}

lb_err lb_pg_commit(struct lb_store *store)
{
    struct lb_postgres *postgres = lb_postgres_of(store);
    struct lb_store_reader *writer = &postgres->writer;
    if (!writer->in_transaction)
        return LB_ERR_STORAGE_UNAVAILABLE;
    writer->warned = false;
    lb_err err = writer->failed ? writer->failed : send_commit(postgres);
    if (!err)
        err = lb_pg_settle(writer);
    if (writer->commit == LB_PG_COMMIT_DONE && !writer->warned) {
        end_transaction(postgres);
        return LB_OK;
    }
    if (writer->commit == LB_PG_COMMIT_NONE || writer->commit == LB_PG_COMMIT_REFUSED)
        return fail_transaction(writer, err ? err : LB_ERR_STORAGE_UNAVAILABLE);
    lb_log(LB_LOG_ERROR, "store",
           writer->commit == LB_PG_COMMIT_DONE
               ? "commit outcome unknown: recorded, but a standby may not have it"
               : "commit outcome unknown: connection lost before PostgreSQL answered");
    lb_pg_drop(writer);
    end_transaction(postgres);
    return LB_ERR_OUTCOME_UNKNOWN;
}

/* --- Between transactions --------------------------------------------------------------------- */

LB_PG_STATEMENT(PROBE, NONE, "",
                "SELECT pg_is_in_recovery() OR current_setting('transaction_read_only')::boolean");

lb_err lb_pg_probe(struct lb_store *store)
{
    struct lb_store_reader *writer = &lb_postgres_of(store)->writer;
    PGresult *result;
    lb_err err = lb_pg_query(writer, PG_PROBE, NULL, &result);
    if (!err && (PQntuples(result) != 1 || lb_pg_flag(result, 0, 0))) {
        lb_pg_drop(writer); /* a standby: the next attempt looks for the primary */
        err = LB_ERR_STORAGE_UNAVAILABLE;
    }
    PQclear(result);
    return err;
}

void lb_pg_maintain(struct lb_store *store, bool idle)
{
    struct lb_store_reader *writer = &lb_postgres_of(store)->writer;
    if (idle && !writer->in_transaction && !writer->conn)
        lb_pg_ready(writer); /* so that the next write need not wait for it */
}

lb_err lb_pg_intact(struct lb_store *store, struct lb_reason *reason)
{
    return LB_OK;
}

lb_err lb_pg_check_files(struct lb_store *store, struct lb_reason *reason)
{
    return LB_OK;
}

lb_err lb_pg_log_loaded(struct lb_store *store, const struct lb_log_extent *found,
                        const struct lb_log_extent *all, struct lb_reason *reason)
{
    return LB_OK;
}
