#include "api/outreach/campaigns.h"

#include "api/handlers.h"
#include "api/body_items.h"
#include "api/query.h"
#include "api/outreach/settings.h"
#include "api/outreach/steps.h"
#include "api/outreach/variables.h"
#include "api/outreach/variants.h"
#include "domain/outreach/lead.h"
#include "domain/outreach/counts.h"
#include "json/encode.h"
#include "store/names.h"

#define TAKE_DEFAULT 10
#define TAKE_MAX     100
/* Where a page ends early: sequences can be large. The Link goes on after what it has. */
#define PAGE_BYTES_MAX ((size_t)4 << 20)

static double rate(int64_t part, int64_t whole)
{
    return whole > 0 ? (double)part / (double)whole : 0;
}

static void put_analytics(struct lb_buf *body, const struct lb_counts *counts,
                          const struct lb_sequence *sequence)
{
    lb_buf_printf(body, "{\"acceptanceRate\":%.4g,\"responseRate\":%.4g,\"totalLeads\":%lld",
                  rate(counts->accepted, counts->invited), rate(counts->replied, counts->contacted),
                  (long long)lb_counts_total(counts));
    lb_buf_append_lit(body, ",\"leads\":{");
    for (int status = 0; status < LB_LEAD_STATUS_COUNT; status++)
        lb_buf_printf(body, "\"%s\":%lld,", lb_lead_status_name((enum lb_lead_status)status),
                      (long long)counts->leads[status]);
    lb_buf_printf(body, "\"blocked\":%lld,\"skippedContacted\":%lld},\"variants\":",
                  (long long)counts->set_aside, (long long)counts->skipped);
    lb_variants_put_counts(body, sequence);
    lb_buf_append_lit(body, "}");
}

/* Everything but the steps, without braces. `state`: of the campaign, or of a new one, all zero. */
static void put_fields(struct lb_buf *body, const struct lb_campaign_row *row,
                       const struct lb_campaign_state *state, const struct lb_sequence *sequence)
{
    lb_buf_append_lit(body, "\"id\":");
    lb_json_put_string(body, lb_str(row->id));
    lb_buf_append_lit(body, ",\"name\":");
    lb_json_put_string(body, lb_str(row->name));
    lb_buf_append_lit(body, ",\"status\":");
    lb_json_put_string(body, lb_str(lb_campaign_status_name(row->status)));
    lb_buf_printf(body, ",\"progress\":%u,\"createdAt\":", lb_counts_progress(&state->counts));
    lb_json_put_time(body, row->created_at);
    lb_buf_append_lit(body, ",\"settings\":");
    lb_settings_put(body, &state->settings);
    lb_buf_append_lit(body, ",\"coreVariables\":{},\"customVariables\":");
    lb_variables_put(body, state->variables);
    lb_buf_append_lit(body, ",\"linkedinAccounts\":[],\"analytics\":");
    put_analytics(body, &state->counts, sequence);
}

static void put_campaign(struct lb_buf *body, const struct lb_campaign_row *row,
                         const struct lb_campaign_state *state, const struct lb_sequence *sequence)
{
    lb_buf_append_lit(body, "{");
    put_fields(body, row, state, sequence);
    lb_buf_append_lit(body, ",\"steps\":");
    lb_steps_put(body, sequence, "variants");
    lb_buf_append_lit(body, "}");
}

/* Reads what the store knows of a campaign and appends it. Its status, which belongs to the counts,
 * is the store's too unless a page was chosen by what memory says. */
static lb_err put_stored(struct lb_call *call, struct lb_store_reader *reader, struct lb_buf *body,
                         const struct lb_campaign_row *row, bool stored_status)
{
    struct lb_campaign_row shown = *row;
    struct lb_store *store = call->app->store;
    struct lb_campaign_state state = {0};
    struct lb_sequence sequence;
    lb_err err =
        lb_sequence_load(store, reader, (struct lb_list){row->workspace, row->no}, true, &sequence);
    if (!err)
        err = store->ops->campaign_state(reader, row->workspace, row->no, &state);
    if (stored_status)
        shown.status = state.status;
    if (!err)
        put_campaign(body, &shown, &state, &sequence);
    lb_sequence_fini(&sequence);
    return err;
}

