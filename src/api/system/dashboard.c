/* The dashboard's own files; what it shows comes from the API. */
#include "api/gate.h"
#include "api/handlers.h"
#include "http/assets.h"

enum lb_progress lb_dashboard_file(struct lb_call *call)
{
    const struct lb_asset *asset = lb_asset_find(call->req->path);
    if (asset)
        lb_asset_reply(asset, call->req);
    else
        lb_gate_nothing_here(call->req);
    return LB_DONE;
}
