#include "domain/access/directory_internal.h"

#include "base/array.h"
#include "domain/access/key_cache.h"
#include "domain/access/key_text.h"
#include "store/chain.h"

#include <sodium.h>
#include <stddef.h>
#include <stdio.h>

struct lb_directory *lb_directory_create(void)
{
    struct lb_directory *directory = calloc(1, sizeof *directory);
    if (!directory)
        return NULL;
    pthread_mutex_init(&directory->lock, NULL);
    pthread_mutex_init(&directory->days, NULL);
    directory->made_workspaces.last = &directory->made_workspaces.first;
    directory->made_keys.last = &directory->made_keys.first;
    directory->made_campaigns.last = &directory->made_campaigns.first;
    directory->made_kept.last = &directory->made_kept.first;
    directory->workspaces = lb_registry_create();
    directory->keys = lb_registry_create();
    directory->keys_by_no = lb_registry_create();
    directory->campaigns = lb_registry_create();
    directory->kept = lb_registry_create();
    directory->texts = lb_key_cache_create();
    if (directory->workspaces && directory->keys && directory->keys_by_no && directory->campaigns &&
        directory->kept && directory->texts)
        return directory;
    lb_directory_destroy(directory);
    return NULL;
}

static void free_workspace(struct lb_registry_node *node)
{
    struct lb_workspace *workspace = (struct lb_workspace *)node;
    free(workspace->campaigns);
    free(workspace->kept);
    free(workspace->days);
    free(workspace->conflicts);
    lb_row_times_destroy(workspace->row_times);
    lb_epochs_fini(&workspace->epochs);
    free(workspace);
}

static void free_node(struct lb_registry_node *node)
{
    free(node);
}

static void keep_node(struct lb_registry_node *node)
{
}

static void free_made(struct lb_made *made, void (*each)(struct lb_registry_node *node))
{
    while (made->first) {
        struct lb_registry_node *node = made->first;
        lb_made_take(made, node);
        each(node);
    }
}

static void free_made_campaign(struct lb_registry_node *node)
{
    ((struct lb_campaign *)node)->workspace->made_campaigns--;
    free(node);
}

static void free_made_kept(struct lb_registry_node *node)
{
    ((struct lb_kept_list *)node)->workspace->made_kept--;
    free(node);
}

void lb_directory_forget_made(struct lb_directory *directory)
{
    free_made(&directory->made_campaigns, free_made_campaign);
    free_made(&directory->made_kept, free_made_kept);
    free_made(&directory->made_keys, free_node);
    free_made(&directory->made_workspaces, free_workspace);
}

void lb_directory_destroy(struct lb_directory *directory)
{
    if (!directory)
        return;
    lb_directory_forget_made(directory);
    lb_registry_destroy(directory->campaigns, free_node);
    lb_registry_destroy(directory->kept, free_node);
    lb_key_cache_destroy(directory->texts);
    lb_registry_destroy(directory->keys_by_no, keep_node); /* it is in the key */
    lb_registry_destroy(directory->keys, free_node);
    lb_registry_destroy(directory->workspaces, free_workspace);
    if (directory->installation)
        free_workspace(&directory->installation->node);
    pthread_mutex_destroy(&directory->lock);
    pthread_mutex_destroy(&directory->days);
    free(directory->by_no);
    free(directory->campaigns_by_no);
    free(directory);
}

bool lb_directory_is_partial(const struct lb_directory *directory)
{
    return atomic_load(&directory->partial);
}

void lb_directory_set_partial(struct lb_directory *directory, bool partial)
{
    atomic_store(&directory->partial, partial);
}

struct lb_workspace *lb_directory_workspace(const struct lb_directory *directory, struct lb_str id)
{
    return (struct lb_workspace *)lb_registry_find(directory->workspaces, 0, id);
}

struct lb_workspace *lb_directory_workspaces(const struct lb_directory *directory)
{
    return lb_rcu_load(&directory->first_workspace);
}

struct lb_workspace *lb_directory_installation(const struct lb_directory *directory)
{
    return lb_rcu_load(&directory->installation);
}

struct lb_key *lb_directory_key(const struct lb_directory *directory, struct lb_str id)
{
    return (struct lb_key *)lb_registry_find(directory->keys, 0, id);
}

