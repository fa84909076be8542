#include "api/gate.h"

#include "api/cors.h"
#include "api/routes.h"
#include "api/session_cookie.h"
#include "api/upload.h"
#include "base/clock.h"
#include "domain/access/account.h"
#include "domain/access/key_text.h"
#include "domain/access/session_uses.h"
#include "http/assets.h"

#include <stdio.h>
#include <strings.h>

#define SIGNED_IN_ONLY (LB_ROUTE_SIGNED_IN | LB_ROUTE_OPERATOR | LB_ROUTE_OWN)

const char lb_gate_not_set_up[] =
    "This server is not set up: it has no users yet. Open the link that it printed when it started "
    "(in the terminal or the journal), or run `leadblock user create EMAIL --role operator` on the "
    "server, which prints a new one.";

/* Every path under /v1 is served under /api/v1 as well. */
static void strip_alias(struct lb_call *call)
{
    struct lb_str *path = &call->req->path;
    if (path->len > 8 && memcmp(path->ptr, "/api/v1/", 8) == 0) {
        path->ptr += 4;
        path->len -= 4;
        call->base_alias = true;
    }
}

/* Is there a dashboard for this request: built in, switched on, and asked for over the network? */
static bool has_dashboard(const struct lb_call *call)
{
    return lb_asset_count && call->app->config->dashboard && !call->req->local;
}

static bool pass_state(struct lb_call *call)
{
    struct lb_app *app = call->app;
    if (atomic_load(&app->loaded) || lb_str_equal(call->req->path, LB_STR("/livez")) ||
        lb_document_path(call->req->path) ||
        (has_dashboard(call) && lb_asset_find(call->req->path)))
        return true;
    uint64_t done = atomic_load(&app->load_done);
    uint64_t all = atomic_load(&app->load_all);
    lb_reply_error(
        &call->req->reply, LB_ERR_STARTING,
        "The server is starting: it has read %u %% of its blocklists. Try again in a moment.",
        all ? (unsigned)(done * 100 / all) : 0);
    return false;
}

void lb_gate_nothing_here(struct lb_request *req)
{
    if (lb_document_path(req->path))
        lb_asset_reply_missing(lb_document_find(LB_DOCUMENT_MISSING), req);
    else
        lb_reply_error(
            &req->reply, LB_ERR_NOT_FOUND,
            "This path does not exist. The API's paths are in docs/api.md, and at /docs/api "
            "of this server.");
}

static bool pass_route(struct lb_call *call)
{
    struct lb_request *req = call->req;
    struct lb_reason reason;
    char allow[64];
    size_t count = has_dashboard(call) ? lb_route_count : lb_route_count_without_dashboard;
    lb_err err = lb_router_find(call->app->router, count, req, allow, &reason);
    bool hidden = !err && (req->route->flags & LB_ROUTE_LOCAL) && !req->local;
    if (err == LB_ERR_METHOD_NOT_ALLOWED && req->path.len >= 6 &&
        memcmp(req->path.ptr, "/admin", 6) == 0 && !req->local)
        hidden = true;
    /* A command's own server has no blocklists in memory. */
    if (!err && !call->app->blocklist &&
        (!(req->route->flags & (LB_ROUTE_LOCAL | LB_ROUTE_OPEN)) ||
         (req->route->flags & LB_ROUTE_INSTALLATION)))
        hidden = true;
    if (err == LB_ERR_NOT_FOUND || hidden) {
        req->route = NULL;
        lb_gate_nothing_here(req);
        return false;
    }
    if (err == LB_ERR_METHOD_NOT_ALLOWED && lb_cors_preflight(call, allow))
        return false;
    if (err == LB_ERR_METHOD_NOT_ALLOWED) {
        lb_reply_error(&req->reply, err, "This path allows %s.", allow);
        lb_reply_header(&req->reply, "Allow", allow);
        return false;
    }
    if (err)
        lb_reply_error(&req->reply, err, "%s", reason.text);
    return !err;
}

/* What memory refuses may be right all the same, as another node knows. */
static bool doubt(struct lb_call *call)
{
    bool may_lag = call->app->freshness && !call->fresh.freshness;
    call->doubtful |= may_lag;
    return may_lag;
}

