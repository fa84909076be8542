#include "daemon/set_up.h"

#include "base/clock.h"
#include "base/log.h"
#include "domain/access/account.h"
#include "http/assets.h"

struct found {
    bool operator_; /* one who can make other users */
    bool anyone;    /* who can sign in, with a link or a password */
};

static lb_err look(void *context, const struct lb_user_row *row)
{
    struct found *found = context;
    found->operator_ |= row->role == LB_ROLE_OPERATOR;
    found->anyone = true;
    return LB_OK;
}

/* Asks through a reader of its own: the writer's is busy. */
static lb_err find_users(struct lb_store *store, struct found *out)
{
    struct lb_store_reader *reader;
    *out = (struct found){0};
    lb_err err = store->ops->reader_open(store, &reader);
    if (err)
        return err;
    err = store->ops->users(reader, false, out, look);
    store->ops->reader_close(reader);
    return err;
}

/* What it could not do is left for another time. */
static lb_err offer(struct lb_parts *parts)
{
    struct lb_account_change change = {.user = {.no = 0}};
    struct found found;
    lb_err err = find_users(parts->app.store, &found);
    parts->offer_missing = err != LB_OK;
    atomic_store(&parts->app.set_up, found.anyone || err);
    if (!err && found.operator_)
        return LB_OK;
    lb_account_make_link(&change);
    if (!err)
        err = lb_parts_write(parts, &change.write);
    parts->offer_missing = err != LB_OK;
    if (err)
        return err;
    char until[LB_TIME_TEXT_SIZE];
    lb_time_format(change.link.expires_at, until);
    lb_log_say(
        "leadblock: no operator yet. Open %s/#/link/%s within 15 minutes, until %s, to create the "
        "first one\n",
        parts->app.public_url, change.token, until);
    return LB_OK;
}

void lb_set_up_offer(struct lb_parts *parts)
{
    lb_err err = LB_OK;
    atomic_store(&parts->app.set_up, true);
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
    struct found found;
    if (parts->offer_missing && lb_writer_ready(parts->app.writer))
        offer(parts);
    /* Another node may have made the first user. */
    else if (!atomic_load(&parts->app.set_up) && !find_users(parts->app.store, &found))
        atomic_store(&parts->app.set_up, found.anyone);
}
