/* The rows of a store, by what they are about, and their enumerations, whose names are in names.h;
 * those of subscriptions to events are in hook_rows.h.
 *
 * Times are milliseconds since 1970 UTC; 0 means "none" for an end, a revocation or a last use.
 * `no` is the backend's own small number: assigned by the store, never used twice. Strings in rows
 * that are written are borrowed for the call; in rows that are read they live until the reader's
 * next call of the same method. A string that may be missing has ptr NULL then.
 *
 * Threads: plain data. */
#ifndef LB_STORE_ROWS_H
#define LB_STORE_ROWS_H

#include "base/str.h"

#include <endian.h>
#include <stdbool.h>
#include <stdint.h>

#define LB_ENTRY_ID_MAX  ((UINT64_C(1) << 40) - 1)
#define LB_ROW_ITEMS_MAX 50 /* items in one row: three rows of 24-byte identifiers fill a page */

/* Sizes of strings, with the NUL. */
#define LB_ID_SIZE            65  /* of workspaces, campaigns, keys and users */
#define LB_NAME_SIZE          401 /* that people give */
#define LB_EMAIL_SIZE         255 /* RFC 5321 allows 254 */
#define LB_PASSWORD_HASH_SIZE 128 /* a string, crypto_pwhash_STRBYTES of libsodium */
#define LB_LEASE_TOKEN_SIZE   27  /* 130 random bits in base 32 */

#define LB_SECRET_HASH_SIZE 32 /* bytes */

/* Of the chain of the blocklist log (chain.h), in bytes. */
#define LB_DIGEST_SIZE 32
#define LB_SEED_SIZE   16
#define LB_SEAL_SIZE   (LB_DIGEST_SIZE + LB_SEED_SIZE)

/* The actor of a change is one number, of a key or of a user: users' begin here, keys' stay below.
 * 0 is an operator at the command line. */
#define LB_USER_NO_MIN UINT32_C(0x80000000)
#define LB_SERVER_NO   UINT32_MAX /* the server itself: an end that has come */

/* The workspace whose list is the installation's, and which holds in all others: it has neither
 * keys nor campaigns. And what is no workspace. */
#define LB_INSTALLATION_NO 0
#define LB_INSTALLATION_ID "installation" /* no other id begins so */
#define LB_WORKSPACE_NONE  UINT32_MAX

/* --- Workspaces, keys and campaigns ----------------------------------------------------------- */

enum lb_plan { LB_PLAN_STARTER, LB_PLAN_PRO, LB_PLAN_AGENCY };

struct lb_workspace_row {
    uint32_t no;
    char id[LB_ID_SIZE];
    char name[LB_NAME_SIZE];
    enum lb_plan plan;
    int64_t created_at;
    int64_t expires_at;       /* of the license */
    uint16_t default_country; /* of national phone numbers (names.h); 0: none */
};

struct lb_key_row {
    uint32_t no;
    char id[LB_ID_SIZE];
    uint32_t workspace;
    char name[LB_NAME_SIZE];
    uint8_t secret_hash[LB_SECRET_HASH_SIZE];
    bool read_only;
    uint32_t rate_limit; /* requests per second, 0: the server's default */
    int64_t created_at;
    int64_t expires_at;
    int64_t revoked_at;
    int64_t last_used_at;
    uint32_t made_by; /* who: see LB_USER_NO_MIN; when it is loaded, as the audit log says */
};

enum lb_campaign_status {
    LB_CAMPAIGN_DRAFT,
    LB_CAMPAIGN_ACTIVE,
    LB_CAMPAIGN_PAUSED,
    LB_CAMPAIGN_COMPLETED,
    LB_CAMPAIGN_ERROR
};

struct lb_campaign_row {
    uint32_t no;
    uint32_t workspace;
    char id[LB_ID_SIZE];
    char name[LB_NAME_SIZE];
    enum lb_campaign_status status;
    int64_t created_at;
    /* Only read. */
    bool has_leads;
    bool deleted;    /* and its blocklist is kept, unless that has ended */
    bool list_ended; /* then all its rows in the log are history */
};

/* --- The blocklist log ------------------------------------------------------------------------ */

