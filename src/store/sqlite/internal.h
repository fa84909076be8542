/* What the files of this folder share: connections and cached statements. */
#ifndef LB_STORE_SQLITE_INTERNAL_H
#define LB_STORE_SQLITE_INTERNAL_H

#include "base/watched_file.h"
#include "store/sqlite/pages.h"
#include "store/sqlite/sqlite.h"
#include "store/sqlite/start_check.h"

#include <sqlite3.h>

#define LB_SQLITE_PAGE_BYTES 4096 /* SQLite's default */

enum lb_sqlite_statement {
    STMT_BEGIN,
    STMT_COMMIT,
    STMT_ROLLBACK,
    STMT_WORKSPACE_INSERT,
    STMT_WORKSPACE_SET_PLAN,
    STMT_WORKSPACE_SET_COUNTRY,
    STMT_KEY_INSERT,
    STMT_KEY_REVOKE,
    STMT_KEY_TOUCH,
    STMT_NUMBERS,
    STMT_NUMBERS_SET,
    STMT_CAMPAIGN_INSERT,
    STMT_CAMPAIGN_SET_STATUS,
    STMT_CAMPAIGN_DELETE,
    STMT_CAMPAIGN_END_LIST,
    STMT_CAMPAIGN_REVIVE,
    STMT_CAMPAIGN_KEPT,
    STMT_CAMPAIGN_ACTIVATED,
    STMT_CAMPAIGN_SET_NAME,
    STMT_CAMPAIGN_SET_VARIABLES,
    STMT_CAMPAIGN_SET_SETTINGS,
    STMT_CAMPAIGN_COUNT,
    STMT_CAMPAIGN_STATE,
    STMT_LEADS_TOTAL,
    STMT_STEP_INSERT,
    STMT_STEP_UPDATE,
    STMT_STEP_PLACE,
    STMT_STEPS_DROP,
    STMT_STEPS,
    STMT_VARIANT_INSERT,
    STMT_VARIANT_UPDATE,
    STMT_VARIANT_DELETE,
    STMT_VARIANT_COUNT,
    STMT_VARIANTS_DROP,
    STMT_VARIANTS,
    STMT_LEAD_INSERT,
    STMT_LEAD_NAME_INSERT,
    STMT_LEAD_SET_FORMS,
    STMT_LEADS_BY_FORM, /* six, by enum lb_lead_form, and of the counts five */
    STMT_LEADS_BY_FORM_LAST = STMT_LEADS_BY_FORM + LB_LEAD_FORM_COUNT - 1,
    STMT_LEADS_BY_FORM_COUNT,
    STMT_LEADS_BY_FORM_COUNT_LAST = STMT_LEADS_BY_FORM_COUNT + LB_LEAD_FORM_COUNT - 1,
    STMT_LEADS_WITHOUT_FORMS,
    STMT_PENDING_PUT,
    STMT_PENDING_DROP,
    STMT_PENDING_NEXT,
    STMT_PENDING_EVERYWHERE,
    STMT_LEAD_LEARN,
    STMT_LEAD_MOVE,
    STMT_LEAD_NAME_DELETE,
    STMT_LEAD_GIVE_WAY,
    STMT_LEAD_ACTIVITIES_DELETE,
    STMT_LEAD_DELETE,
    STMT_LEAD,
    STMT_LEADS_NAMED,
    STMT_LEADS_THAT_GAVE_WAY,
    STMT_LEADS_DUE,
    STMT_LEADS_AHEAD,
    STMT_LEADS_PAGE,
    STMT_LEADS_PAGE_BY_STATUS,
    STMT_LEADS_SCHEDULED,
    STMT_LEADS_SET_ASIDE,
    STMT_LEAD_SET_CONTACTED,
    STMT_CONTACT,
    STMT_CAMPAIGN_SKIPPING,
    STMT_LEADS_SKIPPED,
    STMT_STOPPED_COMPANY_PUT,
    STMT_STOPPED_COMPANIES_DROP,
    STMT_STOPPED_COMPANY,
    STMT_ACTIVITY_PUT,
    STMT_ACTIVITY,
    STMT_ACTIVITIES_PAGE,
    STMT_AUDIT_APPEND,
    STMT_AUDIT_PAGE,
    STMT_IMPORT_CHANGES,
    STMT_USER_EVER,
    STMT_CHECKS_ADD,
    STMT_CHECKS,
    STMT_USER_INSERT,
    STMT_USER_SET_PASSWORD,
    STMT_USER_SIGNED_IN,
    STMT_USER_DELETE,
    STMT_USER,
    STMT_USER_BY_EMAIL,
    STMT_USER_BY_ID,
    STMT_USERS,
    STMT_SESSION_INSERT,
    STMT_SESSION_TOUCH,
    STMT_SESSIONS,
    STMT_SESSION_DELETE,
    STMT_SESSIONS_END,
    STMT_SESSIONS_TRIM,
    STMT_SESSIONS_SWEEP,
    STMT_SESSION,
    STMT_LINK_INSERT,
    STMT_LINK_TAKE,
    STMT_LINKS_END,
    STMT_LINKS_SWEEP,
    STMT_LINK,
    STMT_FACTOR,
    STMT_FACTOR_PUT,
    STMT_FACTOR_DELETE,
    STMT_SIGNING_KEY_INSERT,
    STMT_SIGNING_KEY,
    STMT_ERASURE_KEY_INSERT,
    STMT_ERASURE_KEY,
    STMT_ERASURE_NOTE,
    STMT_ERASURE_NOTED,
    STMT_ERASED_NAME_PUT,
    STMT_ERASED_NAMES,
    STMT_LOG_REWRITE,
    STMT_PENDING_FORGET,
    STMT_IMPORTS_FORGET,
    STMT_IMPORT_PUT,
    STMT_IMPORT_NO,
    STMT_IMPORTS_DROP,
    STMT_IMPORT,
    STMT_IMPORTS_PAGE,
    STMT_IMPORT_CHANGE,
    STMT_EVENT_APPEND,
    STMT_EVENTS_DROP,
    STMT_EVENT,
    STMT_EVENTS_PAGE,
    STMT_HOOK_INSERT,
    STMT_HOOK_UPDATE,
    STMT_HOOK_DELETE,
    STMT_HOOK_DELIVERIES_DELETE,
    STMT_HOOK_TAKE,
    STMT_HOOK_PROGRESS,
    STMT_HOOK,
    STMT_HOOKS,
    STMT_HOOKS_OF,
    STMT_DELIVERY_PUT,
    STMT_DELIVERIES_DROP,
    STMT_DELIVERY,
    STMT_DELIVERIES_PAGE,
    STMT_LOG_APPEND,
    STMT_LOG_APPEND_PLAIN,
    STMT_LOG_APPEND_MANY,
    STMT_LOG_APPEND_MANY_PLAIN,
    STMT_LOG_APPEND_MANY_ALIKE,
    STMT_LOG_LAST,
    STMT_LOG_ROW_OF,
    STMT_LOG_SCAN,
    STMT_LOG_READ,
    STMT_LOG_UNDONE,
    STMT_COUNT
};

