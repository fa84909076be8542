#include "daemon/restore_sides.h"

#include "domain/blocklist/erased.h"
#include "domain/blocklist/item.h"
#include "domain/blocklist/links.h"
#include "domain/blocklist/page.h"
#include "domain/blocklist/persons.h"
#include "domain/outreach/campaign.h"

#include <stdio.h>
#include <stdlib.h>

#define PEOPLE_IN_BATCH 1000
#define PEOPLE_NAMED    20 /* of a list; of the others there is only the number */

/* One list, as the database of before and the new one know it. */
struct pair {
    struct lb_restore *restore;
    struct lb_parts *parts;           /* NULL: nothing is blocked, the people are named */
    const struct lb_blocklist *other; /* who is blocked in `other_list` there is left out */
    struct lb_list other_list;
    struct lb_standing standing; /* of changes in the new one */
    struct lb_buf names; /* of a page: key, NUL, as it stands in the log, NUL, reason, NUL */
    size_t count;
    uint64_t blocked;
    struct lb_buf named; /* the first of them, to be read */
    unsigned named_count;
};

/* For people to read: the name, before which its type stands unless that is LinkedIn's. Of an
 * erased one there is a hash alone, which no one can give to unblock it. */
static void name_one(struct pair *pair, struct lb_str key)
{
    if (pair->named_count == PEOPLE_NAMED)
        lb_buf_append_lit(&pair->named, ", ...");
    if (pair->named_count++ >= PEOPLE_NAMED)
        return;
    if (pair->named.len)
        lb_buf_append_lit(&pair->named, ", ");
    if (!lb_key_is_linkedin(key))
        lb_buf_printf(&pair->named, "%s ", lb_name_type_word(lb_key_type(key)));
    lb_buf_append_str(&pair->named, lb_erased_is_key(key) ? LB_STR("(erased)") : lb_key_value(key));
}

static lb_err take_entry(void *context, const struct lb_entry *entry)
{
    struct pair *pair = context;
    if (lb_blocklist_find(pair->other, pair->other_list, entry->key))
        return LB_OK;
    lb_buf_append_str(&pair->names, entry->key);
    lb_buf_append(&pair->names, "", 1);
    lb_item_put(&pair->names, entry->key, (enum lb_block_kind)entry->block_kind, entry->ends_at);
    lb_buf_append(&pair->names, "", 1);
    if (entry->reason.ptr)
        lb_buf_append_str(&pair->names, entry->reason);
    lb_buf_append(&pair->names, "", 1);
    pair->count++;
    if (!pair->parts)
        name_one(pair, entry->key);
    return pair->names.failed ? LB_ERR_INTERNAL : LB_OK;
}

/* Takes a string off the front of what is left of a page. */
static struct lb_str next_string(const char **at)
{
    struct lb_str string = lb_str(*at);
    *at += string.len + 1;
    return string;
}

static lb_err block_page(struct pair *pair, struct lb_reason *reason)
{
    struct lb_change_item *items = calloc(pair->count, sizeof *items);
    struct lb_fingerprint *fingerprints = calloc(pair->count, sizeof *fingerprints);
    struct lb_change change = {.blocklist = pair->parts->app.blocklist,
                               .standing = pair->standing,
                               .items = items,
                               .fingerprints = fingerprints,
                               .has_ends = true, /* maybe */
                               .beyond_daily = true,
                               .count = pair->count};
    lb_err err = items && fingerprints ? LB_OK : LB_ERR_INTERNAL;
    const char *at = pair->names.ptr;
    for (size_t i = 0; !err && i < pair->count; i++) {
        items[i].key = next_string(&at);
        items[i].stored = next_string(&at);
        items[i].reason = next_string(&at);
        if (!items[i].reason.len)
            items[i].reason = (struct lb_str){0};
    }
    if (!err) {
        lb_change_block(&change);
        err = lb_parts_write(pair->parts, &change.write);
        pair->blocked += change.blocked;
        if (err && change.write.reason.text[0])
            *reason = change.write.reason;
    }
    free(items);
    free(fingerprints);
    return err;
}

/* Goes through a list; with `blocks`, what was taken of each page is blocked. */
static lb_err walk(struct pair *pair, struct lb_blocklist *blocklist,
                   struct lb_store_reader *reader, struct lb_list list, bool blocks,
                   struct lb_reason *reason)
{
    struct lb_page_query query = {
        .list = list, .take = PEOPLE_IN_BATCH, .types = (1u << LB_NAME_TYPES) - 1};
    struct lb_page_result result = {.next = 0};
    lb_err err;
    uint64_t found = 0;
    do {
        pair->names.len = 0;
        pair->count = 0;
        err = lb_blocklist_page(blocklist, reader, &query, pair, take_entry, &result);
        found += pair->count;
        if (!err && pair->count && blocks)
            err = block_page(pair, reason);
        query.cursor = result.next;
    } while (!err && result.next);
    if (!blocks)
        pair->blocked = found;
    lb_buf_fini(&pair->names);
    return err;
}