/* Every write to a blocklist is a change: one or more rows, each a pack of items. Entries are
 * numbered in their workspace: a row's number is that of its first item, and item i of a row has
 * `number + i`. The numbers of a workspace grow; a change is named by the number of its first row.
 * Rows are only ever appended.
 *
 * An entry id is the store's own name of an entry: item i of a row has `id + i`. It is what memory
 * keeps. Ids grow, are below LB_ENTRY_ID_MAX, and are never used twice in a workspace; in a store
 * that is not shared they are unique in all of it, and in a shared one they are the numbers. What
 * is written, and what leaves the program, has numbers.
 *
 * An epoch is 40 random bits, drawn at each start. The row that begins one has it, and those after
 * it have 0 until the next; those of earlier versions, which had no epochs, are the first of their
 * workspace. When a store goes back to an earlier state, numbers come again, but never with the
 * same epoch; nor has the number of another workspace the same. */

/* A blocklist: a campaign's, or with campaign 0 the workspace's own. */
struct lb_list {
    uint32_t workspace;
    uint32_t campaign;
};

enum lb_log_kind {
    LB_LOG_BLOCK,        /* items are names: domain/blocklist/item.h */
    LB_LOG_UNBLOCK,      /* items are the numbers of entries that are taken back */
    LB_LOG_RESTORE,      /* items are numbers of entries that an undo makes valid again */
    LB_LOG_BLOCK_AGAIN,  /* names of people who were blocked already when they were asked for */
    LB_LOG_EXPIRED,      /* items are the numbers of entries whose end has come */
    LB_LOG_CARRIED_OVER, /* the list was kept when its campaign was deleted, and is that of a new
                            campaign of the same id: one item, the number of people in it */
    LB_LOG_ERASED,   /* numbers of entries whose names were erased, and block no more, of items of
                        links whose names were, and of rows that lost another text
                        (domain/outreach/erasure.h) */
    LB_LOG_LINK,     /* names of people, two items each: domain/blocklist/links.h */
    LB_LOG_LINK_END, /* numbers of links that are taken back */
    LB_LOG_LEFT_OUT, /* numbers of entries that block no more: a person had too many (twins.h) */
    LB_LOG_LINK_REFUSED /* as LB_LOG_LINK, of pairs that are no link: a person has too many names */
};
#define LB_EPOCH_MAX ((UINT64_C(1) << 40) - 1)

/* Is each item of such a row a person who was not blocked before? */
static inline bool lb_log_kind_adds(enum lb_log_kind kind)
{
    return kind == LB_LOG_BLOCK || kind == LB_LOG_RESTORE;
}

/* Do the row's items take entries back? */
static inline bool lb_log_kind_frees(enum lb_log_kind kind)
{
    return kind == LB_LOG_UNBLOCK || kind == LB_LOG_EXPIRED;
}

/* Are the row's items entries, each a request to block a person? */
static inline bool lb_log_kind_blocks(enum lb_log_kind kind)
{
    return kind == LB_LOG_BLOCK || kind == LB_LOG_BLOCK_AGAIN;
}

/* Does a row of links have two names of each? */
static inline bool lb_log_kind_has_pairs(enum lb_log_kind kind)
{
    return kind == LB_LOG_LINK || kind == LB_LOG_LINK_REFUSED;
}

struct lb_log_row {
    uint64_t id;
    uint64_t number;
    struct lb_list list;
    enum lb_log_kind kind;
    bool continues; /* belongs to the same change as the row before */
    uint32_t actor; /* who: a key's or user's number, or 0: see LB_USER_NO_MIN */
    int64_t at;
    uint64_t undoes;      /* the change that this row takes back, or 0 */
    uint64_t epoch;       /* that begins with this row; 0: that of the row before */
    struct lb_str reason; /* ptr NULL: none */
    struct lb_str items;  /* log_items.h */
    struct lb_str source; /* the address that the request came from; ptr NULL: the command line */
    struct lb_str import; /* that it belongs to, by the id that it came with; ptr NULL: none */
    /* Of the chain: chain.h. Both together, so that one column can hold them. */
    union {
        struct {
            uint8_t digest[LB_DIGEST_SIZE];
            uint8_t seed[LB_SEED_SIZE];
        };
        uint8_t seal[LB_SEAL_SIZE];
    };
    /* In place of the seed, when texts of the row were erased: 16 bytes for each of its texts,
     * zeros for those that are gone (chain.h). ptr NULL: none was. */
    struct lb_str salts;
    bool unsealed; /* only read: one of these has another length in the store, and is zeros here */
};

