/* Compares a statement that was handed out (api/blocklist/evidence.c) with a log: is it signed,
 * does the log still hold the row that it names as the end, and does the log say of the person what
 * the statement says? The log's own digests are looked at by the caller (store/verify.h).
 *
 * Threads: one. */
#ifndef LB_DAEMON_EVIDENCE_H
#define LB_DAEMON_EVIDENCE_H

#include "domain/access/signing.h"
#include "domain/blocklist/history.h"
#include "json/decode.h"

struct lb_evidence {
    struct lb_buf file;
    struct lb_json *answer; /* the file, and the statement in it */
    struct lb_json *statement;
    uint8_t public_key[LB_PUBLIC_KEY_SIZE];
    char workspace_id[LB_ID_SIZE];
    struct lb_str at;
    uint64_t head; /* number of the row */
    uint64_t head_entry;
    uint8_t head_digest[LB_DIGEST_SIZE];
    struct lb_str *names; /* of the person or company: keys (domain/blocklist/item.h) */
    struct lb_buf keys;   /* of names that are not in the statement as they stand */
    struct lb_history history;
    /* What was seen of the workspace's log. */
    bool found;    /* there is such a workspace */
    uint64_t last; /* number of the last row */
    bool has_key;  /* the database has a signing key */
    bool head_found;
    bool head_same;
};

/* Reads a file with a statement and compares the signature. LB_ERR_CONFLICT with a reason when it
 * is wrong. To be released in any case. */
lb_err lb_evidence_read(struct lb_evidence *evidence, const char *path, struct lb_reason *reason);
void lb_evidence_fini(struct lb_evidence *evidence);

/* Before the log is looked through: is there such a workspace, and is the key the store's? */
lb_err lb_evidence_check_store(struct lb_evidence *evidence, struct lb_store *store,
                               struct lb_reason *reason);

/* Takes the next row of a workspace whose digest is right. */
lb_err lb_evidence_take(void *evidence, const char *workspace_id, const struct lb_log_row *row);

/* After the last one: LB_ERR_CONFLICT with the first difference. */
lb_err lb_evidence_compare(const struct lb_evidence *evidence, struct lb_reason *reason);

#endif
