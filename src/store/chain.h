/* The digests that chain the rows of a workspace's log: each is over the digest before it, what the
 * row says, and a commitment to each text in it that may be about a person. A row that was changed,
 * removed or moved no longer matches the digest after it. What is hashed, byte by byte, is in
 * docs/storage.md; it is the same in every backend.
 *
 * A commitment is a hash of a text with a salt, which is a hash of the text under the row's seed.
 * So it is the same at any place of the row. A text is erased so: the seed gives way to the list of
 * the salts of the row's texts, 16 bytes each, in the order reason, source, import, items, and 16
 * zeros for what is erased; the text gives way to `=` and its commitment in base64url. A place
 * whose salt is zeros holds a commitment. The others are as provable as before, and the commitment
 * tells nothing: without seed and salt a guess at its text cannot be tested. A later row of the
 * workspace of kind LB_LOG_ERASED names each entry whose name is gone, and an entry of each row
 * that has lost another text: a commitment without such a row is damage.
 *
 * Threads: stateless, but for a pool of random bytes and a hash that is begun, per thread. */
#ifndef LB_STORE_CHAIN_H
#define LB_STORE_CHAIN_H

#include "base/buf.h"
#include "store/chain_lanes.h"
#include "store/rows.h"

/* Which text of a row a commitment is about. */
enum lb_commitment_kind {
    LB_COMMITMENT_ITEM = 1,
    LB_COMMITMENT_REASON,
    LB_COMMITMENT_SOURCE,
    LB_COMMITMENT_IMPORT
};

/* In bytes: as many as make a row of two names, with where it came from, one block of BLAKE2b. To
 * find two texts with one commitment takes 2^96 attempts, also for who chooses both. */
#define LB_COMMITMENT_SIZE 24

struct lb_commitment {
    uint8_t bytes[LB_COMMITMENT_SIZE];
};

/* Commitments to the texts of a row. Those to its reason, source and import count where the row has
 * one. */
struct lb_commitments {
    struct lb_commitment reason, source, import;
    const struct lb_commitment *items; /* of a row whose items are names */
    size_t item_count;
};

/* A new random seed. No two rows have the same: what is erased from one concerns no other. */
void lb_chain_seed(uint8_t out[LB_SEED_SIZE]);

void lb_chain_commit(const uint8_t seed[LB_SEED_SIZE], enum lb_commitment_kind kind,
                     struct lb_str text, struct lb_commitment *out);

/* Commitments that are made together, four at a time, which takes half the time. Zero at first.
 * Seeds, texts and results must stay in place until lb_chain_commits_end, after which all
 * commitments are made. */
struct lb_chain_commits {
    struct lb_lane lanes[LB_LANES];
    size_t count;
    uint8_t unused[LB_COMMITMENT_SIZE]; /* the results of lanes that have no text of their own */
};

void lb_chain_commits_add(struct lb_chain_commits *commits, const uint8_t seed[LB_SEED_SIZE],
                          enum lb_commitment_kind kind, struct lb_str text,
                          struct lb_commitment *out);
void lb_chain_commits_end(struct lb_chain_commits *commits);

/* What stands in for the digest before the first row of a workspace. */
void lb_chain_begin(struct lb_str workspace_id, uint8_t out[LB_DIGEST_SIZE]);

/* Are the row's items names or other texts? Else they are numbers of entries. */
bool lb_log_kind_has_names(enum lb_log_kind kind);

/* The digest of a row after `before`. False when the row's items are not what its kind says, or not
 * as many as there are commitments, or its kind, a number or its time cannot be. The row's own
 * digest is not looked at. */
bool lb_chain_digest(const uint8_t before[LB_DIGEST_SIZE], const struct lb_log_row *row,
                     const struct lb_commitments *commitments, uint8_t out[LB_DIGEST_SIZE]);

/* The same, with all commitments made from the row's texts and seed, or as its salts say. */
bool lb_chain_digest_row(const uint8_t before[LB_DIGEST_SIZE], const struct lb_log_row *row,
                         uint8_t out[LB_DIGEST_SIZE]);

/* --- Erasing texts of a row ------------------------------------------------------------------- */

/* `=` and a commitment. */
#define LB_BARE_LENGTH 33

/* Reads what stands where a row's seed does: that, or a list of salts, which lives as long as
 * `bytes`. False when it is neither. */
bool lb_chain_read_seed(struct lb_str bytes, struct lb_log_row *out);

/* Does the text look like a commitment that took the place of one? No name that can be blocked
 * does, nor does a reason, unless it was written so on purpose: then it is shown as none. */
bool lb_chain_is_commitment(struct lb_str text);
static inline bool lb_chain_is_bare(struct lb_str text)
{
    return text.len == LB_BARE_LENGTH && text.ptr[0] == '=' && lb_chain_is_commitment(text);
}

/* A reason, source or import; none where it was erased. */
static inline struct lb_str lb_chain_text(struct lb_str text)
{
    if (lb_chain_is_bare(text))
        return (struct lb_str){0};
    return text;
}

/* Which texts of a row are to go. Those that are gone already stay so. */
struct lb_chain_erasure {
    bool reason, source, import;
    uint64_t items; /* a bit each */
};

/* The row without those texts: `out` is the row with what takes their place, in `texts`, and its
 * digest is what it was. False when out of memory, or when the row cannot be. */
bool lb_chain_erase(const struct lb_log_row *row, const struct lb_chain_erasure *what,
                    struct lb_buf *texts, struct lb_log_row *out);

/* --- Looking through a chain ------------------------------------------------------------------ */

/* How far the chain of one workspace was looked through. */
struct lb_chain_check {
    char id[LB_ID_SIZE];            /* the workspace's */
    uint8_t digest[LB_DIGEST_SIZE]; /* of the last row */
    uint64_t row;                   /* the last row's id */
    uint64_t next;                  /* the lowest number that the next row may have */
    uint64_t rows;
    /* Numbers of entries whose texts are gone, ascending; the highest bit: a row says so. */
    uint64_t *bare;
    size_t bare_count, bare_capacity;
};

void lb_chain_check_begin(struct lb_chain_check *check, struct lb_str workspace_id);

/* Takes the next row. NULL: it is right; else what is wrong, in words. */
const char *lb_chain_check_row(struct lb_chain_check *check, const struct lb_log_row *row);
/* After the last row. NULL, or what is wrong, with the number of the entry. */
const char *lb_chain_check_end(const struct lb_chain_check *check, uint64_t *out_number);
void lb_chain_check_fini(struct lb_chain_check *check);

/* The chains of all workspaces; zeros: of none yet. */
struct lb_chains {
    struct lb_chain_check *array; /* by number; all zero: there is no such workspace */
    size_t capacity;
};

/* Takes a workspace; false when memory is short. */
bool lb_chains_begin(struct lb_chains *chains, uint32_t workspace, struct lb_str id);
/* NULL: there is no such workspace. */
struct lb_chain_check *lb_chains_of(const struct lb_chains *chains, uint32_t workspace);
/* As lb_chain_check_row, with the chain of the row's workspace. */
const char *lb_chains_check_row(struct lb_chains *chains, const struct lb_log_row *row);
void lb_chains_fini(struct lb_chains *chains);

#endif
