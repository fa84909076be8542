/* People whom the database of before had erased are erased from the backup, too. Their names are
 * not known, only hashes of them: each name of the backup is hashed and compared. */
#include "daemon/restore_sides.h"

#include "base/array.h"
#include "base/clock.h"
#include "domain/blocklist/erased.h"
#include "domain/outreach/erasure.h"
#include "domain/outreach/lead_keys.h"
#include "store/chain.h"
#include "store/log_items.h"

#include <stdio.h>
#include <stdlib.h>

#define LEADS_AT_A_TIME 1000

/* The names of one workspace that are to be erased. */
struct finding {
    const struct lb_erased *erased; /* of the database of before: it has the key */
    struct lb_workspace *workspace;
    struct lb_store *store;
    struct lb_store_reader *reader;
    uint8_t (*tags)[LB_ERASED_TAG_SIZE]; /* ascending */
    size_t tag_count, tag_capacity;
    struct lb_buf names; /* keys, each with a NUL */
    size_t name_count;
    uint64_t last_lead;
    size_t leads;
};

static lb_err take_tag(void *context, const struct lb_erased_name_row *row)
{
    struct finding *finding = context;
    if (!lb_array_reserve(finding->tags, finding->tag_capacity, finding->tag_count + 1))
        return LB_ERR_INTERNAL;
    memcpy(finding->tags[finding->tag_count++], row->tag, sizeof row->tag);
    return LB_OK;
}

static int compare_tags(const void *a, const void *b)
{
    return memcmp(a, b, LB_ERASED_TAG_SIZE);
}

static bool is_known(const struct finding *finding, struct lb_str key)
{
    const char *at = finding->names.ptr;
    for (size_t i = 0; i < finding->name_count; i++) {
        struct lb_str name = lb_str(at);
        if (lb_str_equal(name, key))
            return true;
        at += name.len + 1;
    }
    return false;
}

static lb_err look_at(struct finding *finding, struct lb_str key)
{
    uint8_t tag[LB_ERASED_TAG_SIZE];
    if (!key.len || !lb_erased_is_personal(lb_key_type(key)) || lb_erased_is_key(key))
        return LB_OK;
    lb_erased_tag(finding->erased, lb_str(finding->workspace->row.id), key, tag);
    if (!bsearch(tag, finding->tags, finding->tag_count, sizeof tag, compare_tags) ||
        is_known(finding, key))
        return LB_OK;
    lb_buf_append_str(&finding->names, key);
    lb_buf_append(&finding->names, "", 1);
    finding->name_count++;
    return finding->names.failed ? LB_ERR_INTERNAL : LB_OK;
}

static lb_err take_row(void *context, const struct lb_log_row *row)
{
    struct finding *finding = context;
    struct lb_str rest = row->items;
    struct lb_str stored;
    lb_err err = LB_OK;
    if (row->list.workspace != finding->workspace->row.no || !lb_log_kind_has_names(row->kind))
        return LB_OK;
    while (!err && lb_log_items_next(&rest, &stored)) {
        struct lb_item item;
        if (lb_item_read(stored, &item))
            err = look_at(finding, item.key);
    }
    return err;
}

static lb_err take_lead(void *context, const struct lb_lead_row *lead)
{
    struct finding *finding = context;
    struct lb_identifier today;
    struct lb_lead_keys keys;
    char room[LB_KEY_SIZE];
    finding->last_lead = lead->no;
    finding->leads++;
    lb_err err = lb_lead_keys(lead, &keys) ? LB_OK : LB_ERR_STORAGE_UNAVAILABLE;
    if (!err)
        err = look_at(finding, lb_identifier_held(lead->identifier, &today));
    if (!err && lead->member_id.ptr)
        err = look_at(finding, lead->member_id);
    if (!err && keys.email.ptr)
        err = look_at(finding, lb_key_make(LB_NAME_EMAIL, keys.email, room));
    if (!err && keys.phone.ptr)
        err = look_at(finding, lb_key_make(LB_NAME_PHONE, keys.phone, room));
    return err;
}

static lb_err look_at_leads(struct finding *finding, uint32_t campaign)
{
    lb_err err = LB_OK;
    finding->last_lead = 0;
    do {
        finding->leads = 0;
        err = finding->store->ops->leads_page(finding->reader, finding->workspace->row.no, campaign,
                                              -1, finding->last_lead, 0, LEADS_AT_A_TIME, finding,
                                              take_lead);
    } while (!err && finding->leads == LEADS_AT_A_TIME);
    return err;
}