struct lb_key *lb_directory_keys(const struct lb_directory *directory)
{
    return lb_rcu_load(&directory->first_key);
}

struct lb_campaign *lb_directory_campaign(const struct lb_directory *directory, uint32_t workspace,
                                          struct lb_str id)
{
    return (struct lb_campaign *)lb_registry_find(directory->campaigns, workspace, id);
}

bool lb_key_valid(const struct lb_key *key, int64_t now_ms)
{
    return atomic_load_explicit(&key->revoked_at, memory_order_acquire) == 0 &&
           (key->row.expires_at == 0 || now_ms < key->row.expires_at);
}

struct lb_key *lb_directory_key_of_text(const struct lb_directory *directory, struct lb_str text)
{
    struct lb_str id;
    uint8_t hash[LB_SECRET_HASH_SIZE];
    if (!lb_key_parse(text, &id, hash))
        return NULL;
    struct lb_key *key = lb_directory_key(directory, id);
    return key && sodium_memcmp(hash, key->row.secret_hash, sizeof hash) == 0 ? key : NULL;
}

lb_err lb_directory_authenticate(const struct lb_directory *directory, struct lb_str text,
                                 int64_t now_ms, struct lb_key **out)
{
    if (text.len != LB_KEY_TEXT_SIZE - 1)
        return LB_ERR_INVALID_API_KEY;
    struct lb_text_hash hash = lb_key_cache_hash(directory->texts, text);
    struct lb_key *key = lb_key_cache_find(directory->texts, hash);
    bool known = key != NULL;
    if (!known)
        key = lb_directory_key_of_text(directory, text);
    if (!key || !lb_key_valid(key, now_ms))
        return LB_ERR_INVALID_API_KEY;
    if (!known)
        lb_key_cache_put(directory->texts, hash, key);
    /* Threads that serve the same key need not take its cache line from each other each time. */
    if (atomic_load_explicit(&key->last_used_at, memory_order_relaxed) != now_ms)
        atomic_store_explicit(&key->last_used_at, now_ms, memory_order_relaxed);
    *out = key;
    return LB_OK;
}

lb_err lb_workspace_license(const struct lb_workspace *workspace, int64_t now_ms)
{
    if (atomic_load(&workspace->plan) < LB_PLAN_PRO)
        return LB_ERR_LICENSE_REQUIRED;
    int64_t expires_at = atomic_load(&workspace->expires_at);
    return expires_at && now_ms >= expires_at ? LB_ERR_LICENSE_EXPIRED : LB_OK;
}

bool lb_key_take_request(struct lb_key *key, uint32_t default_rate, uint64_t now_ns)
{
    uint32_t rate = key->row.rate_limit ? key->row.rate_limit : default_rate;
    if (rate == 0)
        return true;
    uint64_t interval = 1000000000u / rate;
    uint64_t next_free = atomic_load_explicit(&key->next_free_ns, memory_order_relaxed);
    uint64_t wanted;
    do {
        wanted = (next_free > now_ns ? next_free : now_ns) + interval;
        if (wanted > now_ns + 1000000000u)
            return false;
    } while (!atomic_compare_exchange_weak_explicit(&key->next_free_ns, &next_free, wanted,
                                                    memory_order_relaxed, memory_order_relaxed));
    return true;
}

struct lb_workspace *lb_directory_make_workspace(struct lb_directory *directory,
                                                 const struct lb_workspace_row *row)
{
    if (!lb_array_grow(&directory->by_no, &directory->by_no_capacity, (size_t)row->no + 1,
                       sizeof(struct lb_workspace *)))
        return NULL;
    struct lb_workspace *workspace = calloc(1, sizeof *workspace);
    if (!workspace)
        return NULL;
    workspace->row_times = lb_row_times_create();
    if (!workspace->row_times) {
        free(workspace);
        return NULL;
    }
    workspace->row = *row;
    lb_chain_begin(lb_str(row->id), workspace->log.digest);
    workspace->node.key = lb_str(workspace->row.id);
    atomic_init(&workspace->plan, (int)row->plan);
    atomic_init(&workspace->expires_at, row->expires_at);
    atomic_init(&workspace->country, row->default_country);
    lb_made_note(&directory->made_workspaces, &workspace->node);
    return workspace;
}

