/* Copies of a database: made into a folder of their own, to be read back as a start would read
 * them; the copy that is kept is not touched. Threads: the main one of a process that does nothing
 * else meanwhile. */
#ifndef LB_DAEMON_BACKUP_CHECK_H
#define LB_DAEMON_BACKUP_CHECK_H

#include "daemon/verify.h"

/* Copies the backup at `path` into a folder beside it, looks for damage there, and removes the
 * folder. Fills in the counts of `verify`. LB_ERR_CONFLICT: it is damaged; others: it could not be
 * looked at; with a reason. */
lb_err lb_backup_check(const char *path, struct lb_verify *verify, struct lb_reason *reason);

/* Copies the backup at `path` into the folder, which is there, as its database. */
lb_err lb_backup_copy_into(const char *path, const char *folder, struct lb_reason *reason);

/* Removes a folder with what a database leaves in it, and nothing else. */
void lb_backup_remove_folder(const char *folder);

#endif
