/* What the files of this folder share: connections and their pipelines, parameters and results, and
 * the open transaction. Threads: a connection belongs to one thread. */
#ifndef LB_STORE_POSTGRES_INTERNAL_H
#define LB_STORE_POSTGRES_INTERNAL_H

#include "store/postgres/postgres.h"
#include "store/postgres/statements.h"

#include "base/buf.h"

#include <endian.h>
#include <libpq-fe.h>

/* Keys of advisory locks, "lead" in ASCII and a number: one is held while the schema is changed,
 * one by a copy of an installation to the database, one by the node that ends histories. 1 was
 * earlier versions'. */
#define LB_PG_SCHEMA_KEY    INT64_C(0x6c65616400000002)
#define LB_PG_COPY_KEY      INT64_C(0x6c65616400000003)
#define LB_PG_RETENTION_KEY INT64_C(0x6c65616400000004)

/* Whether shards of Citus move is asked for so long after a lock was waited for in vain. */
#define LB_PG_MAY_MOVE_MS 2000

#define LB_PG_PENDING_MAX 1024 /* statements sent whose answers were not read */

/* --- Parameters and results ------------------------------------------------------------------- */

#define LB_PG_PARAMS_MAX 120 /* those of LOG_APPEND_MANY */

/* Parameters in the order of the statement; they point into this struct and at the caller's
 * strings until they are sent. */
struct lb_pg_params {
    int count;
    const char *values[LB_PG_PARAMS_MAX];
    int lengths[LB_PG_PARAMS_MAX];
    int formats[LB_PG_PARAMS_MAX];
    uint64_t numbers[LB_PG_PARAMS_MAX]; /* in network order */
};

void lb_pg_add_number(struct lb_pg_params *params, int64_t value);
/* NULL for 0. */
void lb_pg_add_number_or_null(struct lb_pg_params *params, int64_t value);
void lb_pg_add_flag(struct lb_pg_params *params, bool value);
/* NULL for ptr NULL. */
void lb_pg_add_text(struct lb_pg_params *params, struct lb_str text);
void lb_pg_add_bytes(struct lb_pg_params *params, const void *bytes, size_t len);
/* An array as a NUL-terminated string, as the two below make it. */
void lb_pg_add_array(struct lb_pg_params *params, const struct lb_buf *array);

void lb_pg_array_of_numbers(struct lb_buf *out, const uint64_t *numbers, size_t count);
void lb_pg_array_of_texts(struct lb_buf *out, const struct lb_str *texts, size_t count);

/* Of results, which are binary. NULL is 0, false or ptr NULL. */
int64_t lb_pg_number(const PGresult *result, int row, int column);
bool lb_pg_flag(const PGresult *result, int row, int column);
struct lb_str lb_pg_text(const PGresult *result, int row, int column);

/* --- Connections ------------------------------------------------------------------------------ */

struct lb_postgres;
struct lb_pg_cache;
struct lb_pg_queues;

enum lb_pg_item_kind { LB_PG_PREPARE, LB_PG_EXECUTE, LB_PG_SYNC };

/* What was sent and has not been answered yet. */
struct lb_pg_item {
    uint8_t kind;
    uint8_t statement;
    bool keep;     /* the caller wants the result */
    bool answered; /* a result has come, the end of its results not yet */
};

enum lb_pg_commit { LB_PG_COMMIT_NONE, LB_PG_COMMIT_SENT, LB_PG_COMMIT_DONE, LB_PG_COMMIT_REFUSED };

/* Rows whose strings outlive the call that read them, until the next one of its kind. */
enum lb_pg_held { LB_PG_HELD_LOG_ROW, LB_PG_HELD_STATE, LB_PG_HELD_LEAD, LB_PG_HELD_ACTIVITY };
#define LB_PG_HELD_COUNT 4

struct lb_store_reader {
    struct lb_postgres *postgres;
    PGconn *conn; /* NULL: not connected */
    uint64_t retry_at_ms;
    unsigned retry_after_ms;
    unsigned patience_ms;    /* 0: as long as the store's connections wait for an answer */
    bool prepared[PG_COUNT]; /* or about to be, in the pipeline */

