/* Looks for names that the rules of today refuse in a database that no server of this folder
 * serves. Threads: the main one of a process that does nothing else. */
#ifndef LB_DAEMON_DOCTOR_H
#define LB_DAEMON_DOCTOR_H

#include "base/buf.h"
#include "base/err.h"

/* `database` as for lb_database_open; it is only read. Appends the answer of GET /admin/doctor. */
lb_err lb_daemon_doctor(const char *database, struct lb_buf *out, struct lb_reason *reason);

#endif
