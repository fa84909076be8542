/* API keys: for signed-in users, in the dashboard, and for the command line. */
#include "api/access/admin.h"
#include "api/body_items.h"
#include "api/by.h"
#include "api/handlers.h"
#include "api/query.h"

#include "json/encode.h"

#define RATE_MAX     1000000
#define TAKE_DEFAULT 100
#define TAKE_MAX     1000

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
    change->max_keys = call->app->config->max_workspace_keys;
    change->max_maker_keys = call->app->config->max_user_keys;
    lb_admin_create_key(change);
    return lb_call_write(call, &change->write, 0, reply_created);
}

/* --- List --- */

struct listing {
    size_t take;
    struct lb_key *first; /* NULL: there is none */
};

static void put_listed(struct lb_buf *body, struct lb_by *makers, const struct lb_key *key)
{
    put_key(body, &key->row);
    lb_buf_append_lit(body, ",\"revokedAt\":");
    lb_json_put_time_or_null(body, atomic_load(&key->revoked_at));
    lb_buf_append_lit(body, ",\"lastUsedAt\":");
    lb_json_put_time_or_null(body, atomic_load(&key->last_used_at));
    lb_buf_append_lit(body, ",\"by\":");
    lb_by_put(makers, body, key->row.made_by);
    lb_buf_append_lit(body, "}");
}

/* On a reader's thread, as users who made keys are looked up. */
static enum lb_turn run_list(struct lb_call *call, struct lb_store_reader *reader)
{
    const struct listing *listing = call->state;
    struct lb_by makers = {.call = call, .reader = reader, .tells_deleted = true};
    struct lb_buf *body = lb_reply_json(&call->req->reply, 200);
    lb_buf_append_lit(body, "[");
    const struct lb_key *key = listing->first;
    const struct lb_key *last = NULL;
    for (size_t n = 0; key && n < listing->take; n++) {
        if (n)
            lb_buf_append_lit(body, ",");
        put_listed(body, &makers, key);
        last = key;
        key = lb_rcu_load(&key->next_of_workspace);
    }
    lb_buf_append_lit(body, "]");
    if (key && last)
        lb_query_put_link(call, "take=%zu&cursor=%s", listing->take, last->row.id);
    lb_by_fini(&makers);
    lb_request_complete(call->req);
    return LB_TURN_LAST;
}

/* The key that the page begins with. The cursor is the last one of the page before. */
static bool read_cursor(struct lb_call *call, struct lb_key **out)
{
    struct lb_str cursor;
    if (!lb_query_text(call, "cursor", &cursor))
        return false;
    struct lb_key *last = cursor.ptr ? lb_directory_key(call->app->directory, cursor) : NULL;
    if (cursor.ptr && (!last || last->workspace != call->workspace)) {
        lb_reply_error(&call->req->reply, LB_ERR_INVALID_PARAMETER,
                       "The parameter 'cursor' must come from the Link header of an earlier page.");
        return false;
    }
    *out = lb_rcu_load(last ? &last->next_of_workspace : &call->workspace->first_key);
    return true;
}

enum lb_progress lb_keys_list(struct lb_call *call)
{
    uint64_t take;
    struct listing *listing = lb_call_alloc(call, sizeof *listing);
    if (!listing || !lb_query_only(call, "take cursor") || !lb_admin_find_workspace(call) ||
        !lb_query_number(call, "take", NULL, TAKE_DEFAULT, TAKE_MAX, &take) ||
        !read_cursor(call, &listing->first))
        return LB_DONE;
    listing->take = take;
    call->state = listing;
    return lb_call_read(call, run_list);
}

/* --- Revoking --- */

static void reply_revoked(struct lb_call *call)
{
    const struct lb_admin_change *change = call->state;
    if (lb_call_written(call))
        lb_call_reply_done(call, 200, "Key %s revoked", change->key->row.id);
}

/* The key that the path names: by its id, by its prefix as lists show it, or by its whole text, as
 * it is at hand where a key leaked. NULL for all else. */
static struct lb_key *named_key(const struct lb_call *call, struct lb_str name)
{
    const struct lb_directory *directory = call->app->directory;
    if (name.len <= 3 || memcmp(name.ptr, "lb_", 3) != 0)
        return lb_directory_key(directory, name);
    struct lb_str id = {name.ptr + 3, name.len - 3};
    return id.len <= LB_KEY_ID_CHARS ? lb_directory_key(directory, id)
                                     : lb_directory_key_of_text(directory, name);
}

enum lb_progress lb_keys_delete(struct lb_call *call)
{
    struct lb_str id = call->req->params[0];
    struct lb_key *key = named_key(call, id);
    if (!key || (call->workspace && key->workspace != call->workspace)) {
        /* What follows the id may be a secret. */
        size_t shown = sizeof "lb_" - 1 + LB_KEY_ID_CHARS;
        lb_reply_error(&call->req->reply, LB_ERR_KEY_NOT_FOUND,
                       "Key '%.*s' does not exist. See `leadblock key list WORKSPACE`.",
                       id.len > shown ? (int)shown : (int)id.len, id.ptr);
        return LB_DONE;
    }
    struct lb_admin_change *change = lb_admin_begin(call);
    if (!change)
        return LB_DONE;
    change->key = key;
    lb_admin_revoke_key(change);
    return lb_call_write(call, &change->write, 0, reply_revoked);
}
