#include "daemon/doctor.h"

#include "api/blocklist/doctor.h"
#include "base/log.h"
#include "daemon/database.h"
#include "domain/access/nodes.h"
#include "domain/copy/copy.h"

#include <signal.h>
#include <sodium.h>

struct looking {
    struct lb_refused_names names;
    struct lb_buf *out;
};

static void put_name(void *context, const struct lb_refused_name *name)
{
    struct looking *looking = context;
    lb_doctor_put(looking->out, name, looking->names.found == 1);
}

static lb_err look(struct looking *looking, struct lb_store_reader *reader)
{
    bool done = false;
    lb_err err = LB_OK;
    lb_buf_append_lit(looking->out, "[");
    while (!err && !done) {
        err = lb_refused_names_look(&looking->names, reader, &done);
        lb_rcu_quiescent();
    }
    lb_buf_append_lit(looking->out, "]");
    lb_refused_names_fini(&looking->names);
    return !err && looking->out->failed ? LB_ERR_INTERNAL : err;
}

/* Reads the blocklists into memory as a start does, and looks at them. */
static lb_err load_and_look(struct lb_store *store, struct lb_buf *out, struct lb_reason *reason)
{
    struct lb_directory *directory = lb_directory_create();
    struct lb_blocklist_settings settings = {.directory = directory, .store = store};
    struct lb_blocklist *blocklist = directory ? lb_blocklist_create(&settings) : NULL;
    struct lb_store_reader *reader = NULL;
    struct looking looking = {.names = {.directory = directory,
                                        .blocklist = blocklist,
                                        .store = store,
                                        .context = &looking,
                                        .each = put_name},
                              .out = out};
    lb_err err = blocklist ? lb_nodes_load_access(directory, store) : LB_ERR_INTERNAL;
    if (!err)
        err = lb_blocklist_load(blocklist, NULL, NULL, reason);
    if (!err)
        err = store->ops->reader_open(store, &reader);
    if (!err)
        err = look(&looking, reader);
    if (reader)
        store->ops->reader_close(reader);
    lb_blocklist_destroy(blocklist);
    if (directory)
        lb_directory_destroy(directory);
    return err;
}

lb_err lb_daemon_doctor(const char *database, struct lb_buf *out, struct lb_reason *reason)
{
    struct lb_database end;
    if (sodium_init() < 0)
        return lb_fail(reason, LB_ERR_INTERNAL, "no entropy");
    signal(SIGPIPE, SIG_IGN);
    lb_log_set_level(LB_LOG_ERROR);
    lb_err err = lb_database_open(&end, database, LB_DATABASE_LOOK, reason);
    if (err == LB_ERR_NOT_FOUND && lb_database_folder(database))
        lb_database_absent(lb_database_folder(database), reason);
    if (!err)
        err = lb_copy_check_finished(end.store, reason);
    if (!err) {
        lb_rcu_thread_register();
        err = load_and_look(end.store, out, reason);
        lb_rcu_thread_unregister();
        if (err && !reason->text[0])
            lb_fail(reason, err, "cannot read the names: %s (leadblock verify tells more)",
                    lb_err_code(err));
    }
    lb_database_close(&end);
    return err;
}