void lb_directory_add_made_workspace(struct lb_directory *directory, struct lb_workspace *workspace)
{
    lb_made_take(&directory->made_workspaces, &workspace->node);
    directory->by_no[workspace->row.no] = workspace;
    if (workspace->row.no == LB_INSTALLATION_NO) {
        lb_rcu_publish(&directory->installation, workspace);
        return;
    }
    lb_registry_add(directory->workspaces, &workspace->node);
    if (directory->last_workspace)
        lb_rcu_publish(&directory->last_workspace->next, workspace);
    else
        lb_rcu_publish(&directory->first_workspace, workspace);
    directory->last_workspace = workspace;
}

struct lb_workspace *lb_directory_add_workspace(struct lb_directory *directory,
                                                const struct lb_workspace_row *row)
{
    struct lb_workspace *workspace = lb_directory_make_workspace(directory, row);
    if (workspace)
        lb_directory_add_made_workspace(directory, workspace);
    return workspace;
}

struct lb_workspace *lb_directory_workspace_no(const struct lb_directory *directory, uint32_t no)
{
    return no < directory->by_no_capacity ? directory->by_no[no] : NULL;
}

struct lb_key *lb_directory_make_key(struct lb_directory *directory, const struct lb_key_row *row)
{
    struct lb_workspace *workspace = lb_directory_workspace_no(directory, row->workspace);
    struct lb_key *key = workspace ? calloc(1, sizeof *key) : NULL;
    if (!key)
        return NULL;
    key->row = *row;
    key->node.key = lb_str(key->row.id);
    snprintf(key->no_text, sizeof key->no_text, "%u", row->no);
    key->by_no.key = lb_str(key->no_text);
    key->workspace = workspace;
    key->stored_last_used_at = row->last_used_at;
    key->batch_last_used_at = row->last_used_at;
    atomic_init(&key->revoked_at, row->revoked_at);
    atomic_init(&key->last_used_at, row->last_used_at);
    lb_made_note(&directory->made_keys, &key->node);
    return key;
}

void lb_directory_add_made_key(struct lb_directory *directory, struct lb_key *key)
{
    lb_made_take(&directory->made_keys, &key->node);
    struct lb_workspace *workspace = key->workspace;
    lb_registry_add(directory->keys, &key->node);
    lb_registry_add(directory->keys_by_no, &key->by_no);
    if (workspace->last_key)
        lb_rcu_publish(&workspace->last_key->next_of_workspace, key);
    else
        lb_rcu_publish(&workspace->first_key, key);
    workspace->last_key = key;
    if (directory->last_key)
        lb_rcu_publish(&directory->last_key->next, key);
    else
        lb_rcu_publish(&directory->first_key, key);
    directory->last_key = key;
    if (!key->row.revoked_at)
        atomic_fetch_add(&key->workspace->keys, 1);
}

struct lb_key *lb_directory_add_key(struct lb_directory *directory, const struct lb_key_row *row)
{
    struct lb_key *key = lb_directory_make_key(directory, row);
    if (key)
        lb_directory_add_made_key(directory, key);
    return key;
}

const struct lb_key *lb_directory_key_no(const struct lb_directory *directory, uint32_t no)
{
    char digits[LB_U64_DIGITS];
    struct lb_registry_node *node =
        lb_registry_find(directory->keys_by_no, 0, lb_str_of_u64(no, digits));
    return node ? (const struct lb_key *)((char *)node - offsetof(struct lb_key, by_no)) : NULL;
}

static void count_key(const struct lb_key *key, uint32_t maker, int64_t now_ms,
                      struct lb_key_counts *counts)
{
    if (!lb_key_valid(key, now_ms) && key->row.created_at <= now_ms - LB_DAY_MS)
        return;
    counts->workspace++;
    counts->maker += key->row.made_by == maker;
}

void lb_directory_count_keys(const struct lb_directory *directory,
                             const struct lb_workspace *workspace, uint32_t maker, int64_t now_ms,
                             struct lb_key_counts *out)
{
    *out = (struct lb_key_counts){0};
    const struct lb_key *key = lb_rcu_load(&workspace->first_key);
    for (; key; key = lb_rcu_load(&key->next_of_workspace))
        count_key(key, maker, now_ms, out);
    for (struct lb_registry_node *made = directory->made_keys.first; made; made = made->next) {
        key = (const struct lb_key *)made;
        if (key->workspace == workspace)
            count_key(key, maker, now_ms, out);
    }
}

