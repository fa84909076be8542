#include "domain/access/account.h"
#include "domain/access/account_internal.h"
#include "domain/access/factor.h"
#include "domain/access/standing.h"

#include "base/clock.h"
#include "base/id.h"

#include <sodium.h>
#include <string.h>

bool lb_session_ended(const struct lb_session_row *session, int64_t now)
{
    return session->expires_at <= now || session->created_at > now + LB_CLOCK_SLACK_MS;
}

bool lb_link_ended(const struct lb_link_row *link, int64_t now)
{
    int64_t latest = link->created_at ? INT64_MAX : now + LB_SET_UP_LIFETIME_MS + LB_CLOCK_SLACK_MS;
    return link->expires_at <= now || link->expires_at > latest ||
           link->created_at > now + LB_CLOCK_SLACK_MS;
}

void lb_session_id(const uint8_t *token_hash, char out[LB_SESSION_ID_SIZE])
{
    memcpy(out, "se_", 3);
    sodium_bin2hex(out + 3, LB_SESSION_ID_SIZE - 3, token_hash, 8);
}

static struct lb_account_change *change_of(struct lb_write *write)
{
    return (struct lb_account_change *)write;
}

lb_err lb_account_audit(const struct lb_account_change *change, struct lb_store *store,
                        uint32_t actor, const char *action)
{
    struct lb_audit_row row = {.workspace = change->user.workspace,
                               .actor = actor,
                               .at = lb_clock_wall_ms(),
                               .action = lb_str(action),
                               .target = lb_str(change->user.id),
                               .source = change->actor.source};
    return store->ops->audit_append(store, &row);
}

static lb_err insert_link(struct lb_account_change *change, struct lb_store *store)
{
    lb_token_make(change->token, change->link.token_hash);
    change->link.user = change->user.no;
    change->link.created_at = lb_clock_wall_ms();
    change->link.expires_at =
        change->link.created_at +
        (change->link_lifetime_ms ? change->link_lifetime_ms : LB_SET_UP_LIFETIME_MS);
    return store->ops->link_insert(store, &change->link);
}

/* Before the session is made and the user looked at once more: in a shared store this locks the
 * user's row, so that another node that sets a password, or deletes the user, either has finished,
 * or will end this sign-in with the user's others. */
static lb_err mark_signed_in(struct lb_account_change *change, struct lb_store *store)
{
    change->write.touched = true;
    return store->ops->user_signed_in(store, change->user.no, lb_clock_wall_ms());
}

static int64_t lifetime_ms(const struct lb_account_change *change)
{
    int64_t whole_ms = (int64_t)change->session_lifetime_s * 1000;
    return change->session.enrols && whole_ms > LB_ENROLMENT_LIFETIME_MS ? LB_ENROLMENT_LIFETIME_MS
                                                                         : whole_ms;
}

lb_err lb_account_begin_session(struct lb_account_change *change, struct lb_store *store)
{
    int64_t now = lb_clock_wall_ms();
    lb_token_make(change->token, change->session.token_hash);
    change->session.user = change->user.no;
    lb_str_copy(change->actor.source, change->session.source, sizeof change->session.source);
    change->session.created_at = now;
    change->session.expires_at = now + lifetime_ms(change);
    lb_err err = store->ops->accounts_sweep(store, now);
    if (!err && change->max_sessions)
        err = store->ops->sessions_trim(store, change->user.no, change->max_sessions - 1);
    return err ? err : store->ops->session_insert(store, &change->session);
}

lb_err lb_account_begin_anew(struct lb_account_change *change, struct lb_store *store)
{
    lb_err err = store->ops->sessions_end(store, change->user.no);
    return err ? err : lb_account_begin_session(change, store);
}

/* --- Making users and links --- */

static lb_err insert_user(struct lb_account_change *change, struct lb_store *store)
{
    struct lb_user_row other;
    lb_id_make(change->user.id, sizeof change->user.id, "us_");
    change->user.created_at = lb_clock_wall_ms();
    lb_err err =
        lb_email_find_user(change->old_emails, store->ops, store->ops->writer_reader(store),
                           lb_str(change->user.email), &other);
    if (!err)
        err = LB_ERR_ALREADY_EXISTS;
    else if (err == LB_ERR_NOT_FOUND)
        err = store->ops->user_insert(store, &change->user);
    if (err == LB_ERR_ALREADY_EXISTS)
        return lb_fail(&change->write.reason, err,
                       "A user with this e-mail address exists already.");
    change->write.touched = true;
    return err;
}

