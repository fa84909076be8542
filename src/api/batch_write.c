#include "api/batch_write.h"

#include <time.h>

#define BUSY_PAUSE_MS 50
#define BUSY_TRIES    600

static void arrived(struct lb_task *task)
{
}

lb_err lb_batch_writer_init(struct lb_batch_writer *writer)
{
    writer->arrived.run = arrived;
    writer->mailbox = lb_mailbox_create();
    return writer->mailbox ? LB_OK : LB_ERR_OVERLOADED;
}

void lb_batch_writer_fini(struct lb_batch_writer *writer)
{
    if (writer->mailbox)
        lb_mailbox_destroy(writer->mailbox);
    writer->mailbox = NULL;
}

static lb_err write_once(struct lb_batch_writer *writer, struct lb_call *call,
                         struct lb_write *write)
{
    write->completion = &writer->arrived;
    write->home = writer->mailbox;
    write->share = &call->workspace->writes;
    write->workspace = call->workspace->row.no;
    write->installation = write->workspace == LB_INSTALLATION_NO;
    lb_err err = lb_writer_submit(call->app->writer, write);
    if (err)
        return err;
    while (lb_mailbox_drain(writer->mailbox) == 0)
        lb_mailbox_wait(writer->mailbox, -1);
    return write->result;
}

/* A full workspace has the same code, and says so. */
static bool is_busy(const struct lb_write *write, lb_err err)
{
    return (err == LB_ERR_OVERLOADED || err == LB_ERR_WORKSPACE_OVERLOADED) &&
           !write->reason.text[0];
}

lb_err lb_batch_write(struct lb_batch_writer *writer, struct lb_call *call, void *context,
                      struct lb_write *(*prepare)(void *context))
{
    static const struct timespec pause = {.tv_nsec = BUSY_PAUSE_MS * 1000000L};
    lb_err err = LB_ERR_STORAGE_UNAVAILABLE;
    for (unsigned i = 0; i < BUSY_TRIES && !atomic_load(&call->app->hurrying); i++) {
        lb_rcu_online();
        struct lb_write *write = prepare(context);
        lb_rcu_offline();
        err = write_once(writer, call, write);
        if (err == LB_ERR_RATE_LIMITED)
            lb_call_put_retry_after(call, write);
        if (!is_busy(write, err))
            break;
        nanosleep(&pause, NULL);
    }
    return err;
}
