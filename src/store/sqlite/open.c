#include "store/sqlite/internal.h"

#include <stdlib.h>

#define SMALL_CACHE "PRAGMA cache_size = -4096;"  /* KiB */
#define LARGE_CACHE "PRAGMA cache_size = -65536;" /* holds the names of a million leads */

lb_err lb_sqlite_error(int code)
{
    return (code & 0xff) == SQLITE_FULL ? LB_ERR_STORAGE_FULL : LB_ERR_STORAGE_UNAVAILABLE;
}

sqlite3_stmt *lb_sqlite_prepared(struct lb_store_reader *connection, enum lb_sqlite_statement which,
                                 const char *sql)
{
    sqlite3_stmt **slot = &connection->statements[which];
    if (!*slot)
        sqlite3_prepare_v3(connection->db, sql, -1, SQLITE_PREPARE_PERSISTENT, slot, NULL);
    return *slot;
}

void lb_sqlite_enlarge_cache(struct lb_store_reader *connection)
{
    if (!connection->large_cache)
        connection->large_cache =
            sqlite3_exec(connection->db, LARGE_CACHE, NULL, NULL, NULL) == SQLITE_OK;
}

lb_err lb_sqlite_run(sqlite3_stmt *stmt)
{
    if (!stmt)
        return LB_ERR_STORAGE_UNAVAILABLE;
    sqlite3_step(stmt);
    int code = sqlite3_reset(stmt);
    return code == SQLITE_OK ? LB_OK : lb_sqlite_error(code);
}

lb_err lb_sqlite_end_row(sqlite3_stmt *stmt, int code)
{
    sqlite3_reset(stmt);
    if (code == SQLITE_ROW)
        return LB_OK;
    return code == SQLITE_DONE ? LB_ERR_NOT_FOUND : lb_sqlite_error(code);
}

lb_err lb_sqlite_end_scan(sqlite3_stmt *stmt, lb_err err, int code)
{
    sqlite3_reset(stmt);
    return err || code == SQLITE_DONE ? err : lb_sqlite_error(code);
}

void lb_sqlite_bind_str(sqlite3_stmt *stmt, int index, struct lb_str text)
{
    sqlite3_bind_text(stmt, index, text.ptr, (int)text.len, SQLITE_STATIC);
}

void lb_sqlite_bind_number(sqlite3_stmt *stmt, int index, int64_t value)
{
    if (value)
        sqlite3_bind_int64(stmt, index, value);
    else
        sqlite3_bind_null(stmt, index);
}

struct lb_str lb_sqlite_column_str(sqlite3_stmt *stmt, int column)
{
    const char *text = (const char *)sqlite3_column_text(stmt, column);
    return (struct lb_str){text, text ? (size_t)sqlite3_column_bytes(stmt, column) : 0};
}

/* Closing neither writes the log back nor removes it, which the mark would not know of: a start
 * that fails leaves all as it was, and a stop does it before (lb_sqlite_end_log). */
