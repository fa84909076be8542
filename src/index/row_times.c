#include "index/row_times.h"

#include "base/rcu.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

/* Chunks of one object grow from the first to the last of these: most workspaces have few rows. */
#define CHUNK_ROWS_MIN 16
#define CHUNK_ROWS_MAX 1024
#define AT_OFFSET_MAX  (INT64_C(1) << 30)

/* Offsets from the chunk's first row; a chunk ends early when one would not fit. */
struct row {
    uint32_t id;
    uint32_t number;
    uint32_t at_and_flags; /* offset in ms << 2 | has_reason << 1 | continues */
};

struct chunk {
    uint64_t first;
    uint64_t number;
    int64_t at;
    uint32_t capacity;
    uint32_t added;         /* the writer's: rows, with those not published yet */
    _Atomic uint32_t count; /* published after the row */
    struct row rows[];
};

/* All chunks in order. Grown by making a larger one and publishing that. */
struct directory {
    struct lb_rcu_head rcu;
    size_t capacity;
    struct chunk *chunks[];
};

struct lb_row_times {
    _Atomic(struct directory *) directory;
    _Atomic size_t count; /* of chunks; published after the directory */
    size_t added;         /* the writer's: chunks, with those not published yet */
    _Atomic uint64_t bytes;
};

struct lb_row_times *lb_row_times_create(void)
{
    return calloc(1, sizeof(struct lb_row_times));
}

void lb_row_times_destroy(struct lb_row_times *row_times)
{
    if (!row_times)
        return;
    struct directory *directory = lb_rcu_load(&row_times->directory);
    for (size_t i = 0; i < row_times->added; i++)
        free(directory->chunks[i]);
    free(directory);
    free(row_times);
}

static void free_directory(struct lb_rcu_head *head)
{
    free((char *)head - offsetof(struct directory, rcu));
}

/* The directory with room for one more chunk, or NULL. */
static struct directory *reserve(struct lb_row_times *row_times, size_t count)
{
    struct directory *old = lb_rcu_load(&row_times->directory);
    if (old && count < old->capacity)
        return old;
    size_t capacity = old ? old->capacity * 2 : 4;
    struct directory *larger = malloc(sizeof *larger + capacity * sizeof larger->chunks[0]);
    if (!larger)
        return NULL;
    larger->capacity = capacity;
    if (old)
        memcpy(larger->chunks, old->chunks, count * sizeof larger->chunks[0]);
    lb_rcu_publish(&row_times->directory, larger);
    if (old)
        lb_rcu_defer(&old->rcu, free_directory);
    return larger;
}

static bool fits(const struct chunk *chunk, uint64_t first, struct lb_row_time row_time)
{
    return chunk->added < chunk->capacity && first - chunk->first <= UINT32_MAX &&
           row_time.number - chunk->number <= UINT32_MAX && row_time.at >= chunk->at &&
           row_time.at - chunk->at < AT_OFFSET_MAX;
}

static struct chunk *add_chunk(struct lb_row_times *row_times, uint64_t first,
                               struct lb_row_time row_time)
{
    size_t count = row_times->added;
    struct directory *directory = reserve(row_times, count);
    uint32_t rows = count < 6 ? CHUNK_ROWS_MIN << count : CHUNK_ROWS_MAX;
    size_t size = sizeof(struct chunk) + rows * sizeof(struct row);
    struct chunk *chunk = directory ? malloc(size) : NULL;
    if (!chunk)
        return NULL;
    atomic_fetch_add_explicit(&row_times->bytes, size, memory_order_relaxed);
    chunk->capacity = rows;
    chunk->added = 0;
    chunk->first = first;
    chunk->number = row_time.number;
    chunk->at = row_time.at;
    atomic_init(&chunk->count, 0);
    directory->chunks[count] = chunk;
    row_times->added++;
    return chunk;
}

bool lb_row_times_add(struct lb_row_times *row_times, uint64_t first, struct lb_row_time row_time)
{
    struct directory *directory = lb_rcu_load(&row_times->directory);
    struct chunk *chunk = row_times->added ? directory->chunks[row_times->added - 1] : NULL;
    if (!chunk || !fits(chunk, first, row_time))
        chunk = add_chunk(row_times, first, row_time);
    if (!chunk)
        return false;
    chunk->rows[chunk->added++] = (struct row){
        .id = (uint32_t)(first - chunk->first),
        .number = (uint32_t)(row_time.number - chunk->number),
        .at_and_flags = (uint32_t)(row_time.at - chunk->at) << 2 |
                        (uint32_t)row_time.has_reason << 1 | (uint32_t)row_time.continues};
    return true;
}

/* The first chunk that may have rows which are not published yet. */
static size_t first_open(const struct lb_row_times *row_times)
{
    size_t count = atomic_load_explicit(&row_times->count, memory_order_relaxed);
    return count ? count - 1 : 0;
}