/* What names an entry, or a change, from outside. */
struct lb_public_id {
    uint64_t number; /* 0: nothing has it */
    uint64_t epoch;  /* 0: from before there were epochs */
};

#define LB_HELD_NAME_SIZE 803

/* One entry as it is read back. The strings belong to the reader until its next call, or are
 * in here. */
struct lb_entry {
    uint64_t id;
    uint64_t number;
    struct lb_list list;
    int64_t at;
    uint32_t actor;
    struct lb_str key;    /* who: domain/blocklist/item.h */
    struct lb_str reason; /* ptr NULL: none */
    uint32_t block_kind;  /* enum lb_block_kind (the same) */
    int64_t ends_at;      /* 0: never */
    bool erased;          /* its name is gone; nothing else than id, number and list is known */
    char held[LB_HELD_NAME_SIZE];
};

/* An event that the log does not tell, or what the log does not tell of one of its rows. `log`
 * gives it its place: after the log's entries up to that number, and before those that follow;
 * among those with the same `log` they are in the order of their numbers. */
struct lb_event_row {
    uint32_t workspace;
    uint64_t number; /* counts in the workspace; the store gives it */
    uint64_t log;
    uint64_t epoch; /* as of the log's rows, but each has it */
    int64_t at;
    uint32_t type;     /* enum lb_event_type (domain/events/events.h), or LB_EVENT_QUIET */
    uint32_t campaign; /* 0: none */
    uint64_t lead;     /* 0: none */
    uint32_t actor;
    uint64_t detail; /* of campaigns: progress in percent */
};

/* Some items of the log's row of number `log` changed nothing for their people: those whose bit is
 * set in `detail`. Such a person is still blocked by another request, or was blocked already; or is
 * named by another item of the change. */
#define LB_EVENT_QUIET 0

#define LB_IMPORTS_KEPT 1000 /* of a workspace, the latest */

/* An import of a file into a blocklist, or out of it. The log's rows that it made have its id. */
struct lb_blocklist_import_row {
    uint64_t no; /* counts in the workspace; 0: not stored yet */
    char id[LB_ID_SIZE];
    struct lb_list list;
    bool unblocks;
    uint32_t actor;
    int64_t started_at;
    int64_t touched_at;  /* when something of it was recorded last */
    int64_t finished_at; /* 0: it goes on, or broke off */
    int64_t undone_at;
    uint64_t run; /* random, of the sending under way; 0: none is */
    uint64_t bytes;
    uint64_t done; /* people whom it blocked, or unblocked */
    /* Known at the end; `rows` is 0 until then. */
    uint64_t rest; /* people who were blocked already, or not blocked */
    uint64_t duplicates;
    uint64_t rows, bad, blank;
    uint64_t column; /* where the people were, from 1; 0: in running text */
    char column_name[LB_NAME_SIZE];
};

/* Where the log of a workspace ends: its last row. Two logs that end alike are the same. */
struct lb_log_mark {
    uint64_t row;                   /* its id, 0: the log is empty */
    uint64_t last;                  /* the number of its last entry */
    uint8_t digest[LB_DIGEST_SIZE]; /* the row's; with an empty log: see lb_chain_begin */
};

/* Where the log ends with a row of so many items. */
static inline struct lb_log_mark lb_log_mark_after(const struct lb_log_row *row, uint64_t items)
{
    struct lb_log_mark mark = {.row = row->id, .last = row->number + items - 1};
    memcpy(mark.digest, row->digest, sizeof mark.digest);
    return mark;
}

/* A part of the digest, which stands for it where a number is compared more easily; 0 for an empty
 * log. */
static inline uint64_t lb_log_mark_token(const struct lb_log_mark *mark)
{
    uint64_t token = 0;
    if (mark->row)
        memcpy(&token, mark->digest, sizeof token);
    return token;
}

/* What is in a log up to a row, of all workspaces that share it: how many rows, and the sum of what
 * their digests begin with. Since each digest is over the one before it, two logs that are alike in
 * this have the same rows. A sum, so that a row is added without looking at any other. */
struct lb_log_extent {
    uint64_t last_id; /* of the last row; 0: there is none */
    uint64_t rows;
    uint64_t sum[2];
    int64_t last_at; /* when the last row was written */
};