/* How long a connection waits for another one. */
#define LB_SQLITE_BUSY_MS 5000

/* A connection with its prepared statements; used by one thread at a time. */
struct lb_store_reader {
    sqlite3 *db;
    sqlite3_stmt *statements[STMT_COUNT];
    bool large_cache;                  /* see lb_sqlite_enlarge_cache */
    struct lb_sqlite_pending *pending; /* of the writer's connection, else NULL */
};

/* How many numbers a workspace has given out (row_number.h), with those of the open transaction. */
struct lb_sqlite_numbers {
    uint32_t workspace;
    uint64_t count;
};

enum { LB_WATCHED_DATABASE, LB_WATCHED_LOG, LB_WATCHED_MARK, LB_WATCHED_FILES };

struct lb_sqlite {
    struct lb_store store;
    struct lb_store_reader writer; /* its connection; reads within the open transaction */
    char *path;                    /* absolute */
    const char *vfs;               /* of pages.h */
    struct lb_synced_mark *mark;
    struct lb_start_files found; /* at the start */
    bool log_begun;              /* its rows were compared, and the mark is kept */
    struct lb_page_damage damage;
    struct lb_memory_index index;
    /* Of the blocklist log, since it was loaded: what the last commit left, and with what the open
     * transaction has appended. */
    struct lb_log_extent committed, appended;
    struct lb_sqlite_numbers *numbers; /* of workspaces that gave some out in the transaction */
    size_t numbers_count, numbers_capacity;
    bool log_left; /* by a crash: it could not be begun anew yet, so nothing is written */
    struct lb_watched_file watched[LB_WATCHED_FILES];
    unsigned checkpoint_pages;
    bool accept_loss;         /* see sqlite.h */
    bool as_it_is;            /* the same */
    bool (*keep_going)(void); /* the same */
    bool overwrites;          /* texts were erased, and the files are to be overwritten */
    uint64_t overwrite_at_ms; /* when that is tried again; 0: now */
    int wal_pages;            /* in the WAL after the last commit */
    int wal_pages_tried;      /* the same at the last checkpoint; 0 when the WAL began anew since */
    uint64_t try_again_ms;    /* a checkpoint that left something; 0: the last one did not */
};

