#include "domain/blocklist/twins.h"

#include "base/array.h"
#include "base/fatal.h"

#include <stdlib.h>

void lb_twins_fini(struct lb_twins *twins)
{
    lb_index_destroy(twins->renamed);
    lb_index_destroy(twins->waiting);
    lb_index_destroy(twins->held);
    lb_buf_fini(&twins->names);
    free(twins->moves);
    free(twins->left_out);
    *twins = (struct lb_twins){.ends = twins->ends};
}

static bool insert(struct lb_index **index, struct lb_fingerprint fingerprint, uint64_t id)
{
    const struct lb_index_settings small = {.shards = 64};
    if (!*index)
        *index = lb_index_create_with(&small);
    return *index && lb_index_insert(*index, fingerprint, id);
}

/* What is before each name in `names`. */
struct head {
    struct lb_list list;
    size_t len;
};

bool lb_twins_note(struct lb_twins *twins, struct lb_fingerprint fingerprint, struct lb_list list,
                   struct lb_str name)
{
    struct head head = {list, name.len};
    if (twins->renamed && lb_index_find(twins->renamed, fingerprint) != 0)
        return true;
    lb_buf_append(&twins->names, &head, sizeof head);
    lb_buf_append_str(&twins->names, name);
    return !twins->names.failed && insert(&twins->renamed, fingerprint, 1);
}

bool lb_twins_next_renamed(const struct lb_twins *twins, size_t *cursor, struct lb_list *out_list,
                           struct lb_str *out_name)
{
    struct head head;
    if (*cursor == twins->names.len)
        return false;
    memcpy(&head, twins->names.ptr + *cursor, sizeof head);
    *out_list = head.list;
    *out_name = (struct lb_str){twins->names.ptr + *cursor + sizeof head, head.len};
    *cursor += sizeof head + head.len;
    return true;
}

bool lb_twins_possible(const struct lb_twins *twins, struct lb_fingerprint fingerprint)
{
    return (twins->renamed && lb_index_find(twins->renamed, fingerprint) != 0) ||
           (twins->waiting && lb_index_find(twins->waiting, fingerprint) != 0);
}

static bool note_move(struct lb_twins *twins, struct lb_twin_move move)
{
    if (!lb_array_reserve(twins->moves, twins->move_capacity, twins->move_count + 1))
        return false;
    twins->moves[twins->move_count++] = move;
    return true;
}

/* Adds an entry to one of the two indexes, or takes it out. */
static bool move(struct lb_twins *twins, struct lb_twin_move move)
{
    struct lb_index **index = move.held ? &twins->held : &twins->waiting;
    if (!note_move(twins, move))
        return false;
    if (!move.added)
        return lb_index_remove(*index, move.fingerprint, move.id);
    bool done = insert(index, move.fingerprint, move.id);
    twins->move_count -= !done;
    return done;
}

/* One that ends soon is missed least. */
static uint64_t find_least(const struct lb_twins *twins, struct lb_fingerprint fingerprint)
{
    uint64_t least = 0, cursor = 0, id;
    int64_t least_end = 0;
    while (twins->ends && (id = lb_twins_next(twins, fingerprint, &cursor)) != 0) {
        int64_t end = lb_ends_of(twins->ends, fingerprint, id);
        if (!end || (least && (end > least_end || (end == least_end && id > least))))
            continue;
        least = id;
        least_end = end;
    }
    return least ? least : lb_twins_oldest(twins, fingerprint);
}

/* The first of a person's entries is in the index, and stays. */
static bool leave_one_out(struct lb_twins *twins, struct lb_fingerprint fingerprint)
{
    uint64_t id = find_least(twins, fingerprint);
    if (!lb_array_reserve(twins->left_out, twins->left_out_capacity, twins->left_out_count + 1))
        return false;
    twins->left_out[twins->left_out_count++] = (struct lb_twin_left_out){id, twins->move_count};
    return lb_twins_remove(twins, fingerprint, id);
}

bool lb_twins_add(struct lb_twins *twins, struct lb_fingerprint fingerprint, uint64_t id)
{
    return move(twins, (struct lb_twin_move){fingerprint, id, .added = true}) &&
           (lb_twins_count(twins, fingerprint) < LB_TWINS_MAX || leave_one_out(twins, fingerprint));
}

