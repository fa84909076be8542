#include "api/access/admin.h"
#include "api/outreach/campaigns.h"
#include "api/handlers.h"

#define TAKE_MAX 10000

enum lb_progress lb_admin_campaigns_post(struct lb_call *call)
{
    return lb_admin_find_workspace(call) ? lb_campaigns_create(call) : LB_DONE;
}

enum lb_progress lb_admin_campaigns_list(struct lb_call *call)
{
    return lb_admin_find_workspace(call) ? lb_campaigns_reply_page(call, TAKE_MAX, TAKE_MAX)
                                         : LB_DONE;
}
