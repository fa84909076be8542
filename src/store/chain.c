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

/* What tells commitments to different texts of a row apart. */
static const unsigned char uses[][crypto_generichash_blake2b_PERSONALBYTES] = {
    [LB_COMMITMENT_ITEM] = "leadblock item",
    [LB_COMMITMENT_REASON] = "leadblock reason",
    [LB_COMMITMENT_SOURCE] = "leadblock source",
    [LB_COMMITMENT_IMPORT] = "leadblock import"};

static void commit_salted(const uint8_t salt[LB_SEED_SIZE], const unsigned char *use,
                          struct lb_str text, uint8_t out[LB_COMMITMENT_SIZE])
{
    hash((const unsigned char *)text.ptr, text.len, salt, use, out, LB_COMMITMENT_SIZE);
}

static void salt_of(const uint8_t seed[LB_SEED_SIZE], struct lb_str text, uint8_t out[LB_SEED_SIZE])
{
    _Static_assert(LB_SEED_SIZE == crypto_generichash_blake2b_SALTBYTES, "a salt is of BLAKE2b");
    _Static_assert(LB_SEED_SIZE == crypto_shorthash_siphashx24_BYTES, "and a SipHash-128");
    _Static_assert(LB_SEED_SIZE == crypto_shorthash_siphashx24_KEYBYTES, "under the seed");
    crypto_shorthash_siphashx24(out, (const unsigned char *)text.ptr, text.len, seed);
}

static void commit(const struct lb_lane *lane)
{
    uint8_t salt[LB_SEED_SIZE];
    salt_of(lane->seed, lane->text, salt);
    commit_salted(salt, lane->use, lane->text, lane->out);
}

void lb_chain_commit(const uint8_t seed[LB_SEED_SIZE], enum lb_commitment_kind kind,
                     struct lb_str text, struct lb_commitment *out)
{
    commit(&(struct lb_lane){seed, uses[kind], text, out->bytes});
}

void lb_chain_commits_end(struct lb_chain_commits *commits)
{
    size_t count = commits->count;
    commits->count = 0;
    if (count < 2 || !lb_lanes_exist()) {
        for (size_t i = 0; i < count; i++)
            commit(&commits->lanes[i]);
        return;
    }
    for (size_t i = count; i < LB_LANES; i++) {
        commits->lanes[i] = commits->lanes[0];
        commits->lanes[i].out = commits->unused;
    }
    lb_lanes_commit(commits->lanes);
}