    struct lb_pg_item pending[LB_PG_PENDING_MAX]; /* a ring */
    uint64_t sent;                                /* items so far */
    uint64_t answered;                            /* of them */
    unsigned unflushed;
    uint64_t plans_since_sent; /* `sent`, when plans were last forgotten */
    uint64_t plans_since_ms;

    bool in_transaction;
    bool wrote;    /* in it, other than locks and marks */
    lb_err failed; /* of the transaction, or of what is under way */
    bool unusable; /* to be closed when the answers are read */
    bool late;     /* it was closed because no answer came in time */
    bool warned;
    enum lb_pg_commit commit;

    PGresult **kept;
    size_t kept_count;
    size_t kept_capacity;

    PGresult *held[LB_PG_HELD_COUNT];
    struct lb_pg_cache *cache;   /* of prefetched rows; NULL: nothing yet */
    struct lb_pg_queues *queues; /* in which no lead waits; the same */
};

/* Opens one, waits at most about two seconds for each host (or as the conninfo says). NULL on
 * failure, which the reason tells. */
PGconn *lb_pg_connect(const struct lb_postgres *postgres, struct lb_reason *reason);
/* One in which nothing is set, for questions alone. */
PGconn *lb_pg_connect_unconfigured(const struct lb_postgres *postgres, struct lb_reason *reason);

/* Outside of a transaction: makes sure that it is connected, as far as one can tell without asking.
 * Within: LB_OK, or why the transaction failed. */
lb_err lb_pg_ready(struct lb_store_reader *reader);
/* Closes it; a transaction has then failed. */
void lb_pg_drop(struct lb_store_reader *reader);
/* Without an answer for so long it is closed. One that hurries has told the server to give up
 * before that: the session of a closed connection would wait on for the silent part. */
unsigned lb_pg_answer_ms(const struct lb_store_reader *reader);
/* Frees all but the struct. */
void lb_pg_reader_fini(struct lb_store_reader *reader);

/* --- Pipeline --------------------------------------------------------------------------------- */

/* Sends a statement, preparing it at its first use, and waits for nothing unless too much is under
 * way. With `keep` its result will be among `reader->kept`. `params` may be NULL. */
lb_err lb_pg_send(struct lb_store_reader *reader, enum lb_pg_statement statement,
                  const struct lb_pg_params *params, bool keep);
/* Ends a part of the pipeline: a failure before it does not reach what is sent after it. */
lb_err lb_pg_sync(struct lb_store_reader *reader);
/* Reads answers until `answered` is `target`. */
lb_err lb_pg_wait(struct lb_store_reader *reader, uint64_t target);
/* Waits for the answers of all that was sent. */
lb_err lb_pg_settle(struct lb_store_reader *reader);
/* One round trip; `*out` is the caller's to clear. */
lb_err lb_pg_query(struct lb_store_reader *reader, enum lb_pg_statement statement,
                   const struct lb_pg_params *params, PGresult **out);
/* The same; LB_ERR_NOT_FOUND when there is no row. */
lb_err lb_pg_query_one(struct lb_store_reader *reader, enum lb_pg_statement statement,
                       const struct lb_pg_params *params, PGresult **out);
/* The same in a transaction, planned so that rows come in the order of an index where there is one.
 * As long as there are no statistics of a table, PostgreSQL would read all leads of a campaign, and
 * sort those that it wants. */
lb_err lb_pg_query_in_order(struct lb_store_reader *reader, enum lb_pg_statement statement,
                            const struct lb_pg_params *params, PGresult **out);
/* As lb_pg_query_one, with the result held until the next of its kind. */
lb_err lb_pg_query_row(struct lb_store_reader *reader, enum lb_pg_statement statement,
                       const struct lb_pg_params *params, enum lb_pg_held held, PGresult **out);
/* Clears the results that were kept. */
void lb_pg_release(struct lb_store_reader *reader);
/* Reads what has arrived; waits for nothing. */
void lb_pg_take(struct lb_store_reader *reader);

/* --- The store and its open transaction ------------------------------------------------------- */

