/* What was asked for ahead, in one round trip: a table of items by what they are about, with the
 * results that they point into. The results stay until the table is cleared, because strings of
 * theirs may be in use; what a write changes is only taken out of the table. */
#include "store/postgres/internal.h"

#include <stdlib.h>

enum item_kind { FREE, GONE, ENTRY, LEAD, ACTIVITY, NAME };

struct item {
    enum item_kind kind;
    uint32_t workspace;
    uint32_t step;
    uint64_t number;
    struct lb_str name;
    const PGresult *result; /* NULL: the database has none */
    int first;
    int count;
};

/* Something to free with the table. */
struct block {
    struct block *next;
    PGresult *result;
    char text[];
};

struct lb_pg_cache {
    struct item *items; /* open addressing */
    size_t capacity;    /* a power of two */
    size_t used;
    struct block *blocks;
};

static uint64_t hash_of(const struct item *item)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325); /* FNV-1a for names, then mixed */
    for (size_t i = 0; i < item->name.len; i++)
        hash = (hash ^ (unsigned char)item->name.ptr[i]) * UINT64_C(0x100000001b3);
    hash ^= item->number * UINT64_C(0x9e3779b97f4a7c15);
    hash ^= ((uint64_t)item->workspace << 32 | item->step) * UINT64_C(0xc2b2ae3d27d4eb4f);
    hash ^= (uint64_t)item->kind;
    hash *= UINT64_C(0xff51afd7ed558ccd);
    return hash ^ hash >> 32;
}

static bool is_same(const struct item *a, const struct item *b)
{
    return a->kind == b->kind && a->workspace == b->workspace && a->number == b->number &&
           a->step == b->step && lb_str_equal(a->name, b->name);
}

/* The item of that key or the free place where it would be. There is always one. */
static struct item *place_of(const struct lb_pg_cache *cache, const struct item *key)
{
    size_t at = hash_of(key) & (cache->capacity - 1);
    while (cache->items[at].kind != FREE && !is_same(&cache->items[at], key))
        at = (at + 1) & (cache->capacity - 1);
    return &cache->items[at];
}

static bool grow(struct lb_pg_cache *cache)
{
    struct lb_pg_cache larger = {.capacity = cache->capacity ? cache->capacity * 2 : 256};
    larger.items = calloc(larger.capacity, sizeof *larger.items);
    if (!larger.items)
        return false;
    cache->used = 0;
    for (size_t i = 0; i < cache->capacity; i++)
        if (cache->items[i].kind > GONE) {
            *place_of(&larger, &cache->items[i]) = cache->items[i];
            cache->used++;
        }
    free(cache->items);
    cache->items = larger.items;
    cache->capacity = larger.capacity;
    return true;
}

/* One that does not get a place is asked for when it is needed. */
static void put(struct lb_pg_cache *cache, const struct item *item)
{
    struct item *place = cache->used ? place_of(cache, item) : NULL;
    if (!place || place->kind == FREE) {
        if (cache->used * 2 >= cache->capacity && !grow(cache))
            return;
        place = place_of(cache, item);
        cache->used++;
    }
    *place = *item;
}

static struct item *find(const struct lb_store_reader *reader, const struct item *key)
{
    if (!reader->cache || !reader->cache->used)
        return NULL;
    struct item *place = place_of(reader->cache, key);
    return place->kind == FREE ? NULL : place;
}

static bool found(const struct item *item, const PGresult **out, int *out_row)
{
    if (!item)
        return false;
    *out = item->result;
    *out_row = item->first;
    return true;
}

static void forget(struct lb_store_reader *reader, const struct item *key)
{
    struct item *item = find(reader, key);
    if (item)
        item->kind = GONE;
}

static struct item entry_key(uint32_t workspace, uint64_t id)
{
    return (struct item){.kind = ENTRY, .workspace = workspace, .number = id};
}

static struct item lead_key(uint32_t workspace, uint64_t lead)
{
    return (struct item){.kind = LEAD, .workspace = workspace, .number = lead};
}

static struct item activity_key(uint32_t workspace, uint64_t lead, uint32_t step)
{
    return (struct item){.kind = ACTIVITY, .workspace = workspace, .number = lead, .step = step};
}

static struct item name_key(uint32_t workspace, struct lb_str name)
{
    return (struct item){.kind = NAME, .workspace = workspace, .name = name};
}

bool lb_pg_cached_entry(struct lb_store_reader *reader, uint32_t workspace, uint64_t id,
                        const PGresult **out, int *out_row)
{
    struct item key = entry_key(workspace, id);
    return found(find(reader, &key), out, out_row);
}

