/* Looks at the database, its log and the mark before SQLite opens them, and refuses what is damaged
 * in a way that SQLite would take for an end, or for a new database.
 *
 * - The log does not reach the mark: a frame up to it is damaged, or the log was cut, removed or
 *   replaced. What stands after the mark is a torn tail as ever.
 * - The log has other salts than the mark, and the mark does not say that it may.
 * - The database is absent, empty or shorter than it was, beside a log or a mark.
 * - The database is another one than the mark's, or a backup beside a log or a mark.
 * - The first page's header says that the pages have no checksums, and they have.
 * - The database has been in use, and there is no mark.
 *
 * A folder of version 0.1.0 or of a restored backup has no mark and gets one.
 * Threads: the one that opens the store. */
#ifndef LB_STORE_SQLITE_START_CHECK_H
#define LB_STORE_SQLITE_START_CHECK_H

#include "store/sqlite/keep_damaged.h"
#include "store/sqlite/synced_mark.h"

#include "base/err.h"

struct lb_start_check {
    sqlite3_vfs *vfs; /* the one below the pages' */
    const char *path; /* of the database, absolute */
    bool accept_loss; /* keep a copy of the files, and begin with what there is */
    struct lb_synced_mark *mark;
};

/* What there is. */
struct lb_start_files {
    bool checked;      /* the database has checksums, or is new */
    bool has_mark;     /* there is one, perhaps written before the database was first used */
    bool marked;       /* there is one that says how far the log was synced */
    bool ends_at_mark; /* the log has no commit that the mark does not know */
    bool accepted;     /* damage was found, and its loss accepted: look whether it is consistent */
    char kept[LB_KEPT_NAME_SIZE]; /* then: the copy, see lb_keep_damaged */
    uint64_t id;                  /* of the database, 0: it has none */
    uint64_t database_bytes;
    uint64_t log_bytes;
};

/* LB_OK, or LB_ERR_STORAGE_UNAVAILABLE with a reason that says what is lost at most and what to do.
 * Changes nothing but for `accept_loss`, and a torn frame of the log, which is ended before it.
 * Sets what the mark says now to where the log ends; of the blocklist log it says what it did, also
 * after a loss: what of it is absent is told when it was read (see log_loaded.c). */
lb_err lb_start_check(const struct lb_start_check *check, struct lb_start_files *out,
                      struct lb_reason *reason);

#endif