/* A workspace of the open transaction. */
struct lb_pg_touched {
    uint32_t workspace;
    uint64_t version;        /* access_version before the transaction */
    struct lb_log_mark from; /* where its log ended then */
    uint64_t batch;          /* the last one that changed something of it */
    bool known;              /* are these three known? It is locked, then, or new. */
    uint64_t numbers;        /* that it has given out (row_number.h), with those of now */
    bool has_leads;          /* before or now */
    bool access_changed;
    bool leads_added;
    bool log_changed;
    struct lb_log_mark log; /* where it ends now */
    uint64_t last_event;    /* the number of its last event, with those of the transaction */
    bool last_event_known;
};

/* Rows of the log that wait to be sent together: so many in one statement, LOG_APPEND_MANY, cost
 * little more than one. */
#define LB_PG_ROWS_TOGETHER 8

struct lb_pg_rows {
    struct lb_log_row rows[LB_PG_ROWS_TOGETHER]; /* their strings: in `texts` */
    size_t reason_at[LB_PG_ROWS_TOGETHER];
    size_t items_at[LB_PG_ROWS_TOGETHER];
    size_t source_at[LB_PG_ROWS_TOGETHER];
    size_t import_at[LB_PG_ROWS_TOGETHER];
    struct lb_buf texts;
    size_t count;
};

struct lb_postgres {
    struct lb_store store;
    struct lb_store_reader writer;
    struct lb_pg_rows rows; /* of the open transaction */
    char *conninfo;
    unsigned timeout_ms;
    bool looks;                    /* and changes nothing: a standby will do */
    bool on_citus;                 /* whose shards may move: see transaction.c */
    _Atomic uint64_t connected_ms; /* when a connection was made last */

    struct lb_pg_touched *touched; /* of the open transaction */
    size_t touched_count;
    size_t touched_capacity;
    size_t touched_last; /* the one looked up last */

    size_t left_out;            /* workspaces that the last lb_pg_lock has not waited for */
    uint64_t may_move_until_ms; /* shards of Citus, of which one was waited for in vain */
};

static inline struct lb_postgres *lb_postgres_of(struct lb_store *store)
{
    return (struct lb_postgres *)store;
}

/* transaction.c. NULL: out of memory. */
struct lb_pg_touched *lb_pg_touch(struct lb_postgres *postgres, uint32_t workspace);
/* Locks the workspace if that has not been done. */
lb_err lb_pg_touch_locked(struct lb_postgres *postgres, uint32_t workspace,
                          struct lb_pg_touched **out);
/* The same, and its next number. */
lb_err lb_pg_next_number(struct lb_postgres *postgres, uint32_t workspace, uint64_t *out);
/* Notes that license, keys or campaigns change, and returns the version of rows that do. Locks it
 * as well. */
lb_err lb_pg_touch_access(struct lb_postgres *postgres, uint32_t workspace, uint64_t *out_version);
/* Writes a time to a row of key or campaign, with its new version: $1 and $2 say which, $3 is the
 * time, $4 the version. */
lb_err lb_pg_write_access_time(struct lb_store *store, enum lb_pg_statement statement,
                               uint32_t workspace, uint32_t no, int64_t at);
/* A write without an answer. */
lb_err lb_pg_write(struct lb_store *store, enum lb_pg_statement statement,
                   const struct lb_pg_params *params);

/* migrate.c: makes or updates the schema; several processes may do that at once.
 * `keep_going`: see postgres.h. */
lb_err lb_pg_migrate(PGconn *conn, bool (*keep_going)(void), struct lb_reason *reason);
/* Changes nothing; LB_ERR_CONFLICT: the schema is that of an earlier version, or there is none. */
lb_err lb_pg_check_schema(PGconn *conn, struct lb_reason *reason);
/* chain_log.c: gives the rows of an earlier version their digests, workspace by workspace and in
 * steps; goes on from where an earlier attempt came to. The caller holds the lock of the schema. */
