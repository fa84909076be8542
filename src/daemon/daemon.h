/* The server as a whole: puts the parts together, starts and stops them in order. */
#ifndef LB_DAEMON_DAEMON_H
#define LB_DAEMON_DAEMON_H

#include "config/config.h"
#include "daemon/database.h"
#include "daemon/versions.h"

/* Serves until SIGTERM or SIGINT. Returns the exit code: 0 after an orderly stop, 1 when it could
 * not start or the storage failed, 2 when a setting is wrong. Errors for people go to standard
 * error. Call it before any other thread exists: it blocks the signals for all of them. */
int lb_daemon_run(const struct lb_config *config, const struct lb_build_info *build);

/* The same program without TCP and without the blocklists in memory: serves a socket of its own in
 * a data folder, LB_FOLDER_COMMAND_SOCKET, from threads of its own, for a command that finds no
 * server running. `use` says whether it may make a folder or a database.
 * LB_ERR_ALREADY_EXISTS: a server or another command holds the folder; LB_ERR_NOT_FOUND: there is
 * none, and none is made. */
struct lb_daemon;
lb_err lb_daemon_start_local(const char *data_dir, const char *database, enum lb_database_use use,
                             struct lb_daemon **out, struct lb_reason *reason);
void lb_daemon_stop_local(struct lb_daemon *daemon);

#endif
