/* Files of the disk, not of a test's VFS. What a full disk means is in transaction.c (for a change)
 * and in files.c (for a start). All return false and leave errno. Threads: any. */
#ifndef LB_STORE_SQLITE_DISK_H
#define LB_STORE_SQLITE_DISK_H

#include <stdbool.h>

/* Waits until a file, or the names in a folder, are durable. */
bool lb_disk_sync(const char *path);

/* The same for the names in the folder that has the file. */
bool lb_disk_sync_folder_of(const char *path);

#endif