bool lb_pg_cached_lead(struct lb_store_reader *reader, uint32_t workspace, uint64_t lead,
                       const PGresult **out, int *out_row)
{
    struct item key = lead_key(workspace, lead);
    return found(find(reader, &key), out, out_row);
}

bool lb_pg_cached_activity(struct lb_store_reader *reader, uint32_t workspace, uint64_t lead,
                           uint32_t step, const PGresult **out, int *out_row)
{
    struct item key = activity_key(workspace, lead, step);
    return found(find(reader, &key), out, out_row);
}

bool lb_pg_cached_name(struct lb_store_reader *reader, uint32_t workspace, struct lb_str name,
                       const PGresult **out, int *out_first, int *out_count)
{
    struct item key = name_key(workspace, name);
    const struct item *item = find(reader, &key);
    *out_count = item ? item->count : 0;
    return found(item, out, out_first);
}

void lb_pg_forget_lead(struct lb_store_reader *reader, uint32_t workspace, uint64_t lead)
{
    struct item key = lead_key(workspace, lead);
    forget(reader, &key);
}

void lb_pg_forget_activities(struct lb_store_reader *reader, uint32_t workspace, uint64_t lead)
{
    struct lb_pg_cache *cache = reader->cache;
    for (size_t i = 0; cache && cache->used && i < cache->capacity; i++) {
        struct item *item = &cache->items[i];
        if (item->kind == ACTIVITY && item->workspace == workspace && item->number == lead)
            item->kind = GONE;
    }
}

void lb_pg_forget_activity(struct lb_store_reader *reader, uint32_t workspace, uint64_t lead,
                           uint32_t step)
{
    struct item key = activity_key(workspace, lead, step);
    forget(reader, &key);
}

void lb_pg_forget_name(struct lb_store_reader *reader, uint32_t workspace, struct lb_str name)
{
    struct item key = name_key(workspace, name);
    forget(reader, &key);
}

void lb_pg_forget_all(struct lb_store_reader *reader)
{
    struct lb_pg_cache *cache = reader->cache;
    if (!cache || !cache->used)
        return;
    memset(cache->items, 0, cache->capacity * sizeof *cache->items);
    cache->used = 0;
}

void lb_pg_cache_clear(struct lb_store_reader *reader)
{
    lb_pg_forget_all(reader);
    while (reader->cache && reader->cache->blocks) {
        struct block *block = reader->cache->blocks;
        reader->cache->blocks = block->next;
        PQclear(block->result);
        free(block);
    }
}

void lb_pg_cache_destroy(struct lb_store_reader *reader)
{
    lb_pg_cache_clear(reader);
    if (reader->cache)
        free(reader->cache->items);
    free(reader->cache);
    reader->cache = NULL;
}

/* --- Asking ahead ----------------------------------------------------------------------------- */

static struct block *add_block(struct lb_pg_cache *cache, size_t text_size)
{
    struct block *block = malloc(sizeof *block + text_size);
    if (!block)
        return NULL;
    *block = (struct block){.next = cache->blocks};
    cache->blocks = block;
    return block;
}

/* Takes over the results that the reader kept; false when there are not `count`. */
static bool take_over(struct lb_store_reader *reader, size_t count, const PGresult **out)
{
    bool whole = reader->kept_count == count;
    for (size_t i = 0; whole && i < count; i++) {
        struct block *block = add_block(reader->cache, 0);
        whole = block != NULL;
        if (whole) {
            out[i] = block->result = reader->kept[i];
            reader->kept[i] = NULL;
        }
    }
    lb_pg_release(reader);
    return whole;
}

static bool ready(struct lb_store_reader *reader, size_t count)
{
    if (count == 0 || lb_pg_ready(reader) != LB_OK)
        return false;
    if (!reader->cache)
        reader->cache = calloc(1, sizeof *reader->cache);
    return reader->cache != NULL;
}

/* First that there is nothing, then what there is. */
static void put_numbers(struct lb_pg_cache *cache, enum item_kind kind, uint32_t workspace,
                        const uint64_t *numbers, size_t count, uint32_t step)
{
    for (size_t i = 0; i < count; i++) {
        struct item item = {
            .kind = kind, .workspace = workspace, .number = numbers[i], .step = step};
        put(cache, &item);
    }
}

