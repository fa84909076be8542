#include "api/access/admin.h"
#include "api/outreach/campaigns.h"
#include "api/handlers.h"

#define TAKE_MAX 10000

enum lb_progress lb_admin_campaigns_post(struct lb_call *call)
{
    return lb_admin_find_workspace(call) ? lb_campaigns_create(call) : LB_DONE;
}

enum lb_progress lb_admin_campaigns_patch(struct lb_call *call)
{
    if (!lb_admin_find_workspace(call))
        return LB_DONE;
    if (!call->app->outreach) { /* the command's own server */
        lb_reply_error(&call->req->reply, LB_ERR_NOT_FOUND,
                       "A campaign is changed by a running server alone, and none is: start the "
                       "server first, then repeat the command.");
        return LB_DONE;
    }
    call->campaign_id = call->req->params[1];
    const struct lb_campaign *campaign =
        lb_directory_campaign(call->app->directory, call->workspace->row.no, call->campaign_id);
    if (!campaign)
        return lb_call_campaign_not_found(call);
    call->list.campaign = campaign->row.no;
    call->campaign_made_at = campaign->row.created_at;
    return lb_campaigns_patch(call);
}

enum lb_progress lb_admin_campaigns_list(struct lb_call *call)
{
    return lb_admin_find_workspace(call) ? lb_campaigns_reply_page(call, TAKE_MAX, TAKE_MAX)
                                         : LB_DONE;
}
