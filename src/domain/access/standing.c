#include "domain/access/standing.h"

#include "base/clock.h"
#include "domain/access/account.h"

lb_err lb_actor_check(const struct lb_actor *actor, struct lb_store *store,
                      struct lb_reason *reason)
{
    struct lb_session_row session;
    struct lb_user_row user;
    if (!actor->session)
        return LB_OK;
    lb_err err =
        store->ops->session(store->ops->writer_reader(store), actor->session, &session, &user);
    if (err && err != LB_ERR_NOT_FOUND)
        return err;
    if (err || lb_session_ended(&session, lb_clock_wall_ms()))
        return lb_fail(reason, LB_ERR_INVALID_SESSION, "You have been signed out meanwhile.");
    return LB_OK;
}

lb_err lb_standing_check(const struct lb_standing *standing, struct lb_store *store,
                         struct lb_reason *reason)
{
    int64_t now = lb_clock_wall_ms();
    lb_err err = lb_actor_check(&standing->actor, store, reason);
    if (err)
        return err;
    if (standing->key && !lb_key_valid(standing->key, now))
        return lb_fail(reason, LB_ERR_INVALID_API_KEY, "The API key is not valid.");
    if (standing->needs_license) {
        err = lb_workspace_license(standing->workspace, now);
        if (err)
            return lb_fail(reason, err, "The license does not allow this any more.");
    }
    if (standing->campaign_id.ptr) {
        /* An id has one number for good, by which it is found for less. */
        const struct lb_campaign *campaign =
            lb_directory_campaign_no(standing->directory, standing->list.campaign);
        if (!campaign ||
            (standing->campaign_made_at &&
             campaign->row.created_at != standing->campaign_made_at) ||
            lb_directory_is_deleted(standing->directory, campaign))
            return lb_fail(reason, LB_ERR_CAMPAIGN_NOT_FOUND,
                           "No campaign '%.*s' in this workspace.", (int)standing->campaign_id.len,
                           standing->campaign_id.ptr);
    }
    return LB_OK;
}
