/* A file beside the database, opened through SQLite's file system layer and not through SQLite.
 * Threads: a file belongs to one. */
#ifndef LB_STORE_SQLITE_VFS_FILE_H
#define LB_STORE_SQLITE_VFS_FILE_H

#include <sqlite3.h>

#define LB_LOG_SUFFIX     "-wal"
#define LB_MARK_SUFFIX    "-mark"
#define LB_JOURNAL_SUFFIX "-journal"

struct lb_vfs_file {
    sqlite3_file *file; /* NULL: not open */
    char *name;         /* the layer keeps it while the file is open */
};

/* Opens the file `path` with `suffix`. SQLite's code. A file that does not exist is SQLITE_OK and
 * not open, unless the flags have SQLITE_OPEN_CREATE. */
int lb_vfs_file_open(sqlite3_vfs *vfs, const char *path, const char *suffix, int flags,
                     struct lb_vfs_file *out);
void lb_vfs_file_close(struct lb_vfs_file *file);

int lb_vfs_file_exists(sqlite3_vfs *vfs, const char *path, const char *suffix, int *out);

#endif
