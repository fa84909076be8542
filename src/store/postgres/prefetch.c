/* What will be asked for is only noted. The first read that comes fetches all that is noted, in one
 * round trip, into a table of items by what they are about, with the results that they point into.
 * The results stay until the table is cleared, because strings of theirs may be in use; what a
 * write changes is only taken out of the table. */
#include "store/postgres/internal.h"

#include <stdlib.h>

/* From so many entries on, those with fewer ids than this between two of them, on average, are
 * close together. */
#define DENSE_FROM 20
#define DENSE_IDS  16

enum item_kind { FREE, GONE, ENTRY, LEAD, ACTIVITY, NAME };

struct item {
    enum item_kind kind;
    uint32_t workspace;
    uint64_t step;
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

/* What is to be prefetched and has not been asked for yet: of one kind, workspace and step. */
struct prefetch {
    struct prefetch *next;
    enum item_kind kind;
    uint32_t workspace;
    uint64_t step;
    struct lb_buf numbers; /* of uint64_t */
    struct lb_buf names;   /* each with its length before it, as a size_t */
    size_t count;
};

struct lb_pg_cache {
    struct item *items; /* open addressing */
    size_t capacity;    /* a power of two */
    size_t used;
    struct block *blocks;
    struct prefetch *noted;
    struct lb_buf named; /* of struct named_lead */
};

/* A lead that a name has led to. */
struct named_lead {
    uint32_t workspace;
    uint64_t lead;
};

static uint64_t hash_of(const struct item *item)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325); /* FNV-1a for names, then mixed */
    for (size_t i = 0; i < item->name.len; i++)
        hash = (hash ^ (unsigned char)item->name.ptr[i]) * UINT64_C(0x100000001b3);
    hash ^= item->number * UINT64_C(0x9e3779b97f4a7c15);
    hash ^= ((uint64_t)item->workspace << 32 ^ item->step) * UINT64_C(0xc2b2ae3d27d4eb4f);
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

static void fetch_noted(struct lb_store_reader *reader);

static struct item *find_fetched(const struct lb_store_reader *reader, const struct item *key)
{
    if (!reader->cache || !reader->cache->used)
        return NULL;
    struct item *place = place_of(reader->cache, key);
    return place->kind == FREE ? NULL : place;
}

static struct item *find_item(struct lb_store_reader *reader, const struct item *key)
{
    if (reader->cache && reader->cache->noted)
        fetch_noted(reader);
    return find_fetched(reader, key);
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
    struct item *item =
        find_fetched(reader, key); /* what is only noted will be read after the write */
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

static struct item activity_key(uint32_t workspace, uint64_t lead, uint64_t step)
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
    return found(find_item(reader, &key), out, out_row);
}

bool lb_pg_cached_lead(struct lb_store_reader *reader, uint32_t workspace, uint64_t lead,
                       const PGresult **out, int *out_row)
{
    struct item key = lead_key(workspace, lead);
    return found(find_item(reader, &key), out, out_row);
}

bool lb_pg_cached_activity(struct lb_store_reader *reader, uint32_t workspace, uint64_t lead,
                           uint64_t step, const PGresult **out, int *out_row)
{
    struct item key = activity_key(workspace, lead, step);
    return found(find_item(reader, &key), out, out_row);
}

bool lb_pg_cached_name(struct lb_store_reader *reader, uint32_t workspace, struct lb_str name,
                       const PGresult **out, int *out_first, int *out_count)
{
    struct item key = name_key(workspace, name);
    const struct item *item = find_item(reader, &key);
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
                           uint64_t step)
{
    struct item key = activity_key(workspace, lead, step);
    forget(reader, &key);
}

void lb_pg_forget_name(struct lb_store_reader *reader, uint32_t workspace, struct lb_str name)
{
    struct item key = name_key(workspace, name);
    forget(reader, &key);
}

