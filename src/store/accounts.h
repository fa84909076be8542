/* Rows of the store about people who sign in, and of the two logs that only people read: what was
 * done, and how often somebody was checked. */
#ifndef LB_STORE_ACCOUNTS_H
#define LB_STORE_ACCOUNTS_H

#include "base/str.h"

#include <stdbool.h>
#include <stdint.h>

#define LB_SECRET_HASH_SIZE   32
#define LB_ID_SIZE            65  /* ids of workspaces, campaigns, keys and users, with the NUL */
#define LB_EMAIL_SIZE         255 /* with the NUL; RFC 5321 allows 254 */
#define LB_PASSWORD_HASH_SIZE 128 /* a text, crypto_pwhash_STRBYTES of libsodium */

/* Who did something is one number, of a key or of a user: users' begin here, keys' stay below. 0 is
 * an operator at the command line. */
#define LB_USER_NO_MIN UINT32_C(0x80000000)

enum lb_role {
    LB_ROLE_OPERATOR, /* everything, in every workspace */
    LB_ROLE_MEMBER,   /* one workspace */
    LB_ROLE_VIEWER    /* one workspace, and changes nothing */
};

/* Times are as in store.h. */
struct lb_user_row {
    uint32_t no;
    char id[LB_ID_SIZE];
    char email[LB_EMAIL_SIZE]; /* lower case; no two users have the same */
    enum lb_role role;
    uint32_t workspace;                        /* 0: an operator's */
    char workspace_id[LB_ID_SIZE];             /* only read; "": an operator's */
    char password_hash[LB_PASSWORD_HASH_SIZE]; /* "": none yet */
    int64_t created_at;
    int64_t deleted_at;
    int64_t signed_in_at; /* the last time */
};

/* Somebody is signed in. Only a hash of the cookie's token is kept. */
struct lb_session_row {
    uint8_t token_hash[LB_SECRET_HASH_SIZE];
    uint32_t user;
    int64_t created_at;
    int64_t expires_at;
};

/* A one-time link with which a user sets a password, or with user 0 the first operator is made. */
struct lb_link_row {
    uint8_t token_hash[LB_SECRET_HASH_SIZE];
    uint32_t user;
    int64_t expires_at;
};

/* An entry of the audit log: what was done besides blocking. */
struct lb_audit_row {
    uint64_t id;        /* only read; grows */
    uint32_t workspace; /* 0: what concerns the whole installation */
    uint32_t actor;     /* who: a key's or user's number, or 0 */
    int64_t at;
    struct lb_str action; /* "campaign.create", "key.revoke", ... */
    struct lb_str target; /* id of what it was done to */
    struct lb_str source; /* the address that the request came from; ptr NULL: the command line */
};

/* How many people were checked in a workspace on one day. */
struct lb_checks_row {
    uint32_t workspace;
    uint32_t day; /* since 1970-01-01, UTC */
    uint64_t checks;
    uint64_t blocked; /* of them, those whose answer was "blocked" */
};

#endif
