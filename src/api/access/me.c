/* What the caller is: the test of a key that automation tools make. */
#include "api/call.h"
#include "api/handlers.h"

#include "config/config.h"
#include "domain/blocklist/country.h"
#include "json/encode.h"
#include "store/names.h"

static void put_key(struct lb_buf *body, const struct lb_call *call)
{
    const struct lb_key_row *row = call->key ? &call->key->row : NULL;
    bool viewer = call->signed_in && call->signed_in->user.role == LB_ROLE_VIEWER;
    lb_buf_append_lit(body, "\"id\":");
    lb_json_put_string_or_null(body, row ? lb_str(row->id) : (struct lb_str){0});
    lb_buf_append_lit(body, ",\"name\":");
    lb_json_put_string_or_null(body, row ? lb_str(row->name) : (struct lb_str){0});
    lb_buf_printf(body, ",\"readOnly\":%s,\"createdAt\":",
                  (row ? row->read_only : viewer) ? "true" : "false");
    lb_json_put_time_or_null(body, row ? row->created_at : 0);
    lb_buf_append_lit(body, ",\"expiresAt\":");
    lb_json_put_time_or_null(body, row ? row->expires_at : 0);
}

static void put_workspace(struct lb_buf *body, struct lb_workspace *workspace)
{
    lb_buf_append_lit(body, ",\"workspace\":{\"id\":");
    lb_json_put_string(body, lb_str(workspace->row.id));
    lb_buf_append_lit(body, ",\"name\":");
    lb_json_put_string(body, lb_str(workspace->row.name));
    lb_buf_printf(body, ",\"plan\":\"%s\",\"expiresAt\":",
                  lb_plan_name((enum lb_plan)atomic_load(&workspace->plan)));
    lb_json_put_time_or_null(body, atomic_load(&workspace->expires_at));
    lb_buf_append_lit(body, ",\"defaultCountry\":");
    lb_json_put_string_or_null(body, lb_workspace_country(workspace));
    lb_buf_append_lit(body, "}");
}

static void put_limits(struct lb_buf *body, const struct lb_call *call)
{
    const struct lb_config *config = call->app->config;
    uint32_t rate = call->key && call->key->row.rate_limit ? call->key->row.rate_limit
                    : call->key                            ? config->rate_limit
                                                           : 0;
    lb_buf_append_lit(body, ",\"limits\":{\"requestsPerSecond\":");
    if (rate)
        lb_buf_append_u64(body, rate);
    else
        lb_buf_append_lit(body, "null");
    lb_buf_printf(body,
                  ",\"identifiersPerRequest\":%llu,\"blockedLeads\":%llu,\"campaigns\":%llu,"
                  "\"leadsPerCampaign\":%llu}",
                  (unsigned long long)config->max_identifiers,
                  (unsigned long long)config->max_workspace_entries,
                  (unsigned long long)config->max_workspace_campaigns,
                  (unsigned long long)config->max_campaign_leads);
}

enum lb_progress lb_me_get(struct lb_call *call)
{
    struct lb_buf *body = lb_reply_json(&call->req->reply, 200);
    lb_buf_append_lit(body, "{");
    put_key(body, call);
    put_workspace(body, call->workspace);
    put_limits(body, call);
    lb_buf_append_lit(body, "}");
    return LB_DONE;
}
