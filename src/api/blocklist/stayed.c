#include "api/blocklist/stayed.h"

#include "api/by.h"
#include "api/blocklist/entry_json.h"
#include "domain/blocklist/entry.h"
#include "json/encode.h"

void lb_stayed_fini(struct lb_stayed *stayed)
{
    lb_buf_fini(&stayed->because);
}

static void put_person(struct lb_buf *body, struct lb_by *actors, const struct lb_entry *entry)
{
    uint32_t actor = entry->actor;
    lb_buf_append_str(body, body->len ? LB_STR(",{") : LB_STR("{"));
    lb_entry_json_put_who(body, entry->key);
    lb_buf_append_lit(body, ",\"reason\":");
    lb_json_put_string_or_null(body, entry->reason);
    lb_buf_append_lit(body, ",\"createdAt\":");
    lb_json_put_time(body, entry->at);
    lb_buf_append_lit(body, ",\"by\":");
    lb_by_put(actors, body, actor);
    lb_buf_append_lit(body, "}");
}

/* Writer thread. */
static lb_err describe(struct lb_change *undo, struct lb_store_reader *reader, const uint64_t *ids,
                       size_t count)
{
    struct lb_stayed *stayed = undo->on_stayed_context;
    struct lb_by actors = {.call = stayed->call, .reader = reader};
    lb_err err = LB_OK;
    stayed->because.len = stayed->kept_len;
    stayed->shown = stayed->kept_shown;
    for (size_t i = 0; !err && i < count && stayed->shown < LB_STAYED_SHOWN; i++) {
        struct lb_entry entry;
        err = lb_blocklist_entry(stayed->call->app->store, reader, undo->standing.workspace->row.no,
                                 ids[i], &entry);
        if (!err)
            put_person(&stayed->because, &actors, &entry);
        stayed->shown += !err;
    }
    lb_by_fini(&actors);
    return err;
}

void lb_stayed_expect(struct lb_stayed *stayed, struct lb_call *call, struct lb_change *undo)
{
    stayed->call = call;
    undo->on_stayed = describe;
    undo->on_stayed_context = stayed;
}

void lb_stayed_keep(struct lb_stayed *stayed, const struct lb_change *undo)
{
    stayed->count += undo->stayed;
    if (!undo->stayed)
        return; /* what an attempt before the one that was recorded may have described */
    stayed->kept_len = stayed->because.len;
    stayed->kept_shown = stayed->shown;
}

void lb_stayed_put(const struct lb_stayed *stayed, struct lb_buf *body)
{
    lb_buf_printf(body, ",\"stayed\":%llu,\"stayedBecause\":[", (unsigned long long)stayed->count);
    lb_buf_append(body, stayed->because.ptr, stayed->kept_len);
    lb_buf_append_lit(body, "]");
    body->failed |= stayed->because.failed;
}