static bool read_id(struct lb_call *call, struct lb_campaign_change *change)
{
    const struct lb_json *value = lb_json_member(call->body, "id");
    enum lb_json_type type = lb_json_type(value);
    if (type == LB_JSON_MISSING || type == LB_JSON_NULL)
        return true;
    struct lb_str id = lb_json_string(value);
    if (lb_campaign_id_valid(id))
        return lb_str_copy(id, change->row.id, sizeof change->row.id);
    lb_reply_error(&call->req->reply, LB_ERR_INVALID_BODY,
                   "A campaign's \"id\" must have 1 to %d of A-Z a-z 0-9 _ -. Leave it out to "
                   "have one made.",
                   LB_CAMPAIGN_ID_MAX);
    return false;
}

static struct lb_campaign_change *begin_campaign_change(struct lb_call *call)
{
    struct lb_campaign_change *change = lb_call_alloc(call, sizeof *change);
    if (!change)
        return NULL;
    change->standing = lb_call_standing(call, false);
    change->blocklist = call->app->blocklist;
    change->outreach = call->app->outreach;
    call->state = change;
    return change;
}

static void reply_created(struct lb_call *call)
{
    const struct lb_campaign_change *change = call->state;
    if (!lb_call_written(call))
        return;
    struct lb_campaign_state state = {.variables = change->variables, .settings = change->settings};
    struct lb_sequence sequence = {.steps = change->steps, .count = change->step_count};
    struct lb_buf *body = lb_reply_json(&call->req->reply, 201);
    put_campaign(body, &change->row, &state, &sequence);
    if (!change->kept_list)
        return;
    body->len -= body->len > 0; /* the brace */
    lb_buf_append_lit(body, ",\"carriedOver\":");
    if (change->blocklist)
        lb_buf_append_u64(body, change->kept_people);
    else
        lb_buf_append_lit(body, "null");
    lb_buf_append_lit(body, "}");
}

/* Reads "customVariables"; false when the reply is set. */
static bool read_variables(struct lb_call *call, struct lb_campaign_change *change)
{
    struct lb_buf packed = {0};
    struct lb_kept kept = {0};
    const char *wrong = lb_variables_read(lb_json_member(call->body, "customVariables"), &packed);
    change->variables = lb_buf_str(&packed);
    bool good = !wrong && !packed.failed && lb_keep(call, &kept, &change->variables);
    lb_buf_fini(&packed);
    if (wrong)
        lb_reply_error(&call->req->reply, LB_ERR_INVALID_BODY,
                       "\"customVariables\" is invalid: %s.", wrong);
    else if (!good)
        lb_call_no_memory(call);
    return good;
}

enum lb_progress lb_campaigns_create(struct lb_call *call)
{
    struct lb_campaign_change *change = begin_campaign_change(call);
    if (!change || !lb_call_parse_body(call, LB_JSON_OBJECT) ||
        !lb_body_name(call, change->row.name) || !read_id(call, change) ||
        !read_variables(call, change) || !lb_settings_read(call, change) ||
        !lb_steps_read(call, lb_json_member(call->body, "steps"), &change->steps,
                       &change->step_count))
        return LB_DONE;
    change->max_campaigns = call->app->config->max_workspace_campaigns;
    lb_campaign_create(change);
    return lb_call_write(call, &change->write, sizeof change->row + call->req->body.len,
                         reply_created);
}

enum lb_progress lb_campaigns_post(struct lb_call *call)
{
    return lb_campaigns_create(call);
}

/* A page of campaigns on its way. */
struct listing {
    uint64_t skip;
    uint64_t take;
    int status; /* -1: any */
    struct lb_campaign_row *rows;
};

