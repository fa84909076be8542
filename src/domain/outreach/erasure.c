#include "domain/outreach/erasure_internal.h"

#include "base/clock.h"
#include "domain/blocklist/change_parts.h"
#include "domain/outreach/counts.h"
#include "domain/outreach/internal.h"

#include <stdlib.h>

#define TURN_ROWS 2000 /* some ten milliseconds */
/* Rows that came after the reader's look, which the writer looks at: some ten milliseconds. */
#define LATE_ROWS_MAX 2000

void lb_erasure_fini(struct lb_erasure *erasure)
{
    for (size_t i = 0; i < erasure->name_count; i++)
        free((char *)erasure->names[i].key.ptr);
    for (size_t i = 0; i < erasure->word_count; i++)
        free(erasure->words[i]);
    free(erasure->leads);
    free(erasure->rows);
}

/* More names: the log is read from its begin. */
static lb_err find_leads(struct lb_erasure *erasure, struct lb_store_reader *reader, bool is_writer,
                         struct lb_reason *reason)
{
    size_t names = erasure->name_count;
    lb_err err = lb_erasure_find_leads(erasure, reader, is_writer, reason);
    erasure->again = erasure->name_count != names;
    if (erasure->again) {
        erasure->row_count = 0;
        erasure->next = 0;
    }
    return err;
}

lb_err lb_erasure_find(struct lb_erasure *erasure, struct lb_store_reader *reader, bool *out_done,
                       struct lb_reason *reason)
{
    *out_done = false;
    lb_err err = LB_OK;
    if (!erasure->leads_found)
        err = find_leads(erasure, reader, false, reason);
    if (err)
        return err;
    erasure->leads_found = true;
    err = lb_erasure_find_rows(erasure, reader, TURN_ROWS, 0, out_done, reason);
    erasure->entries = erasure->reasons = 0;
    for (size_t i = 0; *out_done && i < erasure->row_count; i++) {
        erasure->entries += (unsigned)__builtin_popcountll(erasure->rows[i].what.items);
        erasure->reasons += erasure->rows[i].what.reason;
    }
    /* What it has seen last would be in the way of overwriting it. */
    erasure->outreach->settings.store->ops->reader_rest(reader);
    return err;
}

/* --- Applying --------------------------------------------------------------------------------- */

static lb_err delete_lead(struct lb_erasure *erasure, struct lb_store *store, uint64_t no)
{
    struct lb_outreach *outreach = erasure->outreach;
    struct lb_counts counts = {0};
    struct lb_lead_row lead;
    lb_err err = store->ops->lead(lb_outreach_reader(outreach),
                                  erasure->change.standing.workspace->row.no, no, &lead);
    if (err)
        return err == LB_ERR_NOT_FOUND ? LB_OK : err;
    struct lb_list list = lb_list_of_lead(&lead);
    bool counts_too = lb_directory_campaign_no(outreach->settings.directory, lead.campaign) != NULL;
    lb_counts_lead(&counts, &lead, -1);
    err = store->ops->lead_delete(store, &lead);
    return err || !counts_too ? err : lb_outreach_count(outreach, list, &counts);
}

/* What is noted of a lead's name has the form in which it is stored. */
static lb_err forget_name(const struct lb_erasure *erasure, struct lb_store *store,
                          struct lb_str key)
{
    uint32_t workspace = erasure->change.standing.workspace->row.no;
    bool ids = lb_erasure_is_unmistakable(key);
    struct lb_str stored;
    size_t cursor = 0;
    lb_err err = store->ops->name_forget(store, workspace, key, lb_key_value(key), ids);
    while (!err &&
           lb_old_names_next(&erasure->outreach->old_names, workspace, key, &cursor, &stored))
        err = store->ops->name_forget(store, workspace, stored, stored, ids);
    return err;
}

/* The hashes stay, so that a backup from before can be erased as well. */
static lb_err put_name(struct lb_erasure *erasure, struct lb_store *store, struct lb_str key)
{
    const struct lb_workspace *workspace = erasure->change.standing.workspace;
    struct lb_erased_name_row row = {.workspace = workspace->row.no, .at = lb_clock_wall_ms()};
    lb_erased_tag(erasure->change.blocklist->erased, lb_str(workspace->row.id), key, row.tag);
    lb_err err = store->ops->erased_name_put(store, &row);
    return err ? err : forget_name(erasure, store, key);
}

/* An erasure of entries is told by its rows of the log. */
static lb_err audit(struct lb_erasure *erasure, struct lb_store *store)
{
    const struct lb_standing *standing = &erasure->change.standing;
    const struct lb_audit_row row = {.workspace = standing->workspace->row.no,
                                     .actor = standing->actor.no,
                                     .at = lb_clock_wall_ms(),
                                     .action = LB_STR("leads.erase"),
                                     .target = LB_STR(""),
                                     .source = standing->actor.source};
    return erasure->row_count ? LB_OK : store->ops->audit_append(store, &row);
}

static lb_err erase(struct lb_erasure *erasure, struct lb_store *store)
{
    struct lb_str names[LB_ERASURE_NAMES_MAX];
    for (size_t i = 0; i < erasure->name_count; i++)
        names[i] = erasure->names[i].key;
    struct lb_erase entries = {.change = &erasure->change,
                               .names = names,
                               .name_count = erasure->name_count,
                               .rows = erasure->rows,
                               .row_count = erasure->row_count};
    lb_err err = lb_erased_make_key(erasure->change.blocklist->erased, store);
    if (!err)
        err = lb_erase_apply(&entries, store);
    for (size_t i = 0; !err && i < erasure->lead_count; i++)
        err = delete_lead(erasure, store, erasure->leads[i]);
    for (size_t i = 0; !err && i < erasure->name_count; i++)
        err = put_name(erasure, store, names[i]);
    if (!err)
        err = store->ops->erasure_note(store);
    if (!err)
        err = audit(erasure, store);
    erasure->entries = entries.entries;
    erasure->reasons = entries.reasons;
    erasure->lists = entries.lists;
    return err;
}

static lb_err apply(struct lb_write *write, struct lb_store *store)
{
    struct lb_erasure *erasure = (struct lb_erasure *)write;
    struct lb_store_reader *reader = store->ops->writer_reader(store);
    size_t rows = erasure->row_count;
    uint64_t next = erasure->next;
    bool done = false;
    lb_packer_clear_results(&erasure->change);
    lb_err err = lb_standing_check(&erasure->change.standing, store, &write->reason);
    if (!err)
        err = find_leads(erasure, reader, true, &write->reason);
    if (err || erasure->again)
        return err;
    err = lb_erasure_find_rows(erasure, reader, LATE_ROWS_MAX, erasure->change.blocklist->next_id,
                               &done, &write->reason);
    erasure->again = !err && !done;
    if (err || erasure->again)
        return err;
    write->touched = true;
    err = erase(erasure, store);
    erasure->row_count = rows; /* it may be applied again */
    erasure->next = next;
    return err;
}

void lb_erasure_prepare(struct lb_erasure *erasure)
{
    struct lb_change *change = &erasure->change;
    lb_change_prepare(change);
    change->write.heavy = true;
    change->write.records = (1 + erasure->name_count) * LB_RECORD_BYTES;
    change->write.apply = apply;
}
