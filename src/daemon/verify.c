#include "daemon/verify.h"

#include "base/log.h"
#include "daemon/database.h"
#include "domain/copy/copy.h"

#include <signal.h>
#include <sodium.h>

lb_err lb_daemon_verify(const char *database, struct lb_verify *verify, struct lb_reason *reason)
{
    struct lb_database end;
    if (sodium_init() < 0)
        return lb_fail(reason, LB_ERR_INTERNAL, "no entropy");
    signal(SIGPIPE, SIG_IGN);
    lb_log_set_level(LB_LOG_ERROR);
    lb_err err = lb_database_open(&end, database, LB_DATABASE_LOOK, reason);
    if (!err)
        err = lb_copy_check_finished(end.store, reason);
    if (!err)
        err = end.store->ops->check_files(end.store, reason);
    verify->store = end.store;
    if (!err)
        err = lb_verify_log(verify, reason);
    lb_database_close(&end);
    return err;
}