static enum lb_turn run_page(struct lb_call *call, struct lb_store_reader *reader)
{
    const struct listing *listing = call->state;
    struct lb_campaign_row *rows = listing->rows;
    size_t total;
    size_t count =
        lb_directory_page_campaigns(call->app->directory, call->workspace, listing->status,
                                    listing->skip, listing->take, rows, &total);
    struct lb_buf *body = lb_reply_json(&call->req->reply, 200);
    lb_err err = LB_OK;
    size_t i = 0;
    lb_buf_append_lit(body, "[");
    for (; !err && i < count && body->len < PAGE_BYTES_MAX; i++) {
        if (body->len > 1)
            lb_buf_append_lit(body, ",");
        err = put_stored(call, reader, body, &rows[i], false);
        if (err == LB_ERR_NOT_FOUND) { /* deleted this very moment */
            body->len -= body->len > 1;
            err = LB_OK;
        }
    }
    lb_buf_append_lit(body, "]");
    lb_query_put_total(call, total);
    if (i && listing->skip + i < total)
        lb_query_put_link(call, "take=%llu&skip=%llu%s%s", (unsigned long long)listing->take,
                          (unsigned long long)listing->skip + i,
                          listing->status < 0 ? "" : "&status=",
                          listing->status < 0
                              ? ""
                              : lb_campaign_status_name((enum lb_campaign_status)listing->status));
    if (err)
        lb_call_refuse(call, err, NULL);
    lb_request_complete(call->req);
    return LB_TURN_LAST;
}

static bool read_status(struct lb_call *call, int *out)
{
    struct lb_str wanted;
    enum lb_campaign_status status;
    *out = -1;
    if (!lb_query_text(call, "status", &wanted))
        return false;
    if (!wanted.ptr)
        return true;
    if (lb_campaign_status_parse(wanted, &status)) {
        *out = (int)status;
        return true;
    }
    lb_reply_error(&call->req->reply, LB_ERR_INVALID_PARAMETER,
                   "The parameter 'status' must be draft, active, paused, completed or error.");
    return false;
}

enum lb_progress lb_campaigns_reply_page(struct lb_call *call, size_t take_default, size_t take_max)
{
    struct listing *listing = lb_call_alloc(call, sizeof *listing);
    if (!listing)
        return LB_DONE;
    if (!lb_query_only(call, "skip offset take limit status") ||
        !lb_query_number(call, "skip", "offset", 0, UINT32_MAX, &listing->skip) ||
        !lb_query_number(call, "take", "limit", take_default, take_max, &listing->take) ||
        !read_status(call, &listing->status))
        return LB_DONE;
    listing->rows = lb_call_alloc(call, (listing->take + 1) * sizeof *listing->rows);
    if (!listing->rows)
        return LB_DONE;
    call->state = listing;
    return lb_call_read(call, run_page);
}

enum lb_progress lb_campaigns_list(struct lb_call *call)
{
    return lb_campaigns_reply_page(call, TAKE_DEFAULT, TAKE_MAX);
}

static enum lb_turn run_get(struct lb_call *call, struct lb_store_reader *reader)
{
    const struct lb_campaign *campaign =
        lb_directory_campaign(call->app->directory, call->workspace->row.no, call->campaign_id);
    lb_err err = LB_ERR_NOT_FOUND;
    if (campaign) {
        struct lb_campaign_row row = campaign->row;
        err = put_stored(call, reader, lb_reply_json(&call->req->reply, 200), &row, true);
    }
    if (err == LB_ERR_NOT_FOUND)
        lb_call_campaign_not_found(call);
    else if (err)
        lb_call_refuse(call, err, NULL);
    lb_request_complete(call->req);
    return LB_TURN_LAST;
}

enum lb_progress lb_campaigns_get(struct lb_call *call)
{
    return lb_call_read(call, run_get);
}

static void reply_deleted(struct lb_call *call)
{
    const struct lb_campaign_change *change = call->state;
    unsigned long long people = change->kept_people;
    if (!lb_call_written(call))
        return;
    if (change->kept_people && change->kept_list)
        lb_call_reply_done(
            call, 200, "Campaign '%s' deleted with its leads. Its blocklist is kept: %llu lead%s",
            change->row.id, people, people == 1 ? "" : "s");
    else
        lb_call_reply_done(call, 200, "Campaign '%s' deleted with its leads and its blocklist",
                           change->row.id);
}

static void reply_dropped(struct lb_call *call)
{
    const struct lb_campaign_change *change = call->state;
    if (lb_call_written(call))
        lb_call_reply_done(call, 200, "The blocklist of the deleted campaign '%s' has ended",
                           change->row.id);
}

