/* Looks through a database for damage: the pages of a folder's files, and the chains of the
 * blocklist log; and compares a statement about the log with it. Threads: the main one of a process
 * that does nothing else. */
#ifndef LB_DAEMON_VERIFY_H
#define LB_DAEMON_VERIFY_H

#include "store/verify.h"

/* `database` as for lb_database_open. Fills in the store of `verify`. `statement`: the path of a
 * file with one (evidence.h), or NULL. LB_ERR_CONFLICT when something is wrong, which the reason
 * names. */
lb_err lb_daemon_verify(const char *database, const char *statement, struct lb_verify *verify,
                        struct lb_reason *reason);

#endif