static void keep_log(sqlite3 *db)
{
    int persist = 1;
    sqlite3_file_control(db, "main", SQLITE_FCNTL_PERSIST_WAL, &persist);
    sqlite3_db_config(db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
}

lb_err lb_sqlite_connect(struct lb_sqlite *sqlite, bool read_only, struct lb_store_reader *out)
{
    *out = (struct lb_store_reader){0};
    int flags = SQLITE_OPEN_NOMUTEX |
                (read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
    int code = sqlite3_open_v2(sqlite->path, &out->db, flags, sqlite->vfs);
    if (code != SQLITE_OK)
        return lb_sqlite_error(code);
    sqlite3_extended_result_codes(out->db, 1);
    keep_log(out->db);
    lb_pages_report(out->db, &sqlite->damage);
    lb_pages_share_index(out->db, &sqlite->index);
    if (!read_only)
        lb_pages_reserve(out->db);
    sqlite3_busy_timeout(out->db, LB_SQLITE_BUSY_MS);
    code = sqlite3_exec(out->db,
                        "PRAGMA wal_autocheckpoint = 0; PRAGMA temp_store = MEMORY;" SMALL_CACHE
                        " PRAGMA trusted_schema = OFF; PRAGMA secure_delete = ON;",
                        NULL, NULL, NULL);
    return code == SQLITE_OK ? LB_OK : lb_sqlite_error(code);
}

void lb_sqlite_disconnect(struct lb_store_reader *connection)
{
    for (int i = 0; i < STMT_COUNT; i++)
        sqlite3_finalize(connection->statements[i]);
    sqlite3_close(connection->db);
    lb_sqlite_pending_destroy(connection);
    *connection = (struct lb_store_reader){0};
}

static int remember_wal_pages(void *context, sqlite3 *db, const char *name, int pages)
{
    struct lb_sqlite *sqlite = context;
    if (pages < sqlite->wal_pages) /* all of it was written back, and it is written over */
        sqlite->wal_pages_tried = 0;
    sqlite->wal_pages = pages;
    return SQLITE_OK;
}

static bool is_read_only(const struct lb_sqlite *sqlite)
{
    return sqlite3_db_readonly(sqlite->writer.db, "main") == 1;
}

/* That its file has room for. */
static uint64_t frames_of_log(const struct lb_sqlite *sqlite)
{
    uint64_t preallocated = sqlite->checkpoint_pages + UINT64_C(1);
    uint64_t found = sqlite->found.log_bytes / LB_SQLITE_PAGE_BYTES;
    return found > preallocated ? found : preallocated;
}

static lb_err bring_up_to_date(struct lb_sqlite *sqlite, struct lb_reason *reason)
{
    sqlite3 *db = sqlite->writer.db;
    lb_err err = sqlite->store.refusal;
    if (sqlite->log_left && err == LB_ERR_STORAGE_UNAVAILABLE)
        return lb_fail(reason, err,
                       "cannot bring the database to this version's schema while another program "
                       "reads %s; end that program and start again",
                       sqlite->path);
    if (!err && !lb_sqlite_has_chain(db) && !lb_sqlite_has_room(sqlite, lb_sqlite_chain_bytes(db)))
        err = LB_ERR_STORAGE_FULL;
    if (!err)
        err = lb_sqlite_migrate(db, LB_SQLITE_SCHEMA_LATEST, sqlite->keep_going, reason);
    if (err != LB_ERR_STORAGE_FULL && !sqlite->store.read_only)
        return err;
    return lb_sqlite_refuse(sqlite, sqlite->store.read_only ? SQLITE_READONLY : SQLITE_FULL,
                            "bring the database to this version's schema", reason);
}

/* Changes nothing. */
static lb_err check_version(const struct lb_sqlite *sqlite, struct lb_reason *reason)
{
    lb_err err = lb_sqlite_recognise(sqlite->writer.db, reason);
    if (err || !sqlite->as_it_is ||
        (sqlite->found.checked && lb_sqlite_is_current(sqlite->writer.db)))
        return err;
    return lb_fail(reason, LB_ERR_CONFLICT,
                   "%s is of an earlier version; start a server of this version on it first",
                   sqlite->path);
}

/* Nothing is written before the rows of the blocklist log were compared with the mark: what a
 * refused start leaves is what it found. A start reads them anyway (lb_sqlite_log_loaded), and a
 * command before its first write; only a migration needs them now. */
static lb_err begin(struct lb_sqlite *sqlite, struct lb_reason *reason)
{
    bool current = lb_sqlite_is_current(sqlite->writer.db);
    bool later = current && sqlite->store.recorded.rows;
    lb_err err = LB_OK;
    if (!sqlite->store.read_only && later)
        sqlite3_exec(sqlite->writer.db, "PRAGMA query_only = ON", NULL, NULL, NULL);
    else if (!sqlite->store.read_only)
        err = lb_sqlite_compare_rows(sqlite, reason);
    if (err || current)
        return err;
    err = bring_up_to_date(sqlite, reason);
    if (err)
        return err;
    /* A package of an earlier version looks for the schema's number in the file's header, which it
     * does not replace then (packaging/debian/leadblock.preinst). */
    sqlite3_wal_checkpoint_v2(sqlite->writer.db, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
    if (!sqlite->as_it_is)
        lb_sqlite_overwrite_at_start(sqlite);
    return LB_OK;
}

static lb_err configure(struct lb_sqlite *sqlite, struct lb_reason *reason)
{
    lb_err err = check_version(sqlite, reason);
    if (!err && is_read_only(sqlite) && !(sqlite->found.checked && sqlite->found.has_mark))
        err = lb_sqlite_refuse(sqlite, SQLITE_READONLY, "begin a log for the database", reason);
    if (!err && !sqlite->found.checked)
        err = lb_sqlite_add_checksums(sqlite, reason);
    if (!err)
        err = lb_sqlite_announce_log(sqlite, reason);
    if (err)
        return err;
    sqlite3 *db = sqlite->writer.db;
    if (sqlite3_exec(db, "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;", NULL, NULL,
                     NULL) != SQLITE_OK)
        return lb_sqlite_refuse(sqlite, sqlite3_extended_errcode(db), "begin its log", reason);
    sqlite3_wal_hook(db, remember_wal_pages, sqlite);
    if (lb_sqlite_pending_create(&sqlite->writer))
        return lb_fail(reason, LB_ERR_INTERNAL, "out of memory");
    err = lb_sqlite_check_opened(sqlite, reason);
    return err ? err : begin(sqlite, reason);
}

void lb_sqlite_close(struct lb_store *store)
{
    struct lb_sqlite *sqlite = lb_sqlite_of(store);
    if (!sqlite)
        return;
    lb_sqlite_end_log(sqlite);
    lb_sqlite_disconnect(&sqlite->writer);
    lb_memory_index_fini(&sqlite->index);
    lb_sqlite_forget_files(sqlite);
    free(sqlite->numbers);
    free(sqlite);
}

lb_err lb_sqlite_reader_open(struct lb_store *store, struct lb_store_reader **out)
{
    struct lb_store_reader *reader = malloc(sizeof *reader);
    if (!reader)
        return LB_ERR_INTERNAL;
    lb_err err = lb_sqlite_connect(lb_sqlite_of(store), true, reader);
    if (err) {
        lb_sqlite_reader_close(reader);
        return err;
    }
    *out = reader;
    return LB_OK;
}

struct lb_store_reader *lb_sqlite_writer_reader(struct lb_store *store)
{
    return &lb_sqlite_of(store)->writer;
}

void lb_sqlite_reader_close(struct lb_store_reader *reader)
{
    if (!reader)
        return;
    lb_sqlite_disconnect(reader);
    free(reader);
}

void lb_sqlite_reader_rest(struct lb_store_reader *reader)
{
    /* Those that stay at their row, so that its strings live. */
    static const enum lb_sqlite_statement held[] = {STMT_LOG_ROW_OF, STMT_CAMPAIGN_STATE, STMT_LEAD,
                                                    STMT_ACTIVITY};
    for (size_t i = 0; i < sizeof held / sizeof *held; i++)
        if (reader->statements[held[i]])
            sqlite3_reset(reader->statements[held[i]]);
}

/* The disk is near: nothing is fetched ahead. */
void lb_sqlite_prefetch_entries(struct lb_store_reader *reader, uint32_t workspace,
                                const uint64_t *ids, size_t count)
{
}

void lb_sqlite_prefetch_leads(struct lb_store_reader *reader, uint32_t workspace,
                              const uint64_t *leads, size_t count, uint64_t step)
{
}

void lb_sqlite_prefetch_names(struct lb_store_reader *reader, uint32_t workspace,
                              const struct lb_str *names, size_t count)
{
}

void lb_sqlite_prefetch_due(struct lb_store_reader *reader, uint32_t workspace, uint32_t campaign,
                            enum lb_lead_queue queue, uint64_t step, int64_t before)
{
}

void lb_sqlite_prefetch_ahead(struct lb_store_reader *reader, uint32_t workspace, uint32_t campaign,
                              enum lb_lead_queue queue, uint64_t step, int64_t after)
{
}

static const struct lb_store_ops sqlite_ops = {
#define LB_METHOD(type, name, ...) .name = lb_sqlite_##name,
#include "store/methods.h"
};

lb_err lb_sqlite_open(const struct lb_sqlite_settings *settings, struct lb_store **out,
                      struct lb_reason *reason)
{
    /* Statistics of memory, which we do not read, cost a lock for every malloc. Fails, harmlessly,
     * when SQLite is in use already. */
    sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
    struct lb_sqlite *sqlite = calloc(1, sizeof *sqlite);
    if (!sqlite)
        return lb_fail(reason, LB_ERR_INTERNAL, "out of memory");
    sqlite->store.ops = &sqlite_ops;
    sqlite->store.copy = &lb_sqlite_copy;
    lb_memory_index_init(&sqlite->index);
    sqlite->checkpoint_pages = settings->checkpoint_pages;
    sqlite->accept_loss = settings->accept_loss;
    sqlite->as_it_is = settings->as_it_is;
    sqlite->keep_going = settings->keep_going;
    lb_err err = lb_sqlite_find_files(sqlite, settings, reason);
    if (!err) {
        lb_memory_index_expect(&sqlite->index, frames_of_log(sqlite));
        err = lb_sqlite_connect(sqlite, false, &sqlite->writer);
        if (err)
            lb_fail(reason, err, "cannot open %s: %s", sqlite->path,
                    sqlite3_errmsg(sqlite->writer.db));
        else
            err = configure(sqlite, reason);
    }
    if (err && atomic_load(&sqlite->damage.found))
        lb_sqlite_intact(&sqlite->store, reason); /* says more than that it cannot be read */
    if (err) {
        lb_sqlite_close(&sqlite->store);
        return err;
    }
    *out = &sqlite->store;
    return LB_OK;
}