/* Is it a key that memory does not know, from an address that may try one? Then its workspace is
 * looked for. */
static bool doubt_key(struct lb_call *call, struct lb_str text)
{
    uint8_t hash[LB_SECRET_HASH_SIZE];
    struct lb_str *id = &call->fresh.key_id;
    return lb_key_parse(text, id, hash) && !lb_directory_key(call->app->directory, *id) &&
           !lb_throttle_wait(call->app->failures, &call->req->client, lb_clock_mono_ms()) &&
           doubt(call);
}

static void refuse_for_a_while(struct lb_reply *reply, unsigned wait_s, const char *what)
{
    char seconds[16];
    snprintf(seconds, sizeof seconds, "%u", wait_s);
    lb_reply_header(reply, "Retry-After", seconds);
    lb_reply_error(reply, LB_ERR_RATE_LIMITED,
                   "Too many failed %s from this address. Wait %u second%s.", what, wait_s,
                   lb_plural(wait_s));
}

/* The seconds until this address may try again; 0: now. */
static unsigned count_failure(struct lb_call *call)
{
    atomic_fetch_add_explicit(&call->app->failed_keys, 1, memory_order_relaxed);
    return lb_throttle_add(call->app->failures, &call->req->client, lb_clock_mono_ms());
}

static bool refuse_key(struct lb_call *call)
{
    struct lb_reply *reply = &call->req->reply;
    unsigned wait_s = count_failure(call);
    if (wait_s == 0) {
        lb_reply_error(reply, LB_ERR_INVALID_API_KEY,
                       "The API key is invalid. Check that it was copied whole, or make a new one "
                       "with `leadblock key create`.");
        return false;
    }
    refuse_for_a_while(reply, wait_s, "API keys");
    return false;
}

static bool pass_key(struct lb_call *call, struct lb_str text)
{
    if (lb_directory_authenticate(call->app->directory, text, lb_clock_wall_ms(), &call->key))
        return !doubt_key(call, text) && refuse_key(call);
    call->req->caller_known = true;
    call->workspace = call->key->workspace;
    call->list.workspace = call->workspace->row.no;
    if (!(call->req->route->flags & SIGNED_IN_ONLY))
        return true;
    lb_reply_error(&call->req->reply, LB_ERR_FORBIDDEN,
                   "API keys cannot be used for this. Sign in to the dashboard.");
    return false;
}

static enum lb_turn look_up_session(struct lb_call *call, struct lb_store_reader *reader)
{
    struct lb_signed_in *signed_in = call->signed_in;
    lb_err err = call->app->store->ops->session(reader, signed_in->token_hash, &signed_in->session,
                                                &signed_in->user);
    if (err == LB_ERR_NOT_FOUND ||
        (!err && lb_session_ended(&signed_in->session, lb_clock_wall_ms())))
        err = LB_ERR_INVALID_SESSION;
    signed_in->result = err;
    if (!err && call->app->session_uses)
        lb_session_uses_note(call->app->session_uses, &signed_in->session,
                             lb_call_actor(call).source, lb_clock_wall_ms());
    lb_request_complete(call->req);
    return LB_TURN_LAST;
}

enum lb_progress lb_gate_look_up_session(struct lb_call *call)
{
    lb_token_hash(call->signed_in->token, call->signed_in->token_hash);
    call->lane = &call->app->sessions;
    enum lb_progress progress = lb_call_read(call, look_up_session);
    call->lane = NULL; /* what the request asks for is its workspace's */
    return progress;
}

static bool refuse_session(struct lb_call *call)
{
    struct lb_reply *reply = &call->req->reply;
    if (call->signed_in->result != LB_ERR_INVALID_SESSION) {
        lb_call_refuse(call, call->signed_in->result, NULL);
        return false;
    }
    lb_session_cookie_clear(call->app, call->req);
    unsigned wait_s = count_failure(call);
    if (wait_s)
        refuse_for_a_while(reply, wait_s, "sessions");
    else
        lb_reply_error(reply, LB_ERR_INVALID_SESSION,
                       "The session is invalid or has ended. Sign in again.");
    return false;
}

