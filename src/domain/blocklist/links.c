#include "domain/blocklist/links.h"

#include "base/array.h"
#include "domain/blocklist/change_parts.h"
#include "domain/blocklist/item.h"
#include "domain/blocklist/persons.h"
#include "store/log_items.h"

#include <stdlib.h>

/* --- Reading ---------------------------------------------------------------------------------- */

static bool read_name(struct lb_str stored, struct lb_identifier *out)
{
    struct lb_item item;
    out->len = 0;
    if (!stored.len || stored.ptr[0] == '=') /* what stands in place of an erased name */
        return true;
    if (!lb_item_read(stored, &item) || !lb_str_copy(item.key, out->text, sizeof out->text))
        return false;
    out->len = item.key.len;
    return true;
}

/* Takes two items of a row off `*rest`; false after the last. A name that was erased is empty. */
static bool next_pair(struct lb_str *rest, struct lb_identifier *member, struct lb_identifier *name)
{
    struct lb_str items[2];
    return lb_log_items_next(rest, &items[0]) && lb_log_items_next(rest, &items[1]) &&
           read_name(items[0], member) && read_name(items[1], name);
}

static struct lb_str text_of(const struct lb_identifier *name)
{
    return (struct lb_str){name->text, name->len};
}

/* Were the names of it erased? */
static bool is_bare(const struct lb_identifier *member, const struct lb_identifier *name)
{
    return !member->len || !name->len;
}

lb_err lb_links_read(struct lb_store *store, struct lb_store_reader *reader, uint32_t workspace,
                     uint64_t number, uint64_t id, struct lb_link *out)
{
    struct lb_log_row row;
    lb_err err = store->ops->log_row_of(reader, workspace, id, &row);
    if (err)
        return err;
    struct lb_str rest = row.items;
    bool found = lb_log_kind_has_pairs(row.kind) && id >= row.id &&
                 row.number + (id - row.id) == number && (id - row.id) % 2 == 0;
    for (uint64_t at = row.id; found && at <= id; at += 2)
        found = next_pair(&rest, &out->member, &out->name);
    if (!found || is_bare(&out->member, &out->name))
        return LB_ERR_NOT_FOUND;
    out->number = number;
    out->kind = row.kind;
    out->at = row.at;
    out->actor = row.actor;
    out->change = row.number;
    out->continues = row.continues;
    return LB_OK;
}

/* --- Making ----------------------------------------------------------------------------------- */

void lb_linking_begin(struct lb_linking *linking, struct lb_change *change, struct lb_store *store)
{
    *linking = (struct lb_linking){.change = change, .store = store};
    lb_packer_clear_results(change);
}

/* Most writes make no link. */
static lb_err begin_rows(struct lb_linking *linking)
{
    struct lb_change *change = linking->change;
    struct lb_list list = {.workspace = change->standing.list.workspace};
    if (linking->begun)
        return LB_OK;
    lb_err err = lb_change_check_daily(change);
    if (err)
        return err;
    uint64_t known = change->known, conflicts = change->conflicts;
    linking->begun = true;
    lb_change_prepare(change);
    lb_packer_begin(&linking->packer, change, linking->store, list, LB_LOG_LINK);
    change->known = known;
    change->conflicts = conflicts;
    return LB_OK;
}

/* Adds the two items of a link, or of a pair that is refused. */
static lb_err pack(struct lb_packer *packer, enum lb_log_kind kind, struct lb_str member,
                   struct lb_str name, uint64_t *out_number)
{
    struct lb_change_item items[] = {{.key = member}, {.key = name}};
    uint64_t id;
    lb_err err = packer->row.kind == kind ? LB_OK : lb_packer_turn_to(packer, kind);
    if (!err && packer->count + 2 > LB_ROW_ITEMS_MAX)
        err = lb_packer_flush(packer);
    packer->change->write.touched = true;
    packer->new_seeds = true;
    if (!err)
        err = lb_packer_add(packer, &items[0], &id);
    *out_number = err ? 0 : packer->row.number + packer->count - 1;
    return err ? err : lb_packer_add(packer, &items[1], &id);
}

/* Leads of these names may be blocked now, or no longer. */
static lb_err tell_follower(const struct lb_change *change, const struct lb_other_names *names)
{
    const struct lb_blocklist_follower *follower = &change->blocklist->follower;
    const struct lb_workspace *workspace = change->standing.workspace;
    bool blocks = lb_blocklist_has_installation(change->blocklist) ||
                  atomic_load_explicit(&workspace->entries, memory_order_relaxed) != 0 ||
                  workspace->batch_entries != 0;
    lb_err err = LB_OK;
    for (size_t i = 0; !err && follower->context && blocks && i < names->count; i++)
        err = follower->linked(follower->context, workspace->row.no, names->names[i]);
    return err;
}

