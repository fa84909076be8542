/* Blocked names that the rules of today refuse: they were stored under earlier ones. */
#include "api/call.h"
#include "api/handlers.h"

#include "base/rcu.h"
#include "domain/blocklist/identifier.h"
#include "domain/blocklist/page.h"
#include "json/encode.h"

#include <stdlib.h>

/* Entries that are looked at before others have their turn: some ten milliseconds. */
#define LOOK_AT_MOST 20000
#define NAMES_MAX    10000

struct campaign {
    uint32_t no;
    char id[LB_ID_SIZE];
};

/* The list that is looked through: the workspace's, and then those of its campaigns. */
struct examining {
    struct lb_call *call;
    struct lb_buf *body;
    size_t found;
    struct lb_workspace *workspace;
    struct campaign *campaigns;
    size_t count;
    size_t at; /* 0: the workspace's list, else after the campaign's place */
    struct lb_page_progress progress;
};

/* Goes to the next workspace that there is; false when out of memory. */
static bool enter_workspace(struct examining *examining, struct lb_workspace *workspace)
{
    struct lb_call *call = examining->call;
    size_t count = 0;
    examining->workspace = workspace;
    examining->progress = (struct lb_page_progress){.look = LOOK_AT_MOST};
    examining->count = examining->at = 0;
    struct lb_campaign **campaigns =
        workspace ? lb_directory_list_campaigns(call->app->directory, workspace, &count) : NULL;
    if (!workspace || !campaigns)
        return !workspace;
    examining->campaigns = lb_request_alloc(call->req, (count + 1) * sizeof(struct campaign));
    for (; examining->campaigns && examining->count < count; examining->count++) {
        struct campaign *copy = &examining->campaigns[examining->count];
        const struct lb_campaign_row *row = &campaigns[examining->count]->row;
        copy->no = row->no;
        lb_str_copy(lb_str(row->id), copy->id, sizeof copy->id);
    }
    free(campaigns);
    return examining->campaigns != NULL;
}

static bool enter_next(struct examining *examining)
{
    if (examining->at == examining->count)
        return enter_workspace(examining, lb_rcu_load(&examining->workspace->next));
    examining->at++;
    examining->progress = (struct lb_page_progress){.look = LOOK_AT_MOST};
    return true;
}

static const struct campaign *campaign_of(const struct examining *examining)
{
    return examining->at ? &examining->campaigns[examining->at - 1] : NULL;
}

/* Who may have been meant: what is left without the punctuation that an address would lose. */
static void put_meant(struct lb_buf *body, struct lb_str stored)
{
    char address[LB_IDENTIFIER_SIZE + 3] = "in/";
    struct lb_identifier meant;
    memcpy(address + 3, stored.ptr, stored.len);
    bool known = !lb_identifier_normalise((struct lb_str){address, stored.len + 3}, &meant);
    lb_buf_append_lit(body, ",\"mayMean\":");
    lb_json_put_string_or_null(body, known ? lb_str(meant.text) : (struct lb_str){0});
}

static lb_err examine_entry(void *context, const struct lb_entry *entry)
{
    struct examining *examining = context;
    const struct campaign *campaign = campaign_of(examining);
    struct lb_buf *body = examining->body;
    struct lb_identifier today;
    const char *wrong = lb_identifier_normalise(entry->identifier, &today);
    if (!wrong || examining->found == NAMES_MAX || entry->identifier.len >= LB_IDENTIFIER_SIZE)
        return LB_OK;
    lb_buf_append_str(body, examining->found++ ? LB_STR(",{") : LB_STR("{"));
    lb_buf_append_lit(body, "\"workspaceId\":");
    lb_json_put_string(body, lb_str(examining->workspace->row.id));
    lb_buf_append_lit(body, ",\"campaignId\":");
    lb_json_put_string_or_null(body, campaign ? lb_str(campaign->id) : (struct lb_str){0});
    lb_buf_append_lit(body, ",\"publicIdentifier\":");
    lb_json_put_string(body, entry->identifier);
    lb_buf_append_lit(body, ",\"reason\":");
    lb_json_put_string(body, lb_str(wrong));
    put_meant(body, entry->identifier);
    lb_buf_append_lit(body, "}");
    return LB_OK;
}

/* Looks through a piece of the list. */
static lb_err examine_list(struct examining *examining, struct lb_store_reader *reader,
                           bool *out_unfinished)
{
    const struct campaign *campaign = campaign_of(examining);
    struct lb_page_result result = {0};
    struct lb_page_query query = {
        .list = {examining->workspace->row.no, campaign ? campaign->no : 0},
        .take = SIZE_MAX,
        .progress = &examining->progress};
    lb_err err = lb_blocklist_page(examining->call->app->blocklist, reader, &query, examining,
                                   examine_entry, &result);
    *out_unfinished = result.unfinished;
    return err;
}

static enum lb_turn examine(struct lb_call *call, struct lb_store_reader *reader)
{
    struct examining *examining = call->state;
    lb_err err = LB_OK;
    if (!examining->body) {
        examining->body = lb_reply_json(&call->req->reply, 200);
        lb_buf_append_lit(examining->body, "[");
        if (!enter_workspace(examining, lb_directory_workspaces(call->app->directory)))
            err = LB_ERR_OVERLOADED;
    }
    if (!err && examining->workspace) {
        bool unfinished;
        err = examine_list(examining, reader, &unfinished);
        if (!err && !unfinished && !enter_next(examining))
            err = LB_ERR_OVERLOADED;
        if (!err)
            return LB_TURN_MORE;
    }
    lb_buf_append_lit(examining->body, "]");
    if (err)
        lb_call_refuse(call, err, NULL);
    lb_request_complete(call->req);
    return LB_TURN_LAST;
}

enum lb_progress lb_admin_doctor(struct lb_call *call)
{
    if (!call->app->blocklist) { /* the command's own server has none in memory */
        lb_reply_error(&call->req->reply, LB_ERR_NOT_FOUND,
                       "No server runs that has read the blocklists. Start it, then ask again: "
                       "leadblock serve.");
        return LB_DONE;
    }
    struct examining *examining = lb_call_alloc(call, sizeof *examining);
    if (!examining)
        return LB_DONE;
    examining->call = call;
    call->state = examining;
    return lb_call_read(call, examine);
}