static void drop_prefetches(struct lb_pg_cache *cache)
{
    while (cache->noted) {
        struct prefetch *prefetch = cache->noted;
        cache->noted = prefetch->next;
        lb_buf_fini(&prefetch->numbers);
        lb_buf_fini(&prefetch->names);
        free(prefetch);
    }
}

void lb_pg_forget_all(struct lb_store_reader *reader)
{
    struct lb_pg_cache *cache = reader->cache;
    lb_pg_queues_clear(reader);
    if (cache)
        drop_prefetches(cache);
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
    if (reader->cache) {
        free(reader->cache->items);
        lb_buf_fini(&reader->cache->named);
    }
    free(reader->cache);
    reader->cache = NULL;
    lb_pg_queues_destroy(reader);
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

/* First that there is nothing, then what there is. */
static void put_numbers(struct lb_pg_cache *cache, enum item_kind kind, uint32_t workspace,
                        const uint64_t *numbers, size_t count, uint64_t step)
{
    for (size_t i = 0; i < count; i++) {
        struct item item = {
            .kind = kind, .workspace = workspace, .number = numbers[i], .step = step};
        put(cache, &item);
    }
}

static void put_rows(struct lb_pg_cache *cache, enum item_kind kind, uint32_t workspace,
                     const PGresult *result, int number_column, uint64_t step)
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

static lb_err send_array(struct lb_store_reader *reader, enum lb_pg_statement statement,
                         const struct prefetch *prefetch, const struct lb_buf *array, uint64_t step)
{
    struct lb_pg_params params = {0};
    lb_pg_add_number(&params, prefetch->workspace);
    lb_pg_add_array(&params, array);
    if (step)
        lb_pg_add_number(&params, (int64_t)step);
    return array->failed ? LB_ERR_INTERNAL : lb_pg_send(reader, statement, &params, true);
}

static const uint64_t *numbers_of(const struct prefetch *prefetch)
{
    return (const uint64_t *)(const void *)prefetch->numbers.ptr;
}

/* Takes the first name off what is left of `names`. */
static struct lb_str next_name(struct lb_str *names)
{
    struct lb_str name;
    memcpy(&name.len, names->ptr, sizeof name.len);
    name.ptr = names->ptr + sizeof name.len;
    names->len -= sizeof name.len + name.len;
    names->ptr = name.ptr + name.len;
    return name;
}

static void array_of_names(struct lb_buf *out, const struct prefetch *prefetch)
{
    struct lb_str *names = malloc(prefetch->count * sizeof *names);
    struct lb_str rest = lb_buf_str(&prefetch->names);
    for (size_t i = 0; names && i < prefetch->count; i++)
        names[i] = next_name(&rest);
    if (names)
        lb_pg_array_of_texts(out, names, prefetch->count);
    out->failed |= !names;
    free(names);
}

/* Entries that lie close together are asked for as a range: that sends each row once and looks each
 * up at the cost of none. */
static lb_err send_entries(struct lb_store_reader *reader, const struct prefetch *prefetch,
                           const struct lb_buf *array)
{
    struct lb_pg_params params = {0};
    uint64_t least = UINT64_MAX;
    uint64_t most = 0;
    for (size_t i = 0; i < prefetch->count; i++) {
        uint64_t entry = numbers_of(prefetch)[i];
        least = entry < least ? entry : least;
        most = entry > most ? entry : most;
    }
    if (prefetch->count < DENSE_FROM || most - least > prefetch->count * DENSE_IDS)
        return send_array(reader, PG_ENTRIES_PREFETCH, prefetch, array, 0);
    /* The row of the least one begins at most a row's length before it. */
    least = least > LB_ROW_ITEMS_MAX ? least - LB_ROW_ITEMS_MAX : 0;
    lb_pg_add_number(&params, prefetch->workspace);
    lb_pg_add_number(&params, (int64_t)least);
    lb_pg_add_number(&params, (int64_t)most);
    return lb_pg_send(reader, PG_ENTRIES_BETWEEN, &params, true);
}

/* Sends the statements of a prefetch; `*count` grows by the results that it will have. */
static lb_err send_prefetch(struct lb_store_reader *reader, const struct prefetch *prefetch,
                            size_t *count)
{
    struct lb_buf array = {0};
    lb_err err;
    if (prefetch->kind == NAME)
        array_of_names(&array, prefetch);
    else
        lb_pg_array_of_numbers(&array, numbers_of(prefetch), prefetch->count);
    if (prefetch->kind == ENTRY)
        err = send_entries(reader, prefetch, &array);
    else if (prefetch->kind == NAME)
        err = send_array(reader, PG_NAMES_PREFETCH, prefetch, &array, 0);
    else
        err = send_array(reader, PG_LEADS_PREFETCH, prefetch, &array, 0);
    ++*count;
    if (!err && prefetch->kind == LEAD && prefetch->step) {
        err = send_array(reader, PG_ACTIVITIES_PREFETCH, prefetch, &array, prefetch->step);
        ++*count;
    }
    lb_buf_fini(&array);
    return err;
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
        for (int j = i; j < end; j++) {
            struct named_lead named = {workspace, (uint64_t)lb_pg_number(result, j, 1)};
            lb_buf_append(&cache->named, &named, sizeof named);
        }
    }
}

