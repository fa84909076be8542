/* After the blocklist log was read to its end: is all in it that the mark beside the database knows
 * of? Rows that another program deleted, and an older copy of the database in its place, look right
 * in every other way.
 *
 * The mark may lag, so that the log has more rows than it knows of: only those up to its last one
 * are compared. Their ids are lower than those of all later rows. */
#include "store/sqlite/internal.h"

#include "base/clock.h"
#include "base/log.h"
#include "store/sqlite/keep_damaged.h"

#include <stdio.h>

/* In words, what is lost of what the mark knows. */
static void describe(const struct lb_log_extent *found, const struct lb_log_extent *recorded,
                     char *out, size_t size)
{
    char when[LB_TIME_TEXT_SIZE];
    uint64_t lost = recorded->rows - found->rows;
    bool at_end = found->last_id < recorded->last_id;
    if (found->rows >= recorded->rows) {
        snprintf(out, size,
                 "has other rows in its blocklist log than were recorded: it is not known what is "
                 "lost");
        return;
    }
    lb_time_format(at_end && found->rows ? found->last_at : recorded->last_at, when);
    snprintf(out, size,
             "lacks %llu row%s of its blocklist log: at most %llu change%s %s %s %s lost%s",
             (unsigned long long)lost, lost == 1 ? "" : "s", (unsigned long long)lost,
             lost == 1 ? "" : "s", at_end && found->rows ? "since" : "until", when,
             lost == 1 ? "is" : "are", at_end ? ", and what else was recorded then" : "");
}

static lb_err keep_files(struct lb_sqlite *sqlite, struct lb_reason *reason)
{
    const struct lb_log_extent *recorded = &sqlite->store.recorded;
    const sqlite3_vfs *pages = sqlite3_vfs_find(sqlite->vfs);
    char name[60];
    snprintf(name, sizeof name, "rows-%llu-%016llx", (unsigned long long)recorded->rows,
             (unsigned long long)recorded->sum[0]);
    return lb_keep_damaged(pages->pAppData, sqlite->path, name, sqlite->found.kept, reason);
}

/* When the loss of the write-ahead log was accepted before, the files were copied as they were, and
 * what is left was checked: how many rows are lost in all is said now. */
static lb_err accept_loss(struct lb_sqlite *sqlite, const char *damage, struct lb_reason *reason)
{
    lb_err err = sqlite->found.accepted ? LB_OK : keep_files(sqlite, reason);
    if (!err && !sqlite->found.accepted)
        err = lb_sqlite_check_what_is_left(sqlite, reason);
    if (!err)
        lb_log(LB_LOG_WARN, "damage",
               "leadblock.db %s; accepted, the files as they were are in %s.damaged-%s", damage,
               sqlite->path, sqlite->found.kept);
    return err;
}

static lb_err compare(struct lb_sqlite *sqlite, const struct lb_log_extent *found,
                      struct lb_reason *reason)
{
    char damage[sizeof reason->text];
    if (memcmp(found, &sqlite->store.recorded, sizeof *found) == 0)
        return LB_OK;
    describe(found, &sqlite->store.recorded, damage, sizeof damage);
    if (sqlite->accept_loss)
        return accept_loss(sqlite, damage, reason);
    return lb_fail(reason, LB_ERR_STORAGE_UNAVAILABLE,
                   "damage: leadblock.db %s; restore a backup, or start with --accept-loss, which "
                   "keeps a copy",
                   damage);
}

/* From then on the mark tells of all of them, and the log may be written. */
static lb_err begin(struct lb_sqlite *sqlite, const struct lb_log_extent *all,
                    struct lb_reason *reason)
{
    struct lb_store *store = &sqlite->store;
    bool news = memcmp(all, &store->recorded, sizeof *all) != 0;
    if (news && !store->recorded.rows)
        lb_log(LB_LOG_INFO, "store", "the mark tells of the rows of the blocklist log: %llu",
               (unsigned long long)all->rows);
    store->recorded = sqlite->committed = sqlite->appended = *all;
    lb_synced_mark_follow(sqlite->mark, &sqlite->appended);
    if (store->read_only)
        return LB_OK;
    if (!sqlite->log_begun)
        return lb_sqlite_begin_log(sqlite, reason);
    if (news) /* when it cannot be written, it lags */
        lb_synced_mark_put(sqlite->mark, true);
    return LB_OK;
}

lb_err lb_sqlite_log_loaded(struct lb_store *store, const struct lb_log_extent *found,
                            const struct lb_log_extent *all, struct lb_reason *reason)
{
    struct lb_sqlite *sqlite = lb_sqlite_of(store);
    lb_err err = compare(sqlite, found, reason);
    return err ? err : begin(sqlite, all, reason);
}

/* --- By itself -------------------------------------------------------------------------------- */

/* Every schema whose mark knows rows has these columns. */
static lb_err read_row(sqlite3_stmt *stmt, struct lb_log_row *out, struct lb_reason *reason)
{
    out->id = (uint64_t)sqlite3_column_int64(stmt, 0);
    out->at = sqlite3_column_int64(stmt, 1);
    const void *seal = sqlite3_column_blob(stmt, 2);
    if (!seal || sqlite3_column_bytes(stmt, 2) < LB_DIGEST_SIZE)
        return lb_fail(reason, LB_ERR_STORAGE_UNAVAILABLE,
                       "damage: row %llu of the blocklist log is wrong: its digest has the wrong "
                       "length; restore a backup",
                       (unsigned long long)out->id);
    memcpy(out->digest, seal, sizeof out->digest);
    return LB_OK;
}

static lb_err read_rows(struct lb_sqlite *sqlite, struct lb_log_extent *found,
                        struct lb_log_extent *all, struct lb_reason *reason)
{
    sqlite3_stmt *stmt = NULL;
    struct lb_log_row row = {0};
    lb_err err = LB_OK;
    int code = sqlite3_prepare_v2(
        sqlite->writer.db, "SELECT id, at, seal FROM blocklist_log ORDER BY id", -1, &stmt, NULL);
    while (!err && code == SQLITE_OK && sqlite3_step(stmt) == SQLITE_ROW) {
        err = read_row(stmt, &row, reason);
        lb_log_extent_add(all, &row);
        if (row.id <= sqlite->store.recorded.last_id)
            *found = *all;
    }
    if (sqlite3_finalize(stmt) != SQLITE_OK || code != SQLITE_OK)
        return lb_sqlite_refuse(sqlite, sqlite3_extended_errcode(sqlite->writer.db),
                                "read its blocklist log", reason);
    return err;
}

lb_err lb_sqlite_compare_rows(struct lb_sqlite *sqlite, struct lb_reason *reason)
{
    struct lb_log_extent found = {0}, all = {0};
    if (!sqlite->store.recorded.rows) /* the mark knows of none */
        return lb_sqlite_begin_log(sqlite, reason);
    lb_err err = read_rows(sqlite, &found, &all, reason);
    return err ? err : lb_sqlite_log_loaded(&sqlite->store, &found, &all, reason);
}
