/* What the files of this folder share: connections and cached statements. */
#ifndef LB_STORE_SQLITE_INTERNAL_H
#define LB_STORE_SQLITE_INTERNAL_H

#include "store/sqlite/sqlite.h"

#include <sqlite3.h>

enum lb_sqlite_statement {
    STMT_BEGIN,
    STMT_COMMIT,
    STMT_ROLLBACK,
    STMT_WORKSPACE_INSERT,
    STMT_WORKSPACE_SET_PLAN,
    STMT_KEY_INSERT,
    STMT_KEY_REVOKE,
    STMT_KEY_TOUCH,
    STMT_CAMPAIGN_INSERT,
    STMT_CAMPAIGN_SET_STATUS,
    STMT_CAMPAIGN_DELETE,
    STMT_CAMPAIGN_ACTIVATED,
    STMT_CAMPAIGN_SET_VARIABLES,
    STMT_CAMPAIGN_COUNT,
    STMT_CAMPAIGN_STATE,
    STMT_STEP_INSERT,
    STMT_STEP_UPDATE,
    STMT_STEP_PLACE,
    STMT_STEPS_DROP,
    STMT_STEPS,
    STMT_LEAD_INSERT,
    STMT_LEAD_NAME_INSERT,
    STMT_LEAD_LEARN,
    STMT_LEAD_MOVE,
    STMT_LEAD_NAME_DELETE,
    STMT_LEAD_ACTIVITIES_DELETE,
    STMT_LEAD_DELETE,
    STMT_LEAD,
    STMT_LEADS_NAMED,
    STMT_LEADS_DUE,
    STMT_LEADS_PAGE,
    STMT_LEADS_PAGE_BY_STATUS,
    STMT_LEADS_SCHEDULED,
    STMT_LEADS_SET_ASIDE,
    STMT_ACTIVITY_PUT,
    STMT_ACTIVITY,
    STMT_ACTIVITIES_PAGE,
    STMT_AUDIT_APPEND,
    STMT_AUDIT_PAGE,
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
    STMT_SESSION_DELETE,
    STMT_SESSIONS_END,
    STMT_SESSIONS_SWEEP,
    STMT_SESSION,
    STMT_LINK_INSERT,
    STMT_LINK_TAKE,
    STMT_LINKS_END,
    STMT_LINKS_SWEEP,
    STMT_LINK,
    STMT_LOG_APPEND,
    STMT_LOG_LAST,
    STMT_LOG_ROW_OF,
    STMT_LOG_SCAN,
    STMT_LOG_UNDONE,
    STMT_COUNT
};

/* A connection with its prepared statements; used by one thread at a time. */
struct lb_store_reader {
    sqlite3 *db;
    sqlite3_stmt *statements[STMT_COUNT];
    bool large_cache; /* see lb_sqlite_enlarge_cache */
};

