/* Copying a whole installation from one store to another: the tables, column by column, and what
 * each backend offers for it in addition to store.h. The code that copies is in domain/copy/copy.h.
 * Sessions and one-time links are not copied: people sign in again.
 *
 * A row is an array of values in the order of its table's columns; backends may have other names
 * for them and store them in other forms. What only one backend has, such as the tokens of a shared
 * store, is none of them: the backend makes it up.
 *
 * Threads: a side belongs to one thread; while it is open no other thread uses its store. */
#ifndef LB_STORE_COPY_H
#define LB_STORE_COPY_H

#include "base/buf.h"
#include "base/err.h"
#include "store/rows.h"

#define LB_COPY_COLUMNS_MAX 30
#define LB_COPY_KEY_MAX     3

enum lb_copy_type {
    LB_COPY_NUMBER,
    LB_COPY_SMALL, /* a number that fits into 16 bits */
    LB_COPY_FLAG,
    LB_COPY_TEXT,
    LB_COPY_BYTES
};

struct lb_copy_column {
    const char *name;
    const char *shared_name; /* in stores that are shared */
    enum lb_copy_type type;
};

/* In the order in which they are copied: what others refer to comes first. */
enum lb_copy_table_id {
    LB_COPY_WORKSPACE,
    LB_COPY_API_KEY,
    LB_COPY_ACCOUNT,
    LB_COPY_CAMPAIGN,
    LB_COPY_STEP,
    LB_COPY_LEAD,
    LB_COPY_LEAD_NAME,
    LB_COPY_ACTIVITY,
    LB_COPY_BLOCKLIST_LOG,
    LB_COPY_AUDIT_LOG,
    LB_COPY_CHECK_COUNT,
    LB_COPY_SIGNING_KEY,
    LB_COPY_IMPORT,
    LB_COPY_VARIANT,
    LB_COPY_EVENT,
    LB_COPY_HOOK,
    LB_COPY_HOOK_DELIVERY,
    LB_COPY_LEAD_PENDING,
    LB_COPY_STOPPED_COMPANY,
    LB_COPY_ERASURE_KEY,
    LB_COPY_ERASED_NAME,
    LB_COPY_SECOND_FACTOR
};
#define LB_COPY_TABLE_COUNT (LB_COPY_SECOND_FACTOR + 1)

struct lb_copy_table {
    enum lb_copy_table_id id;
    const char *name;
    const struct lb_copy_column *columns;
    size_t column_count;
    /* The columns of the primary key. Where the workspace is only there to keep its rows together,
     * a store that is not shared leaves out this first one. */
    unsigned key[LB_COPY_KEY_MAX];
    size_t key_count;
    bool key_without_workspace;
};

/* By enum lb_copy_table_id. */
extern const struct lb_copy_table lb_copy_tables[LB_COPY_TABLE_COUNT];

/* The columns of LB_COPY_BLOCKLIST_LOG. A store that is not shared has an id of the row in
 * addition: it makes it up, in the order in which rows are added, and reads rows in the order of
 * it. */
enum lb_copy_log_column {
    LB_COPY_LOG_WORKSPACE,
    LB_COPY_LOG_NUMBER,
    LB_COPY_LOG_CAMPAIGN,
    LB_COPY_LOG_KIND,
    LB_COPY_LOG_CONTINUES,
    LB_COPY_LOG_KEY,
    LB_COPY_LOG_AT,
    LB_COPY_LOG_UNDOES,
    LB_COPY_LOG_EPOCH,
    LB_COPY_LOG_REASON,
    LB_COPY_LOG_ITEMS,
    LB_COPY_LOG_SOURCE,
    LB_COPY_LOG_IMPORT,
    LB_COPY_LOG_SEED,
    LB_COPY_LOG_DIGEST
};

struct lb_copy_value {
    bool null;
    int64_t number;     /* a flag: 0 or 1; 0 when null */
    struct lb_str text; /* of texts and bytes; ptr NULL when null */
};

struct lb_copy_row {
    struct lb_copy_value values[LB_COPY_COLUMNS_MAX];
};

/* The primary key of a row as bytes, to be kept, and back again: the values point into `bytes`.
 * False when they are no key of that table. */
