#include "daemon/verify.h"

#include "base/log.h"
#include "daemon/database.h"
#include "daemon/evidence.h"
#include "domain/access/nodes.h"
#include "domain/blocklist/blocklist.h"
#include "domain/copy/copy.h"

#include <signal.h>
#include <sodium.h>

static lb_err load(struct lb_store *store, struct lb_reason *reason)
{
    struct lb_directory *directory = lb_directory_create();
    struct lb_blocklist_settings settings = {.directory = directory, .store = store};
    struct lb_blocklist *blocklist = directory ? lb_blocklist_create(&settings) : NULL;
    lb_err err = LB_ERR_INTERNAL;
    if (blocklist)
        err = lb_nodes_load_access(directory, store);
    if (!err)
        err = lb_blocklist_load(blocklist, NULL, NULL, reason);
    if (blocklist)
        lb_blocklist_destroy(blocklist);
    if (directory)
        lb_directory_destroy(directory);
    if (err == LB_ERR_INTERNAL)
        return lb_fail(reason, err, "out of memory");
    if (err && reason->text[0]) /* rows are absent */
        return LB_ERR_CONFLICT;
    return err ? lb_fail(
                     reason, LB_ERR_CONFLICT,
                     "all digests are right, but no server could start: the blocklist log names "
                     "an entry that does not exist, or cannot be read")
               : LB_OK;
}

/* Reads the log into memory as a start does. Its rows name entries of earlier rows by number, which
 * the digests do not look at. */
static lb_err check_start(struct lb_store *store, struct lb_reason *reason)
{
    lb_rcu_thread_register();
    lb_err err = load(store, reason);
    lb_rcu_thread_unregister();
    return err;
}

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
    if (!err && evidence)
        err = lb_evidence_compare(evidence, reason);
    return err ? err : check_start(store, reason);
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