lb_err lb_pg_chain_log(PGconn *conn, bool (*keep_going)(void), struct lb_reason *reason);
/* server.c: refuses servers that cannot be used, and warns of settings that lose writes. */
lb_err lb_pg_check_server(PGconn *conn, bool *out_citus, struct lb_reason *reason);
/* Refuses a pooler that does not keep a session for each connection. It connects by itself, and
 * sets nothing: what is set through such a pooler stays for others. */
lb_err lb_pg_check_pooler(const struct lb_postgres *postgres, struct lb_reason *reason);
/* Fails with `what`, a colon and the server's message in one line. */
lb_err lb_pg_fail(struct lb_reason *reason, lb_err err, const char *what, const char *message);

/* prefetch.c. What was prefetched and not changed since; false: ask the database. `*out` NULL: it
 * does not exist. */
bool lb_pg_cached_entry(struct lb_store_reader *reader, uint32_t workspace, uint64_t id,
                        const PGresult **out, int *out_row);
bool lb_pg_cached_lead(struct lb_store_reader *reader, uint32_t workspace, uint64_t lead,
                       const PGresult **out, int *out_row);
bool lb_pg_cached_activity(struct lb_store_reader *reader, uint32_t workspace, uint64_t lead,
                           uint64_t step, const PGresult **out, int *out_row);
bool lb_pg_cached_name(struct lb_store_reader *reader, uint32_t workspace, struct lb_str name,
                       const PGresult **out, int *out_first, int *out_count);
/* A write changes it: from now on the database is asked. Rows that were given out stay readable. */
void lb_pg_forget_lead(struct lb_store_reader *reader, uint32_t workspace, uint64_t lead);
void lb_pg_forget_activity(struct lb_store_reader *reader, uint32_t workspace, uint64_t lead,
                           uint64_t step);
void lb_pg_forget_activities(struct lb_store_reader *reader, uint32_t workspace, uint64_t lead);
void lb_pg_forget_name(struct lb_store_reader *reader, uint32_t workspace, struct lb_str name);
/* All of it: no longer answered from; and its memory. */
void lb_pg_forget_all(struct lb_store_reader *reader);
void lb_pg_cache_clear(struct lb_store_reader *reader);
void lb_pg_cache_destroy(struct lb_store_reader *reader);

/* queue.c. What leads_due looks into; `ahead`: leads_ahead. */
struct lb_pg_queue {
    uint32_t workspace;
    uint32_t campaign;
    uint64_t step;
    int64_t since;
    enum lb_lead_queue queue;
    bool ahead;
};
void lb_pg_prefetch_queue(struct lb_store_reader *reader, const struct lb_pg_queue *queue);
/* Does no lead wait there? false: ask the database. */
bool lb_pg_cached_none(struct lb_store_reader *reader, const struct lb_pg_queue *queue);
/* A write puts the lead into the queue that its row names. */
void lb_pg_forget_queue(struct lb_store_reader *reader, const struct lb_lead_row *lead);
void lb_pg_queues_clear(struct lb_store_reader *reader);
void lb_pg_queues_destroy(struct lb_store_reader *reader);

/* A row of a result with these columns of the log. */
#define LB_PG_LOG_COLUMNS                                                                          \
    "id, workspace_id, campaign, kind, continues, key, at, undoes, epoch, reason, items, digest,"  \
    " source, import, seed"
void lb_pg_read_log_row(const PGresult *result, int row, struct lb_log_row *out);

/* A row of a result with these columns. */
#define LB_PG_VERSION_COLUMNS                                                                      \
    "workspace_id, access_version, head_row, head_number, head_digest, has_leads, batch_count"
void lb_pg_read_workspace_version(const PGresult *result, int row,
                                  struct lb_workspace_version *out);

/* log.c: sends the rows that wait. Called before anything else is sent. */
lb_err lb_pg_send_rows(struct lb_postgres *postgres);

/* --- The methods ------------------------------------------------------------------------------ */

#define LB_METHOD(type, name, ...)        type lb_pg_##name(__VA_ARGS__);
#define LB_SHARED_METHOD(type, name, ...) type lb_pg_##name(__VA_ARGS__);
#include "store/methods.h"

/* copy.c */
extern const struct lb_store_copy lb_pg_copy;

#endif