/* `draft`: of their meeting. */
static lb_err link_pair(struct lb_packer *packer, struct lb_person_draft *draft,
                        struct lb_str member, struct lb_str name)
{
    struct lb_change *change = packer->change;
    struct lb_other_names names;
    uint64_t number;
    lb_err err = pack(packer, LB_LOG_LINK, member, name, &number);
    if (!err && !lb_persons_link(change->blocklist->people, change->standing.workspace, member,
                                 name, number, draft, &names))
        err = LB_ERR_STORAGE_UNAVAILABLE;
    change->linked += !err;
    return err ? err : tell_follower(change, &names);
}

static lb_err refuse_pair(struct lb_packer *packer, struct lb_str member, struct lb_str name)
{
    struct lb_change *change = packer->change;
    struct lb_persons *people = change->blocklist->people;
    uint64_t number;
    lb_err err = pack(packer, LB_LOG_LINK_REFUSED, member, name, &number);
    if (!err && !lb_persons_add_conflict(people, change->standing.workspace, member, name, number))
        err = LB_ERR_STORAGE_UNAVAILABLE;
    return err;
}

/* Links are held in memory as blocks are: no more of them. */
static lb_err check_room(struct lb_change *change)
{
    const struct lb_workspace *workspace = change->standing.workspace;
    uint64_t links = atomic_load_explicit(&workspace->links, memory_order_relaxed);
    uint64_t max = change->blocklist->max_workspace_entries;
    if (links + change->linked < max)
        return LB_OK;
    return lb_fail(&change->write.reason, LB_ERR_WORKSPACE_OVERLOADED,
                   "This workspace may hold %llu links between names of people and this request "
                   "would exceed that. Undo changes that made some, or ask the operator to raise "
                   "max-workspace-entries.",
                   (unsigned long long)max);
}

/* A link would store the name again. */
static bool is_erased(const struct lb_blocklist *blocklist, const struct lb_workspace *workspace,
                      struct lb_str name)
{
    return lb_erased_is_key(lb_blocklist_key(blocklist, workspace->row.no, name));
}

lb_err lb_linking_add(struct lb_linking *linking, struct lb_str member, struct lb_str name)
{
    struct lb_change *change = linking->change;
    const struct lb_persons *people = change->blocklist->people;
    const struct lb_workspace *workspace = change->standing.workspace;
    if (is_erased(change->blocklist, workspace, member) ||
        is_erased(change->blocklist, workspace, name))
        return LB_OK;
    struct lb_person_draft draft;
    enum lb_person_meeting meeting =
        lb_persons_meet(people, workspace->row.no, member, name, &draft);
    bool conflict = meeting == LB_PERSON_TOO_MANY;
    bool listed = conflict && lb_persons_has_conflict(people, workspace, member, name);
    if (meeting == LB_PERSON_KNOWN)
        change->known++;
    lb_err err = meeting == LB_PERSON_NEW ? check_room(change) : LB_OK;
    if (!err && !listed && meeting != LB_PERSON_KNOWN)
        err = begin_rows(linking);
    if (!err && conflict && !listed)
        err = refuse_pair(&linking->packer, member, name);
    change->conflicts += !err && conflict;
    return err || meeting != LB_PERSON_NEW ? err
                                           : link_pair(&linking->packer, &draft, member, name);
}

lb_err lb_linking_flush(struct lb_linking *linking)
{
    return linking->begun ? lb_packer_flush(&linking->packer) : LB_OK;
}

static lb_err apply_make(struct lb_write *write, struct lb_store *store)
{
    struct lb_link_change *links = (struct lb_link_change *)write;
    struct lb_linking linking;
    lb_err err = lb_standing_check(&links->change.standing, store, &write->reason);
    lb_linking_begin(&linking, &links->change, store);
    for (size_t i = 0; !err && i < links->count; i++)
        err = lb_linking_add(&linking, links->pairs[i].member, links->pairs[i].name);
    return err ? err : lb_linking_flush(&linking);
}

void lb_links_make(struct lb_link_change *links)
{
    links->change.write.workspace = links->change.standing.list.workspace;
    links->change.write.apply = apply_make;
}

