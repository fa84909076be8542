/* Who is blocked where: one name in all blocklists of a workspace. */
#include "api/by.h"
#include "api/handlers.h"
#include "api/ids.h"
#include "api/blocklist/entry_json.h"
#include "api/blocklist/identifiers.h"
#include "api/blocklist/named.h"
#include "api/blocklist/person_names.h"

#include "domain/blocklist/entry.h"
#include "json/encode.h"

#include <stdlib.h>

#define BLOCKS_SHOWN 100

struct looking {
    struct lb_call *call;
    struct lb_store_reader *reader;
    struct lb_by actors;
    struct lb_asked asked;
    struct lb_other_names others; /* of the person */
    struct lb_buf *body;
    uint64_t blocks;
    lb_err err;
};

static void put_block(struct looking *looking, const struct lb_list_owner *owner,
                      struct lb_str name, const struct lb_entry *entry)
{
    struct lb_buf *body = looking->body;
    uint32_t actor = entry->actor;
    lb_buf_append_str(body, looking->blocks > 1 ? LB_STR(",{") : LB_STR("{"));
    if (owner->no) {
        lb_buf_append_lit(body, "\"scope\":\"campaign\",\"campaignId\":");
        lb_json_put_string(body, owner->id);
        lb_buf_append_lit(body, ",\"campaignName\":");
        lb_json_put_string(body, owner->name);
        if (owner->deleted)
            lb_buf_append_lit(body, ",\"campaignDeleted\":true");
        lb_buf_append_lit(body, ",\"id\":null");
    } else {
        lb_buf_append_lit(body, "\"scope\":\"workspace\",\"campaignId\":null,\"campaignName\":null,"
                                "\"id\":\"");
        lb_id_put_record(body, LB_STR(LB_ENTRY_PREFIX), &looking->call->workspace->epochs,
                         entry->number);
        lb_buf_append_lit(body, "\"");
    }
    lb_buf_append_lit(body, ",\"reason\":");
    lb_json_put_string_or_null(body, entry->reason);
    lb_buf_append_lit(body, ",");
    lb_entry_json_put_kind(body, entry->block_kind, entry->ends_at);
    lb_buf_append_lit(body, ",\"createdAt\":");
    lb_json_put_time(body, entry->at);
    lb_buf_append_lit(body, ",\"by\":");
    lb_by_put(&looking->actors, body, actor);
    lb_person_names_put_matched(body, looking->asked.identifier, name);
    lb_buf_append_lit(body, "}");
}

static void look_for(struct looking *looking, const struct lb_list_owner *owner, struct lb_str name)
{
    const struct lb_app *app = looking->call->app;
    struct lb_list list = {looking->call->list.workspace, owner->no};
    uint64_t id = lb_blocklist_find(app->blocklist, list, name);
    struct lb_entry entry;
    if (!id || looking->err || ++looking->blocks > BLOCKS_SHOWN)
        return;
    looking->err = lb_blocklist_entry(app->store, looking->reader, list.workspace, id, &entry);
    if (looking->err == LB_ERR_NOT_FOUND && entry.erased) /* just now */
        looking->err = LB_OK;
    if (!looking->err)
        put_block(looking, owner, name, &entry);
}

static void look_into(struct looking *looking, const struct lb_list_owner *owner)
{
    look_for(looking, owner, looking->asked.identifier);
    for (size_t i = 0; i < looking->others.count; i++)
        look_for(looking, owner, looking->others.names[i]);
}

/* A workspace is not told why, until when and by whom. */
static void look_into_installation(struct looking *looking, struct lb_str name)
{
    const struct lb_blocklist *blocklist = looking->call->app->blocklist;
    struct lb_list list = {.workspace = LB_INSTALLATION_NO};
    struct lb_buf *body = looking->body;
    uint64_t id = lb_blocklist_find(blocklist, list, name);
    if (!id || looking->err || ++looking->blocks > BLOCKS_SHOWN)
        return;
    lb_buf_append_str(body, looking->blocks > 1 ? LB_STR(",{") : LB_STR("{"));
    lb_buf_append_lit(body, "\"scope\":\"installation\",\"campaignId\":null,"
                            "\"campaignName\":null,\"id\":null,\"reason\":null,"
                            "\"kind\":null,\"expiresAt\":null,\"createdAt\":");
    lb_json_put_time(body, lb_blocklist_installation_at(blocklist, id));
    lb_buf_append_lit(body, ",\"by\":");
    lb_by_put(&looking->actors, body, 0);
    lb_person_names_put_matched(body, looking->asked.identifier, name);
    lb_buf_append_lit(body, "}");
}