static inline void lb_log_extent_add(struct lb_log_extent *extent, const struct lb_log_row *row)
{
    uint64_t part[2];
    memcpy(part, row->digest, sizeof part);
    extent->last_id = row->id;
    extent->rows++;
    extent->sum[0] += le64toh(part[0]);
    extent->sum[1] += le64toh(part[1]);
    extent->last_at = row->at;
}

/* The version of a workspace in a shared store: when two versions are the same, so is all that they
 * cover. */
struct lb_workspace_version {
    uint32_t workspace;      /* LB_WORKSPACE_NONE: see `lock` */
    uint64_t access_version; /* grows with every change of its license, keys and campaigns */
    struct lb_log_mark log;
    bool has_leads;
    uint64_t batch; /* the last one that changed something of it; not compared with memory */
};

/* --- Campaigns that contact people ------------------------------------------------------------ */

enum lb_step_type { LB_STEP_VISIT_PROFILE, LB_STEP_INVITATION, LB_STEP_MESSAGE };
#define LB_STEP_TYPE_COUNT 3

enum lb_lead_status {
    LB_LEAD_WAITING, /* nothing was handed out for it yet */
    LB_LEAD_ACTIVE,
    LB_LEAD_PAUSED,
    LB_LEAD_COMPLETED,
    LB_LEAD_ERROR
};
#define LB_LEAD_STATUS_COUNT 5

enum lb_lead_queue {
    LB_QUEUE_SCHEDULED, /* due when the step's delay has passed since `since` */
    LB_QUEUE_CLAIMED,   /* `since` is the end of the lease */
    LB_QUEUE_RETRY      /* `since` is when it is due again */
};
#define LB_QUEUE_COUNT 3

/* What a sender has reported of a lead: bits. */
enum lb_lead_mark {
    LB_MARK_INVITED = 1,
    LB_MARK_ACCEPTED = 2,
    LB_MARK_CONTACTED = 4, /* invited or written to */
    LB_MARK_REPLIED = 8,
    LB_MARK_OPTED_OUT = 16,
    LB_MARK_GAVE_WAY = 32 /* completed by a claim: another lead of the person goes on */
};

/* How many leads a campaign has, by what they are; or by how much that changes. */
struct lb_counts {
    int64_t leads[LB_LEAD_STATUS_COUNT];
    int64_t set_aside; /* of the waiting, active and paused ones: blocked */
    int64_t skipped;   /* and those that another campaign has contacted */
    int64_t invited;
    int64_t accepted;
    int64_t contacted;
    int64_t replied;
};

/* Its numbers, in the order in which the backends' statements name their columns. */
#define LB_COUNTS_IN_ORDER(counts)                                                                 \
    {                                                                                              \
        &(counts)->leads[LB_LEAD_WAITING], &(counts)->leads[LB_LEAD_ACTIVE],                       \
            &(counts)->leads[LB_LEAD_PAUSED], &(counts)->leads[LB_LEAD_COMPLETED],                 \
            &(counts)->leads[LB_LEAD_ERROR], &(counts)->set_aside, &(counts)->invited,             \
            &(counts)->accepted, &(counts)->contacted, &(counts)->replied, &(counts)->skipped      \
    }
#define LB_COUNTS_FIELDS 11

/* What a campaign does with replies, and with people whom others contact. */
struct lb_campaign_settings {
    bool block_on_reply;          /* who replies is blocked in the workspace */
    bool stop_colleagues;         /* a reply ends the sequence for others of the company */
    uint32_t skip_contacted_days; /* 0: off */
};

/* The part of a campaign that its activities change. */
struct lb_campaign_state {
    enum lb_campaign_status status;
    int64_t activated_at;    /* 0: never */
    struct lb_str variables; /* packed: domain/outreach/variables.h; ptr NULL: none */
    struct lb_counts counts;
    struct lb_campaign_settings settings;
};

/* Of which step the texts are read; else the step's number. */
#define LB_TEXTS_NONE 0
#define LB_TEXTS_ALL  (-1)

struct lb_step_row {
    uint64_t no;
    uint32_t workspace;
    uint32_t campaign;
    uint32_t position;
    enum lb_step_type type;
    uint32_t delay_hours;
    bool stop_on_reply;
    int64_t deleted_at; /* 0: not deleted */
    struct lb_str body; /* ptr NULL: none */
};

