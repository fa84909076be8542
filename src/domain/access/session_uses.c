#include "domain/access/session_uses.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct lb_session_uses {
    pthread_mutex_t mutex;
    struct lb_session_note noted;
};

struct lb_session_uses *lb_session_uses_create(void)
{
    struct lb_session_uses *uses = calloc(1, sizeof *uses);
    if (uses)
        pthread_mutex_init(&uses->mutex, NULL);
    return uses;
}

void lb_session_uses_destroy(struct lb_session_uses *uses)
{
    if (!uses)
        return;
    pthread_mutex_destroy(&uses->mutex);
    free(uses);
}

/* The place of the session among those noted, or a new one; NULL: all are taken. */
static struct lb_session_use *place_of(struct lb_session_note *noted, const uint8_t *token_hash)
{
    for (size_t i = 0; i < noted->count; i++)
        if (memcmp(noted->uses[i].token_hash, token_hash, LB_SECRET_HASH_SIZE) == 0)
            return &noted->uses[i];
    if (noted->count == sizeof noted->uses / sizeof *noted->uses)
        return NULL;
    struct lb_session_use *use = &noted->uses[noted->count++];
    memcpy(use->token_hash, token_hash, LB_SECRET_HASH_SIZE);
    return use;
}

void lb_session_uses_note(struct lb_session_uses *uses, const struct lb_session_row *session,
                          struct lb_str source, int64_t now)
{
    int64_t last =
        session->last_used_at > session->created_at ? session->last_used_at : session->created_at;
    if (now - last < LB_SESSION_USE_APART_MS)
        return;
    pthread_mutex_lock(&uses->mutex);
    struct lb_session_use *use = place_of(&uses->noted, session->token_hash);
    if (use) {
        use->at = now;
        lb_str_copy(source, use->source, sizeof use->source);
    }
    pthread_mutex_unlock(&uses->mutex);
}

static lb_err apply_note(struct lb_write *write, struct lb_store *store)
{
    struct lb_session_note *note = (struct lb_session_note *)write;
    lb_err err = LB_OK;
    for (size_t i = 0; !err && i < note->count; i++) {
        const struct lb_session_use *use = &note->uses[i];
        write->touched = true;
        err = store->ops->session_touch(store, use->token_hash, use->at, lb_str(use->source));
    }
    return err;
}

bool lb_session_uses_take(struct lb_session_uses *uses, struct lb_session_note *out)
{
    pthread_mutex_lock(&uses->mutex);
    *out = uses->noted;
    uses->noted.count = 0;
    pthread_mutex_unlock(&uses->mutex);
    out->write.apply = apply_note;
    return out->count > 0;
}
