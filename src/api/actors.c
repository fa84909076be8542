#include "api/actors.h"

#include "json/encode.h"

static void put(struct lb_buf *body, const char *type, struct lb_str id, struct lb_str name)
{
    lb_buf_printf(body, "{\"type\":\"%s\",\"id\":", type);
    lb_json_put_string_or_null(body, id);
    lb_buf_append_lit(body, ",\"name\":");
    lb_json_put_string_or_null(body, name);
    lb_buf_append_lit(body, "}");
}

void lb_actors_put(struct lb_buf *body, const struct lb_call *call, struct lb_store_reader *reader,
                   uint32_t actor)
{
    static const struct lb_str none = {0};
    struct lb_user_row user;
    if (actor >= LB_USER_NO_MIN) {
        bool found = call->app->store->ops->user(reader, actor, &user) == LB_OK;
        put(body, "user", found ? lb_str(user.id) : none, found ? lb_str(user.email) : none);
        return;
    }
    const struct lb_key *key = actor ? lb_access_key_no(call->app->access, actor) : NULL;
    if (key)
        put(body, "key", lb_str(key->row.id), lb_str(key->row.name));
    else
        put(body, actor ? "key" : "operator", none, none);
}

bool lb_actors_fill_in(struct lb_buf *body, const struct lb_call *call,
                       struct lb_store_reader *reader, const struct lb_actors_places *places)
{
    struct lb_buf filled = {0};
    struct lb_buf by = {0}; /* of the actor before: most neighbours are the same */
    size_t copied = 0;
    for (size_t i = 0; i < places->count; i++) {
        const struct lb_actors_place *place = &places->places[i];
        lb_buf_append(&filled, body->ptr + copied, place->at - copied);
        copied = place->at;
        if (i == 0 || place->actor != places->places[i - 1].actor) {
            by.len = 0;
            lb_actors_put(&by, call, reader, place->actor);
        }
        lb_buf_append_lit(&filled, ",\"by\":");
        lb_buf_append_str(&filled, lb_buf_str(&by));
    }
    lb_buf_append(&filled, body->ptr + copied, body->len - copied);
    bool failed = filled.failed || by.failed;
    lb_buf_fini(&by);
    if (failed) {
        lb_buf_fini(&filled);
        return false;
    }
    lb_buf_fini(body);
    *body = filled;
    return true;
}
