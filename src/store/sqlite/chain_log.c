/* The log of an earlier version gets its digests: it is copied into the new table, in order and in
 * steps, each of them a transaction. What is in the new table already was copied by an attempt that
 * was broken off, and is not copied again. At the end both tables are compared, and the new one's
 * chains are looked through; the old one is dropped by the migration after that. */
#include "store/sqlite/internal.h"

#include "base/clock.h"
#include "base/log.h"
#include "store/chain.h"

#include <stdio.h>
#include <stdlib.h>

#define STEP_BYTES      (1 << 20) /* of text; a step is a transaction */
#define ROW_BYTES       100       /* of a row, beside its text, about */
#define REPORT_EVERY_MS 10000
#define LOOK_EVERY      1000 /* rows between two looks at the clock */

struct chaining {
    sqlite3 *db;
    bool (*keep_going)(void);
    struct lb_reason *reason;
    struct lb_chains heads;
    const char *phase;
    uint64_t done, all; /* ids; of the old log, rows */
    uint64_t step;      /* rows of it that are removed at once */
    uint64_t rows;
    uint64_t begun_ms, reported_ms;
};

static lb_err fail(struct chaining *chaining, const char *why)
{
    return lb_fail(chaining->reason, LB_ERR_STORAGE_UNAVAILABLE,
                   "cannot give the blocklist log its digests: %s. Nothing of it is lost; the next "
                   "start goes on from here",
                   why);
}

/* LB_ERR_STORAGE_FULL: there is no room for it. */
static lb_err fail_sqlite(struct chaining *chaining)
{
    lb_err err = lb_sqlite_error(sqlite3_errcode(chaining->db));
    fail(chaining, sqlite3_errmsg(chaining->db));
    return err;
}

static lb_err execute(struct chaining *chaining, const char *sql)
{
    return sqlite3_exec(chaining->db, sql, NULL, NULL, NULL) == SQLITE_OK ? LB_OK
                                                                          : fail_sqlite(chaining);
}

/* Calls `each` for every row; the statement is finalised. */
static lb_err query(struct chaining *chaining, const char *sql,
                    lb_err (*each)(struct chaining *chaining, sqlite3_stmt *stmt))
{
    sqlite3_stmt *stmt = NULL;
    int code = sqlite3_prepare_v2(chaining->db, sql, -1, &stmt, NULL);
    lb_err err = code == SQLITE_OK ? LB_OK : fail_sqlite(chaining);
    while (!err && (code = sqlite3_step(stmt)) == SQLITE_ROW)
        err = each(chaining, stmt);
    if (!err && code != SQLITE_DONE)
        err = fail_sqlite(chaining);
    sqlite3_finalize(stmt);
    return err;
}

/* About once in LOOK_EVERY rows. */
static lb_err report(struct chaining *chaining)
{
    uint64_t now = lb_clock_mono_ms();
    if (chaining->keep_going && !chaining->keep_going())
        return fail(chaining, "told to stop");
    if (now - chaining->reported_ms < REPORT_EVERY_MS)
        return LB_OK;
    chaining->reported_ms = now;
    lb_log(LB_LOG_INFO, "migration", "%s the blocklist log: %llu %%, %llu rows, since %llu s",
           chaining->phase,
           (unsigned long long)(chaining->all ? chaining->done * 100 / chaining->all : 100),
           (unsigned long long)chaining->rows,
           (unsigned long long)(now - chaining->begun_ms) / 1000);
    return LB_OK;
}

static lb_err count_row(struct chaining *chaining, uint64_t id)
{
    chaining->done = id;
    return ++chaining->rows % LOOK_EVERY == 0 ? report(chaining) : LB_OK;
}

static lb_err begin_workspace(struct chaining *chaining, sqlite3_stmt *stmt)
{
    uint32_t no = (uint32_t)sqlite3_column_int64(stmt, 0);
    return lb_chains_begin(&chaining->heads, no, lb_sqlite_column_str(stmt, 1))
               ? LB_OK
               : lb_fail(chaining->reason, LB_ERR_INTERNAL, "out of memory");
}

static lb_err begin_workspaces(struct chaining *chaining)
{
    return query(chaining, "SELECT no, id FROM workspace", begin_workspace);
}