static inline struct lb_sqlite *lb_sqlite_of(struct lb_store *store)
{
    return (struct lb_sqlite *)store;
}

/* The cached statement, prepared at its first use and reset; NULL on failure. */
sqlite3_stmt *lb_sqlite_prepared(struct lb_store_reader *connection, enum lb_sqlite_statement which,
                                 const char *sql);

/* Names of leads lie all over their table: with a cache that does not hold it, each is read, and
 * written, on its own, which doubles what adding a lead and looking for one cost. A connection that
 * never touches a name keeps the small cache. */
void lb_sqlite_enlarge_cache(struct lb_store_reader *connection);

/* Runs a prepared statement that returns no rows, and resets it. A NULL statement is a failure. */
lb_err lb_sqlite_run(sqlite3_stmt *stmt);

/* Resets a statement that was stepped once, when its row has been copied: `code` is what it said.
 * LB_ERR_NOT_FOUND when there was no row. */
lb_err lb_sqlite_end_row(sqlite3_stmt *stmt, int code);

/* Resets a statement that was stepped to its end or until `err`: `code` is of the last step. */
lb_err lb_sqlite_end_scan(sqlite3_stmt *stmt, lb_err err, int code);

/* What a failed call outside of COMMIT means for the request. */
lb_err lb_sqlite_error(int code);

/* Binds a string, NULL for ptr NULL, and a number, NULL for 0. The string must outlive the run. */
void lb_sqlite_bind_str(sqlite3_stmt *stmt, int index, struct lb_str text);
void lb_sqlite_bind_number(sqlite3_stmt *stmt, int index, int64_t value);

struct lb_str lb_sqlite_column_str(sqlite3_stmt *stmt, int column);

/* Is the database ours, or a new one, and of a version that this program knows? Changes nothing. */
lb_err lb_sqlite_recognise(sqlite3 *db, struct lb_reason *reason);
/* Has it this version's schema? */
bool lb_sqlite_is_current(sqlite3 *db);
/* Has it one in which each row of the log has a digest, or none yet? */
bool lb_sqlite_has_chain(sqlite3 *db);
/* Up to that schema, at most: LB_SQLITE_SCHEMA_LATEST is that of this version. `keep_going`: see
 * sqlite.h. LB_ERR_STORAGE_FULL: there is no room for it; nothing is lost. */
#define LB_SQLITE_SCHEMA_LATEST    SIZE_MAX
#define LB_SQLITE_SCHEMA_CHECKSUMS 5 /* since which pages have checksums */
#define LB_SQLITE_SCHEMA_CHAIN     7 /* before this one the program copies the log */
lb_err lb_sqlite_migrate(sqlite3 *db, size_t schema, bool (*keep_going)(void),
                         struct lb_reason *reason);
/* SQLite's own check of all indexes and of all pages but those that are free and only listed. */
bool lb_sqlite_is_consistent(sqlite3 *db);

/* free_pages.c: after that check, reads every page of the file, as a backup does: a wrong one is
 * free. The writer's connection. Reads nothing while the log cannot be written back, as on a full
 * disk. SQLite's code. */
int lb_sqlite_read_free_pages(sqlite3 *db);

/* files.c: before the database is opened, finds its absolute path and the layer for its pages, and
 * looks for damage. */
