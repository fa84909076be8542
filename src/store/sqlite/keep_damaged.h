/* A copy of the files of a damaged database, made before what is left of them is used. */
#ifndef LB_STORE_SQLITE_KEEP_DAMAGED_H
#define LB_STORE_SQLITE_KEEP_DAMAGED_H

#include "base/err.h"

#include <sqlite3.h>

/* Copies the database at `path`, which `vfs` knows, its log and its mark into the folder
 * `path`.damaged-`name`. When that exists, the same damage has been copied before. */
lb_err lb_keep_damaged(sqlite3_vfs *vfs, const char *path, const char *name,
                       struct lb_reason *reason);

#endif
