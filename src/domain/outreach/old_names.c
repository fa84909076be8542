#include "domain/outreach/old_names.h"

#include "base/array.h"
#include "base/rcu.h"
#include "domain/blocklist/identifier.h"

#include <stdlib.h>
#include <string.h>

static lb_err take(void *context, uint32_t workspace, struct lb_str stored)
{
    struct lb_old_names *names = context;
    struct lb_identifier today;
    struct lb_str held = lb_identifier_held(stored, &today);
    if (held.ptr == stored.ptr)
        return LB_OK;
    if (!lb_array_reserve(names->names, names->capacity, names->count + 1))
        return LB_ERR_INTERNAL;
    names->names[names->count++] =
        (struct lb_old_name){workspace, (uint32_t)held.len, (uint32_t)stored.len, names->texts.len};
    lb_buf_append_str(&names->texts, held);
    lb_buf_append_str(&names->texts, stored);
    return names->texts.failed ? LB_ERR_INTERNAL : LB_OK;
}

static struct lb_str today_of(const struct lb_old_names *names, const struct lb_old_name *name)
{
    return (struct lb_str){names->texts.ptr + name->at, name->today_len};
}

struct lb_str lb_old_names_today(const struct lb_old_names *names, size_t place)
{
    return today_of(names, &names->names[place]);
}

static int compare(const struct lb_old_names *names, const struct lb_old_name *name,
                   uint32_t workspace, struct lb_str today)
{
    struct lb_str own = today_of(names, name);
    if (name->workspace != workspace)
        return name->workspace < workspace ? -1 : 1;
    int order = memcmp(own.ptr, today.ptr, own.len < today.len ? own.len : today.len);
    return order ? order : (own.len > today.len) - (own.len < today.len);
}

static int compare_names(const void *a, const void *b, void *context)
{
    const struct lb_old_name *other = b;
    return compare(context, a, other->workspace, today_of(context, other));
}

lb_err lb_old_names_load(struct lb_old_names *names, struct lb_store *store)
{
    lb_err err = store->ops->load_lead_names(store, names, take);
    if (!err && names->count)
        qsort_r(names->names, names->count, sizeof *names->names, compare_names, names);
    return err;
}

/* Those among which the workspace's are, if it has any. */
static const struct lb_old_names *part_of(const struct lb_old_names *names, uint32_t workspace)
{
    const struct lb_old_names *part = lb_rcu_load(&names->other);
    while (part && part->only != workspace)
        part = lb_rcu_load(&part->other);
    return part ? part : names;
}

static void free_part(struct lb_old_names *part)
{
    lb_buf_fini(&part->texts);
    free(part->names);
    free(part);
}

lb_err lb_old_names_load_one(struct lb_old_names *names, struct lb_store *store, uint32_t workspace)
{
    if (part_of(names, workspace) != names)
        return LB_OK;
    struct lb_old_names *part = calloc(1, sizeof *part);
    if (!part)
        return LB_ERR_INTERNAL;
    part->only = workspace;
    lb_err err = store->shared->lead_names(store->ops->writer_reader(store), workspace, part, take);
    if (err || !part->count) {
        free_part(part);
        return err;
    }
    qsort_r(part->names, part->count, sizeof *part->names, compare_names, part);
    atomic_store(&part->other, lb_rcu_load(&names->other));
    lb_rcu_publish(&names->other, part);
    return LB_OK;
}

void lb_old_names_fini(struct lb_old_names *names)
{
    struct lb_old_names *part;
    while ((part = atomic_load(&names->other)) != NULL) {
        atomic_store(&names->other, atomic_load(&part->other));
        free_part(part);
    }
    lb_buf_fini(&names->texts);
    free(names->names);
    memset(names, 0, sizeof *names);
}

/* The first that is not before this name. */
static size_t find_name(const struct lb_old_names *names, uint32_t workspace, struct lb_str today)
{
    size_t low = 0, high = names->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (compare(names, &names->names[middle], workspace, today) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

bool lb_old_names_next(const struct lb_old_names *names, uint32_t workspace, struct lb_str today,
                       size_t *cursor, struct lb_str *out)
{
    names = part_of(names, workspace);
    if (!names->count)
        return false;
    size_t at = *cursor ? *cursor : find_name(names, workspace, today);
    if (at >= names->count || compare(names, &names->names[at], workspace, today) != 0)
        return false;
    const struct lb_old_name *name = &names->names[at];
    *out = (struct lb_str){names->texts.ptr + name->at + name->today_len, name->stored_len};
    *cursor = at + 1;
    return true;
}
