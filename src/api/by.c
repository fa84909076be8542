#include "api/by.h"

#include "base/csv.h"
#include "json/encode.h"

/* `deleted`: of a user who is found. */
static void put_actor(const struct lb_by *actors, struct lb_buf *body, const char *type,
                      struct lb_str id, struct lb_str name, bool deleted)
{
    if (actors->csv) {
        lb_csv_put_cell(body, name.len ? name : id.len ? id : lb_str(type));
        return;
    }
    lb_buf_printf(body, "{\"type\":\"%s\",\"id\":", type);
    lb_json_put_string_or_null(body, id);
    lb_buf_append_lit(body, ",\"name\":");
    lb_json_put_string_or_null(body, name);
    if (actors->tells_deleted)
        lb_buf_printf(body, ",\"deleted\":%s", deleted ? "true" : "false");
    lb_buf_append_lit(body, "}");
}

static void look_up(struct lb_by *actors, struct lb_buf *out, uint32_t actor)
{
    static const struct lb_str none = {0};
    const struct lb_app *app = actors->call->app;
    struct lb_user_row user;
    if (actor == LB_SERVER_NO) {
        put_actor(actors, out, "server", none, none, false);
        return;
    }
    if (actor >= LB_USER_NO_MIN) {
        bool found = app->store->ops->user(actors->reader, actor, &user) == LB_OK;
        put_actor(actors, out, "user", found ? lb_str(user.id) : none,
                  found ? lb_str(user.email) : none, !found || user.deleted_at);
        return;
    }
    const struct lb_key *key = actor ? lb_directory_key_no(app->directory, actor) : NULL;
    if (key)
        put_actor(actors, out, "key", lb_str(key->row.id), lb_str(key->row.name), false);
    else
        put_actor(actors, out, actor ? "key" : "operator", none, none, false);
}

/* The place of the actor's text, which is made when it is not known yet. */
static const struct lb_by_known *known_actor(struct lb_by *actors, uint32_t actor)
{
    size_t room = sizeof actors->known / sizeof *actors->known;
    for (size_t i = 0; i < actors->count; i++)
        if (actors->known[i].actor == actor)
            return &actors->known[i];
    if (actors->count == room) { /* more than a page has, as a rule: start again */
        actors->count = 0;
        actors->texts.len = 0;
    }
    struct lb_by_known *known = &actors->known[actors->count++];
    *known = (struct lb_by_known){.actor = actor, .at = actors->texts.len};
    look_up(actors, &actors->texts, actor);
    known->len = actors->texts.len - known->at;
    return known;
}

void lb_by_fini(struct lb_by *actors)
{
    lb_buf_fini(&actors->texts);
}

void lb_by_put(struct lb_by *actors, struct lb_buf *body, uint32_t actor)
{
    const struct lb_by_known *known = known_actor(actors, actor);
    if (actors->texts.failed)
        body->failed = true;
    else
        lb_buf_append(body, actors->texts.ptr + known->at, known->len);
}

lb_err lb_by_find(const struct lb_call *call, struct lb_store_reader *reader, struct lb_str id,
                  uint32_t *out)
{
    struct lb_user_row user;
    const struct lb_key *key = lb_directory_key(call->app->directory, id);
    *out = key ? key->row.no : 0;
    if (key || lb_str_equal(id, LB_STR("operator"))) /* whose number is 0 */
        return LB_OK;
    lb_err err = call->app->store->ops->user_ever(reader, id, &user);
    *out = err ? 0 : user.no;
    return err;
}

bool lb_by_fill_in(struct lb_by *actors, struct lb_buf *body, const struct lb_by_places *places)
{
    struct lb_buf filled = {0};
    size_t copied = 0;
    if (body->failed) /* the places are those of a longer text */
        return false;
    for (size_t i = 0; i < places->count; i++) {
        const struct lb_by_place *place = &places->places[i];
        lb_buf_append(&filled, body->ptr + copied, place->at - copied);
        copied = place->at;
        if (!actors->csv)
            lb_buf_append_lit(&filled, ",\"by\":");
        lb_by_put(actors, &filled, place->actor);
    }
    lb_buf_append(&filled, body->ptr + copied, body->len - copied);
    if (filled.failed) {
        lb_buf_fini(&filled);
        return false;
    }
    lb_buf_fini(body);
    *body = filled;
    return true;
}