struct lb_sqlite {
    struct lb_store store;
    struct lb_store_reader writer; /* its connection; reads within the open transaction */
    char *path;
    char *vfs;
    unsigned checkpoint_pages;
    int wal_pages; /* in the WAL after the last commit */
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

/* Resets a statement that was stepped to its end or until `err`: `code` is of the last step. */
lb_err lb_sqlite_end_scan(sqlite3_stmt *stmt, lb_err err, int code);

/* What a failed call outside of COMMIT means for the request. */
lb_err lb_sqlite_error(int code);

/* Binds a text, NULL for ptr NULL, and a number, NULL for 0. The text must outlive the run. */
void lb_sqlite_bind_str(sqlite3_stmt *stmt, int index, struct lb_str text);
void lb_sqlite_bind_number(sqlite3_stmt *stmt, int index, int64_t value);

struct lb_str lb_sqlite_column_str(sqlite3_stmt *stmt, int column);

/* Is the database ours, or a new one, and of a version that this program knows? Changes nothing. */
lb_err lb_sqlite_recognise(sqlite3 *db, struct lb_reason *reason);
lb_err lb_sqlite_migrate(sqlite3 *db, struct lb_reason *reason);

/* wal.c: gives the write-ahead log its full size, zeroed, so that a commit's fsync has no file
 * metadata to write: it takes half as long (fdatasync of 4 KiB, ext4). The space is kept. Failing
 * is harmless. */
void lb_sqlite_preallocate_wal(struct lb_sqlite *sqlite);

/* The methods. Numbers of campaigns, keys, steps and leads are unique in the file, so those that
 * take one have no use for its workspace. */

/* write.c */
lb_err lb_sqlite_begin(struct lb_store *store);
lb_err lb_sqlite_commit(struct lb_store *store);
void lb_sqlite_rollback(struct lb_store *store);
lb_err lb_sqlite_log_append(struct lb_store *store, const struct lb_log_row *row);
uint64_t lb_sqlite_log_next_id(struct lb_store *store);
lb_err lb_sqlite_probe(struct lb_store *store);
void lb_sqlite_maintain(struct lb_store *store, bool idle);
/* access.c */
lb_err lb_sqlite_workspace_insert(struct lb_store *store, struct lb_workspace_row *row);
lb_err lb_sqlite_workspace_set_plan(struct lb_store *store, uint32_t no, enum lb_plan plan,
                                    int64_t expires_at);
lb_err lb_sqlite_key_insert(struct lb_store *store, struct lb_key_row *row);
lb_err lb_sqlite_key_revoke(struct lb_store *store, uint32_t workspace, uint32_t no, int64_t at);
lb_err lb_sqlite_key_touch(struct lb_store *store, uint32_t workspace, uint32_t no,
                           int64_t last_used_at);
lb_err lb_sqlite_load_workspaces(struct lb_store *store, void *context,
                                 lb_err (*each)(void *, const struct lb_workspace_row *));
lb_err lb_sqlite_load_keys(struct lb_store *store, void *context,
                           lb_err (*each)(void *, const struct lb_key_row *));
/* campaign.c */
lb_err lb_sqlite_campaign_insert(struct lb_store *store, struct lb_campaign_row *row);
lb_err lb_sqlite_campaign_set_status(struct lb_store *store, uint32_t workspace, uint32_t no,
                                     enum lb_campaign_status status);
lb_err lb_sqlite_campaign_delete(struct lb_store *store, uint32_t workspace, uint32_t no,
                                 int64_t at);
lb_err lb_sqlite_load_campaigns(struct lb_store *store, void *context,
                                lb_err (*each)(void *, const struct lb_campaign_row *));
lb_err lb_sqlite_load_deleted_campaigns(struct lb_store *store, void *context,
                                        lb_err (*each)(void *, uint32_t workspace,
                                                       uint32_t campaign));
lb_err lb_sqlite_campaign_activated(struct lb_store *store, uint32_t workspace, uint32_t no,
                                    int64_t at);
lb_err lb_sqlite_campaign_set_variables(struct lb_store *store, uint32_t workspace, uint32_t no,
                                        struct lb_str variables);
lb_err lb_sqlite_campaign_count(struct lb_store *store, uint32_t workspace, uint32_t no,
                                const struct lb_counts *change);
lb_err lb_sqlite_campaign_state(struct lb_store_reader *reader, uint32_t workspace, uint32_t no,
                                struct lb_campaign_state *out);
/* step.c */
lb_err lb_sqlite_step_insert(struct lb_store *store, struct lb_step_row *row);
lb_err lb_sqlite_step_update(struct lb_store *store, const struct lb_step_row *row);
lb_err lb_sqlite_step_place(struct lb_store *store, uint32_t workspace, uint32_t no,
                            uint32_t position);
lb_err lb_sqlite_steps_drop(struct lb_store *store, uint32_t workspace, uint32_t campaign);
lb_err lb_sqlite_steps(struct lb_store_reader *reader, uint32_t workspace, uint32_t campaign,
                       bool bodies, void *context,
                       lb_err (*each)(void *, const struct lb_step_row *));
/* lead.c */
lb_err lb_sqlite_lead_insert(struct lb_store *store, struct lb_lead_row *row);
lb_err lb_sqlite_lead_learn(struct lb_store *store, const struct lb_lead_row *row,
                            struct lb_str name);
lb_err lb_sqlite_lead_forget(struct lb_store *store, const struct lb_lead_row *row,
                             struct lb_str name);
lb_err lb_sqlite_lead_move(struct lb_store *store, const struct lb_lead_row *row);
lb_err lb_sqlite_lead_delete(struct lb_store *store, const struct lb_lead_row *row);
lb_err lb_sqlite_lead(struct lb_store_reader *reader, uint32_t workspace, uint64_t no,
                      struct lb_lead_row *out);
lb_err lb_sqlite_leads_named(struct lb_store_reader *reader, uint32_t workspace, struct lb_str name,
                             uint32_t after, size_t max, struct lb_lead_ref *out,
                             size_t *out_count);
lb_err lb_sqlite_leads_due(struct lb_store_reader *reader, uint32_t workspace, uint32_t campaign,
                           enum lb_lead_queue queue, uint32_t step, int64_t before, size_t max,
                           uint64_t *out, size_t *out_count);
lb_err lb_sqlite_leads_page(struct lb_store_reader *reader, uint32_t workspace, uint32_t campaign,
                            int status, uint64_t below, uint64_t skip, size_t take, void *context,
                            lb_err (*each)(void *, const struct lb_lead_row *));
lb_err lb_sqlite_leads_scheduled(struct lb_store_reader *reader, uint32_t workspace,
                                 uint32_t campaign, uint64_t skip, size_t take, void *context,
                                 lb_err (*each)(void *, const struct lb_lead_row *));
lb_err lb_sqlite_leads_set_aside(struct lb_store_reader *reader, uint32_t workspace,
                                 uint32_t campaign, uint64_t skip, size_t take, void *context,
                                 lb_err (*each)(void *, const struct lb_lead_row *));
/* audit.c */
lb_err lb_sqlite_audit_append(struct lb_store *store, const struct lb_audit_row *row);
lb_err lb_sqlite_audit_page(struct lb_store_reader *reader, uint32_t workspace, uint64_t below,
                            size_t take, void *context,
                            lb_err (*each)(void *, const struct lb_audit_row *));
lb_err lb_sqlite_checks_add(struct lb_store *store, const struct lb_checks_row *row);
lb_err lb_sqlite_checks(struct lb_store_reader *reader, uint32_t workspace, uint32_t first_day,
                        void *context, lb_err (*each)(void *, const struct lb_checks_row *));
/* account.c */
lb_err lb_sqlite_user_insert(struct lb_store *store, struct lb_user_row *row);
lb_err lb_sqlite_user_set_password(struct lb_store *store, uint32_t no, struct lb_str hash);
lb_err lb_sqlite_user_signed_in(struct lb_store *store, uint32_t no, int64_t at);
lb_err lb_sqlite_user_delete(struct lb_store *store, uint32_t no, int64_t at);
lb_err lb_sqlite_user(struct lb_store_reader *reader, uint32_t no, struct lb_user_row *out);
lb_err lb_sqlite_user_by_email(struct lb_store_reader *reader, struct lb_str email,
                               struct lb_user_row *out);
lb_err lb_sqlite_user_by_id(struct lb_store_reader *reader, struct lb_str id,
                            struct lb_user_row *out);
lb_err lb_sqlite_users(struct lb_store_reader *reader, void *context,
                       lb_err (*each)(void *, const struct lb_user_row *));
lb_err lb_sqlite_session_insert(struct lb_store *store, const struct lb_session_row *row);
lb_err lb_sqlite_session_delete(struct lb_store *store, const uint8_t *token_hash);
lb_err lb_sqlite_sessions_end(struct lb_store *store, uint32_t user);
lb_err lb_sqlite_session(struct lb_store_reader *reader, const uint8_t *token_hash,
                         struct lb_session_row *out, struct lb_user_row *out_user);
lb_err lb_sqlite_link_insert(struct lb_store *store, const struct lb_link_row *row);
lb_err lb_sqlite_link_take(struct lb_store *store, const uint8_t *token_hash);
lb_err lb_sqlite_link(struct lb_store_reader *reader, const uint8_t *token_hash,
                      struct lb_link_row *out);
lb_err lb_sqlite_accounts_sweep(struct lb_store *store, int64_t before);
/* activity.c */
lb_err lb_sqlite_activity_put(struct lb_store *store, const struct lb_activity_row *row);
lb_err lb_sqlite_activity(struct lb_store_reader *reader, uint32_t workspace, uint64_t lead,
                          uint32_t step, struct lb_activity_row *out);
lb_err lb_sqlite_activities_page(struct lb_store_reader *reader, uint32_t workspace,
                                 uint32_t campaign, unsigned states, uint64_t skip, size_t take,
                                 void *context,
                                 lb_err (*each)(void *, const struct lb_activity_row *));
/* read.c */
lb_err lb_sqlite_reader_open(struct lb_store *store, struct lb_store_reader **out);
struct lb_store_reader *lb_sqlite_writer_reader(struct lb_store *store);
void lb_sqlite_reader_close(struct lb_store_reader *reader);
void lb_sqlite_reader_rest(struct lb_store_reader *reader);
lb_err lb_sqlite_log_row_of(struct lb_store_reader *reader, uint32_t workspace, uint64_t id,
                            struct lb_log_row *out);
lb_err lb_sqlite_log_undone(struct lb_store_reader *reader, uint32_t workspace, uint64_t change,
                            bool *out);
lb_err lb_sqlite_log_scan(struct lb_store_reader *reader, uint32_t workspace, uint64_t first,
                          uint64_t end, void *context,
                          lb_err (*each)(void *, const struct lb_log_row *));
/* The disk is near: nothing is fetched ahead. */
void lb_sqlite_expect_entries(struct lb_store_reader *reader, uint32_t workspace,
                              const uint64_t *ids, size_t count);
void lb_sqlite_expect_leads(struct lb_store_reader *reader, uint32_t workspace,
                            const uint64_t *leads, size_t count, uint32_t step);
void lb_sqlite_expect_names(struct lb_store_reader *reader, uint32_t workspace,
                            const struct lb_str *names, size_t count);
/* backup.c */
lb_err lb_sqlite_backup(struct lb_store_reader *reader, const char *path, uint64_t *out_bytes,
                        struct lb_reason *reason);

/* copy.c */
extern const struct lb_store_copy lb_sqlite_copy;

/* Opens a connection of ours; close it with lb_sqlite_disconnect even after a failure. */
lb_err lb_sqlite_connect(const char *path, const char *vfs, bool read_only,
                         struct lb_store_reader *out);
void lb_sqlite_disconnect(struct lb_store_reader *connection);

#endif