static lb_err apply_create(struct lb_write *write, struct lb_store *store)
{
    struct lb_account_change *change = change_of(write);
    change->user.has_maker = true;
    change->user.made_by = change->actor.no;
    lb_err err = lb_actor_check(&change->actor, store, &write->reason);
    if (!err)
        err = insert_user(change, store);
    if (!err)
        err = insert_link(change, store);
    return err ? err : lb_account_audit(change, store, change->actor.no, "user.create");
}

void lb_account_create(struct lb_account_change *change)
{
    change->write.apply = apply_create;
}

lb_err lb_account_read_user(struct lb_account_change *change, struct lb_store *store,
                            struct lb_user_row *out)
{
    lb_err err = store->ops->user(store->ops->writer_reader(store), change->user.no, out);
    if (err == LB_ERR_NOT_FOUND || (!err && out->deleted_at))
        return lb_fail(&change->write.reason, LB_ERR_USER_NOT_FOUND,
                       "This user has been deleted already.");
    return err;
}

static lb_err apply_make_link(struct lb_write *write, struct lb_store *store)
{
    struct lb_account_change *change = change_of(write);
    struct lb_user_row user;
    lb_err err = lb_actor_check(&change->actor, store, &write->reason);
    if (!err && change->user.no)
        err = lb_account_read_user(change, store, &user);
    if (err)
        return err;
    write->touched = true;
    err = insert_link(change, store);
    return err || !change->user.no ? err
                                   : lb_account_audit(change, store, change->actor.no, "user.link");
}

void lb_account_make_link(struct lb_account_change *change)
{
    change->write.apply = apply_make_link;
}

static lb_err apply_end_links(struct lb_write *write, struct lb_store *store)
{
    struct lb_account_change *change = change_of(write);
    struct lb_user_row user;
    lb_err err = lb_actor_check(&change->actor, store, &write->reason);
    if (!err)
        err = lb_account_read_user(change, store, &user);
    if (err)
        return err;
    write->touched = true;
    err = store->ops->links_end(store, change->user.no);
    return err ? err : lb_account_audit(change, store, change->actor.no, "user.link_revoke");
}

void lb_account_end_links(struct lb_account_change *change)
{
    change->write.apply = apply_end_links;
}

/* --- Signing in and out --- */

static lb_err count_operator(void *context, const struct lb_user_row *row)
{
    *(size_t *)context += row->role == LB_ROLE_OPERATOR;
    return LB_OK;
}

static lb_err count_operators(struct lb_store *store, size_t *out)
{
    *out = 0;
    return store->ops->users(store->ops->writer_reader(store), false, out, count_operator);
}

/* The set-up link makes an operator, if there is none yet. */
static lb_err set_up(struct lb_account_change *change, struct lb_store *store)
{
    size_t operators;
    lb_err err = count_operators(store, &operators);
    if (err)
        return err;
    if (operators)
        return lb_fail(&change->write.reason, LB_ERR_INVALID_LINK,
                       "There is an operator already, who can create more users.");
    if (!change->user.email[0])
        return lb_fail(&change->write.reason, LB_ERR_INVALID_BODY,
                       "The body needs an \"email\": of the first operator.");
    change->user.role = LB_ROLE_OPERATOR;
    change->user.workspace = 0;
    err = insert_user(change, store);
    return err ? err : lb_account_audit(change, store, change->user.no, "user.create");
}

/* Sets the password, ends all sessions, and begins one. */
static lb_err set_password(struct lb_account_change *change, struct lb_store *store)
{
    lb_err err =
        store->ops->user_set_password(store, change->user.no, lb_str(change->password_hash));
    if (!err)
        err = lb_account_begin_anew(change, store);
    return err ? err : lb_account_audit(change, store, change->user.no, "user.set_password");
}

static lb_err find_link(struct lb_account_change *change, struct lb_store *store)
{
    struct lb_store_reader *reader = store->ops->writer_reader(store);
    uint8_t hash[LB_SECRET_HASH_SIZE];
    memcpy(hash, change->link.token_hash, sizeof hash);
    lb_err err = store->ops->link(reader, hash, &change->link);
    if (!err && change->link.user)
        err = store->ops->user(reader, change->link.user, &change->user);
    if (!err && !lb_link_ended(&change->link, lb_clock_wall_ms()) && !change->user.deleted_at)
        return LB_OK;
    if (err && err != LB_ERR_NOT_FOUND)
        return err;
    return lb_fail(
        &change->write.reason, LB_ERR_INVALID_LINK,
        "This link has been used, has expired, or was not copied whole. Ask for a new one.");
}