lb_err lb_directory_keys_of(struct lb_directory *directory, uint32_t maker, void *context,
                            lb_err (*each)(void *context, struct lb_key *key))
{
    lb_err err = LB_OK;
    struct lb_key *key = lb_directory_keys(directory);
    for (; !err && key; key = lb_rcu_load(&key->next))
        if (key->row.made_by == maker && !atomic_load(&key->revoked_at))
            err = each(context, key);
    struct lb_registry_node *made = directory->made_keys.first;
    for (; !err && made; made = made->next)
        if (((struct lb_key *)made)->row.made_by == maker)
            err = each(context, (struct lb_key *)made);
    return err;
}

void lb_directory_revoke_key(struct lb_key *key, int64_t at)
{
    int64_t none = 0;
    if (atomic_compare_exchange_strong(&key->revoked_at, &none, at))
        atomic_fetch_sub(&key->workspace->keys, 1);
}

/* The place of that day, which is made when it is missing; NULL when out of memory. Days come in
 * order, unless a clock was set back. */
static struct lb_day *day_of(struct lb_workspace *workspace, uint32_t day)
{
    size_t at = workspace->day_count;
    while (at > 0 && workspace->days[at - 1].day > day)
        at--;
    if (at > 0 && workspace->days[at - 1].day == day)
        return &workspace->days[at - 1];
    if (!lb_array_reserve(workspace->days, workspace->day_capacity, workspace->day_count + 1))
        return NULL;
    struct lb_day *days = workspace->days;
    memmove(days + at + 1, days + at, (workspace->day_count++ - at) * sizeof *days);
    days[at] = (struct lb_day){.day = day};
    return &days[at];
}

bool lb_directory_reserve_day(struct lb_directory *directory, struct lb_workspace *workspace,
                              int64_t at_ms)
{
    pthread_mutex_lock(&directory->days);
    bool done = day_of(workspace, (uint32_t)(at_ms / LB_DAY_MS)) != NULL;
    pthread_mutex_unlock(&directory->days);
    return done;
}

void lb_directory_count_day(struct lb_directory *directory, struct lb_workspace *workspace,
                            int64_t at_ms, uint64_t blocked, uint64_t unblocked)
{
    pthread_mutex_lock(&directory->days);
    struct lb_day *day = day_of(workspace, (uint32_t)(at_ms / LB_DAY_MS));
    if (day) {
        day->blocked += blocked;
        day->unblocked += unblocked;
    }
    pthread_mutex_unlock(&directory->days);
}

void lb_directory_days(struct lb_directory *directory, const struct lb_workspace *workspace,
                       uint32_t first_day, size_t count, struct lb_day *out)
{
    for (size_t i = 0; i < count; i++)
        out[i] = (struct lb_day){.day = first_day + (uint32_t)i};
    pthread_mutex_lock(&directory->days);
    for (size_t i = 0; i < workspace->day_count; i++) {
        const struct lb_day *day = &workspace->days[i];
        if (day->day >= first_day && day->day - first_day < count)
            out[day->day - first_day] = *day;
    }
    pthread_mutex_unlock(&directory->days);
}

static lb_err load_workspace(void *context, const struct lb_workspace_row *row)
{
    return lb_directory_add_workspace(context, row) ? LB_OK : LB_ERR_INTERNAL;
}

static lb_err load_key(void *context, const struct lb_key_row *row)
{
    return lb_directory_add_key(context, row) ? LB_OK : LB_ERR_INTERNAL;
}

static lb_err load_campaign(void *context, const struct lb_campaign_row *row)
{
    bool added = row->deleted ? lb_directory_add_kept(context, row) != NULL
                              : lb_directory_add_campaign(context, row) != NULL;
    return added ? LB_OK : LB_ERR_INTERNAL;
}

lb_err lb_directory_load(struct lb_directory *directory, struct lb_store *store)
{
    lb_err err = store->ops->load_workspaces(store, directory, load_workspace);
    if (!err)
        err = store->ops->load_keys(store, directory, load_key);
    if (!err)
        err = store->ops->load_campaigns(store, directory, load_campaign);
    return err;
}