/* NULL, and a reason: the row is of a workspace that does not exist. */
static struct lb_chain_check *head_of(struct chaining *chaining, uint32_t workspace)
{
    struct lb_chain_check *head = lb_chains_of(&chaining->heads, workspace);
    if (!head)
        fail(chaining, "it has a row of a workspace that does not exist");
    return head;
}

/* --- Copying ---------------------------------------------------------------------------------- */

static lb_err take_last_id(struct chaining *chaining, sqlite3_stmt *stmt)
{
    chaining->done = (uint64_t)sqlite3_column_int64(stmt, 0);
    chaining->all = (uint64_t)sqlite3_column_int64(stmt, 1);
    return LB_OK;
}

/* max(): the other columns are of the row that has it. */
static lb_err take_head(struct chaining *chaining, sqlite3_stmt *stmt)
{
    struct lb_chain_check *head = head_of(chaining, (uint32_t)sqlite3_column_int64(stmt, 0));
    const void *seal = sqlite3_column_blob(stmt, 1);
    if (!head)
        return LB_ERR_STORAGE_UNAVAILABLE;
    if (!seal || sqlite3_column_bytes(stmt, 1) != LB_SEAL_SIZE)
        return fail(chaining, "a row that was copied before has no digest");
    memcpy(head->digest, seal, LB_DIGEST_SIZE);
    return LB_OK;
}

/* Where an earlier attempt came to. */
static lb_err find_place(struct chaining *chaining)
{
    lb_err err = begin_workspaces(chaining);
    if (!err)
        err = query(chaining,
                    "SELECT coalesce((SELECT max(id) FROM blocklist_log_next), 0),"
                    " coalesce((SELECT max(id) FROM blocklist_log), 0)",
                    take_last_id);
    if (!err && chaining->done)
        err = query(chaining,
                    "SELECT workspace, seal, max(id) FROM blocklist_log_next GROUP BY workspace",
                    take_head);
    return err;
}

static lb_err chain_row(struct chaining *chaining, sqlite3_stmt *insert, struct lb_log_row *row)
{
    struct lb_chain_check *head = head_of(chaining, row->list.workspace);
    if (!head)
        return LB_ERR_STORAGE_UNAVAILABLE;
    lb_chain_seed(row->seed);
    if (!row->items.ptr || !lb_chain_digest_row(head->digest, row, row->digest))
        return fail(chaining, "it has a row whose items are not what its kind says");
    lb_sqlite_bind_row(insert, row);
    if (lb_sqlite_run(insert))
        return fail_sqlite(chaining);
    memcpy(head->digest, row->digest, sizeof head->digest);
    return count_row(chaining, row->id);
}

static void read_old_row(sqlite3_stmt *stmt, struct lb_log_row *out)
{
    uint64_t id = (uint64_t)sqlite3_column_int64(stmt, 0);
    *out = (struct lb_log_row){.id = id,
                               .number = id,
                               .list = {.workspace = (uint32_t)sqlite3_column_int64(stmt, 1),
                                        .campaign = (uint32_t)sqlite3_column_int64(stmt, 2)},
                               .kind = (enum lb_log_kind)sqlite3_column_int(stmt, 3),
                               .continues = sqlite3_column_int(stmt, 4) != 0,
                               .actor = (uint32_t)sqlite3_column_int64(stmt, 5),
                               .at = sqlite3_column_int64(stmt, 6),
                               .undoes = (uint64_t)sqlite3_column_int64(stmt, 7),
                               .reason = lb_sqlite_column_str(stmt, 8),
                               .items = lb_sqlite_column_str(stmt, 9),
                               .source = lb_sqlite_column_str(stmt, 10)};
}

