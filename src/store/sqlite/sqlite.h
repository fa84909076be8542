/* The embedded backend: SQLite in WAL mode. Only this folder includes sqlite3.h.
 *
 * Threads: the writer's connection does every commit and every checkpoint (SQLite 3.40 can corrupt
 * a WAL when two connections race there); readers are connections of their own that never write.
 * Source: https://www.sqlite.org/wal.html, sections 2.2 and 3. */
#ifndef LB_STORE_SQLITE_SQLITE_H
#define LB_STORE_SQLITE_SQLITE_H

#include "store/store.h"

struct lb_sqlite_settings {
    const char *path;          /* of the database file; made when it is missing */
    const char *vfs;           /* NULL: SQLite's default; tests name their own */
    unsigned checkpoint_pages; /* pages in the WAL that make `maintain` write them back */
    bool accept_loss;          /* start although the log is damaged, with what there is */
    bool as_it_is;             /* refuse a database of an earlier version, and leave it so */
    /* NULL, or called now and then while all of the database is read or written; false: give up. */
    bool (*keep_going)(void);
};

/* Opens and migrates. A file from a newer version is refused, and so are damaged ones. */
lb_err lb_sqlite_open(const struct lb_sqlite_settings *settings, struct lb_store **out,
                      struct lb_reason *reason);

/* The number of the newest migration that this program knows: what a file has after it was opened.
 */
unsigned lb_sqlite_schema_version(void);

/* The version of SQLite that runs. */
const char *lb_sqlite_library_version(void);

#endif
