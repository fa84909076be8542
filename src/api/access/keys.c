/* API keys: for signed-in users, in the dashboard, and for the command line. */
#include "api/access/admin.h"
#include "api/body_items.h"
#include "api/handlers.h"

#include "json/encode.h"

#define RATE_MAX 1000000

static void put_key(struct lb_buf *body, const struct lb_key_row *row)
{
    lb_buf_append_lit(body, "{\"id\":");
    lb_json_put_string(body, lb_str(row->id));
    lb_buf_printf(body, ",\"prefix\":\"lb_%s\",\"name\":", row->id);
    lb_json_put_string(body, lb_str(row->name));
    lb_buf_printf(body, ",\"readOnly\":%s,\"rateLimit\":%u,\"createdAt\":",
                  row->read_only ? "true" : "false", row->rate_limit);
    lb_json_put_time(body, row->created_at);
    lb_buf_append_lit(body, ",\"expiresAt\":");
    lb_json_put_time_or_null(body, row->expires_at);
}

static void reply_created(struct lb_call *call)
{
    const struct lb_admin_change *change = call->state;
    if (!lb_call_written(call))
        return;
    struct lb_buf *body = lb_reply_json(&call->req->reply, 201);
    put_key(body, &change->key_row);
    lb_buf_append_lit(body, ",\"key\":");
    lb_json_put_string(body, lb_str(change->key_text));
    lb_buf_append_lit(body, "}");
}

/* readOnly and rateLimit; false when the reply is set. */
static bool read_limits(struct lb_call *call, struct lb_key_row *row)
{
    const struct lb_json *read_only = lb_json_member(call->body, "readOnly");
    const struct lb_json *rate = lb_json_member(call->body, "rateLimit");
    int64_t limit = 0;
    bool good = (!read_only || lb_json_bool(read_only, &row->read_only)) &&
                (!rate || (lb_json_int64(rate, &limit) && limit >= 0 && limit <= RATE_MAX));
    row->rate_limit = (uint32_t)limit;
    if (!good)
        lb_reply_error(
            &call->req->reply, LB_ERR_INVALID_BODY,
            "\"readOnly\" must be true or false, \"rateLimit\" a whole number of requests per "
            "second from 0 (the server's default) to %d.",
            RATE_MAX);
    return good;
}

enum lb_progress lb_keys_post(struct lb_call *call)
{
    if (!lb_admin_find_workspace(call) || !lb_call_parse_body(call, LB_JSON_OBJECT))
        return LB_DONE;
    struct lb_admin_change *change = lb_admin_begin(call);
    if (!change || !lb_body_name(call, change->key_row.name) ||
        !read_limits(call, &change->key_row) ||
        !lb_admin_read_time(call, "expiresAt", &change->key_row.expires_at))
        return LB_DONE;
    lb_admin_create_key(change);
    return lb_call_write(call, &change->write, 0, reply_created);
}

enum lb_progress lb_keys_list(struct lb_call *call)
{
    if (!lb_admin_find_workspace(call))
        return LB_DONE;
    struct lb_buf *body = lb_reply_json(&call->req->reply, 200);
    lb_buf_append_lit(body, "[");
    bool first = true;
    struct lb_key *key = lb_directory_keys(call->app->directory);
    for (; key; key = lb_rcu_load(&key->next)) {
        if (key->workspace != call->workspace)
            continue;
        if (!first)
            lb_buf_append_lit(body, ",");
        first = false;
        put_key(body, &key->row);
        lb_buf_append_lit(body, ",\"revokedAt\":");
        lb_json_put_time_or_null(body, atomic_load(&key->revoked_at));
        lb_buf_append_lit(body, ",\"lastUsedAt\":");
        lb_json_put_time_or_null(body, atomic_load(&key->last_used_at));
        lb_buf_append_lit(body, "}");
    }
    lb_buf_append_lit(body, "]");
    return LB_DONE;
}

static void reply_revoked(struct lb_call *call)
{
    const struct lb_admin_change *change = call->state;
    if (lb_call_written(call))
        lb_call_reply_done(call, 200, "Key %s revoked", change->key->row.id);
}

enum lb_progress lb_keys_delete(struct lb_call *call)
{
    struct lb_str id = call->req->params[0];
    if (id.len > 3 && memcmp(id.ptr, "lb_", 3) == 0) { /* the prefix, as lists show it */
        id.ptr += 3;
        id.len -= 3;
        if (id.len > LB_KEY_ID_CHARS) /* the whole key: what follows its id is secret */
            id.len = LB_KEY_ID_CHARS;
    }
    struct lb_key *key = lb_directory_key(call->app->directory, id);
    if (!key || (call->workspace && key->workspace != call->workspace)) {
        lb_reply_error(&call->req->reply, LB_ERR_KEY_NOT_FOUND,
                       "Key '%.*s' does not exist. See `leadblock key list WORKSPACE`.",
                       id.len > 64 ? 64 : (int)id.len, id.ptr);
        return LB_DONE;
    }
    struct lb_admin_change *change = lb_admin_begin(call);
    if (!change)
        return LB_DONE;
    change->key = key;
    lb_admin_revoke_key(change);
    return lb_call_write(call, &change->write, 0, reply_revoked);
}