/* The prefetch goes before the items do. */
static void put_no_names(struct lb_pg_cache *cache, const struct prefetch *prefetch)
{
    struct block *block = add_block(cache, prefetch->names.len);
    if (!block)
        return;
    memcpy(block->text, prefetch->names.ptr, prefetch->names.len);
    struct lb_str rest = {block->text, prefetch->names.len};
    for (size_t i = 0; i < prefetch->count; i++) {
        struct item item = {
            .kind = NAME, .workspace = prefetch->workspace, .name = next_name(&rest)};
        put(cache, &item);
    }
}

/* Each row came once, in the order of ids: an entry is in the last one that does not begin above
 * it. */
static void put_entries(struct lb_pg_cache *cache, const struct prefetch *prefetch,
                        const PGresult *result)
{
    for (size_t i = 0; i < prefetch->count; i++) {
        uint64_t entry = numbers_of(prefetch)[i];
        int low = 0;
        int high = PQntuples(result);
        while (low < high) {
            int middle = low + (high - low) / 2;
            if ((uint64_t)lb_pg_number(result, middle, 0) <= entry)
                low = middle + 1;
            else
                high = middle;
        }
        struct item item = {.kind = ENTRY,
                            .workspace = prefetch->workspace,
                            .number = entry,
                            .result = low ? result : NULL,
                            .first = low - 1,
                            .count = 1};
        put(cache, &item);
    }
}

/* Puts what came for a prefetch into the table; returns how many results it had. */
static size_t take_prefetch(struct lb_pg_cache *cache, const struct prefetch *prefetch,
                            const PGresult *const *results)
{
    switch (prefetch->kind) {
    case ENTRY:
        put_entries(cache, prefetch, results[0]);
        return 1;
    case NAME:
        put_no_names(cache, prefetch);
        put_names(cache, prefetch->workspace, results[0]);
        return 1;
    default:
        put_numbers(cache, LEAD, prefetch->workspace, numbers_of(prefetch), prefetch->count, 0);
        put_rows(cache, LEAD, prefetch->workspace, results[0], 0, 0);
        if (!prefetch->step)
            return 1;
        put_numbers(cache, ACTIVITY, prefetch->workspace, numbers_of(prefetch), prefetch->count,
                    prefetch->step);
        put_rows(cache, ACTIVITY, prefetch->workspace, results[1], 0, prefetch->step);
        return 2;
    }
}

static void note_numbers(struct lb_store_reader *reader, enum item_kind kind, uint32_t workspace,
                         const uint64_t *numbers, size_t count, uint64_t step);