void lb_copy_write_key(const struct lb_copy_table *table, const struct lb_copy_row *row,
                       struct lb_buf *out);
bool lb_copy_read_key(const struct lb_copy_table *table, struct lb_str bytes,
                      struct lb_copy_value out[LB_COPY_KEY_MAX]);

/* A row of the log. */
void lb_copy_read_log_row(const struct lb_copy_row *row, struct lb_log_row *out);

/* All of a row as bytes: two rows have the same ones if and only if they are equal. */
void lb_copy_write_row(const struct lb_copy_table *table, const struct lb_copy_row *row,
                       struct lb_buf *out);

/* Appends the names of the table's columns, or of those of its primary key, to a statement, with
 * commas between them. `shared`: as a store that several nodes share calls them. */
void lb_copy_append_columns(struct lb_buf *sql, const struct lb_copy_table *table, bool shared);
void lb_copy_append_key(struct lb_buf *sql, const struct lb_copy_table *table, bool shared);

struct lb_store;

/* A store as the source or the target of a copy; each backend has its own. */
struct lb_copy_side;

/* The methods. Every failure has its reason in the struct that was given to `open`. A target that
 * is being copied to has a marker from `start` to `finish`: it says of what it is to become a copy,
 * and is not to be served meanwhile. */
struct lb_store_copy {
    const char *kind; /* "sqlite": sides of one kind read in the same order */

    /* The reason must live as long as the side. */
    lb_err (*open)(struct lb_store *store, struct lb_reason *reason, struct lb_copy_side **out);
    void (*close)(struct lb_copy_side *side);

    /* The marker; empty when the store has none. */
    lb_err (*marker)(struct lb_copy_side *side, struct lb_buf *out);

    /* Makes sure, as far as the store can tell, that no server uses it, and keeps others from
     * copying to it, if it is a `target`, until the side is closed. LB_ERR_CONFLICT with a reason
     * when another process does. */
    lb_err (*claim)(struct lb_copy_side *side, bool target);

    /* Between these two all that is read is of one state. */
    lb_err (*snapshot_begin)(struct lb_copy_side *side);
    void (*snapshot_end)(struct lb_copy_side *side);
    lb_err (*count)(struct lb_copy_side *side, const struct lb_copy_table *table, uint64_t *out);
    /* Goes to the row after that key, in the order of the keys, or with NULL to the first one. */
    lb_err (*read_begin)(struct lb_copy_side *side, const struct lb_copy_table *table,
                         const struct lb_copy_value *after);
    /* The next row, whose strings live until the next call; LB_ERR_NOT_FOUND after the last. */
    lb_err (*read_next)(struct lb_copy_side *side, struct lb_copy_row *out);
    void (*read_end)(struct lb_copy_side *side);
    /* The greatest number, or entry id, that was given out for rows of that table; 0: none, or it
     * has no numbers. */
    lb_err (*last_number)(struct lb_copy_side *side, const struct lb_copy_table *table,
                          uint64_t *out);

    /* Sets the marker of an empty store. */
    lb_err (*start)(struct lb_copy_side *side, struct lb_str marker);
    /* The position that the last committed batch of that table has left; empty when there was
     * none. */
    lb_err (*position)(struct lb_copy_side *side, const struct lb_copy_table *table,
                       struct lb_buf *out);
    /* A batch is a transaction that adds rows to one table. After a failure it is to be rolled
     * back. */
    lb_err (*batch_begin)(struct lb_copy_side *side, const struct lb_copy_table *table);
    lb_err (*batch_add)(struct lb_copy_side *side, const struct lb_copy_row *row);
    lb_err (*batch_commit)(struct lb_copy_side *side, struct lb_str position);
    void (*batch_rollback)(struct lb_copy_side *side);
    /* When all rows are there: makes what the store keeps in addition, goes on with numbers above
     * `last` (by table), and removes the marker, and sessions and links that the target may have
     * had of its own, with which a stranger could sign in; all at once. */
    lb_err (*finish)(struct lb_copy_side *side, const uint64_t last[LB_COPY_TABLE_COUNT]);
};

#endif