/* How often a variant of a step's text went out, and what came of it; or by how much that grows. */
struct lb_variant_counts {
    int64_t done;
    int64_t accepted;
    int64_t replied;
};

struct lb_variant_row {
    uint64_t no; /* also their order in a step */
    uint32_t workspace;
    uint32_t campaign;
    uint64_t step;
    bool disabled;
    struct lb_str body;
    struct lb_str icp; /* whom it is for, in the client's words; ptr NULL: not said */
    struct lb_variant_counts counts;
};

/* What is known of a lead beside its names. Their columns and names: names.h. */
enum lb_lead_field {
    LB_LEAD_FIRST_NAME,
    LB_LEAD_LAST_NAME,
    LB_LEAD_COMPANY_NAME,
    LB_LEAD_EMAIL,
    LB_LEAD_PHONE,
    LB_LEAD_HEADLINE,
    LB_LEAD_WEBSITE,
    LB_LEAD_COMPANY_URL
};
#define LB_LEAD_FIELD_COUNT 8

/* What a lead is found by besides its LinkedIn names, in canonical form
 * (domain/outreach/lead_keys.h): host names with their labels in reverse order and a dot after
 * each, so that all that is under a domain is together. */
enum lb_lead_form {
    LB_LEAD_FORM_EMAIL,
    LB_LEAD_FORM_PHONE,
    LB_LEAD_FORM_PAGE,
    LB_LEAD_FORM_COMPANY,
    LB_LEAD_FORM_MAIL_HOST,
    LB_LEAD_FORM_SITE_HOST
};
#define LB_LEAD_FORM_COUNT 6
#define LB_LEAD_FORM_SIZE  804

struct lb_lead_row {
    uint64_t no;
    uint32_t workspace;
    uint32_t campaign;
    struct lb_str identifier;                  /* canonical */
    struct lb_str member_id;                   /* ptr NULL: none, as for the strings below */
    struct lb_str fields[LB_LEAD_FIELD_COUNT]; /* by enum lb_lead_field */
    struct lb_str variables;                   /* packed: domain/outreach/variables.h */
    int64_t added_at;
    enum lb_lead_status status;
    bool set_aside;
    enum lb_lead_queue queue;
    uint64_t step; /* the next one, 0: the first */
    int64_t since;
    unsigned marks;
    int64_t contacted_at; /* by another campaign, and set aside because of that; 0: it is not */
    bool gave_way;        /* its name, to another lead of the campaign: the same person */
    struct lb_str forms[LB_LEAD_FORM_COUNT]; /* only written, by enum lb_lead_form */
};

enum lb_activity_state {
    LB_ACTIVITY_RETRY,
    LB_ACTIVITY_CLAIMED,
    LB_ACTIVITY_DONE,
    LB_ACTIVITY_REPLIED,
    LB_ACTIVITY_FAILED
};

struct lb_activity_row {
    uint64_t lead;
    uint64_t step;
    uint32_t workspace;
    uint32_t campaign;
    enum lb_activity_state state;
    uint32_t attempts;
    uint32_t retries;
    uint64_t variant; /* of the step's text, that was handed out last; 0: none */
    char lease_token[LB_LEASE_TOKEN_SIZE]; /* "": none */
    int64_t lease_until;
    int64_t claimed_at;   /* of the last claim */
    int64_t completed_at; /* 0: not yet */
    int64_t changed_at;
    struct lb_str detail; /* ptr NULL: none */
};

/* A key of entries whose leads are to be looked at, in a list; of the installation's list, in every
 * workspace. */
struct lb_pending_row {
    struct lb_list list;
    uint64_t token; /* a random one, which differs each time that the key is noted; below 2^63 */
    size_t len;
    char key[LB_LEAD_FORM_SIZE];
};

/* An invitation or a message that a campaign has handed out to a person. */
struct lb_contact {
    uint32_t campaign;
    int64_t at; /* 0: there is none */
};

/* Where a skipped lead stands among those of its campaign: by the contact, then by its number. */
struct lb_skipped_place {
    int64_t at;
    uint64_t lead;
};

/* A company of which a person has replied (domain/outreach/restraint.h), in a campaign. */
struct lb_stopped_company_row {
    struct lb_list list;
    struct lb_str key;
    uint64_t lead; /* who */
    int64_t at;
};

