#include "store/chain.h"

#include "base/array.h"
#include "store/log_items.h"

#include <endian.h>
#include <sodium.h>
#include <stdlib.h>

#define FORMAT     1
#define POOL_BYTES 4096

/* Of BLAKE2b, which has 16 bytes to tell one use of it from another. */
static const unsigned char begin_use[crypto_generichash_blake2b_PERSONALBYTES] = "leadblock log";
static const unsigned char row_use[crypto_generichash_blake2b_PERSONALBYTES] = "leadblock row";

/* A call of randombytes_buf costs more than all else that a row's seed is needed for. */
static _Thread_local unsigned char pool[POOL_BYTES];
static _Thread_local size_t pool_left;

void lb_chain_seed(uint8_t out[LB_SEED_SIZE])
{
    if (pool_left < LB_SEED_SIZE) {
        randombytes_buf(pool, sizeof pool);
        pool_left = sizeof pool;
    }
    pool_left -= LB_SEED_SIZE;
    memcpy(out, pool + pool_left, LB_SEED_SIZE);
    memset(pool + pool_left, 0, LB_SEED_SIZE); /* memory is not to tell it after an erasure */
}

static void hash(const unsigned char *bytes, size_t len, const uint8_t *salt,
                 const unsigned char *use, uint8_t *out, size_t size)
{
    crypto_generichash_blake2b_salt_personal(out, size, bytes, len, NULL, 0, salt, use);
}

/* To begin a hash costs a fifth of it, so one that was begun is kept. */
static void hash_row(const unsigned char *bytes, size_t len, uint8_t out[LB_DIGEST_SIZE])
{
    static _Thread_local crypto_generichash_blake2b_state begun;
    static _Thread_local bool is_begun;
    if (!is_begun)
        crypto_generichash_blake2b_init_salt_personal(&begun, NULL, 0, LB_DIGEST_SIZE, NULL,
                                                      row_use);
    is_begun = true;
    crypto_generichash_blake2b_state state = begun;
    crypto_generichash_blake2b_update(&state, bytes, len);
    crypto_generichash_blake2b_final(&state, out, LB_DIGEST_SIZE);
}

void lb_chain_commit(const uint8_t seed[LB_SEED_SIZE], enum lb_commitment_kind kind,
                     struct lb_str text, struct lb_commitment *out)
{
    static const unsigned char uses[][crypto_generichash_blake2b_PERSONALBYTES] = {
        [LB_COMMITMENT_ITEM] = "leadblock item",
        [LB_COMMITMENT_REASON] = "leadblock reason",
        [LB_COMMITMENT_SOURCE] = "leadblock source",
        [LB_COMMITMENT_IMPORT] = "leadblock import"};
    const unsigned char *bytes = (const unsigned char *)text.ptr;
    uint8_t salt[crypto_generichash_blake2b_SALTBYTES];
    _Static_assert(sizeof salt == crypto_shorthash_siphashx24_BYTES &&
                       LB_SEED_SIZE == crypto_shorthash_siphashx24_KEYBYTES,
                   "a salt is a SipHash-128 under the seed");
    crypto_shorthash_siphashx24(salt, bytes, text.len, seed);
    hash(bytes, text.len, salt, uses[kind], out->bytes, sizeof out->bytes);
}

void lb_chain_begin(struct lb_str workspace_id, uint8_t out[LB_DIGEST_SIZE])
{
    hash((const unsigned char *)workspace_id.ptr, workspace_id.len, NULL, begin_use, out,
         LB_DIGEST_SIZE);
}

bool lb_log_kind_has_names(enum lb_log_kind kind)
{
    return lb_log_kind_blocks(kind) || lb_log_kind_has_pairs(kind);
}

/* --- A row as bytes --------------------------------------------------------------------------- */