lb_err lb_sqlite_find_files(struct lb_sqlite *sqlite, const struct lb_sqlite_settings *settings,
                            struct lb_reason *reason);
/* Watches the database, its log and its mark: those that are there now, or appear first. */
lb_err lb_sqlite_watch(struct lb_sqlite *sqlite, struct lb_reason *reason);
/* Has its disk room for so many bytes more? True when that is not known. */
bool lb_sqlite_has_room(const struct lb_sqlite *sqlite, uint64_t bytes);
/* Why it cannot be opened, with what to do; `what`: after "cannot". */
lb_err lb_sqlite_refuse(struct lb_sqlite *sqlite, int code, const char *what,
                        struct lb_reason *reason);
/* Before the database is used with a log for the first time: makes a mark, so that a database that
 * was in use and has none is damaged. */
lb_err lb_sqlite_announce_log(struct lb_sqlite *sqlite, struct lb_reason *reason);
/* When SQLite has opened the files: are they those that were judged, is what an accepted loss has
 * left consistent, can it be written? */
lb_err lb_sqlite_check_opened(struct lb_sqlite *sqlite, struct lb_reason *reason);
/* log_loaded.c: reads the rows of the blocklist log, compares them with the mark, and then begins
 * the log, as lb_sqlite_log_loaded does with rows that were read already. */
lb_err lb_sqlite_compare_rows(struct lb_sqlite *sqlite, struct lb_reason *reason);
/* After that and before the first write: writes back what a crash has left in the log, so that it
 * begins anew, and from then on keeps the mark. */
lb_err lb_sqlite_begin_log(struct lb_sqlite *sqlite, struct lb_reason *reason);
/* Before each write: compares and begins, when that was not done yet, and tries again when there
 * was no room or another program read the log. Cheap when it is done. */
lb_err lb_sqlite_resume_log(struct lb_sqlite *sqlite);
/* Before the writer's connection is closed: writes the whole log back, and marks that; or that the
 * files are not what they were. */
void lb_sqlite_end_log(struct lb_sqlite *sqlite);
void lb_sqlite_forget_files(struct lb_sqlite *sqlite);
/* After a loss was accepted, what is left may be no state that the database ever had: it must be
 * consistent at least. */
lb_err lb_sqlite_check_what_is_left(struct lb_sqlite *sqlite, struct lb_reason *reason);

/* add_checksums.c: gives the pages of a database of version 0.1.0 checksums, by way of a new file
 * that takes the place of the old one. A crash leaves either. Opens the writer's connection again.
 */
lb_err lb_sqlite_add_checksums(struct lb_sqlite *sqlite, struct lb_reason *reason);

/* wal.c: gives the write-ahead log its full size, zeroed, so that a commit's fsync has no file
 * metadata to write: it takes half as long (fdatasync of 4 KiB, ext4). The space is kept. Failing
 * is harmless. */
void lb_sqlite_preallocate_wal(struct lb_sqlite *sqlite);

/* numbers.c: runs a statement that inserts a row, with the next number of its workspace as this
 * parameter; and, before the commit, writes down how many there were. */
lb_err lb_sqlite_insert_numbered(struct lb_sqlite *sqlite, sqlite3_stmt *stmt, int parameter,
                                 uint32_t workspace, uint64_t *out);
lb_err lb_sqlite_numbers_write(struct lb_sqlite *sqlite);

/* overwrite.c: between transactions, tries again what could not be overwritten. Cheap otherwise. */
void lb_sqlite_overwrite_later(struct lb_sqlite *sqlite);
/* When the database has this version's schema, and before it is read: finishes what a crash left.
 */
void lb_sqlite_overwrite_at_start(struct lb_sqlite *sqlite);

/* pending.c: rows of the log that were appended, and are inserted together by one statement: before
 * the commit, and before a statement of the same connection reads them. */
lb_err lb_sqlite_pending_create(struct lb_store_reader *connection);
void lb_sqlite_pending_destroy(struct lb_store_reader *connection); /* after its database's close */
void lb_sqlite_pending_drop(struct lb_store_reader *connection);
/* Of a connection that has none: does nothing. After a failure the transaction must be rolled back.
 */