/* Its list is that of a workspace which is no workspace otherwise. */
static bool mean_installation(struct lb_call *call)
{
    call->workspace = lb_directory_installation(call->app->directory);
    call->list.workspace = LB_INSTALLATION_NO;
    if (!call->workspace)
        lb_call_refuse(call, LB_ERR_INTERNAL, NULL);
    return call->workspace != NULL;
}

/* The workspace that a signed-in user means. */
static bool pass_workspace(struct lb_call *call)
{
    const struct lb_user_row *user = &call->signed_in->user;
    unsigned flags = call->req->route->flags;
    struct lb_str named = lb_request_header(call->req, "X-Workspace-Id");
    struct lb_str own = lb_str(user->workspace_id);
    bool any = user->role == LB_ROLE_OPERATOR;
    if ((flags & LB_ROUTE_INSTALLATION) || (any && !named.len && (flags & LB_ROUTE_ANYWHERE)))
        return mean_installation(call);
    if (flags & (LB_ROUTE_OWN | LB_ROUTE_OPERATOR))
        return true;
    if (any && !named.len) {
        lb_reply_error(&call->req->reply, LB_ERR_WORKSPACE_REQUIRED,
                       "Name the workspace in the header X-Workspace-Id.");
        return false;
    }
    if (any || !named.len || lb_str_equal(named, own))
        call->workspace = lb_directory_workspace(call->app->directory, any ? named : own);
    if (call->workspace) {
        call->list.workspace = call->workspace->row.no;
        return true;
    }
    if (!doubt(call))
        lb_reply_error(&call->req->reply, LB_ERR_WORKSPACE_NOT_FOUND,
                       "Workspace '%.*s' does not exist.", named.len > 64 ? 64 : (int)named.len,
                       named.ptr);
    return false;
}

static bool pass_session(struct lb_call *call)
{
    const struct lb_signed_in *signed_in = call->signed_in;
    unsigned flags = call->req->route->flags;
    struct lb_reply *reply = &call->req->reply;
    if (signed_in->result)
        return refuse_session(call);
    lb_attempts_know(call->app->attempts, lb_str(signed_in->user.email), &call->req->client);
    if ((flags & LB_ROUTE_CSRF) &&
        !lb_token_csrf_matches(signed_in->token, lb_request_header(call->req, "X-CSRF-Token"))) {
        lb_reply_error(reply, LB_ERR_CSRF_FAILED,
                       "Send the session's csrfToken in the header X-CSRF-Token.");
        return false;
    }
    if (signed_in->session.enrols && !(flags & LB_ROUTE_ENROLS)) {
        lb_reply_error(reply, LB_ERR_ENROLMENT_REQUIRED,
                       "This server requires a second factor. Set it up first.");
        return false;
    }
    if ((flags & LB_ROUTE_OPERATOR) && signed_in->user.role != LB_ROLE_OPERATOR) {
        lb_reply_error(reply, LB_ERR_FORBIDDEN, "Only operators can do this.");
        return false;
    }
    return pass_workspace(call);
}

static bool refuse_stranger(struct lb_call *call)
{
    struct lb_app *app = call->app;
    bool wants_session = call->req->route->flags & SIGNED_IN_ONLY;
    if (!atomic_load(&app->set_up) && (wants_session || !lb_directory_keys(app->directory)))
        lb_reply_error(&call->req->reply, LB_ERR_NOT_SET_UP, "%s", lb_gate_not_set_up);
    else
        lb_reply_error(&call->req->reply, LB_ERR_MISSING_API_KEY,
                       "Send your API key in the header x-api-key.");
    return false;
}

/* A key, or a session in its place. */
static bool pass_caller(struct lb_call *call)
{
    struct lb_str text = lb_request_header(call->req, "x-api-key");
    if (text.len)
        return pass_key(call, text);
    if (call->signed_in)
        return pass_session(call);
    /* A browser may send the cookie with a page's request, too; it is the dashboard's alone. */
    struct lb_str token = {0};
    if (!call->from_page)
        token = lb_session_cookie_token(call->app, call->req);
    if (token.len == 0)
        return refuse_stranger(call);
    call->signed_in = lb_call_alloc(call, sizeof *call->signed_in);
    if (!call->signed_in)
        return false;
    call->signed_in->token = token;
    call->unproven = token.len == LB_TOKEN_SIZE - 1;
    if (call->unproven)
        return false;
    call->signed_in->result = LB_ERR_INVALID_SESSION; /* not a token: nothing to look up */
    return refuse_session(call);
}