/* How far a search by form is; all zero but for the form at its start. */
struct lb_lead_place {
    uint64_t no;
    size_t len;
    char form[LB_LEAD_FORM_SIZE];
};

/* A lead that is known by a name. */
struct lb_lead_ref {
    uint32_t campaign;
    uint64_t lead;
};

/* --- Users, sessions and links ---------------------------------------------------------------- */

enum lb_role {
    LB_ROLE_OPERATOR, /* everything, in every workspace */
    LB_ROLE_MEMBER,   /* one workspace */
    LB_ROLE_VIEWER    /* one workspace, and changes nothing */
};

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
    bool has_maker;
    uint32_t made_by;        /* who invited the user: an actor of the logs */
    int64_t link_expires_at; /* of the user's one-time link; only of those in a list; 0: none */
    bool has_factor;         /* a second factor is on; only of those in a list */
};

#define LB_SOURCE_SIZE     46  /* an address, as text */
#define LB_USER_AGENT_SIZE 161 /* more of it tells nothing */

/* A user who is signed in. Only a hash of the cookie's token is kept. */
struct lb_session_row {
    uint8_t token_hash[LB_SECRET_HASH_SIZE];
    uint32_t user;
    int64_t created_at;
    int64_t expires_at;
    int64_t last_used_at; /* 0: not since it began */
    bool enrols;          /* it may set up a second factor, and nothing else */
    char source[LB_SOURCE_SIZE];
    char user_agent[LB_USER_AGENT_SIZE];
};

#define LB_FACTOR_SECRET_SIZE 20 /* bytes, as long as SHA-1's result (RFC 4226, section 4) */
#define LB_FACTOR_SEALED_SIZE (24 + LB_FACTOR_SECRET_SIZE + 16) /* nonce, secret, tag */
#define LB_RECOVERY_CODES     10

/* A user's second factor: what an authenticator app makes codes with. */
struct lb_factor_row {
    uint32_t user;
    uint8_t sealed[LB_FACTOR_SEALED_SIZE]; /* the secret, encrypted (domain/access/factor.h) */
    int64_t created_at;
    int64_t confirmed_at; /* 0: it is being set up, and no sign-in asks for it */
    int64_t last_step;    /* of the last code that was taken (totp.h): none before is any more */
    uint32_t wrong;       /* codes in a row */
    int64_t wrong_at;     /* the last of them */
    uint32_t recovery_count;
    uint8_t recovery[LB_RECOVERY_CODES][LB_SECRET_HASH_SIZE]; /* hashes of codes not used yet */
};

/* A one-time link with which a user sets a password, or with user 0 the first operator is made. */
struct lb_link_row {
    uint8_t token_hash[LB_SECRET_HASH_SIZE];
    uint32_t user;
    int64_t created_at; /* 0: it was made before this was kept */
    int64_t expires_at;
};

/* --- Signing ---------------------------------------------------------------------------------- */

#define LB_SIGNING_SEED_SIZE 32 /* bytes, of an Ed25519 key pair */

/* The key that signs statements about the log: one of the installation. */
struct lb_signing_key_row {
    uint8_t seed[LB_SIGNING_SEED_SIZE]; /* secret */
    int64_t created_at;
};

/* --- Erasure ---------------------------------------------------------------------------------- */

#define LB_ERASURE_KEY_SIZE 32 /* bytes */
#define LB_ERASED_TAG_SIZE                                                                         \
    24 /* of a keyed hash that stands for a name (domain/blocklist/erased.h) */

/* With which names of erased people are hashed: one of the installation, made once. */
struct lb_erasure_key_row {
    uint8_t key[LB_ERASURE_KEY_SIZE]; /* secret */
    int64_t created_at;
};

/* A name that was erased in a workspace, as its hash. */
struct lb_erased_name_row {
    uint32_t workspace;
    uint8_t tag[LB_ERASED_TAG_SIZE];
    int64_t at;
};

/* --- What people read: the audit log, and counts of checks ------------------------------------ */

/* An entry of the audit log: what was done, but for blocking. */
struct lb_audit_row {
    uint64_t id;        /* only read; grows */
    uint32_t workspace; /* 0: what concerns the whole installation */
    uint32_t actor;     /* who: a key's or user's number, or 0: see LB_USER_NO_MIN */
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
