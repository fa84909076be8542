/* When a backup was last made and checked: `leadblock backup` tells the server, which notes it in a
 * file of the data folder, for /metrics and `leadblock doctor`. Threads: any. */
#ifndef LB_API_SYSTEM_BACKUP_H
#define LB_API_SYSTEM_BACKUP_H

#include <stdbool.h>
#include <stdint.h>

#define LB_BACKUP_MARK "last-backup" /* its time and path */

/* False: there is no mark in the data folder. */
bool lb_backup_read_mark(const char *folder, int64_t *out_ms);

#endif