void lb_chain_commits_add(struct lb_chain_commits *commits, const uint8_t seed[LB_SEED_SIZE],
                          enum lb_commitment_kind kind, struct lb_str text,
                          struct lb_commitment *out)
{
    if (text.len > LB_LANE_BYTES) {
        lb_chain_commit(seed, kind, text, out);
        return;
    }
    commits->lanes[commits->count++] = (struct lb_lane){seed, uses[kind], text, out->bytes};
    if (commits->count == LB_LANES)
        lb_chain_commits_end(commits);
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

/* --- The texts of a row ----------------------------------------------------------------------- */

#define TEXTS_MAX (3 + LB_ROW_ITEMS_MAX)

/* All texts of a row, in the order of its salts. */
struct texts {
    struct lb_str text[TEXTS_MAX];
    enum lb_commitment_kind kind[TEXTS_MAX];
    struct lb_commitment *out[TEXTS_MAX];
    size_t count;
};

static bool take_text(struct texts *texts, struct lb_str text, enum lb_commitment_kind kind,
                      struct lb_commitment *out)
{
    if (!text.ptr)
        return true;
    if (texts->count == TEXTS_MAX)
        return false;
    texts->text[texts->count] = text;
    texts->kind[texts->count] = kind;
    texts->out[texts->count++] = out;
    return true;
}

/* False when there are too many items. */
static bool take_texts(const struct lb_log_row *row, struct lb_commitments *commitments,
                       struct lb_commitment items[LB_ROW_ITEMS_MAX], struct texts *out)
{
    struct lb_str rest = row->items;
    struct lb_str item;
    out->count = 0;
    take_text(out, row->reason, LB_COMMITMENT_REASON, &commitments->reason);
    take_text(out, row->source, LB_COMMITMENT_SOURCE, &commitments->source);
    take_text(out, row->import, LB_COMMITMENT_IMPORT, &commitments->import);
    commitments->items = items;
    while (lb_log_kind_has_names(row->kind) && lb_log_items_next(&rest, &item)) {
        if (commitments->item_count == LB_ROW_ITEMS_MAX ||
            !take_text(out, item, LB_COMMITMENT_ITEM, &items[commitments->item_count]))
            return false;
        commitments->item_count++;
    }
    return true;
}

static bool is_zero(const char *salt)
{
    static const char zeros[LB_SEED_SIZE];
    return memcmp(salt, zeros, LB_SEED_SIZE) == 0;
}

bool lb_chain_read_seed(struct lb_str bytes, struct lb_log_row *out)
{
    if (!bytes.ptr || bytes.len == 0 || bytes.len % LB_SEED_SIZE ||
        bytes.len > TEXTS_MAX * LB_SEED_SIZE)
        return false;
    if (bytes.len == LB_SEED_SIZE && !is_zero(bytes.ptr))
        memcpy(out->seed, bytes.ptr, sizeof out->seed);
    else
        out->salts = bytes;
    return true;
}

static bool read_bare(struct lb_str text, struct lb_commitment *out)
{
    size_t len = 0;
    return text.len == LB_BARE_LENGTH && text.ptr[0] == '=' &&
           sodium_base642bin(out->bytes, sizeof out->bytes, text.ptr + 1, text.len - 1, NULL, &len,
                             NULL, sodium_base64_VARIANT_URLSAFE_NO_PADDING) == 0 &&
           len == sizeof out->bytes;
}

bool lb_chain_is_commitment(struct lb_str text)
{
    struct lb_commitment commitment;
    return read_bare(text, &commitment);
}

/* By the seed, or by the salts that stand in its place. */
static bool commit_texts(const struct lb_log_row *row, const struct texts *texts)
{
    const char *salt = row->salts.ptr;
    struct lb_chain_commits commits = {.count = 0};
    if (salt && row->salts.len != texts->count * LB_SEED_SIZE)
        return false;
    for (size_t i = 0; i < texts->count; i++, salt += salt ? LB_SEED_SIZE : 0) {
        if (!salt)
            lb_chain_commits_add(&commits, row->seed, texts->kind[i], texts->text[i],
                                 texts->out[i]);
        else if (!is_zero(salt))
            commit_salted((const uint8_t *)salt, uses[texts->kind[i]], texts->text[i],
                          texts->out[i]->bytes);
        else if (!read_bare(texts->text[i], texts->out[i]))
            return false;
    }
    lb_chain_commits_end(&commits);
    return true;
}

bool lb_chain_digest_row(const uint8_t before[LB_DIGEST_SIZE], const struct lb_log_row *row,
                         uint8_t out[LB_DIGEST_SIZE])
{
    struct lb_commitment items[LB_ROW_ITEMS_MAX];
    struct lb_commitments commitments = {.item_count = 0};
    struct texts texts;
    return take_texts(row, &commitments, items, &texts) && commit_texts(row, &texts) &&
           lb_chain_digest(before, row, &commitments, out);
}

/* --- Erasing ---------------------------------------------------------------------------------- */

/* Is text `i` of the row to go? `item`: the first that is an item. */
static bool goes(const struct lb_chain_erasure *what, const struct texts *texts, size_t i,
                 size_t item)
{
    switch (texts->kind[i]) {
    case LB_COMMITMENT_REASON:
        return what->reason;
    case LB_COMMITMENT_SOURCE:
        return what->source;
    case LB_COMMITMENT_IMPORT:
        return what->import;
    default:
        return what->items >> (i - item) & 1;
    }
}

static struct lb_str put_bare(struct lb_buf *texts, const struct lb_commitment *commitment)
{
    char bare[LB_BARE_LENGTH + 1] = "=";
    sodium_bin2base64(bare + 1, sizeof bare - 1, commitment->bytes, sizeof commitment->bytes,
                      sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    lb_buf_append(texts, bare, LB_BARE_LENGTH);
    return (struct lb_str){texts->ptr + texts->len - LB_BARE_LENGTH, LB_BARE_LENGTH};
}

/* The salt of a text that stays, or zeros. */
static void put_salt(const struct lb_log_row *row, const struct texts *texts, size_t i, bool gone,
                     struct lb_buf *out)
{
    uint8_t salt[LB_SEED_SIZE] = {0};
    if (!gone && row->salts.ptr)
        memcpy(salt, row->salts.ptr + i * LB_SEED_SIZE, sizeof salt);
    else if (!gone)
        salt_of(row->seed, texts->text[i], salt);
    lb_buf_append(out, salt, sizeof salt);
}

bool lb_chain_erase(const struct lb_log_row *row, const struct lb_chain_erasure *what,
                    struct lb_buf *out_texts, struct lb_log_row *out)
{
    struct lb_commitment items[LB_ROW_ITEMS_MAX];
    struct lb_commitments commitments = {.item_count = 0};
    struct texts texts;
    if (!take_texts(row, &commitments, items, &texts) || !commit_texts(row, &texts) ||
        !lb_buf_reserve(out_texts,
                        row->items.len + texts.count * (LB_BARE_LENGTH + 1 + LB_SEED_SIZE)))
        return false; /* with that room nothing moves below */
    size_t item = texts.count - commitments.item_count;
    *out = *row;
    struct lb_str *const places[] = {[LB_COMMITMENT_REASON] = &out->reason,
                                     [LB_COMMITMENT_SOURCE] = &out->source,
                                     [LB_COMMITMENT_IMPORT] = &out->import};
    for (size_t i = 0; i < item; i++)
        if (goes(what, &texts, i, item))
            *places[texts.kind[i]] = put_bare(out_texts, texts.out[i]);
    size_t begin = out_texts->len;
    for (size_t i = item; i < texts.count; i++) {
        if (i > item)
            lb_buf_append_lit(out_texts, ",");
        if (goes(what, &texts, i, item))
            put_bare(out_texts, texts.out[i]);
        else
            lb_buf_append_str(out_texts, texts.text[i]);
    }
    if (item < texts.count)
        out->items = (struct lb_str){out_texts->ptr + begin, out_texts->len - begin};
    begin = out_texts->len;
    for (size_t i = 0; i < texts.count; i++)
        put_salt(row, &texts, i, goes(what, &texts, i, item), out_texts);
    out->salts = (struct lb_str){out_texts->ptr + begin, out_texts->len - begin};
    memset(out->seed, 0, sizeof out->seed);
    return !out_texts->failed;
}

/* --- Looking through a chain ------------------------------------------------------------------ */

void lb_chain_check_begin(struct lb_chain_check *check, struct lb_str workspace_id)
{
    *check = (struct lb_chain_check){.next = 1};
    lb_str_copy(workspace_id, check->id, sizeof check->id);
    lb_chain_begin(workspace_id, check->digest);
}

#define NAMED (UINT64_C(1) << 63)

static bool note_bare(struct lb_chain_check *check, uint64_t number)
{
    if (!lb_array_reserve(check->bare, check->bare_capacity, check->bare_count + 1))
        return false;
    check->bare[check->bare_count++] = number;
    return true;
}

/* Which entries have to be named by a later row. A text that only looks like a commitment is none:
 * its salt tells. */
static bool note_gone(struct lb_chain_check *check, const struct lb_log_row *row)
{
    bool names = lb_log_kind_has_names(row->kind);
    size_t texts = row->salts.len / LB_SEED_SIZE;
    size_t items = names ? lb_log_items_count(row->items) : 0;
    bool item_gone = false, other_gone = false;
    for (size_t i = texts - items; i < texts; i++) {
        if (!is_zero(row->salts.ptr + i * LB_SEED_SIZE))
            continue;
        item_gone = true;
        if (!note_bare(check, row->number + (i - (texts - items))))
            return false;
    }
    for (size_t i = 0; i < texts - items; i++)
        other_gone |= is_zero(row->salts.ptr + i * LB_SEED_SIZE);
    return item_gone || !other_gone || note_bare(check, row->number);
}

static void name_gone(struct lb_chain_check *check, uint64_t number)
{
    size_t low = 0, high = check->bare_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if ((check->bare[middle] & ~NAMED) < number)
            low = middle + 1;
        else
            high = middle;
    }
    if (low < check->bare_count && (check->bare[low] & ~NAMED) == number)
        check->bare[low] |= NAMED;
}

static void take_erased(struct lb_chain_check *check, const struct lb_log_row *row)
{
    struct lb_str rest = row->items;
    struct lb_str item;
    uint64_t number;
    while (row->kind == LB_LOG_ERASED && lb_log_items_next(&rest, &item))
        if (lb_str_to_u64(item, LB_ENTRY_ID_MAX, &number))
            name_gone(check, number);
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
    if (row->salts.ptr && !note_gone(check, row))
        return "out of memory";
    take_erased(check, row);
    memcpy(check->digest, digest, sizeof digest);
    check->row = row->id;
    check->next = row->number + lb_log_items_count(row->items);
    check->rows++;
    return NULL;
}

const char *lb_chain_check_end(const struct lb_chain_check *check, uint64_t *out_number)
{
    for (size_t i = 0; i < check->bare_count; i++) {
        *out_number = check->bare[i];
        if (!(check->bare[i] & NAMED))
            return "its text was removed, and no later row says that it was erased";
    }
    return NULL;
}

void lb_chain_check_fini(struct lb_chain_check *check)
{
    free(check->bare);
    check->bare = NULL;
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
    for (size_t i = 0; i < chains->capacity; i++)
        lb_chain_check_fini(&chains->array[i]);
    free(chains->array);
    *chains = (struct lb_chains){0};
}