static lb_err apply_use_link(struct lb_write *write, struct lb_store *store)
{
    struct lb_account_change *change = change_of(write);
    lb_err err = find_link(change, store);
    if (!err && !change->link.user)
        err = set_up(change, store);
    if (!err)
        err = lb_factor_ask(change, store);
    if (err || change->wrong_code)
        return err;
    write->touched = true;
    err = store->ops->link_take(store, change->link.token_hash);
    if (err == LB_ERR_NOT_FOUND) /* another node was faster */
        return lb_fail(&write->reason, LB_ERR_INVALID_LINK, "This link has been used.");
    if (!err)
        err = mark_signed_in(change, store);
    return err ? err : set_password(change, store);
}

void lb_account_use_link(struct lb_account_change *change)
{
    change->write.apply = apply_use_link;
}

lb_err lb_account_still_the_same(struct lb_account_change *change, struct lb_store *store)
{
    struct lb_user_row now;
    lb_err err = store->ops->user(store->ops->writer_reader(store), change->user.no, &now);
    if (err && err != LB_ERR_NOT_FOUND)
        return err;
    if (err || now.deleted_at || strcmp(now.password_hash, change->user.password_hash) != 0)
        return lb_fail(&change->write.reason, LB_ERR_INVALID_CREDENTIALS,
                       "The e-mail address or the password is wrong.");
    return LB_OK;
}

/* Marks that user as signed in, which it still is when that is done. */
static lb_err mark_the_same(struct lb_account_change *change, struct lb_store *store)
{
    lb_err err = lb_account_still_the_same(change, store); /* before anything is written */
    if (!err)
        err = mark_signed_in(change, store);
    return err ? err : lb_account_still_the_same(change, store);
}

static lb_err apply_sign_in(struct lb_write *write, struct lb_store *store)
{
    struct lb_account_change *change = change_of(write);
    lb_err err = lb_account_still_the_same(change, store);
    if (!err)
        err = lb_factor_ask(change, store);
    if (err || change->wrong_code)
        return err;
    err = mark_the_same(change, store);
    if (!err)
        err = lb_account_begin_session(change, store);
    return err ? err : lb_account_audit(change, store, change->user.no, "user.sign_in");
}

void lb_account_sign_in(struct lb_account_change *change)
{
    change->write.apply = apply_sign_in;
}

static lb_err apply_set_password(struct lb_write *write, struct lb_store *store)
{
    struct lb_account_change *change = change_of(write);
    lb_err err = lb_actor_check(&change->actor, store, &write->reason);
    if (!err)
        err = mark_the_same(change, store);
    if (!err)
        err = lb_factor_look(change, store);
    return err ? err : set_password(change, store);
}

void lb_account_set_password(struct lb_account_change *change)
{
    change->write.apply = apply_set_password;
}

static lb_err apply_sign_out(struct lb_write *write, struct lb_store *store)
{
    struct lb_account_change *change = change_of(write);
    lb_err err = lb_actor_check(&change->actor, store, &write->reason);
    if (err)
        return err;
    write->touched = true;
    err = store->ops->session_delete(store, change->actor.session);
    return err ? err : lb_account_audit(change, store, change->user.no, "user.sign_out");
}

void lb_account_sign_out(struct lb_account_change *change)
{
    change->write.apply = apply_sign_out;
}

/* The sessions that a change ends, while they are looked for. */
struct sought {
    const struct lb_account_change *change;
    struct lb_session_row found; /* the one that is meant, or that stays */
    bool any;
};

static lb_err seek(void *context, const struct lb_session_row *row)
{
    struct sought *sought = context;
    const struct lb_account_change *change = sought->change;
    char id[LB_SESSION_ID_SIZE];
    lb_session_id(row->token_hash, id);
    bool own = change->actor.session &&
               memcmp(row->token_hash, change->actor.session, sizeof row->token_hash) == 0;
    if (change->ends_all ? own : strcmp(id, change->session_id) == 0) {
        sought->found = *row;
        sought->any = true;
    }
    return LB_OK;
}