bool lb_twins_remove(struct lb_twins *twins, struct lb_fingerprint fingerprint, uint64_t id)
{
    return move(twins, (struct lb_twin_move){fingerprint, id, .added = false});
}

static bool contains(const struct lb_index *index, struct lb_fingerprint fingerprint, uint64_t id)
{
    uint64_t cursor = 0, found = 0;
    do
        found = index ? lb_index_find_next(index, fingerprint, &cursor) : 0;
    while (found && found != id);
    return found != 0;
}

/* Under which an entry is held that was taken back so often before: the first time under the
 * person's own, and then under others, as an index has an entry once. */
static struct lb_fingerprint at_level(struct lb_fingerprint fingerprint, uint64_t level)
{
    fingerprint.high ^= level * UINT64_C(0x9e3779b97f4a7c15);
    fingerprint.high += fingerprint.high == 0;
    return fingerprint;
}

/* How often an entry is held. */
static uint64_t levels_of(const struct lb_twins *twins, struct lb_fingerprint fingerprint,
                          uint64_t id)
{
    uint64_t levels = 0;
    while (contains(twins->held, at_level(fingerprint, levels), id))
        levels++;
    return levels;
}

bool lb_twins_hold(struct lb_twins *twins, struct lb_fingerprint fingerprint, uint64_t id)
{
    fingerprint = at_level(fingerprint, levels_of(twins, fingerprint, id));
    return move(twins, (struct lb_twin_move){fingerprint, id, .added = true, .held = true});
}

bool lb_twins_let_go(struct lb_twins *twins, struct lb_fingerprint fingerprint, uint64_t id)
{
    fingerprint = at_level(fingerprint, levels_of(twins, fingerprint, id) - 1);
    return move(twins, (struct lb_twin_move){fingerprint, id, .added = false, .held = true});
}

bool lb_twins_is_held(const struct lb_twins *twins, struct lb_fingerprint fingerprint, uint64_t id)
{
    return contains(twins->held, fingerprint, id);
}

uint64_t lb_twins_next(const struct lb_twins *twins, struct lb_fingerprint fingerprint,
                       uint64_t *cursor)
{
    return twins->waiting ? lb_index_find_next(twins->waiting, fingerprint, cursor) : 0;
}

uint64_t lb_twins_oldest(const struct lb_twins *twins, struct lb_fingerprint fingerprint)
{
    uint64_t oldest = 0, cursor = 0, id;
    while ((id = lb_twins_next(twins, fingerprint, &cursor)) != 0)
        oldest = !oldest || id < oldest ? id : oldest;
    return oldest;
}

bool lb_twins_waits(const struct lb_twins *twins, struct lb_fingerprint fingerprint, uint64_t id)
{
    return contains(twins->waiting, fingerprint, id);
}

size_t lb_twins_count(const struct lb_twins *twins, struct lb_fingerprint fingerprint)
{
    size_t count = 0;
    uint64_t cursor = 0;
    while (lb_twins_next(twins, fingerprint, &cursor))
        count++;
    return count;
}

void lb_twins_commit(struct lb_twins *twins)
{
    twins->move_count = 0;
    twins->left_out_count = 0;
}

void lb_twins_roll_back(struct lb_twins *twins, size_t moves)
{
    while (twins->move_count > moves) {
        const struct lb_twin_move *back = &twins->moves[--twins->move_count];
        struct lb_index *index = back->held ? twins->held : twins->waiting;
        if (back->added)
            lb_index_remove(index, back->fingerprint, back->id);
        else
            lb_must(lb_index_insert(index, back->fingerprint, back->id));
    }
    while (twins->left_out_count && twins->left_out[twins->left_out_count - 1].moves >= moves)
        twins->left_out_count--;
}

static void drop(struct lb_index *index, struct lb_fingerprint fingerprint)
{
    for (uint64_t cursor = 0, id; index; cursor = 0) {
        if ((id = lb_index_find_next(index, fingerprint, &cursor)) == 0)
            return;
        for (uint64_t level = 0; lb_index_remove(index, at_level(fingerprint, level), id);)
            level++;
    }
}

void lb_twins_drop(struct lb_twins *twins, struct lb_fingerprint fingerprint)
{
    drop(twins->waiting, fingerprint);
    drop(twins->held, fingerprint);
}
