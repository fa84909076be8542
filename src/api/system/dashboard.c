/* The dashboard's own files; what it shows comes from the API. */
#include "api/system/dashboard.h"

#include "api/gate.h"
#include "api/handlers.h"
#include "http/assets.h"

bool lb_dashboard_served(const struct lb_app *app, const struct lb_request *req)
{
    return lb_asset_count && app->config->dashboard && !req->local;
}

bool lb_dashboard_has(const struct lb_app *app, const struct lb_request *req)
{
    return lb_dashboard_served(app, req) && lb_asset_find(req->path);
}

enum lb_progress lb_dashboard_file(struct lb_call *call)
{
    const struct lb_asset *asset = lb_asset_find(call->req->path);
    if (asset)
        lb_asset_reply(asset, call->req);
    else
        lb_gate_nothing_here(call->req);
    return LB_DONE;
}