static void put_rows(struct lb_pg_cache *cache, enum item_kind kind, uint32_t workspace,
                     const PGresult *result, int number_column, uint32_t step)
{
    for (int i = 0; i < PQntuples(result); i++) {
        struct item item = {.kind = kind,
                            .workspace = workspace,
                            .number = (uint64_t)lb_pg_number(result, i, number_column),
                            .step = step,
                            .result = result,
                            .first = i,
                            .count = 1};
        put(cache, &item);
    }
}

#define ENTRY_COLUMN 11 /* of ENTRIES_EXPECTED: behind those of the row */

static bool ask(struct lb_store_reader *reader, enum lb_pg_statement statement, uint32_t workspace,
                const struct lb_buf *array, uint32_t step)
{
    struct lb_pg_params params = {0};
    lb_pg_add_number(&params, workspace);
    lb_pg_add_array(&params, array);
    if (step)
        lb_pg_add_number(&params, step);
    return !array->failed && lb_pg_send(reader, statement, &params, true) == LB_OK;
}

void lb_pg_expect_entries(struct lb_store_reader *reader, uint32_t workspace, const uint64_t *ids,
                          size_t count)
{
    struct lb_buf array = {0};
    const PGresult *result;
    if (!ready(reader, count))
        return;
    lb_pg_array_of_numbers(&array, ids, count);
    if (ask(reader, PG_ENTRIES_EXPECTED, workspace, &array, 0) && lb_pg_settle(reader) == LB_OK &&
        take_over(reader, 1, &result)) {
        put_numbers(reader->cache, ENTRY, workspace, ids, count, 0);
        put_rows(reader->cache, ENTRY, workspace, result, ENTRY_COLUMN, 0);
    }
    lb_pg_release(reader);
    lb_buf_fini(&array);
}

void lb_pg_expect_leads(struct lb_store_reader *reader, uint32_t workspace, const uint64_t *leads,
                        size_t count, uint32_t step)
{
    struct lb_buf array = {0};
    const PGresult *results[2];
    if (!ready(reader, count))
        return;
    lb_pg_array_of_numbers(&array, leads, count);
    if (ask(reader, PG_LEADS_EXPECTED, workspace, &array, 0) &&
        (!step || ask(reader, PG_ACTIVITIES_EXPECTED, workspace, &array, step)) &&
        lb_pg_settle(reader) == LB_OK && take_over(reader, step ? 2 : 1, results)) {
        put_numbers(reader->cache, LEAD, workspace, leads, count, 0);
        put_rows(reader->cache, LEAD, workspace, results[0], 0, 0);
        if (step) {
            put_numbers(reader->cache, ACTIVITY, workspace, leads, count, step);
            put_rows(reader->cache, ACTIVITY, workspace, results[1], 0, step);
        }
    }
    lb_pg_release(reader);
    lb_buf_fini(&array);
}

/* The rows of one name follow each other. */
static void put_names(struct lb_pg_cache *cache, uint32_t workspace, const PGresult *result)
{
    int end;
    for (int i = 0; i < PQntuples(result); i = end) {
        struct item item = {.kind = NAME,
                            .workspace = workspace,
                            .name = lb_pg_text(result, i, 2),
                            .result = result,
                            .first = i};
        for (end = i + 1; end < PQntuples(result); end++)
            if (!lb_str_equal(lb_pg_text(result, end, 2), item.name))
                break;
        item.count = end - i;
        put(cache, &item);
    }
}

/* The caller's strings may be gone when they are compared. */
static void put_no_names(struct lb_pg_cache *cache, uint32_t workspace, const struct lb_str *names,
                         size_t count)
{
    size_t size = 0;
    for (size_t i = 0; i < count; i++)
        size += names[i].len;
    struct block *block = add_block(cache, size);
    if (!block)
        return;
    char *at = block->text;
    for (size_t i = 0; i < count; i++) {
        struct item item = {.kind = NAME, .workspace = workspace, .name = {at, names[i].len}};
        memcpy(at, names[i].ptr, names[i].len);
        at += names[i].len;
        put(cache, &item);
    }
}

void lb_pg_expect_names(struct lb_store_reader *reader, uint32_t workspace,
                        const struct lb_str *names, size_t count)
{
    struct lb_buf array = {0};
    const PGresult *result;
    if (!ready(reader, count))
        return;
    lb_pg_array_of_texts(&array, names, count);
    if (ask(reader, PG_NAMES_EXPECTED, workspace, &array, 0) && lb_pg_settle(reader) == LB_OK &&
        take_over(reader, 1, &result)) {
        put_no_names(reader->cache, workspace, names, count);
        put_names(reader->cache, workspace, result);
    }
    lb_pg_release(reader);
    lb_buf_fini(&array);
}