static void look_into_all(struct looking *looking, const struct lb_list_owner *owners, size_t count)
{
    const struct lb_list_owner workspace = {0};
    if (!looking->asked.identifier.ptr)
        return;
    look_into_installation(looking, looking->asked.identifier);
    for (size_t i = 0; i < looking->others.count; i++)
        look_into_installation(looking, looking->others.names[i]);
    look_into(looking, &workspace);
    for (size_t i = 0; owners && i < count; i++)
        look_into(looking, &owners[i]);
}

static void reply_found(struct looking *looking)
{
    struct lb_call *call = looking->call;
    if (looking->err) {
        lb_call_refuse(call,
                       looking->err == LB_ERR_NOT_FOUND ? LB_ERR_STORAGE_UNAVAILABLE : looking->err,
                       NULL);
        return;
    }
    if (looking->asked.wrong && !looking->blocks) {
        lb_identifiers_refuse(call, &looking->asked);
        return;
    }
    lb_workspace_count_checks(call->workspace, 1, looking->blocks > 0);
    struct lb_buf *body = lb_reply_json(&call->req->reply, 200);
    lb_buf_append_lit(body, "{");
    lb_named_put(call, body, looking->asked.identifier);
    lb_buf_printf(body, ",\"blocked\":%s,\"blocks\":[", looking->blocks ? "true" : "false");
    lb_buf_append_str(body, lb_buf_str(looking->body));
    lb_buf_printf(body, "],\"blocksTotal\":%llu", (unsigned long long)looking->blocks);
    lb_person_names_put_names(body, &looking->others);
    lb_buf_append_lit(body, "}");
    body->failed |= looking->body->failed;
}

static enum lb_turn look_up_blocks(struct lb_call *call, struct lb_store_reader *reader)
{
    struct looking *looking = call->state;
    size_t count;
    struct lb_list_owner *owners =
        lb_directory_list_owners(call->app->directory, call->workspace, &count);
    struct lb_buf blocks = {0};
    looking->reader = reader;
    looking->actors = (struct lb_by){.call = call, .reader = reader};
    looking->body = &blocks;
    looking->err = owners ? LB_OK : LB_ERR_OVERLOADED;
    if (!looking->err && looking->asked.identifier.ptr &&
        !lb_person_names_copy(call, looking->asked.identifier, LB_PERSON_ASKED, &looking->others))
        looking->err = LB_ERR_OVERLOADED;
    look_into_all(looking, owners, count);
    if (!looking->blocks && looking->asked.before.ptr) {
        struct lb_str today = looking->asked.identifier;
        looking->asked.identifier = looking->asked.before;
        look_into_all(looking, owners, count);
        if (!looking->blocks)
            looking->asked.identifier = today;
    }
    free(owners);
    lb_by_fini(&looking->actors);
    reply_found(looking);
    lb_buf_fini(&blocks);
    lb_request_complete(call->req);
    return LB_TURN_LAST;
}

static enum lb_progress look_up(struct lb_call *call,
                                bool (*read)(struct lb_call *call, struct lb_asked *out))
{
    struct looking *looking = lb_call_alloc(call, sizeof *looking);
    if (!looking || !read(call, &looking->asked))
        return LB_DONE;
    looking->call = call;
    call->state = looking;
    return lb_call_read(call, look_up_blocks);
}

static bool read_person(struct lb_call *call, struct lb_asked *out)
{
    return lb_identifiers_read_one(call, call->req->params[0], out);
}

enum lb_progress lb_lookup_get(struct lb_call *call)
{
    return look_up(call, read_person);
}

enum lb_progress lb_lookup_get_named(struct lb_call *call)
{
    return look_up(call, lb_named_read_path);
}