/* All but the actor's own, which is kept by making it again. */
static lb_err end_others(struct lb_store *store, const struct sought *sought, uint32_t user)
{
    const struct lb_session_row *own = &sought->found;
    lb_err err = store->ops->sessions_end(store, user);
    if (!err && sought->any)
        err = store->ops->session_insert(store, own);
    if (!err && sought->any && own->last_used_at)
        err = store->ops->session_touch(store, own->token_hash, own->last_used_at, lb_str(""));
    return err;
}

static lb_err apply_end_sessions(struct lb_write *write, struct lb_store *store)
{
    struct lb_account_change *change = change_of(write);
    struct sought sought = {.change = change};
    lb_err err = lb_actor_check(&change->actor, store, &write->reason);
    if (!err)
        err =
            store->ops->sessions(store->ops->writer_reader(store), change->user.no, &sought, seek);
    if (!err && !change->ends_all && !sought.any)
        return lb_fail(&write->reason, LB_ERR_NOT_FOUND, "This session has ended already.");
    if (err)
        return err;
    write->touched = true;
    err = change->ends_all ? end_others(store, &sought, change->user.no)
                           : store->ops->session_delete(store, sought.found.token_hash);
    return err ? err : lb_account_audit(change, store, change->actor.no, "user.session_end");
}

void lb_account_end_sessions(struct lb_account_change *change)
{
    change->write.apply = apply_end_sessions;
}

/* --- Deleting --- */

static lb_err check_delete(struct lb_account_change *change, struct lb_store *store)
{
    struct lb_user_row now;
    size_t operators = 2;
    lb_err err = lb_account_read_user(change, store, &now);
    if (!err && now.role == LB_ROLE_OPERATOR)
        err = count_operators(store, &operators);
    if (!err && operators < 2)
        return lb_fail(&change->write.reason, LB_ERR_LAST_OPERATOR,
                       "This is the last operator; create another one first.");
    return err;
}

/* What a deletion does to the keys that the user made. */
struct ending {
    struct lb_account_change *change;
    struct lb_store *store;
};

static lb_err end_key(void *context, struct lb_key *key)
{
    const struct ending *ending = context;
    struct lb_account_change *change = ending->change;
    const struct lb_store_ops *ops = ending->store->ops;
    if (!lb_key_valid(key, change->at))
        return LB_OK;
    change->revoked += change->revokes_keys;
    change->left += !change->revokes_keys;
    if (!change->revokes_keys)
        return LB_OK;
    struct lb_audit_row row = {.workspace = key->row.workspace,
                               .actor = change->actor.no,
                               .at = change->at,
                               .action = LB_STR("key.revoke"),
                               .target = lb_str(key->row.id),
                               .source = change->actor.source};
    lb_err err = ops->key_revoke(ending->store, key->row.workspace, key->row.no, change->at);
    return err ? err : ops->audit_append(ending->store, &row);
}

static lb_err forget_key(void *context, struct lb_key *key)
{
    const struct lb_account_change *change = context;
    if (lb_key_valid(key, change->at))
        lb_directory_revoke_key(key, change->at);
    return LB_OK;
}

/* By then the keys that were made in the same batch are in the directory, too. */
static void publish_delete(struct lb_write *write)
{
    struct lb_account_change *change = change_of(write);
    if (change->revokes_keys)
        lb_directory_keys_of(change->directory, change->user.no, change, forget_key);
}

static lb_err apply_delete(struct lb_write *write, struct lb_store *store)
{
    struct lb_account_change *change = change_of(write);
    lb_err err = lb_actor_check(&change->actor, store, &write->reason);
    if (!err)
        err = check_delete(change, store);
    if (err)
        return err;
    struct ending ending = {change, store};
    write->touched = true;
    change->at = lb_clock_wall_ms();
    change->revoked = change->left = 0; /* it may be applied again */
    err = store->ops->factor_delete(store, change->user.no);
    if (!err)
        err = store->ops->user_delete(store, change->user.no, change->at);
    if (!err)
        err = lb_directory_keys_of(change->directory, change->user.no, &ending, end_key);
    return err ? err : lb_account_audit(change, store, change->actor.no, "user.delete");
}

void lb_account_delete(struct lb_account_change *change)
{
    change->write.apply = apply_delete;
    change->write.publish = publish_delete;
}