static bool pass_rate(struct lb_call *call)
{
    if (call->rated || !call->key ||
        lb_key_take_request(call->key, call->app->config->rate_limit, call->req->started_ns)) {
        call->rated = true;
        return true;
    }
    lb_reply_error(&call->req->reply, LB_ERR_RATE_LIMITED,
                   "This API key has exceeded its rate limit. Try again in a second, "
                   "and send more identifiers per request.");
    return false;
}

/* Of a request with a file, its query says what is done with it. */
static bool file_is_to(struct lb_call *call, const char *action)
{
    return (call->req->route->flags & LB_ROUTE_FILE) && lb_upload_asks(call, "action", action);
}

static bool only_looks(struct lb_call *call)
{
    return file_is_to(call, "check") ||
           ((call->req->route->flags & LB_ROUTE_FILE) && lb_upload_asks(call, "dryRun", "true"));
}

/* Viewers and keys that may only read change nothing. */
static bool pass_role(struct lb_call *call)
{
    if (!(call->req->route->flags & LB_ROUTE_MEMBER) || only_looks(call))
        return true;
    if (call->key && call->key->row.read_only) {
        lb_reply_error(&call->req->reply, LB_ERR_FORBIDDEN,
                       "This API key is read-only: it can only check and list.");
        return false;
    }
    if (call->signed_in && call->signed_in->user.role == LB_ROLE_VIEWER) {
        lb_reply_error(&call->req->reply, LB_ERR_FORBIDDEN,
                       "Viewers cannot change anything. Ask an operator for the member role.");
        return false;
    }
    return true;
}

static bool pass_license(struct lb_call *call)
{
    if (!(call->req->route->flags & LB_ROUTE_LICENSED) || file_is_to(call, "unblock") ||
        file_is_to(call, "check"))
        return true;
    lb_err err = lb_workspace_license(call->workspace, lb_clock_wall_ms());
    if (err && doubt(call))
        return false;
    if (err == LB_ERR_LICENSE_REQUIRED)
        lb_reply_error(
            &call->req->reply, err,
            "Blocking leads in a campaign and handing out activities need a Pro or Agency license. "
            "Blocking leads in the whole workspace works with any license.");
    else if (err)
        lb_reply_error(&call->req->reply, err,
                       "The license of this workspace has expired. Blocking leads in the whole "
                       "workspace, checks and lists still work.");
    return !err;
}

/* One that is made later may have the same number: see lb_campaign_create. */
static void mean(struct lb_call *call, const struct lb_campaign *campaign)
{
    call->list.campaign = campaign->row.no;
    call->campaign_made_at = campaign->row.created_at;
}

static bool is_meant(const struct lb_call *call, const struct lb_campaign *campaign)
{
    return campaign->row.no == call->list.campaign &&
           campaign->row.created_at == call->campaign_made_at;
}

static bool pass_campaign(struct lb_call *call)
{
    if (!(call->req->route->flags & LB_ROUTE_CAMPAIGN))
        return true;
    call->campaign_id = call->req->params[0];
    const struct lb_campaign *campaign =
        lb_directory_campaign(call->app->directory, call->workspace->row.no, call->campaign_id);
    if (campaign) {
        mean(call, campaign);
        return true;
    }
    if (doubt(call))
        return false;
    if (call->req->route->flags & LB_ROUTE_DELETED) {
        call->campaign_id = (struct lb_str){0};
        return true;
    }
    lb_call_campaign_not_found(call);
    return false;
}

/* Is it this one, whatever its parameters? */
static bool is_type(struct lb_str type, struct lb_str wanted)
{
    size_t len = wanted.len;
    return type.len >= len && strncasecmp(type.ptr, wanted.ptr, len) == 0 &&
           (type.len == len || type.ptr[len] == ';' || type.ptr[len] == ' ' ||
            type.ptr[len] == '\t');
}