static bool is_empty(struct lb_blocklist *blocklist, struct lb_list list)
{
    for (int type = 0; type < LB_NAME_TYPES; type++)
        if (lb_blocklist_count(blocklist, list, (enum lb_name_type)type))
            return false;
    return true;
}

/* Finds a workspace's list by the id of its campaign, which may be deleted with its list kept.
 * `*out` 0: the workspace has no such list. */
static lb_err find_list(struct lb_directory *directory, const struct lb_workspace *workspace,
                        struct lb_str id, uint32_t *out)
{
    size_t count = 0;
    struct lb_list_owner *owners = lb_directory_list_owners(directory, workspace, &count);
    *out = 0;
    if (!owners)
        return LB_ERR_INTERNAL;
    for (size_t i = 0; !*out && i < count; i++)
        *out = lb_str_equal(owners[i].id, id) ? owners[i].no : 0;
    free(owners);
    return LB_OK;
}

static void tell_list(struct pair *pair, enum lb_restore_what what, const char *workspace,
                      const char *campaign)
{
    char name[LB_NAME_SIZE + LB_ID_SIZE + 32];
    snprintf(name, sizeof name, "%s%s%s", workspace, *campaign ? ", campaign " : "", campaign);
    lb_buf_append(&pair->named, "", 1);
    if (pair->blocked)
        pair->restore->tell(pair->restore->context, what, name,
                            pair->named.failed ? "" : pair->named.ptr, pair->blocked);
    lb_buf_fini(&pair->named);
}

/* A campaign of before that the backup lacks is made, filled and deleted: so its list is kept, for
 * one that is made under its id. */
static lb_err change_campaign(struct lb_parts *parts, struct lb_campaign_change *change,
                              void (*prepare)(struct lb_campaign_change *change),
                              struct lb_reason *reason)
{
    prepare(change);
    lb_err err = lb_parts_write(parts, &change->write);
    if (err && change->write.reason.text[0])
        *reason = change->write.reason;
    lb_campaign_change_fini(change);
    return err;
}

static lb_err block_list(struct lb_restore *restore, struct lb_restore_old *old,
                         struct lb_parts *parts, struct lb_workspace *before,
                         struct lb_workspace *now, const struct lb_list_owner *owner,
                         struct lb_reason *reason)
{
    char id[LB_ID_SIZE] = "";
    struct lb_list list = {.workspace = before->row.no, .campaign = owner ? owner->no : 0};
    struct lb_standing standing = {
        .directory = parts->app.directory, .workspace = now, .list = {.workspace = now->row.no}};
    struct lb_campaign_change made = {
        .standing = standing, .blocklist = parts->app.blocklist, .outreach = parts->app.outreach};
    bool absent = false;
    lb_err err = LB_OK;
    if (owner) {
        lb_str_copy(owner->id, id, sizeof id);
        lb_str_copy(owner->id, made.row.id, sizeof made.row.id);
        lb_str_copy(owner->name, made.row.name, sizeof made.row.name);
        err = find_list(parts->app.directory, now, lb_str(id), &standing.list.campaign);
        if (err)
            return err;
        absent = !standing.list.campaign && !is_empty(old->blocklist, list);
        if (!standing.list.campaign && !absent)
            return LB_OK;
    }
    if (absent) {
        err = change_campaign(parts, &made, lb_campaign_create, reason);
        standing.list.campaign = made.row.no;
        made.standing.list.campaign = made.row.no;
        made.standing.campaign_id = lb_str(id);
    }
    struct pair pair = {.restore = restore,
                        .parts = parts,
                        .other = parts->app.blocklist,
                        .other_list = standing.list,
                        .standing = standing};
    if (!err)
        err = walk(&pair, old->blocklist, old->reader, list, true, reason);
    tell_list(&pair, LB_RESTORE_BLOCKED, now->row.name, id);
    if (!err && absent)
        err = change_campaign(parts, &made, lb_campaign_delete, reason);
    return err;
}

/* The other way round: whom the backup has blocked, and the database of before had not. */
static lb_err count_unblocked(struct lb_restore *restore, struct lb_restore_old *old,
                              struct lb_parts *parts, struct lb_store_reader *reader,
                              struct lb_workspace *now, struct lb_workspace *before,
                              const struct lb_list_owner *owner)
{
    char id[LB_ID_SIZE] = "";
    struct lb_list list = {.workspace = now->row.no, .campaign = owner ? owner->no : 0};
    struct pair pair = {
        .restore = restore, .other = old->blocklist, .other_list = {.workspace = before->row.no}};
    if (owner) {
        lb_str_copy(owner->id, id, sizeof id);
        lb_err err = find_list(old->directory, before, owner->id, &pair.other_list.campaign);
        if (err)
            return err;
        if (!pair.other_list.campaign)
            pair.other_list.campaign = UINT32_MAX; /* no list: all of them */
    }
    lb_err err = walk(&pair, parts->app.blocklist, reader, list, false, NULL);
    tell_list(&pair, LB_RESTORE_UNBLOCKED_SINCE, now->row.name, id);
    return err;
}