/* Copies some rows after the last one. */
static lb_err copy_some(struct chaining *chaining, sqlite3_stmt *select, sqlite3_stmt *insert,
                        bool *more)
{
    size_t bytes = 0;
    int code = SQLITE_ROW;
    lb_err err = LB_OK;
    sqlite3_bind_int64(select, 1, (int64_t)chaining->done);
    while (!err && bytes < STEP_BYTES && (code = sqlite3_step(select)) == SQLITE_ROW) {
        struct lb_log_row row;
        read_old_row(select, &row);
        bytes += ROW_BYTES + row.reason.len + row.items.len + row.source.len;
        err = chain_row(chaining, insert, &row);
    }
    *more = code == SQLITE_ROW;
    sqlite3_reset(select);
    return err || code == SQLITE_ROW || code == SQLITE_DONE ? err : fail_sqlite(chaining);
}

/* Without writing the log of the database back, it would grow to the size of all that is copied. */
static lb_err copy_step(struct chaining *chaining, sqlite3_stmt *select, sqlite3_stmt *insert,
                        bool *more)
{
    lb_err err = execute(chaining, "BEGIN IMMEDIATE");
    if (!err)
        err = copy_some(chaining, select, insert, more);
    if (!err)
        err = execute(chaining, "COMMIT");
    if (err) {
        sqlite3_exec(chaining->db, "ROLLBACK", NULL, NULL, NULL);
        return err;
    }
    if (*more)
        sqlite3_wal_checkpoint_v2(chaining->db, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
    return report(chaining);
}

static lb_err copy_rows(struct chaining *chaining)
{
    sqlite3_stmt *select = NULL;
    sqlite3_stmt *insert = NULL;
    bool more = true;
    lb_err err = find_place(chaining);
    if (!err &&
        (sqlite3_prepare_v2(chaining->db,
                            "SELECT id, workspace, campaign, kind, continues, key, at, undoes,"
                            " reason, items, source FROM blocklist_log WHERE id > ? ORDER BY id",
                            -1, &select, NULL) != SQLITE_OK ||
         sqlite3_prepare_v2(chaining->db, LB_SQLITE_INSERT_ROW("blocklist_log_next"), -1, &insert,
                            NULL) != SQLITE_OK))
        err = fail_sqlite(chaining);
    while (!err && more)
        err = copy_step(chaining, select, insert, &more);
    sqlite3_finalize(select);
    sqlite3_finalize(insert);
    return err;
}

/* --- Looking at what was copied --------------------------------------------------------------- */

static lb_err check_row(struct chaining *chaining, sqlite3_stmt *stmt)
{
    struct lb_log_row row;
    if (!lb_sqlite_read_row(stmt, &row))
        return fail(chaining, "a row of the copy cannot be read");
    const char *wrong = lb_chains_check_row(&chaining->heads, &row);
    if (wrong)
        return lb_fail(chaining->reason, LB_ERR_STORAGE_UNAVAILABLE,
                       "row %llu of the copied blocklist log is wrong: %s",
                       (unsigned long long)row.id, wrong);
    return count_row(chaining, row.id);
}

static lb_err take_difference(struct chaining *chaining, sqlite3_stmt *stmt)
{
    return sqlite3_column_int64(stmt, 0) == 0
               ? LB_OK
               : fail(chaining, "the copy of the log differs from the log");
}

static lb_err check_copy(struct chaining *chaining)
{
    chaining->phase = "checking";
    chaining->rows = 0;
    lb_err err = begin_workspaces(chaining);
    if (!err)
        err =
            query(chaining, "SELECT " LB_SQLITE_ROW_COLUMNS " FROM blocklist_log_next ORDER BY id",
                  check_row);
    if (!err)
        err = query(chaining,
                    "SELECT (SELECT count(*) FROM blocklist_log) <>"
                    " (SELECT count(*) FROM blocklist_log_next)"
                    " OR EXISTS (SELECT 1 FROM blocklist_log o JOIN blocklist_log_next n USING (id)"
                    " WHERE (o.workspace, o.id, o.campaign, o.kind, o.continues, o.key, o.at,"
                    " o.undoes, o.reason, o.items, o.source) IS NOT (n.workspace, n.number,"
                    " n.campaign, n.kind, n.continues, n.key, n.at, n.undoes, n.reason, n.items,"
                    " n.source))",
                    take_difference);
    return err;
}

lb_err lb_sqlite_chain_log(sqlite3 *db, bool (*keep_going)(void), struct lb_reason *reason)
{
    uint64_t now = lb_clock_mono_ms();
    struct chaining chaining = {.db = db,
                                .keep_going = keep_going,
                                .reason = reason,
                                .phase = "copying",
                                .begun_ms = now,
                                .reported_ms = now};
    lb_err err = copy_rows(&chaining);
    uint64_t copied = chaining.rows;
    if (!err)
        err = check_copy(&chaining);
    if (!err && chaining.rows)
        lb_log(LB_LOG_INFO, "migration",
               "the blocklist log has its digests: %llu rows, %llu of them copied now, in %llu ms",
               (unsigned long long)chaining.rows, (unsigned long long)copied,
               (unsigned long long)(lb_clock_mono_ms() - now));
    lb_chains_fini(&chaining.heads);
    return err;
}

/* --- How much room that takes ---------------------------------------------------------------- */

static uint64_t ask_bytes(sqlite3 *db, const char *sql)
{
    sqlite3_stmt *stmt = NULL;
    uint64_t bytes = 0;
    if (sqlite3_prepare_v2(db, sql, -1, &stmt, NULL) == SQLITE_OK &&
        sqlite3_step(stmt) == SQLITE_ROW)
        bytes = (uint64_t)sqlite3_column_int64(stmt, 0);
    sqlite3_finalize(stmt);
    return bytes;
}

uint64_t lb_sqlite_chain_bytes(sqlite3 *db)
{
    char sql[512];
    uint64_t copied = ask_bytes(db, "SELECT max(id) FROM blocklist_log_next");
    snprintf(
        sql, sizeof sql,
        "SELECT sum(%d + length(CAST(items AS BLOB)) + coalesce(length(CAST(reason AS BLOB)), 0)"
        " + coalesce(length(source), 0)) * 9 / 8 FROM blocklist_log WHERE id > %llu",
        ROW_BYTES, (unsigned long long)copied);
    uint64_t bytes = ask_bytes(db, sql);
    uint64_t unused = ask_bytes(db, "PRAGMA freelist_count") * LB_SQLITE_PAGE_BYTES;
    return bytes > unused ? bytes - unused : 0;
}

/* --- Removing the old log --------------------------------------------------------------------- */

static lb_err take_count(struct chaining *chaining, sqlite3_stmt *stmt)
{
    chaining->all = (uint64_t)sqlite3_column_int64(stmt, 0);
    return LB_OK;
}

static lb_err take_step(struct chaining *chaining, sqlite3_stmt *stmt)
{
    chaining->step = 1 + (uint64_t)sqlite3_column_int64(stmt, 0);
    return LB_OK;
}

/* How many of the last rows make a step. */
static lb_err count_for_step(struct chaining *chaining, char sql[256])
{
    snprintf(sql, 256,
             "SELECT %d / (%d + coalesce(max(length(items) + coalesce(length(reason), 0)), 0)) FROM"
             " (SELECT items, reason FROM blocklist_log_old ORDER BY id DESC LIMIT 1000)",
             STEP_BYTES, ROW_BYTES);
    lb_err err = query(chaining, sql, take_step);
    snprintf(sql, 256,
             "DELETE FROM blocklist_log_old WHERE id IN"
             " (SELECT id FROM blocklist_log_old ORDER BY id DESC LIMIT %llu)",
             (unsigned long long)chaining->step);
    return err;
}

lb_err lb_sqlite_empty_old_log(sqlite3 *db, bool (*keep_going)(void), struct lb_reason *reason)
{
    uint64_t now = lb_clock_mono_ms();
    char sql[256];
    struct chaining chaining = {.db = db,
                                .keep_going = keep_going,
                                .reason = reason,
                                .phase = "removing the old table of",
                                .begun_ms = now,
                                .reported_ms = now};
    lb_err err = query(&chaining, "SELECT count(*) FROM blocklist_log_old", take_count);
    while (!err && chaining.done < chaining.all) {
        err = count_for_step(&chaining, sql);
        if (!err)
            err = execute(&chaining, sql);
        if (err)
            return err;
        chaining.rows = chaining.done += (uint64_t)sqlite3_changes(db);
        sqlite3_wal_checkpoint_v2(db, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
        err = report(&chaining);
    }
    return err;
}