/* A caller that asks for names looks at their leads next. */
static void note_named_leads(struct lb_store_reader *reader)
{
    struct lb_buf *named = &reader->cache->named;
    const struct named_lead *leads = (const struct named_lead *)(const void *)named->ptr;
    for (size_t i = 0; i < named->len / sizeof *leads; i++) {
        struct item key = lead_key(leads[i].workspace, leads[i].lead);
        if (!find_fetched(reader, &key))
            note_numbers(reader, LEAD, leads[i].workspace, &leads[i].lead, 1, 0);
    }
    named->len = 0;
    named->failed = false;
}

/* Fetches all that is noted. After a failure each row is asked for when it is needed. */
static void fetch_noted(struct lb_store_reader *reader)
{
    struct lb_pg_cache *cache = reader->cache;
    size_t count = 0;
    lb_err err = lb_pg_ready(reader);
    for (struct prefetch *prefetch = cache->noted; !err && prefetch; prefetch = prefetch->next)
        err = send_prefetch(reader, prefetch, &count);
    if (!err)
        err = lb_pg_settle(reader);
    const PGresult **results = err ? NULL : calloc(count, sizeof *results);
    if (results && take_over(reader, count, results)) {
        size_t at = 0;
        for (struct prefetch *prefetch = cache->noted; prefetch; prefetch = prefetch->next)
            at += take_prefetch(cache, prefetch, &results[at]);
    }
    free(results);
    lb_pg_release(reader);
    drop_prefetches(cache);
    note_named_leads(reader);
}

/* The prefetch of that kind, new if there was none; NULL when out of memory. There are few. */
static struct prefetch *prefetch_of(struct lb_store_reader *reader, enum item_kind kind,
                                    uint32_t workspace, uint64_t step)
{
    if (!reader->cache)
        reader->cache = calloc(1, sizeof *reader->cache);
    if (!reader->cache)
        return NULL;
    for (struct prefetch *prefetch = reader->cache->noted; prefetch; prefetch = prefetch->next)
        if (prefetch->kind == kind && prefetch->workspace == workspace && prefetch->step == step)
            return prefetch;
    struct prefetch *prefetch = calloc(1, sizeof *prefetch);
    if (!prefetch)
        return NULL;
    *prefetch = (struct prefetch){
        .next = reader->cache->noted, .kind = kind, .workspace = workspace, .step = step};
    reader->cache->noted = prefetch;
    return prefetch;
}

static void note_numbers(struct lb_store_reader *reader, enum item_kind kind, uint32_t workspace,
                         const uint64_t *numbers, size_t count, uint64_t step)
{
    struct prefetch *prefetch = count ? prefetch_of(reader, kind, workspace, step) : NULL;
    if (!prefetch)
        return;
    lb_buf_append(&prefetch->numbers, (const char *)numbers, count * sizeof *numbers);
    prefetch->count =
        prefetch->numbers.len / sizeof *numbers; /* less than all when out of memory */
}

void lb_pg_prefetch_entries(struct lb_store_reader *reader, uint32_t workspace, const uint64_t *ids,
                            size_t count)
{
    note_numbers(reader, ENTRY, workspace, ids, count, 0);
}

void lb_pg_prefetch_leads(struct lb_store_reader *reader, uint32_t workspace, const uint64_t *leads,
                          size_t count, uint64_t step)
{
    note_numbers(reader, LEAD, workspace, leads, count, step);
}

void lb_pg_prefetch_names(struct lb_store_reader *reader, uint32_t workspace,
                          const struct lb_str *names, size_t count)
{
    struct prefetch *prefetch = count ? prefetch_of(reader, NAME, workspace, 0) : NULL;
    for (size_t i = 0; prefetch && i < count; i++) {
        size_t before = prefetch->names.len;
        lb_buf_append(&prefetch->names, (const char *)&names[i].len, sizeof names[i].len);
        lb_buf_append_str(&prefetch->names, names[i]);
        if (prefetch->names.failed) { /* what is whole is enough */
            prefetch->names.len = before;
            return;
        }
        prefetch->count++;
    }
}