enum {
    CONTINUES = 1,
    HAS_REASON = 2,
    HAS_SOURCE = 4,
    HAS_IMPORT = 8,
    HAS_UNDOES = 16,
    HAS_EPOCH = 32
};

/* What is hashed of a row has so many bytes for its numbers; what does not fit in them is refused,
 * or two rows could have one digest. */
#define NUMBER_BYTES 5
#define TIME_BYTES   6
#define TIME_MAX     ((INT64_C(1) << 8 * TIME_BYTES) - 1) /* the year 10889 */
#define FIXED_BYTES  (4 + 4 + 4 + 3 * NUMBER_BYTES + TIME_BYTES)
#define BYTES_MAX    (LB_DIGEST_SIZE + FIXED_BYTES + LB_COMMITMENT_SIZE * (3 + LB_ROW_ITEMS_MAX))

_Static_assert(LB_DIGEST_SIZE + FIXED_BYTES - 2 * NUMBER_BYTES + 3 * LB_COMMITMENT_SIZE <= 128,
               "two names and a source are one block of BLAKE2b");

struct bytes {
    unsigned char *end;
    unsigned char start[BYTES_MAX];
};

static void put(struct bytes *bytes, const void *what, size_t len)
{
    memcpy(bytes->end, what, len);
    bytes->end += len;
}

/* Lowest byte first. */
static inline void put_number(struct bytes *bytes, uint64_t number, size_t len)
{
    uint64_t little = htole64(number);
    put(bytes, &little, len);
}

static bool is_possible(const struct lb_log_row *row)
{
    return (unsigned)row->kind <= LB_LOG_LINK_REFUSED && row->number <= LB_ENTRY_ID_MAX &&
           row->undoes <= LB_ENTRY_ID_MAX && row->epoch <= LB_EPOCH_MAX && row->at >= 0 &&
           row->at <= TIME_MAX;
}

static void put_fixed(struct bytes *bytes, const struct lb_log_row *row, size_t items)
{
    put_number(bytes, FORMAT, 1);
    put_number(bytes, row->kind, 1);
    put_number(bytes,
               (row->continues ? CONTINUES : 0) | (row->reason.ptr ? HAS_REASON : 0) |
                   (row->source.ptr ? HAS_SOURCE : 0) | (row->import.ptr ? HAS_IMPORT : 0) |
                   (row->undoes ? HAS_UNDOES : 0) | (row->epoch ? HAS_EPOCH : 0),
               1);
    put_number(bytes, items, 1);
    put_number(bytes, row->list.campaign, 4);
    put_number(bytes, row->actor, 4);
    put_number(bytes, row->number, NUMBER_BYTES);
    put_number(bytes, (uint64_t)row->at, TIME_BYTES);
    if (row->undoes)
        put_number(bytes, row->undoes, NUMBER_BYTES);
    if (row->epoch)
        put_number(bytes, row->epoch, NUMBER_BYTES);
}

static void put_commitment(struct bytes *bytes, struct lb_str text,
                           const struct lb_commitment *commitment)
{
    if (text.ptr)
        put(bytes, commitment->bytes, sizeof commitment->bytes);
}

static bool put_references(struct bytes *bytes, struct lb_str items)
{
    struct lb_str item;
    uint64_t number;
    while (lb_log_items_next(&items, &item)) {
        if (!lb_str_to_u64(item, LB_ENTRY_ID_MAX, &number))
            return false;
        put_number(bytes, number, NUMBER_BYTES);
    }
    return true;
}

