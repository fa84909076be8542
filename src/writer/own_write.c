#include "writer/own_write.h"

#include <stdlib.h>

static lb_err apply(struct lb_write *write, struct lb_store *store)
{
    struct lb_own_write *own = (struct lb_own_write *)write;
    own->began_ms = lb_clock_mono_ms();
    return own->apply(write, store);
}

static void finish(struct lb_task *task)
{
    struct lb_own_write *own =
        (struct lb_own_write *)((char *)task - offsetof(struct lb_own_write, done));
    own->under_way = false;
    lb_retry_note(&own->retry, own->write.result, own->began_ms);
    if (own->writer)
        own->finish(&own->write);
}

void *lb_own_write_create(size_t owner_size, void (*owner_finish)(struct lb_write *write))
{
    struct lb_own_write *own = calloc(1, owner_size);
    if (!own)
        return NULL;
    own->done.run = finish;
    own->finish = owner_finish;
    own->mailbox = lb_mailbox_create();
    if (own->mailbox)
        return own;
    free(own);
    return NULL;
}

void lb_own_write_destroy(void *owner)
{
    struct lb_own_write *own = owner;
    if (!own)
        return;
    own->writer = NULL;
    lb_mailbox_drain(own->mailbox);
    lb_mailbox_destroy(own->mailbox);
    free(own);
}

bool lb_own_write_is_idle(struct lb_own_write *own)
{
    lb_mailbox_drain(own->mailbox);
    return own->writer && !own->under_way;
}

lb_err lb_own_write_submit(struct lb_own_write *own, const struct lb_write *write)
{
    own->write = *write;
    own->apply = write->apply;
    own->write.apply = apply;
    own->write.completion = &own->done;
    own->write.home = own->mailbox;
    own->began_ms = lb_clock_mono_ms();
    lb_err err = lb_writer_submit(own->writer, &own->write);
    own->under_way = !err;
    return err;
}