lb_err lb_sqlite_pending_insert(struct lb_store_reader *connection);
/* The same unless all of them have this id or a higher one. */
lb_err lb_sqlite_pending_insert_before(struct lb_store_reader *connection, uint64_t id);

/* All columns of the log, in the order in which rows are bound and read. */
#define LB_SQLITE_ROW_COLUMNS                                                                      \
    "id, workspace, number, campaign, kind, continues, key, at, undoes, epoch, reason, items,"     \
    " source, import, seal"
#define LB_SQLITE_INSERT_ROW(table)                                                                \
    "INSERT INTO " table " (" LB_SQLITE_ROW_COLUMNS                                                \
    ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)"
/* Most rows have the same in some of them, which a statement writes for less when they stand in it.
 * All of the table are named, in its order: SQLite copies each value once more otherwise. */
#define LB_SQLITE_INSERT_PLAIN_ROW(table)                                                          \
    "INSERT INTO " table " (" LB_SQLITE_ROW_COLUMNS                                                \
    ") VALUES (?1, ?2, ?3, ?4, 0, 0, ?7, ?8, NULL, NULL, NULL, ?12, ?13, NULL, ?15)"
#define LB_SQLITE_PLAIN_VALUES                                                                     \
    "id, workspace, number, campaign, 0, 0, key, at, NULL, NULL, NULL, items, source, NULL, seal"
/* The same, of rows that are one workspace's, list's, actor's, time's and source's: what they have
 * in common is bound once. */
#define LB_SQLITE_ALIKE_VALUES                                                                     \
    "id, ?1, number, ?2, 0, 0, ?3, ?4, NULL, NULL, NULL, items, ?5, NULL, seal"
_Static_assert(LB_LOG_BLOCK == 0, "plain rows are of that kind");
static inline bool lb_sqlite_is_plain(const struct lb_log_row *row)
{
    return row->kind == LB_LOG_BLOCK && !row->continues && !row->undoes && !row->epoch &&
           !row->reason.ptr && !row->import.ptr;
}
static inline bool lb_sqlite_are_alike(const struct lb_log_row *a, const struct lb_log_row *b)
{
    return a->list.workspace == b->list.workspace && a->list.campaign == b->list.campaign &&
           a->actor == b->actor && a->at == b->at && !a->source.ptr == !b->source.ptr &&
           (!a->source.ptr || lb_str_equal(a->source, b->source));
}
/* log.c. The row must outlive the run. Reading: false when the row has no items, which is also how
 * a read that is short of memory ends. */
void lb_sqlite_bind_plain_row(sqlite3_stmt *stmt, const struct lb_log_row *row);
void lb_sqlite_bind_row(sqlite3_stmt *stmt, const struct lb_log_row *row);
bool lb_sqlite_read_row(sqlite3_stmt *stmt, struct lb_log_row *out);

/* chain_log.c: copies the log of an earlier version into the table of the next one, with digests;
 * in steps, and from where an earlier attempt came to. */
lb_err lb_sqlite_chain_log(sqlite3 *db, bool (*keep_going)(void), struct lb_reason *reason);
/* What that takes of the disk, about, as far as it is not done; 0 when there is nothing to copy.
 * Reads the whole log. */
uint64_t lb_sqlite_chain_bytes(sqlite3 *db);
/* Removes the rows of the log that was copied, in steps: all at once would need a write-ahead log
 * of its size, since SQLite of Debian writes zeros over what is deleted (SECURE_DELETE). */
lb_err lb_sqlite_empty_old_log(sqlite3 *db, bool (*keep_going)(void), struct lb_reason *reason);

/* The methods. Numbers of campaigns, keys, steps and leads are unique in the file, so those that
 * take one have no use for its workspace. */
#define LB_METHOD(type, name, ...) type lb_sqlite_##name(__VA_ARGS__);
#include "store/methods.h"

/* copy.c */
extern const struct lb_store_copy lb_sqlite_copy;

/* Opens a connection of ours; close it with lb_sqlite_disconnect even after a failure. */
lb_err lb_sqlite_connect(struct lb_sqlite *sqlite, bool read_only, struct lb_store_reader *out);
void lb_sqlite_disconnect(struct lb_store_reader *connection);

#endif
