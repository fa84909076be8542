/* A copy of the files of a damaged database, made before what is left of them is used. Threads: the
 * one that opens the store. */
#ifndef LB_STORE_SQLITE_KEEP_DAMAGED_H
#define LB_STORE_SQLITE_KEEP_DAMAGED_H

#include "base/err.h"

#include <sqlite3.h>

#define LB_KEPT_NAME_SIZE 72

/* Copies the database at `path`, which `vfs` knows, its log and its mark into a new folder
 * `path`.damaged-`out_kept`: `name`, which has 60 bytes at most, and from the second copy of that
 * name on a number behind it. A few of them are kept; one more is refused. */
lb_err lb_keep_damaged(sqlite3_vfs *vfs, const char *path, const char *name,
                       char out_kept[LB_KEPT_NAME_SIZE], struct lb_reason *reason);

#endif