void lb_row_times_publish(struct lb_row_times *row_times)
{
    struct directory *directory = lb_rcu_load(&row_times->directory);
    for (size_t i = first_open(row_times); i < row_times->added; i++)
        atomic_store_explicit(&directory->chunks[i]->count, directory->chunks[i]->added,
                              memory_order_release);
    atomic_store_explicit(&row_times->count, row_times->added, memory_order_release);
}

void lb_row_times_forget(struct lb_row_times *row_times)
{
    struct directory *directory = lb_rcu_load(&row_times->directory);
    size_t count = atomic_load_explicit(&row_times->count, memory_order_relaxed);
    if (count)
        directory->chunks[count - 1]->added =
            atomic_load_explicit(&directory->chunks[count - 1]->count, memory_order_relaxed);
    while (row_times->added > count) {
        struct chunk *chunk = directory->chunks[--row_times->added];
        size_t size = sizeof(struct chunk) + chunk->capacity * sizeof(struct row);
        atomic_fetch_sub_explicit(&row_times->bytes, size, memory_order_relaxed);
        free(chunk);
    }
}

bool lb_row_times_append(struct lb_row_times *row_times, uint64_t first,
                         struct lb_row_time row_time)
{
    bool added = lb_row_times_add(row_times, first, row_time);
    if (added)
        lb_row_times_publish(row_times);
    return added;
}

/* By what a row is looked up: the id of its first entry, or its number. */
enum key { BY_ID, BY_NUMBER };

static uint64_t key_of_chunk(const struct chunk *chunk, enum key by)
{
    return by == BY_ID ? chunk->first : chunk->number;
}

static uint64_t key_of_row(const struct row *row, enum key by)
{
    return by == BY_ID ? row->id : row->number;
}

/* The last of `count` chunks that does not begin above the key; false when there is none. */
static bool find_chunk(const struct directory *directory, size_t count, enum key by, uint64_t key,
                       size_t *out)
{
    size_t low = 0;
    size_t high = count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (key_of_chunk(directory->chunks[middle], by) <= key)
            low = middle + 1;
        else
            high = middle;
    }
    *out = low - 1;
    return low > 0;
}

/* The last of `count` rows that does not begin above the key. The first does not: it begins where
 * the chunk does. */
static uint32_t find_row(const struct chunk *chunk, uint32_t count, enum key by, uint64_t key)
{
    uint64_t offset = key - key_of_chunk(chunk, by);
    uint32_t low = 1;
    uint32_t high = count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (key_of_row(&chunk->rows[middle], by) <= offset)
            low = middle + 1;
        else
            high = middle;
    }
    return low - 1;
}

/* A row by its place. */
struct place {
    const struct directory *directory;
    size_t chunk;
    uint32_t row;
};

/* The last row whose first entry is not above the key; false when there is none. */
static bool find_place(const struct lb_row_times *row_times, enum key by, uint64_t key,
                       struct place *out)
{
    /* The count first: the directory that is loaded after it has at least so many chunks. */
    size_t count = atomic_load_explicit(&row_times->count, memory_order_acquire);
    if (count == 0)
        return false;
    out->directory = lb_rcu_load(&row_times->directory);
    if (!find_chunk(out->directory, count, by, key, &out->chunk))
        return false;
    const struct chunk *chunk = out->directory->chunks[out->chunk];
    out->row = find_row(chunk, atomic_load_explicit(&chunk->count, memory_order_acquire), by, key);
    return true;
}

/* The same among all rows. */
static bool find_added(const struct lb_row_times *row_times, enum key by, uint64_t key,
                       struct place *out)
{
    out->directory = lb_rcu_load(&row_times->directory);
    if (!find_chunk(out->directory, row_times->added, by, key, &out->chunk))
        return false;
    const struct chunk *chunk = out->directory->chunks[out->chunk];
    out->row = find_row(chunk, chunk->added, by, key);
    return true;
}

bool lb_row_times_find(const struct lb_row_times *row_times, uint64_t id, struct lb_row_time *out)
{
    struct place place;
    if (!find_place(row_times, BY_ID, id, &place))
        return false;
    const struct chunk *chunk = place.directory->chunks[place.chunk];
    const struct row *row = &chunk->rows[place.row];
    *out = (struct lb_row_time){.at = chunk->at + (row->at_and_flags >> 2),
                                .has_reason = (row->at_and_flags & 2) != 0,
                                .continues = (row->at_and_flags & 1) != 0,
                                .number = chunk->number + row->number};
    return true;
}

/* Its first entry. */
static uint64_t id_of(const struct place *place)
{
    const struct chunk *chunk = place->directory->chunks[place->chunk];
    return chunk->first + chunk->rows[place->row].id;
}

static uint64_t number_of(const struct place *place)
{
    const struct chunk *chunk = place->directory->chunks[place->chunk];
    return chunk->number + chunk->rows[place->row].number;
}

