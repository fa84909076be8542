#include "domain/access/factor.h"

#include "base/clock.h"
#include "base/id.h"
#include "domain/access/account_internal.h"
#include "domain/access/signing.h"
#include "domain/access/standing.h"

#include <sodium.h>
#include <stdio.h>

#define NONCE_SIZE crypto_aead_xchacha20poly1305_ietf_NPUBBYTES
#define TAG_SIZE   crypto_aead_xchacha20poly1305_ietf_ABYTES
#define KEY_SIZE   crypto_aead_xchacha20poly1305_ietf_KEYBYTES

_Static_assert(LB_FACTOR_SEALED_SIZE == NONCE_SIZE + LB_FACTOR_SECRET_SIZE + TAG_SIZE,
               "a sealed secret");

#define RECOVERY_CHARS 16 /* of 5 bits, without the hyphens */
#define MINUTE_MS      INT64_C(60000)
#define DOUBLINGS_MAX  11 /* more minutes than a day has */

_Static_assert(LB_RECOVERY_TEXT_SIZE == RECOVERY_CHARS + RECOVERY_CHARS / 4, "groups of four");

static struct lb_account_change *change_of(struct lb_write *write)
{
    return (struct lb_account_change *)write;
}

/* --- Who needs one --- */

bool lb_factor_rule_parse(struct lb_str text, enum lb_factor_rule *out)
{
    static const char *const names[] = {[LB_FACTOR_FOR_NONE] = "none",
                                        [LB_FACTOR_FOR_OPERATORS] = "operators",
                                        [LB_FACTOR_FOR_EVERYBODY] = "everybody"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (lb_str_equal(text, lb_str(names[i]))) {
            *out = (enum lb_factor_rule)i;
            return true;
        }
    return false;
}

bool lb_factor_required(enum lb_factor_rule rule, enum lb_role role)
{
    return rule == LB_FACTOR_FOR_EVERYBODY ||
           (rule == LB_FACTOR_FOR_OPERATORS && role == LB_ROLE_OPERATOR);
}

/* --- The secret --- */

/* What secrets are sealed with. Forgets the key that it is made of. */
static void make_sealing_key(struct lb_signing_key_row *key, uint8_t out[KEY_SIZE])
{
    static const char purpose[] = "leadblock second factor";
    crypto_generichash(out, KEY_SIZE, (const unsigned char *)purpose, sizeof purpose - 1, key->seed,
                       sizeof key->seed);
    sodium_memzero(key, sizeof *key);
}

static lb_err seal(struct lb_account_change *change, struct lb_store *store,
                   const uint8_t secret[LB_FACTOR_SECRET_SIZE], struct lb_factor_row *row)
{
    struct lb_signing_key_row signing;
    uint8_t key[KEY_SIZE];
    lb_err err = lb_signing_key_made(store, &change->write, &signing);
    if (err)
        return err;
    make_sealing_key(&signing, key);
    randombytes_buf(row->sealed, NONCE_SIZE);
    crypto_aead_xchacha20poly1305_ietf_encrypt(
        row->sealed + NONCE_SIZE, NULL, secret, LB_FACTOR_SECRET_SIZE,
        (const unsigned char *)&row->user, sizeof row->user, NULL, row->sealed, key);
    sodium_memzero(key, sizeof key);
    return LB_OK;
}

static lb_err unseal(struct lb_account_change *change, struct lb_store *store,
                     const struct lb_factor_row *row, uint8_t out[LB_FACTOR_SECRET_SIZE])
{
    struct lb_signing_key_row signing = {.created_at = 0}; /* a key that is gone opens nothing */
    uint8_t key[KEY_SIZE];
    lb_err err = store->ops->signing_key(store->ops->writer_reader(store), &signing);
    if (err && err != LB_ERR_NOT_FOUND)
        return err;
    make_sealing_key(&signing, key);
    int failed = crypto_aead_xchacha20poly1305_ietf_decrypt(
        out, NULL, NULL, row->sealed + NONCE_SIZE, sizeof row->sealed - NONCE_SIZE,
        (const unsigned char *)&row->user, sizeof row->user, row->sealed, key);
    sodium_memzero(key, sizeof key);
    return failed ? lb_fail(&change->write.reason, LB_ERR_INTERNAL,
                            "The secret of the second factor cannot be read: the installation's "
                            "key is another one. An operator can reset the second factor, or run "
                            "'leadblock user reset-factor EMAIL' on the server.")
                  : LB_OK;
}

/* --- Recovery codes --- */

/* Ten new ones, in place of those that are left. */
static void make_recovery(struct lb_account_change *change, struct lb_factor_row *row)
{
    row->recovery_count = LB_RECOVERY_CODES;
    for (size_t i = 0; i < LB_RECOVERY_CODES; i++) {
        char code[RECOVERY_CHARS + 1];
        lb_id_random(code, RECOVERY_CHARS);
        lb_token_hash(lb_str(code), row->recovery[i]);
        snprintf(change->recovery[i], sizeof change->recovery[i], "%.4s-%.4s-%.4s-%.4s", code,
                 code + 4, code + 8, code + 12);
        sodium_memzero(code, sizeof code);
    }
}

/* Takes it out, so that it works once. */
static bool take_recovery(struct lb_factor_row *row, struct lb_str code)
{
    uint8_t hash[LB_SECRET_HASH_SIZE];
    lb_token_hash(code, hash);
    for (uint32_t i = 0; i < row->recovery_count; i++)
        if (sodium_memcmp(row->recovery[i], hash, sizeof hash) == 0) {
            row->recovery_count--;
            memmove(row->recovery[i], row->recovery[i + 1],
                    (row->recovery_count - i) * sizeof *row->recovery);
            return true;
        }
    return false;
}

/* --- Codes --- */

/* A code as people type it: without spaces and hyphens, in lower case, and what looks alike is one.
 * `out` is empty when it is too long for any. */
static struct lb_str tidy(struct lb_str code, char out[RECOVERY_CHARS + 1])
{
    size_t len = 0;
    for (size_t i = 0; i < code.len; i++) {
        char c = code.ptr[i];
        if (c == ' ' || c == '-')
            continue;
        if (len == RECOVERY_CHARS)
            return (struct lb_str){out, 0};
        if (c >= 'A' && c <= 'Z')
            c = (char)(c - 'A' + 'a');
        out[len++] = c == 'o' ? '0' : c == 'i' || c == 'l' ? '1' : c;
    }
    return (struct lb_str){out, len};
}

/* The seconds until a code of the app is looked at; 0: now. */
static unsigned seconds_to_wait(const struct lb_factor_row *row, int64_t now)
{
    if (row->wrong < LB_FACTOR_FREE_TRIES || row->wrong_at > now + LB_CLOCK_SLACK_MS)
        return 0;
    uint32_t doublings = row->wrong - LB_FACTOR_FREE_TRIES;
    int64_t wait_ms = doublings < DOUBLINGS_MAX ? MINUTE_MS << doublings : LB_DAY_MS;
    if (wait_ms > LB_DAY_MS)
        wait_ms = LB_DAY_MS;
    int64_t left_ms = row->wrong_at + wait_ms - now;
    return left_ms > 0 ? (unsigned)((left_ms + 999) / 1000) : 0;
}

static lb_err refuse_for_a_while(struct lb_account_change *change, unsigned wait_s)
{
    change->write.retry_after_s = wait_s;
    return lb_fail(&change->write.reason, LB_ERR_RATE_LIMITED,
                   "Too many wrong codes in a row. Wait %u second%s, or use a recovery code.",
                   wait_s, lb_plural(wait_s));
}

/* Is it a code of the app, or a recovery code? Marks it as used in `row`. One that has not the
 * length of the app's is a recovery code, also when it is not complete. */
static lb_err take_code(struct lb_account_change *change, struct lb_store *store,
                        struct lb_factor_row *row, bool *out_taken, bool *out_recovery)
{
    char text[RECOVERY_CHARS + 1];
    uint8_t secret[LB_FACTOR_SECRET_SIZE];
    int64_t now = lb_clock_wall_ms();
    struct lb_str code = tidy(change->code, text);
    *out_recovery = code.len != LB_TOTP_DIGITS;
    if (*out_recovery) {
        *out_taken = take_recovery(row, code);
        return LB_OK;
    }
    unsigned wait_s = seconds_to_wait(row, now);
    if (wait_s)
        return refuse_for_a_while(change, wait_s);
    lb_err err = unseal(change, store, row, secret);
    if (!err)
        *out_taken = lb_totp_matches(secret, code, now, row->last_step, &row->last_step);
    sodium_memzero(secret, sizeof secret);
    return err;
}

/* Looks at the code of the change, and records what came of it in the locked row. */
static lb_err prove(struct lb_account_change *change, struct lb_store *store,
                    struct lb_factor_row *row)
{
    bool recovery = false;
    bool taken = false;
    lb_err err = take_code(change, store, row, &taken, &recovery);
    if (err)
        return err;
    change->write.touched = true;
    change->wrong_code = !taken;
    if (taken || !recovery) {
        row->wrong = taken ? 0 : row->wrong + 1;
        row->wrong_at = taken ? 0 : lb_clock_wall_ms();
    }
    err = store->ops->factor_put(store, row);
    if (err || (taken && !recovery))
        return err;
    return lb_account_audit(change, store, change->user.no,
                            taken ? "user.recovery_code" : "user.wrong_code");
}

/* The row of the user, when the second factor is on. */
static lb_err lock(struct lb_account_change *change, struct lb_store *store,
                   struct lb_factor_row *out)
{
    lb_err err = store->ops->factor_lock(store, change->user.no, out);
    return err ? err : out->confirmed_at ? LB_OK : LB_ERR_NOT_FOUND;
}

/* lock(), or LB_ERR_NOT_FOUND; then session.enrols is set when the user has to have one. */
static lb_err look(struct lb_account_change *change, struct lb_store *store,
                   struct lb_factor_row *out)
{
    lb_err err = lock(change, store, out);
    change->session.enrols =
        err == LB_ERR_NOT_FOUND && lb_factor_required(change->factor_rule, change->user.role);
    return err;
}

lb_err lb_factor_look(struct lb_account_change *change, struct lb_store *store)
{
    struct lb_factor_row row;
    lb_err err = look(change, store, &row);
    return err == LB_ERR_NOT_FOUND ? LB_OK : err;
}

lb_err lb_factor_ask(struct lb_account_change *change, struct lb_store *store)
{
    struct lb_factor_row row;
    change->wrong_code = false; /* it may be applied again */
    lb_err err = look(change, store, &row);
    if (err)
        return err == LB_ERR_NOT_FOUND ? LB_OK : err;
    if (!change->code.len)
        return lb_fail(&change->write.reason, LB_ERR_SECOND_FACTOR_REQUIRED,
                       "Send the \"code\" of your authenticator app as well, or a recovery code.");
    return prove(change, store, &row);
}

/* --- Setting it up --- */

static lb_err apply_begin(struct lb_write *write, struct lb_store *store)
{
    struct lb_account_change *change = change_of(write);
    struct lb_factor_row row;
    uint8_t secret[LB_FACTOR_SECRET_SIZE];
    lb_err err = lb_actor_check(&change->actor, store, &write->reason);
    if (!err)
        err = lb_account_still_the_same(change, store);
    if (!err)
        err = lock(change, store, &row);
    if (!err)
        return lb_fail(&write->reason, LB_ERR_ALREADY_EXISTS,
                       "The second factor is on already. Turn it off first.");
    if (err != LB_ERR_NOT_FOUND)
        return err;
    write->touched = true;
    row = (struct lb_factor_row){.user = change->user.no, .created_at = lb_clock_wall_ms()};
    randombytes_buf(secret, sizeof secret);
    err = seal(change, store, secret, &row);
    if (!err)
        err = store->ops->factor_put(store, &row);
    lb_totp_write(secret, change->factor_secret);
    sodium_memzero(secret, sizeof secret);
    return err;
}

void lb_factor_begin(struct lb_account_change *change)
{
    change->write.apply = apply_begin;
}

/* Turns it on, and has the user signed in anew. */
static lb_err turn_on(struct lb_account_change *change, struct lb_store *store,
                      struct lb_factor_row *row)
{
    row->confirmed_at = lb_clock_wall_ms();
    make_recovery(change, row);
    change->session.enrols = false;
    lb_err err = store->ops->factor_put(store, row);
    if (!err)
        err = lb_account_begin_anew(change, store);
    return err ? err : lb_account_audit(change, store, change->user.no, "user.factor_on");
}

static lb_err apply_confirm(struct lb_write *write, struct lb_store *store)
{
    struct lb_account_change *change = change_of(write);
    struct lb_factor_row row;
    bool recovery = false;
    bool taken = false;
    lb_err err = lb_actor_check(&change->actor, store, &write->reason);
    if (!err)
        err = store->ops->factor_lock(store, change->user.no, &row);
    if (err == LB_ERR_NOT_FOUND || (!err && row.confirmed_at))
        return lb_fail(&write->reason, LB_ERR_NOT_FOUND,
                       "No second factor is being set up. Begin with POST.");
    if (!err)
        err = take_code(change, store, &row, &taken, &recovery);
    if (err)
        return err;
    change->wrong_code = !taken;
    write->touched = taken;
    return taken ? turn_on(change, store, &row) : LB_OK;
}

void lb_factor_confirm(struct lb_account_change *change)
{
    change->write.apply = apply_confirm;
}

/* --- With password and code --- */

/* Finds the row, which is on, and looks at the code. */
static lb_err prove_own(struct lb_account_change *change, struct lb_store *store,
                        struct lb_factor_row *row)
{
    change->wrong_code = false;
    lb_err err = lb_actor_check(&change->actor, store, &change->write.reason);
    if (!err)
        err = lb_account_still_the_same(change, store);
    if (!err)
        err = lock(change, store, row);
    if (err == LB_ERR_NOT_FOUND)
        return lb_fail(&change->write.reason, err, "The second factor is off.");
    return err ? err : prove(change, store, row);
}

static lb_err apply_renew(struct lb_write *write, struct lb_store *store)
{
    struct lb_account_change *change = change_of(write);
    struct lb_factor_row row;
    lb_err err = prove_own(change, store, &row);
    if (err || change->wrong_code)
        return err;
    make_recovery(change, &row);
    err = store->ops->factor_put(store, &row);
    return err ? err : lb_account_audit(change, store, change->user.no, "user.recovery_codes");
}

void lb_factor_renew(struct lb_account_change *change)
{
    change->write.apply = apply_renew;
}

static lb_err apply_turn_off(struct lb_write *write, struct lb_store *store)
{
    struct lb_account_change *change = change_of(write);
    struct lb_factor_row row;
    if (lb_factor_required(change->factor_rule, change->user.role))
        return lb_fail(&write->reason, LB_ERR_FORBIDDEN,
                       "This server requires a second factor, so it cannot be turned off.");
    lb_err err = prove_own(change, store, &row);
    if (err || change->wrong_code)
        return err;
    err = store->ops->factor_delete(store, change->user.no);
    return err ? err : lb_account_audit(change, store, change->user.no, "user.factor_off");
}

void lb_factor_turn_off(struct lb_account_change *change)
{
    change->write.apply = apply_turn_off;
}

/* --- For others --- */

static lb_err apply_reset(struct lb_write *write, struct lb_store *store)
{
    struct lb_account_change *change = change_of(write);
    struct lb_factor_row row;
    struct lb_user_row user;
    lb_err err = lb_actor_check(&change->actor, store, &write->reason);
    if (!err)
        err = lb_account_read_user(change, store, &user);
    if (err)
        return err;
    err = lock(change, store, &row);
    if (err == LB_ERR_NOT_FOUND)
        return lb_fail(&write->reason, err, "This user has no second factor.");
    if (err)
        return err;
    write->touched = true;
    err = store->ops->factor_delete(store, change->user.no);
    if (!err)
        err = store->ops->sessions_end(store, change->user.no);
    return err ? err : lb_account_audit(change, store, change->actor.no, "user.factor_reset");
}

void lb_factor_reset(struct lb_account_change *change)
{
    change->write.apply = apply_reset;
}
