#include "store/chain.h"

#include "store/log_items.h"

#include <sodium.h>

#define FORMAT     1
#define POOL_BYTES 4096

/* Of BLAKE2b, which has 16 bytes to tell one use of it from another. */
static const unsigned char begin_use[crypto_generichash_blake2b_PERSONALBYTES] = "leadblock log";
static const unsigned char row_use[crypto_generichash_blake2b_PERSONALBYTES] = "leadblock row";

/* A call of randombytes_buf costs more than all else that a row's salt is needed for. */
static _Thread_local unsigned char pool[POOL_BYTES];
static _Thread_local size_t pool_left;

void lb_chain_salt(uint8_t out[LB_SALT_SIZE])
{
    if (pool_left < LB_SALT_SIZE) {
        randombytes_buf(pool, sizeof pool);
        pool_left = sizeof pool;
    }
    pool_left -= LB_SALT_SIZE;
    memcpy(out, pool + pool_left, LB_SALT_SIZE);
    memset(pool + pool_left, 0, LB_SALT_SIZE); /* memory is not to tell it after an erasure */
}

static void hash(const unsigned char *bytes, size_t len, const uint8_t *salt,
                 const unsigned char *use, uint8_t *out)
{
    crypto_generichash_blake2b_salt_personal(out, LB_DIGEST_SIZE, bytes, len, NULL, 0, salt, use);
}

void lb_chain_commit(const uint8_t salt[LB_SALT_SIZE], enum lb_commitment_kind kind,
                     struct lb_str text, struct lb_commitment *out)
{
    static const unsigned char uses[][crypto_generichash_blake2b_PERSONALBYTES] = {
        [LB_COMMITMENT_ITEM] = "leadblock item",
        [LB_COMMITMENT_REASON] = "leadblock reason",
        [LB_COMMITMENT_SOURCE] = "leadblock source",
        [LB_COMMITMENT_IMPORT] = "leadblock import"};
    hash((const unsigned char *)text.ptr, text.len, salt, uses[kind], out->bytes);
}

void lb_chain_begin(struct lb_str workspace_id, uint8_t out[LB_DIGEST_SIZE])
{
    hash((const unsigned char *)workspace_id.ptr, workspace_id.len, NULL, begin_use, out);
}

bool lb_log_kind_has_names(enum lb_log_kind kind)
{
    return lb_log_kind_blocks(kind) || kind == LB_LOG_LINK || kind == LB_LOG_LINK_END;
}

/* --- A row as bytes --------------------------------------------------------------------------- */

enum { CONTINUES = 1, HAS_REASON = 2, HAS_SOURCE = 4, HAS_IMPORT = 8 };

#define FIXED_BYTES 44
#define BYTES_MAX   (LB_DIGEST_SIZE * (1 + 3 + LB_ROW_ITEMS_MAX) + FIXED_BYTES)

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
static void put_number(struct bytes *bytes, uint64_t number, size_t len)
{
    for (size_t i = 0; i < len; i++, number >>= 8)
        *bytes->end++ = (unsigned char)number;
}

static void put_fixed(struct bytes *bytes, const struct lb_log_row *row, size_t items)
{
    put_number(bytes, FORMAT, 1);
    put_number(bytes, row->kind, 1);
    put_number(bytes,
               (row->continues ? CONTINUES : 0) | (row->reason.ptr ? HAS_REASON : 0) |
                   (row->source.ptr ? HAS_SOURCE : 0) | (row->import.ptr ? HAS_IMPORT : 0),
               1);
    put_number(bytes, items, 1);
    put_number(bytes, row->list.campaign, 4);
    put_number(bytes, row->actor, 4);
    put_number(bytes, row->number, 8);
    put_number(bytes, (uint64_t)row->at, 8);
    put_number(bytes, row->undoes, 8);
    put_number(bytes, row->epoch, 8);
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
        put_number(bytes, number, 8);
    }
    return true;
}

bool lb_chain_digest(const uint8_t before[LB_DIGEST_SIZE], const struct lb_log_row *row,
                     const struct lb_commitments *commitments, uint8_t out[LB_DIGEST_SIZE])
{
    bool names = lb_log_kind_has_names(row->kind);
    uint64_t items = names ? commitments->item_count : lb_log_items_count(row->items);
    struct bytes bytes;
    if (items == 0 || items > LB_ROW_ITEMS_MAX)
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
    hash(bytes.start, (size_t)(bytes.end - bytes.start), NULL, row_use, out);
    return true;
}

static void commit_if_there(const uint8_t salt[LB_SALT_SIZE], enum lb_commitment_kind kind,
                            struct lb_str text, struct lb_commitment *out)
{
    if (text.ptr)
        lb_chain_commit(salt, kind, text, out);
}

bool lb_chain_digest_row(const uint8_t before[LB_DIGEST_SIZE], const struct lb_log_row *row,
                         uint8_t out[LB_DIGEST_SIZE])
{
    struct lb_commitment items[LB_ROW_ITEMS_MAX];
    struct lb_commitments commitments = {.items = items};
    struct lb_str rest = row->items;
    struct lb_str item;
    commit_if_there(row->salt, LB_COMMITMENT_REASON, row->reason, &commitments.reason);
    commit_if_there(row->salt, LB_COMMITMENT_SOURCE, row->source, &commitments.source);
    commit_if_there(row->salt, LB_COMMITMENT_IMPORT, row->import, &commitments.import);
    while (lb_log_kind_has_names(row->kind) && lb_log_items_next(&rest, &item)) {
        if (commitments.item_count == LB_ROW_ITEMS_MAX)
            return false;
        lb_chain_commit(row->salt, LB_COMMITMENT_ITEM, item, &items[commitments.item_count++]);
    }
    return lb_chain_digest(before, row, &commitments, out);
}

/* --- Looking through a chain ------------------------------------------------------------------ */

void lb_chain_check_begin(struct lb_chain_check *check, struct lb_str workspace_id)
{
    *check = (struct lb_chain_check){.next = 1};
    lb_chain_begin(workspace_id, check->digest);
}

const char *lb_chain_check_row(struct lb_chain_check *check, const struct lb_log_row *row)
{
    uint8_t digest[LB_DIGEST_SIZE];
    if (row->number < check->next)
        return "its number is not above those before it";
    if (!lb_chain_digest_row(check->digest, row, digest))
        return "its items are not what its kind says";
    if (memcmp(digest, row->digest, sizeof digest) != 0)
        return "its digest is not that of what it says and of the row before it";
    memcpy(check->digest, digest, sizeof digest);
    check->next = row->number + lb_log_items_count(row->items);
    check->rows++;
    return NULL;
}