/* blocks=keep or drop; false when the reply is set. */
static bool read_blocks(struct lb_call *call, bool *out_drop)
{
    struct lb_str blocks;
    if (!lb_query_text(call, "blocks", &blocks))
        return false;
    *out_drop = blocks.ptr && lb_str_equal(blocks, LB_STR("drop"));
    if (!blocks.ptr || *out_drop || lb_str_equal(blocks, LB_STR("keep")))
        return true;
    lb_reply_error(&call->req->reply, LB_ERR_INVALID_PARAMETER,
                   "The parameter 'blocks' must be keep or drop.");
    return false;
}

enum lb_progress lb_campaigns_delete(struct lb_call *call)
{
    struct lb_campaign_change *change = begin_campaign_change(call);
    if (!change || !read_blocks(call, &change->drops_list))
        return LB_DONE;
    if (call->campaign_id.ptr) {
        lb_campaign_delete(change);
        return lb_call_write(call, &change->write, 0, reply_deleted);
    }
    /* Deleted already: see LB_ROUTE_DELETED. */
    struct lb_str id = call->req->params[0];
    if (!change->drops_list || !lb_str_copy(id, change->row.id, sizeof change->row.id)) {
        call->campaign_id = id;
        return lb_call_campaign_not_found(call);
    }
    change->write.workspace = change->standing.workspace->row.no;
    lb_campaign_drop_list(change);
    return lb_call_write(call, &change->write, 0, reply_dropped);
}

/* The campaign without its steps; `what` is said of it. */
static void reply_brief(struct lb_call *call, const char *what, const char *more)
{
    struct lb_campaign_change *change = call->state;
    if (lb_call_written(call)) {
        struct lb_buf *body = lb_reply_json(&call->req->reply, 200);
        lb_buf_printf(body, "{\"success\":true,\"message\":\"Campaign '%s' %s%s\",", change->row.id,
                      what, more);
        put_fields(body, &change->row, &change->state, &change->sequence);
        lb_buf_append_lit(body, "}");
    }
    lb_campaign_change_fini(call->state);
}

static void put_status(struct lb_call *call)
{
    const struct lb_campaign_change *change = call->state;
    reply_brief(call, "is ", lb_campaign_status_name(change->row.status));
}

static void put_changed(struct lb_call *call)
{
    reply_brief(call, "changed", "");
}

/* Its variables may be many. */
static enum lb_progress reply_status(struct lb_call *call)
{
    const struct lb_campaign_change *change = call->state;
    return lb_call_put_answer(call, change->texts.len, put_status);
}

static enum lb_progress reply_changed(struct lb_call *call)
{
    const struct lb_campaign_change *change = call->state;
    return lb_call_put_answer(call, change->texts.len, put_changed);
}

enum lb_progress lb_campaigns_patch(struct lb_call *call)
{
    struct lb_campaign_change *change = begin_campaign_change(call);
    if (!change || !lb_call_parse_body(call, LB_JSON_OBJECT))
        return LB_DONE;
    if (lb_json_type(lb_json_member(call->body, "name")) != LB_JSON_MISSING &&
        !lb_body_name(call, change->new_name))
        return LB_DONE;
    change->sets_variables =
        lb_json_type(lb_json_member(call->body, "customVariables")) != LB_JSON_MISSING;
    if (!read_variables(call, change) || !lb_settings_read(call, change))
        return LB_DONE;
    lb_campaign_change(change);
    return lb_call_write_then(call, &change->write, call->req->body.len, reply_changed);
}

static enum lb_progress set_status(struct lb_call *call,
                                   void (*prepare)(struct lb_campaign_change *change))
{
    struct lb_campaign_change *change = begin_campaign_change(call);
    if (!change)
        return LB_DONE;
    prepare(change);
    return lb_call_write_then(call, &change->write, 0, reply_status);
}

enum lb_progress lb_campaigns_activate(struct lb_call *call)
{
    return set_status(call, lb_campaign_activate);
}

enum lb_progress lb_campaigns_pause(struct lb_call *call)
{
    return set_status(call, lb_campaign_pause);
}
