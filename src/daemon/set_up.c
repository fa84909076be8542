#include "daemon/set_up.h"

#include "base/log.h"
#include "domain/access/account.h"
#include "http/assets.h"

static lb_err look(void *context, const struct lb_user_row *row)
{
    *(bool *)context |= row->role == LB_ROLE_OPERATOR;
    return LB_OK;
}

/* Asks through a reader of its own: the writer's is busy. */
static lb_err find_operator(struct lb_store *store, bool *out)
{
    struct lb_store_reader *reader;
    *out = false;
    lb_err err = store->ops->reader_open(store, &reader);
    if (err)
        return err;
    err = store->ops->users(reader, out, look);
    store->ops->reader_close(reader);
    return err;
}

/* What it could not do is left for another time. */
static lb_err offer(struct lb_parts *parts)
{
    struct lb_account_change change = {.user = {.no = 0}};
    bool found;
    lb_err err = find_operator(parts->app.store, &found);
    parts->offer_missing = err != LB_OK;
    if (!err && found)
        return LB_OK;
    lb_account_make_link(&change);
    if (!err)
        err = lb_parts_write(parts, &change.write);
    parts->offer_missing = err != LB_OK;
    if (err)
        return err;
    lb_log_say(
        "leadblock: no operator yet. Open %s/#/link/%s within 15 minutes to create the first "
        "one\n",
        parts->app.public_url, change.token);
    return LB_OK;
}

void lb_set_up_offer(struct lb_parts *parts)
{
    lb_err err = LB_OK;
    if (lb_asset_count && parts->config.dashboard)
        err = offer(parts);
    if (err)
        lb_log(
            LB_LOG_WARN, "set_up",
            "cannot make the link for the first operator: %s; it is made as soon as that is over",
            err == LB_ERR_STORAGE_FULL ? "the disk is full" : "the storage takes no writes");
}

void lb_set_up_offer_again(struct lb_parts *parts)
{
    if (parts->offer_missing && lb_writer_ready(parts->app.writer))
        offer(parts);
}