static bool is_good_type(const struct lb_call *call, struct lb_str type)
{
    static const struct lb_str files[] = {LB_STR("text/csv"), LB_STR("text/plain"),
                                          LB_STR("text/tab-separated-values"),
                                          LB_STR("application/octet-stream")};
    if (!(call->req->route->flags & LB_ROUTE_FILE))
        return is_type(type, LB_STR("application/json"));
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        if (is_type(type, files[i]))
            return true;
    return false;
}

static bool is_identity(struct lb_str coding)
{
    return coding.len == 0 || (coding.len == 8 && strncasecmp(coding.ptr, "identity", 8) == 0);
}

/* Compressed bodies are not taken: a few bytes of one could stand for gigabytes. */
static bool is_plain(const struct lb_call *call)
{
    unsigned line = 0;
    struct lb_str coding;
    do
        coding = lb_request_next_header(call->req, "Content-Encoding", &line);
    while (coding.ptr && is_identity(coding));
    return !coding.ptr;
}

static bool pass_media_type(struct lb_call *call)
{
    struct lb_request *req = call->req;
    if (!req->has_body || req->method == LB_GET || req->method == LB_HEAD)
        return true;
    bool plain = is_plain(call);
    if (plain && is_good_type(call, lb_request_header(req, "Content-Type")))
        return true;
    if (call->workspace && doubt(call)) /* what comes before it may have ended elsewhere */
        return false;
    if (!plain)
        lb_reply_error(&req->reply, LB_ERR_UNSUPPORTED_MEDIA_TYPE,
                       "Send the body as it is, not compressed: without the header "
                       "Content-Encoding.");
    else if (req->route->flags & LB_ROUTE_FILE)
        lb_reply_error(&req->reply, LB_ERR_UNSUPPORTED_MEDIA_TYPE,
                       "Send the file itself as the body, not a form (curl --data-binary @FILE), "
                       "with Content-Type: text/csv, text/plain, text/tab-separated-values or "
                       "application/octet-stream.");
    else
        lb_reply_error(&req->reply, LB_ERR_UNSUPPORTED_MEDIA_TYPE,
                       "Send the body as JSON, with the header Content-Type: application/json.");
    return false;
}

/* Where dryRun is not known, dryRun=true would change what the client wants to try. */
static bool pass_dry_run(struct lb_call *call)
{
    struct lb_str value;
    struct lb_reason reason;
    unsigned flags = call->req->route->flags;
    if (call->req->query.len == 0 || !(flags & (LB_ROUTE_DRY_RUN | LB_ROUTE_NO_DRY_RUN)))
        return true;
    lb_err err = lb_request_query(call->req, "dryRun", &value, &reason);
    call->dry_run = !err && lb_str_equal(value, LB_STR("true"));
    bool known = flags & LB_ROUTE_DRY_RUN;
    if (!err && (!value.ptr || lb_str_equal(value, LB_STR("false")) || (call->dry_run && known)))
        return true;
    lb_reply_error(&call->req->reply, err ? err : LB_ERR_INVALID_PARAMETER, "%s",
                   err             ? reason.text
                   : call->dry_run ? "This request does not support dryRun."
                                   : "The parameter 'dryRun' must be true or false.");
    return false;
}

static bool pass_rest(struct lb_call *call)
{
    if (!pass_caller(call))
        return false;
    call->req->caller_known = true;
    return pass_rate(call) && pass_role(call) && pass_license(call) && pass_campaign(call) &&
           pass_media_type(call) && pass_dry_run(call);
}

/* Of a request that is refused before its key is looked at. A wrong key is not counted: with 160
 * random bits, none is found by trying. A good one counts as used. */
static bool has_valid_key(struct lb_call *call)
{
    struct lb_key *key;
    struct lb_str text = lb_request_header(call->req, "x-api-key");
    return text.len &&
           !lb_directory_authenticate(call->app->directory, text, lb_clock_wall_ms(), &key);
}