/* --- Taking back ------------------------------------------------------------------------------ */

static uint64_t id_of(const struct lb_change *change, uint64_t number)
{
    return lb_row_times_id_of(change->standing.workspace->row_times, number);
}

static lb_err end_link(struct lb_packer *packer, const struct lb_link *link)
{
    struct lb_change *change = packer->change;
    struct lb_other_names names;
    if (!lb_persons_unlink(change->blocklist->people, change->standing.workspace,
                           text_of(&link->member), text_of(&link->name), link->number, &names))
        return LB_ERR_STORAGE_UNAVAILABLE;
    if (!names.count)
        return LB_OK;
    change->unlinked++;
    lb_err err = lb_change_pack_id(packer, id_of(change, link->number));
    return err ? err : tell_follower(change, &names);
}

static lb_err end_conflict(struct lb_packer *packer, uint64_t number)
{
    struct lb_change *change = packer->change;
    if (!lb_persons_drop_conflict(change->blocklist->people, change->standing.workspace, number))
        return LB_ERR_STORAGE_UNAVAILABLE;
    return lb_change_pack_id(packer, id_of(change, number));
}

static lb_err undo_number(struct lb_packer *packer, enum lb_log_kind kind, uint64_t number)
{
    struct lb_change *change = packer->change;
    struct lb_persons *people = change->blocklist->people;
    struct lb_store *store = packer->store;
    uint32_t workspace = change->standing.workspace->row.no;
    struct lb_link link;
    lb_err err = lb_links_read(store, store->ops->writer_reader(store), workspace, number,
                               id_of(change, number), &link);
    if (err)
        return err == LB_ERR_NOT_FOUND ? LB_OK : err;
    if (kind == LB_LOG_LINK)
        return end_link(packer, &link);
    if (kind == LB_LOG_LINK_REFUSED)
        return end_conflict(packer, number);
    struct lb_person_draft draft;
    struct lb_str member = text_of(&link.member), name = text_of(&link.name);
    bool again = link.kind == LB_LOG_LINK &&
                 lb_persons_meet(people, workspace, member, name, &draft) == LB_PERSON_NEW;
    return again ? link_pair(packer, &draft, member, name) : LB_OK;
}

lb_err lb_links_undo_row(struct lb_packer *packer, enum lb_log_kind kind, uint64_t first,
                         struct lb_str items)
{
    struct lb_str item, second;
    lb_err err = LB_OK;
    for (uint64_t number = first; !err && lb_log_items_next(&items, &item); number += 2) {
        uint64_t ended;
        if (kind != LB_LOG_LINK_END)
            err = lb_log_items_next(&items, &second) ? undo_number(packer, kind, number)
                                                     : LB_ERR_STORAGE_UNAVAILABLE;
        else
            err = lb_str_to_u64(item, LB_ENTRY_ID_MAX, &ended) ? undo_number(packer, kind, ended)
                                                               : LB_ERR_STORAGE_UNAVAILABLE;
    }
    return err;
}

/* --- Replaying -------------------------------------------------------------------------------- */

static bool replay_pair(struct lb_blocklist *blocklist, struct lb_workspace *workspace,
                        const struct lb_link *link)
{
    struct lb_persons *people = blocklist->people;
    struct lb_str member = text_of(&link->member), name = text_of(&link->name);
    struct lb_person_draft draft;
    struct lb_other_names names;
    if (is_bare(&link->member, &link->name))
        return true;
    if (link->kind == LB_LOG_LINK_REFUSED)
        return lb_persons_add_conflict(people, workspace, member, name, link->number);
    return lb_persons_meet(people, workspace->row.no, member, name, &draft) != LB_PERSON_NEW ||
           lb_persons_link(people, workspace, member, name, link->number, &draft, &names);
}

static lb_err replay_end(struct lb_blocklist *blocklist, struct lb_store_reader *details,
                         struct lb_workspace *workspace, uint64_t number)
{
    struct lb_persons *people = blocklist->people;
    struct lb_other_names names;
    struct lb_link link;
    bool done;
    lb_err err = lb_links_read(blocklist->store, details, workspace->row.no, number,
                               lb_row_times_id_of(workspace->row_times, number), &link);
    if (err)
        return err == LB_ERR_NOT_FOUND ? LB_OK : err;
    if (link.kind == LB_LOG_LINK_REFUSED)
        done = lb_persons_drop_conflict(people, workspace, number);
    else
        done = lb_persons_unlink(people, workspace, text_of(&link.member), text_of(&link.name),
                                 number, &names);
    return done ? LB_OK : LB_ERR_INTERNAL;
}

