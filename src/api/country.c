#include "api/country.h"

#include "api/query.h"
#include "domain/blocklist/country.h"
#include "domain/blocklist/typed_name.h"

struct lb_str lb_country_meant(const struct lb_call *call, struct lb_str named)
{
    return named.len ? named : lb_workspace_country(call->workspace);
}

const char *lb_country_read_body(const struct lb_call *call, struct lb_str *out)
{
    const struct lb_json *country = lb_json_member(call->body, "defaultCountry");
    enum lb_json_type type = lb_json_type(country);
    *out = lb_country_meant(call, lb_json_string(country));
    bool good = type == LB_JSON_STRING && lb_name_is_country(lb_json_string(country));
    return type == LB_JSON_MISSING || type == LB_JSON_NULL || good ? NULL : LB_COUNTRY_MUST_BE;
}

bool lb_country_read_query(struct lb_call *call, struct lb_str *out)
{
    if (!lb_query_text(call, "defaultCountry", out))
        return false;
    if (!out->len || lb_name_is_country(*out))
        return true;
    lb_reply_error(&call->req->reply, LB_ERR_INVALID_PARAMETER,
                   "The parameter 'defaultCountry' " LB_COUNTRY_MUST_BE ".");
    return false;
}
