/* The description of the API, for programs and for the dashboard. */
#include "api/system/openapi.h"

#include "api/call.h"
#include "api/handlers.h"

enum lb_progress lb_openapi_get(struct lb_call *call)
{
    lb_asset_reply(&lb_openapi, call->req);
    return LB_DONE;
}