/* The lists of one workspace, which is `same` on the other side. */
static lb_err each_list_of(struct lb_restore *restore, struct lb_restore_old *old,
                           struct lb_parts *parts, struct lb_store_reader *reader, bool blocks,
                           struct lb_workspace *workspace, struct lb_workspace *same,
                           struct lb_reason *reason)
{
    struct lb_directory *directory = blocks ? old->directory : parts->app.directory;
    size_t count = 0;
    lb_err err = LB_OK;
    if (!same)
        return LB_OK;
    struct lb_list_owner *owners = lb_directory_list_owners(directory, workspace, &count);
    if (!owners)
        return LB_ERR_INTERNAL;
    for (size_t i = 0; !err && i <= count; i++) {
        const struct lb_list_owner *owner = i ? &owners[i - 1] : NULL;
        err = blocks ? block_list(restore, old, parts, workspace, same, owner, reason)
                     : count_unblocked(restore, old, parts, reader, workspace, same, owner);
    }
    free(owners);
    return err;
}

/* Before anyone is blocked again, so that both are compared as they were. */
static lb_err each_list(struct lb_restore *restore, struct lb_restore_old *old,
                        struct lb_parts *parts, struct lb_store_reader *reader, bool blocks,
                        struct lb_reason *reason)
{
    struct lb_directory *directory = blocks ? old->directory : parts->app.directory;
    struct lb_directory *other = blocks ? parts->app.directory : old->directory;
    lb_err err = LB_OK;
    for (struct lb_workspace *workspace = lb_directory_workspaces(directory); !err && workspace;
         workspace = lb_rcu_load(&workspace->next))
        err = each_list_of(restore, old, parts, reader, blocks, workspace,
                           lb_directory_workspace(other, lb_str(workspace->row.id)), reason);
    if (err)
        return err;
    return each_list_of(restore, old, parts, reader, blocks, lb_directory_installation(directory),
                        lb_directory_installation(other), reason);
}

/* --- People of several names ------------------------------------------------------------------ */

#define LINKS_IN_BATCH 1000

/* The links of a workspace, as the database of before had them. */
struct links {
    struct lb_parts *parts;
    struct lb_standing standing; /* of changes in the new one */
    struct lb_reason *reason;
    struct lb_link_pair pairs[LINKS_IN_BATCH];
    size_t count;
};

static lb_err link_all(struct links *links)
{
    struct lb_link_change made = {.change = {.blocklist = links->parts->app.blocklist,
                                             .standing = links->standing,
                                             .beyond_daily = true},
                                  .pairs = links->pairs,
                                  .count = links->count};
    if (!links->count)
        return LB_OK;
    links->count = 0;
    lb_links_make(&made);
    lb_err err = lb_parts_write(links->parts, &made.change.write);
    if (err && made.change.write.reason.text[0])
        *links->reason = made.change.write.reason;
    return err;
}

static lb_err take_pair(void *context, struct lb_str member, struct lb_str name)
{
    struct links *links = context;
    links->pairs[links->count++] = (struct lb_link_pair){member, name};
    return links->count < LINKS_IN_BATCH ? LB_OK : link_all(links);
}

/* Before blocks: those whom one holds for by another name are set aside with it. */
static lb_err link_people(struct lb_restore_old *old, struct lb_parts *parts,
                          struct lb_reason *reason)
{
    struct links *links = calloc(1, sizeof *links);
    lb_err err = links ? LB_OK : LB_ERR_INTERNAL;
    for (struct lb_workspace *before = lb_directory_workspaces(old->directory); !err && before;
         before = lb_rcu_load(&before->next)) {
        struct lb_workspace *now =
            lb_directory_workspace(parts->app.directory, lb_str(before->row.id));
        if (!now || !lb_persons_any(before))
            continue;
        links->parts = parts;
        links->reason = reason;
        links->standing = (struct lb_standing){.directory = parts->app.directory,
                                               .workspace = now,
                                               .list = {.workspace = now->row.no}};
        err = lb_persons_each_pair(lb_blocklist_persons(old->blocklist), before->row.no, links,
                                   take_pair);
        if (!err)
            err = link_all(links);
    }
    free(links);
    return err;
}

lb_err lb_restore_block(struct lb_restore *restore, struct lb_restore_old *old,
                        struct lb_parts *parts, struct lb_store_reader *reader,
                        struct lb_reason *reason)
{
    lb_err err = each_list(restore, old, parts, reader, false, reason);
    if (!err)
        err = link_people(old, parts, reason);
    return err ? err : each_list(restore, old, parts, reader, true, reason);
}
