#include "daemon/verify.h"

#include "base/log.h"
#include "daemon/database.h"
#include "daemon/evidence.h"
#include "domain/copy/copy.h"

#include <signal.h>
#include <sodium.h>

static lb_err verify_store(struct lb_store *store, struct lb_evidence *evidence,
                           struct lb_verify *verify, struct lb_reason *reason)
{
    lb_err err = lb_copy_check_finished(store, reason);
    if (!err && evidence)
        err = lb_evidence_check_store(evidence, store, reason);
    if (!err)
        err = store->ops->check_files(store, reason);
    verify->store = store;
    verify->take_context = evidence;
    verify->take = evidence ? lb_evidence_take : NULL;
    if (!err)
        err = lb_verify_log(verify, reason);
    return !err && evidence ? lb_evidence_compare(evidence, reason) : err;
}

lb_err lb_daemon_verify(const char *database, const char *statement, struct lb_verify *verify,
                        struct lb_reason *reason)
{
    struct lb_database end;
    struct lb_evidence evidence;
    if (sodium_init() < 0)
        return lb_fail(reason, LB_ERR_INTERNAL, "no entropy");
    lb_err err = statement ? lb_evidence_read(&evidence, statement, reason) : LB_OK;
    if (!err) {
        signal(SIGPIPE, SIG_IGN);
        lb_log_set_level(LB_LOG_ERROR);
        err = lb_database_open(&end, database, LB_DATABASE_LOOK, reason);
        if (!err)
            err = verify_store(end.store, statement ? &evidence : NULL, verify, reason);
        lb_database_close(&end);
    }
    if (statement)
        lb_evidence_fini(&evidence);
    return err;
}