static lb_err replay_row(struct lb_blocklist *blocklist, struct lb_store_reader *details,
                         struct lb_workspace *workspace, const struct lb_log_row *row)
{
    struct lb_link link = {.kind = row->kind, .number = row->number};
    struct lb_str rest = row->items;
    struct lb_str item;
    uint64_t number;
    lb_err err = LB_OK;
    if (row->kind != LB_LOG_LINK_END) {
        for (; !err && next_pair(&rest, &link.member, &link.name); link.number += 2)
            err = replay_pair(blocklist, workspace, &link) ? LB_OK : LB_ERR_INTERNAL;
        return err || !rest.ptr ? err : LB_ERR_STORAGE_UNAVAILABLE;
    }
    while (!err && lb_log_items_next(&rest, &item))
        err = lb_str_to_u64(item, LB_ENTRY_ID_MAX, &number)
                  ? replay_end(blocklist, details, workspace, number)
                  : LB_ERR_STORAGE_UNAVAILABLE;
    return err;
}

lb_err lb_links_replay(struct lb_blocklist *blocklist, struct lb_store_reader *details,
                       struct lb_workspace *workspace, const struct lb_log_row *row)
{
    lb_err err = replay_row(blocklist, details, workspace, row);
    if (err) {
        lb_persons_roll_back(blocklist->people);
        return err;
    }
    lb_persons_publish(blocklist->people);
    lb_blocklist_retire_people(blocklist);
    return LB_OK;
}

/* --- Erased names ----------------------------------------------------------------------------- */

static lb_err note_erased(struct lb_blocklist *blocklist, struct lb_store_reader *details,
                          const struct lb_workspace *workspace, uint64_t number,
                          struct lb_erased_links *out)
{
    uint64_t id = lb_row_times_id_of(workspace->row_times, number);
    struct lb_log_row row;
    lb_err err = blocklist->store->ops->log_row_of(details, workspace->row.no, id, &row);
    if (err || !lb_log_kind_has_pairs(row.kind) || id < row.id)
        return err == LB_ERR_NOT_FOUND ? LB_OK : err;
    struct lb_identifier member = {0}, name = {0};
    for (uint64_t at = row.id; at <= id && next_pair(&row.items, &member, &name); at += 2)
        continue;
    if (!is_bare(&member, &name)) /* another text of the row was erased */
        return LB_OK;
    if (!lb_array_reserve(out->numbers, out->capacity, out->count + 1))
        return LB_ERR_INTERNAL;
    number -= (id - row.id) % 2;
    if (!out->count || number < out->lowest)
        out->lowest = number;
    out->numbers[out->count++] = number;
    return LB_OK;
}

lb_err lb_links_note_erased(struct lb_blocklist *blocklist, struct lb_store_reader *details,
                            const struct lb_workspace *workspace, const struct lb_log_row *row,
                            struct lb_erased_links *out)
{
    struct lb_str rest = row->items;
    struct lb_str item;
    uint64_t number;
    lb_err err = LB_OK;
    while (!err && lb_persons_any(workspace) && lb_log_items_next(&rest, &item))
        err = lb_str_to_u64(item, LB_ENTRY_ID_MAX, &number)
                  ? note_erased(blocklist, details, workspace, number, out)
                  : LB_ERR_STORAGE_UNAVAILABLE;
    return err;
}

static int compare_numbers(const void *a, const void *b)
{
    uint64_t one = *(const uint64_t *)a, other = *(const uint64_t *)b;
    return one < other ? -1 : one > other;
}

bool lb_links_forget_erased(struct lb_blocklist *blocklist, struct lb_workspace *workspace,
                            struct lb_erased_links *links)
{
    struct lb_persons *people = blocklist->people;
    bool done = true;
    if (links->count) {
        qsort(links->numbers, links->count, sizeof *links->numbers, compare_numbers);
        done = lb_persons_forget_links(people, workspace, links->numbers, links->count);
    }
    for (size_t i = 0; done && i < links->count; i++)
        done = lb_persons_drop_conflict(people, workspace, links->numbers[i]);
    if (done) {
        lb_persons_publish(people);
        lb_blocklist_retire_people(blocklist);
    } else {
        lb_persons_roll_back(people);
    }
    free(links->numbers);
    *links = (struct lb_erased_links){0};
    return done;
}
