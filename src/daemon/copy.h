/* Copies an installation from one database to another: finds and opens the two, and holds the
 * folders of those that are in one. Threads: the main one of a process that does nothing else. */
#ifndef LB_DAEMON_COPY_H
#define LB_DAEMON_COPY_H

#include "domain/copy/copy.h"

/* `from` and `to`: "sqlite:FOLDER", the path of a data folder, or a PostgreSQL database as in the
 * setting `database`. Fills in both stores of the settings. Failures as lb_copy_run; reasons hold
 * no passwords. */
lb_err lb_daemon_copy(const char *from, const char *to, struct lb_copy_settings *settings,
                      struct lb_copy_report *report, struct lb_reason *reason);

#endif