static bool continues(const struct place *place)
{
    return place->directory->chunks[place->chunk]->rows[place->row].at_and_flags & 1;
}

/* To the row before; false when it is the first. */
static bool step_back(struct place *place)
{
    if (place->row > 0) {
        place->row--;
        return true;
    }
    if (place->chunk == 0)
        return false;
    place->chunk--;
    place->row =
        atomic_load_explicit(&place->directory->chunks[place->chunk]->count, memory_order_acquire) -
        1;
    return true;
}

bool lb_row_times_change_below(const struct lb_row_times *row_times, uint64_t number,
                               struct lb_row_times_change *out)
{
    struct place place;
    if (number == 0 || !find_place(row_times, BY_NUMBER, number - 1, &place))
        return false;
    out->last_row = id_of(&place);
    while (continues(&place) && step_back(&place))
        ;
    out->first_row = id_of(&place);
    out->number = number_of(&place);
    return true;
}

/* To the row after; false when it is the last one. */
static bool step_on(const struct lb_row_times *row_times, struct place *place)
{
    size_t count = atomic_load_explicit(&row_times->count, memory_order_acquire);
    place->directory = lb_rcu_load(&row_times->directory);
    const struct chunk *chunk = place->directory->chunks[place->chunk];
    if (place->row + 1 < atomic_load_explicit(&chunk->count, memory_order_acquire)) {
        place->row++;
        return true;
    }
    if (place->chunk + 1 >= count)
        return false;
    place->chunk++;
    place->row = 0;
    return true;
}

bool lb_row_times_change(const struct lb_row_times *row_times, uint64_t number,
                         struct lb_row_times_change *out)
{
    struct place place;
    if (!find_place(row_times, BY_NUMBER, number, &place) || number_of(&place) != number ||
        continues(&place))
        return false;
    out->number = number;
    out->first_row = id_of(&place);
    do
        out->last_row = id_of(&place);
    while (step_on(row_times, &place) && continues(&place));
    return true;
}

bool lb_row_times_next(const struct lb_row_times *row_times, uint64_t id, uint64_t *out_first)
{
    struct place place = {0};
    bool found = find_place(row_times, BY_ID, id, &place);
    if (found && id_of(&place) < id)
        found = step_on(row_times, &place);
    else if (!found && atomic_load_explicit(&row_times->count, memory_order_acquire)) {
        place.directory = lb_rcu_load(&row_times->directory); /* before the first row */
        place.chunk = 0;
        place.row = 0;
        found = true;
    }
    if (found)
        *out_first = id_of(&place);
    return found;
}

/* --- Numbers ---------------------------------------------------------------------------------- */

uint64_t lb_row_times_number_of(const struct lb_row_times *row_times, uint64_t id)
{
    struct place place;
    return find_added(row_times, BY_ID, id, &place) ? number_of(&place) + (id - id_of(&place)) : 0;
}

uint64_t lb_row_times_id_of(const struct lb_row_times *row_times, uint64_t number)
{
    struct place place;
    return find_added(row_times, BY_NUMBER, number, &place)
               ? id_of(&place) + (number - number_of(&place))
               : 0;
}

uint64_t lb_row_times_published_id_of(const struct lb_row_times *row_times, uint64_t number)
{
    struct place place;
    return find_place(row_times, BY_NUMBER, number, &place)
               ? id_of(&place) + (number - number_of(&place))
               : 0;
}

static int64_t at_of(const struct chunk *chunk, size_t row)
{
    return chunk->at + (chunk->rows[row].at_and_flags >> 2);
}

/* How many chunks begin before `at`. */
static size_t chunks_before(const struct directory *directory, size_t count, int64_t at)
{
    size_t low = 0;
    size_t high = count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (directory->chunks[middle]->at < at)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

uint64_t lb_row_times_number_since(const struct lb_row_times *row_times, int64_t at)
{
    size_t count = atomic_load_explicit(&row_times->count, memory_order_acquire);
    const struct directory *directory = lb_rcu_load(&row_times->directory);
    size_t before = count ? chunks_before(directory, count, at) : 0;
    if (before > 0) {
        const struct chunk *chunk = directory->chunks[before - 1];
        size_t low = 0;
        size_t high = atomic_load_explicit(&chunk->count, memory_order_acquire);
        size_t rows = high;
        while (low < high) {
            size_t middle = low + (high - low) / 2;
            if (at_of(chunk, middle) < at)
                low = middle + 1;
            else
                high = middle;
        }
        if (low < rows)
            return chunk->number + chunk->rows[low].number;
    }
    return before < count ? directory->chunks[before]->number : 0;
}

uint64_t lb_row_times_bytes(const struct lb_row_times *row_times)
{
    return atomic_load_explicit(&row_times->bytes, memory_order_relaxed);
}