bool lb_gate_pass(struct lb_call *call)
{
    strip_alias(call);
    lb_cors_begin(call);
    if (!pass_state(call) || !pass_route(call)) {
        call->req->caller_known = call->req->has_body && has_valid_key(call);
        return false;
    }
    call->req->body_max = lb_route_body(call->req->route).bytes;
    if ((call->req->route->flags & LB_ROUTE_LOCAL) &&
        (call->req->route->flags & LB_ROUTE_INSTALLATION) && !mean_installation(call))
        return false;
    if (call->req->route->flags & (LB_ROUTE_OPEN | LB_ROUTE_LOCAL))
        return pass_media_type(call) && pass_dry_run(call);
    return pass_rest(call);
}

bool lb_gate_pass_again(struct lb_call *call)
{
    return pass_rest(call);
}

/* It was valid when the request came: no guess, which would count. */
static bool refuse_ended_session(struct lb_call *call)
{
    lb_session_cookie_clear(call->app, call->req);
    lb_reply_error(&call->req->reply, LB_ERR_INVALID_SESSION,
                   "Your session has ended. Sign in again.");
    return false;
}

bool lb_gate_session_lives(struct lb_call *call)
{
    lb_err err = call->signed_in->result;
    if (err && err != LB_ERR_INVALID_SESSION)
        lb_call_refuse(call, err, NULL);
    else if (err)
        refuse_ended_session(call);
    return !err;
}

static bool still_valid(struct lb_call *call)
{
    int64_t now = lb_clock_wall_ms();
    if (call->signed_in && call->signed_in->session.expires_at <= now && !call->unproven)
        return refuse_ended_session(call);
    if (!call->key || lb_key_valid(call->key, now))
        return true;
    lb_reply_error(&call->req->reply, LB_ERR_INVALID_API_KEY,
                   "The API key has been revoked or has expired.");
    return false;
}

/* Another campaign may have the id by now. One that memory learnt of because this call asked is the
 * one that was meant: another node had made it. One that was known before has taken the other's
 * place while the body came, and is not. */
static bool pass_fresh_campaign(struct lb_call *call)
{
    if (!call->campaign_id.ptr)
        return true;
    const struct lb_campaign *campaign =
        lb_directory_campaign(call->app->directory, call->workspace->row.no, call->campaign_id);
    if (!campaign && call->req->route->flags & LB_ROUTE_DELETED) {
        call->campaign_id = (struct lb_str){0};
        return true;
    }
    if (!campaign || (!is_meant(call, campaign) && campaign->known_ns < call->fresh.asked_ns)) {
        lb_call_campaign_not_found(call);
        return false;
    }
    mean(call, campaign);
    return true;
}

bool lb_gate_pass_fresh(struct lb_call *call)
{
    return (call->req->route->flags & LB_ROUTE_LOCAL) ||
           (still_valid(call) && pass_license(call) && pass_fresh_campaign(call));
}

/* The campaign of the path, if there is one, and no other under its id. */
static bool has_same_campaign(const struct lb_call *call)
{
    if (!call->campaign_id.ptr)
        return true;
    const struct lb_campaign *campaign =
        lb_directory_campaign(call->app->directory, call->workspace->row.no, call->campaign_id);
    return campaign && is_meant(call, campaign);
}

bool lb_gate_still_passes(struct lb_call *call)
{
    if (!still_valid(call))
        return false;
    if (has_same_campaign(call))
        return true;
    lb_call_campaign_not_found(call);
    return false;
}

/* A store that does not answer says nothing of the session. */
static bool session_holds(const struct lb_call *call, struct lb_store_reader *reader, int64_t now)
{
    struct lb_session_row session;
    struct lb_user_row user;
    if (call->signed_in->session.expires_at <= now)
        return false;
    lb_err err = reader ? call->app->store->ops->session(reader, call->signed_in->token_hash,
                                                         &session, &user)
                        : LB_OK;
    return err != LB_ERR_NOT_FOUND;
}

bool lb_gate_still_holds(const struct lb_call *call, struct lb_store_reader *reader)
{
    int64_t now = lb_clock_wall_ms();
    return (!call->signed_in || session_holds(call, reader, now)) &&
           (!call->key || lb_key_valid(call->key, now)) && has_same_campaign(call);
}