bool lb_chain_digest(const uint8_t before[LB_DIGEST_SIZE], const struct lb_log_row *row,
                     const struct lb_commitments *commitments, uint8_t out[LB_DIGEST_SIZE])
{
    bool names = lb_log_kind_has_names(row->kind);
    uint64_t items = names ? commitments->item_count : lb_log_items_count(row->items);
    struct bytes bytes;
    if (items == 0 || items > LB_ROW_ITEMS_MAX || !is_possible(row))
        return false;
    bytes.end = bytes.start;
    put(&bytes, before, LB_DIGEST_SIZE);
    put_fixed(&bytes, row, items);
    put_commitment(&bytes, row->reason, &commitments->reason);
    put_commitment(&bytes, row->source, &commitments->source);
    put_commitment(&bytes, row->import, &commitments->import);
    if (names)
        put(&bytes, commitments->items, items * sizeof *commitments->items);
    else if (!put_references(&bytes, row->items))
        return false;
    hash_row(bytes.start, (size_t)(bytes.end - bytes.start), out);
    return true;
}

static void commit_if_there(const uint8_t seed[LB_SEED_SIZE], enum lb_commitment_kind kind,
                            struct lb_str text, struct lb_commitment *out)
{
    if (text.ptr)
        lb_chain_commit(seed, kind, text, out);
}

bool lb_chain_digest_row(const uint8_t before[LB_DIGEST_SIZE], const struct lb_log_row *row,
                         uint8_t out[LB_DIGEST_SIZE])
{
    struct lb_commitment items[LB_ROW_ITEMS_MAX];
    struct lb_commitments commitments = {.items = items};
    struct lb_str rest = row->items;
    struct lb_str item;
    commit_if_there(row->seed, LB_COMMITMENT_REASON, row->reason, &commitments.reason);
    commit_if_there(row->seed, LB_COMMITMENT_SOURCE, row->source, &commitments.source);
    commit_if_there(row->seed, LB_COMMITMENT_IMPORT, row->import, &commitments.import);
    while (lb_log_kind_has_names(row->kind) && lb_log_items_next(&rest, &item)) {
        if (commitments.item_count == LB_ROW_ITEMS_MAX)
            return false;
        lb_chain_commit(row->seed, LB_COMMITMENT_ITEM, item, &items[commitments.item_count++]);
    }
    return lb_chain_digest(before, row, &commitments, out);
}

/* --- Looking through a chain ------------------------------------------------------------------ */

void lb_chain_check_begin(struct lb_chain_check *check, struct lb_str workspace_id)
{
    *check = (struct lb_chain_check){.next = 1};
    lb_str_copy(workspace_id, check->id, sizeof check->id);
    lb_chain_begin(workspace_id, check->digest);
}

const char *lb_chain_check_row(struct lb_chain_check *check, const struct lb_log_row *row)
{
    uint8_t digest[LB_DIGEST_SIZE];
    if (row->unsealed)
        return "its seed or digest has another length than this version writes";
    if (row->number < check->next)
        return "its number is not above those before it";
    if (!lb_chain_digest_row(check->digest, row, digest))
        return "its kind, numbers or items cannot be";
    if (memcmp(digest, row->digest, sizeof digest) != 0)
        return "its digest is not that of what it says and of the row before it";
    memcpy(check->digest, digest, sizeof digest);
    check->row = row->id;
    check->next = row->number + lb_log_items_count(row->items);
    check->rows++;
    return NULL;
}

bool lb_chains_begin(struct lb_chains *chains, uint32_t workspace, struct lb_str id)
{
    if (!lb_array_reserve(chains->array, chains->capacity, (size_t)workspace + 1))
        return false;
    lb_chain_check_begin(&chains->array[workspace], id);
    return true;
}

struct lb_chain_check *lb_chains_of(const struct lb_chains *chains, uint32_t workspace)
{
    return workspace < chains->capacity && chains->array[workspace].next ? &chains->array[workspace]
                                                                         : NULL;
}

const char *lb_chains_check_row(struct lb_chains *chains, const struct lb_log_row *row)
{
    struct lb_chain_check *check = lb_chains_of(chains, row->list.workspace);
    return check ? lb_chain_check_row(check, row) : "its workspace does not exist";
}

void lb_chains_fini(struct lb_chains *chains)
{
    free(chains->array);
    *chains = (struct lb_chains){0};
}
