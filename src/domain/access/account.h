/* People who sign in: users with their sessions and one-time links. They live in the store alone,
 * so that every node knows them, and ending a session is final everywhere at once.
 *
 * Threads: changes are filled on any thread, submitted to the writer, applied there. */
#ifndef LB_DOMAIN_ACCESS_ACCOUNT_H
#define LB_DOMAIN_ACCESS_ACCOUNT_H

#include "domain/access/actor.h"
#include "domain/access/directory.h"
#include "domain/access/email.h"
#include "domain/access/passwords.h"
#include "domain/access/totp.h"
#include "writer/writer.h"

/* Of the link that makes the first operator: who has it owns the installation. */
#define LB_SET_UP_LIFETIME_MS (15 * 60 * 1000)
/* Of a session that must set up a second factor first, at most. */
#define LB_ENROLMENT_LIFETIME_MS (15 * 60 * 1000)

/* Has it ended? Also when it was made while a clock was ahead, and would last too long. */
bool lb_session_ended(const struct lb_session_row *session, int64_t now);
bool lb_link_ended(const struct lb_link_row *link, int64_t now);

#define LB_SESSION_ID_SIZE 20 /* "se_" and 16 hexadecimal digits */

/* What a session is called where its token must not be known: the begin of its hash. */
void lb_session_id(const uint8_t *token_hash, char out[LB_SESSION_ID_SIZE]);

/* Who must have a second factor (factor.h). */
enum lb_factor_rule { LB_FACTOR_FOR_NONE, LB_FACTOR_FOR_OPERATORS, LB_FACTOR_FOR_EVERYBODY };

#define LB_RECOVERY_TEXT_SIZE 20 /* of a recovery code: four groups of four, with the NUL */

/* A change, embedded in its owner's struct. Fill `write` as for any write, and the fields that the
 * kind names, then prepare it with the function of the kind and submit `write`. */
struct lb_account_change {
    struct lb_write write;                  /* first: the writer hands it back */
    struct lb_actor actor;                  /* who asks; in a sign-in only its source counts */
    const struct lb_old_emails *old_emails; /* where a user is made; or NULL */
    struct lb_user_row user;
    struct lb_link_row link;
    char password_hash[LB_PASSWORD_HASH_SIZE]; /* the new one */
    int64_t link_lifetime_ms; /* of a link that is made; 0: as of the set-up link */
    uint32_t session_lifetime_s;
    uint32_t max_sessions;               /* of the user; a sign-in above it ends the oldest */
    struct lb_directory *directory;      /* for a deletion */
    bool revokes_keys;                   /* a deletion: of the user's keys */
    uint32_t revoked;                    /* result of it: keys that it revoked, */
    uint32_t left;                       /* or left valid */
    bool ends_all;                       /* of the sessions that are ended, but the actor's own */
    char session_id[LB_SESSION_ID_SIZE]; /* else this one */
    int64_t at;                          /* its own: when it is applied */
    struct lb_session_row session;       /* result */
    char token[LB_TOKEN_SIZE];           /* result: of the session or the link */
    /* Of the second factor (factor.h). */
    enum lb_factor_rule factor_rule;
    struct lb_str code;                    /* as it was typed; "": none came */
    bool wrong_code;                       /* result: nothing was done but for counting that */
    char factor_secret[LB_TOTP_TEXT_SIZE]; /* result: of one that is set up */
    char recovery[LB_RECOVERY_CODES][LB_RECOVERY_TEXT_SIZE]; /* result */
};

/* user: email, role, workspace. Result: user, and a link for the first password. Fails with
 * LB_ERR_ALREADY_EXISTS when a user has that address. */
void lb_account_create(struct lb_account_change *change);

/* user: no (0: to make the first operator), workspace. Result: link and token; earlier links of the
 * user end. */
void lb_account_make_link(struct lb_account_change *change);

/* link: token_hash; password_hash; user: for the set-up link, email; factor_rule, code. Sets the
 * password, ends all sessions, and signs in. Result: user, session, token. LB_ERR_INVALID_LINK when
 * the link is unknown, used or too old, or there is an operator already; LB_ERR_INVALID_BODY when
 * the set-up link comes without an e-mail address. */
void lb_account_use_link(struct lb_account_change *change);

/* user: as it was read when the password was checked. Result: session, token.
 * LB_ERR_INVALID_CREDENTIALS when the password is another one by now. factor_rule, code: what
 * lb_factor_ask says goes for this and for links. */
void lb_account_sign_in(struct lb_account_change *change);

/* user: as it was read; password_hash, factor_rule. Ends all sessions of the user, and begins one.
 */
void lb_account_set_password(struct lb_account_change *change);

/* user: no. Ends the links of the user. */
void lb_account_end_links(struct lb_account_change *change);

/* The session of the actor. LB_ERR_INVALID_SESSION when it has ended already. */
void lb_account_sign_out(struct lb_account_change *change);

/* user: no; ends_all or session_id. Ends sessions of the user. LB_ERR_NOT_FOUND: it has none of
 * that id. */
void lb_account_end_sessions(struct lb_account_change *change);

/* user: as it was read; directory, revokes_keys. Result: revoked, left. LB_ERR_LAST_OPERATOR,
 * LB_ERR_USER_NOT_FOUND. */
void lb_account_delete(struct lb_account_change *change);

#endif