static lb_err find_names(struct finding *finding, struct lb_directory *directory)
{
    size_t count = 0;
    struct lb_campaign **campaigns =
        lb_directory_list_campaigns(directory, finding->workspace, &count);
    lb_err err = campaigns
                     ? finding->store->ops->log_read(finding->reader, finding->workspace->row.no, 0,
                                                     LB_ENTRY_ID_MAX + 1, finding, take_row)
                     : LB_ERR_INTERNAL;
    for (size_t i = 0; !err && i < count; i++)
        err = look_at_leads(finding, campaigns[i]->row.no);
    free(campaigns);
    finding->store->ops->reader_rest(finding->reader);
    return err;
}

/* --- Erasing --- */

struct key_write {
    struct lb_write write; /* first: the writer hands it back */
    struct lb_erasure_key_row key;
};

/* The hashes of before are to be those of the backup, too. It has the same key or none. */
static lb_err apply_key(struct lb_write *write, struct lb_store *store)
{
    struct key_write *change = (struct key_write *)write;
    struct lb_erasure_key_row there;
    lb_err err = store->ops->erasure_key(store->ops->writer_reader(store), &there);
    if (err != LB_ERR_NOT_FOUND)
        return err;
    write->touched = true;
    return store->ops->erasure_key_insert(store, &change->key);
}

static lb_err erase_name(struct finding *finding, struct lb_parts *parts, struct lb_str key,
                         struct lb_reason *reason)
{
    struct lb_erasure *erasure = calloc(1, sizeof *erasure);
    bool done = false;
    if (!erasure)
        return LB_ERR_INTERNAL;
    erasure->outreach = parts->app.outreach;
    erasure->change =
        (struct lb_change){.blocklist = parts->app.blocklist,
                           .standing = {.directory = parts->app.directory,
                                        .workspace = finding->workspace,
                                        .list = {.workspace = finding->workspace->row.no}}};
    lb_err err = lb_erasure_add(erasure, key);
    do {
        while (!err && !done)
            err = lb_erasure_find(erasure, finding->reader, &done, reason);
        finding->store->ops->reader_rest(finding->reader);
        done = false;
        lb_erasure_prepare(erasure);
        if (!err)
            err = lb_parts_write(parts, &erasure->change.write);
    } while (!err && erasure->again);
    if (err && erasure->change.write.reason.text[0])
        *reason = erasure->change.write.reason;
    lb_erasure_fini(erasure);
    free(erasure);
    return err;
}

static lb_err erase_in(struct finding *finding, struct lb_restore *restore,
                       struct lb_restore_old *old, struct lb_parts *parts, uint32_t before,
                       struct lb_reason *reason)
{
    lb_err err = old->end.store->ops->erased_names(old->reader, before, finding, take_tag);
    if (err || !finding->tag_count)
        return err;
    qsort(finding->tags, finding->tag_count, sizeof *finding->tags, compare_tags);
    err = find_names(finding, parts->app.directory);
    const char *at = finding->names.ptr;
    for (size_t i = 0; !err && i < finding->name_count; i++) {
        struct lb_str key = lb_str(at);
        err = erase_name(finding, parts, key, reason);
        at += key.len + 1;
    }
    if (!err && finding->name_count)
        restore->tell(restore->context, LB_RESTORE_ERASED, finding->workspace->row.name, "",
                      finding->name_count);
    return err;
}

lb_err lb_restore_erase(struct lb_restore *restore, struct lb_restore_old *old,
                        struct lb_parts *parts, struct lb_store_reader *reader,
                        struct lb_reason *reason)
{
    struct key_write change = {.write.apply = apply_key};
    lb_err err = old->end.store->ops->erasure_key(old->reader, &change.key);
    if (err)
        return err == LB_ERR_NOT_FOUND ? LB_OK : err; /* no person was erased */
    struct lb_erased *erased = lb_erased_create(old->directory, old->end.store);
    err = erased ? lb_erased_load(erased, old->reader) : LB_ERR_INTERNAL;
    if (!err)
        err = lb_parts_write(parts, &change.write);
    for (struct lb_workspace *before = lb_directory_workspaces(old->directory); !err && before;
         before = lb_rcu_load(&before->next)) {
        struct finding finding = {
            .erased = erased,
            .workspace = lb_directory_workspace(parts->app.directory, lb_str(before->row.id)),
            .store = parts->app.store,
            .reader = reader};
        if (finding.workspace)
            err = erase_in(&finding, restore, old, parts, before->row.no, reason);
        free(finding.tags);
        lb_buf_fini(&finding.names);
    }
    lb_erased_destroy(erased);
    return err;
}
